//! Every accepted plan reaches its end.
//!
//! By hand: `KEYMOOT_PLANS=5000` tries as many in process, `KEYMOOT_REHEARSALS=200` rehearses as
//! many with the real program, `KEYMOOT_PLAN=17` rehearses the one of this number alone.

mod engine;
mod plans;

use std::{collections::BTreeSet, env, fs};

use testkit::stage::{Stage, keymoot, said};

use self::plans::Numbers;

/// How many plans are rehearsed with the real program in the suite.
const PLANS: u64 = 20;

/// How many are tried in process in the suite.
const IN_PROCESS: u64 = 500;

/// The weakest demands that a verifier can make.
const ANYTHING: &str = r#"
format = "keymoot-expectations-1"
name = "anything"
mode = "rehearsal"
scripts = "any"
algorithms = ["ecdsa-p256", "ed25519", "ecdsa-p384", "rsa-pss"]
quorum = { holders = 1, threshold = 1 }
people = { per_employer = 64, per_country = 64, witnesses = 0 }
firmware = { yubikey = "0.0.0", yubihsm = "0.0.0" }
days = { root = 9999, targets = 9999, snapshot = 9999, timestamp = 9999, delegation = 9999 }
"#;

/// The outcome of a plan.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Refused,
    Verified,
}

/// Rehearses the plan of a number.
fn rehearsed(number: u64) -> Came {
    let mut numbers = Numbers::of_plan(number);
    let holders = 2 + numbers.below(3);
    let stage = Stage::new();
    let [policy_path, roster_path, expected] =
        ["policy.toml", "roster.toml", "anything.toml"].map(|name| stage.path(name));
    fs::write(&policy_path, plans::policy(&mut numbers, holders)).unwrap();
    fs::write(&roster_path, plans::roster(&mut numbers, holders)).unwrap();
    fs::write(&expected, ANYTHING).unwrap();
    let output = stage.rehearsed(&[
        "--policy",
        policy_path.to_str().unwrap(),
        "--roster",
        roster_path.to_str().unwrap(),
    ]);
    if output.status.code() == Some(3) && !stage.dir().exists() {
        return Came::Refused;
    }
    let plan = || {
        let read = |path| fs::read_to_string(path).unwrap();
        format!("{}\n{}", read(&policy_path), read(&roster_path))
    };
    assert!(
        output.status.success(),
        "KEYMOOT_PLAN={number} was accepted and did not end: {}\n{}",
        said(&output),
        plan()
    );
    let verdict = keymoot()
        .args(["verify", "--rehearsal", "--expect"])
        .arg(&expected)
        .arg(stage.out())
        .output()
        .unwrap();
    assert!(
        verdict.status.success(),
        "KEYMOOT_PLAN={number} ended and does not verify: {}\n{}",
        said(&verdict),
        plan()
    );
    Came::Verified
}

/// A number from a variable.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn an_accepted_plan_is_signed_and_verified_in_process() {
    let (mut ended, mut refused) = (0, 0);
    for plan in 0..number("KEYMOOT_PLANS").unwrap_or(IN_PROCESS) {
        let mut numbers = Numbers::of_plan(plan);
        let holders = 2 + numbers.below(5);
        let policy = plans::policy(&mut numbers, holders);
        let roster = plans::roster(&mut numbers, holders);
        match engine::accepted(&policy, &roster) {
            None => refused += 1,
            Some(plan) => {
                engine::hold(plan);
                ended += 1;
            }
        }
    }
    println!("{ended} plans ended, {refused} were refused at once");
    assert!(ended > 0 && refused > 0);
}

#[test]
fn a_generated_plan_is_refused_at_once_or_ends_with_a_verified_bundle() {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    if let Some(number) = number("KEYMOOT_PLAN") {
        rehearsed(number);
        return;
    }
    let plans = number("KEYMOOT_REHEARSALS").unwrap_or(PLANS);
    let (mut verified, mut refused) = (0, 0);
    let mut seen = BTreeSet::new();
    for number in 0.. {
        let came = rehearsed(number);
        match came {
            Came::Verified => verified += 1,
            Came::Refused => refused += 1,
        }
        seen.insert(came);
        if verified == plans {
            break;
        }
    }
    println!("{verified} plans ended with a verified bundle, {refused} were refused at once");
    assert_eq!(seen.len(), 2, "all plans came to the same");
}
