//! A holder apart in a ceremony to which another holder brings a YubiHSM 2.

use std::{fs, sync::OnceLock};

use keymoot_attestation::{Manifest, TrustStore};
use keymoot_record::apart::Answer;
use testkit::stage::{Stage, said};

use super::Asked;

/// A first root of three. Holder 2 enrols a YubiHSM 2 in the room, holder 3 a YubiKey apart.
fn mixed() -> &'static Stage {
    static MIXED: OnceLock<Stage> = OnceLock::new();
    MIXED.get_or_init(|| {
        let stage = Stage::shared();
        let holders = ["--holders", "3", "--device", "mixed", "--apart=holder-3"];
        let output = stage.rehearsed(&holders);
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// The vendor of a rehearsal, without the keys of its YubiHSM 2s.
fn without_units(stage: &Stage) -> TrustStore {
    let folder = stage.dir().join("rehearsal/vendor");
    let manifest = fs::read_to_string(folder.join("vendor.toml")).unwrap();
    let separator = "\n[[certificate]]\n";
    let kept = manifest.split(separator);
    let kept: Vec<_> = kept.filter(|entry| !entry.contains("yubihsm")).collect();
    let manifest = Manifest::parse(&kept.join(separator)).unwrap();
    let files = manifest.files();
    let files: Vec<_> = files
        .map(|file| fs::read(folder.join(file)).unwrap())
        .collect();
    manifest.store(&files).unwrap()
}

#[test]
fn an_answer_leaves_the_vendors_certificates_of_yubihsm_2s_in_the_folder() {
    let stage = mixed();
    // Each round has an answer before its `collect`, which needs these certificates.
    assert!(!stage.state().answers.is_empty());
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

#[test]
fn a_record_that_is_violated_without_the_answer_is_not_blamed_on_it() {
    let stage = mixed();
    let answer = fs::read(stage.path("ceremony.apart/post/1-holder-3.answer")).unwrap();
    let answer = Answer::read(&answer).unwrap();
    let mut asked = Asked::of(stage);
    assert!(asked.judge(&answer).is_ok());
    asked.trust = without_units(stage);
    let verdicts = asked.judge(&answer).unwrap_err();
    let others: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.detail.contains("holder-2"))
        .collect();
    assert!(!others.is_empty(), "{verdicts:?}");
    for verdict in others {
        let without = "the record violates it without this answer: ";
        assert!(verdict.detail.starts_with(without), "{verdict:?}");
        assert!(
            verdict.next.contains("the answer is not the cause"),
            "{verdict:?}"
        );
    }
}
