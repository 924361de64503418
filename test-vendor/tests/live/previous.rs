//! A live ceremony that starts from a live bundle.

use super::{ceremony::run, golden, test_vendor};

/// The output of `keymoot run annual-resign`, started from the golden bundle with these options.
fn started(more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let bundle = golden::bundle().display().to_string();
    let kept = |name: &str| golden::bundle().join(name).display().to_string();
    let (roster, policy) = (kept("roster.toml"), kept("policy.toml"));
    let (dir, out) = (place("ceremony"), place("bundle"));
    let mut arguments = vec!["run", "annual-resign", "--dir", &dir, "--out", &out];
    arguments.extend(["--previous", &bundle]);
    arguments.extend(["--roster", &roster, "--policy", &policy]);
    arguments.extend(more);
    let output = run(&test_vendor(), &arguments);
    testkit::stage::said(&output)
}

#[test]
fn a_live_ceremony_without_the_newest_root_from_another_source_does_not_start() {
    let refused = started(&[]);
    assert!(refused.contains("ROOT-NEWEST"), "{refused}");
    let root = golden::bundle().join("repositories/tuf-root/metadata/root_history/1.root.json");
    let begun = started(&["--trusted-root", root.to_str().unwrap()]);
    assert!(begun.contains("there is no terminal"), "{begun}");
}
