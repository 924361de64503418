//! keymoot refuses an impossible plan before it writes anything, and names all
//! faults at once.

use std::{fs, path::PathBuf, process::Output};

use keymoot::rehearsal::cast::{self, Cast};

use testkit::stage::{Stage, keymoot, said};

const SCRIPT: &str = include_str!("../../ceremony-scripts/initial-root.toml");
const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

struct Plan {
    script: String,
    policy: String,
    roster: String,
}

impl Plan {
    fn good() -> Self {
        Self {
            // Its only document is the root, so it needs no team's root.
            script: SCRIPT.replace(", \"targets.json\", \"crates.json\"", ""),
            policy: cast::with_online_key(POLICY).unwrap(),
            roster: Cast::of(9).roster(),
        }
    }
}

/// A live run of a plan that must be refused, with nothing written.
fn refused(plan: &Plan) -> Output {
    let stage = Stage::new();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = stage.path(name);
        fs::write(&path, text).unwrap();
        path
    };
    let output = keymoot()
        .arg("run")
        .arg(write("script.toml", &plan.script))
        .arg("--roster")
        .arg(write("roster.toml", &plan.roster))
        .arg("--policy")
        .arg(write("policy.toml", &plan.policy))
        .arg("--dir")
        .arg(stage.dir())
        .output()
        .unwrap();
    assert!(!stage.dir().exists(), "something was written");
    output
}

fn refused_by(plan: &Plan, rules: &[&str]) {
    let output = refused(plan);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for rule in rules {
        assert!(
            said(&output).contains(rule),
            "{rule} is not named in\n{}",
            said(&output)
        );
    }
}

#[test]
fn an_unreadable_script() {
    refused_by(
        &Plan {
            script: "act = [".to_owned(),
            ..Plan::good()
        },
        &["SCRIPT-READ"],
    );
}

#[test]
fn an_unknown_field_in_a_script() {
    let script = SCRIPT.replacen("minutes = 5", "minutes = 5\nskippable = true", 1);
    let output = refused(&Plan {
        script,
        ..Plan::good()
    });
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("skippable"), "{}", said(&output));
}

#[test]
fn a_step_before_what_it_needs() {
    let script = SCRIPT
        .replace("kind = \"review\"", "kind = \"SIGN\"")
        .replace("kind = \"sign\"", "kind = \"review\"");
    let script = script.replace("kind = \"SIGN\"", "kind = \"sign\"");
    refused_by(
        &Plan {
            script,
            ..Plan::good()
        },
        &["SCRIPT-ORDER"],
    );
}

#[test]
fn a_roster_of_eight() {
    refused_by(
        &Plan {
            roster: Cast::of(8).roster(),
            ..Plan::good()
        },
        &["ROSTER-SIZE"],
    );
}

#[test]
fn two_holders_with_one_device() {
    let roster = Cast::of(9)
        .roster()
        .replace("country = \"XA\"", "country = \"XA\"\ndevices = [12345678]");
    let roster = roster.replace("country = \"XB\"", "country = \"XB\"\ndevices = [12345678]");
    refused_by(
        &Plan {
            roster,
            ..Plan::good()
        },
        &["ROSTER-DEVICES", "12345678"],
    );
}

#[test]
fn four_holders_of_one_employer() {
    let mut roster = Cast::of(9).roster();
    for group in ["B", "C", "D"] {
        roster = roster.replace(&format!("Employer {group} "), "Employer A ");
    }
    refused_by(
        &Plan {
            roster,
            ..Plan::good()
        },
        &["ROSTER-EMPLOYER", "holder-4"],
    );
}

#[test]
fn a_policy_without_an_online_key() {
    refused_by(
        &Plan {
            policy: POLICY.to_owned(),
            ..Plan::good()
        },
        &["POLICY-ONLINE"],
    );
}

#[test]
fn a_threshold_that_is_no_majority() {
    let policy = Plan::good()
        .policy
        .replace("threshold = 5", "threshold = 4");
    refused_by(
        &Plan {
            policy,
            ..Plan::good()
        },
        &["POLICY-BOUNDS"],
    );
}

#[test]
fn every_fault_of_every_file_is_reported_at_once() {
    let mut roster = Cast::of(8).roster();
    for group in ["B", "C", "D"] {
        roster = roster.replace(&format!("Employer {group} "), "Employer A ");
    }
    roster = roster.replace("country = \"XE\"", "country = \"XE\"\ndevices = [7, 7]");
    let script = SCRIPT.replacen("id = \"room\"", "id = \"machine\"", 1);
    refused_by(
        &Plan {
            script,
            roster,
            policy: POLICY.to_owned(),
        },
        &[
            "SCRIPT-IDS",
            "ROSTER-SIZE",
            "ROSTER-EMPLOYER",
            "ROSTER-DEVICES",
            "POLICY-ONLINE",
        ],
    );
}

