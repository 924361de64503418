//! A made-up ceremony, event by event.

use std::{collections::BTreeMap, sync::Arc};

use p256::{SecretKey, pkcs8::EncodePublicKey as _};

use crate::{
    device::{DeviceError, ErrorKind, Operation, PinDemands, Serial, Who},
    driver::{Asked, HandOver, PinPrompt, Reading, View},
};
use keymoot_attestation::Family;
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{Next, Plan, PlanFiles, Question, State, script::Document},
    rules::roster::{Handle, Recipient},
    transcript::{Chain, Event, Mode, PlanPart, Program, Time},
};
use keymoot_tuf::KeyId;

pub(super) const SCRIPT: &str = include_str!("story.toml");

fn policy() -> String {
    let online = SecretKey::from_slice(&[7; 32]).unwrap().public_key();
    let pem = online
        .to_public_key_pem(p256::pkcs8::LineEnding::LF)
        .unwrap();
    format!(
        r#"
format = "keymoot-policy-1"
dialect = "tuf-on-ci"
clock_margin_minutes = 60
quorum = {{ holders = 9, threshold = 5 }}
roster = {{ per_employer = 3, per_country = 3 }}
device = {{ minimum_firmware = "5.7.0" }}
root = {{ expiry_days = 455, signing_days = 90 }}
targets = {{ expiry_days = 455, signing_days = 90 }}
[online]
uri = "simulated:"
public_key = '''{pem}'''
snapshot = {{ expiry_days = 21, signing_days = 7 }}
timestamp = {{ expiry_days = 7, signing_days = 3 }}
"#
    )
}

/// A recipient of age for which nobody has the identity.
pub(super) fn recipient() -> Recipient {
    let text = "age1g6cmzvj5jznxgd6ua863ja9w3ynmr5g5pwvhrwycq504t9aheyusccews2";
    Recipient::try_from(text.to_owned()).unwrap()
}

/// The third holder's sealed file.
pub(super) fn hand_over() -> HandOver {
    HandOver {
        holder: handle(3),
        serial: serial(3),
        family: Family::YubiKey,
        file: "escrow/holder-3.age".to_owned(),
        sealed: [0; 40].into(),
        refused: None,
    }
}

/// Nine plainly simulated holders.
pub(super) fn roster() -> String {
    let mut roster =
        "format = \"keymoot-roster-1\"\nadministrator = \"administrator-1\"\n".to_owned();
    for number in 1..=9 {
        let name = format!("Holder {number}");
        roster.push_str(&format!(
            "[[holder]]\nhandle = \"holder-{number}\"\nname = \"{name}\"\nemployer = \"none\"\ncountry = \"X{}\"\n",
            char::from(b'A' + number)
        ));
    }
    roster
}

/// What a device asks its holder.
pub(super) fn prompt(holder: u32, asked: Asked) -> PinPrompt {
    PinPrompt {
        holder: handle(holder),
        serial: serial(holder),
        family: Family::YubiKey,
        asked,
        sealed_to: None,
        demands: PinDemands::default(),
        refused: None,
    }
}

/// A ceremony, up to the last event that a test added.
pub(super) struct Story {
    chain: Chain,
    pub state: State,
    pub readings: Vec<Reading>,
    pub due: Option<Time>,
}

/// The time at which every story begins.
pub(super) fn now() -> Time {
    Time::from_unix(1_790_000_000).unwrap()
}

impl Story {
    /// The opening, and the digests that were read.
    pub(super) fn opened() -> Self {
        Self::of(SCRIPT.to_owned(), roster())
    }

    /// The opening alone, of another script and roster.
    pub(super) fn of(script: String, roster: String) -> Self {
        Self::opened_as(Mode::Rehearsal, script, roster)
    }

    fn opened_as(mode: Mode, script: String, roster: String) -> Self {
        let mut story = Self::at_digests(mode, script, roster);
        for part in PlanPart::ALL {
            let digest = story.state.digest_of(part).unwrap();
            story.tell(Event::PlanRead { part, digest });
        }
        story
    }

