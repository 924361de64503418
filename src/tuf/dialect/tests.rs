#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Dialect;
use super::tufops::Config;
use crate::tuf::json::Object;
use crate::tuf::samples::{days, holder, root as root_draft, targets as targets_draft};
use crate::tuf::{
    DelegationDraft, Document, KeyId, Periods, Root, RootDraft, Signer, TargetFile, Targets,
    TargetsDraft, Time,
};

const LIMIT: usize = 1_000_000;

fn signatures() -> BTreeMap<KeyId, Vec<u8>> {
    BTreeMap::from([
        (KeyId::new("b"), vec![2, 2]),
        (KeyId::new("a"), vec![1, 1, 1]),
    ])
}

#[test]
fn a_dialect_is_found_by_its_name_and_no_other() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
    }
    let unknown = "TUF-on-CI\u{202e}".parse::<Dialect>().unwrap_err();
    let shown = unknown.to_string();
    assert!(shown.contains("TUF-on-CI\\u{202e}") && shown.contains("tuf-on-ci"));
}

#[test]
fn a_targets_document_says_what_its_draft_said() {
    for dialect in Dialect::ALL {
        let draft = targets_draft(dialect);
        let targets = Targets::read(&dialect.targets(&draft).unwrap()).unwrap();
        assert_eq!(targets.version, draft.version);
        assert_eq!(targets.targets, draft.files);
        assert_eq!(targets.warnings(), []);
        let roles = &targets.delegations.as_ref().unwrap().roles;
        assert_eq!(roles.len(), draft.delegations.len());
        for (role, drafted) in roles.iter().zip(&draft.delegations) {
            assert_eq!(role.name, drafted.name);
            assert_eq!(role.keys.threshold, drafted.threshold);
            assert_eq!(role.paths, drafted.paths);
            assert_eq!(role.terminating, drafted.terminating);
            let keys = targets.role_keys(&role.name);
            assert_eq!(keys.len(), drafted.signers.len());
            for signer in &drafted.signers {
                let (keyid, _) = keys[&signer.key().fingerprint()];
                assert_eq!(*keyid, dialect.key_id(signer));
            }
        }
    }
}

#[test]
fn a_root_lies_in_the_history_byte_for_byte_as_it_lies_in_its_place() {
    let document = Dialect::TufOnCi.root(&root_draft()).unwrap();
    let files = Dialect::TufOnCi.files("root", &document, &signatures());
    let [(current, text), (history, copy)] = &files[..] else {
        panic!("{files:?}")
    };
    assert_eq!(current, "metadata/root.json");
    assert_eq!(history, "metadata/root_history/1.root.json");
    assert_eq!(text, copy);
}

#[test]
fn a_document_is_read_back_from_the_files_it_was_laid_into() {
    for dialect in Dialect::ALL {
        let root = dialect.root(&root_draft()).unwrap();
        let targets = dialect.targets(&targets_draft(dialect)).unwrap();
        let folder: BTreeMap<_, _> = [("root", &root), ("targets", &targets)]
            .into_iter()
            .flat_map(|(role, document)| dialect.files(role, document, &signatures()))
            .collect();
        let file = |path: &str| folder.get(path).cloned();
        let read = |role, version| dialect.read(role, version, &file, LIMIT).unwrap();
        for (role, version, written) in [
            ("root", None, &root),
            ("root", Some(1), &root),
            ("targets", None, &targets),
        ] {
            let back = read(role, version).unwrap();
            assert_eq!(back.signed_bytes(), written.signed_bytes());
            let found: Vec<_> = back
                .signatures()
                .iter()
                .map(|s| s.bytes().unwrap())
                .collect();
            assert_eq!(found, [vec![1, 1, 1], vec![2, 2]]);
        }
        assert!(read("root", Some(2)).is_none());
        assert!(read("crates", None).is_none());
    }
}

#[test]
fn one_file_keeps_a_document_and_its_signatures() {
    for dialect in Dialect::ALL {
        let document = dialect.root(&root_draft()).unwrap();
        let file = dialect.assemble(&document, &signatures());
        let back = Document::parse(&file, LIMIT).unwrap();
        assert_eq!(back.signed_bytes(), document.signed_bytes());
        assert_eq!(dialect.assemble(&back, &signatures()), file);
    }
}

#[test]
fn a_role_with_a_hostile_name_stays_in_the_folder() {
    for dialect in Dialect::ALL {
        for path in dialect.paths("../../etc/x y", 1) {
            assert!(
                path.starts_with("metadata/..%2F..%2Fetc%2Fx%20y."),
                "{path}"
            );
        }
    }
}

/// What the document of a draft says, as a draft again. tufops says some of it
/// in a file of its own, here beside the draft.
fn said(dialect: Dialect, draft: &RootDraft) -> RootDraft {
    let document = dialect.root(draft).unwrap();
    let mut root = Root::read(&document).unwrap();
    assert_eq!(root.warnings(), []);
    if dialect == Dialect::Tufops {
        let text = Config::of("gs://bucket", draft, &[]).to_toml();
        Config::parse(&text).unwrap().annotate_root(&mut root);
    }
    RootDraft::of(&root, draft.targets_periods).unwrap()
}

