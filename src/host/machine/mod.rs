//! The machine: facts for the MACHINE rules, and the protection of this
//! process's memory.
//!
//! A fact that cannot be read counts as the worse one.

mod kernel;
mod media;
mod process;
mod service;
mod terminals;

pub use service::{Listener, SERVICE_VARIABLE, listener};

use std::path::Path;

use super::clock;
use keymoot_core::HostError;
use keymoot_record::rules::machine::{Machine, Medium, Space};

/// Examines the machine, and the disks on which these places are or will be. The smart card
/// service matters where holders bring YubiKeys.
///
/// # Errors
/// [`HostError`] when the clock shows nothing that can be written.
pub fn examine(places: &[&Path], yubikeys: bool) -> Result<Machine, HostError> {
    let (sys, proc) = (Path::new("/sys"), Path::new("/proc"));
    let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
    let status = kernel::Status::read(proc);
    Ok(Machine {
        now: clock::now()?,
        links_up: kernel::links_up(sys),
        radios_on: kernel::radios_on(sys),
        swap: kernel::swap(proc),
        hibernates: kernel::hibernates(sys),
        core_limit: limit.current.unwrap_or(u64::MAX),
        core_handler: kernel::core_handler(proc),
        readable: rustix::process::dumpable_behavior()
            .is_ok_and(|is| is != rustix::process::DumpableBehavior::NotDumpable),
        tracer: status.tracer,
        ptrace_scope: kernel::ptrace_scope(proc),
        memory_locked: status.locked > 0,
        others: terminals::others(proc),
        space: places.iter().map(|place| space(place)).collect(),
        service_chosen: std::env::var_os(SERVICE_VARIABLE).is_some(),
        entropy: getrandom::fill(&mut [0; 16]).is_ok(),
        process: process::examine(),
        service: yubikeys.then(|| service::examine(proc)),
    })
}

/// Protects this process's memory, where the kernel permits it: no core dump
/// is written, no other process of the same user may read it, and none of it is
/// swapped to a disk. The rules read the result back, so they report a refusal.
///
/// A program that this process becomes by `exec` has to ask for it again.
pub fn protect() {
    process::remember();
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    lock_memory();
}

/// Locks all memory, now and in future, each page once it is used. Under a
/// limit it locks nothing: the kernel would refuse memory beyond the limit.
fn lock_memory() {
    use rustix::{
        mm::MlockAllFlags,
        process::{Resource, Rlimit, getrlimit, setrlimit},
    };
    let most = getrlimit(Resource::Memlock).maximum;
    let unlimited = most.is_none()
        && setrlimit(
            Resource::Memlock,
            Rlimit {
                current: None,
                maximum: None,
            },
        )
        .is_ok();
    if unlimited || kernel::Status::read(Path::new("/proc")).may_lock {
        let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
        let _ = rustix::mm::mlockall(all);
    }
}

/// The free space of a path, or of the nearest folder above it that
/// exists. None where it cannot be read.
fn space(place: &Path) -> Space {
    let free = place
        .ancestors()
        .find_map(|folder| rustix::fs::statvfs(folder).ok())
        .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Space {
        place: place.to_string_lossy().into_owned(),
        free,
        medium: medium(place),
    }
}

/// The medium that something is on or will be on, where the kernel says.
#[must_use]
pub fn medium(place: &Path) -> Option<Medium> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let sources = media::Sources {
        mounts: &mounts,
        sys: Path::new("/sys"),
        dev: Path::new("/dev"),
    };
    media::medium(place, &sources)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::{examine, protect};

    #[test]
    fn what_the_process_does_for_its_memory_is_read_back() {
        protect();
        let machine = examine(&[], false).unwrap();
        assert_eq!(machine.core_limit, 0);
        assert!(!machine.readable);
    }

    #[test]
    fn the_space_of_a_place_that_is_not_there_yet_is_that_of_the_folder_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let there = examine(&[folder.path(), &folder.path().join("not/yet")], false).unwrap();
        let [one, other] = there.space.as_slice() else {
            panic!("two places were given");
        };
        assert!(one.free > 0 && other.free > 0);
    }

    #[test]
    fn this_machine_can_be_examined_without_being_root() {
        assert!(examine(&[Path::new("/")], false).unwrap().entropy);
    }
}
