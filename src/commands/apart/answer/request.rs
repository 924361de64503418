//! `keymoot answer REQUEST`: a holder's turn of a ceremony, away from the table.

use std::{path::Path, process::ExitCode};

use super::{args::Args, devices::devices, places::Places};
use crate::{
    apart,
    commands::{
        Failure, arguments,
        operate::{Manner, operate},
    },
    driver::{self, Outcome, World},
    host::{machine, program::Measuring, whole},
    store::{self, usual_connector},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    digest::Digest,
    text::{escape_path, excerpt},
};
use keymoot_record::{
    apart::{Opened, answer::LARGEST, armour, open, request},
    bundle::{self, Expectations, ExpectedFiles},
    expectation::ExpectationSet,
    rules::roster::Handle,
    transcript::{Event, Mode},
};
use keymoot_verify::{expected::expectations, files::read_bounded, say};

/// Exit codes: 0 answered, 1 could not run, 3 a rule was violated, 4 left.
pub(super) fn run(
    args: &Args,
    path: &Path,
    measuring: Measuring,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let bytes = read_bounded(path, request::LARGEST as u64)?;
    let expected = expected(args)?;
    let opened = Failure::sound(open(&bytes, &expected, vendor))?;
    let holder = who(&opened, args.holder.as_deref())?;
    let places = Places::of(args)?;
    if let Some(reason) = &args.decline {
        let asked = (opened.request.asks.ceremony.as_str(), opened.digest);
        apart::refuse(asked, &holder, reason, &places.out)?;
        return Ok(declined(&opened.digest, &places.out));
    }
    places.check(&bytes, &holder)?;
    let mode = opened
        .state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    let (surroundings, simulator) = devices(args, mode)?;
    machine::protect();
    let mut turn = store::turn::open(&places.dir, &opened, &bytes, &holder)?;
    if !turn.state.apart.as_ref().is_some_and(|apart| apart.done) {
        let (program, bill) = bundle::this_program(measuring.digest()?);
        turn.folder.keep(&bill)?;
        let event = match &turn.state.apart {
            None => Event::AnswerBegun {
                holder: holder.clone(),
                request: opened.digest,
                program: Box::new(program),
                expected: args.expect().to_owned(),
                trusted_root: expected.trusted_root.as_deref().map(Digest::of),
            },
            Some(_) => Event::Resumed {
                cut: turn.cut,
                another: turn.state.is_another(&program),
                program: Box::new(program),
                settings: None,
            },
        };
        turn.state = driver::record(&mut turn.journal, &turn.state, event)?;
    }
    let connector = arguments::place(&usual_connector());
    let world = World {
        folder: turn.folder,
        journal: turn.journal,
        trust: opened.trust.clone(),
        out: places.out.clone(),
        copies: Vec::new(),
        warnings: Vec::new(),
        due: opened.request.asks.until,
        connector: connector.map_err(|why| HostError::new(why, "try again"))?,
        attachments: Box::new(|| Ok(bundle::Files::new())),
    };
    let outcome = operate(
        world,
        turn.state,
        simulator.as_ref(),
        surroundings.simulators.as_ref(),
        Manner::of(args.plain),
    )?;
    Ok(match outcome {
        Outcome::Finished => {
            write_text(&places)?;
            say!(
                "The answer is in {}, and as text for a mail in {}. Send one of them back.",
                escape_path(&places.out),
                escape_path(&places.text)
            );
            ExitCode::SUCCESS
        }
        Outcome::Declined => declined(&opened.digest, &places.out),
        Outcome::Left => {
            say!("Left. To continue: the same command again.");
            ExitCode::from(4)
        }
    })
}

fn expected(args: &Args) -> Result<Expectations, Failure> {
    let file = |named: &Option<String>| {
        named
            .as_deref()
            .map(keymoot_verify::expected::digest_of)
            .transpose()
    };
    let set: ExpectationSet = expectations(args.expect())?;
    Ok(Expectations {
        rehearsal: args.rehearsal,
        trusted_root: args.trusted_root()?,
        plan: Some(set),
        files: ExpectedFiles {
            script: file(&args.script)?,
            policy: file(&args.policy)?,
            roster: file(&args.roster)?,
        },
        ..Expectations::default()
    })
}

/// The holder who answers: the one who is asked, or the one of several who is named.
fn who(opened: &Opened, named: Option<&str>) -> Result<Handle, HostError> {
    let asked = &opened.request.asks.to;
    match (named, asked.as_slice()) {
        (Some(name), _) => {
            let found = asked.iter().find(|holder| holder.as_str() == name);
            found.cloned().ok_or_else(|| {
                HostError::new(
                    format!(
                        "{} is not asked: the request asks {}",
                        excerpt(name),
                        Handle::list(asked)
                    ),
                    "correct the handle after --as, or ask the administrator for a request to you",
                )
            })
        }
        (None, [one]) => Ok(one.clone()),
        (None, _) => Err(HostError::new(
            format!("the request asks {}", Handle::list(asked)),
            "say who you are with --as HANDLE",
        )),
    }
}

/// Writes the text form of the answer beside it.
fn write_text(places: &Places) -> Result<(), HostError> {
    let answer = read_bounded(&places.out, LARGEST as u64)?;
    whole::publish_once(
        &places.text,
        armour::text(&answer).as_bytes(),
        "move it away; the answer itself is written, and the same command writes its text",
    )
}

/// Says what the holder does with a refusal.
fn declined(request: &Digest, out: &Path) -> ExitCode {
    say!(
        "You decline. Send {} back; tell the administrator also over another channel.\n\
         The request's digest, in words:\n{}",
        escape_path(out),
        request.in_words()
    );
    ExitCode::SUCCESS
}
