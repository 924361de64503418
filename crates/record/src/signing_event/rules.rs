//! The rules on a signing event, each of which compares both checkouts.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Given, METADATA, STOP, SigningEvent, clients,
    side::{Side, named},
    state,
};
use crate::{
    expectation::{Strength, compare_published},
    published::{BelowRoot, Served, listed_files},
    rules::mark::is_marked,
    transcript::Mode,
};
use keymoot_core::{
    Rule, Verdict,
    digest::Digest,
    json,
    text::{excerpt, several},
};
use keymoot_tuf::{Dialect, KeyEntry, KeyId, Targets};

/// The roles that no person signs for.
const ONLINE: [&str; 2] = ["snapshot", "timestamp"];

pub(super) fn judge(
    given: &Given<'_>,
    event: &SigningEvent,
    base: &Side,
    tree: &Side,
) -> Vec<Verdict> {
    let mut verdicts = vec![
        layout(given, event, tree),
        delegated(given, event, base),
        root(given, base, tree),
        version(event, base),
        role(given, event, base, tree),
        state::nothing_is_pending(given, event),
        keys(event.dialect, base, tree),
        signatures(event, base),
        clients::readable(event, base),
        clients::expiry(given.now, event, base, tree),
    ];
    verdicts.extend(targets(given, event, base));
    if given.mode == Mode::Live {
        verdicts.push(mark(event));
    }
    if let Some(set) = given.set {
        let strength = Strength::of(
            Some(&tree.root),
            tree.targets.iter().map(|targets| ("targets", targets)),
            tree.config.as_ref(),
            given.mode,
        );
        verdicts.push(compare_published(&strength, set));
    }
    verdicts
}

/// Held, or violated for each of these reasons.
fn unless(rule: Rule, held: impl FnOnce() -> String, faults: &[String]) -> Verdict {
    Verdict::unless(
        rule,
        !faults.is_empty(),
        held,
        || several(faults, "; "),
        STOP,
    )
}

/// EVENT-LAYOUT: the history has the current root again. Reading the two sides has checked
/// the rest.
fn layout(given: &Given<'_>, event: &SigningEvent, tree: &Side) -> Verdict {
    let paths = event.dialect.paths("root", tree.root.version);
    let (current, kept) = paths.split_at(paths.len() / 2);
    let differ = current
        .iter()
        .zip(kept)
        .filter(|(current, kept)| given.tree.get(*current) != given.tree.get(*kept));
    let faults: Vec<_> = differ
        .map(|(current, kept)| format!("{current} and {kept} are not the same file"))
        .collect();
    unless(
        Rule::EventLayout,
        || format!("base and tree are written as {} writes them", event.dialect),
        &faults,
    )
}

/// TREE-DOCUMENTS of the base: its delegators signed each document of people below its root.
fn delegated(given: &Given<'_>, event: &SigningEvent, base: &Side) -> Verdict {
    let below = BelowRoot::read(
        given.base,
        event.dialect,
        Some(&event.base),
        &Served::default(),
    );
    let unread = below.unread().iter();
    let unread = unread.map(|refusal| (refusal.role.as_str(), refusal.why.clone()));
    let refused = below
        .documents()
        .filter_map(|(role, _, error)| Some((role, error?.to_string())));
    // Until the online service has signed, its documents are behind.
    let faults: Vec<_> = unread
        .chain(refused)
        .filter(|(role, _)| !ONLINE.contains(role))
        .map(|(role, why)| format!("{}.json of the base: {why}", excerpt(role)))
        .collect();
    unless(
        Rule::TreeDocuments,
        || {
            format!(
                "the base's documents are signed by those whom root version {} names",
                base.root.version
            )
        },
        &faults,
    )
}

/// TREE-TARGETS: the files that the event lists and the base does not are in the checkout. tufops
/// keeps them elsewhere.
fn targets(given: &Given<'_>, event: &SigningEvent, base: &Side) -> Option<Verdict> {
    if event.dialect == Dialect::Tufops {
        return None;
    }
    let read = |document| Targets::read(document).ok();
    let listings = event.documents.iter().filter_map(|one| {
        let mut targets = read(&one.document)?;
        let before = base.documents.get(&one.role).and_then(read);
        let before = before.map(|before| before.targets).unwrap_or_default();
        targets
            .targets
            .retain(|name, file| before.get(name) != Some(file));
        Some((one.role.as_str(), targets))
    });
    let listings: Vec<_> = listings.collect();
    let listings = listings.iter().map(|(role, targets)| (*role, targets));
    Some(listed_files(listings, given.target, STOP))
}

