//! A quorum that changes its policy: planned rotation of the online key, thresholds, periods,
//! delegations and the number of holders, through the real program.

use std::{fs, path::PathBuf, sync::OnceLock};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_core::Rule;
use keymoot_record::{
    bundle::{Bundle, Files, of_bundle},
    ceremony::{Plan, PlanFiles, State, propose},
    expectation::{self, ExpectationSet},
    rules::scenario::Document,
    transcript::{Chain, Event, Mode},
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{
    shared,
    stage::{keymoot, said},
};

use crate::python::reader;

/// A delegation to one service, for these paths.
fn delegation(role: &str, paths: &str) -> String {
    format!(
        "\n[[delegation]]\nrole = \"{role}\"\nthreshold = 1\npaths = [{paths}]\n\
         periods = {{ expiry_days = 90, signing_days = 30 }}\n\n\
         [[delegation.key]]\nuri = \"simulated:{role}\"\npublic_key = \"\"\"\n{}\"\"\"\n",
        cast::nobodys_key().unwrap()
    )
}

/// The shipped policy for so few, with a new online key.
fn policy(holders: u32, threshold: u32, days: u32) -> String {
    let policy = include_str!("../../ceremony-scripts/policy.toml")
        .replace("holders = 9", &format!("holders = {holders}"))
        .replace("threshold = 5", &format!("threshold = {threshold}"))
        .replace(
            "[root]\nexpiry_days = 455",
            &format!("[root]\nexpiry_days = {days}"),
        );
    cast::with_online_key(&policy).unwrap()
}

struct Story {
    folder: tempfile::TempDir,
    /// The policy before the change, and the one after it.
    policies: [String; 2],
    /// The roster before the change, and the one of it.
    rosters: [String; 2],
}

impl Story {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn files(&self, bundle: &str) -> Files {
        let read = keymoot_verify::read(&self.path(bundle)).unwrap();
        read.files().clone()
    }

    /// The bundle from which the change starts.
    fn plan_files(&self) -> PlanFiles {
        PlanFiles {
            script: include_str!("../../ceremony-scripts/change-policy.toml").to_owned(),
            policy: self.policies[1].clone(),
            roster: self.rosters[1].clone(),
            inputs: of_bundle(&Bundle::of(self.files("1-initial-root"))),
        }
    }

    /// Holds a ceremony unattended; returns its output.
    fn hold(&self, number: usize, script: &str, of: usize) -> String {
        let name = format!("{number}-{script}");
        let file = |kind: &str, text: &str| {
            let path = self.path(&format!("{name}.{kind}"));
            fs::write(&path, text).unwrap();
            path
        };
        let mut command = keymoot();
        command.args(["rehearse", script, "--unattended", "--seed", "7"]);
        command
            .arg("--policy")
            .arg(file("policy.toml", &self.policies[of]));
        command
            .arg("--roster")
            .arg(file("roster.toml", &self.rosters[of]));
        command
            .arg("--dir")
            .arg(self.path(&format!("{name}.ceremony")));
        command.arg("--out").arg(self.path(&name));
        let previous = fs::read_dir(self.folder.path()).unwrap();
        let previous = previous.map(|entry| entry.unwrap().path()).find(|path| {
            path.extension().is_none() && path.join("MANIFEST.json").is_file() && {
                let stem = path.file_name().unwrap().to_str().unwrap();
                stem.starts_with(&format!("{}-", number - 1))
            }
        });
        if let Some(previous) = previous {
            command.arg("--previous").arg(previous);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }
}

/// Three holders of whom two sign become four of whom three sign; the root lasts longer, the
/// online key is another, and one delegation goes, one comes, one gets another path.
fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let nightly = delegation("nightly", "\"dist/*/channel-rust-nightly*\"");
        let wider = nightly.replace("channel-rust-nightly*\"", "*nightly*\"");
        let mut cast = Cast::of(3);
        let before = cast.roster();
        cast.joins(4);
        let story = Story {
            folder: shared::folder(),
            policies: [
                policy(3, 2, 455) + &nightly + &delegation("rustup", "\"rustup/*\""),
                policy(4, 3, 500) + &wider + &delegation("release", "\"dist/*/*\""),
            ],
            rosters: [before, cast.roster()],
        };
        story.hold(1, "initial-root", 0);
        story.hold(2, "change-policy", 1);
        story.hold(3, "annual-resign", 1);
        story
    })
}

