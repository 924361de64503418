//! Takes answers in, in any order and number: files, texts, and pictures of QR codes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::Desk;
use crate::{
    frames::{self, Frames},
    host::clock,
};
use keymoot_core::{
    HostError, Verdict, Violation,
    text::{escape, escape_path, quoted_path},
};
use keymoot_record::{
    apart::{
        Answer, Asking, Collected, answer::Says, armour, clock as differing_clock, collect as judge,
    },
    bundle,
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_verify::files::read_bounded;

/// The largest file that is read, in bytes. Answers in their text form, in a long mail, are read up
/// to [`armour::LARGEST_TEXT`].
const LARGEST: u64 = frames::LARGEST;

/// The most files that are read from one folder: pictures of the answers of a quorum.
const MOST: usize = 1024;

/// One answer: the files that hold it, safe to show, and what came of it.
pub(crate) struct Taken {
    pub(crate) shown: String,
    pub(crate) outcome: Outcome,
}

/// What came of an answer: a sentence, or the rules that refuse it.
pub(crate) enum Outcome {
    Recorded(String),
    Known(String),
    Refused(Vec<Verdict>),
}

impl From<Violation> for Outcome {
    fn from(violation: Violation) -> Self {
        Self::Refused(vec![violation.into()])
    }
}

/// Takes the answers in these files and folders in, records each, and then reports it to `told`.
/// `declined` are the holders who said over another channel that they decline.
///
/// # Errors
/// [`HostError`] when a file cannot be read, or an event cannot be written, and when no file is the
/// refusal of a holder in `declined`. Answers before it are recorded and reported.
pub(crate) fn collect(
    desk: &mut Desk<'_>,
    paths: &[PathBuf],
    declined: &[Handle],
    told: &mut dyn FnMut(Taken),
) -> Result<(), HostError> {
    let mut declined = Declined {
        said: declined,
        written: BTreeSet::new(),
    };
    let mut counts = false;
    let mut told = |taken: Taken| {
        counts |= matches!(taken.outcome, Outcome::Recorded(_) | Outcome::Known(_));
        told(taken);
    };
    let folder = quoted_path(desk.folder.path());
    let command = |paths: &[PathBuf]| {
        let paths = paths.iter().map(|path| quoted_path(path));
        let paths: Vec<_> = paths.collect();
        format!("keymoot collect {folder} {}", paths.join(" "))
    };
    let mut pictured = Frames::default();
    for place in paths {
        for path in files_at(place)? {
            let shown = escape_path(&path);
            let command = command(std::slice::from_ref(&path));
            for file in files(read_bounded(&path, LARGEST)?, &shown, &mut pictured) {
                let outcome = take(desk, file, &mut declined, &command)?;
                told(Taken {
                    shown: shown.clone(),
                    outcome,
                });
            }
        }
    }
    for (shown, file) in pictured.answers() {
        // One answer is in several pictures.
        let outcome = take(desk, file, &mut declined, &command(paths))?;
        told(Taken { shown, outcome });
    }
    declined.all_written(counts)
}

/// The holders who decline.
struct Declined<'d> {
    /// Those who said so over another channel.
    said: &'d [Handle],
    /// Those of whom there is a refusal among the files.
    written: BTreeSet<Handle>,
}

impl Declined<'_> {
    /// A wrong handle would record nothing, and the administrator would not notice.
    /// `counts` is whether anything that is reported is recorded.
    fn all_written(&self, counts: bool) -> Result<(), HostError> {
        let missing = |holder: &&Handle| !self.written.contains(*holder);
        let missing: Vec<_> = self.said.iter().filter(missing).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(HostError::new(
                format!(
                    "no file is a refusal of {}, as --declined says{}",
                    Handle::list(missing),
                    match self.written.is_empty() {
                        true => String::new(),
                        false => format!("; there is one of {}", Handle::list(&self.written)),
                    }
                ),
                format!(
                    "name the holder who wrote the refusal, and its file; {}",
                    match counts {
                        true => "the answers above that are not refused are recorded",
                        false => "nothing was recorded",
                    }
                ),
            )),
        }
    }
}

/// The file at a place, or the files in a folder, in the order of their names.
///
/// # Errors
/// [`HostError`] when the folder cannot be read, or holds no file or too many.
fn files_at(place: &Path) -> Result<Vec<PathBuf>, HostError> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let failed = |error| HostError::file("list", place, &error);
    let listed = fs::read_dir(place).map_err(failed)?;
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(failed)?;
    paths.retain(|path| path.is_file());
    paths.sort();
    match paths.len() {
        0 => Err(HostError::new(
            format!("{} holds no file, so no answer", escape_path(place)),
            "name the answers, or a folder that holds them",
        )),
        1..=MOST => Ok(paths),
        more => Err(HostError::new(
            format!("{} holds {more} files", escape_path(place)),
            "put the answers alone into a folder",
        )),
    }
}