/// EVENT-ROOT: the event keeps the base's root, or brings the next.
fn root(given: &Given<'_>, base: &Side, tree: &Side) -> Verdict {
    const HISTORY: &str = "metadata/root_history/";
    let signed = |side: &Side| side.documents.get("root").map(|root| root.digest());
    let (before, now) = (base.root.version, tree.root.version);
    let mut faults = Vec::new();
    if signed(base) == signed(tree) {
        // More signatures on the same root are no other root.
    } else if before.checked_add(1) != Some(now) {
        faults.push(format!(
            "after root version {before} of the base comes version {}, not {now}",
            before.saturating_add(1)
        ));
    }
    let kept = given
        .base
        .iter()
        .filter(|(path, _)| path.starts_with(HISTORY));
    let kept = kept.filter(|(path, _)| !path.starts_with(&format!("{HISTORY}{now}.root.")));
    let changed = kept.filter(|(path, bytes)| given.tree.get(*path) != Some(*bytes));
    faults.extend(changed.map(|(path, _)| format!("\"{}\" is not the base's", excerpt(path))));
    unless(
        Rule::EventRoot,
        || match before == now {
            true => format!("the root stays version {now}"),
            false => format!("root version {now} follows version {before}"),
        },
        &faults,
    )
}

/// EVENT-VERSION: each changed document has the next version.
fn version(event: &SigningEvent, base: &Side) -> Verdict {
    let others = event.documents.iter().filter(|one| one.role != "root");
    let faults: Vec<_> = others
        .filter_map(|one| {
            let before = base.documents.get(&one.role);
            let next = before.map_or(Some(1), |before| before.version().checked_add(1));
            let differs = base.differs(&one.role, &one.document);
            (differs && next != Some(one.document.version())).then(|| {
                let before = before.map_or("none".to_owned(), |before| {
                    format!("version {}", before.version())
                });
                format!(
                    "{} is version {}, and the base has {before}",
                    one.name(),
                    one.document.version()
                )
            })
        })
        .collect();
    unless(
        Rule::EventVersion,
        || "every document that changes has the next version".to_owned(),
        &faults,
    )
}

/// The changes that a branch named in the tools' way permits: `sign/ROLE-vVERSION`, of an
/// existing role.
fn of_branch(branch: &str, roles: &[String]) -> Option<(String, u64)> {
    let (role, version) = branch.strip_prefix("sign/")?.rsplit_once("-v")?;
    let version = version.parse().ok()?;
    roles
        .iter()
        .any(|known| known == role)
        .then(|| (role.to_owned(), version))
}

/// EVENT-ROLE: the event changes nothing outside of its purpose.
fn role(given: &Given<'_>, event: &SigningEvent, base: &Side, tree: &Side) -> Verdict {
    let dialect = event.dialect;
    let mut faults = Vec::new();
    let stated = given
        .branch
        .and_then(|branch| of_branch(branch, &tree.roles()));
    for one in &event.documents {
        let differs = base.differs(&one.role, &one.document);
        let version = one.document.version();
        match &stated {
            Some((role, _)) if differs && *role != one.role => faults.push(format!(
                "the branch is for {}, and {} changes",
                excerpt(role),
                one.name()
            )),
            Some((role, wanted)) if *role == one.role && *wanted != version => {
                faults.push(format!(
                    "the branch is for version {wanted} of {}, and it is version {version}",
                    excerpt(role)
                ))
            }
            _ => {}
        }
        if differs && !given.roles.is_empty() && !given.roles.contains(&one.role) {
            faults.push(format!(
                "{} changes, which --role does not name",
                one.name()
            ));
        }
    }
    // The files of a role without a delegation may go.
    let removed = base
        .roles()
        .into_iter()
        .filter(|role| !tree.roles().contains(role));
    let removed: BTreeSet<_> = removed
        .flat_map(|role| dialect.paths(&role, 0))
        .filter(|path| !given.tree.contains_key(path))
        .collect();
    let mut expected: BTreeSet<_> = event
        .documents
        .iter()
        .flat_map(|one| dialect.paths(&one.role, one.document.version()))
        .collect();
    expected.extend(removed);
    expected.extend(dialect.event_state().map(str::to_owned));
    let paths: BTreeSet<_> = given.base.keys().chain(given.tree.keys()).collect();
    let changed = paths.into_iter().filter(|path| {
        path.starts_with(METADATA) && given.base.get(*path) != given.tree.get(*path)
    });
    for path in changed.filter(|path| !expected.contains(*path)) {
        let online = ONLINE
            .iter()
            .any(|role| dialect.paths(role, 0).contains(path));
        faults.push(match online {
            true => format!("{path} changes, which the online service alone signs"),
            false => format!(
                "\"{}\" changes, and no role that people sign for has it",
                excerpt(path)
            ),
        });
    }
    Verdict::unless(
        Rule::EventRole,
        !faults.is_empty(),
        || match &stated {
            Some((role, version)) => format!(
                "only {} changes, to version {version}, as the branch says",
                excerpt(role)
            ),
            None => "nothing changes but documents that holders sign".to_owned(),
        },
        || several(&faults, "; "),
        "sign nothing before you know why; --base is a checkout of the commit at which the branch begins, by git merge-base",
    )
}

