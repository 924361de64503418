//! `keymoot rehearse story`: every occasion, each starting from the
//! bundle of the one before.
//!
//! Each chapter is a whole rehearsal of its own, as anybody would hold
//! it, and its bundle is verified from the very first root.

use keymoot_verify::say;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::args::Args;
use crate::{
    commands::{
        Failure, arguments,
        child::{finish, this_program},
        inputs, script,
    },
    host::whole,
    rehearsal::cast::{self, Cast},
    store::plan::LARGEST_PLAN,
};
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{bundle::of_bundle, ceremony::previous::Previous};

/// The name by which the command line calls it.
pub(super) const NAME: &str = "story";

/// What happens.
struct Chapter {
    script: &'static str,
    told: &'static str,
}

const CHAPTERS: [Chapter; 6] = [
    Chapter {
        script: "initial-root",
        told: "nine holders make the first root; five of them have spare devices",
    },
    Chapter {
        script: "annual-resign",
        told: "a year later the same nine sign again",
    },
    Chapter {
        script: "onboard-member",
        told: "two join, two leave, and one changes the device",
    },
    Chapter {
        script: "emergency-revocation",
        told: "one key is stolen and revoked, a spare and a new online key replace it",
    },
    Chapter {
        script: "crates-root-change",
        told: "the team of crates.io has a new root",
    },
    Chapter {
        script: "heartbeat",
        told: "every key signs a presence proof, two of them apart from the table",
    },
];

/// Exit codes: those of the first chapter that fails; 0 when all are verified.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if !args.unattended {
        return Err(HostError::new(
            "the story runs without people",
            "add --unattended, or rehearse one script after the other with --previous",
        )
        .into());
    }
    let shelf = match args.out.first().or(args.dir.as_ref()) {
        Some(shelf) => arguments::absolute(shelf)?,
        None => arguments::absolute(Path::new(NAME))?,
    };
    let delegations = cast::delegations()?;
    let base = match &args.policy {
        Some(path) => keymoot_verify::files::read_text(path, LARGEST_PLAN)?,
        None => script::POLICY.to_owned(),
    };
    let policy = new_policy(&base, &delegations)?;
    // The last step before the chapters: its place is taken from now on.
    fs::create_dir(&shelf).map_err(|error| HostError::file("make", &shelf, &error))?;
    let mut story = Story {
        shelf,
        seed: args.seed.unwrap_or(1),
        cast: Cast::of(args.holders()),
        holders: args.holders(),
        expect: args.sources.expect.clone(),
        policy,
        base,
        delegations,
    };
    for (number, chapter) in (1..).zip(&CHAPTERS) {
        say!("\n{number}. {}: {}", chapter.script, chapter.told);
        let code = story.tell(number, chapter)?;
        if code != 0 {
            return Ok(ExitCode::from(code));
        }
    }
    say!(
        "\nAll six bundles are in {}. Each verifies from the first root alone.",
        escape_path(&story.shelf)
    );
    Ok(ExitCode::SUCCESS)
}

struct Story {
    shelf: PathBuf,
    seed: u64,
    cast: Cast,
    /// How many holders the story begins with.
    holders: usize,
    /// What every plan and bundle must be as strong as.
    expect: Option<String>,
    policy: String,
    /// The policy without what is simulated.
    base: String,
    delegations: String,
}

fn new_policy(base: &str, delegations: &str) -> Result<String, HostError> {
    Ok(cast::with_online_key(base)? + delegations)
}

impl Story {
    fn bundle(&self, number: usize) -> PathBuf {
        let script = CHAPTERS
            .get(number - 1)
            .map_or("", |chapter| chapter.script);
        self.shelf.join(format!("{number}-{script}"))
    }

    /// Holds one chapter, and verifies its bundle.
    fn tell(&mut self, number: usize, chapter: &Chapter) -> Result<u8, Failure> {
        self.prepare(number, chapter)?;
        let file = |name: &str| self.shelf.join(format!("{number}-{name}.toml"));
        whole::write_durably(&file("roster"), self.cast.roster().as_bytes())?;
        whole::write_durably(&file("policy"), self.policy.as_bytes())?;
        let bundle = self.bundle(number);
        let mut rehearse = this_program()?;
        rehearse
            .args(["rehearse", chapter.script, "--unattended"])
            .args(["--seed", &self.seed.to_string()])
            .arg("--roster")
            .arg(file("roster"))
            .arg("--policy")
            .arg(file("policy"))
            .arg("--dir")
            .arg(self.shelf.join(format!("{number}-ceremony")))
            .arg("--out")
            .arg(&bundle);
        match number {
            1 => rehearse.args(["--spares", "5"]),
            _ => rehearse.arg("--previous").arg(self.bundle(number - 1)),
        };
        if chapter.script == "heartbeat" {
            let last = self.holders;
            rehearse.arg(format!(
                "--apart=holder-{},holder-{last}",
                last.saturating_sub(1)
            ));
        }
        let expected = self.expect.iter().flat_map(|set| ["--expect", set]);
        rehearse.args(expected.clone());
        let code = finish(rehearse)?;
        if code != 0 {
            return Ok(code);
        }
        self.cast.settles();
        let first = self
            .bundle(1)
            .join("repositories/tuf-root/metadata/root_history/1.root.json");
        let mut verify = this_program()?;
        verify.arg("verify").arg(&bundle).arg("--rehearsal");
        verify.args(expected);
        verify.arg("--trusted-root").arg(first);
        Ok(finish(verify)?)
    }

    /// The changes since the chapter before.
    fn prepare(&mut self, number: usize, chapter: &Chapter) -> Result<(), Failure> {
        match chapter.script {
            "onboard-member" => {
                self.cast.leaves(1);
                self.cast.leaves(2);
                self.cast.joins(10);
                self.cast.joins(11);
                self.cast.renews(3);
            }
            "emergency-revocation" => {
                let serial = self.device_of("holder-4", number - 1)?;
                self.cast
                    .revoked(4, serial, "stolen from a train (simulated)");
                self.policy = new_policy(&self.base, &self.delegations)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The device whose key the root of a chapter's bundle names for a holder.
    fn device_of(&self, handle: &str, number: usize) -> Result<u32, Failure> {
        let bundle = keymoot_verify::read(&self.bundle(number))?;
        let previous = Previous::read(&of_bundle(&bundle), inputs::dialect(&self.policy))
            .map_err(Failure::violations)?;
        let serial = previous.as_ref().and_then(|previous| {
            let holders = previous.holders();
            let (_, key) = holders.iter().find(|(h, _)| h.as_str() == handle)?;
            let enrolments = previous.enrolments().iter();
            let mut serials = enrolments
                .filter(|published| published.enrolment.key() == *key)
                .map(|published| published.enrolment.serial);
            serials.next()
        });
        serial.ok_or_else(|| {
            HostError::new(
                format!("{handle} has no device in the bundle of chapter {number}"),
                "begin the story again",
            )
            .into()
        })
    }
}
