//! The operator of an unattended rehearsal: answers every question from a plan and
//! prints what happens.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::hands::{Device, Hands};
use crate::{
    device::{self, Cancel, ErrorKind},
    driver::{
        Errand, EventPage, HandOver, Interrupt, Operator, PinPrompt, Remedy, Reply, Takes, Trouble,
        View, Work,
    },
    host::secret::Secret,
};
use keymoot_attestation::Family;
use keymoot_record::{
    ceremony::{
        Answer, Question, Refusal,
        question::{ADOPT, CONFIRM, ENOUGH, ERASE, PRESENT, last_four, reading_words},
        script::{Accepts, YES},
        turn::Purpose,
    },
    rules::roster::{Handle, Holder},
};
use keymoot_verify::{complain, say};

/// How often the same error is retried before the rehearsal is left.
const PATIENCE: u32 = 3;

/// The operator: a plan and the simulated user.
#[derive(Debug)]
pub struct Unattended {
    hands: Hands,
    seed: u64,
    spares: usize,
    /// The handles of the holders who take part apart.
    apart: Vec<String>,
    /// The handles of the holders who do not come.
    absent: Vec<String>,
    view: Option<View>,
    printed: u64,
    troubles: u32,
    /// Whether the turn is outside of a ceremony: then the owner of each device is unknown.
    errand: bool,
    /// The device that was tried last in such a turn, by its number.
    tried: usize,
}

impl Unattended {
    /// Takes over the devices; every device that waits to be touched is touched. The
    /// first `spares` holders make a key in a second device, where the script asks.
    ///
    /// # Errors
    /// Why the simulator cannot be reached.
    pub fn new(hands: Hands, mut finger: Hands, seed: u64, spares: usize) -> std::io::Result<Self> {
        hands.watch(move |happening| {
            if happening.event == "touch-awaited" {
                // A device that is gone meanwhile needs no touch.
                let _ = finger.touch(happening.device);
            }
        })?;
        Ok(Self {
            hands,
            seed,
            spares,
            apart: Vec::new(),
            absent: Vec::new(),
            view: None,
            printed: 0,
            troubles: 0,
            errand: false,
            tried: 0,
        })
    }

    /// The same, with these holders apart, and these who do not come, by handle.
    #[must_use]
    pub fn with_apart(self, apart: Vec<String>, absent: Vec<String>) -> Self {
        Self {
            apart,
            absent,
            ..self
        }
    }

    /// The number of the device that a holder plugs in. It is one that the holder has enrolled and
    /// that is awaited. Where a key is to be made, it is one that nobody has and that the roster lets
    /// the holder bring, the seat's own before others.
    fn device_of(&mut self, holder: &Handle) -> Option<usize> {
        if self.errand {
            self.tried += 1;
            return Some(self.tried);
        }
        let state = std::sync::Arc::clone(&self.view.as_ref()?.state);
        let place = state.seats.iter().position(|seat| seat.handle == *holder)?;
        let seat = state.seats.get(place)?;
        let purpose = state.turn.as_ref()?.purpose;
        let at_hand = state.turn.as_ref()?.device.as_ref().map(|seen| seen.serial);
        let awaited = match (at_hand, purpose) {
            (Some(serial), _) => vec![serial],
            (None, purpose) => state.awaited_devices(seat, purpose),
        };
        let devices = self.hands.devices().ok()?;
        let listed = state.plan.roster.holder(holder);
        let family = listed.map(|holder| holder.family).unwrap_or_default();
        let is_free = |device: &&Device| device.family == family && state.is_free(device.serial);
        let roster = &state.plan.roster;
        let brings = |device: &&Device| is_free(device) && roster.brings(holder, device.serial);
        let found = match awaited.first() {
            Some(serial) => devices.iter().find(|device| device.serial == *serial),
            None => {
                let own = devices.iter().find(|device| device.number == place + 1);
                // Holders apart do not see what the others take: each takes another one.
                let awaited = state.apart.as_ref().map(|_| state.awaited_apart(purpose));
                let nth = awaited.and_then(|all| {
                    let lists = |other: &&Handle| roster.holder(other).is_some_and(lists_devices);
                    let mut choosing = all.iter().filter(|other| !lists(other));
                    choosing.position(|other| other == holder)
                });
                let mut free = devices.iter().filter(brings);
                own.filter(brings)
                    .or_else(|| free.nth(nth.unwrap_or_default()))
                    .or_else(|| devices.iter().find(brings))
                    .or_else(|| devices.iter().find(is_free))
            }
        };
        found.map(|device| device.number)
    }

