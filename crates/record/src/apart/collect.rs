//! Checking an answer against the ceremony that asked for it.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Answer,
    answer::{self, Says, Turn},
};
use crate::{
    bundle,
    ceremony::{
        State,
        requests::{Asked, Given},
        statement,
        verify::ClosingKeys,
    },
    rules::{machine, roster::Handle},
    transcript::{Chain, Event, Mode, Time},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    Outcome, Rule, Verdict, Violation,
    digest::Digest,
    text::{excerpt, several},
};
use keymoot_tuf::PublicKey;

const AGAIN: &str = "ask the holder for the file again; if it is the same, find out who changed it";

/// Help for a violation that is there without the answer.
const CHANGED: &str = "the answer is not the cause: check that you have the right folder; then find out who changed it";

/// The result of a checked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Record this event, and keep these files before.
    New {
        /// `answered` or `declined`.
        event: Box<Event>,
        /// The files that the event names.
        objects: Vec<Vec<u8>>,
    },
    /// The very same answer was recorded before.
    Known,
}

/// The ceremony that an answer is checked against.
pub struct Asking<'a> {
    /// Its state.
    pub state: &'a State,
    /// Its transcript.
    pub chain: &'a Chain,
    /// Finds the files that its events name.
    pub objects: &'a dyn Fn(&Digest) -> Option<Vec<u8>>,
    /// The vendor whose devices count.
    pub trust: &'a TrustStore,
    /// MANIFEST.json, once it is made.
    pub manifest: Option<&'a [u8]>,
    /// The holders who said over another channel that they decline.
    pub declined: &'a [Handle],
    /// The command that takes this answer in, for advice. Safe to show.
    pub command: &'a str,
}

/// Checks an answer that comes in at this moment. Nothing is recorded.
///
/// # Errors
/// The rules that it violates.
pub fn collect(asking: &Asking<'_>, answer: &Answer, now: Time) -> Result<Collected, Vec<Verdict>> {
    let one = |violation: Violation| vec![Verdict::from(violation)];
    let asked = addressed(asking.state, answer).map_err(one)?;
    let turn = match &answer.says {
        Says::Turn(turn) => turn,
        Says::Declines { declined } => {
            if declined_before(asking.chain, answer, declined) {
                return Ok(Collected::Known);
            }
            // Anybody can write this file.
            if !asking.declined.contains(&answer.holder) {
                return Err(one(unsigned(asking, answer, declined)));
            }
            if !asked.open().any(|holder| *holder == answer.holder) {
                return Err(one(closed(asking.state, asked, answer)));
            }
            let event = Event::Declined {
                holder: answer.holder.clone(),
                request: answer.request,
                why: declined.clone(),
            };
            return Ok(Collected::New {
                event: Box::new(event),
                objects: Vec::new(),
            });
        }
    };
    let mut given = asking.state.answers.iter();
    if let Some(given) = given.find(|given| is_by(given, answer)) {
        // One branch is one turn, also where a carrier wrote the statement over it in another way.
        if turn.branch.head() == given.branch {
            return Ok(Collected::Known);
        }
        return Err(match collect_first(asking, asked, answer, now) {
            Ok(_) => one(forked(answer, given.seq)),
            Err(verdicts) => verdicts,
        });
    }
    if !asked.open().any(|holder| *holder == answer.holder) {
        return Err(one(closed(asking.state, asked, answer)));
    }
    if turn.branch.base() != (asked.head, asked.seq) {
        return Err(one(head(
            answer,
            "its branch does not follow the head of the request",
        )));
    }
    let mode = asking
        .state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    let format = asking.state.format();
    let examined = examined(turn);
    machine_fits(&examined, mode, format).map_err(|why| {
        one(Violation::new(
            Rule::AnswerMachine,
            format!("the machine of {}: {why}", answer.holder),
            "ask the holder to answer again on a machine that passes, such as the image",
        ))
    })?;
    complete(turn).map_err(|why| one(altered(answer, &why)))?;
    let event = Event::Answered {
        holder: answer.holder.clone(),
        request: answer.request,
        branch: turn.branch.clone(),
        statement: turn.statement,
        late: asked.until.is_some_and(|until| now > until),
    };
    let drafted = asking.chain.next(event.clone(), now);
    let entry = drafted.map_err(|error| one(altered(answer, &error.to_string())))?;
    let state = asking.state.after(&entry);
    let state = state.map_err(|illegal| one(altered(answer, &excerpt(&illegal.why))))?;
    let mut chain = asking.chain.clone();
    chain
        .push(entry)
        .map_err(|error| one(altered(answer, &error.to_string())))?;
    let objects = &turn.objects;
    let found = |digest: &Digest| {
        objects
            .get(digest)
            .cloned()
            .or_else(|| (asking.objects)(digest))
    };
    closed_rightly(asking, turn, &state, &found).map_err(|why| one(altered(answer, &why)))?;
    let verdicts = bundle::so_far(&state, &chain, asking.trust, &found, AGAIN);
    let verdicts = Verdict::violated(&verdicts);
    match verdicts.is_empty() {
        true => Ok(Collected::New {
            event: Box::new(event),
            objects: objects.values().cloned().collect(),
        }),
        false => Err(by_whom(asking, verdicts)),
    }
}

