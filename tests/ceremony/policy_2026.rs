//! The shipped policy of the Project's plan of 2026, over its years: the first root, the annual
//! signing, planned rotation with another authorised key, more holders, and an emergency.

use std::{fs, path::PathBuf, sync::OnceLock};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_core::{Rule, Verdict};
use keymoot_record::{
    bundle::{Bundle, Files, of_bundle},
    ceremony::{Plan, PlanFiles, State, propose},
    rules::scenario::Document,
    transcript::Chain,
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{
    shared,
    stage::{keymoot, said},
};

use crate::years::{Occasion, device_of, hold, with_new_key};

const POLICY: &str = include_str!("../../ceremony-scripts/policy-2026.toml");
const KEY: &str = "repositories/tuf-root/targets/crates-io/index.pem";

const CHAPTERS: [&str; 6] = [
    "initial-root",
    "annual-resign",
    "change-policy",
    "change-policy",
    "emergency-revocation",
    "crates-root-change",
];

/// The delegations of the plan, to services that nobody holds.
fn delegations() -> String {
    let roles = [
        ("release", "dist/*/channel-rust-stable*"),
        ("nightly", "dist/*/channel-rust-nightly*"),
        ("rustup", "rustup/archive/*/*/*"),
    ];
    let texts = roles.iter().map(|(role, path)| {
        format!(
            "\n[[delegation]]\nrole = \"{role}\"\nthreshold = 1\npaths = [\"{path}\"]\n\
             periods = {{ expiry_days = 90, signing_days = 30 }}\n\n\
             [[delegation.key]]\nuri = \"simulated:{role}\"\npublic_key = \"\"\"\n{}\"\"\"\n",
            cast::nobodys_key().unwrap()
        )
    });
    texts.collect()
}

fn shelf() -> &'static tempfile::TempDir {
    static SHELF: OnceLock<tempfile::TempDir> = OnceLock::new();
    SHELF.get_or_init(|| {
        let folder = shared::folder();
        let mut cast = Cast::of(5);
        let mut policy = cast::with_online_key(POLICY).unwrap() + &delegations();
        let given = |name: &str| {
            let key = folder.path().join(name);
            fs::write(&key, cast::nobodys_key().unwrap()).unwrap();
            let given = format!("crates-io/index.pem={}", key.display());
            vec!["--authorised".to_owned(), given]
        };
        for (number, script) in (1..).zip(CHAPTERS) {
            let mut more = Vec::new();
            match number {
                3 => {
                    more = given("index.pem");
                    policy = with_new_key(&policy, "\n[online]\n");
                    policy = with_new_key(&policy, "\nrole = \"release\"");
                }
                4 => {
                    policy = policy
                        .replace("holders = 5", "holders = 7")
                        .replace("threshold = 3", "threshold = 4");
                    cast.joins(6);
                    cast.joins(7);
                }
                5 => {
                    cast.revoked(2, device_of("holder-2", &chapter_in(&folder, 4)), "stolen");
                    policy = with_new_key(&policy, "\n[online]\n");
                }
                6 => more = given("next.pem"),
                _ => {}
            }
            let occasion = Occasion {
                script,
                policy: &policy,
                roster: &cast.roster(),
                more: &more,
            };
            let previous = (number > 1).then(|| chapter_in(&folder, number - 1));
            hold(folder.path(), number, &occasion, previous.as_deref());
            cast.settles();
        }
        folder
    })
}

/// The bundles of all chapters, in order.
pub(crate) fn bundles() -> Vec<PathBuf> {
    let chapters = 1..=CHAPTERS.len();
    chapters.map(|number| chapter_in(shelf(), number)).collect()
}

fn chapter_in(folder: &tempfile::TempDir, number: usize) -> PathBuf {
    folder
        .path()
        .join(format!("{number}-{}", CHAPTERS[number - 1]))
}

fn files(number: usize) -> Files {
    let read = keymoot_verify::read(&chapter_in(shelf(), number)).unwrap();
    read.files().clone()
}

/// The inputs of a chapter.
fn plan_files(number: usize) -> PlanFiles {
    crate::years::plan_files(&chapter_in(shelf(), number))
}

#[test]
fn no_chapter_has_a_root_of_tuf_crates() {
    for number in 1..=CHAPTERS.len() {
        let mut paths = files(number).into_keys();
        assert!(!paths.any(|path| path.ends_with("crates.json")), "{number}");
    }
}

