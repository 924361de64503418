//! Repositories in the three dialects with a signing event in each, made with the keys in the
//! devices of a rehearsal.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use keymoot_core::{json::Object, time::Time};
use keymoot_record::{signing_event::receipt::Receipt, transcript::Mode};
use keymoot_tuf::{
    DelegationDraft, Dialect, Document, Holder, KeyId, OnlineKey, Periods, PublicKey, RootDraft,
    Signer, TargetFile, TargetsDraft, dialect::tufops::Config,
};
use p256::pkcs8::EncodePublicKey as _;
use testkit::{
    holders::Holders,
    stage::{Stage, below, keymoot, said},
};

/// A rehearsal of three holders, whose devices sign here.
pub(super) fn rehearsal() -> &'static Stage {
    static DONE: OnceLock<Stage> = OnceLock::new();
    DONE.get_or_init(|| {
        let stage = Stage::shared();
        let policy = stage.small_policy().display().to_string();
        let output = stage.rehearsed(&["--holders", "3", "--policy", &policy]);
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

pub(super) fn devices() -> Holders {
    Holders::of(&rehearsal().dir().join("rehearsal/devices.json"))
}

/// The key of a holder, SubjectPublicKeyInfo, DER.
pub(super) fn spki(holder: usize) -> Vec<u8> {
    static KEYS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    KEYS.get_or_init(|| rehearsal().keys())[holder - 1].clone()
}

pub(super) fn holder(number: usize) -> Holder {
    Holder {
        handle: format!("holder-{number}"),
        key: PublicKey::from_spki_der(&spki(number)).unwrap(),
    }
}

/// The change of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The second holder of root leaves, and the third comes.
    Rotation,
    /// Targets sign one file more.
    Targets,
    /// Both at once.
    Both,
}

/// The documents of a state of the repository, each with who may sign it and did.
pub(super) struct State {
    pub(super) root: RootDraft,
    pub(super) targets: TargetsDraft,
    pub(super) crates: TargetsDraft,
}

impl State {
    /// The first state: holders 1 and 2 sign everything.
    pub(super) fn first(dialect: Dialect) -> Self {
        let online = p256::SecretKey::from_slice(&[9; 32]).unwrap();
        let online = online.public_key().to_public_key_der().unwrap();
        let days = |expiry_days, signing_days| Periods {
            expiry_days,
            signing_days,
        };
        let signers: Vec<_> = [1, 2].map(|number| Signer::Holder(holder(number))).into();
        let targets = |role: &str, delegations| TargetsDraft {
            role: role.to_owned(),
            version: 1,
            expires: in_days(300),
            files: BTreeMap::new(),
            delegations,
            periods: days(365, 60),
            marks: Object::new(),
        };
        let crates = DelegationDraft {
            name: "crates".to_owned(),
            signers: signers.clone(),
            threshold: 2,
            paths: dialect.own_paths("crates"),
            terminating: true,
            periods: days(365, 60),
        };
        Self {
            root: RootDraft {
                version: 1,
                expires: in_days(300),
                consistent_snapshot: true,
                holders: vec![holder(1), holder(2)],
                root_threshold: 2,
                targets_signers: Some(signers),
                targets_threshold: 2,
                online: OnlineKey {
                    key: PublicKey::from_spki_der(online.as_bytes()).unwrap(),
                    uri: "awskms:simulated".to_owned(),
                },
                root_periods: days(365, 60),
                targets_periods: days(365, 60),
                snapshot_periods: days(3650, 365),
                timestamp_periods: days(7, 6),
                marks: Object::new(),
            },
            targets: targets("targets", vec![crates]),
            crates: targets("crates", Vec::new()),
        }
    }

    pub(super) fn change(&mut self, change: Change) {
        if change != Change::Targets {
            self.root.version += 1;
            self.root.expires = in_days(310);
            self.root.holders = vec![holder(1), holder(3)];
        }
        if change != Change::Rotation {
            self.targets.version += 1;
            self.targets.expires = in_days(310);
            let file = TargetFile::of(b"a new file");
            self.targets.files.insert("new.txt".to_owned(), file);
        }
    }

    pub(super) fn documents(&self, dialect: Dialect) -> BTreeMap<&'static str, Document> {
        BTreeMap::from([
            ("root", dialect.root(&self.root).unwrap()),
            ("targets", dialect.targets(&self.targets).unwrap()),
            ("crates", dialect.targets(&self.crates).unwrap()),
        ])
    }

    fn config(&self) -> String {
        Config::of("gs://bucket", &self.root, &self.targets.delegations).to_toml()
    }
}

/// A moment so many days from now.
pub(super) fn in_days(days: i64) -> Time {
    let now = keymoot_verify::now().unwrap().unix();
    Time::from_unix(now + days * 86_400).unwrap()
}