/// The violations with an answer. First come those of the ceremony's own record, such as the
/// evidence of another holder: they are there without the answer, which is not to blame.
fn by_whom(asking: &Asking<'_>, with_answer: Vec<Verdict>) -> Vec<Verdict> {
    let (state, chain) = (asking.state, asking.chain);
    let recorded = bundle::so_far(state, chain, asking.trust, asking.objects, CHANGED);
    let recorded = Verdict::violated(&recorded);
    let is_recorded = |verdict: &Verdict| {
        let mut same = recorded.iter().filter(|other| other.rule == verdict.rule);
        same.any(|other| other.detail == verdict.detail)
    };
    let mut new = with_answer;
    new.retain(|verdict| !is_recorded(verdict));
    let recorded = recorded.into_iter().map(|verdict| Verdict {
        detail: format!(
            "the record violates it without this answer: {}",
            verdict.detail
        ),
        next: CHANGED.to_owned(),
        ..verdict
    });
    recorded.chain(new).collect()
}

/// Checks an answer as the first one of its holder, at the point of its request: anybody can write
/// a holder's name into a file.
fn collect_first(
    asking: &Asking<'_>,
    asked: &Asked,
    answer: &Answer,
    now: Time,
) -> Result<Collected, Vec<Verdict>> {
    let before = Chain::read(&asking.chain.bytes_through(asked.seq));
    let chain = before.map_err(|error| vec![altered(answer, &error.to_string()).into()])?;
    let state = State::fold(Arc::clone(asking.state.origin()), &chain);
    let state = state.map_err(|illegal| vec![altered(answer, &excerpt(&illegal.why)).into()])?;
    let asking = Asking {
        state: &state,
        chain: &chain,
        ..*asking
    };
    collect(&asking, answer, now)
}

fn is_by(given: &Given, answer: &Answer) -> bool {
    given.apart.holder == answer.holder && given.apart.request == answer.request
}

/// The ceremony, the request and the holder of the answer: ANSWER-CEREMONY, ANSWER-HEAD,
/// ANSWER-HOLDER.
fn addressed<'s>(state: &'s State, answer: &Answer) -> Result<&'s Asked, Violation> {
    let ceremony = state.opening.as_ref().map(|opening| &opening.ceremony);
    if ceremony != Some(&answer.ceremony) {
        return Err(Violation::new(
            Rule::AnswerCeremony,
            format!(
                "the answer of {} is of another ceremony: {}",
                answer.holder,
                excerpt(&answer.ceremony)
            ),
            "collect it into the folder of its own ceremony",
        ));
    }
    let mut requests = state.requests.iter();
    let asked = requests.find(|asked| asked.request == answer.request);
    let asked = asked.ok_or_else(|| {
        head(
            answer,
            &format!(
                "this ceremony made no request with the digest {}",
                answer.request
            ),
        )
    })?;
    match asked.to.contains(&answer.holder) {
        true => Ok(asked),
        false => Err(Violation::new(
            Rule::AnswerHolder,
            format!("{} was not asked in this request", answer.holder),
            "ask the holder who wrote it which request it answers",
        )),
    }
}

fn head(answer: &Answer, why: &str) -> Violation {
    Violation::new(
        Rule::AnswerHead,
        format!("the answer of {}: {why}", answer.holder),
        "compare the words of the request with the holder: somebody may have shown the holder another one",
    )
}

/// ANSWER-HEAD for a request that awaits nothing from this holder any more.
fn closed(state: &State, asked: &Asked, answer: &Answer) -> Violation {
    let holder = &answer.holder;
    let what = match &answer.says {
        Says::Turn(_) => "answer",
        Says::Declines { .. } => "refusal",
    };
    let (closed, next) = match asked.replied.contains(holder) {
        true if state.answers.iter().any(|given| is_by(given, answer)) => (
            format!("{holder} has answered"),
            "there is nothing to record: the answer counts".to_owned(),
        ),
        true => (format!("{holder} declined"), ask_again(state, holder)),
        false => ("was withdrawn".to_owned(), ask_again(state, holder)),
    };
    Violation::new(
        Rule::AnswerHead,
        format!(
            "the {what} of {holder} is to request {}, which {closed}",
            asked.request.short_words()
        ),
        next,
    )
}

