//! What the machine lacks: threads, USB, or the right to open a device. strace makes system calls
//! fail.

use std::process::Command;

use testkit::room::Room;

use super::{said, sentence};

/// The first problem that `keymoot device list` reports, by a command that becomes keymoot.
fn problem(mut command: Command, room: &Room) -> (String, String) {
    let output = command
        .args(["device", "list", "--connector", "usb"])
        .env("PCSCLITE_CSOCK_NAME", room.socket())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let listed = String::from_utf8(output.stdout).unwrap();
    let (_, problem) = listed.split_once("!  ").unwrap();
    let mut rows = problem.lines();
    let message = rows.next().unwrap();
    let help = rows.next().unwrap().trim();
    let help = help.strip_prefix("help: ").unwrap();
    (message.to_owned(), sentence(help))
}

fn failing(strace: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["--follow-forks", "--quiet=all", "--output=/dev/null"])
        .args(strace)
        .arg(env!("CARGO_BIN_EXE_keymoot"));
    command
}

#[test]
fn a_machine_without_a_thread_or_usb_or_rights_says_so() {
    let room = Room::open(&["--inserted", "1"]);
    let none = failing(&["--inject=clone,clone3:error=EAGAIN"]);
    let (message, help) = problem(none, &room);
    said("this machine has no thread left", &message, &help);

    let none = failing(&["--trace-path=/dev/bus/usb", "--inject=openat:error=ENOENT"]);
    let (message, help) = problem(none, &room);
    said("USB cannot be searched", &message, &help);

    let room = Room::open(&["--inserted", "1", "--forbidden"]);
    let keymoot = Command::new(env!("CARGO_BIN_EXE_keymoot"));
    let (message, help) = problem(keymoot, &room);
    said("polkit refuses this user the device", &message, &help);
}
