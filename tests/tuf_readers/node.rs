//! tuf-js.

use std::path::{Path, PathBuf};
use std::process::Command;

use keymoot_tuf::Dialect;
use serde_json::{Value, json};

use super::fixture::Repository;

/// Runs `tests/node/readers.js` on the files of a root, its targets document
/// and that of the role crates.
fn readers(folder: &Path) -> Value {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = std::env::var_os("KEYMOOT_NODE_MODULES").map_or_else(
        || workspace.join("target/test-node/node_modules"),
        PathBuf::from,
    );
    assert!(
        modules.is_dir(),
        "there is no {}; `make deps` installs what the tests need, or set KEYMOOT_NODE_MODULES to \
         a folder that has @tufjs/models 3.0",
        modules.display()
    );
    let output = Command::new("node")
        .arg(workspace.join("tests/node/readers.js"))
        .arg(folder.join("root.json"))
        .arg(folder.join("targets.json"))
        .arg("crates")
        .arg(folder.join("crates.json"))
        .env("NODE_PATH", modules)
        .output()
        .expect("node can be run; `make deps` installs it");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "readers.js failed: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn five_of_nine_sign_root_targets_and_crates_there_and_four_do_not() {
    for dialect in [Dialect::TufOnCi, Dialect::Tufops] {
        let repository = Repository::new(dialect);
        for (signers, enough) in [(5, true), (4, false)] {
            let folder = tempfile::tempdir().unwrap();
            let names = ["root.json", "targets.json", "crates.json"];
            for (name, file) in names.into_iter().zip(repository.signed_by(signers)) {
                std::fs::write(folder.path().join(name), file).unwrap();
            }
            let theirs = readers(folder.path());
            for role in ["root", "targets", "delegated"] {
                assert_eq!(theirs[role], enough, "{dialect}: {role} by {signers}");
            }
            assert_eq!(theirs["within"], true);
            assert_eq!(theirs["files"], json!(["crates/root.json"]));
        }
    }
}
