//! The file in which tufops names people.

use crate::dialect::Dialect;
use crate::dialect::tufops::Config;
use crate::samples::root as root_draft;

#[test]
fn names_from_tufops_toml_are_shown_and_bad_files_refused() {
    let draft = root_draft();
    let document = Dialect::Tufops.root(&draft).unwrap();
    let mut told = crate::document_changes("root", None, &document).unwrap();
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
