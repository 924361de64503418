//! The transcript: its lines, its chain, and what its events come to.
//!
//! The bytes are read as a transcript; and once more as events, one on each line, that
//! follow the opening of a ceremony, whose chain is made here: so the fold is reached.
//!
//! - What is read is written back byte for byte, and a torn tail is recognised: a last line
//!   without its end, or with blocks that were never written.
//! - At each point where the program could be killed, the fold is the same.
//! - What may not follow is refused with a reason, and leaves the state as it was.
//! - There is always a next thing, and every event has its sentence, safe to show.

use std::sync::{Arc, LazyLock};

use keymoot_core::digest::Digest;
use keymoot_record::{
    PROGRAM,
    ceremony::{Plan, PlanFiles, State},
    report::Account,
    transcript::{Chain, Event, Mode, Program, Time, format_name},
};

use crate::VENDOR;
use crate::input::{is_fit_to_show, is_safe};

/// The first ceremony of two simulated holders.
static PLAN: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let files = PlanFiles {
        script: include_str!("../../ceremony-scripts/initial-root.toml").to_owned(),
        policy: include_str!("../plan/policy.toml").to_owned(),
        roster: include_str!("../plan/roster.toml").to_owned(),
        inputs: crate::plans::inputs(),
    };
    Arc::new(Plan::check(files).expect("no rule is violated"))
});

/// 2023-11-14T22:13:20Z, when every ceremony here begins.
const BEGINNING: i64 = 1_700_000_000;

/// Reads the bytes as a transcript and as events.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    match Chain::recover(data) {
        Ok((chain, torn)) => {
            let last = chain.entries().last().map_or(0, |entry| entry.seq);
            let written = chain.bytes_through(last);
            assert_eq!([written.as_slice(), torn].concat(), data);
            let line = torn.strip_suffix(b"\n").unwrap_or(torn);
            assert!(!line.contains(&b'\n'), "more than one line");
            let whole = line.len() < torn.len();
            assert!(!whole || line.contains(&0), "a line that is complete");
            assert_eq!(Chain::read(&written).as_ref(), Ok(&chain));
            assert_eq!(Chain::read(data).is_ok(), torn.is_empty());
        }
        Err(error) => is_fit_to_show(&error.to_string()),
    }
    fold(&chain(data));
}

/// A ceremony that was opened, and the events that can be read, a second apart.
fn chain(data: &[u8]) -> Chain {
    let mut chain = Chain::default();
    let lines = data.split(|byte| *byte == b'\n');
    let read = lines.filter_map(|line| serde_json::from_slice::<Event>(line).ok());
    for (n, event) in [opened()].into_iter().chain(read).enumerate() {
        let time = Time::from_unix(BEGINNING + n as i64).expect("a time");
        if let Ok(entry) = chain.next(event, time) {
            chain.push(entry).expect("what was made to follow follows");
        }
    }
    chain
}

fn opened() -> Event {
    let [script, policy, roster] = PLAN.files.digests();
    let nothing = Digest::of(b"");
    Event::Opened {
        format: format_name(),
        ceremony: "0123456789abcdef0123456789abcdef".to_owned(),
        mode: Mode::Rehearsal,
        program: Box::new(Program {
            name: PROGRAM.to_owned(),
            sha256: nothing,
            sbom: nothing,
        }),
        script,
        policy,
        roster,
        inputs: PLAN.files.input_digests(),
        settings: None,
        bags: Default::default(),
        verdicts: Vec::new(),
    }
}

fn fold(chain: &Chain) {
    let mut state = State::new(Arc::clone(&PLAN));
    let mut illegal = None;
    for entry in chain.entries() {
        assert!(is_safe(&entry.event.sentence()), "{:?}", entry.event);
        match state.after(entry) {
            Ok(after) => state = after,
            Err(error) => {
                is_fit_to_show(&error.to_string());
                illegal = Some(error);
                break;
            }
        }
        let _ = (state.next(), state.is_finished());
    }
    match State::fold(Arc::clone(&PLAN), chain) {
        Ok(folded) => {
            assert_eq!(illegal, None);
            assert!(folded == state, "folded at once, it is another state");
        }
        Err(error) => assert_eq!(illegal, Some(error)),
    }
    let nothing = |_: &Digest| None;
    if let Err(why) = Account::of(&state, chain, &nothing, &VENDOR) {
        is_fit_to_show(&why);
    }
}
