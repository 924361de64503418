//! Code in this process that is not the program's: it could read every PIN.

use super::claim::Claim;
use keymoot_core::{Rule, digest::Digest, text::escape};

/// The files mapped into this process, and what asked the loader for more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// Variables `LD_*`, and /etc/ld.so.preload where it names anything.
    pub asked: Vec<String>,
    /// Files with executable pages.
    pub mapped: Vec<Mapped>,
}

/// A file with executable pages in this process, or such pages without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Its path as the kernel names it.
    pub path: String,
    /// The digest of the file, where it can be read.
    pub sha256: Option<Digest>,
    /// Neither the program nor a library that it is linked with.
    pub is_foreign: bool,
}

impl Mapped {
    fn in_words(&self) -> String {
        match self.sha256 {
            Some(digest) => format!("{} {digest}", escape(&self.path)),
            None => format!("{} (cannot be read)", escape(&self.path)),
        }
    }
}

/// MACHINE-LOADED.
pub(super) fn loaded(process: &Process) -> Claim {
    let in_words = |foreign: bool| {
        let some = process.mapped.iter().filter(|m| m.is_foreign == foreign);
        some.map(Mapped::in_words).collect::<Vec<_>>().join(", ")
    };
    let asked = process.asked.iter().map(|asked| escape(asked));
    let mut faults: Vec<_> = asked.map(|asked| format!("{asked} is set")).collect();
    let foreign = in_words(true);
    if !foreign.is_empty() {
        faults.push(format!("the process has foreign code: {foreign}"));
    }
    // A kernel that shows no program in its own process hides the maps.
    if process.mapped.is_empty() {
        faults.push("the code in this process cannot be read".to_owned());
    }
    Claim {
        rule: Rule::MachineLoaded,
        broken: !faults.is_empty(),
        held: format!("the process has only the program and its libraries: {}", in_words(false)),
        what: faults.join("; "),
        next: "leave, unset every LD_ variable, empty /etc/ld.so.preload, and resume; or use the image, whose files are known".to_owned(),
    }
}
