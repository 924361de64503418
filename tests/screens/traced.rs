//! A ceremony under strace: every byte that the program read and wrote.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::Path,
};

use testkit::{needle::Needle, privileged::Root, programs, terminal::Terminal};

/// The calls that move bytes.
const CALLS: &str = "--trace=read,pread64,readv,preadv,write,pwrite64,writev,pwritev,sendto,sendmsg,recvfrom,recvmsg";

/// The descriptor of a pseudo-terminal (Linux: major number 136).
const TERMINAL: &str = "<char 136:";

/// The PIV commands with which a PIN, a PUK or a management key goes to its device
/// (NIST SP 800-73-4 part 2, 3.2; Yubico's extensions for the last).
const USES: [(&[u8], &str); 4] = [
    (&[0x00, 0x20, 0x00], "verify"),
    (&[0x00, 0x24, 0x00], "change reference data"),
    (&[0x00, 0x2c, 0x00], "reset retry counter"),
    (&[0x00, 0xff, 0xff], "set management key"),
];

/// The longest of these commands, in bytes up to where a secret begins.
const COMMAND: usize = 32;

/// The places of secrets in the bytes that were read and written.
#[derive(Default)]
pub(crate) struct Traced {
    pub calls: usize,
    pub bytes: usize,
    looked_for: usize,
    /// Read from the terminal: somebody typed them.
    pub typed: usize,
    /// In a command to a device, on the socket of the smart card service.
    pub used: usize,
    /// Anywhere else.
    pub astray: Vec<String>,
}

impl Traced {
    /// Starts keymoot under strace at a terminal.
    pub(crate) fn begin(root: &Root, trace: &Path, arguments: &[String]) -> Terminal {
        let strace = ["strace", "--follow-forks", "--seccomp-bpf", "--quiet=all"];
        let all = [
            "--strings-in-hex=all",
            "--string-limit=1000000",
            "--decode-fds=all",
            CALLS,
        ];
        let mut words: Vec<&OsStr> = strace.iter().chain(&all).map(OsStr::new).collect();
        words.extend([OsStr::new("--output"), trace.as_os_str(), OsStr::new("--")]);
        let words = words.into_iter().map(OsString::from);
        Terminal::under(root.words().chain(words), arguments)
    }

    /// Looks for secrets in all that was read and written.
    pub(crate) fn search(trace: &Path, secrets: &[Needle]) -> Self {
        let mut traced = Self {
            looked_for: secrets.len(),
            ..Self::default()
        };
        // The program reads its own file for its digest. That was there before any secret,
        // and in so many bytes the digits of a PIN occur somewhere at any distance.
        let own_file = in_hex(programs::program().to_str().unwrap());
        for line in fs::read_to_string(trace).unwrap().lines() {
            let Some((call, arguments)) = line.split_once('(') else {
                continue;
            };
            traced.calls += 1;
            // The descriptor, with what it is: a path, a socket.
            let of = arguments.split('"').next().unwrap_or_default();
            if of.contains(&own_file) {
                continue;
            }
            for data in strings(arguments) {
                traced.bytes += data.len();
                for secret in secrets {
                    for (at, how) in secret.found_in(&data) {
                        if call.contains("read") && of.contains(TERMINAL) {
                            traced.typed += 1;
                        } else if of.contains("UNIX") && is_use(&data[..at]) {
                            traced.used += 1;
                        } else {
                            let call = call.split_whitespace().last().unwrap_or_default();
                            traced
                                .astray
                                .push(format!("{} {how} in {call}({of}", secret.name));
                        }
                    }
                }
            }
        }
        traced
    }

    pub(crate) fn told(&self) -> String {
        format!(
            "{} secrets looked for in {} bytes of {} calls: typed {} times, sent to a device {} times, elsewhere {} times",
            self.looked_for,
            self.bytes,
            self.calls,
            self.typed,
            self.used,
            self.astray.len()
        )
    }
}

/// Whether the bytes before a secret are the command that brings it to a device.
fn is_use(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(COMMAND)..];
    USES.iter()
        .any(|(command, _)| near.windows(command.len()).any(|part| part == *command))
}

/// A path as strace writes it.
fn in_hex(path: &str) -> String {
    path.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// The strings of a call, as bytes: strace writes them as `"\x00\x01"`.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    let quoted = arguments.split('"').skip(1).step_by(2);
    let bytes = |text: &str| {
        let digits = text.split("\\x").skip(1);
        digits
            .filter_map(|byte| u8::from_str_radix(byte, 16).ok())
            .collect()
    };
    quoted.map(bytes).collect()
}