/// EVENT-KEYS: keys keep their holders and their ids.
fn keys(dialect: Dialect, base: &Side, tree: &Side) -> Verdict {
    let fingerprint = |(keyid, entry)| Some((keyid, entry, KeyEntry::fingerprint(entry)?));
    let mut ids = BTreeMap::<&KeyId, Digest>::new();
    let mut holders = BTreeMap::<Digest, String>::new();
    for (keyid, entry, key) in base.keys().filter_map(fingerprint) {
        ids.insert(keyid, key);
        if let Some(name) = named(entry) {
            holders.entry(key).or_insert(name);
        }
    }
    // Of a new key, the first name in the tree counts: the tree may name one key twice.
    for (_, entry, key) in tree.keys().filter_map(fingerprint) {
        if let Some(name) = named(entry) {
            holders.entry(key).or_insert(name);
        }
    }
    let mut faults = Vec::new();
    for (keyid, entry) in tree.keys() {
        let Some(key) = entry.fingerprint() else {
            faults.push(format!("the key under {} cannot be used", keyid.short()));
            continue;
        };
        match ids.get(keyid) {
            Some(before) if *before != key => faults.push(format!(
                "{} names another key than in the base",
                keyid.short()
            )),
            None if !is_hash(dialect, keyid, entry) => {
                faults.push(format!("{} is not the hash of its key", keyid.short()))
            }
            _ => {}
        }
        let name = named(entry);
        if let Some(holder) = holders.get(&key)
            && name.as_ref() != Some(holder)
        {
            faults.push(format!(
                "the key {} of {holder} is now said to be of {}",
                key.short_words(),
                name.as_deref().unwrap_or("nobody")
            ));
        }
    }
    faults.sort();
    faults.dedup();
    unless(
        Rule::EventKeys,
        || "every key keeps its holder, and every new id is the hash of its key".to_owned(),
        &faults,
    )
}

/// Whether a key's id is the one that the dialect's tools give it.
fn is_hash(dialect: Dialect, keyid: &KeyId, entry: &KeyEntry) -> bool {
    let hash = match dialect {
        Dialect::TufOnCi => Some(Digest::of(&json::canonical(&entry.object))),
        Dialect::Tufops | Dialect::TufCi => entry.fingerprint(),
    };
    hash.is_some_and(|hash| hash.to_string() == keyid.as_str())
}

/// EVENT-SIGNATURES: the present signatures verify.
fn signatures(event: &SigningEvent, base: &Side) -> Verdict {
    let broken = |one: &super::EventDocument| one.broken(base.delegation(&one.role).as_ref());
    let faults: Vec<_> = event.documents.iter().flat_map(broken).collect();
    unless(
        Rule::EventSignatures,
        || "every signature that is there verifies".to_owned(),
        &faults,
    )
}

/// ROOT-MARK: the device of a live holder signs nothing from a rehearsal.
fn mark(event: &SigningEvent) -> Verdict {
    let marked = event
        .documents
        .iter()
        .filter(|one| is_marked(&one.document));
    let faults: Vec<_> = marked
        .map(|one| format!("{} is marked as made in a rehearsal", one.name()))
        .collect();
    unless(
        Rule::RootMark,
        || "no document is marked as made in a rehearsal".to_owned(),
        &faults,
    )
}
