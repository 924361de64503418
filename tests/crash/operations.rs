//! From system calls to their effects on one folder.

use std::collections::HashMap;

use crate::{
    disk::{Content, Disk},
    strace::Call,
};

/// The first bytes of the command by which a YubiKey signs with the key in slot 9c:
/// GENERAL AUTHENTICATE, ECC P-256 (NIST SP 800-73-4, part 2, 3.2.4).
const SIGN: [u8; 4] = [0x00, 0x87, 0x11, 0x9c];

/// An operation, in order.
#[derive(Debug)]
pub(crate) enum Operation {
    MakeFolder(String),
    MakeFile(String),
    Write(String, usize, Vec<u8>),
    Cut(String, usize),
    Sync(String),
    /// The page cache dropped what it had of a file.
    Forget(String),
    Rename(String, String),
    Remove(String),
    /// A simulated device changed, and keeps that.
    Device(String, Vec<u8>),
    /// The program said that this event is recorded.
    Told(u64),
    /// A device was asked to sign.
    Signed,
}

impl Operation {
    /// The kind of an operation, and the kind of its file.
    pub(crate) fn kind(&self) -> (&'static str, String) {
        match self {
            Self::MakeFolder(path) => ("make folder", sort(path)),
            Self::MakeFile(path) => ("create", sort(path)),
            Self::Write(path, ..) => ("write", sort(path)),
            Self::Cut(path, _) => ("truncate", sort(path)),
            Self::Sync(path) => ("sync", sort(path)),
            Self::Forget(path) => ("forget", sort(path)),
            Self::Rename(_, to) => ("rename", sort(to)),
            Self::Remove(path) => ("remove", sort(path)),
            Self::Device(path, _) => ("device", sort(path)),
            Self::Told(_) => ("told", String::new()),
            Self::Signed => ("signed", String::new()),
        }
    }

    /// Applies it to a disk.
    pub(crate) fn apply(&self, disk: &mut Disk) {
        match self {
            Self::MakeFolder(path) => disk.make_folder(path),
            Self::MakeFile(path) => disk.make_file(path),
            Self::Write(path, at, data) => disk.change(path, |bytes| {
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[*at..at + data.len()].copy_from_slice(data);
            }),
            Self::Cut(path, length) => disk.change(path, |bytes| bytes.resize(*length, 0)),
            Self::Sync(path) => disk.sync(path),
            Self::Rename(from, to) => disk.rename(from, to),
            Self::Remove(path) => disk.remove(path),
            Self::Device(path, content) => {
                disk.keep_elsewhere(path, Content::of(content.clone()));
            }
            Self::Forget(_) | Self::Told(_) | Self::Signed => {}
        }
    }
}

/// A path with what differs from one file of its kind to the next left out.
fn sort(path: &str) -> String {
    let plain = |part: &str| {
        let named = part
            .trim_end_matches(".part")
            .trim_end_matches(".keymoot-part");
        let is_name = named.len() < 60 && !named.bytes().any(|b| b.is_ascii_digit());
        let kind = if is_name { named } else { "*" };
        let ending = &part[named.len()..];
        format!("{kind}{ending}")
    };
    path.split('/').map(plain).collect::<Vec<_>>().join("/")
}

/// Follows a log: each descriptor's file and position, and what devices keep.
struct Follower<'r> {
    root: &'r str,
    /// What is below the root, to know whether an opened file is a new one.
    disk: Disk,
    /// Where the next write goes, by thread and descriptor.
    at: HashMap<(u32, i64), usize>,
    /// The files into which the simulator writes what devices remember.
    devices: HashMap<String, Vec<u8>>,
    done: Vec<Operation>,
}

/// The operations of a log below `root`, where `disk` was before.
pub(crate) fn operations(calls: &[Call], root: &str, disk: Disk) -> Vec<Operation> {
    let mut follower = Follower {
        root,
        disk,
        at: HashMap::new(),
        devices: HashMap::new(),
        done: Vec::new(),
    };
    for call in calls {
        follower.follow(call);
    }
    follower.done
}

