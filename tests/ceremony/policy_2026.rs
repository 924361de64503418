//! The shipped policy of the Project's plan of 2026, over its years: the first root, the annual
//! signing, planned rotation with another authorised key and more holders, and an emergency.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_core::Rule;
use keymoot_record::{
    bundle::{Bundle, Files, of_bundle},
    ceremony::{Plan, PlanFiles, State, previous::Previous, propose},
    rules::scenario::Document,
    transcript::Chain,
};
use keymoot_tuf::Dialect;
use testkit::stage::{keymoot, said};

use crate::python::reader;

const POLICY: &str = include_str!("../../ceremony-scripts/policy-2026.toml");
const KEY: &str = "repositories/tuf-root/targets/crates-io/index.pem";

const CHAPTERS: [&str; 4] = [
    "initial-root",
    "annual-resign",
    "change-policy",
    "emergency-revocation",
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
        let folder = tempfile::tempdir().unwrap();
        let (mut cast, delegations) = (Cast::of(5), delegations());
        let with_key = |base: &str| cast::with_online_key(base).unwrap() + &delegations;
        let grown = POLICY
            .replace("holders = 5", "holders = 7")
            .replace("threshold = 3", "threshold = 4");
        let mut policy = with_key(POLICY);
        let key = folder.path().join("index.pem");
        fs::write(&key, cast::nobodys_key().unwrap()).unwrap();
        for (number, script) in (1..).zip(CHAPTERS) {
            let mut command = keymoot();
            command.args(["rehearse", script, "--unattended", "--seed", "7"]);
            match script {
                "change-policy" => {
                    let given = format!("crates-io/index.pem={}", key.display());
                    command.args(["--authorised", &given]);
                    cast.joins(6);
                    cast.joins(7);
                    policy = with_key(&grown);
                }
                "emergency-revocation" => {
                    cast.revoked(2, device_of("holder-2", &chapter_in(&folder, 3)), "stolen");
                    policy = with_key(&grown);
                }
                _ => {}
            }
            let file = |name: &str, text: &str| -> PathBuf {
                let path = folder.path().join(format!("{number}.{name}.toml"));
                fs::write(&path, text).unwrap();
                path
            };
            let dir = folder.path().join(format!("{number}.ceremony"));
            command.arg("--policy").arg(file("policy", &policy));
            command.arg("--roster").arg(file("roster", &cast.roster()));
            command.arg("--dir").arg(dir);
            command.arg("--out").arg(chapter_in(&folder, number));
            if number > 1 {
                command
                    .arg("--previous")
                    .arg(chapter_in(&folder, number - 1));
            }
            let output = command.output().unwrap();
            assert!(output.status.success(), "{number} {}", said(&output));
            cast.settles();
        }
        folder
    })
}

/// The device whose enrolment a bundle publishes for a holder.
fn device_of(handle: &str, bundle: &Path) -> u32 {
    let bundle = keymoot_verify::read(bundle).unwrap();
    let previous = Previous::read(&of_bundle(&bundle), Dialect::TufOnCi);
    let previous = previous.unwrap().unwrap();
    let mut enrolments = previous.enrolments().iter();
    let own = enrolments.find(|published| published.handle.as_str() == handle);
    own.unwrap().enrolment.serial
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

/// What a chapter began with.
fn plan_files(number: usize) -> PlanFiles {
    let files = files(number);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    PlanFiles {
        script: text("script.toml"),
        policy: text("policy.toml"),
        roster: text("roster.toml"),
        inputs: files
            .iter()
            .filter_map(|(path, bytes)| {
                Some((path.strip_prefix("inputs/")?.to_owned(), bytes.clone()))
            })
            .collect(),
    }
}

#[test]
fn every_chapter_is_verified_as_the_project_expects_from_the_first_root() {
    let first =
        chapter_in(shelf(), 1).join("repositories/tuf-root/metadata/root_history/1.root.json");
    for number in 1..=CHAPTERS.len() {
        let mut command = keymoot();
        command.args([
            "verify",
            "--rehearsal",
            "--expect",
            "project-2026",
            "--trusted-root",
        ]);
        let output = command
            .arg(&first)
            .arg(chapter_in(shelf(), number))
            .output()
            .unwrap();
        assert!(output.status.success(), "{number}: {}", said(&output));
        assert!(
            !files(number)
                .keys()
                .any(|path| path.ends_with("crates.json")),
            "{number}"
        );
    }
}

#[test]
fn python_tuf_follows_every_root_of_the_plan_of_2026() {
    let history = chapter_in(shelf(), 4).join("repositories/tuf-root/metadata/root_history");
    assert_eq!(reader("chain", &history)["version"], 4);
}

#[test]
fn an_authorised_key_stays_until_a_change_of_policy_brings_another() {
    assert_eq!(files(1)[KEY], files(2)[KEY]);
    assert_ne!(files(2)[KEY], files(3)[KEY]);
    assert_eq!(files(3)[KEY], files(4)[KEY]);
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

/// The rules that stand against a chapter's plan after a change.
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
