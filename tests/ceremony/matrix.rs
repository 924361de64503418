//! Every dialect there and back: a story held in it, each of its bundles exported into one
//! working tree, and the tree read back as the next command reads it.

use std::{fs, path::Path, process::Output};

use keymoot_record::{
    bundle::{of_bundle, of_tree},
    ceremony::{Plan, PlanFiles, previous::Previous},
};
use keymoot_tuf::Dialect;
use serde_json::Value;

use testkit::stage::{Stage, keymoot, said};

/// The occasions, as the story holds them, with the version of the root after each.
const OCCASIONS: [(&str, u64); 4] = [
    ("initial-root", 1),
    ("annual-resign", 2),
    ("onboard-member", 3),
    ("emergency-revocation", 4),
];

/// What is done after each.
const COLUMNS: [&str; 5] = [
    "export",
    "status",
    "--previous TREE",
    "second export",
    "verify TREE",
];

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

fn export(bundle: &Path, dialect: Dialect, tree: &Path) -> Output {
    let mut command = keymoot();
    command.arg("export").arg(bundle).arg("--rehearsal");
    command.args(["--dialect", dialect.name(), "--into"]);
    command.arg(tree).output().unwrap()
}

fn good(output: &Output) -> Result<String, String> {
    match output.status.success() {
        true => Ok(said(output)),
        false => Err(said(output)),
    }
}

fn expect(holds: bool, what: &str) -> Result<(), String> {
    holds.then_some(()).ok_or_else(|| what.to_owned())
}

