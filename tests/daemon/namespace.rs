//! A machine of its own for each scenario: a network with nothing but loopback, and a `/run`
//! in which no other pcscd listens.

use std::env;
use std::io::Write as _;
use std::process::{Command, Output};

use crate::service::Service;

/// Tells the inner process that it is in the namespaces.
const INSIDE: &str = "KEYMOOT_TEST_NAMESPACE";

/// What the shell does in the namespaces before it becomes the test once more.
const SET_UP: &str = r#"
set -eu
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir /run/pcscd
exec "$@"
"#;

/// Plays a scenario where a pcscd of its own runs, with this many simulated devices.
///
/// The scenario is a closure written in the test function itself: its type's name is how the
/// test is found again in the inner process. Where namespaces are not to be had, it is left out;
/// in CI that is a failure.
pub fn play<F: FnOnce(&mut Service)>(devices: usize, scenario: F) {
    if env::var_os(INSIDE).is_some() {
        return scenario(&mut Service::start(devices));
    }
    if let Err(why) = namespaces() {
        let in_ci = env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "{why}");
        // Not through println!, which keeps it from people when all is well.
        let _ = writeln!(std::io::stderr(), "left out: {why}");
        return;
    }
    let test = std::any::type_name::<F>()
        .split("::")
        .skip(1)
        .take_while(|part| !part.starts_with('{'))
        .collect::<Vec<_>>()
        .join("::");
    let inner = unshared(SET_UP)
        .arg(env::current_exe().unwrap())
        .args([&test, "--exact", "--nocapture"])
        .env(INSIDE, "yes")
        .env_remove("PCSCLITE_CSOCK_NAME")
        .output()
        .unwrap();
    let said = said(&inner);
    assert!(inner.status.success(), "the scenario failed:\n{said}");
    assert!(
        said.contains("1 passed"),
        "the scenario '{test}' was not found:\n{said}"
    );
    println!("{said}");
}

/// A shell with this script in new namespaces; what is added are its arguments.
fn unshared(script: &str) -> Command {
    let mut command = Command::new("unshare");
    // Who is not root may have them as root of a user namespace.
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--mount", "sh", "-c", script, "sh"]);
    command
}

fn namespaces() -> Result<(), String> {
    let failed = |why: &str| {
        format!(
            "the real pcscd, which needs network and mount namespaces ({}): run this as root, or allow user namespaces",
            why.trim()
        )
    };
    let output = unshared(SET_UP).arg("true").output();
    let output = output.map_err(|error| failed(&error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(&String::from_utf8_lossy(&output.stderr)))
}

pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
