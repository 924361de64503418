//! Both shipped policies over the years of a quorum: the first root, the annual signing, planned
//! rotation, another threshold with more holders, and an emergency. Each ceremony starts from the
//! bundle of the one before, and each bundle is exported into one published tree.

mod renamed;
mod threshold;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_record::{
    bundle::of_bundle,
    ceremony::{Plan, PlanFiles, latency::held_back_until, previous::Previous},
    runbook,
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{
    shared,
    stage::{below, keymoot, said},
};

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

/// The ceremonies of RFC 3724's policy, from those of the story on.
fn rfc_3724() -> &'static [PathBuf] {
    static YEARS: OnceLock<(tempfile::TempDir, Vec<PathBuf>)> = OnceLock::new();
    let (_, bundles) = YEARS.get_or_init(|| {
        let folder = shared::folder();
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
