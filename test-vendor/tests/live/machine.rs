//! A machine on which all rules of a live ceremony hold, made of namespaces.
//!
//! The facts that the program reads there, and their causes:
//!
//! | rule | in the namespaces |
//! | --- | --- |
//! | MACHINE-NETWORK | a network namespace has loopback alone; a new sysfs shows it |
//! | MACHINE-RADIO | empty folders cover the classes of radios in /sys, where there are any |
//! | MACHINE-SWAP, MACHINE-HIBERNATION | files cover /proc/swaps and /sys/power/state |
//! | MACHINE-ALONE | a process namespace and a new /proc: no other login's processes are in it |
//! | MACHINE-SERVICE | hsm-sim's socket is at the service's own path; no variable is set |
//! | MACHINE-MEMORY | no namespace helps: only root, or `ulimit -l unlimited`, locks memory |
//! | MACHINE-PCSC | hsm-sim answers there, and no other user may open its socket |
//! | MACHINE-LOADED | no variable of the loader is set |
//! | the others | pass by the program's own acts, or on any machine |

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
    process::Command,
};

use portable_pty::CommandBuilder;
use testkit::{left_out::leave_out, privileged::Root};

/// The namespaces, as unshare(1) calls them.
const NAMESPACES: [&str; 6] = [
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
];

/// The commands of the shell in the namespaces before it becomes the program. The path of pcscd's
/// socket is compiled into libpcsclite (Debian: /run/pcscd/pcscd.comm).
const PREPARE: &str = r#"
set -eu
service="$1"
shift
mount -t sysfs none /sys
for class in rfkill ieee80211 bluetooth; do
    [ ! -d /sys/class/$class ] || mount -t tmpfs none /sys/class/$class
done
mount -t tmpfs none /run
mkdir /run/pcscd
printf 'Filename\tType\tSize\tUsed\tPriority\n' > /run/swaps
printf 'freeze mem\n' > /run/power
mount --bind /run/swaps /proc/swaps
[ ! -e /sys/power/state ] || mount --bind /run/power /sys/power/state
: > /run/pcscd/pcscd.comm
mount --bind "$service" /run/pcscd/pcscd.comm
unset PCSCLITE_CSOCK_NAME
[ $# -eq 0 ] || exec "$@"
"#;

/// A way to start programs on such a machine.
pub(crate) struct Machine(Root);

impl Machine {
    /// The machine of the running test. `None` where this system gives none: the test is then
    /// counted as left out, and fails where `CI` is `true` and namespaces are missing.
    pub(crate) fn of_this_test() -> Option<Self> {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Memlock);
        if !rustix::process::geteuid().is_root() && limit.maximum.is_some() {
            leave_out("needs memory that may be locked without a limit", "sudo");
            return None;
        }
        let found = Root::find(&NAMESPACES).map(Self);
        let found = found.and_then(|machine| machine.works().map(|()| machine));
        let in_ci = env::var("CI").is_ok_and(|ci| ci == "true");
        match found {
            Err(reason) if in_ci => panic!("{reason}"),
            found => found.map_err(|reason| leave_out(&reason, "sudo")).ok(),
        }
    }

    /// Prepares one and runs nothing on it.
    fn works(&self) -> Result<(), String> {
        let socket = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let words = self.words(socket.path());
        let output = Command::new(&words[0]).args(&words[1..]).output();
        let output = output.map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(format!("needs its own /sys and /run ({})", said.trim()))
            }
        }
    }

    fn words(&self, service: &Path) -> Vec<OsString> {
        let mut words: Vec<_> = self.0.words().collect();
        words.extend(["sh", "-c", PREPARE, "sh"].map(OsString::from));
        words.push(service.into());
        words
    }

    /// A program on this machine, with devices behind this socket.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        service: &Path,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> CommandBuilder {
        let mut words = self.words(service);
        words.push(program.into());
        words.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        let mut command = CommandBuilder::from_argv(words);
        command.env("TERM", "linux");
        command.env("LANG", "C.UTF-8");
        // Cargo sets the variable of the loader for the programs that it runs.
        for name in ["LC_ALL", "LC_CTYPE", "NO_COLOR", "LD_LIBRARY_PATH"] {
            command.env_remove(name);
        }
        command
    }
}