    /// The opening, before anybody has read a digest.
    pub(super) fn at_digests(mode: Mode, script: String, roster: String) -> Self {
        let files = PlanFiles {
            script,
            policy: policy(),
            roster,
            inputs: Default::default(),
        };
        let [script, policy, roster] = files.digests();
        let plan = Plan::check(files).unwrap();
        let mut story = Self {
            chain: Chain::default(),
            state: State::new(Arc::new(plan)),
            readings: Vec::new(),
            due: None,
        };
        story.tell(Event::Opened {
            format: keymoot_record::transcript::format_name(),
            ceremony: "0123456789abcdef0123456789abcdef".to_owned(),
            mode,
            program: Box::new(Program {
                name: "keymoot 0.1.0".to_owned(),
                sha256: Digest::of(b"the program"),
                sbom: Digest::of(b"what it is made of"),
            }),
            script,
            policy,
            roster,
            inputs: Default::default(),
            settings: None,
            bags: Default::default(),
            verdicts: Vec::new(),
        });
        story
    }

    /// Records an event, and what follows from it by itself.
    pub(super) fn tell(&mut self, event: Event) -> &mut Self {
        self.tell_alone(event).follow()
    }

    /// Up to the roll call.
    pub(super) fn at_roll_call() -> Self {
        let mut story = Self::at_confirm();
        let fields = BTreeMap::from([
            ("bag".to_owned(), "A 1234".to_owned()),
            ("clock".to_owned(), "09:30".to_owned()),
        ]);
        story.tell(Event::Confirmed {
            step: "room".to_owned(),
            fields,
        });
        story
    }

    /// Up to the first step that is confirmed.
    pub(super) fn at_confirm() -> Self {
        Self::at_confirm_as(Mode::Rehearsal)
    }

    /// The same, of a ceremony that counts or of one that does not.
    pub(super) fn at_confirm_as(mode: Mode) -> Self {
        let mut story = Self::opened_as(mode, SCRIPT.to_owned(), roster());
        story.tell(Event::MachineChecked {
            verdicts: Vec::new(),
        });
        story
    }

    /// Up to the first holder's turn.
    pub(super) fn at_enrolment() -> Self {
        let mut story = Self::at_roll_call();
        let present = (1..=9).map(handle).collect();
        story.tell(Event::RollCalled {
            present,
            witnesses: Vec::new(),
            apart: Vec::new(),
        });
        story
    }

    /// A holder's device, fresh or used, was read.
    pub(super) fn device_seen(&mut self, number: u32, used: bool) -> &mut Self {
        let holder = handle(number);
        self.tell(Event::TurnBegun {
            holder: holder.clone(),
        });
        self.tell(Event::DeviceSeen {
            holder,
            serial: serial(number),
            family: Family::YubiKey,
            firmware: "5.7.4".to_owned(),
            used,
            state: None,
            verdicts: Vec::new(),
        })
    }

    /// A holder enrols.
    pub(super) fn enrolled(&mut self, number: u32) -> &mut Self {
        let (holder, serial) = (handle(number), serial(number));
        let digest = Digest::of(&number.to_be_bytes());
        self.makes_a_key(number);
        for event in [
            Event::KeyGenerated {
                holder: holder.clone(),
                serial,
                spki: number.to_be_bytes().to_vec(),
                adopted: false,
            },
            Event::Attested {
                holder: holder.clone(),
                serial,
                attestation: digest,
                device: digest,
                verdicts: Vec::new(),
            },
            Event::StatementAnnounced {
                holder: holder.clone(),
                serial,
            },
            Event::Enrolled {
                holder: holder.clone(),
                serial,
                statement: digest,
                formerly: None,
            },
            Event::TurnEnded {
                holder,
                unfinished: None,
            },
        ] {
            self.tell_alone(event);
        }
        self.follow()
    }

    /// A holder's device was interrupted while it made its key, and holds one.
    pub(super) fn with_key_found(number: u32) -> Self {
        let mut story = Self::at_enrolment();
        story.makes_a_key(number).tell_alone(Event::KeyFound {
            holder: handle(number),
            serial: serial(number),
            spki: vec![0],
        });
        story
    }

