//! A ceremony held by the engine alone: devices are keys in memory, and their attestations are not
//! verified. It ends when all documents are signed and verified and the transcript is sealed.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use keymoot::rehearsal::team;
use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    bundle::Files,
    ceremony::{
        Answer, Effect, Next, Plan, PlanFiles, Question, Said, State, propose,
        question::{CONFIRM, ENOUGH, ERASE, PRESENT, last_four, reading_words},
        script::{Accepts, Document, YES},
        trial, verify,
    },
    rules::{policy::Policy, roster::Handle},
    transcript::{self, Chain, Event, Mode, Program, Time},
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};

const SCRIPT: &str = include_str!("../../../ceremony-scripts/initial-root.toml");

fn now() -> Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_unix(i64::try_from(now.as_secs()).unwrap()).unwrap()
}

fn key(seat: usize) -> SigningKey {
    SigningKey::from_slice(&[u8::try_from(seat).unwrap() + 1; 32]).unwrap()
}

fn spki(seat: usize) -> Vec<u8> {
    let public = key(seat).verifying_key().to_public_key_der();
    public.unwrap().into_vec()
}

/// The plan, where the opening would accept it.
pub(super) fn accepted(policy: &str, roster: &str) -> Option<Arc<Plan>> {
    let dialect = Policy::parse(policy).ok()?.dialect;
    let root = team::root(7, 1, now(), dialect).unwrap();
    let plan = Plan::check(PlanFiles {
        script: SCRIPT.to_owned(),
        policy: policy.to_owned(),
        roster: roster.to_owned(),
        inputs: [("incoming/tuf-crates/1.root.json".to_owned(), root)].into(),
    });
    let plan = Arc::new(plan.ok()?);
    let drafts = trial::drafts(&plan, Mode::Rehearsal, now(), &|seat| spki(seat + 100));
    drafts.ok().map(|_| plan)
}

/// Holds the ceremony up to its seal.
pub(super) fn hold(plan: Arc<Plan>) {
    let mut held = Held {
        state: State::new(plan),
        chain: Chain::default(),
        objects: Files::new(),
    };
    held.open();
    while held.state.sealed.is_none() {
        match held.state.next() {
            Next::Record(event) => held.tell(event),
            Next::Ask(question) => held.answer(&question),
            Next::Do(effect) => held.perform(effect),
            Next::Finished => panic!("it ended without a seal"),
        }
    }
}

struct Held {
    state: State,
    chain: Chain,
    /// Objects by their digests in hexadecimal.
    objects: Files,
}

impl Held {
    fn tell(&mut self, event: Event) {
        let entry = self.chain.next(event, now()).unwrap();
        self.state = self.state.after(&entry).unwrap();
        self.chain.push(entry).unwrap();
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.objects.insert(digest.to_string(), bytes);
        digest
    }

    fn open(&mut self) {
        let [script, policy, roster] = self.state.plan.files.digests();
        let digest = Digest::of(b"");
        self.tell(Event::Opened {
            format: transcript::format_name(),
            ceremony: "0".repeat(32),
            mode: Mode::Rehearsal,
            program: Box::new(Program {
                name: "keymoot".to_owned(),
                sha256: digest,
                sbom: digest,
            }),
            script,
            policy,
            roster,
            inputs: self.state.plan.files.input_digests(),
            settings: None,
            bags: Default::default(),
            verdicts: self.state.plan.verdicts().to_vec(),
        });
    }

    fn answer(&mut self, question: &Question) {
        let answer = match question {
            Question::HaveYouReadPlan { digest, .. } => Answer::Typed(reading_words(digest)),
            Question::HaveYouRead { signed, .. } => Answer::Typed(reading_words(signed)),
            Question::IsThisYours { device, .. } => Answer::Typed(last_four(device.serial)),
            Question::MayErase { .. } => Answer::Typed(ERASE.to_owned()),
            Question::Confirm => Answer::Confirm {
                word: CONFIRM.to_owned(),
                fields: self.fields(),
            },
            Question::RollCall => Answer::Present {
                holders: self
                    .state
                    .seats
                    .iter()
                    .map(|seat| seat.handle.clone())
                    .collect(),
                witnesses: Vec::new(),
                apart: Vec::new(),
                word: PRESENT.to_owned(),
            },
            Question::WhoseTurn {
                waiting, can_stop, ..
            } => match (waiting.first(), can_stop) {
                (_, true) => Answer::Typed(ENOUGH.to_owned()),
                (Some(next), false) => Answer::Begin(next.clone()),
                (None, false) => panic!("nobody can come"),
            },
            other => panic!("{other:?}"),
        };
        match self.state.answer(question, answer, now()) {
            Ok(Said::Event(event)) => self.tell(event),
            other => panic!("{question:?}: {other:?}"),
        }
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let fields = self.state.asked_fields();
        let typed = |accepts| match accepts {
            Accepts::EachHolder => YES,
            Accepts::Text | Accepts::DeviceBags => "in process",
            Accepts::Digits => "0",
            Accepts::Time => "00:00",
            Accepts::ValueOfTheDay => "in process: no public value",
        };
        let fields = fields.iter();
        fields
            .map(|field| (field.id.clone(), typed(field.accepts).to_owned()))
            .collect()
    }

