//! Both shipped policies over the years of a quorum: the first root, the annual signing, planned
//! rotation, another threshold with more holders, and an emergency. Each ceremony starts from the
//! bundle of the one before, and each bundle is exported into one published tree.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_record::{
    bundle::{of_bundle, of_tree},
    ceremony::{Plan, PlanFiles, State, latency::held_back_until, previous::Previous, propose},
    rules::scenario::Document,
    runbook,
    transcript::{Chain, Event},
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::stage::{below, keymoot, said};

use crate::{policy_2026, python::reader, story};

/// A ceremony to be held unattended.
pub(crate) struct Occasion<'o> {
    pub(crate) script: &'o str,
    pub(crate) policy: &'o str,
    pub(crate) roster: &'o str,
    /// Further arguments.
    pub(crate) more: &'o [String],
}

/// Holds it from the bundle before; where the new bundle is, below `folder`.
pub(crate) fn hold(
    folder: &Path,
    number: usize,
    occasion: &Occasion<'_>,
    previous: Option<&Path>,
) -> PathBuf {
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(format!("{number}.{name}.toml"));
        fs::write(&path, text).unwrap();
        path
    };
    let out = folder.join(format!("{number}-{}", occasion.script));
    let mut command = keymoot();
    command.args(["rehearse", occasion.script, "--unattended", "--seed", "7"]);
    command.args(occasion.more);
    command.arg("--policy").arg(file("policy", occasion.policy));
    command.arg("--roster").arg(file("roster", occasion.roster));
    command
        .arg("--dir")
        .arg(folder.join(format!("{number}.ceremony")));
    command.arg("--out").arg(&out);
    if let Some(previous) = previous {
        command.arg("--previous").arg(previous);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{number} {}", said(&output));
    out
}

/// The device whose enrolment a bundle publishes for a holder.
pub(crate) fn device_of(handle: &str, bundle: &Path) -> u32 {
    let bundle = keymoot_verify::read(bundle).unwrap();
    let previous = Previous::read(&of_bundle(&bundle), Dialect::TufOnCi);
    let previous = previous.unwrap().unwrap();
    let mut enrolments = previous.enrolments().iter();
    let own = enrolments.find(|published| published.handle.as_str() == handle);
    own.unwrap().enrolment.serial
}

/// The policy with another public key instead of the first one after these words.
pub(crate) fn with_new_key(policy: &str, after: &str) -> String {
    let from = policy.find(after).unwrap();
    let end = "-----END PUBLIC KEY-----\n";
    let begin = from + policy[from..].find("-----BEGIN PUBLIC KEY-----").unwrap();
    let end = begin + policy[begin..].find(end).unwrap() + end.len();
    let new = cast::nobodys_key().unwrap();
    format!("{}{new}{}", &policy[..begin], &policy[end..])
}

/// The inputs of a bundle's ceremony.
pub(crate) fn plan_files(bundle: &Path) -> PlanFiles {
    let text = |name: &str| fs::read_to_string(bundle.join(name)).unwrap();
    PlanFiles {
        script: text("script.toml"),
        policy: text("policy.toml"),
        roster: text("roster.toml"),
        inputs: below(&bundle.join("inputs")),
    }
}

fn state(bundle: &Path) -> State {
    let chain = fs::read(bundle.join("transcript.jsonl")).unwrap();
    let plan = Plan::check(plan_files(bundle)).unwrap();
    State::fold(plan.into(), &Chain::read(&chain).unwrap()).unwrap()
}

