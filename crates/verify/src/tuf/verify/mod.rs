//! `keymoot tuf verify`.

mod expiry;
mod finding;
mod json;
pub(super) mod load;
mod rehearsal;
mod report;
mod roots;
mod signers;
mod text;

use std::io::{self, BufWriter};
use std::path::PathBuf;

use keymoot_core::time::Time;

use self::expiry::Judging;
use self::report::Report;
use super::answer::{Answer, Failure};
use super::help;
use crate::{complain, output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Roots in any order, and the documents below the newest of them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A root that is trusted already; the chain must contain it or follow it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Refuse what has expired at that time: "now" or YYYY-MM-DDTHH:MM:SSZ
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Moment>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    Now,
    Then(Time),
}

fn moment(text: &str) -> Result<Moment, String> {
    match (text, Time::parse(text)) {
        ("now", _) => Ok(Moment::Now),
        (_, Some(time)) => Ok(Moment::Then(time)),
        _ => Err("give \"now\", or a time in UTC such as 2027-01-31T12:00:00Z".to_owned()),
    }
}

pub(super) fn verify(args: &Args) -> Result<Answer, Failure> {
    let judging = match args.at {
        Some(Moment::Then(time)) => Judging::binding(time),
        Some(Moment::Now) => Judging::binding(now()?),
        None => Judging::told(now()?),
    };
    let trusted = args.trusted_root.as_deref().map(load::one).transpose()?;
    let report = Report::of(trusted, &args.files, judging)?;
    let accepted = report.errors.is_empty();
    let text = if args.json {
        let to = BufWriter::new(io::stdout().lock());
        output::note(json::write(&report, to));
        String::new()
    } else {
        for error in &report.errors {
            let (name, help) = (error.name, help::of(error.name));
            complain!(
                "keymoot tuf: error {name}: {}\n  help: {help}",
                error.shown()
            );
        }
        text::write(&report)
    };
    Ok(Answer { text, accepted })
}

fn now() -> Result<Time, Failure> {
    Ok(crate::now()?)
}
