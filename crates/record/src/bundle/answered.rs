//! The answers of holders apart in a bundle: the statement over each, the machine that it was
//! made on, and the request that it answers.

use super::{Files, STOP, record::Record};
use crate::{
    apart::{self, Request},
    ceremony::{
        State,
        requests::{Asked, Given},
        script::Document,
        statement,
        trust::VENDOR,
        verify::Delegators,
    },
    transcript::Chain,
};
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, text::excerpt};
use keymoot_tuf::KeyId;
use std::{collections::BTreeMap, sync::Arc};

/// The folder of the statements over answers in a bundle.
const ANSWERS: &str = "answers";

/// The path of the statement over an answer.
pub(super) fn path(given: &Given) -> String {
    format!("{ANSWERS}/{}-{}.json", given.seq, given.apart.holder)
}

impl Record<'_> {
    /// ANSWER-SIGNED and ANSWER-MACHINE of each answer, REQUEST-DERIVED of each request.
    pub(super) fn answers(&self) -> Vec<Verdict> {
        let answers = self.state.answers.iter();
        let delegators = Delegators::of(self.state, &|digest| self.object(digest)).ok();
        let mut verdicts: Vec<_> = answers
            .flat_map(|given| {
                [
                    self.signed(given, delegators.as_ref()),
                    self.machine_of(given),
                ]
            })
            .collect();
        // Before the seal, no event names a rehearsal's vendor.
        if let Some(seal) = &self.state.sealed {
            verdicts.extend(self.derived(seal.seq));
        }
        verdicts
    }

    fn signed(&self, given: &Given, delegators: Option<&Delegators<'_>>) -> Verdict {
        let apart = &given.apart;
        let holder = &apart.holder;
        let fault = |why: &str| -> Verdict {
            let what = format!("{holder}: the statement over the answer {why}");
            Violation::new(Rule::AnswerSigned, what, STOP).into()
        };
        let Some(opening) = &self.state.opening else {
            return fault("is of no ceremony");
        };
        let seat = self.state.seat(holder);
        let mut keys = seat.into_iter().flat_map(|seat| seat.proven());
        let Some(key) = keys.find(|key| Some(key.serial) == apart.serial) else {
            return fault("is by a device that is not enrolled for the holder");
        };
        let Some(signed) = self.object(&given.statement) else {
            return fault("is missing or was altered");
        };
        let payload = statement::answer(opening, apart, &given.branch, key);
        // A root names the key, or did not yet. A renamed holder's key has an id in both roots.
        let named = delegators.map(|delegators| delegators.key_ids(Document::Root, &key.key()));
        let named = named.unwrap_or_default();
        let unnamed = [KeyId::new(""), statement::key_without_root(key)];
        let keyids: Vec<_> = unnamed.into_iter().chain(named).collect();
        match statement::check_answer(&signed, &payload, holder, key, &keyids) {
            Ok(()) => Verdict::held(Rule::AnswerSigned, format!("{holder}: {}", told(given))),
            Err(violation) => violation.into(),
        }
    }

    fn machine_of(&self, given: &Given) -> Verdict {
        let (apart, holder) = (&given.apart, &given.apart.holder);
        let said = apart.machine.as_deref().unwrap_or_default();
        match apart::collect::machine_fits(said, self.mode(), self.state.format()) {
            Ok(()) => Verdict::held(
                Rule::AnswerMachine,
                format!("{holder}: the holder's machine was examined and passed"),
            ),
            Err(why) => Violation::new(
                Rule::AnswerMachine,
                format!("{holder}: the holder's machine: {why}"),
                STOP,
            )
            .into(),
        }
    }

    /// REQUEST-DERIVED of each request before the seal: it is this record up to the line before it.
    /// The record is folded once for all of them.
    fn derived(&self, seal: u64) -> Vec<Verdict> {
        let requests = self.state.requests.iter();
        let requests = requests.filter(|asked| asked.seq < seal);
        let asked: BTreeMap<_, _> = requests.map(|asked| (asked.seq, asked)).collect();
        let vendor = self.vendor();
        let (mut state, mut chain) = (
            State::new(Arc::clone(self.state.origin())),
            Chain::default(),
        );
        let mut verdicts = Vec::new();
        let mut broken: Result<(), String> = Ok(());
        for entry in self.chain.entries() {
            if verdicts.len() == asked.len() {
                break;
            }
            if let Some(asked) = asked.get(&entry.seq) {
                let made = broken.clone();
                let made = made.and_then(|()| self.request(asked, &state, &chain, &vendor));
                verdicts.push(is_derived(asked, made));
            }
            if broken.is_ok() {
                let folded = state.take_in(entry).map_err(|error| error.to_string());
                broken = folded.and_then(|()| {
                    let pushed = chain.push(entry.clone());
                    pushed.map_err(|error| error.to_string())
                });
            }
        }
        verdicts
    }

    /// The certificates of a rehearsal's vendor, which the seal names.
    fn vendor(&self) -> Files {
        let seal = self.state.sealed.iter().flat_map(|seal| &seal.attachments);
        seal.filter_map(|(path, digest)| {
            let name = path.strip_prefix(VENDOR)?.strip_prefix('/')?;
            Some((name.to_owned(), self.object(digest)?))
        })
        .collect()
    }

    /// The digest of the request as the record up to it makes it.
    fn request(
        &self,
        asked: &Asked,
        state: &State,
        chain: &Chain,
        vendor: &Files,
    ) -> Result<Digest, String> {
        let to = (asked.to.as_slice(), asked.until);
        let request = Request::of(state, chain, &|digest| self.object(digest), vendor, to)?;
        Ok(Digest::of(&request.bytes()?))
    }
}

fn is_derived(asked: &Asked, made: Result<Digest, String>) -> Verdict {
    let words = asked.request.short_words();
    Verdict::unless(
        Rule::RequestDerived,
        made.as_ref() != Ok(&asked.request),
        || format!("request {words} is the record up to line {}", asked.seq),
        || {
            let why = made
                .err()
                .unwrap_or_else(|| "it has another digest".to_owned());
            format!(
                "request {words} is not the record up to line {}: {}",
                asked.seq,
                excerpt(&why)
            )
        },
        STOP,
    )
}

/// The program of an answer, and whether anybody compared the request's words.
pub(crate) fn told(given: &Given) -> String {
    let apart = &given.apart;
    let programs: Vec<_> = apart
        .programs
        .iter()
        .map(|program| format!("{}, SHA-256 {}", excerpt(&program.name), program.sha256))
        .collect();
    let compared = match apart.compared.as_deref() {
        None | Some("") => "nobody compared the request's words over a second channel".to_owned(),
        Some(channel) => format!("the request's words were compared by {}", excerpt(channel)),
    };
    format!(
        "answered apart with {}; {compared}{}",
        programs.join(", then "),
        if given.late {
            "; the answer came late"
        } else {
            ""
        }
    )
}
