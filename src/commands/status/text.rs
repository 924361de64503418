//! A status in words.

use std::{collections::BTreeMap, fmt::Write as _};

use keymoot_core::text::escape;
use keymoot_record::ceremony::status::{DeviceStatus, HolderStatus, REPEATED, Status};

/// The whole page. Writing to a String cannot fail, here and below.
pub(super) fn page(status: &Status) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "tuf-root, root version {}, as of {}{}",
        status.quorum.root_version,
        status.at,
        match status.rehearsal {
            true => "\nThis is a REHEARSAL: do not trust anything in it.",
            false => "",
        }
    );
    documents(&mut page, status);
    held_back(&mut page, status);
    quorum(&mut page, status);
    for holder in &status.holders {
        let _ = writeln!(page, "  {}", one_holder(holder, status));
    }
    untested(&mut page, status);
    firmware(&mut page, status);
    revoked(&mut page, status);
    let _ = writeln!(page, "\nNext: {}", status.next.sentence);
    if let Some(script) = status.next.script {
        let _ = writeln!(page, "      keymoot script runbook {script}");
    }
    page
}

fn documents(page: &mut String, status: &Status) {
    let _ = writeln!(page, "\nDocuments");
    for document in &status.documents {
        let left = match (document.expired, document.signing_begun) {
            (true, _) => "EXPIRED".to_owned(),
            (false, true) => format!("{} days left: sign it now", document.days_left),
            (false, false) => match &document.signing_begins {
                Some(begins) => format!("{} days left, sign it from {begins}", document.days_left),
                None => format!("{} days left", document.days_left),
            },
        };
        let _ = writeln!(
            page,
            "  {:<15} version {:<4} expires {}  {left}",
            escape(&document.name),
            document.version,
            document.expires
        );
        if let Some(why) = &document.refused {
            let _ = writeln!(page, "    CLIENTS REFUSE IT: {why}");
        }
    }
    for unread in &status.unread {
        let (name, why) = (escape(&unread.name), &unread.refused);
        let _ = writeln!(page, "  {name:<15} CLIENTS REFUSE IT: {why}");
    }
    for name in &status.missing {
        let name = escape(name);
        let _ = writeln!(
            page,
            "  {name:<15} MISSING: clients refuse a repository without it"
        );
    }
}

/// How long a stolen online key works on clients that get no new root.
fn held_back(page: &mut String, status: &Status) {
    if let Some(until) = &status.held_back_until {
        let _ = writeln!(
            page,
            "  If the online key is stolen, a thief who withholds the next root can hold clients back until {until}."
        );
    }
}

fn quorum(page: &mut String, status: &Status) {
    let quorum = status.quorum;
    let _ = write!(
        page,
        "\nThe quorum\n  {} keys, of which {} must sign; {} can still sign: ",
        quorum.keys, quorum.threshold, quorum.can_sign
    );
    let _ = match quorum.survives_losses {
        _ if status.declared_lost => {
            writeln!(page, "this bundle says that THE QUORUM IS LOST.")
        }
        lost if lost < 0 => writeln!(page, "THE QUORUM IS LOST."),
        0 => writeln!(page, "no key may be lost."),
        1 => writeln!(page, "one key may be lost."),
        losses => writeln!(page, "{losses} keys may be lost."),
    };
    if !quorum.enrolments_published {
        let _ = writeln!(
            page,
            "  No enrolment is published here: nothing proves that these keys are in devices."
        );
    }
    let _ = writeln!(page, "\nHolders");
}

fn one_holder(holder: &HolderStatus, status: &Status) -> String {
    let mut line = format!("{:<20}", escape(&holder.holder));
    let _ = match &holder.device {
        Some(device) => write!(line, " {} {}", device.family, device.serial),
        None if status.quorum.enrolments_published => write!(line, " no enrolment is published"),
        None => write!(line, " key {}", holder.key.short_words()),
    };
    let _ = match holder.last_signed {
        Some(version) => write!(line, ", last signed root version {version}"),
        None => write!(line, ", has signed no root"),
    };
    if holder.revoked {
        line.push_str(", REVOKED");
    }
    if holder.absences >= REPEATED {
        let _ = write!(line, ", absent from the last {} signings", holder.absences);
    }
    if holder.pin_blocked {
        line.push_str(", PIN BLOCKED");
    }
    let spares: Vec<_> = holder.spares.iter().map(|d| d.serial.to_string()).collect();
    if !spares.is_empty() {
        let _ = write!(line, ", spare: {}", spares.join(", "));
    }
    line
}

/// The holders without a tested way to the PUK, by reason.
fn untested(page: &mut String, status: &Status) {
    let mut by_reason = BTreeMap::<&str, Vec<String>>::new();
    for (holder, why) in &status.untested {
        by_reason.entry(why).or_default().push(escape(holder));
    }
    if by_reason.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "\nUntested recoveries: a blocked PIN may end these keys"
    );
    for (why, holders) in by_reason {
        let _ = writeln!(page, "  {}: {why}", holders.join(", "));
    }
}

/// Devices by their firmware, the oldest first, with the advisories about it.
fn firmware(page: &mut String, status: &Status) {
    let mut by_firmware = BTreeMap::<&str, Vec<(&HolderStatus, &DeviceStatus)>>::new();
    for holder in &status.holders {
        for device in holder.device.iter().chain(&holder.spares) {
            let same = by_firmware.entry(&device.firmware).or_default();
            same.push((holder, device));
        }
    }
    if by_firmware.is_empty() {
        return;
    }
    let _ = writeln!(page, "\nDevices by firmware");
    for (firmware, devices) in by_firmware {
        let names: Vec<_> = devices
            .iter()
            .map(|(holder, device)| format!("{} {}", escape(&holder.holder), device.serial))
            .collect();
        let _ = writeln!(page, "  {}: {}", escape(firmware), names.join(", "));
        if devices.iter().any(|(_, device)| device.below_policy) {
            let _ = writeln!(page, "    older than the policy allows");
        }
        let mut advisories: Vec<_> = devices
            .iter()
            .flat_map(|(_, device)| &device.advisories)
            .collect();
        advisories.sort_by_key(|advisory| advisory.id);
        advisories.dedup();
        for advisory in advisories {
            let _ = writeln!(page, "    {}: {}", advisory.id, advisory.effect);
        }
        if !devices.iter().all(|(_, device)| device.proven) {
            let why = match status.rehearsal {
                true => "the vendor of the devices is simulated: nothing of it is proven",
                false => {
                    "as the holders stated it: some devices lack the vendor's certificates, so not all of it is proven"
                }
            };
            let _ = writeln!(page, "    {why}");
        }
    }
}

fn revoked(page: &mut String, status: &Status) {
    let _ = writeln!(page, "\nRevoked keys");
    if status.revoked.is_empty() {
        let _ = writeln!(page, "  none");
    }
    for key in &status.revoked {
        let _ = writeln!(
            page,
            "  {} device {}: {}",
            key.handle,
            key.serial,
            escape(&key.reason)
        );
    }
}