fn said_of_targets(dialect: Dialect, draft: &TargetsDraft) -> TargetsDraft {
    let document = dialect.targets(draft).unwrap();
    let mut targets = Targets::read(&document).unwrap();
    assert_eq!(targets.warnings(), []);
    if dialect == Dialect::Tufops {
        let text = Config::of("gs://bucket", &root_draft(), &draft.delegations).to_toml();
        Config::parse(&text).unwrap().annotate_targets(&mut targets);
    }
    let mut found = TargetsDraft::of(&draft.role, &targets, draft.periods).unwrap();
    if dialect == Dialect::TufOnCi {
        // There a delegated document says them itself.
        for (role, drafted) in found.delegations.iter_mut().zip(&draft.delegations) {
            role.periods = drafted.periods;
        }
    }
    found
}

fn any_signers() -> impl Strategy<Value = Vec<Signer>> {
    proptest::sample::subsequence((1..=9_u8).collect::<Vec<_>>(), 1..=5)
        .prop_shuffle()
        .prop_map(|seeds| {
            seeds
                .into_iter()
                .map(|seed| Signer::Holder(holder(seed)))
                .collect()
        })
}

fn any_periods() -> impl Strategy<Value = Periods> {
    (2..5000_u32, 0..5000_u32)
        .prop_map(|(expiry, signing)| days(expiry, 1 + signing % (expiry - 1)))
}

prop_compose! {
    fn any_root()(
        version in 1..u64::MAX,
        expires in 0..250_000_000_000_i64,
        root in any_signers(),
        targets in proptest::option::of(any_signers()),
        thresholds in (0..100_u32, 0..100_u32),
        periods in (any_periods(), any_periods(), any_periods(), any_periods()),
        mark in "\\PC{0,8}",
    ) -> RootDraft {
        let within = |threshold: u32, signers: usize| threshold % u32::try_from(signers).unwrap() + 1;
        let holders: Vec<_> = root
            .iter()
            .filter_map(|signer| match signer {
                Signer::Holder(holder) => Some(holder.clone()),
                Signer::Online(_) => None,
            })
            .collect();
        let targets = targets.filter(|signers| *signers != root);
        RootDraft {
            version,
            expires: Time::from_unix(expires).unwrap(),
            root_threshold: within(thresholds.0, holders.len()),
            targets_threshold: within(thresholds.1, targets.as_ref().map_or(holders.len(), Vec::len)),
            holders,
            targets_signers: targets,
            root_periods: periods.0,
            targets_periods: periods.1,
            snapshot_periods: periods.2,
            timestamp_periods: periods.3,
            marks: Object::from([(format!("x-mark{mark}"), mark.into())]),
            ..root_draft()
        }
    }
}