fn take(
    desk: &mut Desk<'_>,
    file: Result<Vec<u8>, Violation>,
    declined: &mut Declined<'_>,
    command: &str,
) -> Result<Outcome, HostError> {
    match file {
        Ok(bytes) => one(desk, &bytes, declined, command),
        Err(violation) => Ok(violation.into()),
    }
}

const AT_ITS_END: &str = "photograph the codes that `keymoot answer` shows at its end";

/// The answers in a file, or why there is none. Frames in a picture are put together with those of
/// other pictures.
fn files(bytes: Vec<u8>, shown: &str, pictured: &mut Frames) -> Vec<Result<Vec<u8>, Violation>> {
    if frames::is_picture(&bytes) {
        let texts = frames::texts(bytes);
        let taken =
            texts.and_then(|texts| pictured.take_picture(&texts, shown, ("an answer", AT_ITS_END)));
        return taken.err().map(Err).into_iter().collect();
    }
    armour::files(&bytes)
}

/// Takes one answer in.
fn one(
    desk: &mut Desk<'_>,
    bytes: &[u8],
    declined: &mut Declined<'_>,
    command: &str,
) -> Result<Outcome, HostError> {
    let answer = match Answer::read(bytes) {
        Ok(answer) => answer,
        Err(violation) => return Ok(violation.into()),
    };
    if let Says::Declines { .. } = answer.says {
        declined.written.insert(answer.holder.clone());
    }
    let manifest = manifest(desk)?;
    let now = clock::now()?;
    let judged = {
        let asking = Asking {
            state: desk.state,
            chain: desk.journal.chain(),
            objects: &|digest| desk.object(digest),
            trust: desk.trust,
            manifest: manifest.as_deref(),
            declined: declined.said,
            command,
        };
        judge(&asking, &answer, now)
    };
    let (event, objects) = match judged {
        Ok(Collected::Known) => {
            let what = match answer.says {
                Says::Turn(_) => "answer",
                Says::Declines { .. } => "refusal",
            };
            return Ok(Outcome::Known(format!(
                "the {what} of {} is recorded already",
                answer.holder
            )));
        }
        Ok(Collected::New { event, objects }) => (event, objects),
        Err(verdicts) => return Ok(Outcome::Refused(verdicts)),
    };
    for bytes in objects {
        desk.folder.keep(&bytes)?;
    }
    let mut said = said(&event);
    if let Event::Answered { branch, .. } = &*event {
        let differs = differing_clock::apart(desk.journal.chain(), branch, now);
        said += &differs.map_or_else(String::new, |differs| {
            format!("; its clock was {differs} this one: compare both with a watch")
        });
    }
    desk.record(*event)?;
    let last = desk.journal.chain().entries().last();
    let seq = last.map_or(0, |entry| entry.seq);
    Ok(Outcome::Recorded(format!("event {seq}: {said}")))
}

fn said(event: &Event) -> String {
    let mut said = event.sentence();
    let Event::Answered { holder, branch, .. } = event else {
        return said;
    };
    for entry in branch.entries() {
        match &entry.event {
            Event::RequestRead { compared, .. } if compared.is_empty() => {
                said += "; NOBODY compared the words of the request over a second channel";
            }
            Event::RequestRead { compared, .. } => {
                said += &format!(
                    "; the request's words were compared by {}",
                    escape(compared)
                );
            }
            // Whose device it is, no earlier key says.
            Event::Enrolled { serial, .. } => {
                said += &format!(
                    "; device {serial} made the key: call {holder}, and compare it with the number on the case"
                );
            }
            _ => {}
        }
    }
    said
}

/// MANIFEST.json, once the ceremony is sealed and it is made.
fn manifest(desk: &Desk<'_>) -> Result<Option<Vec<u8>>, HostError> {
    if desk.state.manifest.is_none() {
        return Ok(None);
    }
    let chain = desk.journal.chain();
    let made = bundle::contents(desk.state, chain, &|digest| desk.object(digest), desk.trust)
        .and_then(|files| bundle::manifest(desk.state, &files));
    made.map(Some)
        .map_err(|error| HostError::new(error.to_string(), "resume, then try again"))
}
