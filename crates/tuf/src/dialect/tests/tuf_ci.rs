//! What is particular to tuf-ci.

use super::{LIMIT, signatures};
use crate::dialect::Dialect;
use crate::samples::{days, root as root_draft, targets as targets_draft};
use crate::{Document, Root, Signer};

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
    let error = Dialect::TufCi.read("root", None, &file).unwrap_err();
    assert_eq!(error, crate::DocumentError::BarePayload);
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
    let online = Dialect::TufCi.key_id(&Signer::Online(draft.online.clone()));
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
fn tuf_ci_entries_for_unlisted_keys_or_in_another_form_stay_among_the_members() {
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
