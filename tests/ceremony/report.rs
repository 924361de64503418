//! The report of a ceremony whose roster and script are full of markup, read by
//! html5lib, an independent parser which reads HTML as browsers do.

use std::{collections::BTreeSet, path::Path};

use keymoot_core::text::escape;
use keymoot_record::{rules::roster::Roster, transcript::Event};
use serde_json::json;

use testkit::{
    forger::Forger,
    stage::{Stage, finished, run_the_commands_of_the_report, said},
};

use crate::python::answer;

const ROSTER: &str = include_str!("../data/hostile-roster.toml");

/// The elements and attributes of a report: none acts, leads away or fetches.
const ELEMENTS: [&str; 32] = [
    "body",
    "circle",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "head",
    "html",
    "li",
    "line",
    "meta",
    "p",
    "pre",
    "rect",
    "strong",
    "style",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

const ATTRIBUTES: [&str; 21] = [
    "charset",
    "class",
    "colspan",
    "content",
    "cx",
    "cy",
    "height",
    "http-equiv",
    "lang",
    "name",
    "r",
    "role",
    "scope",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// The text of a report that is well formed and has no other elements.
fn read(stage: &Stage) -> String {
    let read = answer("report.py", &[&stage.out().join("report.html")]);
    assert_eq!(read["errors"], json!([]));
    let all =
        |what: &str| -> BTreeSet<String> { serde_json::from_value(read[what].clone()).unwrap() };
    let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let foreign = all("elements").difference(&known(&ELEMENTS)).count();
    assert_eq!(foreign, 0, "{:?}", all("elements"));
    let foreign = all("attributes").difference(&known(&ATTRIBUTES)).count();
    assert_eq!(foreign, 0, "{:?}", all("attributes"));
    let rows: Vec<(usize, usize)> = serde_json::from_value(read["rows"].clone()).unwrap();
    assert!(rows.len() > 100, "{}", rows.len());
    let aligned = rows.iter().all(|(heads, cells)| heads == cells);
    assert!(aligned, "a cell under each head: {rows:?}");
    read["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_well_formed_html_with_a_cell_under_each_head() {
    read(finished());
}

#[test]
fn markup_in_names_and_scripts_is_in_the_report_as_it_was_written() {
    let stage = Stage::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let path = |name: &str| data.join(name).display().to_string();
    let output = stage.rehearsed(&[
        &path("hostile-script.toml"),
        "--roster",
        &path("hostile-roster.toml"),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let text = read(&stage);
    for holder in Roster::parse(ROSTER).unwrap().holders {
        for foreign in [holder.name, holder.employer] {
            assert!(text.contains(&escape(&foreign)), "{foreign}");
        }
    }
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn every_command_in_a_report_succeeds_in_the_folder_of_its_bundle() {
    run_the_commands_of_the_report(&finished().out());
    let small = Stage::new();
    let output = small.rehearsed(&["--holders", "3"]);
    assert!(output.status.success(), "{}", said(&output));
    run_the_commands_of_the_report(&small.out());
    let report = std::fs::read_to_string(small.out().join("report.md")).unwrap();
    assert!(report.contains("keymoot verify . --rehearsal --expect rehearsal-small"));
    for code in ["`--published`", "`keymoot verify` does not trust"] {
        assert!(report.contains(code), "{code}");
    }
}

#[test]
fn a_witness_who_was_not_at_the_roll_call_is_not_named_as_a_witness_of_the_ceremony() {
    let report = |forger: Forger| {
        let files = forger.forge();
        String::from_utf8(files["report.md"].clone()).unwrap()
    };
    let (line, absent) = (
        "- **Witnesses:** Witness (simulated)",
        "no witness was present",
    );
    let present = report(Forger::shared());
    assert!(present.contains(line) && !present.contains(absent));
    let mut forger = Forger::shared();
    for event in forger.events() {
        if let Event::RollCalled { witnesses, .. } = event {
            witnesses.clear();
        }
    }
    let report = report(forger);
    assert!(
        !report.contains(line) && report.contains(absent),
        "{report}"
    );
}
