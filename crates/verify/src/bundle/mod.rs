//! `keymoot verify`: a whole ceremony checked from its bundle alone.

mod fork;
mod json;
mod text;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Rule, Verdict};
use keymoot_record::bundle::{self, Bundle, Expectations};

use self::fork::Pair;
use crate::{Failure, say};

/// The largest trusted root read, in bytes.
const LARGEST_ROOT: u64 = 1 << 20;

/// Check a whole ceremony from its bundle alone, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle; with several, also whether two of one ceremony contradict each other
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// A root that is trusted already: the bundle's must be it, or follow it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A bundle, and what the rules say of it by itself.
struct Judged {
    path: PathBuf,
    /// None where it could not be read as a bundle.
    bundle: Option<Bundle>,
    verdicts: Vec<Verdict>,
}

impl Judged {
    /// # Errors
    /// [`HostError`] when the disk gives something back that cannot be read.
    fn of(path: &Path, expected: &Expectations, vendor: &TrustStore) -> Result<Self, HostError> {
        let (bundle, verdicts) = match crate::read(path) {
            Ok(bundle) => {
                let verdicts = bundle::verify(&bundle, expected, vendor);
                (Some(bundle), verdicts)
            }
            Err(verdicts) => (None, verdicts),
        };
        let unread = verdicts
            .iter()
            .find(|verdict| verdict.rule == Rule::BundleRead);
        match unread {
            Some(unread) => Err(HostError::new(unread.detail.clone(), unread.next.clone())),
            None => Ok(Self {
                path: path.to_owned(),
                bundle,
                verdicts,
            }),
        }
    }

    fn holds(&self) -> bool {
        !self.verdicts.iter().any(Verdict::is_violated)
    }

    /// How many rules were not asked because the record is older than they are.
    fn too_old_for(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|verdict| verdict.since.is_some()).count()
    }
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 3 a rule is violated.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let trusted_root = args
        .trusted_root
        .as_deref()
        .map(|path| crate::files::read_bounded(path, LARGEST_ROOT))
        .transpose()?;
    let expected = Expectations {
        rehearsal: args.rehearsal,
        trusted_root,
    };
    let judged = args
        .bundles
        .iter()
        .map(|path| Judged::of(path, &expected, vendor))
        .collect::<Result<Vec<_>, _>>()?;
    let pairs = fork::pairs(&judged);
    let holds = judged.iter().all(Judged::holds) && !pairs.iter().any(Pair::is_fork);
    let text = match (judged.as_slice(), args.json) {
        ([one], true) => json::of_one(one, &expected),
        ([one], false) => text::of_one(one, &expected),
        (several, true) => json::of_several(several, pairs, holds, &expected),
        (several, false) => text::of_several(several, &pairs, &expected),
    };
    say!("{}", text.trim_end());
    Ok(match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}
