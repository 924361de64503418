//! What must lie on the table before the ceremony begins: made from the steps of the
//! script and from the policy.

use super::{SHORT, line};
use crate::{
    ceremony::script::{Accepts, CheckedScript, Kind},
    rules::policy::Policy,
};
use keymoot_core::text::escape;

/// The inventory, as a list to be ticked.
pub(super) fn inventory(page: &mut String, script: &CheckedScript, policy: &Policy) {
    line(page, "## On the table\n");
    line(
        page,
        "Ticked by the administrator and by a witness before anybody else is let in.\n",
    );
    for thing in things(script, policy) {
        line(page, &format!("- [ ] {thing}"));
    }
    line(
        page,
        &format!("\nComplete at (UTC): {SHORT}  Initials: {SHORT} {SHORT}\n"),
    );
}

fn things(script: &CheckedScript, policy: &Policy) -> Vec<String> {
    let has = |kind: Kind| script.steps().any(|(_, step)| step.kind == kind);
    let scenario = script.script().scenario;
    let name = escape(&script.script().name);
    let (holders, threshold) = (policy.quorum.holders, policy.quorum.threshold);
    let firmware = &policy.device.minimum_firmware;
    let reads_a_clock = script
        .steps()
        .flat_map(|(_, step)| &step.fields)
        .any(|field| field.accepts == Accepts::Time);
    let mut things = vec![
        "The machine, in its sealed bag, with its power supply; no network, no swap; started with Secure Boot, or with `nohibernate` on the kernel's command line."
            .to_owned(),
        format!(
            "On it: `keymoot`, the script `{name}`, policy and roster. Their SHA-256 were published beforehand and are on paper here."
        ),
    ];
    if reads_a_clock {
        things.push("Two watches that agree, set to UTC.".to_owned());
    }
    if has(Kind::Load) {
        things.push(
            "The bundle of the last ceremony, on a disk that can only be read. From another source: the newest root that was published (`N.root.json`, for `--trusted-root`), and its digest in words on paper."
                .to_owned(),
        );
    }
    if scenario.revokes() {
        things.push(
            "The roster with a `[[revoke]]` for each key that is thrown out; if an online key goes, the policy with the new one."
                .to_owned(),
        );
    } else if scenario.changes_policy() {
        things.push(
            "The policy with what changes, and the one before it; the roster with those who come, and a `[[leaver]]` for each who leaves."
                .to_owned(),
        );
    } else if scenario.changes_people() {
        things.push(
            "The roster with those who come, a `[[leaver]]` for each who leaves, and `renews` for each who changes the device."
                .to_owned(),
        );
    }
    if scenario.brings_crates_root() {
        things.push(
            "The root of tuf-crates as its team gave it, with every version since the last one that was vouched for; its digest, which came on another way."
                .to_owned(),
        );
    }
    if has(Kind::Enroll) {
        let who = match scenario.has_previous() {
            false => format!("{holders} YubiKeys, one brought by each holder"),
            true => "A YubiKey for everybody who makes a key today".to_owned(),
        };
        things.push(format!(
            "{who}: firmware {firmware} or later, with nothing on the PIV application that is still needed."
        ));
    }
    if has(Kind::Enroll) {
        let least = &policy.device.yubihsm.minimum_firmware;
        things.push(format!(
            "For whoever keeps a YubiHSM 2 instead (`family = \"yubihsm\"` in the roster): the unit, firmware {least} or later, with nothing on it that is still needed; yubihsm-connector on this machine; and a password of 20 characters or more, drawn by lot beforehand, which is typed at every turn."
        ));
    }
    if has(Kind::EnrollSpares) {
        things.push(format!(
            "A second YubiKey for whoever wants a spare: firmware {firmware} or later."
        ));
    }
    if scenario.has_previous() {
        let who = match (has(Kind::Sign), scenario.wants_everybody()) {
            (_, true) => "of everybody who comes".to_owned(),
            _ => format!("of at least {threshold} holders"),
        };
        things.push(format!(
            "The enrolled devices {who}; each stays with its holder."
        ));
    }
    if scenario.revokes() {
        things.push("The spare devices of those whose keys are thrown out.".to_owned());
    }
    if scenario.changes_people() {
        things.push(
            "The old devices of those who leave or change them, as far as they work: they sign the new root once more."
                .to_owned(),
        );
    }
    if has(Kind::Enroll) || has(Kind::EnrollSpares) {
        things.push(
            "Paper and envelopes for those without an age recipient: PUK and management key are shown to them once."
                .to_owned(),
        );
    }
    things.extend(
        [
            "Two empty disks: one for the ceremony's folder, one for the bundle.",
            "A second machine with `keymoot`, to verify the bundle.",
            "Tamper-evident bags with their numbers, for the machine and for the devices; pens; this runbook for everybody.",
        ]
        .map(str::to_owned),
    );
    things
}
