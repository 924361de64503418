//! The operator of an unattended rehearsal: answers every question from a plan and
//! prints what happens.

use std::{collections::BTreeMap, io::Write as _};

use sha2::{Digest as _, Sha256};

use super::hands::Hands;
use crate::{
    ceremony::{
        Answer, Question, Refusal,
        question::{ADOPT, CONFIRM, ERASE, PRESENT, last_four, reading_words},
        script::Accepts,
    },
    device::{self, Cancel},
    driver::{Interrupt, Operator, PinPrompt, Reply, Trouble, View, Work},
    host::secret::Secret,
    rules::roster::Handle,
};

/// How often the same trouble is tried again before the rehearsal is left.
const PATIENCE: u32 = 3;

/// Nobody: a plan and two simulated hands.
#[derive(Debug)]
pub struct Unattended {
    hands: Hands,
    seed: u64,
    view: Option<View>,
    printed: u64,
    troubles: u32,
}

impl Unattended {
    /// Takes over the devices; every device that waits to be touched is touched.
    ///
    /// # Errors
    /// What kept the simulator from being reached.
    pub fn new(hands: Hands, control: &std::path::Path, seed: u64) -> std::io::Result<Self> {
        let mut finger = Hands::reach(control)?;
        hands.watch(move |happening| {
            if happening.event == "touch-awaited" {
                // A device that is gone meanwhile needs no touch.
                let _ = finger.touch(happening.device);
            }
        })?;
        Ok(Self {
            hands,
            seed,
            view: None,
            printed: 0,
            troubles: 0,
        })
    }

    /// The number of a holder's device: the number of the seat.
    fn device_of(&self, holder: &Handle) -> Option<usize> {
        let seats = &self.view.as_ref()?.state.seats;
        seats
            .iter()
            .position(|seat| seat.handle == *holder)
            .map(|place| place + 1)
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let step = self.view.as_ref().and_then(|view| view.state.current());
        let fields = step.map(|step| step.fields.as_slice()).unwrap_or_default();
        let typed = |accepts| match accepts {
            Accepts::Text => "unattended rehearsal",
            Accepts::Digits => "0",
            Accepts::Time => "00:00",
        };
        fields
            .iter()
            .map(|field| (field.id.clone(), typed(field.accepts).to_owned()))
            .collect()
    }

    fn give_up(&mut self, why: &str) -> Interrupt {
        eprintln!("unattended: {}", crate::text::escape(why));
        Interrupt::Leave
    }
}

impl Operator for Unattended {
    fn show(&mut self, view: &View) {
        if let Some(entry) = view.last.as_ref().filter(|_| view.entries > self.printed) {
            self.printed = view.entries;
            let line = format!(
                "{:>4}  {}  {}",
                entry.seq,
                entry.time,
                entry.event.sentence()
            );
            // A reader that is gone does not stop the ceremony.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
        self.view = Some(view.clone());
    }

    fn ask(&mut self, question: &Question, refused: Option<&Refusal>) -> Reply<Answer> {
        if let Some(refusal) = refused {
            return Err(self.give_up(&refusal.0));
        }
        Ok(match question {
            Question::Confirm => Answer::Confirm {
                word: CONFIRM.to_owned(),
                fields: self.fields(),
            },
            Question::RollCall => {
                let seats = self
                    .view
                    .as_ref()
                    .map(|view| view.state.seats.clone())
                    .unwrap_or_default();
                let holders = seats.into_iter().map(|seat| seat.handle).collect();
                Answer::Present {
                    holders,
                    word: PRESENT.to_owned(),
                }
            }
            Question::WhoseTurn { waiting, .. } => match waiting.first() {
                Some(holder) => Answer::Begin(holder.clone()),
                None => {
                    return Err(
                        self.give_up("nobody can come, and the step has not got what it needs")
                    );
                }
            },
            Question::IsThisYours { device, .. } => Answer::Typed(last_four(device.serial)),
            Question::MayErase { .. } => Answer::Typed(ERASE.to_owned()),
            Question::AdoptOrReplace { .. } => Answer::Typed(ADOPT.to_owned()),
            Question::HaveYouRead { signed, .. } => Answer::Typed(reading_words(signed)),
            Question::DeviceRefused { violated, .. } | Question::Violations { violated } => {
                for verdict in violated {
                    eprintln!(
                        "{}: {}\n  next: {}",
                        verdict.rule, verdict.detail, verdict.next
                    );
                }
                return Err(
                    self.give_up("a rule is violated, and nobody is here to mend its cause")
                );
            }
        })
    }

    fn pin(&mut self, prompt: &PinPrompt) -> Reply<Secret> {
        match &prompt.refused {
            Some(refused) => Err(self.give_up(refused)),
            None => Ok(pin(self.seed, &prompt.holder)),
        }
    }

    fn show_once(&mut self, _: &Handle, _: u32, _: &Secret, _: &Secret) -> Reply<()> {
        // Nobody is here to read them, and nobody will need them.
        Ok(())
    }

    fn working(&mut self, work: &Work, cancel: Option<&Cancel>) {
        let moved = match work {
            Work::Insert { holder, seen, .. } => {
                let device = self.device_of(holder);
                // What cannot be read or is one too many is taken out first, and
                // the holder's device plugged in anew.
                let out = seen
                    .as_ref()
                    .map_or(Ok(()), |_| self.hands.leave_only(None));
                out.and_then(|()| self.hands.leave_only(device))
            }
            Work::Remove { .. } => self.hands.leave_only(None),
            Work::Touch { .. } | Work::Busy { .. } => Ok(()),
        };
        if let (Err(error), Some(cancel)) = (moved, cancel) {
            eprintln!("unattended: the simulated devices cannot be moved: {error}");
            cancel.cancel();
        }
    }

    fn interrupted(&mut self) -> Interrupt {
        Interrupt::Leave
    }

    fn trouble(&mut self, trouble: &Trouble) -> Reply<()> {
        self.troubles += 1;
        if self.troubles > PATIENCE {
            return Err(self.give_up(&trouble.what));
        }
        Ok(())
    }
}

/// The PIN of a simulated holder: eight digits made from the seed and the handle,
/// the first of them that a holder would be allowed to choose.
#[must_use]
pub fn pin(seed: u64, holder: &Handle) -> Secret {
    let candidates = (0_u32..).map(|attempt| {
        let digest = Sha256::digest(format!("keymoot rehearsal PIN {seed} {holder} {attempt}"));
        let digits: String = digest
            .iter()
            .take(8)
            .map(|byte| char::from(b'0' + byte % 10))
            .collect();
        Secret::of(digits.as_bytes())
    });
    candidates
        .into_iter()
        .find(|candidate| device::check_new_pin(candidate).is_ok())
        .unwrap_or_else(|| Secret::of(b""))
}
