//! The files that a policy has the quorum sign: those that were given, and those that the previous
//! state has.

use std::collections::BTreeMap;

use super::{
    previous::{AUTHORISED, Inputs, PREVIOUS, Previous},
    script::Scenario,
};
use crate::rules::{
    algorithm::algorithm_name,
    policy::{AuthorisedKind, Policy},
    scenario::TARGETS,
};
use keymoot_core::{
    Rule, Verdict,
    digest::Digest,
    text::{escape, several},
};
use keymoot_tuf as tuf;
use keymoot_tuf::{Document, PublicKey, Root, nonconformities, verify_chain};

/// The largest authorised file, in bytes.
const LARGEST: usize = 1 << 20;

/// The authorised files of a plan, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AuthorisedFiles(BTreeMap<String, File>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    kind: AuthorisedKind,
    bytes: Vec<u8>,
    /// Its previous content.
    before: Option<Vec<u8>>,
}

impl AuthorisedFiles {
    /// Reads them, with the verdicts on them.
    pub(super) fn read(
        policy: &Policy,
        inputs: &Inputs,
        previous: Option<&Previous>,
        scenario: Scenario,
    ) -> (Self, Vec<Verdict>) {
        let (mut files, mut faults, mut unfit) = (BTreeMap::new(), Vec::new(), Vec::new());
        let signed = previous.and_then(Previous::targets);
        for file in &policy.authorised {
            let path = &file.path;
            let listed = signed.and_then(|targets| targets.content.targets.get(path));
            let before = listed.and_then(|listed| {
                let kept = inputs.get(&format!("{PREVIOUS}/tuf-root/{TARGETS}/{path}"));
                kept.filter(|bytes| listed.fits(bytes)).cloned()
            });
            let given = inputs.get(&format!("{AUTHORISED}/{path}")).cloned();
            if given.is_some() && given != before && !scenario.brings_files() {
                faults.push(format!(
                    "{path} is another file, and {} brings none",
                    scenario.name()
                ));
            }
            let Some(bytes) = given.or_else(|| before.clone()) else {
                faults.push(format!("{path} is missing"));
                continue;
            };
            if let Err(why) = check(file.kind, &bytes, before.as_deref()) {
                unfit.push(format!("{path}: {why}"));
            }
            let kind = file.kind;
            files.insert(
                path.clone(),
                File {
                    kind,
                    bytes,
                    before,
                },
            );
        }
        for path in inputs
            .keys()
            .filter_map(|path| path.strip_prefix(AUTHORISED))
        {
            let path = path.trim_start_matches('/');
            if !files.contains_key(path) {
                faults.push(format!("the policy does not name {}", escape(path)));
            }
        }
        if policy.authorised.is_empty() && faults.is_empty() {
            return (Self::default(), Vec::new());
        }
        let count = files.len();
        let verdicts = vec![
            Verdict::unless(
                Rule::AuthorisedGiven,
                !faults.is_empty(),
                || {
                    format!(
                        "{count} files that the quorum signs itself, each as the policy names it"
                    )
                },
                || several(&faults, "; "),
                "give each new or changed file with --authorised PATH=FILE, on an occasion that brings files",
            ),
            Verdict::unless(
                Rule::AuthorisedKind,
                !unfit.is_empty(),
                || "each file is what its kind says".to_owned(),
                || several(&unfit, "; "),
                "get the file again from its owners",
            ),
        ];
        (Self(files), verdicts)
    }

    /// Path and content of each.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        self.0.iter().map(|(path, file)| (path, &file.bytes))
    }

    /// The content of each, in sentences for people, safe to show.
    pub(super) fn in_words(&self) -> Vec<String> {
        let files = self.0.iter();
        files
            .flat_map(|(path, file)| sentences(path, file))
            .collect()
    }

    /// Whether one is new, or differs from the previous state.
    pub(super) fn bring(&self) -> bool {
        let mut files = self.0.values();
        files.any(|file| file.before.as_ref() != Some(&file.bytes))
    }
}

/// AUTHORISED-KIND of one file.
fn check(kind: AuthorisedKind, bytes: &[u8], before: Option<&[u8]>) -> Result<(), String> {
    if bytes.len() > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    match kind {
        AuthorisedKind::File => Ok(()),
        AuthorisedKind::PublicKey => public_key(bytes).map(drop),
        AuthorisedKind::TufRoot => {
            let root = |bytes: &[u8]| {
                Document::parse(bytes, bytes.len()).map_err(|error| error.to_string())
            };
            let roots = match before.filter(|before| *before != bytes) {
                Some(before) => vec![root(before)?, root(bytes)?],
                None => vec![root(bytes)?],
            };
            let newest = roots.last().map(Document::version);
            let is_new = before != Some(bytes);
            let refused = roots.last().filter(|_| is_new).map(nonconformities);
            if let Some(why) = refused.iter().flatten().next() {
                return Err(format!("no client can use it: {why}"));
            }
            let chain = verify_chain(None, roots).map_err(|error| error.to_string())?;
            match chain.last().map(|root| root.root().version) == newest {
                true => Ok(()),
                false => Err("it is older than the root that the quorum signed before".to_owned()),
            }
        }
    }
}

fn public_key(bytes: &[u8]) -> Result<PublicKey, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no PEM".to_owned())?;
    PublicKey::from_pem(text).map_err(|error| error.to_string())
}

fn sentences(path: &str, file: &File) -> Vec<String> {
    let words = |digest: &Digest| digest.words().join(" ");
    let is_new = match &file.before {
        None => "new, ",
        Some(before) if *before == file.bytes => "unchanged, ",
        Some(_) => "CHANGED, ",
    };
    let bytes = file.bytes.as_slice();
    let whole = Digest::of(bytes);
    let root = |bytes: &[u8]| {
        let document = Document::parse(bytes, bytes.len()).ok()?;
        let root = Root::read(&document).ok()?;
        Some((document, root))
    };
    match (file.kind, public_key(bytes), root(bytes)) {
        (AuthorisedKind::PublicKey, Ok(key), _) => vec![format!(
            "{path} ({is_new}a public key): {}; SHA-256 of its SubjectPublicKeyInfo in words: {}.",
            algorithm_name(key.algorithm()),
            words(&key.fingerprint())
        )],
        (AuthorisedKind::TufRoot, _, Some((document, content))) => {
            let quorum = content.roles.get("root").map_or(0, |role| role.threshold);
            let mut said = vec![format!(
                "{path} ({is_new}the root of another repository): version {}, expires {}, signed by {quorum} of {} keys; \
                 its digest in words: {}.",
                content.version,
                content.expires,
                content.role_keys("root").len(),
                words(&document.digest())
            )];
            let before = file.before.as_deref().filter(|before| *before != bytes);
            let before = before.and_then(root);
            if let Some((before, _)) = before
                && let Ok(changes) = tuf::document_changes("root", Some(&before), &document)
            {
                said.extend(changes.iter().map(|change| format!("{path}: {change}")));
            }
            said
        }
        _ => vec![format!(
            "{path} ({is_new}a file): {} bytes; its SHA-256 in words: {}.",
            bytes.len(),
            words(&whole)
        )],
    }
}
