//! `keymoot plan check`: whether a plan can reach its end.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    Verdict,
    digest::Digest,
    text::{escape, escape_path},
};
use keymoot_record::{
    ceremony::{FileNames, Plan, PlanFiles, algorithms, latency},
    clients, expectation,
    transcript::Mode,
};
use keymoot_verify::{files::read_text, json, say};
use serde::Serialize;

use crate::{
    commands::{
        Failure, expect,
        inputs::Sources,
        script,
        trial::{self, Trial},
    },
    store::plan::LARGEST_PLAN,
};

/// Try everything that a ceremony would do with this plan; nothing that is written stays
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A script: a name in ceremony-scripts/ or a path
    script: String,
    /// Who takes part
    #[arg(long, value_name = "FILE")]
    roster: PathBuf,
    /// What is allowed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    sources: Sources,
    /// A place to be tried: the ceremony's folder, or where the bundle is to be written
    #[arg(long, value_name = "PATH")]
    out: Vec<PathBuf>,
    /// The plan is for a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result of the check.
#[derive(Serialize)]
struct Report {
    format: &'static str,
    /// Whether no rule is violated
    accepted: bool,
    mode: &'static str,
    script: Digest,
    policy: Digest,
    roster: Digest,
    /// Every violation
    violated: Vec<Verdict>,
    /// The documents, with stand-ins for keys that are not made yet
    documents: Vec<Drafted>,
    /// The recipients to whom secrets would be sealed
    recipients: Vec<Recipient>,
    outputs: Vec<Output>,
    /// Clients that would reject the result, each in a sentence
    clients: Vec<String>,
    /// Until when a thief of the online key, who withholds the next root, could hold clients of
    /// the result back
    held_back_until: Option<String>,
    /// The first shipped set of expectations that the result would meet
    expected: Option<&'static str>,
    minutes: u32,
}

#[derive(Serialize)]
struct Drafted {
    document: &'static str,
    version: u64,
    changes: Vec<String>,
}

#[derive(Serialize)]
struct Recipient {
    holder: String,
    /// Its last characters, for the holder to compare; null where the values are displayed once
    ends_with: Option<String>,
}

#[derive(Serialize)]
struct Output {
    path: String,
    /// Why nothing can be written there
    problem: Option<String>,
}

/// Exit codes: 0 accepted, 1 something cannot be read or written, 3 a rule was violated.
pub(super) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let bundle = args.sources.bundle(args.rehearsal, vendor)?;
    let files = PlanFiles {
        script: script::find(&args.script)?,
        inputs: args.sources.read(bundle.as_ref())?,
        policy: read_text(&args.policy, LARGEST_PLAN)?,
        roster: read_text(&args.roster, LARGEST_PLAN)?,
    };
    let report = examined(args, files)?;
    match args.json {
        true => say!("{}", json::printed(&report)),
        false => say!("{}", text(&report)),
    }
    Ok(match (report.violated.is_empty(), report.accepted) {
        (_, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(1),
        (false, false) => {
            if !args.json {
                keymoot_verify::print_violated(&report.violated);
            }
            ExitCode::from(3)
        }
    })
}

fn examined(args: &Args, files: PlanFiles) -> Result<Report, Failure> {
    let mode = Mode::of(args.rehearsal);
    let [script, policy, roster] = files.digests();
    let mut report = Report {
        format: "keymoot-plan-check/1",
        accepted: false,
        mode: mode.name(),
        script,
        policy,
        roster,
        violated: Vec::new(),
        documents: Vec::new(),
        recipients: Vec::new(),
        outputs: args.out.iter().map(|path| tried(path)).collect(),
        clients: Vec::new(),
        held_back_until: None,
        expected: None,
        minutes: 0,
    };
    let names = FileNames {
        script: escape(&args.script),
        policy: escape_path(&args.policy),
        roster: escape_path(&args.roster),
    };
    let plan = match Plan::check_named(files, &names) {
        Ok(plan) => Arc::new(plan),
        Err(violated) => {
            report.violated = violated;
            return Ok(report);
        }
    };
    report.minutes = plan.script.minutes();
    report.expected = expectation::met(&plan, mode);
    let holders = plan.roster.holders.iter();
    report.recipients = holders
        .map(|holder| Recipient {
            holder: holder.handle.to_string(),
            ends_with: holder
                .age_recipient
                .as_ref()
                .map(|recipient| recipient.last_characters().to_owned()),
        })
        .collect();
    match trial::try_plan(&plan, mode) {
        Ok(trial) => {
            report.clients = clients::failing(plan.policy.dialect);
            report.clients.extend(algorithms::clients(&plan));
            let until = latency::held_back_after(plan.previous(), &trial.drafts);
            report.held_back_until = until.map(|time| time.to_string());
            report.documents = drafted(trial);
        }
        Err(Failure::Violated(violated)) => report.violated = violated,
        Err(failure) => return Err(failure),
    }
    let named = args.sources.expect.as_deref();
    report.violated.extend(expect::weaker(&plan, mode, named)?);
    let places = report.outputs.iter().all(|output| output.problem.is_none());
    report.accepted = report.violated.is_empty() && places;
    Ok(report)
}

fn tried(path: &Path) -> Output {
    Output {
        path: escape_path(path),
        problem: trial::try_place(path).err().map(|error| error.what),
    }
}

fn drafted(trial: Trial) -> Vec<Drafted> {
    let drafts = trial.drafts.into_iter();
    drafts
        .map(|draft| Drafted {
            document: draft.document.name(),
            version: draft.written.version(),
            changes: draft.changes,
        })
        .collect()
}

/// The report for people.
fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    if !report.documents.is_empty() {
        lines.push("Drafts of the documents. A key that does not exist yet is a stand-in: its words are invented, and so is its device where the roster lists none.".to_owned());
    }
    for draft in &report.documents {
        lines.push(format!("{}, version {}:", draft.document, draft.version));
        lines.extend(draft.changes.iter().map(|change| format!("  {change}")));
    }
    lines.extend(report.held_back_until.as_ref().map(|until| {
        format!(
            "if the online key is stolen afterwards, a thief who withholds the next root can hold clients back until {until}"
        )
    }));
    for recipient in &report.recipients {
        lines.push(match &recipient.ends_with {
            Some(end) => format!("{}: secrets are sealed to …{end}", recipient.holder),
            None => format!("{}: secrets are displayed once", recipient.holder),
        });
    }
    for output in &report.outputs {
        lines.push(match &output.problem {
            None => format!("{}: can be written", output.path),
            Some(problem) => format!("{}: CANNOT BE USED: {problem}", output.path),
        });
    }
    lines.extend(
        report
            .clients
            .iter()
            .map(|client| format!("warning: {client}")),
    );
    for (name, digest) in [
        ("script", report.script),
        ("policy", report.policy),
        ("roster", report.roster),
    ] {
        lines.push(format!("{name} SHA-256 {digest}"));
    }
    if report.violated.is_empty() {
        lines.push(match report.expected {
            Some(name) => format!("others verify the bundle with --expect {name}"),
            None => {
                "the bundle meets no shipped set of expectations: others need a file for --expect"
                    .to_owned()
            }
        });
        lines.push(format!("{} minutes by the script", report.minutes));
    }
    lines.push(
        match report.accepted {
            true => "ACCEPTED: this plan can be held",
            false => "NOT ACCEPTED",
        }
        .to_owned(),
    );
    lines.join("\n")
}