/// The ceremonies of RFC 3724's policy, from those of the story on.
fn rfc_3724() -> &'static [PathBuf] {
    static YEARS: OnceLock<(tempfile::TempDir, Vec<PathBuf>)> = OnceLock::new();
    let (_, bundles) = YEARS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut bundles = vec![story::chapter(1), story::chapter(2)];
        let mut cast = Cast::of(9);
        let mut policy = story::plan_files(2).policy;
        let mut hold_next = |script: &str, policy: &str, cast: &mut Cast| {
            let occasion = Occasion {
                script,
                policy,
                roster: &cast.roster(),
                more: &[],
            };
            let number = bundles.len() + 1;
            let bundle = hold(
                folder.path(),
                number,
                &occasion,
                bundles.last().map(|b| b.as_path()),
            );
            bundles.push(bundle.clone());
            cast.settles();
            bundle
        };
        policy = with_new_key(&policy, "\n[online]\n");
        policy = with_new_key(&policy, "\nrole = \"nightly\"");
        hold_next("change-policy", &policy, &mut cast);
        policy = policy
            .replace("holders = 9", "holders = 11")
            .replace("threshold = 5", "threshold = 6");
        cast.joins(10);
        cast.joins(11);
        cast.renamed(3, 33);
        let changed = hold_next("change-policy", &policy, &mut cast);
        cast.revoked(2, device_of("holder-2", &changed), "stolen");
        policy = with_new_key(&policy, "\n[online]\n");
        hold_next("emergency-revocation", &policy, &mut cast);
        (folder, bundles)
    });
    bundles
}

