//! A live ceremony, held by typed lines.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use keymoot_record::{
    ceremony::question::{last_four, reading_words},
    transcript::{Chain, Event, PlanPart},
};
use testkit::{shared, stage::state_of};

use super::{
    golden::{Interrupted, Version},
    lines::Lines,
    machine::Machine,
    plan::{self, HOLDERS},
    records,
    room::{DEVICES, Room},
    test_vendor,
};

/// The documents of the script, in the order in which they are read.
const DOCUMENTS: [&str; 3] = ["root.json", "targets.json", "crates.json"];

/// The question after the machine has passed its check.
pub(crate) const AFTER_PREFLIGHT: &str = "tamper-evident bag";

/// The folders and files of a ceremony.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn dir(&self) -> PathBuf {
        self.0.path().join("ceremony")
    }

    /// The simulated devices, as they are kept.
    pub(crate) fn devices(&self) -> PathBuf {
        self.0.path().join(DEVICES)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.0.path().join("bundle")
    }

    pub(crate) fn transcript(&self) -> Chain {
        Chain::read(&fs::read(self.dir().join("transcript.jsonl")).unwrap()).unwrap()
    }
}

/// A running ceremony.
pub(crate) struct Ceremony {
    pub place: Place,
    pub room: Room,
    pub at: Lines,
}

impl Ceremony {
    /// Begins one with a program, on a machine.
    pub(crate) fn begin(machine: &Machine, program: &Path) -> Self {
        Self::begin_with(machine, program, &[])
    }

