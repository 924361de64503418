//! Work under way, or something that a person must do with a device.

use crossterm::event::KeyEvent;

use super::whose_turn::purpose_in_words;
use crate::{
    driver::Work,
    tui::{
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
        upcoming::unsigned,
    },
};
use keymoot_attestation::Family;
use keymoot_core::{digest::Digest, text::escape};
use keymoot_record::ceremony::turn::Stage;

/// About how long a YubiKey waits for a touch before it gives up, in seconds.
const TOUCH: u64 = 15;

/// The screen before the driver's first request.
pub(in crate::tui) struct Starting;

impl Screen for Starting {
    fn page(&self, page: &mut Page, _: &Sight<'_>) {
        page.headline("The transcript is opened.");
    }

    fn key(&mut self, _: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        None
    }
}

/// The screen of work, with how long it has taken.
pub(in crate::tui) struct WorkScreen {
    work: Work,
    since: u64,
}

impl WorkScreen {
    /// The screen of work that began at `since`, in seconds of [`Sight::up`].
    pub(crate) fn new(work: Work, since: u64) -> Self {
        Self { work, since }
    }
}

impl Screen for WorkScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match &self.work {
            Work::Insert {
                holder,
                serial,
                family,
                seen,
            } => {
                page.who(&sight.person(holder));
                page.headline(&match serial {
                    Some(serial) => format!("Insert your device, {family} {serial}."),
                    None => match family {
                        Family::YubiKey => "Insert your device.".to_owned(),
                        Family::YubiHsm => format!("Insert your {family}."),
                    },
                });
                page.gap();
                page.text(&match sight.errand {
                    None => format!("You have come to {}.", purpose_in_words(sight.state())),
                    Some(_) => "It is the one whose key the repository names for you.".to_owned(),
                });
                page.text("Exactly one device may be plugged in.");
                if let Some(seen) = seen {
                    page.gap();
                    page.alarm(seen, None);
                }
                let key = page.names().plug;
                hands(page, sight, key, "inserts it");
                // Nothing says which of the simulated devices is the holder's.
                if sight.room && sight.errand.is_some() {
                    let pick = page.names().pick;
                    page.item(
                        "",
                        &format!("{pick} take another device in hand."),
                        page.sheet.quiet(),
                    );
                }
            }
            Work::Remove { holder } => {
                page.who(&sight.person(holder));
                match other_device(sight) {
                    Some(serial) => {
                        page.headline("Take this device out, then insert your other one.");
                        page.gap();
                        page.text(&format!(
                            "Device {serial} signs the rest, in the same turn."
                        ));
                    }
                    None if is_set_aside(sight) => {
                        page.headline("Take this device out, then insert the right one.");
                        page.gap();
                        page.text("keymoot does not use it. Give it back to its holder.");
                    }
                    None => {
                        page.headline("Take your device out.");
                        page.gap();
                        if sight.errand.is_some_and(|errand| errand.written) {
                            page.text("Your signatures and your receipt are written. When the device is out, keymoot prints the git commands that are left.");
                        }
                        page.text("Keep it with you, or put it back into its bag.");
                    }
                }
                let key = page.names().plug;
                hands(page, sight, key, "unplugs it");
            }
            Work::Touch {
                holder,
                serial,
                allows,
            } => {
                page.who(&sight.person(holder));
                page.headline("Touch the metal contact of your device now.");
                page.gap();
                page.text(&format!(
                    "YubiKey {serial} blinks and waits. The touch allows {}.",
                    escape(&allows.what)
                ));
                for reason in reasons(sight, &allows.digest) {
                    page.item("* ", &reason, page.sheet.notice());
                }
                if let Some(others) = others(sight) {
                    page.text(&format!("It blinks again for {others}: a touch each."));
                }
                page.text(&format!("SHA-256 of {}:", escape(&allows.of)));
                page.words(&allows.digest);
                page.text(&format!(
                    "Without a touch in {TOUCH} seconds, it signs nothing."
                ));
                let key = page.names().touch;
                hands(page, sight, key, "touches it");
            }
            Work::Busy { doing } => {
                page.who("Nobody needs to do anything");
                page.headline(&format!("Wait: {}.", escape(doing)));
                page.gap();
                if sight.state().is_some_and(|state| state.turn.is_some()) {
                    page.text("Leave the device as it is.");
                }
            }
        }
        let way_on = match self.work {
            Work::Busy { .. } => String::new(),
            _ => format!(". {}: other options", page.names().ways_key),
        };
        let elapsed = sight.up.saturating_sub(self.since);
        let clock = |seconds: u64| format!("{}:{:02}", seconds / 60, seconds % 60);
        let wait = match self.work {
            Work::Busy { .. } => format!("at work {}", clock(elapsed)),
            Work::Touch { .. } => {
                format!("{} left to touch it", clock(TOUCH.saturating_sub(elapsed)))
            }
            _ => format!("waiting {}", clock(elapsed)),
        };
        page.bottom.push(ratatui::text::Line::styled(
            wait + &way_on,
            page.sheet.notice(),
        ));
    }

    fn key(&mut self, _: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        None
    }
}

/// The roster's reasons for the document with this digest.
fn reasons(sight: &Sight<'_>, digest: &Digest) -> Vec<String> {
    let Some(state) = sight.state() else {
        return Vec::new();
    };
    let mut documents = state.documents.iter();
    let signed = documents.find(|(_, proposal)| proposal.signed == *digest);
    let reasons = signed.map(|(document, _)| state.reasons(*document));
    reasons.unwrap_or_default()
}

/// The documents that the device signs after this one.
fn others(sight: &Sight<'_>) -> Option<String> {
    let left = unsigned(sight.state()?);
    let others: Vec<_> = left
        .iter()
        .skip(1)
        .map(|document| document.name())
        .collect();
    (!others.is_empty()).then(|| others.join(" and "))
}

/// The device that the holder at the table signs with after the one that is in.
fn other_device(sight: &Sight<'_>) -> Option<u32> {
    let state = sight.state()?;
    state.turn.as_ref().filter(|t| t.stage == Stage::Exchange)?;
    state.awaited_at_table().first().copied()
}

/// Whether the device that is in was refused, or is not the holder's: another follows in this turn.
fn is_set_aside(sight: &Sight<'_>) -> bool {
    if let Some(errand) = sight.errand {
        return !errand.written;
    }
    let turn = sight.state().and_then(|state| state.turn.as_ref());
    turn.is_some_and(|turn| turn.stage == Stage::Insert)
}

/// Which keys of a rehearsal do what the screen asks for.
fn hands(page: &mut Page, sight: &Sight<'_>, key: &str, does: &str) {
    if sight.room {
        page.gap();
        page.item(
            "",
            &format!("In this rehearsal, {key} {does}."),
            page.sheet.quiet(),
        );
    }
}