/// The status of the tree: of that root, of this dialect's documents, by named holders.
fn status(tree: &Path, version: u64) -> Result<(), String> {
    let mut command = keymoot();
    let output = command
        .args(["status", "--json"])
        .arg(tree)
        .output()
        .unwrap();
    let said = good(&output)?;
    let status: Value = serde_json::from_slice(&output.stdout).map_err(|_| said)?;
    expect(status["quorum"]["root_version"] == version, "another root")?;
    let holders = status["holders"].as_array().unwrap();
    expect(holders.len() == 9, "not nine holders")?;
    expect(
        holders.iter().all(|holder| holder["can_sign"] == true),
        "a holder who cannot sign",
    )?;
    let refused: Vec<_> = status["documents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|document| !document["refused"].is_null())
        .collect();
    expect(refused.is_empty(), &format!("{refused:?}"))
}

/// The next ceremony begins with the same from the tree as from the bundle.
fn previous(tree: &Path, bundle: &Path, dialect: Dialect) -> Result<(), String> {
    let files = keymoot_verify::read_tree(tree).map_err(|faults| format!("{faults:?}"))?;
    let found = Dialect::detect(&|path| files.get(path).cloned());
    expect(found == Some(dialect), &format!("detected as {found:?}"))?;
    let read = |inputs| match Previous::read(&inputs, dialect) {
        Ok(previous) => previous.ok_or_else(|| "nothing is there".to_owned()),
        Err(violations) => Err(format!("{violations:?}")),
    };
    let bundle = keymoot_verify::read(bundle).map_err(|faults| format!("{faults:?}"))?;
    let (of_tree, of_bundle) = (read(of_tree(&files))?, read(of_bundle(&bundle))?);
    expect(of_tree.roots() == of_bundle.roots(), "other roots")?;
    expect(of_tree.targets() == of_bundle.targets(), "other targets")?;
    expect(
        of_tree.crates() == of_bundle.crates(),
        "another crates.json",
    )?;
    expect(
        of_tree.revoked() == of_bundle.revoked(),
        "other revoked keys",
    )?;
    // A tree keeps the evidence of those who left.
    let known = |published| of_tree.enrolments().contains(published);
    let mut ours = of_bundle.enrolments().iter();
    expect(ours.all(known), "an enrolment is missing")?;
    let last = |previous: &Previous| previous.crates_roots().last().cloned();
    let signers = last(&of_tree).map_or(0, |root| root.by_itself().valid.len());
    expect(signers > 0, "a root of tuf-crates without its signatures")?;
    let document = |previous| last(previous).map(|root| root.document().clone());
    expect(
        document(&of_tree) == document(&of_bundle),
        "another root of tuf-crates",
    )
}

/// The plan of the next annual ceremony from the tree: what `run --previous TREE` checks
/// before it makes a folder. The roster has no more to say of those who left.
fn planned(tree: &Path, bundle: &Path) -> Result<(), String> {
    let files = keymoot_verify::read_tree(tree).map_err(|faults| format!("{faults:?}"))?;
    let read = |name: &str| fs::read_to_string(bundle.join(name)).unwrap();
    let roster = read("roster.toml");
    let seated = roster.split("\n\n").filter(|part| {
        let gone = ["[[leaver]]", "[[revoke]]"];
        !gone.iter().any(|table| part.starts_with(table))
    });
    let roster = seated.collect::<Vec<_>>().join("\n\n");
    let plan = Plan::check(PlanFiles {
        script: include_str!("../../ceremony-scripts/annual-resign.toml").to_owned(),
        policy: read("policy.toml"),
        roster: roster.replace("renews = true\n", ""),
        inputs: of_tree(&files),
    });
    plan.map(drop).map_err(|violated| format!("{violated:?}"))
}

/// The tree verifies by the vendor that the bundle carries, from its first root.
fn verified(tree: &Path, bundle: &Path) -> Result<(), String> {
    let mut command = keymoot();
    command.args(["verify", "--rehearsal", "--json", "--vendor-dir"]);
    command.arg(bundle.join("rehearsal/vendor")).arg(tree);
    let first = "1-initial-root/repositories/tuf-root/metadata/root_history/1.root.json";
    command.arg("--trusted-root");
    command.arg(bundle.with_file_name(first));
    good(&command.output().unwrap()).map(drop)
}

/// The outcome of each cell of a row.
fn row(tree: &Path, bundle: &Path, dialect: Dialect, version: u64) -> [Result<(), String>; 5] {
    let first = good(&export(bundle, dialect, tree)).map(drop);
    let status = status(tree, version);
    let previous = previous(tree, bundle, dialect).and_then(|()| planned(tree, bundle));
    let again = good(&export(bundle, dialect, tree));
    let again = again.and_then(|said| expect(said.contains("nothing was written"), &said));
    let verified = verified(tree, bundle);
    [first, status, previous, again, verified]
}

#[test]
fn every_dialect_goes_there_and_back_after_every_occasion() {
    let mut failures = Vec::new();
    println!("| dialect | occasion | {} |", COLUMNS.join(" | "));
    for dialect in Dialect::ALL {
        let stage = Stage::new();
        let policy = POLICY.replace("\"tuf-on-ci\"", &format!("\"{dialect}\""));
        fs::write(stage.path("policy.toml"), policy).unwrap();
        let mut story = keymoot();
        story.args([
            "rehearse",
            "story",
            "--unattended",
            "--seed",
            "7",
            "--policy",
        ]);
        story.arg(stage.path("policy.toml")).arg("--out");
        let output = story.arg(stage.path("story")).output().unwrap();
        assert!(output.status.success(), "{dialect}: {}", said(&output));
        let tree = stage.path("tree");
        fs::create_dir(&tree).unwrap();
        for (number, (script, version)) in (1..).zip(OCCASIONS) {
            let bundle = stage.path("story").join(format!("{number}-{script}"));
            let cells = row(&tree, &bundle, dialect, version);
            let shown: Vec<_> = cells
                .iter()
                .map(|cell| if cell.is_ok() { "pass" } else { "FAIL" })
                .collect();
            println!("| {dialect} | {script} | {} |", shown.join(" | "));
            for (column, cell) in COLUMNS.iter().zip(cells) {
                if let Err(why) = cell {
                    failures.push(format!("{dialect}, {script}, {column}: {why}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