/// The bundles of both policies, by the expectations that their first ones meet.
fn both() -> [(&'static str, Vec<PathBuf>); 2] {
    [
        ("rehearsal-small", rfc_3724().to_vec()),
        ("project-2026", policy_2026::bundles()),
    ]
}

/// The bundles exported one after the other into a new tree.
fn published(bundles: &[PathBuf]) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for bundle in bundles {
        let mut command = keymoot();
        command.args(["export", "--rehearsal", "--dialect", "tuf-on-ci"]);
        command.arg(bundle).arg("--into").arg(tree.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    tree
}

fn verify_tree(tree: &Path, bundle: &Path, expected: &str) -> Output {
    let mut command = keymoot();
    command.args(["verify", "--rehearsal", "--json", "--expect", expected]);
    command
        .arg("--vendor-dir")
        .arg(bundle.join("rehearsal/vendor"));
    command.arg(tree).output().unwrap()
}

/// The ids of the rules that a tree violates.
fn violated(output: &Output) -> Vec<String> {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdicts = report["verdicts"].as_array().unwrap().iter();
    let violated = verdicts.filter(|verdict| verdict["outcome"] == "violated");
    violated
        .map(|verdict| verdict["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn python_tuf_follows_every_root_of_both_policies() {
    for (name, bundles) in both() {
        let last = bundles.last().unwrap();
        let history = last.join("repositories/tuf-root/metadata/root_history");
        assert_eq!(reader("chain", &history)["version"], 5, "{name}");
    }
}

#[test]
fn every_bundle_of_both_policies_verifies_from_the_first_root() {
    for (name, bundles) in both() {
        let first = "repositories/tuf-root/metadata/root_history/1.root.json";
        for bundle in &bundles {
            let mut command = keymoot();
            command.args(["verify", "--rehearsal", "--expect", name]);
            command.arg("--trusted-root").arg(bundles[0].join(first));
            let output = command.arg(bundle).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
    }
}

#[test]
fn the_tree_of_both_policies_verifies_after_every_ceremony() {
    for (name, bundles) in both() {
        for count in 1..=bundles.len() {
            let tree = published(&bundles[..count]);
            let output = verify_tree(tree.path(), &bundles[count - 1], name);
            assert!(output.status.success(), "{name} {count}: {}", said(&output));
        }
    }
}

#[test]
fn a_root_that_still_names_a_revoked_key_is_refused_by_verify_tree() {
    let bundles = policy_2026::bundles();
    let tree = published(&bundles);
    let metadata = tree.path().join("metadata");
    // The root before the emergency, beside the list that the quorum signed in it.
    fs::remove_file(metadata.join("root_history/5.root.json")).unwrap();
    fs::copy(
        metadata.join("root_history/4.root.json"),
        metadata.join("root.json"),
    )
    .unwrap();
    let output = verify_tree(tree.path(), bundles.last().unwrap(), "project-2026");
    assert_eq!(violated(&output), ["KEY-REVOKED"], "{}", said(&output));
    let said = said(&output);
    assert!(
        said.contains("role root of root.json names a key of holder-2"),
        "{said}"
    );
}

/// The ceremony in which `holder-3` becomes `holder-33`.
fn renaming() -> &'static Path {
    &rfc_3724()[3]
}

#[test]
fn a_renamed_holder_keeps_the_key_and_both_names_are_on_record() {
    let keys = |bundle: &Path| -> Value {
        let root = fs::read(bundle.join("repositories/tuf-root/metadata/root.json")).unwrap();
        serde_json::from_slice::<Value>(&root).unwrap()["signed"]["keys"].clone()
    };
    let of = |keys: &Value, owner: &str| -> Option<String> {
        let mut keys = keys.as_object().unwrap().values();
        let key = keys.find(|key| key["x-tuf-on-ci-keyowner"] == owner)?;
        Some(key["keyval"]["public"].as_str().unwrap().to_owned())
    };
    let (before, after) = (keys(&rfc_3724()[2]), keys(renaming()));
    assert_eq!(of(&before, "@holder-3"), of(&after, "@holder-33"));
    assert_eq!(
        (of(&before, "@holder-33"), of(&after, "@holder-3")),
        (None, None)
    );
    let text = |name: &str| fs::read_to_string(renaming().join(name)).unwrap();
    let recorded = text("transcript.jsonl");
    let enrolled = recorded.lines().find(|line| line.contains("\"formerly\""));
    let enrolled = enrolled.unwrap();
    for word in ["\"enrolled\"", "\"holder-3\"", "\"holder-33\""] {
        assert!(enrolled.contains(word), "{enrolled}");
    }
    let resets = recorded.lines().filter(|line| line.contains("reset-done"));
    assert!(resets.clone().count() > 0);
    assert!(!resets.clone().any(|line| line.contains("holder-33")));
    let report = text("report.md");
    let told = "The account holder-3 is now holder-33: the same person, with the same key";
    assert!(report.contains(told), "{report}");
    let state = state(renaming());
    let made = state.documents[&Document::Root].made;
    let proposed = propose::document(&state, Document::Root, made).unwrap();
    let sentences = propose::changes(&state, Document::Root, &proposed).unwrap();
    let named = |s: &&String| s.contains("holder-33") && s.contains("holder-3 ");
    assert!(sentences.iter().any(|s| named(&s)), "{sentences:#?}");
}

#[test]
fn a_tree_in_which_a_key_has_two_names_starts_the_next_ceremony() {
    let tree = published(&rfc_3724()[..4]);
    let read = keymoot_verify::read_tree(tree.path()).unwrap();
    let mut cast = Cast::of(11);
    cast.renamed(3, 33);
    cast.settles();
    let mut files = plan_files(renaming());
    files.script = include_str!("../../ceremony-scripts/annual-resign.toml").to_owned();
    files.roster = cast.roster();
    files.inputs = of_tree(&read);
    let names = |files: &PlanFiles, handle: &str| {
        let folder = format!("previous/attestations/{handle}/");
        files.inputs.keys().any(|path| path.starts_with(&folder))
    };
    assert!(names(&files, "holder-3") && names(&files, "holder-33"));
    assert!(Plan::check(files).is_ok());
}

/// The rules that refuse the renaming after a change.
fn refused(change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = plan_files(renaming());
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts.iter().map(|v| v.rule.to_string()).collect()
}

const RENAMED: &str = "[[renamed]]\nfrom = \"holder-3\"\nto = \"holder-33\"\n";

#[test]
fn an_account_that_is_renamed_with_another_key_or_to_somebody_else() {
    let entry = "handle = \"holder-33\"\n";
    for with in [
        format!("{entry}renews = true\n"),
        format!("{entry}devices = [1]\n"),
    ] {
        let refused = refused(|files| files.roster = files.roster.replace(entry, &with));
        assert_eq!(refused, ["ROSTER-CHANGE"], "{with}");
    }
    for (from, to) in [
        ("holder-3", "holder-4"),
        ("holder-3", "holder-99"),
        ("holder-99", "holder-33"),
        ("holder-4", "holder-33"),
    ] {
        let other = format!("[[renamed]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
        let refused = refused(|files| {
            assert!(files.roster.contains(RENAMED), "{}", files.roster);
            files.roster = files.roster.replace(RENAMED, &other);
        });
        assert_eq!(refused, ["ROSTER-CHANGE"], "{other}");
    }
}

#[test]
fn an_account_that_is_renamed_on_an_occasion_that_changes_nobody() {
    let annual = |roster: &str| {
        let mut files = plan_files(&rfc_3724()[2]);
        files.script = include_str!("../../ceremony-scripts/annual-resign.toml").to_owned();
        files.policy = story::plan_files(2).policy;
        files.roster = roster.to_owned();
        Plan::check(files)
    };
    let mut cast = Cast::of(9);
    assert!(annual(&cast.roster()).is_ok());
    cast.renamed(3, 33);
    let verdicts = annual(&cast.roster()).expect_err("it was accepted");
    let rules: Vec<_> = verdicts.iter().map(|v| v.rule.id()).collect();
    assert_eq!(rules, ["ROSTER-CHANGE"]);
}

#[test]
fn a_renamed_account_is_reason_enough_to_change_the_policy() {
    let mut files = plan_files(&rfc_3724()[2]);
    files.policy = story::plan_files(2).policy;
    let mut cast = Cast::of(9);
    let same = |roster: String, mut files: PlanFiles| {
        files.roster = roster;
        Plan::check(files)
    };
    let unchanged = same(cast.roster(), files.clone()).expect_err("it was accepted");
    assert_eq!(unchanged[0].rule.id(), "POLICY-PREVIOUS");
    cast.renamed(3, 33);
    assert!(same(cast.roster(), files).is_ok());
}

#[test]
fn a_renamed_holder_may_make_a_key_in_a_spare_device_on_the_same_occasion() {
    let folder = tempfile::tempdir().unwrap();
    let before = &rfc_3724()[1];
    let mut cast = Cast::of(9);
    cast.renamed(3, 33);
    let policy = story::plan_files(2).policy;
    let renames = Occasion {
        script: "change-policy",
        policy: &policy,
        roster: &cast.roster(),
        more: &["--spares".to_owned(), "3".to_owned()],
    };
    let renamed = hold(folder.path(), 3, &renames, Some(before));
    let read = keymoot_verify::read(&renamed).unwrap();
    let previous = Previous::read(&of_bundle(&read), Dialect::TufOnCi);
    let previous = previous.unwrap().unwrap();
    let own = previous.enrolments().iter();
    let own = own.filter(|published| published.handle.as_str() == "holder-33");
    let formerly: Vec<_> = own.map(|published| published.formerly.is_some()).collect();
    assert_eq!(formerly.iter().filter(|said| **said).count(), 1);
    assert_eq!(formerly.len(), 2);
    // A holder of two keys signs the next root with the one that it names.
    cast.settles();
    let signs = Occasion {
        script: "annual-resign",
        policy: &policy,
        roster: &cast.roster(),
        more: &[],
    };
    hold(folder.path(), 4, &signs, Some(&renamed));
}

#[test]
fn a_renamed_holder_proves_the_key_away_from_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let before = &rfc_3724()[1];
    let mut cast = Cast::of(9);
    cast.renamed(3, 33);
    let renames = Occasion {
        script: "change-policy",
        policy: &story::plan_files(2).policy,
        roster: &cast.roster(),
        more: &["--apart=holder-33".to_owned()],
    };
    let renamed = hold(folder.path(), 3, &renames, Some(before));
    let chain = fs::read(renamed.join("transcript.jsonl")).unwrap();
    let chain = Chain::read(&chain).unwrap();
    let mut answered = chain.entries().iter();
    assert!(answered.any(|entry| matches!(entry.event, Event::Answered { .. })));
    let mut verify = keymoot();
    let output = verify
        .args(["verify", "--rehearsal"])
        .arg(&renamed)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn every_place_names_the_day_until_which_an_old_online_key_works() {
    for (name, bundles) in both() {
        let (before, rotation) = (&bundles[1], &bundles[2]);
        let read = keymoot_verify::read(before).unwrap();
        let previous = Previous::read(&of_bundle(&read), Dialect::TufOnCi);
        let until = held_back_until(&previous.unwrap().unwrap()).unwrap();
        let json = |output: Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
        let mut status = keymoot();
        let status = status.args(["status", "--json"]).arg(before).output();
        assert_eq!(json(status.unwrap())["held_back_until"], until.to_string());
        let sentence = format!("can hold clients of version 2 back until {until}");
        let report = fs::read_to_string(rotation.join("report.md")).unwrap();
        assert!(report.contains(&sentence), "{name}: {report}");

        let files = plan_files(rotation);
        let mut check = keymoot();
        check.args(["plan", "check", "change-policy", "--rehearsal", "--json"]);
        for part in ["roster", "policy"] {
            let path = rotation.join(format!("{part}.toml"));
            check.arg(format!("--{part}")).arg(path);
        }
        if let Some(key) = files.inputs.get("incoming/authorised/crates-io/index.pem") {
            let path = rotation.with_extension("pem");
            fs::write(&path, key).unwrap();
            let given = format!("crates-io/index.pem={}", path.display());
            check.args(["--authorised", &given]);
        }
        let check = json(check.arg("--previous").arg(before).output().unwrap());
        let changes = check["documents"][0]["changes"].to_string();
        assert!(changes.contains(&sentence), "{name}: {check}");
        assert!(!changes.contains("digest in words"), "{changes}");
        let later = check["held_back_until"].as_str().unwrap();
        assert!(later > until.to_string().as_str(), "{later} {until}");

        let plan = Plan::check(files.clone()).unwrap();
        let begins = None;
        let day = runbook::Day {
            plan: &plan,
            begins,
        };
        let page = |day| runbook::markdown(&plan.script, &files.script, &plan.policy, None, day);
        let sentence = format!("can hold that client back until {until}");
        assert!(page(Some(&day)).contains(&sentence), "{name}");
        assert!(page(None).contains("up to 455 days"), "{name}");
    }
}

/// The root of the new threshold with the signatures of these holders alone, after those before it:
/// the results of keymoot and of python-tuf.
fn signed_by(holders: &[&str]) -> (Output, Value) {
    let folder = tempfile::tempdir().unwrap();
    let history = renaming().join("repositories/tuf-root/metadata/root_history");
    let read = |version: u64| -> Value {
        let path = history.join(format!("{version}.root.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let keys = [3, 4].map(|version| read(version)["signed"]["keys"].clone());
    let is_theirs = |id: &str| {
        let owner = keys
            .iter()
            .find_map(|keys| keys[id]["x-tuf-on-ci-keyowner"].as_str());
        holders
            .iter()
            .any(|holder| owner == Some(&format!("@{holder}")))
    };
    let mut command = keymoot();
    command.args(["tuf", "verify"]);
    for version in 1..=4 {
        let mut root = read(version);
        if version == 4 {
            let signatures = root["signatures"].as_array_mut().unwrap();
            signatures.retain(|signature| is_theirs(signature["keyid"].as_str().unwrap()));
        }
        let path = folder.path().join(format!("{version}.root.json"));
        fs::write(&path, serde_json::to_vec(&root).unwrap()).unwrap();
        command.arg(path);
    }
    (command.output().unwrap(), reader("chain", folder.path()))
}

fn is_refused(holders: &[&str], why: &str) {
    let (output, python) = signed_by(holders);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains(why), "{}", said(&output));
    assert!(python["error"].is_string(), "{python}");
}

const NEWCOMERS: [&str; 2] = ["holder-10", "holder-11"];

#[test]
fn a_new_threshold_that_only_the_old_one_signed_is_refused_here_and_by_python_tuf() {
    let old = ["holder-1", "holder-2", "holder-4", "holder-5", "holder-6"];
    is_refused(&old, "5 valid of 6 needed");
}

#[test]
fn a_new_threshold_that_the_old_one_did_not_sign_is_refused_here_and_by_python_tuf() {
    let four = ["holder-1", "holder-2", "holder-4", "holder-5"];
    is_refused(&[&four[..], &NEWCOMERS].concat(), "4 valid of 5 needed");
}

#[test]
fn the_signature_of_a_renamed_holder_counts_for_the_old_root_and_for_the_new_one() {
    let five = [
        "holder-1",
        "holder-2",
        "holder-3",
        "holder-33",
        "holder-4",
        "holder-5",
    ];
    let (output, python) = signed_by(&[&five[..], &NEWCOMERS].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(python["version"], 4, "{python}");
}
