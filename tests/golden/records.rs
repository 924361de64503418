//! The golden records in tests/data/bundles, and the program that reads them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;
use testkit::clock;

/// A bundle or an interrupted ceremony's folder that a released version wrote.
pub(crate) struct Record {
    pub version: &'static str,
    pub kind: &'static str,
    pub name: &'static str,
}

pub(crate) const BUNDLES: [Record; 20] = [
    bundle("0.1.0", "1-initial-root"),
    bundle("0.1.0", "2-annual-resign"),
    bundle("0.1.0", "3-onboard-member"),
    bundle("0.1.0", "4-emergency-revocation"),
    bundle("0.1.0", "5-crates-root-change"),
    bundle("0.1.0", "6-heartbeat"),
    bundle("0.1.0", "7-quorum-lost"),
    bundle("0.1.0", "mixed-devices"),
    bundle("0.1.0", "three-holders"),
    bundle("0.1.0", "tuf-ci"),
    bundle("0.1.0", "tufops"),
    bundle("0.3.0", "1-initial-root"),
    bundle("0.3.0", "2-annual-resign"),
    bundle("0.3.0", "3-onboard-member"),
    bundle("0.3.0", "4-emergency-revocation"),
    bundle("0.3.0", "5-change-policy"),
    bundle("0.3.0", "6-heartbeat"),
    bundle("0.3.0", "mixed-devices"),
    bundle("0.3.0", "tuf-ci"),
    bundle("0.3.0", "tufops"),
];

pub(crate) const INTERRUPTED: [Record; 6] = [
    interrupted("0.1.0", "closing"),
    interrupted("0.1.0", "enrolment"),
    interrupted("0.1.0", "signing"),
    interrupted("0.3.0", "closing"),
    interrupted("0.3.0", "enrolment"),
    interrupted("0.3.0", "signing"),
];

/// A ceremony that awaits a holder who is apart, with `asked.request` and `asked.answer` beside it.
pub(crate) const ASKED: Record = record("0.3.0", "apart", "asked");

const fn bundle(version: &'static str, name: &'static str) -> Record {
    record(version, "bundles", name)
}

const fn interrupted(version: &'static str, name: &'static str) -> Record {
    record(version, "interrupted", name)
}

const fn record(version: &'static str, kind: &'static str, name: &'static str) -> Record {
    Record {
        version,
        kind,
        name,
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundles")
}

impl Record {
    /// A file beside the record.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.stored().with_file_name(name)
    }

    fn stored(&self) -> PathBuf {
        golden().join(self.version).join(self.kind).join(self.name)
    }

    /// Whether holders fewer than a quorum closed it.
    pub(crate) fn is_of_a_lost_quorum(&self) -> bool {
        self.name == "7-quorum-lost"
    }

    pub(crate) fn dialect(&self) -> &str {
        match self.name {
            "tuf-ci" | "tufops" => self.name,
            _ => "tuf-on-ci",
        }
    }

    /// Lays the record out as its program had written it: with the files that the
    /// records share, and with the modes that Git does not keep.
    pub(crate) fn laid_out(&self, place: &Path) {
        copy(&self.stored(), place);
        for (path, digest) in self.shared(place) {
            let path = place.join(path);
            make_folder(path.parent().unwrap());
            copy_file(
                &golden().join(self.version).join("files").join(digest),
                &path,
            );
        }
    }

    /// The files that are stored under their digests: path and SHA-256.
    fn shared(&self, place: &Path) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match self.kind {
            "bundles" => {
                let manifest = fs::read(place.join("MANIFEST.json")).unwrap();
                let manifest: Value = serde_json::from_slice(&manifest).unwrap();
                let files = manifest["files"].as_array().unwrap().iter();
                files
                    .map(|file| (text(&file["path"]), text(&file["sha256"])))
                    .collect()
            }
            _ => {
                let transcript = fs::read_to_string(place.join("transcript.jsonl")).unwrap();
                let opened = transcript.lines().next().unwrap();
                let opened: Value = serde_json::from_str(opened).unwrap();
                let bill = text(&opened["event"]["program"]["sbom"]);
                vec![(format!("objects/{bill}"), bill)]
            }
        }
    }
}

/// The records that are stored, by version, kind and name.
pub(crate) fn stored() -> Vec<String> {
    let mut found = Vec::new();
    // Records of live ceremonies need the program with their vendor: test-vendor/tests/live.
    let versions = folders(&golden()).into_iter();
    for version in versions.filter(|version| !version.ends_with("-live")) {
        for kind in ["bundles", "interrupted"] {
            for name in folders(&golden().join(&version).join(kind)) {
                found.push(format!("{version}/{kind}/{name}"));
            }
        }
    }
    found.sort();
    found
}

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn copy(from: &Path, to: &Path) {
    make_folder(to);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => copy_file(&entry.path(), &to),
        }
    }
}

fn make_folder(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

fn copy_file(from: &Path, to: &Path) {
    fs::write(to, fs::read(from).unwrap()).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Does this with every record in a folder of its own, on all cores, and fails with
/// all errors.
pub(crate) fn each(
    records: &[Record],
    check: impl Fn(&Record, &Path) -> Result<(), String> + Sync,
) {
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    let work = || {
        while let Some(record) = records.get(next.fetch_add(1, Ordering::SeqCst)) {
            let folder = tempfile::tempdir().unwrap();
            if let Err(fault) = check(record, folder.path()) {
                let fault = format!("{} {}: {fault}", record.version, record.name);
                faults.lock().unwrap().push(fault);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

pub(crate) fn keymoot() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_keymoot"));
    assert!(
        program.with_file_name("hsm-sim").is_file(),
        "hsm-sim is not beside the program: run `cargo build --workspace`"
    );
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .env_remove("PCSCLITE_CSOCK_NAME");
    command
}

/// The program by the clock of the last event of a ceremony: what a record brings along, as the
/// root of tuf-crates, expires.
pub(crate) fn keymoot_then(ceremony: &Path) -> Command {
    let transcript = fs::read_to_string(ceremony.join("transcript.jsonl")).unwrap();
    let last: Value = serde_json::from_str(transcript.lines().last().unwrap()).unwrap();
    let then = last["time"].as_str().unwrap().replace('T', " ");
    let mut command = keymoot();
    command.envs(clock::variables(&format!(
        "@{}",
        then.trim_end_matches('Z')
    )));
    command
}

/// Resumes a ceremony, up to this exit code.
pub(crate) fn resume(ceremony: &Path, out: &Path, code: i32) -> Result<String, String> {
    let mut command = keymoot_then(ceremony);
    ends_with(
        code,
        command.arg("resume").arg(ceremony).arg("--out").arg(out),
    )
}

/// Runs a command that must end with this exit code; returns its output.
pub(crate) fn ends_with(code: i32, command: &mut Command) -> Result<String, String> {
    let output = clock::output(command);
    let said = said(&output);
    match output.status.code() == Some(code) {
        true => Ok(said),
        false => Err(said),
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub(crate) fn verify(bundle: &Path) -> Result<String, String> {
    ends_with(
        0,
        keymoot()
            .args(["verify", "--expect", "rehearsal-small", "--rules"])
            .arg("--rehearsal")
            .arg(bundle),
    )
}