/// What to do so that a holder answers the right request.
fn ask_again(state: &State, holder: &Handle) -> String {
    let open = state.open_requests();
    let open = open.filter(|asked| asked.open().any(|open| open == holder));
    open.last().map_or_else(
        || format!("to ask {holder} again, make a new request"),
        |newest| {
            format!(
                "send {holder} the newest one, {}",
                newest.request.short_words()
            )
        },
    )
}

fn altered(answer: &Answer, why: &str) -> Violation {
    Violation::new(
        Rule::AnswerBranch,
        format!("the answer of {}: {why}", answer.holder),
        AGAIN,
    )
}

fn forked(answer: &Answer, seq: u64) -> Violation {
    let holder = &answer.holder;
    Violation::new(
        Rule::AnswerFork,
        format!(
            "{holder} answers the same request a second time, and differently: the first answer is recorded in event {seq}, and counts"
        ),
        format!(
            "ask {holder} how often the device was used. If {holder} does not know of both answers, end the ceremony without its purpose, or continue and give {holder} a new key in the next ceremony"
        ),
    )
}

fn unsigned(asking: &Asking<'_>, answer: &Answer, why: &str) -> Violation {
    let (holder, command) = (&answer.holder, asking.command);
    Violation::new(
        Rule::AnswerSigned,
        format!(
            "nobody signed that {holder} declines: the file says \"{}\"",
            // A stranger's text does not end its own quotation.
            excerpt(&why.replace('"', "'"))
        ),
        format!(
            "call {holder}; if it is true and no answer is recorded, leave the ceremony, and run `{command} --declined {holder}`"
        ),
    )
}

fn declined_before(chain: &Chain, answer: &Answer, why: &str) -> bool {
    chain.entries().iter().any(|entry| {
        matches!(&entry.event, Event::Declined { holder, request, why: w }
            if *holder == answer.holder && *request == answer.request && w == why)
    })
}

/// The verdicts of the last check of the holder's machine.
fn examined(turn: &Turn) -> Vec<Verdict> {
    let mut entries = turn.branch.entries().iter().rev();
    let found = entries.find_map(|entry| match &entry.event {
        Event::MachineChecked { verdicts } => Some(verdicts.clone()),
        _ => None,
    });
    found.unwrap_or_default()
}

/// Whether a machine was checked by every rule and passed. A rehearsal may leave rules unasked.
///
/// # Errors
/// In words, which rules are missing or violated.
pub(crate) fn machine_fits(verdicts: &[Verdict], mode: Mode, format: u32) -> Result<(), String> {
    let passed = |verdict: &Verdict| match verdict.outcome {
        Outcome::Held => true,
        Outcome::NotAsked => mode == Mode::Rehearsal,
        Outcome::Violated => false,
    };
    let asked = machine::RULES.iter().filter(|rule| rule.since() <= format);
    let failed: Vec<_> = asked
        .filter(|rule| {
            let mut said = verdicts.iter().filter(|verdict| verdict.rule == **rule);
            !said.next().is_some_and(passed)
        })
        .map(|rule| rule.id().to_owned())
        .collect();
    let violated = verdicts.iter().any(Verdict::is_violated);
    match failed.is_empty() && !violated {
        true => Ok(()),
        false => Err(format!("it did not pass {}", several(&failed, ", "))),
    }
}

/// Exactly the files that the branch names are there.
fn complete(turn: &Turn) -> Result<(), String> {
    let named = answer::named(&turn.branch).into_iter();
    let named: BTreeSet<_> = named.chain([turn.statement]).collect();
    let there: BTreeSet<_> = turn.objects.keys().copied().collect();
    match named == there {
        true => Ok(()),
        false => Err("the files beside its branch are not those that the branch names".to_owned()),
    }
}

/// A closing signature is valid, and under its own key id: no later check would notice before the
/// bundle is written.
fn closed_rightly(
    asking: &Asking<'_>,
    turn: &Turn,
    state: &State,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> Result<(), String> {
    for entry in turn.branch.entries() {
        let Event::Closed {
            holder,
            serial,
            keyid,
            signature,
        } = &entry.event
        else {
            continue;
        };
        let manifest = asking.manifest.ok_or("there is no manifest to sign yet")?;
        let message = statement::signed_bytes(statement::MANIFEST, manifest);
        let enrolled = state
            .seat(holder)
            .and_then(|seat| seat.enrolled())
            .filter(|e| e.serial == *serial);
        let enrolled =
            enrolled.ok_or("its closing signature is by a device that is not enrolled")?;
        let expected = ClosingKeys::of(state, &|digest| objects(digest))?.id(enrolled);
        let key = PublicKey::from_spki_der(&enrolled.spki).map_err(|error| error.to_string())?;
        let good = statement::is_signed(&key, &message, signature, state.format());
        if !good || expected.as_ref() != Some(keyid) {
            return Err("its closing signature is not good".to_owned());
        }
    }
    Ok(())
}
