//! Checks of a plan before the day: `plan check` and `plan new`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::{SystemTime, UNIX_EPOCH},
};

use keymoot::rehearsal::{
    cast::{self, Cast},
    team,
};
use keymoot_core::json::Json;
use keymoot_record::{rules::mark::REHEARSAL_MARK, transcript::Time};
use keymoot_tuf::{Dialect, Document, Holder, OnlineKey, Periods, PublicKey, RootDraft};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use serde_json::{Value, json};
use testkit::stage::{Stage, finished, keymoot, said};

/// The lines of a PEM file of `openssl ecparam -name secp384r1 -genkey | openssl pkey -pubout`.
const P384: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE3gw96fAlSBqSSVbUg2Zx7I6lV3Am5Bc5\n\
    2XP22e5+d1RcSpot3c0Y597Rcr60WRypHZ6538R7DZjXRpo1PHmeSk6jl/slP2SP\n\
    gvsfKG7zcdp7uGFjZqAExWxv+qCTAWAr\n";

pub(crate) fn today() -> Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_unix(i64::try_from(now.as_secs()).unwrap()).unwrap()
}

/// A plan of three simulated holders, with a root of tuf-crates, in files.
struct Files {
    stage: Stage,
}

impl Files {
    fn new() -> Self {
        let stage = Stage::new();
        let policy = fs::read_to_string(stage.small_policy()).unwrap();
        let policy = policy + &cast::delegations().unwrap();
        fs::write(stage.path("policy.toml"), policy).unwrap();
        fs::write(stage.path("roster.toml"), Cast::of(3).roster()).unwrap();
        let root = team::root(7, 1, today(), Dialect::TufOnCi).unwrap();
        fs::write(stage.path("crates.json"), root).unwrap();
        Self { stage }
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let path = self.stage.path(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn check(&self, more: &[&str]) -> Output {
        keymoot()
            .args(["plan", "check", "initial-root", "--rehearsal", "--roster"])
            .arg(self.stage.path("roster.toml"))
            .arg("--policy")
            .arg(self.stage.path("policy.toml"))
            .arg("--crates-root")
            .arg(self.stage.path("crates.json"))
            .args(more)
            .output()
            .unwrap()
    }

    /// The opening with the same files.
    fn rehearse(&self) -> Output {
        let [roster, policy] = ["roster.toml", "policy.toml"].map(|name| self.stage.path(name));
        self.stage.rehearsed(&[
            "--roster",
            roster.to_str().unwrap(),
            "--policy",
            policy.to_str().unwrap(),
        ])
    }

    /// Every path in the folder.
    fn listed(&self) -> Vec<PathBuf> {
        let mut paths = testkit::stage::files_below(&self.stage.path(""));
        paths.sort();
        paths
    }
}

#[test]
fn a_good_plan_is_accepted_and_leaves_nothing() {
    let files = Files::new();
    let before = files.listed();
    let out = files.stage.out();
    let output = files.check(&["--out", out.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["accepted"], true);
    let documents = report["documents"].as_array().unwrap().iter();
    let documents: Vec<_> = documents
        .map(|draft| draft["document"].as_str().unwrap())
        .collect();
    assert_eq!(documents, ["root.json", "targets.json", "crates.json"]);
    assert_eq!(files.listed(), before);
}

#[test]
fn the_drafts_name_the_device_that_the_roster_lists_for_a_new_key() {
    let files = Files::new();
    let entry = "handle = \"holder-2\"\n";
    let listed = format!("{entry}devices = [31415926]\n");
    files.change("roster.toml", entry, &listed);
    let output = files.check(&["--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = report["documents"][0]["changes"].to_string();
    let named = "The key of holder-2 in YubiKey 31415926";
    assert!(root.contains(named), "{root}");
}

#[test]
fn a_document_that_nobody_could_write_is_refused_by_the_check_and_by_the_opening() {
    let files = Files::new();
    // The key of nightly is the first key of release, under another name.
    let policy = fs::read_to_string(files.stage.path("policy.toml")).unwrap();
    let keys: Vec<&str> = policy.split("-----BEGIN PUBLIC KEY-----").collect();
    let pem = |part: &str| part.split("-----END").next().unwrap().to_owned();
    let (first, last) = (pem(keys[3]), pem(keys.last().unwrap()));
    files.change("policy.toml", &last, &first);
    let check = files.check(&[]);
    assert_eq!(check.status.code(), Some(3), "{}", said(&check));
    assert!(said(&check).contains("ROOT-DRAFT"), "{}", said(&check));
    let opening = files.rehearse();
    assert_eq!(opening.status.code(), Some(3), "{}", said(&opening));
    assert!(said(&opening).contains("ROOT-DRAFT"), "{}", said(&opening));
    assert!(!files.stage.dir().exists());
}

#[test]
fn a_place_where_nothing_can_be_written_is_named_before_the_day() {
    let files = Files::new();
    let missing = files.stage.path("not-there/bundle");
    let output = files.check(&["--out", missing.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("CANNOT BE USED"),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains("NOT ACCEPTED"), "{}", said(&output));
}

#[test]
fn a_client_that_would_reject_the_result_is_named() {
    let files = Files::new();
    let policy = fs::read_to_string(files.stage.path("policy.toml")).unwrap();
    let last = policy
        .rsplit("-----BEGIN PUBLIC KEY-----\n")
        .next()
        .unwrap();
    let last = last.split("-----END").next().unwrap();
    files.change("policy.toml", last, P384);
    let refused = files.check(&[]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    let (from, to) = ("[quorum]", "algorithms = [\"ecdsa-p384\"]\n\n[quorum]");
    files.change("policy.toml", from, to);
    let output = files.check(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("warning: a key of nightly"),
        "{}",
        said(&output)
    );
}

/// A root of tuf-crates by one signer, with this online key, changed before it is signed.
pub(crate) fn root_by_one(online: PublicKey, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let signer = SigningKey::from_slice(&[7; 32]).unwrap();
    let der = signer.verifying_key().to_public_key_der().unwrap();
    let holder = Holder {
        handle: "crates-1".to_owned(),
        key: PublicKey::from_spki_der(der.as_bytes()).unwrap(),
    };
    let dialect = Dialect::TufOnCi;
    let key_id = dialect.holder_key_id(&holder);
    let year = Periods {
        expiry_days: 365,
        signing_days: 60,
    };
    let document = dialect
        .root(&RootDraft {
            version: 1,
            expires: today().plus(365, 0).unwrap(),
            consistent_snapshot: true,
            holders: vec![holder],
            root_threshold: 1,
            targets_signers: None,
            targets_threshold: 1,
            online: OnlineKey {
                key: online,
                uri: "simulated:nobody-holds-this-key".to_owned(),
            },
            root_periods: year,
            targets_periods: year,
            snapshot_periods: year,
            timestamp_periods: year,
            marks: [(REHEARSAL_MARK.to_owned(), Json::from("tuf-crates"))].into(),
        })
        .unwrap();
    let mut signed: Value = serde_json::to_value(document.signed()).unwrap();
    change(&mut signed);
    let text = signed.to_string();
    let signed = keymoot_core::json::parse(text.as_bytes(), text.len()).unwrap();
    let document = Document::unsigned(signed).unwrap();
    let signature: Signature = signer.sign(document.signed_bytes());
    let signatures = [(key_id, signature.to_der().as_bytes().to_vec())].into();
    dialect.assemble(&document, &signatures)
}

#[test]
fn a_key_of_the_authorised_root_that_tough_refuses_ends_the_plan() {
    let files = Files::new();
    assert!(files.check(&[]).status.success());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{P384}-----END PUBLIC KEY-----\n");
    let root = root_by_one(PublicKey::from_pem(&pem).unwrap(), |_| {});
    fs::write(files.stage.path("crates.json"), root).unwrap();
    let refused = files.check(&[]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    let named = "KEY-ALGORITHM: a key of the authorised root of tuf-crates: ecdsa-p384";
    assert!(said(&refused).contains(named), "{}", said(&refused));
}

#[test]
fn a_new_root_of_tuf_crates_that_no_client_can_use_ends_the_plan() {
    let online = SigningKey::from_slice(&[9; 32]).unwrap();
    let online = online.verifying_key().to_public_key_der().unwrap();
    let online = || PublicKey::from_spki_der(online.as_bytes()).unwrap();
    let files = Files::new();
    let check = |root: &[u8]| {
        fs::write(files.stage.path("crates.json"), root).unwrap();
        files.check(&[])
    };
    let good = check(&root_by_one(online(), |_| {}));
    assert!(good.status.success(), "{}", said(&good));
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 6] = [
        ("the threshold of \"timestamp\" is 5", |root| {
            root["roles"]["timestamp"]["threshold"] = json!(5);
        }),
        ("the threshold of \"snapshot\" is 1", |root| {
            root["roles"]["snapshot"]["keyids"] = json!([]);
        }),
        ("spec_version is \"2.0.0\"", |root| {
            root["spec_version"] = json!("2.0.0");
        }),
        ("the root has a role \"mirrors\"", |root| {
            root["roles"]["mirrors"] = json!({"keyids": [], "threshold": 1});
        }),
        ("expires is \"2099-01-01T00:00:00.5Z\"", |root| {
            root["expires"] = json!("2099-01-01T00:00:00.5Z");
        }),
        ("version 1 expired 2020-01-01T00:00:00Z", |root| {
            root["expires"] = json!("2020-01-01T00:00:00Z");
        }),
    ];
    for (words, change) in cases {
        let refused = check(&root_by_one(online(), change));
        let shown = said(&refused);
        assert_eq!(refused.status.code(), Some(3), "{words}: {shown}");
        assert!(
            shown.contains("CRATES-ROOT: the root of tuf-crates: "),
            "{shown}"
        );
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// `plan new`, with its files in the stage's folder `plan`.
pub(crate) fn written(stage: &Stage, more: &[&str]) -> Output {
    keymoot()
        .args(["plan", "new", "--dir"])
        .arg(stage.path("plan"))
        .args(more)
        .output()
        .unwrap()
}

fn checked(plan: &Path, more: &[&str]) -> Output {
    keymoot()
        .args(["plan", "check", "--rehearsal", "--roster"])
        .arg(plan.join("roster.toml"))
        .arg("--policy")
        .arg(plan.join("policy.toml"))
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_files_of_a_first_ceremony_say_what_is_to_be_filled_in() {
    let stage = Stage::new();
    let output = written(&stage, &["initial-root"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for name in ["NOTES.md", "newcomer.toml"] {
        assert!(stage.path("plan").join(name).is_file(), "{name}");
    }
    let output = checked(&stage.path("plan"), &["initial-root"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("roster.toml:"), "{}", said(&output));
    assert!(said(&output).contains("policy.toml:"), "{}", said(&output));
}

#[test]
fn the_files_after_a_bundle_are_a_plan_that_is_accepted() {
    let stage = Stage::new();
    let bundle = finished().out();
    let previous = ["--previous", bundle.to_str().unwrap()];
    let output = written(
        &stage,
        &[&["annual-resign", "--rehearsal"], &previous[..]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let check = [&["annual-resign"], &previous[..]].concat();
    let output = checked(&stage.path("plan"), &check);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn the_policy_after_a_working_tree_says_what_its_documents_say() {
    let stage = Stage::new();
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    let export = keymoot()
        .args(["export", "--rehearsal", "--dialect", "tuf-on-ci", "--into"])
        .arg(&tree)
        .arg(finished().out())
        .output()
        .unwrap();
    assert!(export.status.success(), "{}", said(&export));
    let previous = ["--previous", tree.to_str().unwrap()];
    let output = written(&stage, &[&["annual-resign"], &previous[..]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for told in ["PLAN-LIVE: root version 1 has the mark", "--rehearsal"] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    assert!(!stage.path("plan").exists());
    let rehearsed = ["annual-resign", "--rehearsal"];
    let output = written(&stage, &[&rehearsed[..], &previous[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // People fill in what no document has: names, employers and countries.
    let plan = stage.path("plan");
    let roster = fs::read_to_string(finished().out().join("roster.toml")).unwrap();
    fs::write(plan.join("roster.toml"), roster).unwrap();
    let check = [&["annual-resign"], &previous[..]].concat();
    let output = checked(&plan, &check);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_runbook_of_a_plan_has_the_days_names_devices_versions_and_times() {
    let stage = Stage::new();
    let bundle = finished().out();
    let previous = ["--previous", bundle.to_str().unwrap(), "--rehearsal"];
    let output = written(&stage, &[&["annual-resign"], &previous[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let printed = |more: &[&str]| {
        let mut command = keymoot();
        command.args(["script", "runbook", "annual-resign", "--plan"]);
        command.arg(stage.path("plan")).args(previous).args(more);
        let output = command.args(["--begin", "09:30"]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let state = finished().state();
    let seat = &state.seats[2];
    let serial = seat.enrolled().unwrap().serial;
    let row = format!("| holder-3, seat 3 | Holder 3 (simulated) | YubiKey {serial} | | | |");
    let markdown = printed(&[]);
    for due in [
        row.as_str(),
        "1. 09:30 UTC ",
        "root.json version 2",
        "Witness (simulated)",
        "The roster's SHA-256",
    ] {
        assert!(markdown.contains(due), "{due}: {markdown}");
    }
    let html = printed(&["--html"]);
    assert!(
        html.contains(&format!("<td>YubiKey {serial}</td>")),
        "{html}"
    );
    assert!(
        html.contains("size: A4") && !html.contains("<script"),
        "{html}"
    );
}

#[test]
fn every_verifier_names_a_rehearsals_root_as_one() {
    let root = finished()
        .out()
        .join("repositories/tuf-root/metadata/root.json");
    let output = keymoot()
        .args(["tuf", "verify"])
        .arg(root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for due in ["warning REHEARSAL: ", "A REHEARSAL: "] {
        assert!(said(&output).contains(due), "{}", said(&output));
    }
}
