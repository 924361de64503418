//! `keymoot audit`: a file followed from a trusted root to a mirror, from files alone.
//!
//! A client of tuf-crates follows any root that tuf-crates itself signed. An auditor also
//! requires that the newest root of the mirror is the one that the quorum authorised.

mod outcome;
mod repository;
mod search;
mod state;
mod text;

use std::{path::PathBuf, process::ExitCode};

use keymoot_core::{
    HostError, Rule, Verdict, Violation, digest::Digest, text::excerpt, time::Time,
};
use keymoot_record::ceremony::propose::CRATES_ROOT;
use keymoot_tuf::{Document, DocumentError, FileFacts};

use self::{
    outcome::{Audit, AuditedFile, Followed},
    repository::{Repository, Stop, parse},
    search::{Found, Step},
    state::State,
};
use crate::{Failure, files, say};

/// The largest audited file, in bytes.
const LARGEST_FILE: u64 = 256 << 20;

const REPORT: &str = "do not use the file; report to the mirror and to the project what it served";

/// Follow a file from a trusted root through tuf-root and a mirror, with no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file as it was fetched
    file: PathBuf,
    /// The name under which the repository lists the file
    #[arg(long, value_name = "PATH")]
    target: String,
    /// A root of tuf-root that is trusted already, such as its first
    #[arg(long, value_name = "FILE")]
    trusted_root: PathBuf,
    /// tuf-root, as a server publishes it or as git keeps it: a folder with metadata/ and targets/
    #[arg(long, value_name = "DIR")]
    tuf_root: PathBuf,
    /// The mirror of tuf-crates, which lists the file; without it tuf-root does
    #[arg(long, value_name = "DIR")]
    tuf_crates: Option<PathBuf>,
    /// The folder in which the auditor remembers what it saw, against a mirror that goes back
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The moment to ask about, YYYY-MM-DDTHH:MM:SSZ, instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Time>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn moment(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| format!("{} is not YYYY-MM-DDTHH:MM:SSZ", excerpt(text)))
}

/// Exit codes: 0 the file is the authorised one, 1 something cannot be read, 3 it is not.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let now = args.at.map_or_else(crate::now, Ok)?;
    if args.target.is_empty() {
        let next = "name the file as the repository lists it, such as index/se/rd/serde";
        return Err(HostError::new("--target is empty", next).into());
    }
    let file = files::read_bounded(&args.file, LARGEST_FILE)?;
    let (_, trusted) = files::read_trusted_root(&args.trusted_root, files::LARGEST_ROOT)?;
    let tuf_root = Repository::of(&args.tuf_root)?;
    let mirror = args.tuf_crates.as_deref().map(Repository::of).transpose()?;
    let remembered = args.state.as_deref().map(State::read).transpose()?;
    let mut state = remembered.flatten().unwrap_or_default();
    let mut audit = Audit {
        format: "keymoot-audit/1",
        holds: false,
        target: args.target.clone(),
        at: now.to_string(),
        remembered: !state.is_empty(),
        fresh_until: None,
        repositories: Vec::new(),
        file: None,
        verdicts: Vec::new(),
    };
    let repositories = (&tuf_root, mirror.as_ref());
    match audit.follow(args, repositories, trusted, &file, now, &mut state) {
        Ok(()) => {}
        Err(Failure::Violated(violated)) => audit.verdicts.extend(violated),
        Err(failure) => return Err(failure),
    }
    audit.holds = !audit.verdicts.iter().any(Verdict::is_violated);
    if let (Some(folder), true) = (&args.state, audit.holds) {
        state.write(folder)?;
    }
    match args.json {
        true => say!("{}", crate::json::printed(&audit)),
        false => say!("{}", text::of(&audit).trim_end()),
    }
    Ok(match audit.holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}

impl Audit {
    fn follow(
        &mut self,
        args: &Args,
        (tuf_root, mirror): (&Repository, Option<&Repository>),
        trusted: Document,
        file: &[u8],
        now: Time,
        state: &mut State,
    ) -> Result<(), Failure> {
        state.begins_with(&trusted)?;
        let through = match mirror {
            Some(_) => CRATES_ROOT,
            None => &args.target,
        };
        let first = self.repository("tuf-root", tuf_root, trusted, through, now, state)?;
        let listed = match mirror {
            None => first,
            Some(mirror) => {
                let authorised = authorised(tuf_root, mirror, &first)?;
                self.verdicts.push(Verdict::held(
                    Rule::AuditAuthorised,
                    format!(
                        "the newest root of the mirror, version {}, is the authorised one, byte for byte",
                        authorised.version()
                    ),
                ));
                self.repository("tuf-crates", mirror, authorised, &args.target, now, state)?
            }
        };
        let facts = FileFacts::of(file);
        if let Some(why) = facts.unlike(&listed.file) {
            let (name, role) = (excerpt(&args.target), excerpt(&listed.role));
            return Err(Violation::new(
                Rule::AuditFile,
                format!("the file is not \"{name}\" that {role} lists: it {why}"),
                REPORT,
            )
            .into());
        }
        self.file = Some(AuditedFile {
            length: file.len(),
            sha256: Digest::of(file),
        });
        self.verdicts.push(Verdict::held(
            Rule::AuditFile,
            format!(
                "the file has the length and the hashes that {} lists",
                excerpt(&listed.role)
            ),
        ));
        Ok(())
    }

