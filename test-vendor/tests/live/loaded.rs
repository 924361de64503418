//! Code that was loaded into the program before a live ceremony.

use std::fs;

use super::{ceremony::Ceremony, machine::Machine, test_vendor};

/// The loader of this program, in which every function of libc can be replaced.
fn a_library() -> Option<String> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let mut libraries = maps
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    let libc = libraries.rfind(|path| path.contains("libc.so."))?;
    Some(libc.to_owned())
}

#[test]
fn a_live_ceremony_refuses_a_library_that_was_loaded_before_the_others() {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let spy = folder.path().join("spy.so");
    fs::copy(a_library().unwrap(), &spy).unwrap();
    let variables = [("LD_PRELOAD", spy.to_str().unwrap())];
    let mut ceremony = Ceremony::begin_with(&machine, &test_vendor(), &variables);
    ceremony.read_digests();
    let said = ceremony.at.read("retry and press Enter");
    for found in ["MACHINE-LOADED", "LD_PRELOAD is set", "spy.so"] {
        assert!(said.contains(found), "{found}: {said}");
    }
    assert!(!said.contains("MACHINE-PCSC"), "{said}");
}