    /// The same, with these variables set.
    pub(crate) fn begin_with(
        machine: &Machine,
        program: &Path,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("kl").tempdir().unwrap();
        let room = Room::open(folder.path(), HOLDERS);
        let mut arguments = words(&["run", "initial-root", "--plain"]);
        arguments.extend(planned(folder.path()));
        let root = plan::crates_root(folder.path());
        arguments.extend(["--crates-root".into(), root.into_os_string()]);
        let mut command = machine.command(room.socket(), program, arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        let at = Lines::start(command);
        Self {
            place: Place(folder),
            room,
            at,
        }
    }

    /// Begins a dress rehearsal on a machine.
    pub(crate) fn begin_dress(machine: &Machine) -> Self {
        let folder = tempfile::Builder::new().prefix("kl").tempdir().unwrap();
        let room = Room::open(folder.path(), HOLDERS);
        let mut arguments = words(&["rehearse", "initial-root", "--real-devices", "--plain"]);
        arguments.extend(planned(folder.path()));
        let command = machine.command(room.socket(), &test_vendor(), arguments);
        Self {
            place: Place(folder),
            room,
            at: Lines::start(command),
        }
    }

    /// The program is killed, and started again in the same folder.
    pub(crate) fn is_killed_and_resumed(&mut self, machine: &Machine) {
        let arguments = vec![
            "resume".into(),
            self.place.dir().into_os_string(),
            "--plain".into(),
        ];
        self.at.kill();
        self.at = Lines::start(machine.command(self.room.socket(), &test_vendor(), arguments));
    }

    /// Continues an interrupted ceremony, whose devices are as they were, on a machine.
    pub(crate) fn resume(machine: &Machine, program: &Path, interrupted: &Interrupted) -> Self {
        let folder = tempfile::Builder::new().prefix("kl").tempdir().unwrap();
        interrupted.lay_out(folder.path());
        let room = Room::open(folder.path(), HOLDERS);
        let arguments = vec![
            "resume".into(),
            folder.path().join("ceremony").into_os_string(),
            "--plain".into(),
            "--out".into(),
            folder.path().join("bundle").into_os_string(),
        ];
        let at = Lines::start(machine.command(room.socket(), program, arguments));
        Self {
            place: Place(folder),
            room,
            at,
        }
    }

    /// From the second holder's turn in the interrupted step to the end. One that was interrupted
    /// before its documents were made is refused once the root that it brings has expired: false.
    pub(crate) fn go_on_from(&mut self, interrupted: &Interrupted) -> bool {
        // Scripts of 0.2 have no break, no agreement by name and no new bags.
        let old = interrupted.version == Version::V020;
        let step = interrupted.step;
        if step == "enrolment" {
            self.enrol_from(2);
            if interrupted.brings_an_expired_root() {
                self.at.read("CRATES-ROOT");
                return false;
            }
            if old {
                self.reads();
            } else {
                self.all_agree(HOLDERS);
            }
        }
        if step == "closing" {
            // Today's report has other words: the manifest is made again, and all close again.
            self.sign_from(1, "closing");
        } else {
            self.sign_from(if step == "signing" { 2 } else { 1 }, "signing");
            if !old {
                self.pack(HOLDERS);
            }
            self.at.answer("type confirm", "confirm");
            self.sign_from(1, "closing");
        }
        self.at.answer("Type done", "done");
        assert_eq!(self.at.exit_code(), 0);
        true
    }

    /// Everybody reads the digests of program, policy, roster and script.
    pub(crate) fn read_digests(&mut self) {
        self.at.answer("type agree", "agree");
        for part in PlanPart::ALL {
            let asked = format!("digest of the {} (", part.name());
            self.at.read(&asked);
            self.at.read("first two words");
            let digest = state_of(&self.place.dir()).digest_of(part).unwrap();
            self.at.reply(&reading_words(&digest));
        }
    }

    /// From the first question to the last holder's answer.
    pub(crate) fn up_to_roll_call(&mut self) {
        let all = (1..=HOLDERS).map(|n| n.to_string()).collect::<Vec<_>>();
        self.up_to_roll_call_of(&all.join(" "));
    }

    /// The same; who answers, as it is typed.
    pub(crate) fn up_to_roll_call_of(&mut self, answer: &str) {
        self.read_digests();
        self.at.answer(AFTER_PREFLIGHT, "bag 17");
        let now = plan::now().to_string();
        self.at.answer("Time on the wall clock", &now[11..16]);
        let value = format!("a test's beacon, pulse 17: {now}");
        self.at.answer("A public value of today", &value);
        self.at.answer("type confirm", "confirm");
        self.at.answer("numbers of those who answer", answer);
        self.at.answer("numbers of those who answer", "present");
    }

    /// A holder inserts a new device, and sets a PIN.
    pub(crate) fn begin_enrolment(&mut self, holder: usize) {
        let serial = self.room.serials[holder - 1];
        self.comes("enrolment", holder);
        self.at.answer("last four digits", &last_four(serial));
        self.at.answer("New PIN, first time", &pin(holder));
        self.at.answer("New PIN, second time", &pin(holder));
    }

    /// Calls a holder, who inserts the device.
    pub(crate) fn comes(&mut self, step: &str, holder: usize) {
        self.at.read("Whose turn?");
        if holder == 2 {
            records::keep_interrupted(&self.place, step);
        }
        self.at.reply(&holder.to_string());
        self.at.read("Insert your device");
        self.room.insert(holder);
    }

    pub(crate) fn goes(&mut self, holder: usize) {
        // From format 2 on, the holder first takes the sealed file along.
        let next = ["Take your device out", "taken if you have a copy"];
        if self.at.read_any(&next).0 == 1 {
            self.at.reply("taken");
            self.at.read("Take your device out");
        }
        self.room.remove(holder);
    }

    /// Each holder from this one on signs what there is to sign.
    fn sign_from(&mut self, first: usize, step: &str) {
        for holder in first..=HOLDERS {
            self.comes(step, holder);
            self.at.answer("PIN, then Enter", &pin(holder));
            self.goes(holder);
        }
    }

    /// From the first question to the last.
    pub(crate) fn up_to_the_end(&mut self) {
        self.up_to_roll_call();
        self.enrol_to_the_end();
    }

    /// From the first holder's turn to the last question.
    pub(crate) fn enrol_to_the_end(&mut self) {
        self.enrol_from(1);
        self.all_agree(HOLDERS);
        self.sign_from(1, "signing");
        self.pack(HOLDERS);
        self.at.answer("type confirm", "confirm");
        self.sign_from(1, "closing");
        self.at.answer("Type done", "done");
    }

    /// The break; then everybody reads the documents, and each of so many holders in the room agrees
    /// by name.
    pub(crate) fn all_agree(&mut self, holders: usize) {
        self.at.answer("type confirm", "confirm");
        self.reads();
        for _ in 0..holders {
            self.at.answer("Do the digests agree", "yes");
        }
        self.at.answer("type confirm", "confirm");
    }

    /// The machine and so many devices go into new bags.
    pub(crate) fn pack(&mut self, devices: usize) {
        for bag in 0..=devices {
            self.at.answer("New bag", &format!("A 18{bag}"));
        }
        self.at.answer("type confirm", "confirm");
    }

    /// Resets a holder's device, as the program offers.
    pub(crate) fn reset(&mut self, holder: usize) {
        let serial = self.room.serials[holder - 1];
        self.at
            .read(&format!("Insert YubiKey {serial}, type reset"));
        self.room.insert(holder);
        self.at.enter("reset");
        self.at.read(&format!("YubiKey {serial} was reset."));
        self.room.remove(holder);
    }

    /// From the first question to the end.
    fn hold(&mut self) {
        self.up_to_the_end();
        assert_eq!(self.at.exit_code(), 0);
        records::keep_bundle(&self.place);
    }

    /// Each holder from this one on enrols.
    fn enrol_from(&mut self, first: usize) {
        for holder in first..=HOLDERS {
            self.begin_enrolment(holder);
            self.goes(holder);
        }
        self.at.answer("type enough", "enough");
    }

    /// Everybody reads the documents.
    pub(crate) fn reads(&mut self) {
        for name in DOCUMENTS {
            while self.at.read_any(&["Enter shows more", "first two words"]).0 == 0 {
                self.at.reply("");
            }
            let words = self.words_of(name);
            self.at.reply(&words);
        }
    }

    /// The words that the review of a document asks for.
    fn words_of(&self, name: &str) -> String {
        let chain = self.place.transcript();
        let signed = chain.entries().iter().find_map(|entry| match &entry.event {
            Event::Proposed {
                document, signed, ..
            } if document.name() == name => Some(*signed),
            _ => None,
        });
        reading_words(&signed.unwrap())
    }
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(Into::into).collect()
}

/// Roster and policy, and where the ceremony is held, as arguments.
fn planned(folder: &Path) -> Vec<OsString> {
    let paths = [
        ("--roster", plan::roster(folder)),
        ("--policy", plan::policy(folder)),
        ("--dir", folder.join("ceremony")),
        ("--out", folder.join("bundle")),
    ];
    let pairs = paths.into_iter();
    pairs
        .flat_map(|(option, path)| [option.into(), path.into_os_string()])
        .collect()
}

/// Runs a program to its end, away from the machine and its devices.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("PCSCLITE_CSOCK_NAME")
        .output()
        .unwrap()
}

/// The PIN that a holder chooses.
pub(crate) fn pin(holder: usize) -> String {
    format!("gW#kz7{holder}")
}

/// One ceremony that was held to its end, which many tests look at and none changes. `None` where
/// the running test is left out.
pub(crate) fn held() -> Option<&'static Place> {
    static HELD: OnceLock<Place> = OnceLock::new();
    let machine = Machine::of_this_test()?;
    Some(HELD.get_or_init(|| {
        let mut ceremony = Ceremony::begin(&machine, &test_vendor());
        ceremony.hold();
        shared::remove_at_exit(ceremony.place.0.path());
        ceremony.place
    }))
}
