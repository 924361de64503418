//! A holder who brings a key that was made in the device before the ceremony, where the policy lets
//! holders do that: the device of one who left and comes back still holds it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_record::{
    bundle::of_bundle,
    ceremony::{Plan, State, previous::Previous},
    rules::roster::Handle,
    transcript::{Chain, Event},
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{
    shared,
    stage::{keymoot, said},
};

use crate::years::{Occasion, device_of, hold, plan_files};

const ADOPT: &str = "\n[device.adopt]\npin = \"once\"\ntouch = \"always\"\n";

struct Shelf {
    folder: tempfile::TempDir,
    /// The device that comes back.
    serial: u32,
    /// The ceremonies before it comes back.
    before: [PathBuf; 2],
    /// The ceremony in which it comes back: with a policy that adopts keys, and without.
    back: [PathBuf; 2],
}

fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let folder = shared::folder();
        let policy = include_str!("../../ceremony-scripts/policy.toml")
            .replace("holders = 9", "holders = 3")
            .replace("threshold = 5", "threshold = 2");
        let policy = cast::with_online_key(&policy).unwrap();
        let adopting = format!("{policy}{ADOPT}");
        let held = |number, script: &str, policy: &str, roster: &str, previous: Option<&Path>| {
            let occasion = Occasion {
                script,
                policy,
                roster,
                more: &[],
            };
            hold(folder.path(), number, &occasion, previous)
        };
        let mut cast = Cast::of(3);
        let first = held(1, "initial-root", &adopting, &cast.roster(), None);
        let serial = device_of("holder-3", &first);
        cast.leaves(3);
        cast.joins(4);
        let second = held(2, "onboard-member", &adopting, &cast.roster(), Some(&first));
        cast.settles();
        cast.leaves(1);
        cast.joins(3);
        let handle = "handle = \"holder-3\"\n";
        let brings = format!("{handle}devices = [{serial}]\n");
        let roster = cast.roster().replace(handle, &brings);
        let back = [(3, &adopting), (4, &policy)]
            .map(|(number, policy)| held(number, "onboard-member", policy, &roster, Some(&second)));
        Shelf {
            serial,
            before: [first, second],
            back,
            folder,
        }
    })
}

/// The kinds of the events of the device that comes back.
fn events(bundle: &Path) -> Vec<String> {
    let chain = Chain::read(&fs::read(bundle.join("transcript.jsonl")).unwrap()).unwrap();
    let of_device = |event: &Event| -> Option<String> {
        let event = serde_json::to_value(event).unwrap();
        let is_its = event["serial"] == shelf().serial;
        is_its.then(|| event["kind"].as_str().unwrap().to_owned())
    };
    let entries = chain.entries().iter();
    entries
        .filter_map(|entry| of_device(&entry.event))
        .collect()
}

/// The key of `holder-3` in a bundle's root.
fn key(bundle: &Path) -> Value {
    let root = fs::read(bundle.join("repositories/tuf-root/metadata/root.json")).unwrap();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let mut keys = root["signed"]["keys"].as_object().unwrap().values();
    let found = keys.find(|key| key["x-tuf-on-ci-keyowner"] == "@holder-3");
    found.unwrap()["keyval"]["public"].clone()
}

#[test]
fn a_key_that_a_holder_brings_is_attested_and_proven_and_nothing_is_reset() {
    let shelf = shelf();
    let [adopted, _] = &shelf.back;
    let expected = [
        "device-seen",
        "device-confirmed",
        "key-found",
        "key-generated",
        "attested",
        "statement-announced",
        "enrolled",
    ];
    assert_eq!(events(adopted)[..expected.len()], expected);
    assert_eq!(key(adopted), key(&shelf.before[0]));
    let report = fs::read_to_string(adopted.join("report.md")).unwrap();
    for told in [
        "1 of them brought one that was made before",
        "before the ceremony: its holder brought it, as the policy allows",
        "the holder's own: the ceremony did not change them",
    ] {
        assert!(report.contains(told), "{told}: {report}");
    }
}

#[test]
fn a_policy_that_says_nothing_of_it_has_every_key_made_in_the_ceremony() {
    let shelf = shelf();
    let [_, reset] = &shelf.back;
    let done = events(reset);
    for kind in ["reset-done", "provisioned", "generate-announced"] {
        assert!(done.contains(&kind.to_owned()), "{done:?}");
    }
    assert_ne!(key(reset), key(&shelf.before[0]));
}

#[test]
fn a_bundle_with_an_adopted_key_verifies_where_the_verifier_expects_such_keys() {
    let shelf = shelf();
    let verified = |expected: &str| {
        let mut command = keymoot();
        command.args(["verify", "--rehearsal", "--expect", expected]);
        command.arg(&shelf.back[0]).output().unwrap()
    };
    let small = include_str!("../../ceremony-scripts/expectations/rehearsal-small.toml");
    let allowed = |name: &str, adopt: &str| {
        let path = shelf.folder.path().join(name);
        fs::write(&path, format!("{small}{adopt}")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = allowed(
        "adopt.toml",
        "\n[adopt]\npin = \"once\"\ntouch = \"always\"\n",
    );
    let output = verified(&good);
    assert!(output.status.success(), "{}", said(&output));
    let stronger = allowed(
        "always.toml",
        "\n[adopt]\npin = \"always\"\ntouch = \"always\"\n",
    );
    for (set, words) in [
        ("rehearsal-small", "expected none that was made before"),
        (
            stronger.as_str(),
            "expected PIN always and touch always or stronger",
        ),
    ] {
        let output = verified(set);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(
            said(&output).contains("POLICY-EXPECTED"),
            "{}",
            said(&output)
        );
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}

#[test]
fn a_key_that_was_published_under_another_name_is_no_other_holders() {
    let read = keymoot_verify::read(&shelf().before[0]).unwrap();
    let inputs = of_bundle(&read);
    let previous = Previous::read(&inputs, Dialect::TufOnCi).unwrap().unwrap();
    let mut published = previous.enrolments().iter();
    let theirs = published.find(|p| p.handle.as_str() == "holder-3").unwrap();
    let mut files = plan_files(&shelf().before[1]);
    files.inputs = inputs;
    let state = State::new(Plan::check(files).unwrap().into());
    let elsewhere = |handle: &str| {
        let handle = Handle::try_from(handle.to_owned()).unwrap();
        state.published_elsewhere(&handle, &theirs.enrolment.spki)
    };
    assert_eq!(elsewhere("holder-3"), []);
    assert_eq!(elsewhere("holder-4")[0].0, "holder-3");
}
