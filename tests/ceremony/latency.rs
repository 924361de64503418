//! How long a stolen online key works on clients that get no new root, beside python-tuf.

use std::{fs, path::Path};

use keymoot_record::{
    bundle::of_bundle,
    ceremony::{latency::held_back_until, previous::Previous},
};
use keymoot_tuf::Dialect;
use testkit::stage::{Stage, said};

use crate::python::answer;

/// python-tuf's result for a shipped policy with the root's periods, one minute before the moment
/// that keymoot names and one minute after it.
fn around_the_moment(policy: &str) -> [String; 2] {
    let stage = Stage::new();
    let folder = stage.path("key");
    fs::create_dir(&folder).unwrap();
    answer("held_back.py", &["key".as_ref(), &folder]);
    let key = fs::read_to_string(folder.join("online.pub")).unwrap();
    let policy = policy
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("holders = 5", "holders = 3")
        .replace("threshold = 3", "threshold = 2");
    let policy = format!(
        "{policy}\n[online]\nuri = \"simulated:service\"\npublic_key = \"\"\"\n{key}\"\"\"\n\
         snapshot = {{ expiry_days = 21, signing_days = 7 }}\n\
         timestamp = {{ expiry_days = 7, signing_days = 3 }}\n"
    );
    let path = stage.path("policy.toml");
    fs::write(&path, policy).unwrap();
    let output = stage.rehearsed(&["--holders", "3", "--policy", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let bundle = keymoot_verify::read(&stage.out()).unwrap();
    let previous = Previous::read(&of_bundle(&bundle), Dialect::TufOnCi);
    let until = held_back_until(&previous.unwrap().unwrap()).unwrap();
    let moments = [-60, 60].map(|seconds| {
        let moment = keymoot_core::time::Time::from_unix(until.unix() + seconds);
        moment.unwrap().to_string().replace('Z', "+00:00")
    });
    let metadata = stage.out().join("repositories/tuf-root/metadata");
    let private = folder.join("online.pem");
    let arguments = ["accepts".as_ref(), metadata.as_path(), private.as_path()];
    let arguments: Vec<&Path> = arguments
        .into_iter()
        .chain(moments.iter().map(Path::new))
        .collect();
    let said = answer("held_back.py", &arguments);
    moments.map(|moment| said[&moment].as_str().unwrap().to_owned())
}

#[test]
fn the_old_online_key_is_accepted_until_the_moment_that_keymoot_names() {
    let expected = ["accepted", "ExpiredMetadataError"];
    let shipped = include_str!("../../ceremony-scripts/policy.toml");
    assert_eq!(around_the_moment(shipped), expected);
}

#[test]
fn the_same_holds_for_the_policy_of_2026() {
    let shipped = include_str!("../../ceremony-scripts/policy-2026.toml");
    assert_eq!(
        around_the_moment(shipped),
        ["accepted", "ExpiredMetadataError"]
    );
}
