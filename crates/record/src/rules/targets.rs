//! The rules on `targets.json`, which delegates, and on `crates.json`, by which the
//! quorum signs the root of tuf-crates.

use std::collections::BTreeMap;

use super::{
    Verdict,
    documents::{self, Dates, Expected, NEXT},
    policy::{CRATES, Policy},
    scenario::{Document as Which, REVOKED},
};
use keymoot_core::{
    Rule,
    digest::Digest,
    text::{excerpt, several},
};
use keymoot_tuf::{DelegatedRole, Delegations, Document, TargetFile, Targets};

/// The one file that `crates.json` signs.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedTargets<'a> {
    /// Its name in the document.
    pub name: &'a str,
    /// The root of tuf-crates, byte for byte as it is published.
    pub root: Option<&'a [u8]>,
}

/// Every rule on `targets.json`.
#[must_use]
pub fn check_top(document: &Document, expected: &Expected<'_>) -> Vec<Verdict> {
    check(document, Which::Targets, expected, |targets| {
        let mut verdicts = vec![
            delegations(targets, expected),
            holds_no_other_file(targets, expected),
        ];
        verdicts.extend(signs_revoked(targets, expected));
        verdicts
    })
}

/// Every rule on `crates.json`.
#[must_use]
pub fn check_crates(
    document: &Document,
    expected: &Expected<'_>,
    file: &ExpectedTargets<'_>,
) -> Vec<Verdict> {
    check(document, Which::Crates, expected, |targets| {
        vec![vouches(targets, file)]
    })
}

fn check(
    document: &Document,
    which: Which,
    expected: &Expected<'_>,
    of_its_own: impl FnOnce(&Targets) -> Vec<Verdict>,
) -> Vec<Verdict> {
    let targets = match Targets::read(document) {
        Ok(targets) => targets,
        Err(error) => {
            return vec![Verdict::unless(
                Rule::RootDraft,
                true,
                String::new,
                || format!("the proposal for {} is none: {error}", which.name()),
                NEXT,
            )];
        }
    };
    let dates = Dates {
        expires: targets.expires,
        expires_text: &targets.expires_text,
        periods: targets.periods,
    };
    let plain = document.signatures().is_empty()
        && document.warnings().is_empty()
        && targets.warnings().is_empty()
        && targets.targets.values().all(|file| file.extra.is_empty())
        && targets
            .delegations
            .as_ref()
            .is_none_or(|delegations| is_plain(delegations, which));
    let mut verdicts = vec![
        documents::version(which, targets.version, expected),
        documents::dates(which, &dates, expected),
        documents::mark(which, &targets.extra, expected),
        documents::changes(which, document, plain, expected),
    ];
    verdicts.extend(of_its_own(&targets));
    verdicts
}

fn is_plain(delegations: &Delegations, which: Which) -> bool {
    let used: std::collections::BTreeSet<_> = delegations
        .roles
        .iter()
        .flat_map(|role| &role.keys.keyids)
        .collect();
    which == Which::Targets
        && delegations.extra.is_empty()
        && used.len() == delegations.keys.len()
        && delegations.keys.values().all(|key| key.extra.is_empty())
        && delegations
            .roles
            .iter()
            .all(|role| role.keys.extra.is_empty() && role.path_hash_prefixes.is_empty())
}

/// DELEGATION-ROLES: exactly the roles of the policy and `crates`, each with its
/// threshold, its keys and its paths, and each terminating.
fn delegations(targets: &Targets, expected: &Expected<'_>) -> Verdict {
    let faults = match &targets.delegations {
        Some(found) => faults(targets, found, expected),
        None if expected.policy.delegated_roles_are(&[]) => Vec::new(),
        None => vec!["it delegates to nobody".to_owned()],
    };
    let count = expected.policy.delegations.len() + usize::from(expected.policy.tuf_crates);
    Verdict::unless(
        Rule::DelegationRoles,
        !faults.is_empty(),
        || match count {
            1 => "it delegates to 1 role, for its own paths alone, and terminating".to_owned(),
            _ => format!(
                "it delegates to {count} roles, each for its own paths alone, and terminating"
            ),
        },
        || faults.join("; "),
        "leave the ceremony: program, policy and previous documents do not agree",
    )
}

