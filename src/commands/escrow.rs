//! `keymoot escrow`: whether a holder can open the files sealed to them.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_core::{
    HostError, Violation,
    digest::Digest,
    text::{escape, escape_path, quoted_path},
};
use keymoot_record::rules::roster::{Roster, commitment};
use keymoot_verify::{
    files::{read_bounded, read_text},
    say,
};

use super::{Failure, arguments};
use crate::{
    frames::{self, Frames},
    host::{clock, whole},
    store::{
        escrow::{self, TEST},
        plan::LARGEST_PLAN,
    },
};

/// How many words a holder sends back.
const WORDS: usize = 8;

/// Prove that a holder can open what is sealed to them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Seal a test to the recipient of each holder who has not answered one yet
    Prepare {
        /// The roster
        #[arg(long, value_name = "FILE")]
        roster: PathBuf,
        /// The folder for the tests, which is made
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Write a sealed file from pictures of its QR codes
    Read {
        /// The pictures, PNG or JPEG, in any order
        #[arg(required = true, value_name = "PICTURE")]
        pictures: Vec<PathBuf>,
        /// Where to write the sealed file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Open a sealed file at home; prints no secret
    Test {
        /// The sealed file: a test, or what a ceremony sealed
        file: PathBuf,
        /// The file that age-keygen wrote
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
    },
}

/// Exit codes: 0 done, 1 could not run or could not open it, 3 a rule was violated.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.what {
        What::Prepare { roster, dir } => prepare(roster, dir),
        What::Read { pictures, out } => read(pictures, out),
        What::Test { file, identity } => Ok(test(file, identity)?),
    }
}

fn prepare(roster: &Path, dir: &Path) -> Result<ExitCode, Failure> {
    let text = read_text(roster, LARGEST_PLAN)?;
    let roster = Roster::read(&escape_path(roster), &text).map_err(Failure::violations)?;
    let untried = roster.holders.iter().filter(|holder| !holder.opened_test());
    let untried: Vec<_> = untried
        .filter_map(|holder| Some((&holder.handle, holder.age_recipient.as_ref()?)))
        .collect();
    if untried.is_empty() {
        say!("Every holder with a recipient has answered: there is nothing to prepare.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = Vec::new();
    arguments::make_new_folder(dir, |made| {
        let shown = escape_path(dir);
        for (handle, recipient) in untried {
            let random = clock::ceremony_name()?;
            let words = Digest::of(random.as_bytes()).words();
            let answer = words.get(..WORDS).unwrap_or(&words).join(" ");
            let sealed = escrow::seal_test(recipient.as_str(), &answer)?;
            whole::write_durably(&made.join(format!("{handle}.age")), &sealed)?;
            let commitment = commitment(recipient, &answer);
            lines.push(format!(
                "{handle}: send {shown}/{handle}.age, and add to the entry in the roster:\n\
                 recipient_test = \"{commitment}\"\n\
                 recipient_answer = \"\"  # the words that the holder sends back"
            ));
        }
        Ok(())
    })?;
    say!("{}", lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// What every sealed file begins with (age-encryption.org/v1).
const SEALED: &[u8] = b"age-encryption.org/v1\n";

/// What to do about pictures of something else.
const ALONE: &str = "photograph the codes that the hand-over page shows, and give no others";

fn read(pictures: &[PathBuf], out: &Path) -> Result<ExitCode, Failure> {
    let violated = |violation| Failure::violations(vec![violation]);
    let mut shown = Frames::default();
    for path in pictures {
        let name = escape_path(path);
        let texts = frames::texts(read_bounded(path, frames::LARGEST)?);
        let taken =
            texts.and_then(|texts| shown.take_picture(&texts, &name, ("a sealed file", ALONE)));
        taken.map_err(|refused| {
            violated(Violation {
                what: format!("{name}: {}", refused.what),
                ..refused
            })
        })?;
    }
    let files = shown.answers().map(|(_, file)| file);
    let files = files.collect::<Result<Vec<_>, _>>().map_err(violated)?;
    match files.as_slice() {
        [sealed] if sealed.starts_with(SEALED) => {
            whole::publish_once(out, sealed, whole::UNTAKEN)?;
            say!(
                "The sealed file is {}. Try it: keymoot escrow test {} --identity FILE",
                escape_path(out),
                quoted_path(out)
            );
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(HostError::new(
            "the pictures do not show the QR codes of one sealed file",
            ALONE,
        )
        .into()),
    }
}

fn test(file: &Path, identity: &Path) -> Result<ExitCode, HostError> {
    let plain = escrow::open(file, identity)?;
    let text = std::str::from_utf8(&plain).unwrap_or_default();
    let mut lines = text.lines();
    let shown = escape_path(file);
    match (lines.next(), lines.next()) {
        (Some(TEST), Some(answer)) => {
            say!(
                "{shown} opens. Send these words to the administrator:\n{}",
                escape(answer)
            );
        }
        (Some(device), Some(_)) => say!(
            "{shown} opens. It is for {}, and has {} lines; keymoot printed none of them.",
            escape(device),
            text.lines().count()
        ),
        _ => {
            return Err(HostError::new(
                format!("{shown} opens, but keymoot did not write it"),
                "name a file that keymoot sealed",
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Failure, read};
    use crate::frames::drawn;

    #[test]
    fn a_picture_of_another_qr_code_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a-bus-stop.png");
        drawn("https://example.org/timetable", 6)
            .save(&picture)
            .unwrap();
        let out = folder.path().join("sealed.age");
        let Err(Failure::Violated(verdicts)) = read(&[picture], &out) else {
            panic!("it was read");
        };
        assert!(verdicts[0].detail.contains("a-bus-stop.png: the QR code"));
    }
}
