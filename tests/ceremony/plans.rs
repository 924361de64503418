//! What is known of a plan before the day, and what a rehearsal never passes for.

use testkit::stage::{finished, keymoot, said};

#[test]
fn a_rehearsals_root_is_called_one_by_whoever_verifies_it() {
    let root = finished()
        .out()
        .join("repositories/tuf-root/metadata/root.json");
    let output = keymoot()
        .args(["tuf", "verify"])
        .arg(root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for due in ["warning REHEARSAL: ", "A REHEARSAL: "] {
        assert!(said(&output).contains(due), "{}", said(&output));
    }
}
