//! `keymoot export`: writes the result of a ceremony into a git working tree.

use keymoot_verify::say;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::export::{self, Laying, Repository, Tree, tufops};
use crate::host::clock;
use keymoot_attestation::TrustStore;
use keymoot_core::{
    Rule,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    bundle::{Bundle, Files},
    ceremony::script::Document,
    clients,
    rules::policy::{Periods, Policy},
    transcript::Time,
};
use keymoot_tuf as tuf;
use keymoot_tuf::{Dialect, Expiry, Lifetime, dialect::tufops::FILE};

use super::{Failure, inputs};

/// Write the result of a ceremony into a git working tree
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle
    bundle: PathBuf,
    /// How the repository's documents are written; the bundle's must be so already
    #[arg(long, value_name = "NAME", required_unless_present = "evidence_into")]
    dialect: Option<Dialect>,
    /// The working tree: a folder that holds metadata/, or is to hold it
    #[arg(
        long,
        value_name = "DIR",
        requires = "dialect",
        required_unless_present = "evidence_into"
    )]
    into: Option<PathBuf>,
    /// A checkout of rust-lang/team: the evidence goes into its hardware-keys/SERIAL/
    #[arg(long, value_name = "DIR")]
    evidence_into: Option<PathBuf>,
    /// The repository whose working tree it is
    #[arg(long, value_enum, default_value_t = Choice::TufRoot)]
    repository: Choice,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
}

/// The repositories by their names.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Choice {
    TufRoot,
    TufCrates,
}

/// Exit codes: 0 the tree holds the result, 1 something cannot be read or written,
/// 3 a rule is violated and the tree is as it was.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let bundle = inputs::verified(&args.bundle, args.rehearsal, vendor)?;
    if let (Some(into), Some(dialect)) = (&args.into, args.dialect) {
        documents(&bundle, into, dialect, args)?;
    }
    if let Some(into) = &args.evidence_into {
        evidence(&bundle, into)?;
    }
    if args.rehearsal {
        say!("It is a REHEARSAL: do not trust or publish anything from it.");
    }
    Ok(ExitCode::SUCCESS)
}

fn documents(bundle: &Bundle, into: &Path, dialect: Dialect, args: &Args) -> Result<(), Failure> {
    let repository = match args.repository {
        Choice::TufRoot => Repository::TufRoot,
        Choice::TufCrates => Repository::TufCrates,
    };
    let refused = |violation| Failure::violations(vec![violation]);
    let policy = export::policy(bundle, dialect).map_err(refused)?;
    let mut files = export::published(bundle, repository, dialect).map_err(refused)?;
    let tree = Tree::read(into, &files, dialect)?;
    if dialect == Dialect::Tufops && repository == Repository::TufRoot {
        let file = tufops::file(bundle, &policy, tree.files()).map_err(refused)?;
        files.extend(file.map(|bytes| (FILE.to_owned(), bytes)));
    }
    let laying = export::laying(&files, &tree, dialect).map_err(Failure::violations)?;
    laying.write(&tree)?;
    for path in laying.paths() {
        say!("wrote {path}");
    }
    for told in expiries(&files, &policy, clock::now()?) {
        say!("{}: {told}", Rule::ExportExpiry);
    }
    say!("{}", outcome(&laying, repository, into));
    if repository == Repository::TufRoot {
        say!(
            "Clients see it after the online key signs snapshot.json and then timestamp.json, and you publish both.\nPublish target files first and timestamp.json last; then run \
             keymoot status {}. docs/publishing.md says more, and the bundle's report names the clients that follow such documents.",
            escape_path(into)
        );
        for client in clients::failing(dialect) {
            say!("{client}.");
        }
    }
    let written = files.get(FILE).map(Vec::as_slice).unwrap_or_default();
    if String::from_utf8_lossy(written).contains(tufops::STORAGE) {
        say!(
            "Replace {} in {FILE}: tufops publishes there. The next export keeps it.",
            tufops::STORAGE
        );
    }
    Ok(())
}

/// Writes the evidence as rust-lang/team publishes it.
fn evidence(bundle: &Bundle, into: &Path) -> Result<(), Failure> {
    let files = export::hardware_keys(bundle);
    let tree = Tree::read(into, &files, Dialect::TufOnCi)?;
    let written = tree.write_all(&files)?;
    for path in &written {
        say!("wrote {path}");
    }
    say!(
        "The evidence of {} devices is in {}: {} files written, {} as they were.\n\
         Name each serial number in its holder's people/USER.toml: hardware-keys = [SERIAL].",
        export::devices(&files),
        escape_path(into),
        written.len(),
        files.len() - written.len()
    );
    Ok(())
}

fn outcome(laying: &Laying, repository: Repository, into: &Path) -> String {
    let quoted = quoted_path(into);
    let into = escape_path(into);
    let written = laying.paths().count();
    if written == 0 {
        return format!(
            "{into} has this result of {repository} already, all {} files: nothing was written.",
            laying.same()
        );
    }
    let begins = match laying.begins() {
        true => {
            " The tree had no root before: only the people in the room know whether this is the right one."
        }
        false => " The tree's history is the bundle's.",
    };
    format!(
        "The result of {repository} is in {into}: {written} files written, {} as they were.{begins}\n\
         Look at it with git -C {quoted} add -N . && git -C {quoted} diff, and commit it as one change.",
        laying.same()
    )
}

/// Warnings about documents that expire too soon, or too late for the tools that
/// read the tree.
fn expiries(files: &Files, policy: &Policy, now: Time) -> Vec<String> {
    let file = |path: &str| files.get(path).cloned();
    let one = |kind: Document| {
        let read = policy.dialect.read(kind.role(), None, &file);
        let Periods {
            expiry_days,
            signing_days,
        } = match kind {
            Document::Root => policy.root,
            Document::Targets | Document::Crates => policy.targets,
        };
        let lifetime = Lifetime::of(&read.ok()??).ok()?.or(Some(tuf::Periods {
            expiry_days,
            signing_days,
        }));
        let (name, end) = (kind.name(), lifetime.expires);
        match lifetime.at(now) {
            Expiry::Fresh => None,
            Expiry::Expired => Some(format!(
                "{name} expired {end}: clients refuse it; hold the annual signing at once"
            )),
            Expiry::SigningBegun => Some(format!(
                "{name} expires {end}, in {} days: sign the next one now",
                lifetime.days_left(now)
            )),
            Expiry::BeyondItsPeriod => Some(format!(
                "{name} expires {end}, later than a document signed now would: \
                 this machine's clock ({now}) is behind, and tools with such a clock refuse the document"
            )),
        }
    };
    Document::ALL.into_iter().filter_map(one).collect()
}
