//! Rehearsals by hand at a terminal.

use std::{
    fs,
    path::{Path, PathBuf},
};

use keymoot::rehearsal::unattended;
use keymoot_record::{
    rules::roster::Handle,
    transcript::{Chain, Event, PlanPart},
};
use testkit::{
    lockstep::Lockstep, privileged::Root, programs::keymoot, stage::state_of, terminal::Terminal,
};

use super::states::{BLINKS, CONFIRM, DIGEST};

/// Ctrl-N plugs the holder's device in or out, Ctrl-T touches it.
pub(crate) const PLUG: &str = "\u{e}";
pub(crate) const TOUCH: &str = "\u{14}";
pub(crate) const ESCAPE: &str = "\u{1b}";
pub(crate) const END: &str = "\u{1b}[F";
pub(crate) const HOME: &str = "\u{1b}[H";

/// A rehearsal that ran by itself until a step began, and continues by hand.
pub(crate) struct Rehearsal {
    folder: tempfile::TempDir,
}

impl Rehearsal {
    pub(crate) fn until(step: &str, more: &[&str]) -> Self {
        let rehearsal = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let mut program = keymoot();
        program
            .args(["rehearse", "--unattended", "--seed", "7", "--dir"])
            .arg(rehearsal.dir())
            .args(more);
        let begun = format!("step-begun {step} - -");
        Lockstep::start(&mut program).kill_when(|| {
            let transcript = rehearsal.dir().join("transcript.jsonl");
            transcript.exists() && course(&rehearsal.dir()).contains(&begun)
        });
        let settings = rehearsal.dir().join("settings.json");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(
            &settings,
            text.replace("\"unattended\": true", "\"unattended\": false"),
        )
        .unwrap();
        rehearsal
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("ceremony")
    }

    pub(crate) fn resume(&self) -> Terminal {
        Terminal::start(["resume".as_ref(), self.dir().as_os_str()])
    }

    /// The rest of the rehearsal runs unattended.
    pub(crate) fn goes_on_by_itself(&self) {
        let settings = self.dir().join("settings.json");
        let text = fs::read_to_string(&settings).unwrap();
        let text = text.replace("\"unattended\": false", "\"unattended\": true");
        fs::write(&settings, text).unwrap();
        let done = keymoot().arg("resume").arg(self.dir()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// The same, where only root can look into the program.
    pub(crate) fn resume_as(&self, root: &Root) -> Terminal {
        Terminal::under(root.words(), ["resume".as_ref(), self.dir().as_os_str()])
    }
}

/// The PIN that a holder chose while the rehearsal ran by itself.
pub(crate) fn unattended_pin(n: usize) -> String {
    let handle = Handle::try_from(format!("holder-{n}")).unwrap();
    String::from_utf8(unattended::pin(7, &handle).expose().to_vec()).unwrap()
}

/// A PIN that a holder types. It occurs nowhere by chance in what the test
/// searches for it.
pub(crate) fn pin(n: usize) -> String {
    format!("gW#kz7{n}")
}

/// The serial numbers of the simulated YubiKeys, as the panel of the rehearsal shows them.
pub(crate) fn serials(dir: &Path) -> Vec<u32> {
    serials_in(&dir.join("rehearsal/devices.json"))
}

/// Those of the simulated YubiHSM 2s.
pub(crate) fn serials_of_units(dir: &Path) -> Vec<u32> {
    serials_in(&dir.join("rehearsal/units.json"))
}

fn serials_in(state: &Path) -> Vec<u32> {
    let state = fs::read_to_string(state).unwrap();
    let json: serde_json::Value = serde_json::from_str(&state).unwrap();
    json["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| u32::try_from(device["serial"].as_u64().unwrap()).unwrap())
        .collect()
}

/// The transcript in a ceremony's folder.
pub(crate) fn transcript(dir: &Path) -> Chain {
    Chain::read(&fs::read(dir.join("transcript.jsonl")).unwrap()).unwrap()
}

/// The documents of the first ceremony, in the order in which they are read and signed.
pub(crate) const DOCUMENTS: [&str; 3] = ["root.json", "targets.json", "crates.json"];

/// What is typed for the public value of the day.
pub(crate) const OUTSIDE: &str = "simulated: no public value";

/// Everybody agrees to the plan, and reads the four digests before the first step.
pub(crate) fn read_digests(at: &mut Terminal, dir: &Path) {
    agree(at);
    for part in PlanPart::ALL {
        let compared = format!("digest of the {} (", part.name());
        at.expect(DIGEST.with(&compared)).expect("first two words");
        at.enter(&plan_words(dir, part));
    }
}

/// Everybody agrees to what the ceremony does.
pub(crate) fn agree(at: &mut Terminal) {
    at.page_down("type agree").enter("agree");
}

/// Types a line into each field with this label, and confirms the step.
fn fill_in(at: &mut Terminal, label: &str, line: &str) {
    while at.expect_any([CONFIRM, label.into()]) == 1 {
        at.enter(line);
    }
    at.enter("confirm");
}

/// The devices come out of their bags.
pub(crate) fn opens_bags(at: &mut Terminal) {
    fill_in(at, "Bag that it came in", "A 17");
}

/// Each holder agrees to the digests.
pub(crate) fn all_agree(at: &mut Terminal) {
    fill_in(at, "Do the digests agree", "yes");
}

/// Machine and devices get new bags.
pub(crate) fn takes_bags(at: &mut Terminal) {
    fill_in(at, "New bag", "A 18");
}

/// Everybody comes back from the break.
pub(crate) fn pauses(at: &mut Terminal) {
    at.expect("We pause for 15 minutes")
        .expect(CONFIRM)
        .enter("confirm");
}

/// The first two words of a digest that is read before the first step.
pub(crate) fn plan_words(dir: &Path, part: PlanPart) -> String {
    let digest = state_of(dir).digest_of(part).unwrap();
    keymoot_record::ceremony::question::reading_words(&digest)
}

/// The words that the review of a document asks for, as they are on the screen.
pub(crate) fn reading_words(dir: &Path, name: &str) -> String {
    let chain = transcript(dir);
    let signed = chain.entries().iter().find_map(|entry| match &entry.event {
        Event::Proposed {
            document, signed, ..
        } if document.name() == name => Some(*signed),
        _ => None,
    });
    keymoot_record::ceremony::question::reading_words(&signed.unwrap())
}

/// The events, step by step: their kinds, and the holder of each.
pub(crate) fn course(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("transcript.jsonl")).unwrap();
    let told = text.lines().map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let part = |name: &str| entry["event"][name].as_str().unwrap_or("-").to_owned();
        [part("kind"), part("step"), part("holder"), part("document")].join(" ")
    });
    told.collect()
}

/// Touches the device once it blinks for this: a document, or another statement.
pub(crate) fn touch_for(at: &mut Terminal, allows: &str) {
    let what = match allows.ends_with(".json") {
        // Its name alone is also on the screen while others sign.
        true => format!("the signature on {allows}"),
        false => allows.to_owned(),
    };
    at.expect(BLINKS.with(&what)).expect(BLINKS).by_hand(TOUCH);
}
