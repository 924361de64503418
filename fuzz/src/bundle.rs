//! A bundle as a whole, its manifest and its closing signatures.
//!
//! Each file of the input is a change to an honest bundle: its first line says which,
//! the rest is the content. The manifest is then written again, as anyone who holds no key
//! could do it.
//!
//! ```text
//! put PATH            the file at PATH has this content
//! patch OFFSET PATH   the bytes from OFFSET on are these
//! drop PATH           the file is gone
//! event N             the event on line N is this one; the chain is made again
//! insert N            this event goes before line N
//! omit N              the event on line N is gone
//! repeat N            the event on line N happened twice
//! ```
//!
//! - A changed bundle violates a rule.
//! - A manifest and signatures that are read are written back byte for byte.
//! - Everything that is said is fit to show.
//!
//! The honest bundle is that of a rehearsal, made by the program as it is now; where
//! it lies is said by the environment variable `KEYMOOT_FUZZ_BUNDLE`.

use std::{env, path::PathBuf, sync::LazyLock};

use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::{
        self, AFTER_THE_SEAL, Bundle, Expectations, Files, Listed, MANIFEST, Manifest, SIGNATURES,
        Signatures,
    },
    transcript::{Chain, Event, Time},
};

use crate::VENDOR;
use crate::input::{files, is_fit_to_show};

const TRANSCRIPT: &str = "transcript.jsonl";

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let path = env::var_os("KEYMOOT_FUZZ_BUNDLE").expect("KEYMOOT_FUZZ_BUNDLE names a bundle");
    Honest::read(PathBuf::from(path))
});

/// A bundle that verifies.
pub struct Honest {
    files: Files,
    manifest: Manifest,
    events: Vec<(Event, Time)>,
}

impl Honest {
    /// Reads the bundle of a rehearsal.
    ///
    /// # Panics
    /// Where it does not verify.
    #[must_use]
    pub fn read(path: PathBuf) -> Self {
        let bundle = keymoot_verify::read(&path).expect("the honest bundle can be read");
        let files = bundle.files().clone();
        assert_eq!(
            violated(&files),
            Vec::<String>::new(),
            "the honest bundle verifies"
        );
        let manifest = Manifest::read(&files[MANIFEST]).expect("it has a manifest");
        let chain = Chain::read(&files[TRANSCRIPT]).expect("it has a transcript");
        let events = chain.entries().iter();
        Self {
            manifest,
            events: events
                .map(|entry| (entry.event.clone(), entry.time))
                .collect(),
            files,
        }
    }
}

/// Changes the honest bundle as the input says, and verifies it.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    run_on(&HONEST, data);
}

/// [`run`], with a bundle of the caller's.
///
/// # Panics
/// Where a promise does not hold.
pub fn run_on(honest: &Honest, data: &[u8]) {
    strict(data);
    let mut changed = honest.files.clone();
    let mut events = honest.events.clone();
    for change in files(data) {
        let end = change
            .iter()
            .position(|b| *b == b'\n')
            .unwrap_or(change.len());
        let (line, content) = change.split_at(end);
        let content = content.get(1..).unwrap_or_default();
        let words = String::from_utf8_lossy(line).into_owned();
        if apply(&mut changed, &mut events, &words, content).is_none() {
            return;
        }
    }
    if events != honest.events {
        changed.insert(TRANSCRIPT.to_owned(), transcript(&events));
    }
    if changed != honest.files && changed.get(MANIFEST) == honest.files.get(MANIFEST) {
        list(&mut changed, honest);
    }
    let violated = violated(&changed);
    assert_eq!(
        violated.is_empty(),
        changed == honest.files,
        "a change that no rule finds"
    );
}

/// One change; `None` where the words are none.
fn apply(
    files: &mut Files,
    events: &mut Vec<(Event, Time)>,
    words: &str,
    content: &[u8],
) -> Option<()> {
    let (what, of) = words.split_once(' ')?;
    match what {
        "put" => {
            files.insert(of.to_owned(), content.to_vec());
        }
        "patch" => {
            let (offset, path) = of.split_once(' ')?;
            let place = files.get_mut(path)?.get_mut(offset.parse().ok()?..)?;
            place
                .iter_mut()
                .zip(content)
                .for_each(|(to, from)| *to = *from);
        }
        "drop" => drop(files.remove(of)?),
        _ => {
            let at: usize = of.parse().ok()?;
            let (event, time) = events.get(at)?.clone();
            match what {
                "event" => events[at].0 = serde_json::from_slice(content).ok()?,
                "insert" => events.insert(at, (serde_json::from_slice(content).ok()?, time)),
                "omit" => drop(events.remove(at)),
                "repeat" => events.insert(at, (event, time)),
                _ => return None,
            }
        }
    }
    Some(())
}

/// The transcript that these events make; of those that cannot be written, nothing.
fn transcript(events: &[(Event, Time)]) -> Vec<u8> {
    let mut chain = Chain::default();
    for (event, time) in events {
        if let Ok(entry) = chain.next(event.clone(), *time) {
            // It follows from this chain, so it is taken in.
            let _ = chain.push(entry);
        }
    }
    chain.bytes_through(u64::MAX)
}

/// Writes the manifest that these files need.
fn list(files: &mut Files, honest: &Honest) {
    let transcript = files.get(TRANSCRIPT).map(Vec::as_slice).unwrap_or_default();
    let head = Chain::read(transcript).map_or(honest.manifest.head, |chain| chain.head());
    let listed = files
        .iter()
        .filter(|(path, _)| ![MANIFEST, SIGNATURES, AFTER_THE_SEAL].contains(&path.as_str()))
        .map(|(path, content)| Listed {
            path: path.clone(),
            sha256: Digest::of(content),
            size: content.len() as u64,
        });
    let manifest = Manifest {
        files: listed.collect(),
        head,
        ..honest.manifest.clone()
    };
    let text = serde_json::to_vec(&manifest).expect("a manifest can be written");
    files.insert(MANIFEST.to_owned(), text);
}

fn violated(files: &Files) -> Vec<String> {
    let expected = Expectations {
        rehearsal: true,
        ..Expectations::default()
    };
    let verdicts = bundle::verify(&Bundle::of(files.clone()), &expected, &VENDOR);
    for verdict in &verdicts {
        is_fit_to_show(&verdict.detail);
    }
    let violated = verdicts.into_iter().filter(|verdict| verdict.is_violated());
    violated.map(|verdict| verdict.rule.into()).collect()
}

fn strict(data: &[u8]) {
    // Their members are in canonical order in the program, and no text of theirs
    // that is read holds what canonical JSON writes otherwise than serde_json.
    let written = |value: serde_json::Result<Vec<u8>>| value.expect("it can be written");
    match Manifest::read(data) {
        Ok(manifest) if !data.contains(&b'\\') && !data.iter().any(u8::is_ascii_control) => {
            assert_eq!(written(serde_json::to_vec(&manifest)), data);
        }
        Ok(_) => {}
        Err(why) => is_fit_to_show(&why),
    }
    match Signatures::read(data) {
        Ok(signatures) if !data.contains(&b'\\') && !data.iter().any(u8::is_ascii_control) => {
            assert_eq!(written(serde_json::to_vec(&signatures)), data);
        }
        Ok(_) => {}
        Err(why) => is_fit_to_show(&why),
    }
}
