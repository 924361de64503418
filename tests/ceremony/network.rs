//! Whole rehearsals on a machine that has no network but loopback, with every call
//! recorded that could reach another.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use testkit::{
    privileged::Root,
    stage::{Stage, program, said},
};

/// The commands of the shell in the namespace: loopback up, its interfaces recorded, and
/// the program under strace. io_uring could connect without any of the other calls.
const SCRIPT: &str = r#"
set -eu
links="$1" calls="$2"
shift 2
ip link set lo up
ip -oneline link show > "$links"
exec strace --follow-forks --seccomp-bpf --output="$calls" \
    --trace=socket,socketpair,connect,bind,sendto,sendmsg,sendmmsg,io_uring_setup -- "$@"
"#;

/// A program's run in a namespace of its own.
struct Run {
    output: Output,
    /// The network interfaces that it had, one a line.
    links: String,
    /// Its calls, one a line.
    calls: String,
}

/// Runs a program where there is no network but loopback.
fn alone(root: &Root, stage: &Stage, arguments: &[&str]) -> Run {
    let (links, calls) = (stage.path("links"), stage.path("calls"));
    let mut command = root.command("sh");
    command
        .args(["-c", SCRIPT, "sh"])
        .args([&links, &calls])
        .args(arguments)
        .env_remove("PCSCLITE_CSOCK_NAME");
    let output = command.output().unwrap();
    let read = |path: &Path| {
        fs::read_to_string(path).unwrap_or_else(|_| panic!("{}\n{NEEDED}", said(&output)))
    };
    Run {
        links: read(&links),
        calls: read(&calls),
        output,
    }
}

const NEEDED: &str = "this test needs ip (Debian: iproute2) and strace";

/// The counts of calls, and every address of another machine in them.
#[derive(Default)]
struct Account {
    calls: BTreeMap<String, usize>,
    internet: usize,
    elsewhere: Vec<String>,
}

impl Account {
    fn of(calls: &str) -> Self {
        let mut account = Self::default();
        for line in calls.lines() {
            let Some((_, call)) = line.split_once(' ') else {
                continue;
            };
            let Some((name, arguments)) = call.trim_start().split_once('(') else {
                continue;
            };
            // The second half of a call that another interrupted: it has no address.
            if name.starts_with("<...") {
                continue;
            }
            *account.calls.entry(name.to_owned()).or_default() += 1;
            account.internet += usize::from(arguments.contains("AF_INET"));
            if !at_home(name, arguments) {
                account.elsewhere.push(line.to_owned());
            }
        }
        account
    }

    fn told(&self) -> String {
        let told = self
            .calls
            .iter()
            .map(|(name, times)| format!("{times} {name}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a call as strace writes it stays on this machine.
fn at_home(name: &str, arguments: &str) -> bool {
    let families = ["AF_UNIX", "AF_INET", "AF_INET6"];
    if matches!(name, "socket" | "socketpair") {
        let family = arguments.split(',').next().unwrap_or_default();
        return families.contains(&family);
    }
    name != "io_uring_setup"
        && arguments.split("sa_family=").skip(1).all(|address| {
            let address = address.split('}').next().unwrap_or_default();
            match address.split(',').next() {
                Some("AF_UNIX") => true,
                Some("AF_INET") => address.contains("inet_addr(\"127."),
                Some("AF_INET6") => address.contains("\"::1\""),
                _ => false,
            }
        })
}

/// A rehearsal that must end well there; its calls.
fn rehearsed(root: &Root, more: &[&str]) -> Account {
    let stage = Stage::new();
    let (program, dir, out) = (program(), stage.dir(), stage.out());
    let [program, dir, out] = [&program, &dir, &out].map(|path| path.to_str().unwrap());
    let policy = stage.small_policy();
    let policy = ["--holders", "3", "--policy", policy.to_str().unwrap()];
    let begin = [program, "rehearse", "--unattended", "--seed", "7"];
    let places = ["--dir", dir, "--out", out];
    let run = alone(root, &stage, &[&begin[..], &policy, &places, more].concat());
    assert!(run.output.status.success(), "{}", said(&run.output));
    let links: Vec<_> = run.links.lines().collect();
    assert!(
        links.len() == 1 && links[0].contains("lo: <LOOPBACK,UP"),
        "{links:?}"
    );
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
    let account = Account::of(&run.calls);
    println!("{}: {}", more.join(" "), account.told());
    assert_eq!(account.elsewhere, [""; 0]);
    assert!(account.calls["connect"] > 0);
    account
}

#[test]
fn a_rehearsal_with_yubikeys_needs_no_network_and_opens_no_internet_socket() {
    let Some(root) = Root::of_this_test(&["--net"]) else {
        return;
    };
    assert_eq!(rehearsed(&root, &[]).internet, 0);
}

#[test]
fn a_rehearsal_with_units_too_needs_loopback_and_connects_to_nothing_else() {
    let Some(root) = Root::of_this_test(&["--net"]) else {
        return;
    };
    assert!(rehearsed(&root, &["--device", "mixed"]).internet > 0);
}

#[test]
fn a_program_that_reaches_for_another_machine_would_be_found() {
    let Some(root) = Root::of_this_test(&["--net"]) else {
        return;
    };
    let stage = Stage::new();
    let reach = "exec 3<>/dev/udp/192.0.2.1/9";
    let run = alone(&root, &stage, &["bash", "-c", reach]);
    assert!(!run.output.status.success());
    let account = Account::of(&run.calls);
    assert!(
        account
            .elsewhere
            .iter()
            .any(|call| call.contains("192.0.2.1")),
        "{}",
        run.calls
    );
}
