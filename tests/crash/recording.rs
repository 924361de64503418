//! A ceremony held once under strace(1), and every state in which a power cut could have
//! left it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use testkit::{
    privileged::Root,
    stage::{SEED, program, said},
};

use crate::{
    collecting,
    disk::{self, Disk, Found, Survivors, Tree},
    operations::{Operation, operations},
    strace,
    survival::lay_out,
};

/// The path of the transcript.
pub(crate) const TRANSCRIPT: &str = "ceremony/transcript.jsonl";

/// The rehearsal: the arguments after `rehearse` that make the difference.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub name: &'static str,
    what: What,
}

#[derive(Clone)]
enum What {
    /// A rehearsal: the arguments after `rehearse` that make the difference.
    Rehearsal(Vec<String>),
    /// Answers are collected into a ceremony with this policy.
    Collecting(String),
}

impl Scenario {
    pub(crate) fn new(name: &'static str, arguments: &[&str]) -> Self {
        Self {
            name,
            what: What::Rehearsal(arguments.iter().map(|&a| a.to_owned()).collect()),
        }
    }

    /// Answers are collected into a ceremony with this policy of three holders.
    pub(crate) fn collecting(name: &'static str, policy: &Path) -> Self {
        let policy = policy.to_str().unwrap().to_owned();
        let what = What::Collecting(policy);
        Self { name, what }
    }

    /// Continues in a folder, or begins where nothing was begun.
    pub(crate) fn hold(&self, folder: &Path) -> Vec<String> {
        let ceremony = folder.join("ceremony");
        match &self.what {
            What::Collecting(_) => collecting::line(folder),
            What::Rehearsal(_) if ceremony.join("objects").is_dir() => {
                let [program, ceremony] =
                    [program(), ceremony].map(|path| path.to_str().unwrap().to_owned());
                vec![program, "resume".to_owned(), ceremony]
            }
            What::Rehearsal(arguments) => rehearsal(arguments, folder),
        }
    }

    /// Writes the disk before the ceremony to an empty folder.
    fn prepare(&self, folder: &Path) -> Crash {
        match &self.what {
            What::Rehearsal(_) => Crash::nothing(),
            What::Collecting(policy) => {
                collecting::prepare(folder, policy);
                let mut before = Crash::nothing();
                before.tree = found(folder);
                before.told = before.lines();
                before
            }
        }
    }

    /// Brings what was recorded to its end.
    pub(crate) fn finish(&self, folder: &Path) -> Result<(), String> {
        match &self.what {
            What::Rehearsal(_) => Ok(()),
            What::Collecting(_) => collecting::finish(folder),
        }
    }

    /// What there is at the end, in the order of the names.
    pub(crate) fn left(&self) -> &[&str] {
        match &self.what {
            What::Rehearsal(_) => &["bundle", "ceremony"],
            What::Collecting(_) => &["bundle", "ceremony", collecting::POST],
        }
    }

    /// Whether an interrupted ceremony ends with the documents of an uninterrupted one. A resumed
    /// rehearsal signs other dates, so nothing is compared.
    pub(crate) fn ends_alike(&self, folders: [&Path; 2]) -> bool {
        match &self.what {
            What::Rehearsal(_) => true,
            What::Collecting(_) => collecting::same_documents(folders),
        }
    }
}

/// The rehearsal with these arguments in a folder, from its beginning.
pub(crate) fn rehearsal<S: AsRef<str>>(arguments: &[S], folder: &Path) -> Vec<String> {
    let path = |name| folder.join(name).to_str().unwrap().to_owned();
    let mut line = vec![
        program().to_str().unwrap().to_owned(),
        "rehearse".to_owned(),
    ];
    line.extend(
        arguments
            .iter()
            .map(|argument| argument.as_ref().to_owned()),
    );
    line.extend(["--unattended", "--seed"].map(str::to_owned));
    line.push(SEED.to_string());
    line.extend(["--dir".to_owned(), path("ceremony")]);
    line.extend(["--out".to_owned(), path("bundle")]);
    line
}

/// A program under strace, which writes these calls into a log.
pub(crate) fn traced(root: &Root, log: &Path, calls: &str, line: &[String]) -> Command {
    let mut command = root.command("strace");
    command
        .args(["--follow-forks", "--seccomp-bpf", "--decode-fds=path"])
        .args(["--string-limit", "1000000000", "--output"])
        .arg(log)
        .arg(format!("--trace={calls}"))
        .args(line)
        .stdin(Stdio::null())
        .env_remove("PCSCLITE_CSOCK_NAME");
    command
}

