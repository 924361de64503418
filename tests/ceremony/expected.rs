//! What a verifier expects of a bundle's plan, through the real program.

use std::{fs, path::Path};

use keymoot_core::digest::Digest;
use testkit::stage::{Stage, finished, keymoot};

/// The outcome of `keymoot verify` on a rehearsal's bundle with these arguments, and its output.
fn verified(stage: &Stage, more: &[&str]) -> (Option<i32>, String) {
    let output = keymoot()
        .args(["verify", "--rehearsal"])
        .arg(stage.out())
        .args(more)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// A ceremony by the plan of an administrator who weakened everything.
fn weak() -> Stage {
    let stage = Stage::new();
    let policy = stage.small_policy();
    let text = fs::read_to_string(&policy)
        .unwrap()
        .replace("expiry_days = 455", "expiry_days = 1100")
        .replace("per_employer = 3", "per_employer = 64")
        .replace(
            "minimum_firmware = \"5.7.4\"",
            "minimum_firmware = \"5.0.0\"",
        );
    fs::write(&policy, text).unwrap();
    let output = stage.rehearsed(&["--holders", "3", "--policy", policy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    stage
}

#[test]
fn a_weak_policy_fails_with_each_point_named() {
    let (code, said) = verified(&weak(), &[]);
    assert_eq!(code, Some(3), "{said}");
    for point in [
        "threshold 2 of 3, expected 5 of 9",
        "64 holders may share one employer, expected at most 3",
        "firmware 5.0.0 of a YubiKey, expected 5.7.4 or later",
        "root expires after 1100 days, expected at most 455",
        "name the set that fits with --expect",
    ] {
        assert!(said.contains(point), "no \"{point}\" in\n{said}");
    }
    assert!(said.contains("POLICY-EXPECTED"));
}

#[test]
fn a_set_that_does_not_exist_is_named_before_the_first_of_two_rehearsals() {
    let stage = Stage::new();
    let output = keymoot()
        .args(["rehearse", "heartbeat", "--unattended", "--apart"])
        .args(["--holders", "3", "--expect", "rfc-9999", "--dir"])
        .arg(stage.dir())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let why = "no set of expectations is called \"rfc-9999\"";
    assert!(said.contains(why), "{said}");
    let first = stage.dir().with_extension("first");
    assert!(!stage.dir().exists() && !first.exists());
}

/// `keymoot plan check` of the next annual signing after this state, and its output.
fn plan_checked(stage: &Stage, previous: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = keymoot();
    command.args([
        "plan",
        "check",
        "annual-resign",
        "--rehearsal",
        "--previous",
    ]);
    command.arg(previous);
    for (option, file) in [("--roster", "roster.toml"), ("--policy", "policy.toml")] {
        command.arg(option).arg(stage.out().join(file));
    }
    let output = command.args(more).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_weak_previous_bundle_or_repository_is_refused_where_a_stronger_one_is_expected() {
    let stage = weak();
    let bundle = stage.out();
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    let mut export = keymoot();
    export.args(["export", "--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
    export.arg(&tree);
    assert!(export.arg(&bundle).status().unwrap().success());
    for previous in [&bundle, &tree] {
        let (code, said) = plan_checked(&stage, previous, &["--expect", "rehearsal-small"]);
        assert_eq!(code, Some(0), "{said}");
        // The plan itself is compared with nothing: the previous state alone is refused.
        let (code, said) = plan_checked(&stage, previous, &["--expect-previous", "rfc-3724"]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("POLICY-EXPECTED"), "{said}");
        assert!(said.contains("threshold 2 of 3, expected 5 of 9"), "{said}");
    }
}

#[test]
fn a_weak_plan_is_refused_before_anything_is_made_where_a_stronger_one_is_expected() {
    let stage = Stage::new();
    let policy = stage.small_policy();
    let policy = policy.to_str().unwrap();
    let output = stage.rehearsed(&["--holders", "3", "--policy", policy, "--expect", "rfc-3724"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("POLICY-EXPECTED"), "{said}");
    assert!(said.contains("threshold 2 of 3, expected 5 of 9"), "{said}");
    assert!(!stage.dir().exists() && !stage.out().exists());
    let bundle = weak();
    let previous = bundle.out();
    let (code, said) = plan_checked(
        &bundle,
        &previous,
        &["--expect-previous", "rehearsal-small"],
    );
    assert_eq!(code, Some(0), "{said}");
    let more = [
        "--expect",
        "rfc-3724",
        "--expect-previous",
        "rehearsal-small",
    ];
    let (code, said) = plan_checked(&bundle, &previous, &more);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("NOT ACCEPTED"), "{said}");
}

#[test]
fn a_bundle_of_the_shipped_plan_is_as_strong_as_the_rfc_expects() {
    let (code, said) = verified(finished(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("as strong as rfc-3724 expects"), "{said}");
}

#[test]
fn the_verdict_fits_a_screen_of_80_columns_and_shows_four_digests() {
    let bundle = finished();
    let (_, said) = verified(bundle, &[]);
    let rows = said
        .lines()
        .map(|line| line.chars().count().div_ceil(80).max(1));
    assert!(rows.sum::<usize>() < 24, "{said}");
    assert!(said.starts_with("VERIFIED"), "{said}");
    let (_, with_words) = verified(bundle, &["--rules"]);
    let file = |name: &str| fs::read(bundle.out().join(format!("{name}.toml"))).unwrap();
    let plan = ["policy", "roster", "script"].map(|name| (name, Digest::of(&file(name))));
    let program = bundle.state().programs[0].1.sha256;
    for (name, digest) in plan.into_iter().chain([("program", program)]) {
        assert!(said.contains(&format!("{name:<9}{digest}\n")), "{said}");
        assert!(
            with_words.contains(&digest.in_words().to_string()),
            "{with_words}"
        );
    }
}

#[test]
fn a_verdict_without_a_trusted_root_says_that_nobody_compared_whose_root_it_is() {
    let (_, said) = verified(finished(), &[]);
    assert!(
        said.trim_end().ends_with("add --trusted-root FILE."),
        "{said}"
    );
}

#[test]
fn another_policy_than_the_expected_file_is_a_violation() {
    let stage = finished();
    let policy = stage.out().join("policy.toml");
    let (code, said) = verified(stage, &["--policy", policy.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    let other = stage.out().join("script.toml");
    let (code, said) = verified(stage, &["--policy", other.to_str().unwrap()]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the policy has the digest"), "{said}");
}

#[test]
fn a_script_without_its_spoken_steps_is_not_the_released_one() {
    let stage = Stage::new();
    let script = include_str!("../../ceremony-scripts/initial-root.toml");
    let begin = script.find("[[act.step]]\nid = \"room\"").unwrap();
    let end = begin
        + script[begin..]
            .find("[[act.step]]\nid = \"roll-call\"")
            .unwrap();
    let path = stage.path("script.toml");
    fs::write(&path, script[..begin].to_owned() + &script[end..]).unwrap();
    let output = keymoot()
        .arg("rehearse")
        .arg(&path)
        .args(["--unattended", "--seed", "7", "--dir"])
        .arg(stage.dir())
        .arg("--out")
        .arg(stage.out())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let (code, said) = verified(&stage, &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("step room is missing or elsewhere"), "{said}");
}

#[test]
fn a_live_bundle_never_meets_a_set_for_rehearsals() {
    use keymoot_record::{expectation, transcript::Mode};
    let plan = finished().state().plan.clone();
    let set = expectation::ExpectationSet::shipped("rehearsal-small").unwrap();
    let verdicts = expectation::compare(&plan, Mode::Live, &set);
    assert!(verdicts.iter().any(|verdict| verdict.is_violated()
        && verdict.detail.contains("for rehearsals alone")));
}

#[test]
fn a_file_in_the_current_folder_never_replaces_a_shipped_script() {
    let stage = Stage::new();
    fs::write(stage.path("initial-root"), "no script at all").unwrap();
    let output = keymoot()
        .args(["script", "check", "initial-root"])
        .current_dir(stage.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = keymoot()
        .args(["script", "check", "initial-rot"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("name one of initial-root, annual-resign"),
        "{said}"
    );
}