fn state(story: &Story) -> State {
    let chain = Chain::read(&story.files("2-change-policy")["transcript.jsonl"]).unwrap();
    State::fold(Plan::check(story.plan_files()).unwrap().into(), &chain).unwrap()
}

#[test]
fn python_tuf_follows_every_root_over_the_change() {
    let history = story().path("3-annual-resign/repositories/tuf-root/metadata/root_history");
    assert_eq!(reader("chain", &history)["version"], 3);
}

#[test]
fn the_changed_bundle_is_verified_by_the_expectations_that_were_written_beside_it() {
    let story = story();
    let file = story.path("2-change-policy.expectations.toml");
    let verified = |bundle: &str| {
        let mut command = keymoot();
        command
            .args(["verify", "--rehearsal", "--expect"])
            .arg(&file);
        let first = "1-initial-root/repositories/tuf-root/metadata/root_history/1.root.json";
        command.arg("--trusted-root").arg(story.path(first));
        command.arg(story.path(bundle)).output().unwrap()
    };
    for bundle in ["2-change-policy", "3-annual-resign"] {
        let output = verified(bundle);
        assert!(output.status.success(), "{}", said(&output));
    }
    let weaker = verified("1-initial-root");
    assert!(
        said(&weaker).contains("threshold 2 of 3, expected 3 of 4"),
        "{}",
        said(&weaker)
    );
}

#[test]
fn the_rule_names_each_difference_and_the_review_says_each_in_one_sentence() {
    let state = state(story());
    let verdicts = state.plan.verdicts().iter();
    let verdict = verdicts.clone().find(|v| v.rule == Rule::PolicyPrevious);
    let named = &verdict.unwrap().detail;
    let sentences: Vec<String> = [Document::Root, Document::Targets]
        .into_iter()
        .flat_map(|document| {
            let made = state.documents[&document].made;
            let proposed = propose::document(&state, document, made).unwrap();
            propose::changes(&state, document, &proposed).unwrap()
        })
        .collect();
    for (rule, sentence) in [
        (
            "the threshold of root",
            "The role root is signed by 3 of 4 keys instead of 2 of 3 keys.",
        ),
        ("the number of keys of root", "holder-4"),
        ("the periods of root", "500 days"),
        (
            "the online key of timestamp",
            "may no longer sign snapshot and timestamp",
        ),
        (
            "the delegations, or their order",
            "The role rustup is gone.",
        ),
        (
            "the delegations, or their order",
            "There is a new role release.",
        ),
        ("the paths of nightly", "dist/*/*nightly*"),
        ("the online key of snapshot", "Clients that take this root"),
        (
            "the online key of snapshot",
            "can hold clients of version 1 back until",
        ),
    ] {
        assert!(named.contains(rule), "{rule}: {named}");
        assert!(
            sentences.iter().any(|s| s.contains(sentence)),
            "{sentence}: {sentences:#?}"
        );
    }
}

/// The rules that refuse the change after one more change.
fn refused(change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = story().plan_files();
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts.iter().map(|v| v.rule.to_string()).collect()
}

#[test]
fn a_policy_that_changes_nothing() {
    let refused = refused(|files| {
        files.policy = story().policies[0].clone();
        files.roster = story().rosters[0].clone();
    });
    assert_eq!(refused, ["POLICY-PREVIOUS"]);
}

#[test]
fn the_same_change_on_another_occasion() {
    for script in ["annual-resign", "onboard-member", "emergency-revocation"] {
        let refused = refused(|files| {
            files.script = keymoot_record::ceremony::shipped::shipped(script)
                .unwrap()
                .text
                .to_owned();
        });
        assert!(
            refused.contains(&"POLICY-PREVIOUS".to_owned()),
            "{script}: {refused:?}"
        );
    }
}

#[test]
fn a_path_that_was_widened_in_the_document_alone() {
    let state = state(story());
    let made = state.documents[&Document::Targets].made;
    let proposed = propose::document(&state, Document::Targets, made).unwrap();
    let bytes = Dialect::TufOnCi.assemble(&proposed, &Default::default());
    let text = String::from_utf8(bytes)
        .unwrap()
        .replace("dist/*/*nightly*", "dist/*/*");
    let widened = keymoot_tuf::Document::parse(text.as_bytes(), text.len()).unwrap();
    let verdicts = propose::check(&state, Document::Targets, &widened, made);
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    assert_eq!(violated.len(), 1, "{violated:?}");
    assert!(violated[0].rule == Rule::DelegationRoles);
}

