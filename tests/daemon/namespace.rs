//! A machine of its own for each scenario: a network with loopback alone, and a `/run`
//! in which no other pcscd listens.

use std::env;
use std::process::Output;

use testkit::privileged::Root;

use crate::service::Service;

/// Tells the inner process that it is in the namespaces.
const INSIDE: &str = "KEYMOOT_TEST_NAMESPACE";

/// The commands of the shell in the namespaces before it becomes the test once more.
const SET_UP: &str = r#"
set -eu
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir /run/pcscd
exec "$@"
"#;

/// Runs a scenario with a pcscd of its own and this many simulated devices.
///
/// The scenario is a closure written in the test function itself: its type's name is how the
/// test is found again in the inner process. Without namespaces it is left out; as root in CI it
/// fails.
pub(crate) fn play<F: FnOnce(&mut Service)>(devices: usize, scenario: F) {
    if env::var_os(INSIDE).is_some() {
        return scenario(&mut Service::start(devices));
    }
    let Some(root) = Root::of_this_test(&["--net", "--mount"]) else {
        // CI runs as root what an ordinary user left out; nobody runs what root left out.
        let in_ci = env::var("CI").is_ok_and(|ci| ci == "true");
        let last = in_ci && rustix::process::geteuid().is_root();
        assert!(!last, "no namespaces in CI");
        return;
    };
    let test = std::any::type_name::<F>()
        .split("::")
        .skip(1)
        .take_while(|part| !part.starts_with('{'))
        .collect::<Vec<_>>()
        .join("::");
    let inner = root
        .command("sh")
        .args(["-c", SET_UP, "sh"])
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

pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
