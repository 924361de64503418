//! The records of released versions: every later version verifies them, starts from them, exports
//! them and resumes them. tests/data/bundles/README.md says how they were made.

#![allow(clippy::unwrap_used, missing_docs)]

mod out;
mod records;
mod takeover;

use std::{fs, path::Path};

use keymoot_record::report::DERIVATION;
use records::{
    ASKED, BUNDLES, INTERRUPTED, Record, each, ends_with, keymoot, keymoot_then, resume, stored,
    verify,
};

#[test]
fn every_stored_record_is_tested() {
    let mut tested: Vec<_> = BUNDLES
        .iter()
        .chain(&INTERRUPTED)
        .map(|record| format!("{}/{}/{}", record.version, record.kind, record.name))
        .collect();
    tested.sort();
    assert_eq!(tested, stored());
}

#[test]
fn every_bundle_is_verified() {
    each(&BUNDLES, |record, folder| {
        let bundle = folder.join("bundle");
        record.laid_out(&bundle);
        let said = verify(&bundle)?;
        if cfg!(later_version) {
            for due in [
                "not asked MACHINE-LATER",
                "keymoot did not ask ",
                "the prose of report.html and report.md was not compared",
            ] {
                assert!(said.contains(due), "{}: {due}: {said}", record.name);
            }
        }
        Ok(())
    });
}

#[test]
fn the_verdict_says_that_the_prose_of_an_older_report_was_not_compared() {
    let is_heartbeat = |record: &Record| record.name == "6-heartbeat";
    let older: Vec<Record> = BUNDLES.into_iter().filter(is_heartbeat).collect();
    each(&older, |record, folder| {
        let bundle = folder.join("bundle");
        record.laid_out(&bundle);
        let mut command = keymoot();
        command.args(["verify", "--expect", "rehearsal-small", "--rehearsal"]);
        let said = ends_with(0, command.arg(&bundle))?;
        let due =
            "\nReport: the prose of report.html and report.md was not compared, only their facts";
        match said.contains(due) && !said.contains("newer than this program") {
            true => Ok(()),
            false => Err(said),
        }
    });
}