#[test]
fn neither_the_old_threshold_alone_nor_the_new_one_is_enough() {
    let story = story();
    let chain = Chain::read(&story.files("2-change-policy")["transcript.jsonl"]).unwrap();
    let plan = std::sync::Arc::new(Plan::check(story.plan_files()).unwrap());
    let mut signed = Vec::new();
    for entry in chain.entries() {
        let Event::Signed {
            document, holder, ..
        } = &entry.event
        else {
            continue;
        };
        if *document != Document::Root {
            continue;
        }
        signed.push(holder.clone());
        let so_far = Chain::read(&chain.bytes_through(entry.seq)).unwrap();
        let state = State::fold(plan.clone(), &so_far).unwrap();
        let met: Vec<_> = state
            .tallies_of(Document::Root)
            .iter()
            .map(|tally| (tally.need, tally.have >= tally.need))
            .collect();
        // The new root asks for 3 of its keys, the old one for 2 of its own.
        let new = signed.len() >= 3;
        let old = signed.iter().filter(|h| h.as_str() != "holder-4").count() >= 2;
        assert_eq!(met, [(3, new), (2, old)]);
    }
    assert!(signed.len() >= 3);
}

#[test]
fn the_expectations_are_those_that_the_plan_just_meets() {
    let plan = Plan::check(story().plan_files()).unwrap();
    let meets = |text: &str| {
        let set = ExpectationSet::parse(text).unwrap();
        let verdicts = expectation::compare(&plan, Mode::Rehearsal, &set);
        !verdicts.iter().any(|verdict| verdict.is_violated())
    };
    let text = expectation::of_plan(&plan, Mode::Rehearsal, "project");
    assert!(meets(&text));
    for (from, to) in [
        ("threshold = 3", "threshold = 4"),
        ("root = 500", "root = 499"),
        ("timestamp = 7", "timestamp = 6"),
        ("per_country = 3", "per_country = 2"),
        ("yubikey = \"5.7.4\"", "yubikey = \"5.7.5\""),
    ] {
        let stronger = text.replace(from, to);
        assert_ne!(stronger, text, "{from}");
        assert!(!meets(&stronger), "{from}");
    }
}

#[test]
fn a_pattern_that_some_tool_reads_in_another_way() {
    for path in ["dist/", "/dist", "a//b", "../a", "a[b]", "a b", ""] {
        let refused = refused(|files| {
            files.policy = files
                .policy
                .replace("\"dist/*/*nightly*\"", &format!("\"{path}\""));
        });
        assert_eq!(refused, ["POLICY-BOUNDS"], "{path}");
    }
}

#[test]
fn a_role_that_clients_never_ask_because_an_earlier_one_covers_its_paths() {
    let [narrow, wide] = ["\"dist/*/*nightly*\"", "\"dist/*/*\""];
    let refused = refused(|files| {
        let swapped = files.policy.replace(narrow, "\"-\"").replace(wide, narrow);
        files.policy = swapped.replace("\"-\"", wide);
    });
    assert_eq!(refused, ["POLICY-REACH"]);
    let plan = Plan::check(story().plan_files()).unwrap();
    let said = plan.verdicts().iter().find(|v| v.rule == Rule::PolicyReach);
    let named = "nightly before release for names that are both dist/*/*nightly* and dist/*/*";
    assert!(said.unwrap().detail.contains(named), "{said:?}");
}

#[test]
fn the_root_of_the_change_says_what_the_new_policy_says() {
    let root = &story().files("2-change-policy")["repositories/tuf-root/metadata/root.json"];
    let root: Value = serde_json::from_slice(root).unwrap();
    let roles = &root["signed"]["roles"];
    assert_eq!(roles["root"]["threshold"], 3);
    assert_eq!(roles["root"]["keyids"].as_array().unwrap().len(), 4);
    assert_eq!(root["signed"]["x-tuf-on-ci-expiry-period"], 500);
}
