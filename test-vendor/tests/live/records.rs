//! Golden records of a live ceremony, where somebody asks for them.
//!
//! With `KEYMOOT_LIVE_RECORDS=FOLDER`, a folder that does not exist yet, the ceremony that the tests
//! hold leaves in it what tests/data/bundles/README.md describes, before files are shared:
//!
//! | path | content |
//! | --- | --- |
//! | `bundle/` | the bundle |
//! | `interrupted/STEP/` | the folder when one holder is through with `enrolment`, `signing` or `closing`, without its `lock` |
//! | `interrupted/STEP.devices.json` | hsm-sim's state of the devices at that moment |
//! | `vendor/` | the trust store by which it verifies |
//!
//! ```sh
//! KEYMOOT_LIVE_RECORDS=records cargo test --workspace --test live the_machine
//! ```

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::ceremony::Place;

fn folder() -> Option<PathBuf> {
    // Tests run in the folder of their package, and the path is relative to the caller's folder.
    let named = PathBuf::from(env::var_os("KEYMOOT_LIVE_RECORDS")?);
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named))
}

/// Keeps a ceremony as a crash at this moment would leave it. The program waits for an answer, so
/// all events are on the disk.
pub(crate) fn keep_interrupted(place: &Place, step: &str) {
    let Some(folder) = folder() else { return };
    let interrupted = folder.join("interrupted");
    copy(&place.dir(), &interrupted.join(step));
    let devices = interrupted.join(format!("{step}.devices.json"));
    fs::copy(place.devices(), devices).unwrap();
}

/// Keeps the bundle, and the store by which it verifies.
pub(crate) fn keep_bundle(place: &Place) {
    let Some(folder) = folder() else { return };
    copy(&place.out(), &folder.join("bundle"));
    let vendor = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor");
    copy(Path::new(vendor), &folder.join("vendor"));
}

/// Copies a folder but its lock. The target must not be there.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "lock" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