/// A rehearsal that nothing interrupted, from its beginning or from where a crash left it.
pub(crate) struct Recording {
    pub root: Root,
    pub scenario: Scenario,
    /// Its name, and the crash after which it continues.
    pub name: String,
    /// The disk before it.
    before: Crash,
    pub operations: Vec<Operation>,
    /// Its transcript at the end, line by line.
    pub lines: Vec<Vec<u8>>,
    /// The folder in which it was held.
    pub folder: PathBuf,
}

/// A state of the disk after a power cut.
pub(crate) struct Crash {
    pub tree: Tree,
    /// How many events the program had reported as recorded.
    pub told: usize,
    /// How often devices had been asked to sign.
    pub signed: usize,
    /// After how many operations, and what survived: the first of those that leave
    /// this state.
    pub at: usize,
    pub survivors: Survivors,
}

impl Crash {
    /// Before anything was done.
    fn nothing() -> Self {
        Self {
            tree: Tree::new(),
            told: 0,
            signed: 0,
            at: 0,
            survivors: Survivors::Everything,
        }
    }

    /// How many whole lines of a transcript it left.
    fn lines(&self) -> usize {
        match self.tree.get(TRANSCRIPT) {
            Some(Found::File(content)) => content.bytes.iter().filter(|&&b| b == b'\n').count(),
            _ => 0,
        }
    }
}

impl Recording {
    /// Holds the rehearsal in `folder`, which is made.
    pub(crate) fn of(root: &Root, scenario: &Scenario, folder: &Path) -> Self {
        fs::create_dir(folder).unwrap();
        let name = scenario.name.to_owned();
        let before = scenario.prepare(folder);
        Self::held(root, scenario, name, before, folder)
    }

    /// Continues in `folder`, which is made, where a crash of this one left it.
    pub(crate) fn gone_on_with(&self, crash: &Crash, folder: &Path) -> Self {
        let before = Crash {
            tree: lay_out(&crash.tree, &self.folder, folder),
            ..*crash
        };
        Self::held(
            &self.root,
            &self.scenario,
            self.place(crash),
            before,
            folder,
        )
    }

    fn held(root: &Root, scenario: &Scenario, name: String, before: Crash, folder: &Path) -> Self {
        let log = folder.with_extension("strace");
        let output = traced(root, &log, strace::CALLS, &scenario.hold(folder))
            .output()
            .expect("strace is needed: `make deps` installs it");
        assert!(output.status.success(), "{}", said(&output));
        let calls = strace::calls(&fs::read(&log).unwrap());
        fs::remove_file(log).unwrap();
        let disk = Disk::holding(&before.tree);
        let operations = operations(&calls, folder.to_str().unwrap(), disk);
        let transcript = fs::read(folder.join(TRANSCRIPT)).unwrap();
        let lines = transcript.split_inclusive(|&b| b == b'\n');
        let recording = Self {
            root: root.clone(),
            scenario: scenario.clone(),
            name,
            before,
            operations,
            lines: lines.map(<[u8]>::to_vec).collect(),
            folder: folder.to_owned(),
        };
        recording.is_whole();
        recording.is_read_from_the_medium();
        recording.is_synced_when_it_is_told();
        scenario.finish(folder).unwrap();
        recording
    }

    /// Of sealed files and of the bundle the page cache keeps nothing, after
    /// the last sync, that a reader could get instead of the content of the medium.
    fn is_read_from_the_medium(&self) {
        for (at, operation) in self.operations.iter().enumerate() {
            let Operation::MakeFile(path) = operation else {
                continue;
            };
            if !path.starts_with("bundle") && !path.starts_with("ceremony/escrow/") {
                continue;
            }
            let mut later = self.operations[at..].iter().filter(
                |later| matches!(later, Operation::Sync(of) | Operation::Forget(of) if of == path),
            );
            let synced = matches!(later.next(), Some(Operation::Sync(_)));
            let forgotten = matches!(later.next(), Some(Operation::Forget(_)));
            assert!(synced && forgotten, "{path} is not read from the medium");
        }
    }