#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let roster = Cast::of(9)
        .roster()
        .replace("holder-3", "holder-\\u001b[2J3");
    let output = refused(&Plan {
        roster,
        ..Plan::good()
    });
    assert_eq!(output.status.code(), Some(3));
    assert!(!output.stderr.contains(&0x1b), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("ROSTER-READ"), "{said}");
    assert!(said.contains("\\u{1b}[2J3\" is not a handle"), "{said}");
}

#[test]
fn a_live_ceremony_under_a_simulated_service() {
    let stage = Stage::new();
    let output = keymoot()
        .env("PCSCLITE_CSOCK_NAME", stage.path("socket"))
        .args([
            "run",
            "initial-root",
            "--roster",
            "r",
            "--policy",
            "p",
            "--dir",
        ])
        .arg(stage.dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("MACHINE-SERVICE") && !stage.dir().exists());
}

#[test]
fn a_missing_file_is_named_and_is_no_violation() {
    let stage = Stage::new();
    let output = keymoot()
        .args([
            "run",
            "initial-root",
            "--roster",
            "/nonexistent/roster",
            "--policy",
            "p",
            "--dir",
        ])
        .arg(stage.dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_misspelt_option_is_a_usage_error() {
    let output = keymoot()
        .args(["rehearse", "--unatended"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// The command that rehearses a plan.
fn rehearsed(policy: &str, roster: &str) -> Output {
    let stage = Stage::new();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = stage.path(name);
        fs::write(&path, text).unwrap();
        path
    };
    let output = keymoot()
        .args(["rehearse", "--unattended", "--policy"])
        .arg(write("our-policy.toml", policy))
        .arg("--roster")
        .arg(write("our-roster.toml", roster))
        .arg("--dir")
        .arg(stage.dir())
        .output()
        .unwrap();
    assert!(!stage.dir().exists(), "something was written");
    output
}

#[test]
fn a_mistyped_recipient_is_named_by_file_line_and_column_before_anything_is_written() {
    let plan = Plan::good();
    let line = plan
        .roster
        .lines()
        .position(|line| line.starts_with("age_recipient"))
        .unwrap();
    let mut lines: Vec<String> = plan.roster.lines().map(str::to_owned).collect();
    let last = if lines[line].ends_with("q\"") {
        "p"
    } else {
        "q"
    };
    let cut = lines[line].len() - 2;
    lines[line].replace_range(cut..=cut, last);
    let output = rehearsed(&plan.policy, &lines.join("\n"));
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let place = format!("our-roster.toml:{}:17: ", line + 1);
    assert!(said(&output).contains(&place), "{}", said(&output));
}

#[test]
fn a_delegation_that_cannot_be_written_is_refused_before_anything_is_written() {
    for role in ["nightly", "root", "a/b", "re.lease"] {
        let plan = Plan::good();
        let policy = plan.policy + &cast::delegations().unwrap();
        let policy = policy.replacen("\"release\"", &format!("\"{role}\""), 1);
        let output = rehearsed(&policy, &plan.roster);
        assert_eq!(output.status.code(), Some(3), "{role}: {}", said(&output));
        assert!(
            said(&output).contains("our-policy.toml:"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn what_is_of_a_rehearsal_is_refused_in_a_live_ceremony() {
    let plan = Plan::good();
    let output = refused(&plan);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for due in [
        "PLAN-LIVE",
        "holder-1: XA is a country of rehearsals",
        "simulated:",
    ] {
        assert!(said(&output).contains(due), "{due}: {}", said(&output));
    }
}

#[test]
fn folders_and_files_of_a_ceremony_are_their_owners_alone_under_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let script = "umask 000; exec \"$0\" rehearse --unattended --seed 7 --holders 3 \
                  --policy \"$1\" --dir \"$2\" --out \"$3\"";
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(testkit::programs::program())
        .args([stage.small_policy(), stage.dir(), stage.out()])
        .env_remove("PCSCLITE_CSOCK_NAME")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut folders = vec![stage.dir()];
    while let Some(folder) = folders.pop() {
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode & 0o022, 0, "{}: {mode:o}", path.display());
            }
        }
    }
}
