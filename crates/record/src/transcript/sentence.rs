//! Events in sentences, for people: on a projector, in a report, in a log.

use super::{Event, Handed, Program};
use crate::handle::Handle;
use keymoot_core::text::escape;

impl Event {
    /// The event in one sentence. Safe to show.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Opened {
                mode,
                ceremony,
                program,
                ..
            } => {
                format!(
                    "opened as {} {ceremony} with {}",
                    mode.name(),
                    program.sentence()
                )
            }
            Self::Resumed {
                cut,
                program,
                another,
                settings,
            } => format!(
                "resumed with {}{}{}{}",
                if *another { "ANOTHER PROGRAM: " } else { "" },
                program.sentence(),
                match cut {
                    0 => String::new(),
                    cut => format!("; a torn last line of {cut} bytes was cut off"),
                },
                match settings {
                    None => "",
                    Some(_) => "; the administrator changed settings of the ceremony",
                }
            ),
            Self::PlanRead { part, digest } => format!(
                "the digest of the {} was read: {}",
                part.name(),
                digest.short_words()
            ),
            Self::Amended {
                policy,
                roster,
                reason,
                ..
            } => {
                let files: Vec<_> = [("roster", roster), ("policy", policy)]
                    .into_iter()
                    .filter(|(_, file)| file.is_some())
                    .map(|(name, _)| name)
                    .collect();
                format!(
                    "THE PLAN WAS AMENDED ({}): {}",
                    files.join(" and "),
                    escape(reason)
                )
            }
            Self::StepBegun { step } => format!("step {} begins", escape(step)),
            Self::StepDone { step } => format!("step {} is done", escape(step)),
            Self::MachineChecked { verdicts } => {
                format!("the machine was checked: {}", tally(verdicts))
            }
            Self::Loaded { verdicts } => {
                format!("the previous state was verified: {}", tally(verdicts))
            }
            Self::NewestRootCompared { version, words, .. } => format!(
                "the newest root, version {version}, was compared by its words: {}",
                escape(words)
            ),
            Self::DeviceExchanged { holder, serial } => {
                format!("{holder} takes device {serial} out and continues with another")
            }
            Self::Proved { holder, serial, .. } => {
                format!("{holder}: the key in device {serial} signed its presence proof")
            }
            Self::Confirmed { step, fields } => {
                let typed: Vec<_> = fields
                    .iter()
                    .map(|(id, text)| format!("{}: {}", escape(id), escape(text)))
                    .collect();
                match typed.is_empty() {
                    true => format!("{} was confirmed", escape(step)),
                    false => format!("{} was confirmed: {}", escape(step), typed.join(", ")),
                }
            }
            Self::RollCalled {
                present,
                witnesses,
                apart,
            } => {
                let away = match apart.len() {
                    0 => String::new(),
                    1 => "; 1 takes part apart".to_owned(),
                    away => format!("; {away} take part apart"),
                };
                let holders = match present.len() {
                    1 => "1 holder".to_owned(),
                    holders => format!("{holders} holders"),
                };
                let (witnesses, are) = match (witnesses.len(), present.len()) {
                    (0, 1) => (String::new(), "is"),
                    (0, _) => (String::new(), "are"),
                    (1, _) => (" and 1 witness".to_owned(), "are"),
                    (n, _) => (format!(" and {n} witnesses"), "are"),
                };
                format!("{holders}{witnesses} {are} present{away}")
            }
            Self::EndedWithout { cause, reason } => {
                format!(
                    "the ceremony ends without its purpose, {cause}: {}",
                    escape(reason)
                )
            }
            Self::Arrived { person } => format!("{} arrives", person.name()),
            Self::Departed { person } => format!("{} departs", person.name()),
            Self::Requested {
                request,
                to,
                until,
                by,
            } => format!(
                "request {} goes to {}{}{}",
                request.short_words(),
                Handle::list(to),
                if by.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", escape(by))
                },
                until.map_or_else(String::new, |until| format!("; answers are due at {until}"))
            ),
            Self::Withdrawn { request, why } => {
                format!(
                    "request {} is withdrawn: {}",
                    request.short_words(),
                    escape(why)
                )
            }
            Self::Answered {
                holder,
                branch,
                late,
                ..
            } => format!(
                "{holder} answered apart{}, in {} lines",
                if *late { ", late" } else { "" },
                branch.entries().len()
            ),
            Self::Declined { holder, why, .. } => format!(
                "{holder} declines, by a file that nobody signed: {}",
                escape(why)
            ),
            Self::AnswerBegun {
                holder,
                request,
                program,
                expected,
                trusted_root,
            } => format!(
                "{holder} begins to answer request {} with {}, as strong as {} expects{}",
                request.short_words(),
                program.sentence(),
                escape(expected),
                match trusted_root {
                    Some(root) => format!(", from root {}", root.short_words()),
                    None => String::new(),
                }
            ),
            Self::RequestRead {
                holder,
                request,
                compared,
            } => format!(
                "{holder} read request {}; {}",
                request.short_words(),
                match compared.is_empty() {
                    true => "nobody compared its words over a second channel".to_owned(),
                    false => format!("its words were compared by {}", escape(compared)),
                }
            ),
            Self::AnswerAnnounced { holder, serial } => {
                format!("device {serial} is about to sign the answer of {}", holder)
            }
            Self::AnswerSigned { holder, serial, .. } => {
                format!("{holder}: the key in device {serial} signed the answer")
            }
            Self::TurnBegun { holder } => format!("{holder} comes to the table"),
            Self::TurnEnded {
                holder,
                unfinished: None,
            } => format!("{holder} goes back"),
            Self::TurnEnded {
                holder,
                unfinished: Some(why),
            } => {
                format!("{holder} goes back, unfinished: {}", escape(why))
            }
            Self::DeviceSeen {
                holder,
                serial,
                family,
                firmware,
                used,
                verdicts,
                ..
            } => format!(
                "{holder} inserts {family} {serial}, firmware {}{}: {}",
                escape(firmware),
                if *used { ", used before" } else { "" },
                tally(verdicts)
            ),
            Self::DeviceConfirmed { holder, serial } => {
                format!("{holder} read {serial} from its case")
            }
            Self::DeviceSetAside { holder, serial } => {
                format!("{holder} takes device {serial} out for another")
            }
            Self::ResetAnnounced { serial, .. } => {
                format!("device {serial} is about to be reset, which erases its keys")
            }
            Self::ResetDone { serial, .. } => format!("device {serial} was reset"),
            Self::EscrowKept {
                holder,
                serial,
                sealed,
            } => format!(
                // The event does not name the family.
                "PUK and management key, or the passwords, of device {serial} were {}",
                match sealed {
                    Some(_) => format!("sealed to {holder}"),
                    None => format!("given to {holder} alone"),
                }
            ),
            Self::EscrowHanded {
                holder,
                serial,
                how,
            } => format!(
                "{holder} has the sealed file of device {serial}, {}",
                match how {
                    Handed::Stick => "in a folder that was named as the holder's own medium",
                    Handed::Taken => "as a copy that the holder took",
                }
            ),
            Self::Provisioned { serial, .. } => {
                format!(
                    "device {serial} has its own secrets, and no secret from the factory opens it"
                )
            }
            Self::GenerateAnnounced { serial, .. } => {
                format!("device {serial} is about to generate its key")
            }
            Self::KeyGenerated {
                serial,
                adopted: false,
                ..
            } => {
                format!("device {serial} generated its key")
            }
            Self::KeyGenerated {
                serial,
                adopted: true,
                ..
            } => {
                format!("the key found on device {serial} was adopted")
            }
            Self::KeyFound { serial, .. } => {
                // After an interruption, or where the holder brought a key: the event is the same.
                format!("device {serial} holds a key already")
            }
            Self::KeyMissing { serial, .. } => format!("device {serial} holds no key"),
            Self::Attested {
                serial, verdicts, ..
            } => {
                format!(
                    "the attestation of device {serial} was verified: {}",
                    tally(verdicts)
                )
            }
            Self::StatementAnnounced { holder, serial } => {
                format!(
                    "device {serial} is about to sign that {} holds its key",
                    holder
                )
            }
            Self::Enrolled {
                holder,
                serial,
                formerly: Some(formerly),
                ..
            } => format!(
                "{holder}, formerly {}, is enrolled with the same key in device {serial}",
                formerly
            ),
            Self::Enrolled { holder, serial, .. } => {
                format!("{holder} is enrolled with device {serial}")
            }
            Self::Proposed {
                document,
                signed,
                verdicts,
                ..
            } => format!(
                "{} was written, digest {}: {}",
                document.name(),
                signed.short_words(),
                tally(verdicts)
            ),
            Self::Reviewed { document, signed } => {
                format!(
                    "{} was read, digest {}",
                    document.name(),
                    signed.short_words()
                )
            }
            Self::SignAnnounced {
                holder,
                serial,
                document,
                ..
            } => {
                format!(
                    "device {serial} is about to sign {} for {}",
                    document.name(),
                    holder
                )
            }
            Self::Signed {
                holder, document, ..
            } => {
                format!("{holder} signed {}", document.name())
            }
            Self::LogRead {
                serial, verdicts, ..
            } => format!(
                "the audit log of device {serial} was read and compared with the commands: {}",
                tally(verdicts)
            ),
            Self::Enough { step } => format!("{} ends with its present signatures", escape(step)),
            Self::Verified { verdicts } => {
                format!("the signed documents were verified: {}", tally(verdicts))
            }
            Self::Sealed { .. } => "the transcript of the bundle is sealed".to_owned(),
            Self::ManifestMade { manifest } => {
                format!("the manifest was made, digest {}", manifest.short_words())
            }
            Self::CloseAnnounced { holder, serial } => {
                format!(
                    "device {serial} is about to sign the manifest for {}",
                    holder
                )
            }
            Self::Closed { holder, .. } => format!("{holder} signed the manifest"),
            Self::Exported { .. } => "the bundle was written and read back".to_owned(),
            Self::PinUnblocked { holder, serial } => {
                format!("{holder} unblocks the PIN of device {serial}")
            }
            Self::Mishap { holder, what, .. } => {
                format!("device error in {}'s turn: {}", holder, escape(what))
            }
            Self::Note { text } => format!("note: {}", escape(text)),
            Self::Exception {
                expected,
                happened,
                decided,
            } => format!(
                "exception: expected {}; happened {}; decided {}",
                escape(expected),
                escape(happened),
                escape(decided)
            ),
            Self::Left {} => "left, to be resumed".to_owned(),
        }
    }
}