    /// A holder's device is set up and begins to make its key. After each of these
    /// nothing follows by itself but a reset after an interruption, of which there
    /// was none.
    fn makes_a_key(&mut self, number: u32) -> &mut Self {
        let (holder, serial) = (handle(number), serial(number));
        self.device_seen(number, false);
        for event in [
            Event::DeviceConfirmed {
                holder: holder.clone(),
                serial,
            },
            Event::ResetAnnounced {
                holder: holder.clone(),
                serial,
            },
            Event::ResetDone {
                holder: holder.clone(),
                serial,
            },
            Event::EscrowKept {
                holder: holder.clone(),
                serial,
                sealed: None,
            },
            Event::Provisioned {
                holder: holder.clone(),
                serial,
                tries: None,
                verdicts: Vec::new(),
            },
            Event::GenerateAnnounced { holder, serial },
        ] {
            self.tell_alone(event);
        }
        self
    }

    fn tell_alone(&mut self, event: Event) -> &mut Self {
        let time = Time::from_unix(1_790_000_000 + 20 * self.chain.entries().len() as i64);
        let entry = self.chain.next(event, time.unwrap()).unwrap();
        self.state = self.state.after(&entry).unwrap();
        self.chain.push(entry).unwrap();
        self
    }

    fn follow(&mut self) -> &mut Self {
        if let Next::Record(event) = self.state.next() {
            self.tell(event);
        }
        self
    }

    /// Up to the review of a document with so many lines.
    pub(super) fn at_review(lines: usize) -> Self {
        let mut story = Self::at_enrolment();
        for number in 1..=9 {
            story.enrolled(number);
        }
        let signed = Digest::of(b"root");
        story.tell(Event::Proposed {
            document: Document::Root,
            file: signed,
            signed,
            made: Time::from_unix(1_790_000_000).unwrap(),
            verdicts: Vec::new(),
        });
        story.readings = vec![Reading {
            name: "root.json".to_owned(),
            version: 1,
            signed,
            reasons: Vec::new(),
            changes: vec![
                "This is the first root: version 1.".to_owned(),
                "Nine holders may sign the root; five of them must.".to_owned(),
            ],
            lines: (1..=lines).map(|n| format!("  \"line\": {n},")).collect(),
        }];
        story
    }

    /// Up to the signatures, of which so many are made.
    pub(super) fn at_signing(signatures: u32) -> Self {
        let mut story = Self::at_review(3);
        let signed = Digest::of(b"root");
        story.tell(Event::Reviewed {
            document: Document::Root,
            signed,
        });
        for number in 1..=signatures {
            let (holder, serial) = (handle(number), serial(number));
            story.device_seen(number, false);
            story.tell(Event::SignAnnounced {
                holder: holder.clone(),
                serial,
                document: Document::Root,
                signed,
            });
            story.tell(Event::Signed {
                holder: holder.clone(),
                serial,
                document: Document::Root,
                signed,
                keyid: KeyId::new("00"),
                signature: vec![0],
            });
            story.tell(Event::TurnEnded {
                holder,
                unfinished: None,
            });
        }
        story
    }

    /// All that there is to see.
    pub(super) fn view(&self) -> View {
        View {
            state: Arc::new(self.state.clone()),
            head: self.chain.head(),
            entries: self.chain.entries().len() as u64,
            last: self.chain.entries().last().cloned(),
            readings: self.readings.clone().into(),
            due: self.due,
        }
    }

    /// The transcript, as it is on the disk.
    pub(super) fn transcript(&self) -> Vec<u8> {
        self.chain.bytes_through(u64::MAX)
    }

    /// The question that the engine asks now.
    pub(super) fn question(&self) -> Question {
        match self.state.next() {
            Next::Ask(question) => question,
            other => panic!("no question comes next but {other:?}"),
        }
    }
}

/// The serial number of a holder's simulated device.
pub(super) fn serial(number: u32) -> u32 {
    17_380_000 + number * 1_111
}

/// Something that goes wrong with the third holder's device.
pub(super) fn device_error(kind: ErrorKind) -> DeviceError {
    let who = Who::YubiKey(Serial(serial(3)));
    DeviceError::new(who, Operation::Generate, kind)
}

pub(super) fn handle(number: u32) -> Handle {
    Handle::try_from(format!("holder-{number}")).unwrap()
}