    /// Follows a repository from a trusted root to the document that lists a file.
    fn repository(
        &mut self,
        name: &'static str,
        repository: &Repository,
        trusted: Document,
        target: &str,
        now: Time,
        state: &mut State,
    ) -> Result<Found, Failure> {
        let root = repository
            .newest_root(trusted)
            .map_err(|stop| violated(Rule::AuditRoot, name, stop))?;
        let (found, mut documents) = search::find(repository, &root, target)
            .map_err(|stop| violated(Rule::AuditDocuments, name, stop))?;
        let content = root.root();
        documents.insert(
            0,
            Step {
                role: "root".to_owned(),
                version: content.version,
                expires: content.expires_text.clone(),
                end: content.expires,
                signed: root.document().digest(),
            },
        );
        self.remembered &= state.knows(name);
        state.see(name, content, &documents, &found.listed)?;
        let over: Vec<_> = documents
            .iter()
            .filter(|step| step.end <= now)
            .map(|step| format!("{} expired {}", excerpt(&step.role), excerpt(&step.expires)))
            .collect();
        if !over.is_empty() {
            return Err(Violation::new(
                Rule::AuditFresh,
                format!("{name}: {}", over.join("; ")),
                "fetch again from another mirror: this one is frozen, or the project is late",
            )
            .into());
        }
        self.verdicts.push(Verdict::held(
            Rule::AuditDocuments,
            format!(
                "{name}: {} documents, each signed by the keys that its delegator names",
                documents.len()
            ),
        ));
        let ends = documents.iter().map(|step| step.end.to_string());
        self.fresh_until = self.fresh_until.take().into_iter().chain(ends).min();
        let role = content.roles.get("root");
        let followed = Followed {
            name,
            keys: content.role_keys("root").len(),
            threshold: role.map_or(0, |role| role.threshold),
            documents,
        };
        self.repositories.push(followed);
        Ok(found)
    }
}

/// AUDIT-AUTHORISED: the newest root on the mirror of tuf-crates is the file that the
/// quorum signs as `crates/root.json`, byte for byte.
fn authorised(
    tuf_root: &Repository,
    mirror: &Repository,
    listed: &Found,
) -> Result<Document, Failure> {
    let fault = |what: String| Failure::from(Violation::new(Rule::AuditAuthorised, what, REPORT));
    let bytes = tuf_root.target(CRATES_ROOT, &listed.file)?.ok_or_else(|| {
        fault(format!(
            "tuf-root does not serve {CRATES_ROOT} as it lists it"
        ))
    })?;
    let document = payload(&bytes).map_err(|error| fault(format!("{CRATES_ROOT}: {error}")))?;
    let version = document.version();
    let next = version.saturating_add(1);
    if mirror.root_bytes(next)?.is_some() {
        return Err(fault(format!(
            "the mirror has root {next} of tuf-crates, and the quorum authorised root {version}"
        )));
    }
    match mirror.root_bytes(version)? {
        Some(served) if served == bytes => mirror
            .root(version)
            .map_err(|stop| violated(Rule::AuditAuthorised, "tuf-crates", stop))?
            .ok_or_else(|| fault(format!("the mirror has no root {version} of tuf-crates"))),
        Some(_) => Err(fault(format!(
            "root {version} of tuf-crates on the mirror is not the authorised file"
        ))),
        None => Err(fault(format!(
            "the mirror has no root {version} of tuf-crates, which the quorum authorised"
        ))),
    }
}

/// A root as a target: of tuf-ci the payload alone is one.
fn payload(bytes: &[u8]) -> Result<Document, DocumentError> {
    match parse(bytes) {
        Err(DocumentError::BarePayload) => Document::payload(bytes.to_vec(), bytes.len()),
        document => document,
    }
}

/// The rule that a repository violates, unless the auditor cannot read one of its files.
fn violated(rule: Rule, repository: &str, stop: Stop) -> Failure {
    match stop {
        Stop::Refused(why) => Violation::new(rule, format!("{repository}: {why}"), REPORT).into(),
        Stop::Host(error) => error.into(),
    }
}