impl Follower<'_> {
    fn follow(&mut self, call: &Call) {
        match call.name.as_str() {
            "openat" => self.open(call),
            "lseek" => {
                let (number, _) = call.descriptor(0);
                self.at.insert((call.thread, number), call.result as usize);
            }
            "write" => self.write(call),
            "sendto" if is_signature(call) => self.done.push(Operation::Signed),
            "sendto" => {}
            "ftruncate" => {
                if let Some(path) = self.inside(call.descriptor(0).1) {
                    self.push(Operation::Cut(path, call.number(1)));
                }
            }
            "fsync" | "fdatasync" => {
                let (_, path) = call.descriptor(0);
                if let Some(path) = self.inside(path).filter(|path| !is_device(path)) {
                    self.push(Operation::Sync(path));
                }
            }
            "fadvise64" => {
                if let Some(path) = self.inside(call.descriptor(0).1) {
                    assert_eq!(call.word(3), "POSIX_FADV_DONTNEED");
                    self.push(Operation::Forget(path));
                }
            }
            "mkdir" => {
                if let Some(path) = self.inside(&call.path(0)) {
                    self.push(Operation::MakeFolder(path));
                }
            }
            "rename" => self.rename(&call.path(0), &call.path(1)),
            "renameat2" => {
                let (from, to) = (beside(call, 0), beside(call, 2));
                self.rename(&from, &to);
            }
            "unlink" | "rmdir" => self.remove(&call.path(0)),
            "unlinkat" => self.remove(&beside(call, 0)),
            other => {
                let inside = format!("{:?}", call.arguments).contains(self.root);
                assert!(!inside, "{other} below the folder is not known: {call:?}");
            }
        }
    }

    fn open(&mut self, call: &Call) {
        let opened = call.opened.as_deref().unwrap_or_default();
        self.at.insert((call.thread, call.result), 0);
        let Some(path) = self.inside(opened) else {
            return;
        };
        let flags = call.word(2).to_owned();
        assert!(!flags.contains("O_APPEND"), "{call:?}");
        if is_device(&path) {
            self.devices.insert(path, Vec::new());
        } else if flags.contains("O_CREAT") && self.disk.find(&path).is_none() {
            self.push(Operation::MakeFile(path));
        } else if flags.contains("O_TRUNC") {
            self.push(Operation::Cut(path, 0));
        }
    }

    fn write(&mut self, call: &Call) {
        let (number, path) = call.descriptor(0);
        let path = path.to_owned();
        let written = &call.text(1)[..call.result as usize];
        if let Some(path) = self.inside(&path) {
            if let Some(device) = self.devices.get_mut(&path) {
                device.extend(written);
                return;
            }
            let place = self.at.get_mut(&(call.thread, number));
            let at = place.unwrap_or_else(|| panic!("where this is written is not known: {path}"));
            let here = *at;
            *at += written.len();
            self.push(Operation::Write(path, here, written.to_vec()));
        } else if number == 1 {
            let said = String::from_utf8_lossy(written);
            self.done.extend(told(&said).map(Operation::Told));
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let (Some(from), Some(to)) = (self.inside(from), self.inside(to)) else {
            return;
        };
        match self.devices.remove(&from) {
            Some(kept) => self.push(Operation::Device(to, kept)),
            None => self.push(Operation::Rename(from, to)),
        }
    }

    /// Sockets come and go; a disk keeps none of them.
    fn remove(&mut self, path: &str) {
        if let Some(path) = self
            .inside(path)
            .filter(|path| self.disk.find(path).is_some())
        {
            self.push(Operation::Remove(path));
        }
    }

    fn inside(&self, path: &str) -> Option<String> {
        let inside = path.strip_prefix(self.root)?;
        Some(inside.trim_start_matches('/').to_owned())
    }

    fn push(&mut self, operation: Operation) {
        operation.apply(&mut self.disk);
        self.done.push(operation);
    }
}

/// The number of the event that a line of the program acknowledges.
fn told(said: &str) -> Option<u64> {
    let first = said.split_whitespace().next()?;
    match said.split_once(".answer: event ") {
        Some((_, event)) => event.split(':').next()?.parse().ok(),
        None => first.parse().ok(),
    }
}

/// Whether a device is asked to sign by this.
pub(crate) fn is_signature(call: &Call) -> bool {
    call.name == "sendto" && call.text(1).starts_with(&SIGN)
}

/// What the simulator writes before it renames it.
fn is_device(path: &str) -> bool {
    path.ends_with(".json.new")
}

/// A path given beside a folder's descriptor.
fn beside(call: &Call, place: usize) -> String {
    let path = call.path(place + 1);
    match path.starts_with('/') {
        true => path,
        false => format!("{}/{path}", call.descriptor(place).1),
    }
}
