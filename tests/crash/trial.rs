//! Trying crashes, several at a time.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sha2::{Digest as _, Sha256};

use crate::{
    disk::Survivors,
    recording::{Crash, Recording},
    survival::survives,
};

/// How many are tried at a time: a ceremony mostly waits.
const AT_ONCE: usize = 4;

/// The outcome.
pub(crate) struct Outcome {
    pub tried: usize,
    /// The states that did not survive, and why.
    pub lost: Vec<String>,
}

/// Tries crashes of a recording in folders beside its own, and reports its progress
/// now and then.
pub(crate) fn attempt(recording: &Recording, crashes: &[&Crash]) -> Outcome {
    let beside = recording.folder.parent().unwrap();
    let next = AtomicUsize::new(0);
    let lost = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(crash) = crashes.get(number) else {
                        return;
                    };
                    if number > 0 && number.is_multiple_of(100) {
                        eprintln!("  {}: {number} of {}", recording.name, crashes.len());
                    }
                    if let Err(why) = one(recording, crash, beside, number + 1) {
                        let why = format!("{}: {why}", recording.place(crash));
                        eprintln!("  LOST: {why}");
                        lost.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    Outcome {
        tried: crashes.len(),
        lost: lost.into_inner().unwrap(),
    }
}

/// A failed state stays on the disk, for inspection.
fn one(recording: &Recording, crash: &Crash, beside: &Path, number: usize) -> Result<(), String> {
    let folder = beside.join(format!("{number:06}"));
    let survived = survives(recording, crash, &folder);
    if survived.is_ok() {
        fs::remove_dir_all(&folder).unwrap();
    }
    survived
}

/// The crashes after every operation, where only the program died and where all is lost
/// that was not sure; and of those that left something torn one of each kind.
pub(crate) fn after_every_operation<'c>(
    recording: &Recording,
    crashes: &'c [Crash],
) -> Vec<&'c Crash> {
    let plain =
        |crash: &&Crash| matches!(crash.survivors, Survivors::Everything | Survivors::Nothing);
    let torn = |crash: &&Crash| !plain(crash);
    let mut chosen: Vec<_> = crashes.iter().filter(plain).collect();
    let kinds = one_of_each_kind(recording, crashes.iter(), None);
    chosen.extend(kinds.into_iter().filter(torn));
    chosen
}

/// One crash of each kind: of every kind of operation with everything that can survive
/// it. At most so many, where a number is given.
pub(crate) fn one_of_each_kind<'c>(
    recording: &Recording,
    crashes: impl Iterator<Item = &'c Crash>,
    most: Option<usize>,
) -> Vec<&'c Crash> {
    let mut kinds: BTreeMap<_, Vec<&Crash>> = BTreeMap::new();
    for crash in crashes {
        // In the order of digests, so that those that are chosen first are of all kinds.
        let kind = Sha256::digest(format!("{:?}", recording.kind(crash)));
        kinds.entry(kind.to_vec()).or_default().push(crash);
    }
    let middle = |kind: &Vec<&'c Crash>| kind[kind.len() / 2];
    let chosen = kinds.values().map(middle);
    chosen.take(most.unwrap_or(kinds.len())).collect()
}
