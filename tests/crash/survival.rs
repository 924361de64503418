//! A crash, and the requirements after the ceremony was resumed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use keymoot_core::digest::Digest;
use keymoot_record::transcript::{Chain, Event};
use testkit::stage::{keymoot, said};

use crate::{
    disk::{Content, Found, Tree},
    operations::is_signature,
    recording::{Crash, Recording, TRANSCRIPT, traced},
    strace,
};

/// Puts the disk of a crash into `folder`, continues there to the end, and returns
/// the violated requirement.
pub(crate) fn survives(recording: &Recording, crash: &Crash, folder: &Path) -> Result<(), String> {
    lay_out(&crash.tree, &recording.folder, folder);
    let survivor = Survivor {
        recording,
        crash,
        folder: folder.to_owned(),
    };
    let (output, signed) = survivor.go_on();
    if !output.status.success() {
        return Err(format!("it was not finished: {}", said(&output)));
    }
    recording.scenario.finish(folder)?;
    survivor.judge(signed)?;
    let output = keymoot()
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(folder.join("bundle"))
        .arg("--rehearsal")
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(format!("its bundle is not good: {}", said(&output)));
    }
    let folders = [folder, recording.folder.as_path()];
    match recording.scenario.ends_alike(folders) {
        true => Ok(()),
        false => Err("it signed other documents than an uninterrupted one".to_owned()),
    }
}

/// Writes a recorded tree to another folder, and replaces the recorded folder's path in it: the
/// settings name the bundle's path. Both paths have one length. Returns the new tree.
pub(crate) fn lay_out(tree: &Tree, recorded: &Path, folder: &Path) -> Tree {
    let names = [recorded, folder].map(|path| path.to_str().unwrap().to_owned());
    assert_eq!(names[0].len(), names[1].len());
    let mut tree = tree.clone();
    for (path, found) in &mut tree {
        if let Found::File(content) = found
            && path.contains("settings.json")
        {
            let text = std::str::from_utf8(&content.bytes).unwrap();
            *content = Content::of(text.replace(&names[0], &names[1]).into_bytes());
        }
    }
    fs::create_dir(folder).unwrap();
    for (path, found) in &tree {
        let whole = folder.join(path);
        match found {
            Found::Folder => fs::create_dir(whole).unwrap(),
            Found::File(content) => fs::write(whole, &content.bytes).unwrap(),
        }
    }
    tree
}

/// What a folder's name ends with while it is laid out.
const PART: &str = ".keymoot-part";

struct Survivor<'r> {
    recording: &'r Recording,
    crash: &'r Crash,
    folder: PathBuf,
}

impl Survivor<'_> {
    fn ceremony(&self) -> PathBuf {
        self.folder.join("ceremony")
    }

    /// Resumes, or begins again where nothing was begun. Gives how often devices were
    /// asked to sign as well.
    fn go_on(&self) -> (Output, usize) {
        let line = self.recording.scenario.hold(&self.folder);
        let log = self.folder.with_extension("strace");
        let mut strace = traced(&self.recording.root, &log, strace::COMMANDS, &line);
        let output = strace.output().unwrap();
        let calls = strace::calls(&fs::read(&log).unwrap());
        fs::remove_file(log).unwrap();
        let signed = calls.iter().filter(|call| is_signature(call));
        (output, signed.count())
    }

    fn judge(&self, signed: usize) -> Result<(), String> {
        let transcript = fs::read(self.folder.join(TRANSCRIPT)).unwrap();
        let acknowledged = self.recording.lines[..self.crash.told].concat();
        if !transcript.starts_with(&acknowledged) {
            return Err("an event that was acknowledged is lost".to_owned());
        }
        let chain = Chain::read(&transcript).map_err(|error| error.to_string())?;
        let before = Chain::read(&acknowledged).map_err(|error| error.to_string())?;
        self.asked_once(&chain)?;
        let (keys, kept) = (keys(&chain), keys(&before));
        if let Some((device, _)) = kept
            .iter()
            .find(|(device, key)| keys.get(*device) != Some(*key))
        {
            return Err(format!("{device} has another key than was acknowledged"));
        }
        let made = self.crash.signed + signed;
        let announced = chain.entries().iter().filter(|entry| {
            matches!(
                entry.event,
                Event::StatementAnnounced { .. }
                    | Event::SignAnnounced { .. }
                    | Event::CloseAnnounced { .. }
            )
        });
        let announced = announced.count();
        if made > announced {
            return Err(format!(
                "devices signed {made} times, and the transcript says so of {announced}"
            ));
        }
        self.escrow_is_kept(&chain)?;
        self.nothing_is_left_behind()
    }

    /// What people had acknowledged was not asked of them again, and no signature is
    /// there twice.
    fn asked_once(&self, chain: &Chain) -> Result<(), String> {
        let mut acknowledged = BTreeSet::new();
        for recorded in chain.with_branches() {
            let once = match &recorded.event {
                Event::Confirmed { step, .. } => format!("confirmed {step}"),
                Event::RollCalled { .. } => "roll call".to_owned(),
                Event::DeviceConfirmed { serial, .. } => format!("device {serial}"),
                Event::Reviewed { document, .. } => format!("reviewed {}", document.name()),
                Event::Enrolled { serial, .. } => format!("enrolled {serial}"),
                Event::Signed {
                    serial, document, ..
                } => format!("{serial} signed {}", document.name()),
                Event::Proved { serial, .. } => format!("{serial} proved"),
                Event::Closed { serial, .. } => format!("{serial} closed"),
                Event::Exported { .. } => "exported".to_owned(),
                Event::Answered {
                    holder, request, ..
                } => format!("{holder} answered {request}"),
                _ => continue,
            };
            if !acknowledged.insert(once.clone()) {
                return Err(format!("{once} twice"));
            }
        }
        Ok(())
    }

    /// The last sealed file of each holder is where the holder takes it.
    fn escrow_is_kept(&self, chain: &Chain) -> Result<(), String> {
        let mut sealed = BTreeMap::new();
        for entry in chain.entries() {
            if let Event::EscrowKept {
                holder,
                serial,
                sealed: Some(digest),
            } = &entry.event
            {
                sealed.insert(format!("{holder}-{serial}.age"), *digest);
            }
        }
        for (name, digest) in sealed {
            let kept = fs::read(self.ceremony().join("escrow").join(&name));
            if kept.ok().map(|bytes| Digest::of(&bytes)) != Some(digest) {
                return Err(format!("escrow/{name} is not what was sealed"));
            }
        }
        Ok(())
    }

    fn nothing_is_left_behind(&self) -> Result<(), String> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let laid_out = format!("ceremony{PART}");
        // A disk may give a folder back under its old name and its new one. The old one
        // is left alone: to remove it might remove what the new one leads to.
        let is_there = |name: &str| self.crash.tree.contains_key(name);
        if is_there("ceremony") && is_there(&laid_out) {
            names.retain(|name| *name != laid_out);
        }
        match names.as_slice() == self.recording.scenario.left() {
            true => Ok(()),
            false => Err(format!("there is left {names:?}")),
        }
    }
}

/// The keys that were enrolled, by device.
fn keys(chain: &Chain) -> BTreeMap<u32, Vec<u8>> {
    let (mut made, mut enrolled) = (BTreeMap::new(), BTreeMap::new());
    for entry in chain.entries() {
        match &entry.event {
            Event::KeyGenerated { serial, spki, .. } => {
                made.insert(*serial, spki.clone());
            }
            Event::Enrolled { serial, .. } => {
                enrolled.insert(*serial, made[serial].clone());
            }
            _ => {}
        }
    }
    enrolled
}
