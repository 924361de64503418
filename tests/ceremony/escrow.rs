//! A holder tests the recipient before keymoot seals a secret to it.

use std::{fs, path::Path, process::Output};

use age::secrecy::ExposeSecret as _;
use keymoot::{
    host::secret::Secret,
    rehearsal::cast::{self, Cast},
    store::escrow,
};
use testkit::stage::{Stage, finished, keymoot, said};

const SCRIPT: &str = include_str!("../../ceremony-scripts/initial-root.toml");

/// A live plan of three holders, the first of whom has this recipient and the others none.
fn live_plan(stage: &Stage, recipient: &str) {
    let policy = include_str!("../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2");
    let policy = cast::with_online_key(&policy).unwrap();
    let roster = Cast::of(3).roster().replace("\"XA\"", "\"CH\"");
    let roster = roster
        .replace("\"XB\"", "\"NL\"")
        .replace("\"XC\"", "\"SE\"");
    let lines = roster
        .lines()
        .filter(|line| !line.starts_with("age_recipient"));
    let roster = lines.collect::<Vec<_>>().join("\n");
    let first = format!("country = \"CH\"\nage_recipient = \"{recipient}\"");
    let roster = roster.replace("country = \"CH\"", &first);
    let script = SCRIPT.replace(", \"targets.json\", \"crates.json\"", "");
    for (name, text) in [
        ("policy.toml", policy.replace("simulated:", "gcpkms:")),
        ("roster.toml", roster),
        ("script.toml", script),
    ] {
        fs::write(stage.path(name), text).unwrap();
    }
}

fn checked(stage: &Stage) -> Output {
    let mut command = keymoot();
    command
        .args(["plan", "check"])
        .arg(stage.path("script.toml"));
    command.arg("--roster").arg(stage.path("roster.toml"));
    command.arg("--policy").arg(stage.path("policy.toml"));
    command.output().unwrap()
}

/// Makes the tests in the folder `tests`.
fn prepared(stage: &Stage) -> Output {
    let mut command = keymoot();
    command.args(["escrow", "prepare", "--roster"]);
    command.arg(stage.path("roster.toml")).arg("--dir");
    command.arg(stage.path("tests")).output().unwrap()
}

fn tested(file: &Path, identity: &Path) -> Output {
    let mut command = keymoot();
    command.args(["escrow", "test"]).arg(file);
    command.arg("--identity").arg(identity).output().unwrap()
}

fn identity(stage: &Stage, name: &str) -> age::x25519::Identity {
    let identity = age::x25519::Identity::generate();
    let text = format!(
        "# created: today\n# public key: {}\n{}\n",
        identity.to_public(),
        identity.to_string().expose_secret()
    );
    fs::write(stage.path(name), text).unwrap();
    identity
}

#[test]
fn a_live_plan_is_refused_until_the_holder_has_opened_a_test() {
    let stage = Stage::new();
    let identity = identity(&stage, "identity.txt");
    live_plan(&stage, &identity.to_public().to_string());
    let output = checked(&stage);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let due = "ROSTER-RECIPIENT: holder-1: not tested";
    assert!(said(&output).contains(due), "{}", said(&output));

    let output = prepared(&stage);
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    let test = lines
        .find(|line| line.starts_with("recipient_test"))
        .unwrap();

    let file = stage.path("tests/holder-1.age");
    let output = tested(&file, &stage.path("identity.txt"));
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    let words = printed.lines().last().unwrap();
    for (answer, code) in [("adult", Some(3)), (words, Some(0))] {
        let roster = fs::read_to_string(stage.path("roster.toml")).unwrap();
        let lines = roster
            .lines()
            .filter(|line| !line.starts_with("recipient_"));
        let roster = lines.collect::<Vec<_>>().join("\n");
        let answered = format!("country = \"CH\"\n{test}\nrecipient_answer = \"{answer}\"");
        let roster = roster.replace("country = \"CH\"", &answered);
        fs::write(stage.path("roster.toml"), roster).unwrap();
        let output = checked(&stage);
        assert_eq!(output.status.code(), code, "{}", said(&output));
    }
}

#[test]
fn tests_that_may_be_with_the_holders_are_not_overwritten() {
    let stage = Stage::new();
    let identity = identity(&stage, "identity.txt");
    live_plan(&stage, &identity.to_public().to_string());
    assert!(prepared(&stage).status.success());
    let file = stage.path("tests/holder-1.age");
    let before = fs::read(&file).unwrap();
    let output = prepared(&stage);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for told in ["tests exists already", "does not exist yet with --dir"] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn what_a_ceremony_sealed_is_tested_without_printing_it() {
    let stage = Stage::new();
    let identity = identity(&stage, "identity.txt");
    let (puk, management) = (Secret::of(b"31415926"), Secret::of(&[7; 24]));
    let recipient = identity.to_public().to_string();
    let sealed = escrow::seal(&recipient, 12_345_678, &puk, &management).unwrap();
    fs::write(stage.path("sealed.age"), sealed).unwrap();
    let output = tested(&stage.path("sealed.age"), &stage.path("identity.txt"));
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("YubiKey 12345678"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("31415926") && !said(&output).contains("0707"));
}

#[test]
fn another_holders_identity_opens_nothing() {
    let stage = Stage::new();
    identity(&stage, "other.txt");
    let escrow = finished().dir().join("escrow");
    let file = fs::read_dir(escrow).unwrap().next().unwrap().unwrap();
    let output = tested(&file.path(), &stage.path("other.txt"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}
