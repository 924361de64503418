//! The files mapped into this process, and what the loader was asked to load.
//!
//! A library that was loaded before the others can answer instead of libc's functions. So
//! everything here goes through rustix, which on Linux makes its system calls itself.

use std::{collections::BTreeSet, os::fd::OwnedFd, sync::OnceLock};

use keymoot_core::digest::Digest;
use keymoot_record::rules::machine::{Mapped, Process};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};

const PRELOAD: &str = "/etc/ld.so.preload";

/// The libraries that the program is linked with, and those that these load themselves.
const LIBRARIES: [&str; 10] = [
    "ld-linux",
    "ld-musl",
    "libc.so.",
    "libm.so.",
    "libgcc_s.so.",
    "libpcsclite.so.",
    "libpcsclite_real.so.",
    "libpthread.so.",
    "libdl.so.",
    "librt.so.",
];

/// The loader's variables when this process was started.
static ASKED: OnceLock<Vec<String>> = OnceLock::new();

/// Remembers the loader's variables. Once this process hides its memory, only root may
/// still read the environment with which it was started.
pub(super) fn remember() {
    ASKED.get_or_init(asked);
}

pub(super) fn examine() -> Process {
    let program = rustix::fs::readlink("/proc/self/exe", Vec::new());
    let program = program.map(|path| path.to_string_lossy().into_owned());
    let maps = read("/proc/self/maps").unwrap_or_default();
    let paths = executable(&String::from_utf8_lossy(&maps));
    let others = paths
        .into_iter()
        .filter(|path| program.as_ref() != Ok(path));
    let mapped = others.map(|path| Mapped {
        sha256: read(&path).ok().map(|bytes| Digest::of(&bytes)),
        is_foreign: !is_library(&path),
        path,
    });
    Process {
        asked: ASKED.get_or_init(asked).clone(),
        mapped: mapped.collect(),
    }
}

fn asked() -> Vec<String> {
    let mut asked = match read("/proc/self/environ") {
        Ok(environment) => loader_variables(&environment),
        Err(_) => vec!["(unknown: /proc/self/environ cannot be read)".to_owned()],
    };
    let preload = read(PRELOAD);
    if preload.map_or_else(
        |error| error != Errno::NOENT,
        |text| !text.trim_ascii().is_empty(),
    ) {
        asked.push(PRELOAD.to_owned());
    }
    asked
}

/// The names of the variables that the loader obeys (ld.so(8)).
fn loader_variables(environment: &[u8]) -> Vec<String> {
    let variables = environment.split(|byte| *byte == 0);
    let names = variables.filter_map(|variable| variable.split(|byte| *byte == b'=').next());
    let names = names.filter(|name| name.starts_with(b"LD_"));
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// The files with executable pages, from a process's maps (proc(5)), each once.
fn executable(maps: &str) -> BTreeSet<String> {
    let paths = maps.lines().filter_map(|line| {
        let mut fields = line.splitn(6, ' ');
        let is_executable = fields.nth(1)?.contains('x');
        let path = fields.nth(3).unwrap_or_default().trim_start();
        // The parts that the kernel itself maps into every process.
        let is_the_kernels = ["[vdso]", "[vsyscall]"].contains(&path);
        (is_executable && !is_the_kernels).then_some(path)
    });
    let named = paths.map(|path| match path {
        "" => "(memory without a file)",
        path => path,
    });
    named.map(str::to_owned).collect()
}

fn is_library(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else {
        return false;
    };
    let of_the_system = ["/lib", "/usr/lib"]
        .iter()
        .any(|lib| folder.starts_with(lib));
    of_the_system && LIBRARIES.iter().any(|library| name.starts_with(library))
}

fn read(path: &str) -> Result<Vec<u8>, Errno> {
    let file: OwnedFd = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let (mut content, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match rustix::io::read(&file, &mut piece[..]) {
            Ok(0) => return Ok(content),
            Ok(read) => content.extend(piece.get(..read).unwrap_or_default()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{examine, executable, is_library, loader_variables};

    const MAPS: &str = "\
55d0-55d1 r--p 00000000 fe:00 12 /usr/bin/keymoot
55d1-55d2 r-xp 00001000 fe:00 12 /usr/bin/keymoot
7f00-7f01 r-xp 00001000 fe:00 13                         /usr/lib/x86_64-linux-gnu/libc.so.6
7f02-7f03 r-xp 00001000 fe:00 14                         /tmp/a spy.so (deleted)
7f04-7f05 rwxp 00000000 00:00 0
7f06-7f07 rw-p 00000000 00:00 0                          [heap]
7f08-7f09 r-xp 00000000 00:00 0                          [vdso]
";

    #[test]
    fn every_file_with_executable_pages_is_found_once() {
        let found: Vec<_> = executable(MAPS).into_iter().collect();
        assert_eq!(
            found,
            [
                "(memory without a file)",
                "/tmp/a spy.so (deleted)",
                "/usr/bin/keymoot",
                "/usr/lib/x86_64-linux-gnu/libc.so.6",
            ]
        );
    }

    #[test]
    fn only_the_systems_own_libraries_are_the_programs() {
        assert!(is_library("/usr/lib/x86_64-linux-gnu/libpcsclite.so.1.0.0"));
        assert!(is_library("/lib64/ld-linux-x86-64.so.2"));
        for foreign in [
            "/tmp/libc.so.6",
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
            "/opt/libc.so.6",
            "(memory without a file)",
        ] {
            assert!(!is_library(foreign), "{foreign}");
        }
    }

    #[test]
    fn variables_of_the_loader_are_found_by_their_names() {
        let environment = b"PATH=/bin\0LD_PRELOAD=/tmp/spy.so\0XLD_=1\0LD_AUDIT=\0";
        assert_eq!(loader_variables(environment), ["LD_PRELOAD", "LD_AUDIT"]);
    }

    #[test]
    fn this_process_maps_libc_and_its_digest_is_known() {
        let process = examine();
        let libc = process.mapped.iter().find(|m| m.path.contains("libc.so"));
        assert!(libc.is_some_and(|libc| !libc.is_foreign && libc.sha256.is_some()));
    }
}