    /// No file of the ceremony is unsynced when an event is reported, the lock neither: on vfat, a
    /// cluster that only memory knows is given to the next file that grows.
    fn is_synced_when_it_is_told(&self) {
        let mut unsynced = BTreeSet::new();
        for operation in &self.operations {
            match operation {
                Operation::Write(path, ..) | Operation::Cut(path, _) => {
                    unsynced.insert(path.as_str());
                }
                Operation::Sync(path) | Operation::Remove(path) | Operation::Rename(path, _) => {
                    unsynced.remove(path.as_str());
                }
                Operation::Told(number) => {
                    let mut left = unsynced.iter();
                    let left = left.find(|path| path.starts_with("ceremony/"));
                    assert_eq!(left, None, "at event {number}");
                }
                _ => {}
            }
        }
    }

    /// The model of a disk, after the log, equals the disk.
    fn is_whole(&self) {
        let mut disk = Disk::holding(&self.before.tree);
        for operation in &self.operations {
            operation.apply(&mut disk);
        }
        let (model, disk) = (disk.now(), found(&self.folder));
        let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&model), names(&disk));
        for (path, found) in &model {
            let (Found::File(one), Found::File(other)) = (found, &disk[path]) else {
                continue;
            };
            assert!(one.bytes == other.bytes, "{path} is not what was written");
        }
        let told = self
            .operations
            .iter()
            .filter_map(|operation| match operation {
                Operation::Told(number) => Some(*number as usize),
                _ => None,
            });
        // Every new line is reported, in order.
        let told: Vec<_> = told.collect();
        let first = self.lines.len() - told.len();
        assert!(first <= self.before.lines(), "{} was not told", first);
        assert!(told.iter().copied().eq(first..self.lines.len()), "{told:?}");
    }

    /// How many operations on the disk and changes of devices there were.
    pub(crate) fn durable(&self) -> usize {
        let said = |operation: &&Operation| {
            use Operation::{Forget, Signed, Told};
            matches!(operation, Forget(_) | Told(_) | Signed)
        };
        self.operations.len() - self.operations.iter().filter(said).count()
    }

    /// Every state that a crash can leave, each once.
    pub(crate) fn crashes(&self) -> Vec<Crash> {
        let mut disk = Disk::holding(&self.before.tree);
        let (mut told, mut signed) = (self.before.told, self.before.signed);
        let mut states: BTreeMap<[u8; 32], Crash> = BTreeMap::new();
        for at in 0..=self.operations.len() {
            if let Some(operation) = at.checked_sub(1).map(|last| &self.operations[last]) {
                operation.apply(&mut disk);
                match operation {
                    Operation::Told(number) => told = *number as usize + 1,
                    Operation::Signed => signed += 1,
                    _ => {}
                }
            }
            for survivors in Survivors::ALL {
                let tree = disk.after(survivors);
                let known = states.entry(disk::digest(&tree)).or_insert(Crash {
                    tree,
                    told,
                    signed,
                    at,
                    survivors,
                });
                // A later report must hold in the same state, too.
                (known.told, known.signed) = (told, signed);
            }
        }
        let mut crashes: Vec<_> = states.into_values().collect();
        crashes.sort_by_key(|crash| (crash.at, crash.survivors));
        crashes
    }

    /// Those before anything new was recorded.
    pub(crate) fn crashes_at_the_beginning(&self) -> Vec<Crash> {
        let mut crashes = self.crashes();
        crashes.retain(|crash| crash.told == self.before.told);
        crashes
    }

    /// The kind of the last operation, and what survived.
    pub(crate) fn kind(&self, crash: &Crash) -> ((&'static str, String), Survivors) {
        let last = crash
            .at
            .checked_sub(1)
            .map(|last| self.operations[last].kind());
        (last.unwrap_or(("nothing", String::new())), crash.survivors)
    }

    /// The operation before the power cut, in words.
    pub(crate) fn place(&self, crash: &Crash) -> String {
        let ((what, path), survivors) = self.kind(crash);
        format!(
            "{}: after operation {} ({what} {path}), {survivors:?} survived",
            self.name, crash.at
        )
    }
}

/// The content of a folder; sockets hold nothing.
fn found(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(folder, "", &mut tree);
    tree
}

fn collect(folder: &Path, inside: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{inside}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            tree.insert(path.clone(), Found::Folder);
            collect(&entry.path(), &format!("{path}/"), tree);
        } else if kind.is_file() {
            let content = disk::Content::of(fs::read(entry.path()).unwrap());
            tree.insert(path, Found::File(content));
        }
    }
}