#[test]
fn an_authorised_key_stays_until_a_change_of_policy_brings_another() {
    assert_eq!(files(1)[KEY], files(2)[KEY]);
    assert_ne!(files(2)[KEY], files(3)[KEY]);
    assert_eq!(files(3)[KEY], files(5)[KEY]);
    assert_eq!(
        files(3)[KEY],
        fs::read(shelf().path().join("index.pem")).unwrap()
    );
}

#[test]
fn the_review_shows_an_authorised_key_with_its_algorithm_and_its_digest_in_words() {
    let chain = Chain::read(&files(3)["transcript.jsonl"]).unwrap();
    let state = State::fold(Plan::check(plan_files(3)).unwrap().into(), &chain).unwrap();
    let made = state.documents[&Document::Targets].made;
    let proposed = propose::document(&state, Document::Targets, made).unwrap();
    let sentences = propose::changes(&state, Document::Targets, &proposed).unwrap();
    let said = sentences
        .iter()
        .find(|s| s.starts_with("crates-io/index.pem"));
    let pem = String::from_utf8(files(3)[KEY].clone()).unwrap();
    let key = keymoot_tuf::PublicKey::from_pem(&pem).unwrap();
    assert_eq!(
        said.unwrap(),
        &format!(
            "crates-io/index.pem (CHANGED, a public key): ecdsa-p256; SHA-256 of its SubjectPublicKeyInfo in words: {}.",
            key.fingerprint().words().join(" ")
        )
    );
}

#[test]
fn an_authorised_file_has_an_occasion_that_signs_targets_json_alone() {
    let metadata = |number: usize, name: &str| {
        let path = format!("repositories/tuf-root/metadata/{name}");
        files(number)[&path].clone()
    };
    let version = |number| -> Value {
        let targets: Value = serde_json::from_slice(&metadata(number, "targets.json")).unwrap();
        targets["signed"]["version"].clone()
    };
    assert_eq!(
        files(6)[KEY],
        fs::read(shelf().path().join("next.pem")).unwrap()
    );
    assert_eq!((version(5), version(6)), (5.into(), 6.into()));
    assert_eq!(metadata(5, "root.json"), metadata(6, "root.json"));
    let plan = Plan::check(plan_files(6)).unwrap();
    let signed = plan.script.steps().flat_map(|(_, step)| &step.documents);
    let mut signed = signed.collect::<Vec<_>>();
    signed.dedup();
    assert_eq!(signed, [&Document::Targets]);
}

#[test]
fn the_occasion_of_an_authorised_file_changes_nothing_else() {
    let nothing = refused(6, |files| drop(files.inputs.remove(GIVEN)));
    assert_eq!(nothing, ["CRATES-GIVEN"]);
    let another_path = refused(6, |files| {
        files.policy += "\n[[authorised]]\npath = \"more.pem\"\nkind = \"public-key\"\n";
        let key = files.inputs[GIVEN].clone();
        files
            .inputs
            .insert("incoming/authorised/more.pem".to_owned(), key);
    });
    assert_eq!(another_path, ["POLICY-PREVIOUS"]);
    let wider = refused(6, |files| {
        files.policy = files.policy.replace("channel-rust-nightly*", "*");
    });
    assert!(wider.contains(&"POLICY-PREVIOUS".to_owned()), "{wider:?}");
    let released = refused(6, |files| {
        let both = "documents = [\"targets.json\", \"crates.json\"]";
        assert!(files.script.contains(both));
        files.script = files.script.replace(both, "documents = [\"crates.json\"]");
    });
    assert_eq!(released, ["SCRIPT-DOCUMENTS"]);
}

/// The rules that refuse a chapter's plan after a change.
fn refused(number: usize, change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = plan_files(number);
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts.iter().map(|v| v.rule.to_string()).collect()
}

const GIVEN: &str = "incoming/authorised/crates-io/index.pem";
const KEPT: &str = "previous/tuf-root/targets/crates-io/index.pem";

#[test]
fn an_authorised_file_that_is_missing_or_that_nobody_asked_for() {
    let missing = refused(1, |files| drop(files.inputs.remove(GIVEN)));
    assert_eq!(missing, ["AUTHORISED-GIVEN"]);
    let lost = refused(2, |files| drop(files.inputs.remove(KEPT)));
    assert_eq!(lost, ["AUTHORISED-GIVEN"]);
    let more = refused(1, |files| {
        files
            .inputs
            .insert("incoming/authorised/evil.pem".to_owned(), Vec::new());
    });
    assert_eq!(more, ["AUTHORISED-GIVEN"]);
}

