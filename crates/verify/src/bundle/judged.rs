//! A bundle as it was read, and the verdicts on it.

use std::path::{Path, PathBuf};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError, Rule, Verdict,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    apart::witness::{WitnessKey, expected as witnesses_expected},
    bundle::{self, Bundle, Expectations, MANIFEST, SIGNATURES},
    ceremony::{
        outside::{self, NotBefore},
        script::CheckedScript,
    },
    transcript::Chain,
};

use crate::{Failure, apart::witness, tree};

/// A bundle, and the verdicts on it alone.
pub(super) struct Judged {
    pub(super) path: PathBuf,
    /// None where it could not be read as a bundle.
    pub(super) bundle: Option<Bundle>,
    pub(super) verdicts: Vec<Verdict>,
    /// The statements of witnesses who were not in the room.
    pub(super) heard: Vec<witness::Heard>,
}

impl Judged {
    /// # Errors
    /// [`HostError`] when the disk gives something back that cannot be read.
    pub(super) fn of(
        path: &Path,
        expected: &Expectations,
        vendor: &TrustStore,
    ) -> Result<Self, HostError> {
        is_bundle(path)?;
        let (bundle, verdicts) = match crate::read(path) {
            Ok(bundle) => {
                let mut verdicts = bundle::verify(&bundle, expected, vendor);
                let mut held = verdicts.iter_mut().filter(|one| !one.is_violated());
                let closed = held.find(|one| one.rule == Rule::BundleClosed);
                if let (Some(closed), Some(unsigned)) = (closed, bundle::unsigned(&bundle)) {
                    *closed = unsigned;
                }
                (Some(bundle), verdicts)
            }
            Err(Failure::Violated(verdicts)) => (None, verdicts),
            Err(Failure::Host(unread) | Failure::Usage(unread)) => return Err(unread),
        };
        Ok(Self {
            path: path.to_owned(),
            bundle,
            verdicts,
            heard: Vec::new(),
        })
    }

    /// Checks the statements of witnesses against the bundle. Only a key that the verifier named can
    /// violate the verdict: anybody can put a false statement beside a bundle.
    ///
    /// # Errors
    /// [`HostError`] when a file cannot be read.
    pub(super) fn hear(
        &mut self,
        statements: &[PathBuf],
        keys: &[WitnessKey],
    ) -> Result<(), HostError> {
        let Some(bundle) = &self.bundle else {
            return Ok(());
        };
        self.heard = witness::hear(statements, bundle, keys)?;
        let said = self
            .heard
            .iter()
            .filter_map(|heard| heard.said.as_ref().ok());
        let said: Vec<_> = said.collect();
        self.verdicts.extend(witnesses_expected(keys, &said));
        Ok(())
    }

    pub(super) fn holds(&self) -> bool {
        !self.verdicts.iter().any(Verdict::is_violated)
    }

    /// The public values of the day in the transcript of a bundle whose rules all hold.
    pub(super) fn not_before(&self) -> Vec<NotBefore> {
        let read = || {
            let files = self.bundle.as_ref().filter(|_| self.holds())?.files();
            let chain = Chain::read(files.get("transcript.jsonl")?).ok()?;
            let script = std::str::from_utf8(files.get("script.toml")?).ok()?;
            let script = CheckedScript::parse(script).ok()?;
            Some(outside::not_before(&script, &chain))
        };
        read().unwrap_or_default()
    }

    /// How many rules were not asked because the record is older than they are.
    pub(super) fn too_old_for(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|verdict| verdict.since.is_some()).count()
    }
}

/// Whether there is any sign of a bundle at this path: a wrong path is the likeliest mistake.
///
/// # Errors
/// [`HostError`] that says what is there instead.
fn is_bundle(path: &Path) -> Result<(), HostError> {
    let shown = escape_path(path);
    if path.is_file() {
        return Err(HostError::new(
            format!("{shown} is a file, and a bundle is a folder"),
            match path
                .extension()
                .is_some_and(|end| end == "tar" || end == "gz" || end == "tgz")
            {
                true => format!(
                    "unpack it: tar -xf {}; then verify the folder",
                    quoted_path(path)
                ),
                false => "name the folder that holds MANIFEST.json".to_owned(),
            },
        ));
    }
    if tree::is_tree(path) {
        return Err(HostError::new(
            format!("{shown} is a repository, and no bundle to compare with others"),
            format!("verify it alone: keymoot verify {}", quoted_path(path)),
        ));
    }
    let signs = [MANIFEST, SIGNATURES, "transcript.jsonl", "report.html"];
    let there = |name: &str| path.join(name).exists();
    if !path.is_dir() || signs.into_iter().any(there) {
        return Ok(());
    }
    if ["root.json", "1.root.json", "timestamp.json"]
        .into_iter()
        .any(there)
    {
        return Err(HostError::new(
            format!("{shown} is the metadata of a repository, not its folder"),
            format!(
                "name the folder that holds it: {}",
                quoted_path(&above(path))
            ),
        ));
    }
    Err(HostError::new(
        format!("{shown} holds no bundle: it has no {MANIFEST} and no transcript.jsonl"),
        format!("name the folder that holds {MANIFEST}, or metadata/ of a repository"),
    ))
}

/// The folder that holds this one.
fn above(path: &Path) -> PathBuf {
    match (path.file_name(), path.parent()) {
        (Some(_), Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
        (Some(_), Some(parent)) => parent.to_owned(),
        _ => path.join(".."),
    }
}
