//! Ceremonies of tests: a folder for each, and the program that runs in it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use keymoot::rehearsal::cast;
use keymoot_attestation::TrustStore;
use keymoot_core::Verdict;
use keymoot_record::{
    bundle::{self, Bundle, Expectations, Files},
    ceremony::{Plan, PlanFiles, State},
    expectation::ExpectationSet,
    transcript::Chain,
};

pub use crate::programs::{keymoot, program};
use crate::{
    lockstep::spawn_held,
    privileged::Root,
    programs::{quiet, simulator},
    shared,
};

/// The seed of the rehearsals that tests compare with one another.
pub const SEED: u64 = 7;

/// A folder for one ceremony.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Default for Stage {
    fn default() -> Self {
        simulator();
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }
}

impl Stage {
    /// An empty folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that the tests of a process share.
    pub fn shared() -> Self {
        simulator();
        Self {
            folder: shared::folder(),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The ceremony's own folder.
    pub fn dir(&self) -> PathBuf {
        self.path("ceremony")
    }

    /// Where the bundle is written.
    pub fn out(&self) -> PathBuf {
        self.path("bundle")
    }

    /// An unattended rehearsal, started.
    pub fn rehearse(&self, more: &[&str]) -> Child {
        self.rehearse_with(more, |_| {})
    }

    /// The same, in other surroundings.
    pub fn rehearse_with(&self, more: &[&str], surround: impl FnOnce(&mut Command)) -> Child {
        let mut command = keymoot();
        surround(&mut command);
        self.rehearse_by(command, more)
    }

    /// The same, where only root can look into it.
    pub fn rehearse_as(&self, root: &Root, more: &[&str]) -> Child {
        let mut command = root.command(program());
        quiet(&mut command);
        self.rehearse_by(command, more)
    }

    fn rehearse_by(&self, mut command: Command, more: &[&str]) -> Child {
        command
            .args(["rehearse", "--unattended", "--seed", &SEED.to_string()])
            .arg("--dir")
            .arg(self.dir())
            .arg("--out")
            .arg(self.out())
            .args(more)
            .stderr(Stdio::piped());
        spawn_held(&mut command)
    }

    /// An unattended rehearsal, brought to its end.
    pub fn rehearsed(&self, more: &[&str]) -> Output {
        self.rehearse(more).wait_with_output().unwrap()
    }

    /// An unattended rehearsal that is killed as soon as it has said that this entry is recorded.
    pub fn killed_at(&self, entry: u64) {
        let mut child = self.rehearse(&[]);
        read_until(&mut child, entry);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// A policy for ceremonies of three holders, for tests with many of them.
    pub fn small_policy(&self) -> PathBuf {
        let policy = include_str!("../../ceremony-scripts/policy.toml")
            .replace("holders = 9", "holders = 3")
            .replace("threshold = 5", "threshold = 2");
        let path = self.path("policy.toml");
        fs::write(&path, cast::with_online_key(&policy).unwrap()).unwrap();
        path
    }

    /// Resumes the ceremony, up to its end.
    pub fn resume(&self) -> Output {
        keymoot().arg("resume").arg(self.dir()).output().unwrap()
    }

    /// Verifies the bundle, with these options.
    pub fn verify(&self, more: &[&str]) -> Output {
        keymoot()
            .args(["verify", "--expect", "rehearsal-small", "--rules"])
            .arg(self.out())
            .args(more)
            .output()
            .unwrap()
    }

    /// The transcript.
    pub fn chain(&self) -> Chain {
        chain_of(&self.dir())
    }

    /// The result of the ceremony's transcript.
    pub fn state(&self) -> State {
        state_of(&self.dir())
    }

    /// The enrolled keys in the order of the seats.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        self.state()
            .enrolled_keys()
            .into_iter()
            .map(|(_, _, spki)| spki)
            .collect()
    }
}

fn chain_of(dir: &Path) -> Chain {
    Chain::read(&fs::read(dir.join("transcript.jsonl")).unwrap()).unwrap()
}

/// The result of the transcript in a ceremony's folder.
pub fn state_of(dir: &Path) -> State {
    let read = |name| fs::read_to_string(dir.join(name)).unwrap();
    let files = PlanFiles {
        script: read("script.toml"),
        policy: read("policy.toml"),
        roster: read("roster.toml"),
        inputs: below(&dir.join("inputs")),
    };
    State::fold(Plan::check(files).unwrap().into(), &chain_of(dir)).unwrap()
}

/// One uninterrupted rehearsal that many tests look at and none changes.
pub fn finished() -> &'static Stage {
    static FINISHED: OnceLock<Stage> = OnceLock::new();
    FINISHED.get_or_init(|| {
        let stage = Stage::shared();
        let output = stage.rehearsed(&[]);
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// Reads the lines of an unattended rehearsal until the one of this entry.
pub fn read_until(child: &mut Child, entry: u64) {
    let entry = entry.to_string();
    read_until_line(child, |line| {
        line.split_whitespace().next() == Some(entry.as_str())
    });
}

/// Reads lines of an unattended rehearsal until one of which this holds, and none further.
pub fn read_until_line(child: &mut Child, holds: impl Fn(&str) -> bool) {
    let mut lines = BufReader::with_capacity(1, child.stdout.as_mut().unwrap()).lines();
    let found = lines.any(|line| holds(&line.unwrap()));
    assert!(found, "the program ended without the line");
}

/// The whole output of a program, and how it ended.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs every command that a bundle's report prints for its reader, in the bundle's folder.
pub fn run_the_commands_of_the_report(bundle: &Path) {
    let report = fs::read_to_string(bundle.join("report.md")).unwrap();
    let (_, commands) = report.split_once("```sh\n").unwrap();
    let (commands, _) = commands.split_once("\n```").unwrap();
    for command in commands.lines() {
        let mut shell = Command::new("sh");
        let command = command.replacen("keymoot", program().to_str().unwrap(), 1);
        shell.current_dir(bundle).args(["-c", &command]);
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}: {}", said(&output));
    }
}

/// What is expected of a rehearsal of a few holders.
pub fn small() -> Expectations {
    Expectations {
        rehearsal: true,
        plan: ExpectationSet::shipped("rehearsal-small"),
        ..Expectations::default()
    }
}

/// The rules that a changed bundle violates.
pub fn violated(bundle: &Bundle) -> Vec<Verdict> {
    let expected = Expectations {
        rehearsal: true,
        ..Expectations::default()
    };
    bundle::verify(bundle, &expected, &TrustStore::vendor().unwrap())
        .into_iter()
        .filter(Verdict::is_violated)
        .collect()
}

/// The files below a folder by their paths in it; none where it is not there.
pub fn below(folder: &Path) -> Files {
    let paths = if folder.is_dir() {
        files_below(folder)
    } else {
        Vec::new()
    };
    let inside = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    paths
        .iter()
        .map(|path| (inside(path), fs::read(path).unwrap()))
        .collect()
}

/// Copies a folder with its files and folders, and leaves sockets out.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy(&from, &to);
        } else if from.is_file() {
            fs::copy(from, to).unwrap();
        }
    }
}

/// Every file below a folder. The simulator takes its sockets away a moment after
/// the program has ended: they hold nothing.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path))
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}