fn faults(targets: &Targets, found: &Delegations, expected: &Expected<'_>) -> Vec<String> {
    let policy = expected.policy;
    let mut wanted = vec![(
        CRATES,
        policy.quorum.threshold,
        expected
            .keys
            .iter()
            .map(|(handle, spki)| (Digest::of(spki), handle.to_string()))
            .collect::<BTreeMap<_, _>>(),
    )];
    let mut faults = Vec::new();
    for delegation in &policy.delegations {
        match delegation.signers() {
            Ok(signers) => wanted.push((
                delegation.role.as_str(),
                delegation.threshold,
                signers
                    .iter()
                    .map(|signer| (signer.key().fingerprint(), signer.name().to_owned()))
                    .collect(),
            )),
            Err(why) => faults.push(why),
        }
    }
    let names: Vec<&str> = found.roles.iter().map(|role| role.name.as_str()).collect();
    if !policy.delegated_roles_are(&names) {
        faults.push(format!(
            "it delegates to {}, in this order",
            names
                .iter()
                .map(|name| excerpt(name))
                .collect::<Vec<_>>()
                .join(", ")
        ));
        return faults;
    }
    for role in &found.roles {
        let Some((name, threshold, keys)) = wanted.iter().find(|(name, ..)| *name == role.name)
        else {
            continue;
        };
        if let Some(fault) = one(targets, role, *threshold, keys, policy) {
            faults.push(format!("{}: {fault}", excerpt(name)));
        }
    }
    faults
}

fn one(
    targets: &Targets,
    role: &DelegatedRole,
    threshold: u32,
    keys: &BTreeMap<Digest, String>,
    policy: &Policy,
) -> Option<String> {
    let named = policy.dialect.names_signers();
    let found = targets.role_keys(&role.name);
    let same_keys = found.len() == keys.len()
        && found.iter().all(|(digest, (_, entry))| {
            let name = entry.holder.as_ref().or(entry.online_uri.as_ref());
            keys.get(digest)
                .is_some_and(|wanted| !named || Some(wanted) == name)
        });
    if role.keys.threshold != threshold {
        Some(format!(
            "the threshold is {}, not {threshold}",
            role.keys.threshold
        ))
    } else if !same_keys {
        Some("its keys are not those of the quorum and the policy".to_owned())
    } else if !policy.are_paths(&role.name, &role.paths) {
        let wanted = policy.paths(&role.name);
        let wanted: Vec<_> = wanted.iter().map(|path| excerpt(path)).collect();
        Some(format!("its paths are not {}", wanted.join(", ")))
    } else if !role.terminating {
        Some("it is not terminating".to_owned())
    } else {
        None
    }
}

/// DELEGATION-FILES: the top document signs the files that it is to sign, and no other.
fn holds_no_other_file(targets: &Targets, expected: &Expected<'_>) -> Verdict {
    // REVOKED-AUTHORISED checks the list of revoked keys further.
    let listed = |files: &BTreeMap<String, TargetFile>| {
        let mut files = files.clone();
        files.remove_entry(REVOKED);
        files
    };
    let wrong = match expected.files.contains_key(REVOKED) {
        true => listed(&targets.targets) != listed(&expected.files),
        false => targets.targets != expected.files,
    };
    let names: Vec<_> = targets.targets.keys().map(|name| excerpt(name)).collect();
    let found = match names.is_empty() {
        true => "no file itself".to_owned(),
        false => several(&names, ", "),
    };
    Verdict::unless(
        Rule::DelegationFiles,
        wrong,
        || format!("targets.json signs {found}"),
        || format!("targets.json signs {found}, and must not"),
        NEXT,
    )
}

/// REVOKED-AUTHORISED: the top document signs the list of revoked keys.
fn signs_revoked(targets: &Targets, expected: &Expected<'_>) -> Option<Verdict> {
    let wanted = expected.files.get(REVOKED)?;
    Some(Verdict::unless(
        Rule::RevokedAuthorised,
        targets.targets.get(REVOKED) != Some(wanted),
        || format!("targets.json signs {REVOKED}: {wanted}"),
        || format!("targets.json does not sign the present list of revoked keys: {wanted}"),
        NEXT,
    ))
}

/// CRATES-FILE: the one file is the root of tuf-crates, byte for byte.
fn vouches(targets: &Targets, file: &ExpectedTargets<'_>) -> Verdict {
    let wanted = file.root.map(TargetFile::of);
    let right = targets.delegations.is_none()
        && targets.targets.len() == 1
        && targets.targets.get(file.name) == wanted.as_ref();
    Verdict::unless(
        Rule::CratesFile,
        !right,
        || {
            let length = file.root.map_or(0, <[u8]>::len);
            let digest = Digest::of(file.root.unwrap_or_default());
            format!(
                "it signs only the root of tuf-crates as a target: {length} bytes, SHA-256 {digest}"
            )
        },
        || "it does not sign exactly the given root of tuf-crates".to_owned(),
        NEXT,
    )
}
