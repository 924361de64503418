//! The program `keymoot tuf`.

use std::path::PathBuf;
use std::process::{Command, Output};

use keymoot_tuf::Dialect;
use keymoot_tuf::dialect::tufops::Config;
use serde_json::Value;

use super::fixture::Ceremony;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn keymoot(arguments: &[&std::ffi::OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .arg("tuf")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn verify_exits_0_for_five_signatures_and_3_for_four() {
    let folder = Folder::new();
    for (signers, code) in [(5, 0), (4, 3)] {
        let file = folder.file("root.json", &Ceremony::new().signed_by(signers));
        let output = keymoot(&["verify".as_ref(), file.as_ref(), "--json".as_ref()]);
        assert_eq!(output.status.code(), Some(code));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["format"], "keymoot-tuf-verify/1");
        assert_eq!(report["verified"], code == 0);
        assert_eq!(report["trusted"], false, "nothing was given to trust");
        assert_eq!(report["error"].is_null(), code == 0);
    }
}

#[test]
fn a_missing_file_is_exit_1_and_a_usage_error_exit_2() {
    let missing = keymoot(&["show".as_ref(), "no-such-file".as_ref()]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("cannot read no-such-file"));
    assert_eq!(keymoot(&["verify".as_ref()]).status.code(), Some(2));
}

#[test]
fn hostile_files_are_exit_3_with_the_place() {
    let folder = Folder::new();
    let deep = "[".repeat(1_000_000);
    let long = format!(
        r#"{{"signatures": [], "signed": {{"_type": "root", "version": 1, "x": "{}"}}}}"#,
        "a".repeat(5_000_000)
    );
    for (content, place) in [
        (deep.as_str(), "line 1 column 65"),
        (&long, "longer than 4194304 bytes"),
        (
            "{\"signed\": {\n\"version\": 1.5}}",
            "line 2 column 14, in signed.version",
        ),
        ("{\"signed\": {},\n\"signed\": {}}", "line 2 column 8"),
        ("{}", "no format known here"),
    ] {
        let file = folder.file("root.json", content.as_bytes());
        let output = keymoot(&["show".as_ref(), file.as_ref()]);
        assert_eq!(output.status.code(), Some(3));
        let error = text(&output.stderr);
        assert!(error.contains("root.json is refused"), "{error}");
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn show_names_every_holder_and_the_digest_in_words() {
    let folder = Folder::new();
    let ceremony = Ceremony::new();
    let file = folder.file("root.json", &ceremony.signed_by(5));
    let output = keymoot(&["show".as_ref(), file.as_ref()]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    for number in 1..=9 {
        assert!(shown.contains(&format!("The key of holder-{number} ")));
    }
    assert!(shown.contains("is signed by 5 of 9 keys"));
    let words = ceremony.document.digest().words();
    assert!(shown.contains(&words[..8].join(" ")));
}

#[test]
fn show_warns_of_what_clients_refuse() {
    let folder = Folder::new();
    let zero = r#"{"signatures":[],"signed":{"_type":"targets","spec_version":"2.0.0","version":0,
        "expires":"2027-11-01T00:00:00Z","targets":{}}}"#;
    let file = folder.file("targets.json", zero.as_bytes());
    let output = keymoot(&["show".as_ref(), file.as_ref()]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    for warning in ["warning SPEC-VERSION: ", "warning ZERO-VERSION: "] {
        assert!(shown.contains(warning), "{shown}");
    }
}

#[test]
fn diff_shows_the_change_and_nothing_else() {
    let folder = Folder::new();
    let mut ceremony = Ceremony::new();
    let old = folder.file("1.root.json", &ceremony.signed_by(5));
    ceremony.draft.version = 2;
    let new = keymoot_tuf::Dialect::TufOnCi.root(&ceremony.draft).unwrap();
    ceremony.document = new;
    let new = folder.file("2.root.json", &ceremony.signed_by(5));
    let output = keymoot(&["diff".as_ref(), old.as_ref(), new.as_ref()]);
    let shown = text(&output.stdout);
    let sentences = shown.split("\n\n").next().unwrap();
    assert_eq!(sentences, "The root goes from version 1 to version 2.");
}

/// Writes a root of the dialect to a folder and returns the path of the document.
fn repository(folder: &Folder, dialect: Dialect) -> PathBuf {
    let ceremony = Ceremony::in_dialect(dialect);
    let signatures = ceremony.signatures(5);
    for (path, bytes) in dialect.files("root", &ceremony.document, &signatures) {
        let path = folder.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder.0.path().join("metadata/root.json")
}

#[test]
fn show_reads_every_dialect_with_the_names_it_has() {
    for dialect in Dialect::ALL {
        let folder = Folder::new();
        let root = repository(&folder, dialect);
        let show = || {
            let output = keymoot(&["show".as_ref(), root.as_ref()]);
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            text(&output.stdout).to_owned()
        };
        assert!(show().contains("Signatures by its own root keys: 5 valid of 5 needed."));
        if dialect == Dialect::Tufops {
            assert!(!show().contains("holder-1"));
            let config = Config::of("gs://bucket", &Ceremony::in_dialect(dialect).draft, &[]);
            folder.file("tufops.toml", config.to_toml().as_bytes());
            assert!(show().contains("which nobody has signed"));
        }
        let shown = show();
        assert!(
            shown.contains("The key of holder-9 (ECDSA P-256"),
            "{shown}"
        );
        assert!(shown.contains("  signed by holder-5\n"), "{shown}");
        assert!(shown.contains("The online key at awskms:simulated ("));
    }
}

#[test]
fn a_payload_without_its_signatures_beside_it_is_exit_3() {
    let folder = Folder::new();
    let root = repository(&folder, Dialect::TufCi);
    std::fs::remove_file(folder.0.path().join("metadata/root.sig.json")).unwrap();
    let output = keymoot(&["show".as_ref(), root.as_ref()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains(".sig.json"));
}

#[test]
fn diff_shows_the_files_that_a_delegated_document_signs() {
    let folder = Folder::new();
    let document = |version: u64, file: &str| {
        format!(
            r#"{{"signatures":[],"signed":{{"_type":"targets","spec_version":"1.0.0","version":{version},
            "expires":"2027-11-01T00:00:00Z","targets":{{"{file}":{{"length":1,"hashes":{{"sha256":"ab"}}}}}}}}}}"#
        )
    };
    let old = folder.file("1.crates.json", document(1, "a").as_bytes());
    let new = folder.file("2.crates.json", document(2, "b").as_bytes());
    let output = keymoot(&["diff".as_ref(), old.as_ref(), new.as_ref()]);
    let shown = text(&output.stdout);
    assert!(shown.starts_with(
        "The crates document goes from version 1 to version 2.\n\
         The file a is no longer a target; it had 1 byte, sha256 ab.\n\
         The file b is signed as a target: 1 byte, sha256 ab.\n"
    ));
}
