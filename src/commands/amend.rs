//! Amendments of the plan: `keymoot resume DIR --roster FILE --policy FILE`.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Failure, begin, conduct, trial};
use crate::{
    driver,
    host::{clock, program::Measuring},
    store::{self, CurrentSettings, Folder, Journal, plan::LARGEST_PLAN},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::{
    bundle,
    ceremony::{
        FileNames, Plan, State,
        amend::{Amendment, differences},
        turn::Stage,
    },
    transcript::{Chain, Event, Mode},
};
use keymoot_verify::{files::read_text, say};

/// The word by which an administrator accepts an amendment.
const WORD: &str = "amend";

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// The corrected files of a plan.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Corrected {
    /// Amend the plan with this roster, until somebody has signed
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    /// Amend the plan with this policy, until somebody has signed
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Why the plan is amended; keymoot asks where it is not given
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Corrected {
    /// Whether anything is to be amended.
    pub(super) fn is_given(&self) -> bool {
        self.roster.is_some() || self.policy.is_some()
    }
}

/// Amends the plan of a ceremony: tries the new one, shows what differs, asks why and for a typed
/// word, and records it.
///
/// # Errors
/// The rules that the new plan violates, why the plan cannot be amended, and [`HostError`] when the
/// the answers are others or the disk fails. Then nothing was recorded.
pub(super) fn amend(
    dir: &Path,
    corrected: &Corrected,
    mode: Mode,
    vendor: &TrustStore,
) -> Result<(), Failure> {
    let measuring = Measuring::begin();
    let folder = store::plan::open(dir)?;
    let (mut journal, cut) = Journal::open(dir)?;
    let state = conduct::fold(Arc::new(store::plan::read(dir, journal.chain())?), &journal)?;
    if let Some(why) = state.keeps_its_plan() {
        return Err(HostError::new(
            format!("the plan cannot be amended: {why}"),
            "resume without --roster and --policy",
        )
        .into());
    }
    let (amendment, names) = read(corrected, &state)?;
    let amended = Amended::of(dir, journal.chain(), &amendment, &names)?;
    trial::try_plan(&amended.plan, mode)?;
    for sentence in differences(&state.plan, &amended.plan) {
        say!("{sentence}");
    }
    let reason = reason(corrected)?;
    accepted()?;

    let settings = CurrentSettings::read(dir, &[])?;
    settings
        .check(state.opening.as_ref())
        .map_err(|violation| Failure::violations(vec![violation]))?;
    let trust = match mode {
        Mode::Live => vendor.clone(),
        Mode::Rehearsal => store::rehearsal::vendor(dir)?,
    };
    let (program, bill) = bundle::this_program(measuring.digest()?);
    if state.is_another(&program) {
        begin::verify_so_far(&state, &journal, &trust, &folder)?;
    }
    folder.keep(&bill)?;
    let keep = |text: &Option<String>| text.as_ref().map(|t| folder.keep(t.as_bytes())).transpose();
    let mut events = vec![begin::event(&state, &settings, program, cut)?];
    events.extend(state.turn.as_ref().map(|turn| Event::TurnEnded {
        holder: turn.holder.clone(),
        unfinished: (turn.stage != Stage::Remove).then(|| "the plan is amended".to_owned()),
    }));
    events.push(Event::Amended {
        policy: keep(&amendment.policy)?,
        roster: keep(&amendment.roster)?,
        reason,
        verdicts: [
            amended.plan.verdicts(),
            &amended.plan.in_mode(mode, state.format()),
        ]
        .concat(),
    });
    let state = conduct::fold(amended.whole, &journal)?;
    is_lawful(&state, &events, &journal, &trust, &folder)?;
    events.into_iter().try_fold(state, |state, event| {
        driver::record(&mut journal, &state, event)
    })?;
    Ok(())
}

/// Whether the events may follow, and every enrolment is good by the new plan.
fn is_lawful(
    state: &State,
    events: &[Event],
    journal: &Journal,
    trust: &TrustStore,
    folder: &Folder,
) -> Result<(), Failure> {
    let mut after = state.clone();
    for event in events {
        let entry = journal.draft(event.clone(), clock::now()?)?;
        after = after.after(&entry).map_err(|illegal| {
            HostError::new(
                format!("the plan cannot be amended: {}", illegal.why),
                "correct the file, and repeat the command",
            )
        })?;
    }
    begin::verify_so_far(&after, journal, trust, folder)
}

/// The given files that differ from the present ones, and their names in errors.
fn read(corrected: &Corrected, state: &State) -> Result<(Amendment, FileNames), Failure> {
    let now = &state.plan.files;
    let text = |path: &Option<PathBuf>, now: &str| -> Result<Option<String>, HostError> {
        let text = path.as_deref().map(|path| read_text(path, LARGEST_PLAN));
        Ok(text.transpose()?.filter(|text| text != now))
    };
    let amendment = Amendment {
        policy: text(&corrected.policy, &now.policy)?,
        roster: text(&corrected.roster, &now.roster)?,
    };
    if amendment == Amendment::default() {
        return Err(HostError::new(
            "the files are the same as before",
            "correct them, or resume without --roster and --policy",
        )
        .into());
    }
    let usual = FileNames::default();
    let name = |path: &Option<PathBuf>| path.as_deref().map(escape_path);
    let names = FileNames {
        policy: name(&corrected.policy).unwrap_or(usual.policy),
        roster: name(&corrected.roster).unwrap_or(usual.roster),
        script: usual.script,
    };
    Ok((amendment, names))
}

/// A plan with one more amendment.
struct Amended {
    /// The amended plan by itself.
    plan: Arc<Plan>,
    /// The plan as it was opened, with all amendments.
    whole: Arc<Plan>,
}

impl Amended {
    fn of(
        dir: &Path,
        chain: &Chain,
        amendment: &Amendment,
        names: &FileNames,
    ) -> Result<Self, Failure> {
        let mut amendments = store::plan::amendments(dir, chain)?;
        amendments.push(amendment.clone());
        let mut files = store::plan::files(dir, chain)?;
        let opened = Plan::check(files.clone()).map_err(Failure::Violated)?;
        for Amendment { policy, roster } in amendments.iter().cloned() {
            files.policy = policy.unwrap_or(files.policy);
            files.roster = roster.unwrap_or(files.roster);
        }
        let plan = Plan::check_named(files, names).map_err(Failure::Violated)?;
        let whole = opened.amended(&amendments, names);
        Ok(Self {
            plan: Arc::new(plan),
            whole: Arc::new(whole.map_err(Failure::Violated)?),
        })
    }
}

fn reason(corrected: &Corrected) -> Result<String, HostError> {
    let reason = match &corrected.reason {
        Some(reason) => reason.clone(),
        None => asked("Why do you amend the plan? One line, which is published: ")?,
    };
    let reason = reason.trim();
    match (1..=LONGEST_REASON).contains(&reason.chars().count()) {
        true => Ok(escape(reason)),
        false => Err(HostError::new(
            format!("a reason has 1 to {LONGEST_REASON} characters"),
            "repeat the command, and say why you amend the plan",
        )),
    }
}

/// # Errors
/// [`HostError`] unless the administrator types [`WORD`].
fn accepted() -> Result<(), HostError> {
    let typed = asked(&format!("Type {WORD} and Enter to amend the plan: "))?;
    match typed.trim() == WORD {
        true => Ok(()),
        false => Err(HostError::new(
            "the plan was not amended",
            format!("repeat the command, and type {WORD}"),
        )),
    }
}

/// A line that somebody types.
fn asked(question: &str) -> Result<String, HostError> {
    let unread = |error: std::io::Error| {
        HostError::new(
            format!("the keyboard cannot be read: {error}"),
            "repeat the command in a terminal",
        )
    };
    if std::io::stdin().is_terminal() {
        let mut out = std::io::stdout();
        write!(out, "{question}")
            .and_then(|()| out.flush())
            .map_err(unread)?;
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(unread)?;
    Ok(line)
}