impl Program {
    /// Its name and version, and the beginning of its digest in words. Safe to show.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "{}, digest {}",
            escape(&self.name),
            self.sha256.short_words()
        )
    }
}

/// How many rules passed, and which did not.
fn tally(verdicts: &[keymoot_core::Verdict]) -> String {
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|v| v.is_violated())
        .map(|v| escape(v.rule.id()))
        .collect();
    match violated.is_empty() {
        true => format!("no rule violated of {}", verdicts.len()),
        false => format!("violated {}", violated.join(", ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Event;
    use crate::rules::roster::Handle;

    #[test]
    fn the_sentence_of_a_roll_call_counts_one_holder_and_one_witness_as_one() {
        let said = |present: usize, witnesses: usize, apart: usize| {
            let handles = |count: usize| -> Vec<Handle> {
                let names = (1..=count).map(|number| format!("holder-{number}"));
                names.filter_map(|name| name.try_into().ok()).collect()
            };
            let roll_called = Event::RollCalled {
                present: handles(present),
                witnesses: vec!["a witness".to_owned(); witnesses],
                apart: handles(apart),
            };
            roll_called.sentence()
        };
        assert_eq!(said(1, 0, 0), "1 holder is present");
        assert_eq!(said(9, 0, 0), "9 holders are present");
        assert_eq!(
            said(1, 1, 1),
            "1 holder and 1 witness are present; 1 takes part apart"
        );
        assert_eq!(
            said(3, 2, 2),
            "3 holders and 2 witnesses are present; 2 take part apart"
        );
        assert_eq!(said(0, 1, 0), "0 holders and 1 witness are present");
    }

    #[test]
    fn the_sentence_of_a_found_key_claims_no_interruption() {
        // The device of a holder who brings a key has the same event.
        let found = Event::KeyFound {
            holder: Handle::try_from("holder-3".to_owned()).unwrap(),
            serial: 12_838_521,
            spki: vec![0],
        };
        assert_eq!(found.sentence(), "device 12838521 holds a key already");
    }

    #[test]
    fn the_sentence_of_an_exception_keeps_its_parts_apart() {
        let exception = Event::Exception {
            expected: "nine devices".to_owned(),
            happened: "eight devices".to_owned(),
            decided: "holder-9 goes last".to_owned(),
        };
        assert_eq!(
            exception.sentence(),
            "exception: expected nine devices; happened eight devices; decided holder-9 goes last"
        );
    }
}