    fn seat(&self, holder: &Handle) -> usize {
        let mut seats = self.state.seats.iter();
        seats.position(|seat| seat.handle == *holder).unwrap()
    }

    fn perform(&mut self, effect: Effect) {
        let digest = Digest::of(b"");
        let verdicts = Vec::new();
        match effect {
            Effect::ExamineMachine => self.tell(Event::MachineChecked { verdicts }),
            Effect::AwaitDevice(holder) => {
                let seat = self.seat(&holder);
                let family = self.state.plan.roster.holder(&holder).unwrap().family;
                self.tell(Event::DeviceSeen {
                    holder: holder.clone(),
                    serial: u32::try_from(seat).unwrap() + 1000,
                    family,
                    firmware: "5.7.4".to_owned(),
                    state: None,
                    used: false,
                    verdicts,
                });
            }
            Effect::Reset(holder, serial) => self.tell(Event::ResetDone {
                holder: holder.clone(),
                serial,
            }),
            Effect::Provision(holder, serial) => {
                self.tell(Event::EscrowKept {
                    holder: holder.clone(),
                    serial,
                    sealed: None,
                });
                self.tell(Event::Provisioned {
                    holder,
                    serial,
                    tries: None,
                    verdicts,
                });
            }
            Effect::Generate(holder, serial) => {
                let seat = self.seat(&holder);
                self.tell(Event::GenerateAnnounced {
                    holder: holder.clone(),
                    serial,
                });
                self.tell(Event::KeyGenerated {
                    holder,
                    serial,
                    spki: spki(seat),
                    adopted: false,
                });
            }
            Effect::Attest(holder, serial) => self.tell(Event::Attested {
                holder: holder.clone(),
                serial,
                attestation: digest,
                device: digest,
                verdicts,
            }),
            Effect::Prove(holder, serial) => {
                self.tell(Event::StatementAnnounced {
                    holder: holder.clone(),
                    serial,
                });
                self.tell(Event::Enrolled {
                    holder,
                    serial,
                    statement: digest,
                    formerly: None,
                });
            }
            Effect::ReadLog(holder, serial) => self.tell(Event::LogRead {
                holder: holder.clone(),
                serial,
                log: digest,
                sent: digest,
                verdicts,
            }),
            Effect::AwaitRemoval(holder) => self.tell(Event::TurnEnded {
                holder: holder.clone(),
                unfinished: None,
            }),
            Effect::Propose(document) => self.propose(document),
            Effect::Sign(holder, serial, document) => self.sign(&holder, serial, document),
            Effect::Verify => self.verify(),
            Effect::Seal => self.tell(Event::Sealed {
                attachments: BTreeMap::new(),
            }),
            other => panic!("{other:?}"),
        }
    }

    fn propose(&mut self, document: Document) {
        let made = now();
        let written = propose::document(&self.state, document, made).unwrap();
        let verdicts = propose::check(&self.state, document, &written, made);
        assert!(!verdicts.iter().any(Verdict::is_violated), "{verdicts:?}");
        let dialect = self.state.plan.policy.dialect;
        let file = self.keep(dialect.assemble(&written, &BTreeMap::new()));
        self.tell(Event::Proposed {
            document,
            made,
            file,
            signed: written.digest(),
            verdicts,
        });
    }

    fn sign(&mut self, holder: &Handle, serial: u32, document: Document) {
        let objects = |digest: &Digest| self.objects.get(&digest.to_string()).cloned();
        let proposal = verify::proposal(&self.state, document, &objects).unwrap();
        let seat = self.seat(holder);
        let signature: Signature = key(seat).sign(proposal.signed_bytes());
        let keyid = propose::holder_key_id(&self.state, holder, &spki(seat)).unwrap();
        let signed = proposal.digest();
        self.tell(Event::SignAnnounced {
            holder: holder.clone(),
            serial,
            document,
            signed,
        });
        self.tell(Event::Signed {
            holder: holder.clone(),
            serial,
            document,
            signed,
            keyid,
            signature: signature.to_der().as_bytes().to_vec(),
        });
    }

    fn verify(&mut self) {
        let objects = |digest: &Digest| self.objects.get(&digest.to_string()).cloned();
        let verdicts = verify::signed_documents(&self.state, &objects);
        assert!(!verdicts.iter().any(Verdict::is_violated), "{verdicts:?}");
        self.tell(Event::Verified { verdicts });
    }
}