/// The signatures of these holders on a document.
pub(super) fn signatures(
    dialect: Dialect,
    document: &Document,
    holders: &[usize],
) -> BTreeMap<KeyId, Vec<u8>> {
    let devices = devices();
    let sign = |number: &usize| {
        let signature = devices.sign(&spki(*number), document.signed_bytes());
        (dialect.holder_key_id(&holder(*number)), signature)
    };
    holders.iter().map(sign).collect()
}

/// A checkout of a signing event, and one of the commit that it begins at.
pub(super) struct Event {
    folder: tempfile::TempDir,
    pub(super) dialect: Dialect,
}

impl Event {
    /// An event on a branch of that name.
    pub(super) fn new(dialect: Dialect, change: Change, branch: &str) -> Self {
        let event = Self {
            folder: tempfile::tempdir().unwrap(),
            dialect,
        };
        fs::create_dir(event.tree()).unwrap();
        event.git(&["init", "--quiet", "-b", "main"]);
        let mut state = State::first(dialect);
        for (role, document) in state.documents(dialect) {
            event.write(role, &document, &signatures(dialect, &document, &[1, 2]));
        }
        event.write_config(&state);
        event.commit("the first state");
        let base = event.base().display().to_string();
        event.git(&["worktree", "add", "--quiet", "--detach", &base, "HEAD"]);
        event.git(&["checkout", "--quiet", "-b", branch]);
        let before = state.documents(dialect);
        state.change(change);
        for (role, document) in state.documents(dialect) {
            if before[role].signed_bytes() != document.signed_bytes() {
                event.write(role, &document, &event.places(role));
            }
        }
        if change != Change::Rotation {
            fs::create_dir(event.tree().join("targets")).unwrap();
            fs::write(event.tree().join("targets/new.txt"), "a new file").unwrap();
        }
        event.write_config(&state);
        event.commit("the event");
        event
    }

    /// The places that tuf-on-ci leaves for signatures: of old and new root keys, and of the
    /// signers of targets.
    fn places(&self, role: &str) -> BTreeMap<KeyId, Vec<u8>> {
        let holders: &[usize] = match role {
            "root" => &[1, 2, 3],
            _ => &[1, 2],
        };
        let place = |number: &usize| (self.dialect.holder_key_id(&holder(*number)), Vec::new());
        match self.dialect {
            Dialect::TufOnCi => holders.iter().map(place).collect(),
            Dialect::Tufops | Dialect::TufCi => BTreeMap::new(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.path("tree")
    }

    pub(super) fn base(&self) -> PathBuf {
        self.path("base")
    }

    /// Writes a document into the tree with these signatures.
    pub(super) fn write(
        &self,
        role: &str,
        document: &Document,
        signatures: &BTreeMap<KeyId, Vec<u8>>,
    ) {
        for (path, bytes) in self.dialect.files(role, document, signatures) {
            let path = self.tree().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    pub(super) fn write_config(&self, state: &State) {
        if self.dialect == Dialect::Tufops {
            fs::write(self.tree().join("tufops.toml"), state.config()).unwrap();
        }
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=holder",
                "-c",
                "user.email=holder@example.org",
            ])
            .args(["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.tree())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    /// The devices of the rehearsal, which no other test uses at the same time.
    pub(super) fn devices(&self) -> PathBuf {
        let devices = self.path("devices");
        if !devices.exists() {
            for (path, bytes) in below(&rehearsal().dir()) {
                let path = devices.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
        devices
    }

    pub(super) fn receipt(&self, holder: usize) -> PathBuf {
        self.path(&format!("holder-{holder}.receipt"))
    }

    /// The command by which a holder signs, up to what says how.
    pub(super) fn answer(&self, holder: usize) -> Command {
        let mut command = keymoot();
        command
            .arg("answer")
            .arg("--tree")
            .arg(self.tree())
            .arg("--base")
            .arg(self.base());
        command.args(["--as", &format!("@holder-{holder}")]);
        command.arg("-o").arg(self.receipt(holder));
        command
            .args(["--rehearsal", "--devices"])
            .arg(self.devices());
        command
    }

    /// A holder signs, unattended.
    pub(super) fn sign(&self, holder: usize) -> Output {
        self.answer(holder).arg("--unattended").output().unwrap()
    }

    /// A document of the tree.
    pub(super) fn document(&self, role: &str) -> Document {
        let file = |path: &str| fs::read(self.tree().join(path)).ok();
        self.dialect.read(role, None, &file).unwrap().unwrap()
    }

    /// The document as one file, as clients get it.
    pub(super) fn published(&self, role: &str, version: Option<u64>, to: &Path) {
        let file = |path: &str| fs::read(self.tree().join(path)).ok();
        let document = self.dialect.read(role, version, &file).unwrap().unwrap();
        let signatures = document.signatures().iter();
        let signatures =
            signatures.map(|signature| (signature.keyid.clone(), signature.bytes().unwrap()));
        fs::write(to, self.dialect.assemble(&document, &signatures.collect())).unwrap();
    }
}

/// Whether these bytes are no receipt.
pub(super) fn is_refused(bytes: &[u8]) -> bool {
    Receipt::read(bytes, Mode::Rehearsal).is_err()
}