    /// Who comes next: a holder who is awaited; for a spare, one whom the plan names.
    fn next_holder(&self, purpose: Purpose, waiting: &[Handle]) -> Option<Handle> {
        if purpose != Purpose::Spare {
            return waiting.first().cloned();
        }
        let state = &self.view.as_ref()?.state;
        let has_none = |handle: &&Handle| state.seat(handle).is_some_and(|s| s.spares.is_empty());
        let has_another = |handle: &&Handle| {
            let listed = state
                .plan
                .roster
                .holder(handle)
                .filter(|h| lists_devices(h));
            listed.is_none_or(|holder| holder.devices.iter().any(|n| state.is_free(*n)))
        };
        let mut first = waiting.iter().take(self.spares);
        first
            .find(|handle| has_none(handle) && has_another(handle))
            .cloned()
    }

    /// Whether there is a device that was not tried yet in a turn outside of a ceremony.
    fn errand_goes_on(&mut self) -> bool {
        let devices = self.hands.devices().map_or(0, |devices| devices.len());
        self.errand && self.tried < devices
    }

    /// The name under which a simulated holder chose the PIN: an account may be renamed since.
    fn first_name(&self, holder: &Handle) -> Handle {
        let state = self.view.as_ref().map(|view| &view.state);
        let formerly = state.and_then(|state| {
            let renamed = state.seat(holder).and_then(|seat| seat.formerly());
            let published = state.plan.previous()?.enrolments().iter();
            // Only one of a holder's enrolments says it: that of the key from before.
            let mut own = published.filter(|p| p.handle == *holder);
            let of_before = || own.find_map(|p| p.formerly.as_ref());
            renamed.or_else(of_before).cloned()
        });
        formerly.unwrap_or_else(|| holder.clone())
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let fields = self.view.as_ref().map(|view| view.state.asked_fields());
        let typed = |accepts| match accepts {
            Accepts::Text | Accepts::DeviceBags => "unattended rehearsal",
            Accepts::EachHolder => YES,
            Accepts::Digits => "0",
            Accepts::Time => "00:00",
            Accepts::ValueOfTheDay => "simulated: no public value",
        };
        fields
            .into_iter()
            .flatten()
            .map(|field| (field.id, typed(field.accepts).to_owned()))
            .collect()
    }

    fn give_up(&mut self, why: &str) -> Interrupt {
        complain!("unattended: {}", keymoot_core::text::escape(why));
        Interrupt::Leave
    }
}

