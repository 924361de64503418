//! Outside time: the public value that people typed at the opening.

use std::fs;

use serde_json::Value;
use testkit::stage::{Stage, finished};

/// What an unattended rehearsal types.
const VALUE: &str = "simulated: no public value";

fn json(stage: &Stage) -> Value {
    let output = stage.verify(&["--rehearsal", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_verdict_and_a_report_show_the_value_of_the_day_and_that_it_shows_nothing_alone() {
    let stage = finished();
    let output = stage.verify(&["--rehearsal"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let shown = said.lines().find(|line| line.starts_with("Not before: "));
    let shown = shown.unwrap_or_else(|| panic!("{said}"));
    let object = json(stage);
    let typed = object["not_before"][0]["typed"].as_str().unwrap();
    assert_eq!(object["not_before"][0]["value"], VALUE);
    let due = format!(
        "Not before: the value that was typed at {typed}: \"{VALUE}\"; compare it with its source, \
         or it shows nothing."
    );
    assert_eq!(shown, due);
    for name in ["report.md", "report.html"] {
        let report = fs::read_to_string(stage.out().join(name)).unwrap();
        for due in [
            "Not before",
            typed,
            VALUE,
            "before you do, it shows nothing",
        ] {
            assert!(report.contains(due), "{name}: {due}");
        }
    }
}

#[test]
fn a_bundle_that_violates_a_rule_shows_no_value_of_the_day() {
    let output = finished().verify(&["--json"]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["holds"], false);
    assert_eq!(object["not_before"], Value::Array(Vec::new()));
}

#[test]
fn a_script_that_asks_for_no_value_of_the_day_says_so_in_its_report() {
    let stage = Stage::new();
    let script = include_str!("../../ceremony-scripts/initial-root.toml");
    let field = script.find("[[act.step.field]]\nid = \"outside\"").unwrap();
    let end = field + script[field..].find("[[act.step]]").unwrap();
    let path = stage.path("script.toml");
    fs::write(&path, [&script[..field], &script[end..]].concat()).unwrap();
    let policy = stage.small_policy();
    let output = stage.rehearsed(&[
        path.to_str().unwrap(),
        "--holders",
        "3",
        "--policy",
        policy.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(json(&stage)["not_before"], Value::Array(Vec::new()));
    let report = fs::read_to_string(stage.out().join("report.md")).unwrap();
    assert!(report.contains("nobody typed a public value of the day"));
}