prop_compose! {
    fn any_targets()(
        version in 1..u64::MAX,
        expires in 0..250_000_000_000_i64,
        files in proptest::collection::btree_map("\\PC{1,8}", proptest::collection::vec(any::<u8>(), 0..3), 0..4),
        roles in proptest::collection::btree_map(
            "[a-z]{4}[-_A-Z0-9]{0,3}",
            (any_signers(), any::<u32>(), proptest::collection::btree_set("\\PC{1,8}", 1..4), any::<bool>(), any_periods()),
            0..4,
        ),
        periods in any_periods(),
    ) -> TargetsDraft {
        let delegations = roles.into_iter().map(|(name, (signers, threshold, paths, terminating, periods))| {
            DelegationDraft {
                name,
                threshold: threshold % u32::try_from(signers.len()).unwrap() + 1,
                signers,
                paths: paths.into_iter().collect(),
                terminating,
                periods,
            }
        });
        TargetsDraft {
            role: "targets".to_owned(),
            version,
            expires: Time::from_unix(expires).unwrap(),
            files: files.iter().map(|(name, content)| (name.clone(), TargetFile::of(content))).collect(),
            delegations: delegations.collect(),
            periods,
            marks: Object::new(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_says_what_the_draft_said(root in any_root(), targets in any_targets()) {
        for dialect in Dialect::ALL {
            prop_assert_eq!(&said(dialect, &root), &root);
            prop_assert_eq!(&said_of_targets(dialect, &targets), &targets);
        }
    }
}

#[test]
fn tuf_ci_keeps_a_payload_and_its_signatures_in_two_files() {
    let document = Dialect::TufCi.root(&root_draft()).unwrap();
    let files = Dialect::TufCi.files("root", &document, &signatures());
    let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "metadata/root.json",
            "metadata/root.sig.json",
            "metadata/root_history/1.root.json",
            "metadata/root_history/1.root.sig.json",
        ]
    );
    assert_eq!(files[0].1, document.content());
    assert_eq!((&files[0].1, &files[1].1), (&files[2].1, &files[3].1));
    assert_eq!(
        String::from_utf8_lossy(&files[1].1),
        "{\n  \"signatures\": [\n    {\n      \"keyid\": \"a\",\n      \"sig\": \"AQEB\"\n    },\n    {\n      \"keyid\": \"b\",\n      \"sig\": \"AgI=\"\n    }\n  ]\n}\n"
    );
}

#[test]
fn a_payload_whose_signatures_are_gone_is_refused() {
    let document = Dialect::TufCi.root(&root_draft()).unwrap();
    let file = |path: &str| (path == "metadata/root.json").then(|| document.content().to_vec());
    let error = Dialect::TufCi.read("root", None, &file, LIMIT).unwrap_err();
    assert_eq!(error, crate::tuf::DocumentError::BarePayload);
}

#[test]
fn tuf_ci_refuses_what_it_cannot_hold() {
    let mut draft = root_draft();
    draft.consistent_snapshot = false;
    let error = Dialect::TufCi.root(&draft).unwrap_err().to_string();
    assert_eq!(
        error,
        "in the dialect tuf-ci, consistent_snapshot is always true"
    );

    let mut draft = targets_draft(Dialect::TufCi);
    draft.role = "crates".to_owned();
    draft.delegations.retain(|role| role.name != "crates");
    let error = Dialect::TufCi.targets(&draft).unwrap_err().to_string();
    assert!(error.contains("a delegated role delegates"), "{error}");

    let mut draft = root_draft();
    draft.targets_signers = Some(vec![Signer::Online(draft.online.clone())]);
    let document = Dialect::TufCi.root(&draft).unwrap();
    let text = String::from_utf8(document.content().to_vec()).unwrap();
    let keyid = Dialect::TufCi.holder_key_id(&draft.holders[0]);
    let online = Dialect::TufCi.online_key_id(&draft.online);
    let entry = format!("\"root\": {{\n      \"keyids\": [\n        \"{keyid}\"");
    assert!(text.contains(&entry));
    let changed = text.replace(&entry, &entry.replace(keyid.as_str(), online.as_str()));
    let changed = Document::payload(changed.into_bytes(), LIMIT).unwrap();
    let error = Root::read(&changed).unwrap_err().to_string();
    assert!(error.contains("an online key may sign root"), "{error}");
}

#[test]
fn periods_in_which_no_signing_could_end_are_refused_where_the_dialect_does() {
    let mut root = root_draft();
    root.timestamp_periods = days(7, 7);
    let mut targets = targets_draft(Dialect::TufCi);
    targets.delegations[0].periods = days(7, 0);
    for dialect in [Dialect::Tufops, Dialect::TufCi] {
        for error in [
            dialect.root(&root).unwrap_err().to_string(),
            dialect.targets(&targets).unwrap_err().to_string(),
        ] {
            let name = format!("in the dialect {dialect}, signing a role's next");
            assert!(error.starts_with(&name), "{error}");
        }
    }
}

#[test]
fn what_tuf_ci_says_of_strangers_or_in_another_form_stays_among_the_members() {
    let document = Dialect::TufCi.root(&root_draft()).unwrap();
    let text = String::from_utf8(document.content().to_vec()).unwrap();
    let owned = |text: String| {
        let document = Document::payload(text.into_bytes(), LIMIT).unwrap();
        Root::read(&document).unwrap().extra
    };
    assert!(owned(text.clone()).is_empty());
    for (from, to) in [
        ("\"@holder-1\"", "\"holder-1\""),
        ("\"expiry-days\": 7", "\"expiry-days\": -7"),
        ("\"signers\": {", "\"signers\": {\n \"stranger\": \"@x\","),
        ("\"signers\": {", "\"x\": {}, \"signers\": {"),
        ("\"expiry-days\": 7", "\"x\": 1, \"expiry-days\": 7"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(owned(changed).contains_key("x-tuf-ci"), "{to}");
    }
}

#[test]
fn names_out_of_tufops_toml_are_told_and_bad_files_refused() {
    let draft = root_draft();
    let document = Dialect::Tufops.root(&draft).unwrap();
    let mut told = crate::tuf::document_changes("root", None, &document).unwrap();
    let text = Config::of("gs://bucket", &draft, &[]).to_toml();
    let config = Config::parse(&text).unwrap();
    config.name_changes(&mut told);
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|sentence| sentence.starts_with("The key of holder-1 ("))
    );
    assert!(
        told.iter()
            .any(|sentence| sentence.starts_with("The online key at awskms:"))
    );
    for (from, to, problem) in [
        ("owner = ", "online = ", "duplicate key"),
        (
            "owner = \"@holder-1\"\n",
            "",
            "either \"owner\" or \"online\"",
        ),
        ("storage", "x = 1\nstorage", "unknown field"),
        (
            "BEGIN PUBLIC",
            "BEGIN PRIVATE",
            "the key holder-1: it is not a public key",
        ),
    ] {
        let changed = match problem {
            "duplicate key" => text.replacen("owner = ", "owner = \"\"\nowner = ", 1),
            _ => text.replacen(from, to, 1),
        };
        let error = Config::parse(&changed).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
