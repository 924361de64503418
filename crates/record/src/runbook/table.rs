//! The inventory of the table, made from the steps of the script and from the policy.

use super::lines::{SHORT, line};
use crate::{
    ceremony::script::{Accepts, CheckedScript, Kind},
    rules::policy::Policy,
};
use keymoot_core::text::escape;

/// The inventory, as a list to tick off.
pub(super) fn inventory(page: &mut String, script: &CheckedScript, policy: &Policy) {
    line(page, "## On the table\n");
    line(
        page,
        "The administrator and a witness tick each line before the others come in.\n",
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
    let asks_for = |what: Accepts| {
        let fields = script.steps().flat_map(|(_, step)| &step.fields);
        fields.into_iter().any(|field| field.accepts == what)
    };
    let mut things = vec![
        "The machine in its sealed bag, and its power supply: no network, no swap, Secure Boot on (or `nohibernate` on the kernel's command line)."
            .to_owned(),
        format!(
            "On it: `keymoot`, the script `{name}`, policy and roster. Their SHA-256 were published before, and they are here on paper."
        ),
    ];
    if asks_for(Accepts::Time) {
        things.push("Two watches that agree, set to UTC.".to_owned());
    }
    if asks_for(Accepts::ValueOfTheDay) {
        things.push(
            "On paper, a public value of today with its source, which a witness brings: the number and first 16 digits of a randomness beacon's newest pulse, or a headline."
                .to_owned(),
        );
    }
    if has(Kind::Load) {
        things.push(
            "The bundle of the last ceremony, on a read-only disk. From another source: the newest published root (`N.root.json`, for `--trusted-root`), and its digest in words on paper."
                .to_owned(),
        );
    }
    if scenario.revokes() {
        things.push(
            "The roster with a `[[revoke]]` for each revoked key. If an online key changes: the policy with the new one."
                .to_owned(),
        );
    } else if scenario.changes_policy() {
        things.push(
            "The new policy and the old one. The roster with the new holders, a `[[leaver]]` for each holder who leaves, and a `[[renamed]]` for each account that has another name."
                .to_owned(),
        );
    } else if scenario.changes_people() {
        things.push(
            "The roster with the new holders, a `[[leaver]]` for each holder who leaves, and `renews` for each holder with a new device."
                .to_owned(),
        );
    }
    if scenario.brings_crates_root() {
        things.push(
            "The new root of tuf-crates from its team, and every version since the last one that the quorum signed. From another source: its digest."
                .to_owned(),
        );
    }
    if has(Kind::Enroll) {
        let who = match scenario.has_previous() {
            false => format!("{holders} YubiKeys, one brought by each holder"),
            true => "A YubiKey for each holder who makes a key today".to_owned(),
        };
        things.push(format!(
            "{who}: firmware {firmware} or later. The ceremony erases its PIV application."
        ));
    }
    if has(Kind::Enroll) {
        let least = &policy.device.yubihsm.minimum_firmware;
        things.push(format!(
            "For each holder with a YubiHSM 2 instead (`family = \"yubihsm\"` in the roster): the device, firmware {least} or later, which the ceremony erases; yubihsm-connector on this machine; and a random password of 20 characters or more. The holder types it at every turn."
        ));
    }
    if has(Kind::Enroll) && policy.device.adopt.is_some() {
        things.push(
            "For a holder who brings a key that was made before: the YubiKey with it in slot 9c, and its PIN. PIN, PUK and management key are no longer the factory's. Nothing is erased; the holder types `adopt`."
                .to_owned(),
        );
    }
    if has(Kind::EnrollSpares) {
        things.push(format!(
            "A second YubiKey for each holder who wants a spare: firmware {firmware} or later."
        ));
    }
    if scenario.has_previous() {
        let who = match (has(Kind::Sign), scenario.wants_everybody()) {
            (_, true) => "of every holder who comes".to_owned(),
            _ => format!("of at least {threshold} holders"),
        };
        things.push(format!(
            "The enrolled devices {who}. Each device stays with its holder."
        ));
    }
    if scenario.revokes() {
        things.push("The spare devices of the holders whose keys are revoked.".to_owned());
    }
    if scenario.changes_people() {
        things.push(
            "The old devices of holders who leave or change their device, if they still work. They sign the new root once more."
                .to_owned(),
        );
    }
    if has(Kind::Enroll) || has(Kind::EnrollSpares) {
        things.push(
            "Paper and envelopes for holders without an age recipient. The program displays PUK and management key to them once."
                .to_owned(),
        );
    }
    things.extend(
        [
            "Two empty disks: one for the ceremony's folder, one for the bundle.",
            "A second machine with `keymoot`, to verify the bundle.",
            "Tamper-evident bags with their numbers, for the machine and for the devices. Pens. This runbook for everyone.",
        ]
        .map(str::to_owned),
    );
    things
}
