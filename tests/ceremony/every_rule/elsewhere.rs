//! Rules that no forged bundle of a rehearsal violates alone, and the tests that violate them.

use std::{fs, path::Path};

use keymoot_core::Rule;

/// A rule that no forged bundle of a rehearsal violates alone.
pub(super) struct Elsewhere {
    pub(super) why: &'static str,
    /// The file of the test that fails without the rule.
    pub(super) test: &'static str,
}

/// The transcript of a rehearsal's bundle does not show it: why, and where it is tested.
pub(super) fn elsewhere(rule: Rule) -> Option<Elsewhere> {
    const LIVE: &str = "a rehearsal is not asked";
    const NEVER: &str = "it has something to tell and is never violated";
    const CERTIFICATE: &str = "it needs a certificate that the simulated vendor issues for no key";
    let (why, test) = match rule {
        Rule::MachineExamined | Rule::MachineResumed => return None,
        Rule::MachineWatch => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::TranscriptExpected => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::PlanLive => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::RosterRecipient => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::TranscriptSettings => (
            "of a live ceremony's folder",
            "test-vendor/tests/live/settings.rs",
        ),
        Rule::TranscriptProgram => (NEVER, "tests/ceremony/program.rs"),
        Rule::BundleAccount => (NEVER, "tests/ceremony/revisions.rs"),
        Rule::QuorumPresent => (
            "TRANSCRIPT-REPLAY refuses a step that ends without its quorum",
            "tests/screens/occasions.rs",
        ),
        Rule::BundlePrevious => (
            "a ceremony does not start from such a bundle, and what it left is not in the next",
            "tests/golden/main.rs",
        ),
        Rule::BundleFork => ("of two bundles", "tests/ceremony/administrators.rs"),
        Rule::DeviceDistinct | Rule::DeviceEnrolled => (
            "the device is gone; KEY-DISTINCT and the signatures say the same",
            "tests/screens/mishaps.rs",
        ),
        Rule::DeviceOrigin | Rule::DeviceExportable => (CERTIFICATE, "tests/attest/yubihsm.rs"),
        Rule::DeviceAudit => (CERTIFICATE, "tests/device/yubihsm/audit.rs"),
        Rule::DeviceConsistent | Rule::DeviceValidity => (CERTIFICATE, "tests/attest/shapes.rs"),
        Rule::DeviceSlot
        | Rule::DevicePin
        | Rule::DeviceTouch
        | Rule::DeviceRights
        | Rule::KeyAlgorithm => (CERTIFICATE, "tests/attest/rules.rs"),
        Rule::RequestRead | Rule::AnswerRead => (
            "of files that holders apart exchange",
            "tests/ceremony/every_byte.rs",
        ),
        Rule::RequestAsked => (APART, "tests/ceremony/apart/requests.rs"),
        Rule::RequestDerived => (APART, "tests/ceremony/apart/occasions.rs"),
        Rule::EventUnchanged => (EVENT, "tests/ceremony/signing_event/by_hand.rs"),
        Rule::EventLayout => (EVENT, "tests/ceremony/signing_event/refused/checkouts.rs"),
        Rule::EventClients => (EVENT, "tests/ceremony/signing_event/refused/roots.rs"),
        Rule::EventKeys | Rule::EventSignatures | Rule::EventOwed => {
            (EVENT, "tests/ceremony/signing_event/refused/keys.rs")
        }
        rule => match rule.family() {
            "MACHINE" => (
                "the machine is gone; MACHINE-EXAMINED believes the record",
                "crates/record/src/rules/machine/tests.rs",
            ),
            "ANSWER" => (APART, "tests/ceremony/apart/answers.rs"),
            "EVENT" => (EVENT, "tests/ceremony/signing_event/refused/changes.rs"),
            "RECEIPT" => (EVENT, "tests/ceremony/signing_event/mod.rs"),
            "WITNESS" => ("of files beside a bundle", "tests/ceremony/witness.rs"),
            "AUDIT" => (
                "of published repositories and mirrors",
                "tests/tuf_verify/audit.rs",
            ),
            "EXPORT" => ("of a working tree", "tests/ceremony/export.rs"),
            "TREE" => ("of a published repository", "tests/ceremony/tree.rs"),
            "EXPECTATIONS" => (
                "of the verifier's own file",
                "crates/record/src/expectation/mod.rs",
            ),
            _ => return None,
        },
    };
    Some(Elsewhere { why, test })
}

const APART: &str = "of turns away from the table";
const EVENT: &str = "of other tools' repositories";

/// Whether tests in this file name the rule: by its id, or by its variant.
pub(super) fn is_tested(rule: Rule, file: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    // Beside the code, the tests are what follows the name of their module.
    let tests = match file.contains("/src/") && !file.ends_with("/tests.rs") {
        true => text
            .split_once("mod tests {")
            .map_or("", |(_, tests)| tests),
        false => &text,
    };
    [rule.id().to_owned(), format!("Rule::{rule:?}")]
        .iter()
        .any(|name| {
            let mut places = tests.match_indices(name.as_str());
            places.any(|(place, _)| {
                let next = tests[place + name.len()..].chars().next();
                next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
            })
        })
}