impl Operator for Unattended {
    fn show(&mut self, view: &View) {
        if let Some(entry) = view.last.as_ref().filter(|_| view.entries > self.printed) {
            self.printed = view.entries;
            let line = format!("{:>4}  {}  {}", entry.seq, entry.time, entry.sentence());
            say!("{line}");
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
                let named = |names: &[String], handle: &Handle| {
                    names.iter().any(|name| name == handle.as_str())
                };
                let all = seats.into_iter().map(|seat| seat.handle);
                let all = all.filter(|handle| !named(&self.absent, handle));
                let (apart, holders) = all.partition(|handle| named(&self.apart, handle));
                let roster = self.view.as_ref().map(|view| &view.state.plan.roster);
                let witnesses = roster.map(|roster| roster.witnesses.as_slice());
                Answer::Present {
                    holders,
                    apart,
                    witnesses: witnesses
                        .unwrap_or_default()
                        .iter()
                        .map(|witness| witness.name.clone())
                        .collect(),
                    word: PRESENT.to_owned(),
                }
            }
            Question::WhoseTurn {
                purpose,
                waiting,
                can_stop,
            } => match self.next_holder(*purpose, waiting) {
                Some(holder) => Answer::Begin(holder),
                None if *can_stop => Answer::Typed(ENOUGH.to_owned()),
                None => {
                    return Err(self
                        .give_up("nobody can come, and the step still needs signatures or keys"));
                }
            },
            Question::IsThisYours { device, .. } => Answer::Typed(last_four(device.serial)),
            Question::MayErase { .. } => Answer::Typed(ERASE.to_owned()),
            Question::AdoptOrReplace { .. } => Answer::Typed(ADOPT.to_owned()),
            Question::HaveYouReadPlan { digest, .. } => Answer::Typed(reading_words(digest)),
            Question::HaveYouRead { signed, .. } => Answer::Typed(reading_words(signed)),
            Question::NewestRoot { root, .. } => Answer::Typed(reading_words(root)),
            Question::ReadRequest { request, .. } => {
                Answer::Typed(format!("{} rehearsal", reading_words(request)))
            }
            Question::DeviceRefused { violated, .. } | Question::Violations { violated } => {
                for verdict in violated {
                    complain!(
                        "{}: {}\n  help: {}",
                        verdict.rule,
                        verdict.detail,
                        verdict.next
                    );
                }
                // A reply may have been garbled on the way: plug the device in again.
                self.troubles += 1;
                if matches!(question, Question::DeviceRefused { another: true, .. })
                    && (self.troubles <= PATIENCE || self.errand_goes_on())
                {
                    return Ok(Answer::Another);
                }
                return Err(self.give_up("a rule is violated, and nobody is here to fix its cause"));
            }
        })
    }

    fn pin(&mut self, prompt: &PinPrompt) -> Reply<Secret> {
        match &prompt.refused {
            Some(refused) => Err(self.give_up(refused)),
            None => {
                let chosen_by = self.first_name(&prompt.holder);
                Ok(match prompt.family {
                    Family::YubiKey => pin(self.seed, &chosen_by),
                    Family::YubiHsm => password(self.seed, &chosen_by),
                })
            }
        }
    }

    fn show_once(&mut self, _: &Handle, _: u32, _: &Secret, _: &Secret) -> Reply<()> {
        // Nobody is here to read them, and nobody will need them.
        Ok(())
    }

    fn hand_over(&mut self, _: &HandOver) -> Reply<Takes> {
        Ok(Takes::Copy)
    }

    fn working(&mut self, work: &Work, cancel: Option<&Cancel>) {
        if let Work::Insert {
            seen: Some(seen), ..
        } = work
        {
            complain!("unattended: {}", keymoot_core::text::escape(seen));
        }
        let moved = match work {
            Work::Insert {
                holder, seen: None, ..
            } => {
                let device = self.device_of(holder);
                self.hands.leave_only(device)
            }
            // The wrong device is there. Take it out; then
            // the wait for the holder's device begins again.
            Work::Insert { .. } | Work::Remove { .. } => self.hands.leave_only(None),
            Work::Touch { .. } | Work::Busy { .. } => Ok(()),
        };
        if let (Err(error), Some(cancel)) = (moved, cancel) {
            complain!("unattended: the simulated devices cannot be moved: {error}");
            cancel.cancel();
        }
    }

    fn errand(&mut self, errand: &Errand) {
        self.errand = true;
        say!("{}; next: {}", errand.line, errand.next);
    }

    fn read(&mut self, page: &EventPage) -> Reply<()> {
        let lines = match page {
            EventPage::Document(reading, above) => {
                above.iter().chain(&reading.changes).cloned().collect()
            }
            EventPage::Device(about) => {
                let attested = about
                    .attested
                    .iter()
                    .map(|verdict| format!("{}: {}", verdict.rule, verdict.detail));
                attested
                    .chain(about.touches.iter().cloned())
                    .collect::<Vec<_>>()
            }
        };
        say!("{}", lines.join("\n"));
        Ok(())
    }

    fn interrupted(&mut self) -> Interrupt {
        Interrupt::Leave
    }

    fn trouble(&mut self, trouble: &Trouble) -> Reply<Remedy> {
        let error = &trouble.error;
        complain!("{error}\n  help: {}", error.next());
        self.troubles += 1;
        if self.troubles > PATIENCE {
            return Err(self.give_up(&error.to_string()));
        }
        if error.kind == ErrorKind::Used(None)
            && let Some(device) = self.device_of(&trouble.holder)
            && let Err(error) = self.hands.reset_by_hand(device)
        {
            return Err(self.give_up(&error.to_string()));
        }
        Ok(Remedy::Again)
    }
}

/// Whether the roster lists the devices of a holder, so that the holder can bring no other.
fn lists_devices(holder: &Holder) -> bool {
    !holder.devices.is_empty()
}

/// The password of a simulated holder's YubiHSM 2: 24 digits made likewise.
#[must_use]
pub fn password(seed: u64, holder: &Handle) -> Secret {
    let digest = Sha256::digest(format!("keymoot rehearsal password {seed} {holder}"));
    let digits: String = digest
        .iter()
        .take(device::yubihsm::PASSWORD_LENGTH)
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    Secret::of(digits.as_bytes())
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
