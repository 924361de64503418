//! Small ceremonies in which holders answer apart.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use keymoot::{rehearsal::cast::Cast, store::Settings};

use crate::stage::{Stage, keymoot, said};

/// Three holders, of whom two must sign.
pub struct Three {
    /// The folder of the test.
    pub stage: Stage,
    policy: String,
}

impl Three {
    /// An empty folder.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let stage = Stage::new();
        let policy = stage.small_policy().display().to_string();
        Self { stage, policy }
    }

    /// An annual signing that is left because all three, who are apart, are awaited.
    pub fn to_sign() -> Self {
        let three = Self::new();
        let cast = Cast::of(3);
        let first = three.first_root(&cast);
        three.awaiting("annual-resign", &cast, &first, "--apart");
        three
    }

    /// The enrolment of a newcomer, holder 4, who is apart and awaited.
    pub fn to_enrol() -> Self {
        let three = Self::new();
        let mut cast = Cast::of(3);
        let first = three.first_root(&cast);
        cast.leaves(1);
        cast.joins(4);
        three.awaiting("onboard-member", &cast, &first, "--apart=holder-4");
        three
    }

    /// A first root that `cast` makes, in the room.
    pub fn first_root(&self, cast: &Cast) -> String {
        self.first_root_of(&cast.roster())
    }

    /// A first root that the people of this roster make, in the room.
    pub fn first_root_of(&self, text: &str) -> String {
        let roster = self.stage.path("first.toml");
        fs::write(&roster, text).unwrap();
        let first = self.stage.path("first").display().to_string();
        let mut command = keymoot();
        command.args(["rehearse", "initial-root", "--unattended", "--seed", "7"]);
        command.args(["--policy", &self.policy, "--out", &first, "--roster"]);
        let output = command.arg(roster).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        first
    }

    /// A ceremony of `cast` that is left because only holders apart are awaited, whom the option
    /// `apart` names. The devices are those of `previous`, and one that nobody has enrolled.
    pub fn awaiting(&self, script: &str, cast: &Cast, previous: &str, apart: &str) {
        let roster = self.stage.path("roster.toml");
        fs::write(&roster, cast.roster()).unwrap();
        let mut command = keymoot();
        command.args([
            "rehearse",
            script,
            "--unattended",
            "--ask-by-hand",
            "--seed",
            "7",
        ]);
        command.args(["--policy", &self.policy]);
        command
            .args(["--previous", previous, apart, "--roster"])
            .arg(&roster);
        command
            .arg("--dir")
            .arg(self.stage.dir())
            .arg("--out")
            .arg(self.stage.out());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        self.with_devices(4);
        let devices = Path::new(previous).join("rehearsal/devices.json");
        fs::copy(devices, self.stage.dir().join("rehearsal/devices.json")).unwrap();
    }

    /// Gives the rehearsal so many devices.
    pub fn with_devices(&self, count: usize) {
        let dir = self.stage.dir();
        let mut settings = Settings::read(&dir).unwrap();
        settings.simulator.as_mut().unwrap().count = count;
        settings.write(&dir).unwrap();
    }

    /// Makes a request to the holders that the step awaits.
    pub fn request(&self, name: &str, more: &[&str]) -> PathBuf {
        let file = self.stage.path(name);
        let mut command = keymoot();
        command.arg("request").arg("-o").arg(&file).args(more);
        let output = command.arg(self.stage.dir()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        file
    }

    /// The command with which a holder answers, unattended, with devices of this folder.
    pub fn answering(&self, request: &Path, holder: &str, devices: &Path) -> (Command, PathBuf) {
        let out = self.stage.path(&format!("{holder}.answer"));
        (self.answering_to(request, holder, devices, &out), out)
    }

    /// The same, with the answer in another file.
    pub fn answering_to(
        &self,
        request: &Path,
        holder: &str,
        devices: &Path,
        out: &Path,
    ) -> Command {
        let mut command = keymoot();
        command.arg("answer").arg(request).arg("-o").arg(out);
        command.args(["--as", holder, "--rehearsal", "--unattended"]);
        command
            .args(["--expect", "rehearsal-small", "--devices"])
            .arg(devices);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Answers, unattended.
    pub fn answer(&self, request: &Path, holder: &str) -> PathBuf {
        let (mut command, out) = self.answering(request, holder, &self.stage.dir());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        out
    }

    /// The command with which a holder declines, and the file that it writes: anybody can write it.
    pub fn declining(&self, request: &Path, holder: &str, why: &str) -> (Command, PathBuf) {
        let file = self.stage.path("refusal");
        let mut command = keymoot();
        command.arg("answer").arg(request).arg("-o").arg(&file);
        command.args(["--as", holder, "--rehearsal", "--expect", "rehearsal-small"]);
        command.args(["--decline", why]);
        (command, file)
    }

    /// Removes the answer of a holder, in each form, and the holder's folder.
    pub fn forget(&self, holder: &str) {
        let answer = self.stage.path(&format!("{holder}.answer"));
        fs::remove_dir_all(answer.with_extension("answer.turn")).unwrap();
        fs::remove_file(answer.with_extension("answer.txt")).unwrap();
        fs::remove_file(answer).unwrap();
    }

    /// Takes answers in.
    pub fn collect(&self, answers: &[&PathBuf]) -> Output {
        let mut command = keymoot();
        command.arg("collect").arg(self.stage.dir()).args(answers);
        command.output().unwrap()
    }
}