#[test]
fn the_report_of_every_bundle_is_rendered_again() {
    each(&BUNDLES, |record, folder| {
        let [bundle, file] = ["bundle", "report.html"].map(|name| folder.join(name));
        record.laid_out(&bundle);
        let mut command = keymoot();
        command.args(["report", "--rehearsal"]).arg(&bundle);
        command.arg("-o").arg(&file);
        ends_with(0, &mut command)?;
        let [made, recorded] =
            [file, bundle.join("report.html")].map(|path| fs::read(path).unwrap());
        let manifest = fs::read(bundle.join("MANIFEST.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        // The first revision is not written.
        let revision = manifest
            .get("derivation")
            .map_or(1, |of| of.as_u64().unwrap());
        // A change of the texts need not change every report.
        let same = made == recorded || u64::from(DERIVATION) != revision;
        assert!(same, "{} {}", record.version, record.name);
        Ok(())
    });
}

/// The annual signing that starts from a bundle.
fn next_ceremony(bundle: &Path, next: &Path) -> std::process::Command {
    let mut command = keymoot();
    command.args(["rehearse", "annual-resign", "--unattended", "--previous"]);
    command.arg(bundle).arg("--out").arg(next);
    command
}

#[test]
fn the_next_ceremony_starts_from_every_bundle_that_a_quorum_closed() {
    each(&BUNDLES, |record, folder| {
        let [bundle, next] = ["bundle", "next"].map(|name| folder.join(name));
        if record.is_of_a_lost_quorum() {
            return Ok(());
        }
        record.laid_out(&bundle);
        let mut command = next_ceremony(&bundle, &next);
        // Who left or was revoked in a ceremony is not in the roster of the next one.
        if ["3-onboard-member", "4-emergency-revocation"].contains(&record.name) {
            let roster = folder.join("roster.toml");
            let text = fs::read_to_string(bundle.join("roster.toml")).unwrap();
            fs::write(&roster, settled(&text)).unwrap();
            command.arg("--roster").arg(roster);
        }
        ends_with(0, &mut command)?;
        verify(&next).map(drop)
    });
}

/// A roster after its ceremony: without those who left and without the revoked keys.
fn settled(roster: &str) -> String {
    roster
        .replace("renews = true\n", "")
        .split("\n\n")
        .filter(|part| !part.starts_with("[[leaver]]") && !part.starts_with("[[revoke]]"))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[test]
fn no_ceremony_starts_from_a_bundle_that_fewer_than_the_quorum_closed() {
    let lost: Vec<Record> = BUNDLES
        .into_iter()
        .filter(Record::is_of_a_lost_quorum)
        .collect();
    each(&lost, |record, folder| {
        let [bundle, next] = ["bundle", "next"].map(|name| folder.join(name));
        record.laid_out(&bundle);
        let said = verify(&bundle)?;
        assert!(
            said.contains(
                "2 distinct keys of the root closed the bundle, fewer than the quorum of 3"
            ),
            "{said}"
        );
        let closed = "No ceremony starts from it: it says that the quorum is lost; closed by 2 of";
        assert!(said.contains(closed), "{said}");
        let said = ends_with(3, &mut next_ceremony(&bundle, &next))?;
        assert!(said.contains("BUNDLE-PREVIOUS"), "{said}");
        assert!(!next.with_file_name("next.ceremony").exists());
        Ok(())
    });
}

#[test]
fn every_bundle_is_exported_into_a_working_tree() {
    each(&BUNDLES, |record, folder| {
        let [bundle, tree] = ["bundle", "tree"].map(|name| folder.join(name));
        record.laid_out(&bundle);
        fs::create_dir(&tree).unwrap();
        let export = || {
            let mut command = keymoot();
            command.args(["export", "--rehearsal", "--dialect", record.dialect()]);
            command.arg(&bundle).arg("--into").arg(&tree);
            ends_with(0, &mut command)
        };
        export()?;
        let again = export()?;
        match again.contains("nothing was written") {
            true => Ok(()),
            false => Err(again),
        }
    });
}

#[test]
fn every_interrupted_ceremony_is_resumed_to_a_verified_bundle() {
    each(&INTERRUPTED, |record, folder| {
        let [ceremony, out] = ["ceremony", "bundle"].map(|name| folder.join(name));
        record.laid_out(&ceremony);
        resume(&ceremony, &out, 0)?;
        verify(&out).map(drop)
    });
}

/// The answer of the record's holder to a request, by this program.
fn answered(request: &Path, ceremony: &Path, answer: &Path) {
    let mut command = keymoot_then(ceremony);
    command.arg("answer").arg(request).arg("-o").arg(answer);
    command.args(["--as", "holder-3", "--rehearsal", "--unattended"]);
    command.args(["--expect", "rehearsal-small", "--devices"]);
    ends_with(0, command.arg(ceremony)).unwrap();
}

fn collected(ceremony: &Path, answer: &Path, code: i32) -> String {
    let mut command = keymoot_then(ceremony);
    ends_with(code, command.arg("collect").arg(ceremony).arg(answer)).unwrap()
}

#[test]
fn a_request_and_its_answer_are_read_and_collected() {
    let folder = tempfile::tempdir().unwrap();
    let [ceremony, again] = ["ceremony", "again.answer"].map(|name| folder.path().join(name));
    ASKED.laid_out(&ceremony);
    let [request, answer] = ["asked.request", "asked.answer"].map(|name| ASKED.beside(name));
    answered(&request, &ceremony, &again);
    collected(&ceremony, &answer, 0);
    let transcript = fs::read_to_string(ceremony.join("transcript.jsonl")).unwrap();
    assert!(transcript.contains(r#""kind":"answered""#), "{transcript}");
    let said = collected(&ceremony, &again, 3);
    assert!(said.contains("ANSWER-FORK"), "{said}");
}

#[test]
fn a_request_of_a_released_version_is_answered_by_this_one_and_the_ceremony_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let [ceremony, out] = ["ceremony", "bundle"].map(path);
    ASKED.laid_out(&ceremony);
    let first = path("first.answer");
    answered(&ASKED.beside("asked.request"), &ceremony, &first);
    collected(&ceremony, &first, 0);
    // The holders in the room sign and close.
    resume(&ceremony, &out, 0).unwrap();
    assert!(verify(&out).unwrap().contains("ANSWER-SIGNED"));
}

/// What a verifier demands of small rehearsals, with the scripts of a release.
fn with_released_scripts(folder: &Path) -> std::path::PathBuf {
    let text = include_str!("../../ceremony-scripts/expectations/rehearsal-small.toml");
    let released = text.replace("scripts = \"any\"", "scripts = \"released\"");
    assert_ne!(released, text);
    let path = folder.join("expectations.toml");
    fs::write(&path, released).unwrap();
    path
}

#[test]
fn the_script_of_every_bundle_has_the_structure_of_a_released_one() {
    each(&BUNDLES, |record, folder| {
        let bundle = folder.join("bundle");
        record.laid_out(&bundle);
        let mut command = keymoot();
        command.arg("verify").arg("--rehearsal").arg(&bundle);
        command.arg("--expect").arg(with_released_scripts(folder));
        ends_with(0, &mut command).map(drop)
    });
}
