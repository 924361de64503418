//! The outcome as the one JSON object that `docs/formats.md` describes.

use keymoot_attestation::{Family, Origin, Specifics};
use keymoot_core::Violation;
use keymoot_core::digest::Digest;
use keymoot_core::text::escape;
use serde::Serialize;

use super::examine::{Facts, Outcome};
use crate::say;

/// The object of `--json`; `docs/formats.md` describes it.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    #[serde(flatten)]
    outcome: ReportOutcome<'a>,
}

#[derive(Serialize)]
struct ReportFacts<'a> {
    device: ReportDevice,
    key: ReportKey,
    key_compared: bool,
    vendor: ReportVendor,
    chain: Vec<ReportLink<'a>>,
    advisories: Vec<ReportAdvisory>,
}

#[derive(Serialize)]
struct ReportDevice {
    family: &'static str,
    serial: Option<u32>,
    firmware: String,
    form_factor: Option<String>,
    fips: bool,
    cspn: bool,
}

#[derive(Serialize)]
struct ReportKey {
    algorithm: String,
    spki_sha256: String,
    origin: String,
    exportable: bool,
    #[serde(flatten)]
    place: ReportPlace,
}

/// The facts that only devices of one family state about a key.
#[derive(Serialize)]
#[serde(untagged)]
enum ReportPlace {
    YubiKey {
        slot: String,
        pin_policy: String,
        touch_policy: String,
    },
    YubiHsm {
        object_id: u16,
        label: String,
        domains: Vec<u32>,
        capabilities: Vec<String>,
    },
}

#[derive(Serialize)]
struct ReportVendor {
    name: String,
    compiled_in: bool,
}

#[derive(Serialize)]
struct ReportLink<'a> {
    subject: &'a str,
    role: &'a str,
    sha256: String,
}

#[derive(Serialize)]
struct ReportAdvisory {
    id: &'static str,
    effect: &'static str,
}

#[derive(Serialize)]
struct ReportViolation<'a> {
    rule: &'static str,
    what: &'a str,
    next: &'a str,
}

/// The object of `--json` for a folder; `docs/formats.md` describes it.
#[derive(Serialize)]
struct FolderReport<'a> {
    format: &'static str,
    proven: bool,
    evidence: Vec<FolderEntry<'a>>,
    /// Of `--vendor-dir`: no evidence was read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<ReportViolation<'a>>,
}

#[derive(Serialize)]
struct FolderEntry<'a> {
    path: String,
    #[serde(flatten)]
    outcome: ReportOutcome<'a>,
}

#[derive(Serialize)]
struct ReportOutcome<'a> {
    proven: bool,
    #[serde(flatten)]
    facts: Option<ReportFacts<'a>>,
    violations: Vec<ReportViolation<'a>>,
}

impl<'a> From<&'a Outcome> for ReportOutcome<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let violations = outcome.as_ref().err().into_iter().flatten();
        Self {
            proven: outcome.is_ok(),
            facts: outcome.as_ref().ok().map(report_facts),
            violations: violations.map(ReportViolation::from).collect(),
        }
    }
}

impl<'a> From<&'a Violation> for ReportViolation<'a> {
    fn from(violation: &'a Violation) -> Self {
        Self {
            rule: violation.rule.id(),
            what: &violation.what,
            next: &violation.next,
        }
    }
}

/// Prints the outcome for each attestation in a folder, by its path; or why the store of the vendor's
/// keys is refused.
pub(super) fn print_folder(found: &[(String, Outcome)], store: &[Violation]) {
    let evidence = found.iter().map(|(path, outcome)| FolderEntry {
        path: escape(path),
        outcome: outcome.into(),
    });
    let report = FolderReport {
        format: "keymoot-attest-folder/1",
        proven: store.is_empty() && found.iter().all(|(_, outcome)| outcome.is_ok()),
        evidence: evidence.collect(),
        violations: store.iter().map(ReportViolation::from).collect(),
    };
    say!("{}", crate::json::printed(&report));
}

/// Prints the outcome, good or bad, to standard output.
pub(super) fn print(outcome: &Outcome) {
    let report = Report {
        format: "keymoot-attest/1",
        outcome: outcome.into(),
    };
    say!("{}", crate::json::printed(&report));
}

fn report_facts(facts: &Facts) -> ReportFacts<'_> {
    let proven = &facts.attestation;
    let (form_factor, cspn, origin, place) = match proven.specifics() {
        Specifics::YubiKey(stated) => (
            stated.form_factor.map(|form| form.to_string()),
            stated.cspn,
            // A YubiKey attests no other keys.
            Origin::GENERATED,
            ReportPlace::YubiKey {
                slot: stated.slot.to_string(),
                pin_policy: stated.pin_policy.to_string(),
                touch_policy: stated.touch_policy.to_string(),
            },
        ),
        Specifics::YubiHsm(stated) => (
            None,
            false,
            stated.origin,
            ReportPlace::YubiHsm {
                object_id: stated.object,
                label: escape(&stated.label),
                domains: stated.domains.numbers().collect(),
                capabilities: stated.capabilities.names().collect(),
            },
        ),
    };
    ReportFacts {
        device: ReportDevice {
            family: match proven.family() {
                Family::YubiKey => "yubikey",
                Family::YubiHsm => "yubihsm",
            },
            serial: proven.serial(),
            firmware: proven.firmware().to_string(),
            form_factor,
            fips: proven.fips(),
            cspn,
        },
        key: ReportKey {
            algorithm: proven.algorithm().to_string(),
            spki_sha256: Digest::of(proven.spki()).to_string(),
            origin: origin.to_string(),
            exportable: proven.exportable(),
            place,
        },
        key_compared: facts.key_compared,
        vendor: ReportVendor {
            name: escape(facts.store.name()),
            compiled_in: facts.store.is_compiled_in(),
        },
        chain: proven
            .chain()
            .iter()
            .map(|link| ReportLink {
                subject: &link.subject,
                role: &link.role,
                sha256: link.sha256.to_string(),
            })
            .collect(),
        advisories: proven
            .advisories()
            .into_iter()
            .map(|advisory| ReportAdvisory {
                id: advisory.id,
                effect: advisory.effect,
            })
            .collect(),
    }
}
