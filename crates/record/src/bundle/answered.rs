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
use std::sync::Arc;

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
            let requests = self
                .state
                .requests
                .iter()
                .filter(|asked| asked.seq < seal.seq);
            verdicts.extend(requests.map(|asked| self.derived(asked)));
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

    /// REQUEST-DERIVED: the request is this record up to the line before it.
    fn derived(&self, asked: &Asked) -> Verdict {
        let made = self.request(asked);
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

    /// The digest of the request as this record makes it.
    fn request(&self, asked: &Asked) -> Result<Digest, String> {
        let before = asked
            .seq
            .checked_sub(1)
            .ok_or("nothing happened before it")?;
        let bytes = self.chain.bytes_through(before);
        let chain = Chain::read(&bytes).map_err(|error| error.to_string())?;
        let state = State::fold(Arc::clone(self.state.origin()), &chain)
            .map_err(|error| error.to_string())?;
        let seal = self.state.sealed.iter().flat_map(|seal| &seal.attachments);
        let vendor: Files = seal
            .filter_map(|(path, digest)| {
                let name = path.strip_prefix(VENDOR)?.strip_prefix('/')?;
                Some((name.to_owned(), self.object(digest)?))
            })
            .collect();
        let to = (asked.to.as_slice(), asked.until);
        let request = Request::of(&state, &chain, &|digest| self.object(digest), &vendor, to)?;
        Ok(Digest::of(&request.bytes()?))
    }
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