#[test]
fn an_authorised_file_that_was_exchanged_in_the_tree_or_at_an_annual_signing() {
    let other = || cast::nobodys_key().unwrap().into_bytes();
    let exchanged = refused(2, |files| {
        drop(files.inputs.insert(KEPT.to_owned(), other()))
    });
    assert_eq!(exchanged, ["DELEGATION-PREVIOUS"]);
    let given = refused(2, |files| {
        drop(files.inputs.insert(GIVEN.to_owned(), other()))
    });
    assert!(given.contains(&"AUTHORISED-GIVEN".to_owned()), "{given:?}");
}

#[test]
fn an_authorised_key_that_is_none() {
    let refused = refused(1, |files| {
        files.inputs.insert(GIVEN.to_owned(), b"no key".to_vec());
    });
    assert_eq!(refused, ["AUTHORISED-KIND"]);
}

#[test]
fn a_root_that_replaces_an_authorised_one_follows_it() {
    use keymoot::rehearsal::team;
    let root = |seed, version| {
        let made = keymoot_record::transcript::Time::from_unix(1_800_000_000).unwrap();
        team::root(seed, version, made, Dialect::TufOnCi).unwrap()
    };
    let with = |bytes: Vec<u8>| {
        move |files: &mut PlanFiles| {
            files.policy = files.policy.replace("\"public-key\"", "\"tuf-root\"");
            files.inputs.insert(GIVEN.to_owned(), bytes);
        }
    };
    let mut first = plan_files(1);
    with(root(7, 1))(&mut first);
    assert!(Plan::check(first).is_ok());
    let unsigned = String::from_utf8(root(7, 1))
        .unwrap()
        .replace("\"sig\": \"", "\"sig\": \"00");
    assert_eq!(refused(1, with(unsigned.into_bytes())), ["AUTHORISED-KIND"]);
}

#[test]
fn a_new_authorised_root_that_no_client_can_use() {
    fn plan(change: fn(&mut Value)) -> Result<Plan, Vec<Verdict>> {
        let online = cast::nobodys_key().unwrap();
        let online = keymoot_tuf::PublicKey::from_pem(&online).unwrap();
        let root = crate::plans::root_by_one(online, change);
        let mut files = plan_files(1);
        files.policy = files.policy.replace("\"public-key\"", "\"tuf-root\"");
        files.inputs.insert(GIVEN.to_owned(), root);
        Plan::check(files)
    }
    assert!(plan(|_| {}).is_ok());
    let violated = plan(|root| root["spec_version"] = "2.0.0".into()).unwrap_err();
    let [verdict] = violated.as_slice() else {
        panic!("{violated:?}");
    };
    assert_eq!(verdict.rule.to_string(), "AUTHORISED-KIND");
    assert!(
        verdict.detail.contains("spec_version is \"2.0.0\""),
        "{verdict:?}"
    );
}

#[test]
fn a_path_that_is_no_path_of_a_file() {
    for path in [
        "../evil",
        "a//b",
        "/a",
        "revoked.json",
        ".hidden",
        "a/b/c/d/e",
    ] {
        let refused = refused(1, |files| {
            files.policy = files.policy.replace("crates-io/index.pem", path);
        });
        assert_eq!(refused, ["POLICY-BOUNDS"], "{path}");
    }
}

#[test]
fn a_tree_gives_the_next_ceremony_the_authorised_files() {
    let tree = tempfile::tempdir().unwrap();
    let output = keymoot()
        .args(["export", "--rehearsal", "--dialect", "tuf-on-ci"])
        .arg(chapter_in(shelf(), 3))
        .arg("--into")
        .arg(tree.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let read = keymoot_verify::read_tree(tree.path()).unwrap();
    let of_tree = keymoot_record::bundle::of_tree(&read);
    let of_bundle = of_bundle(&Bundle::of(files(3)));
    assert_eq!(of_tree.get(KEPT), of_bundle.get(KEPT));
    assert!(of_tree.contains_key(KEPT));
}

#[test]
fn a_root_of_tuf_crates_where_the_policy_has_none() {
    let refused = refused(1, |files| {
        let root = crate::story::plan_files(1).inputs["incoming/tuf-crates/1.root.json"].clone();
        files
            .inputs
            .insert("incoming/tuf-crates/1.root.json".to_owned(), root);
    });
    assert_eq!(refused, [Rule::CratesGiven.id()]);
}
