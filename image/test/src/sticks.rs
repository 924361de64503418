//! Sticks: files with a file system, as qemu takes them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Step};

/// A file system that people bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileSystem {
    /// FAT32, as sticks are sold.
    Vfat,
    /// exFAT, as larger ones are sold.
    Exfat,
    /// ext4.
    Ext4,
}

impl FileSystem {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vfat => "vfat",
            Self::Exfat => "exfat",
            Self::Ext4 => "ext4",
        }
    }
}

/// Makes a new stick of 300 MB with a label.
///
/// # Errors
/// The program that makes the file system fails.
pub(crate) fn make(folder: &Path, label: &str, of: FileSystem) -> Step<PathBuf> {
    made(folder, label, of, &[])
}

/// The same with ext4, and with the files of a folder on it.
///
/// # Errors
/// The program that makes the file system fails.
pub(crate) fn filled(folder: &Path, label: &str, with: &Path) -> Step<PathBuf> {
    let with = [OsStr::new("-d"), with.as_os_str()];
    made(folder, label, FileSystem::Ext4, &with)
}

fn made(folder: &Path, label: &str, of: FileSystem, more: &[&OsStr]) -> Step<PathBuf> {
    let path = folder.join(format!("{label}.{}", of.name()));
    let _ = std::fs::remove_file(&path);
    std::fs::File::create_new(&path)?.set_len(300_000_000)?;
    let (program, arguments): (_, &[&str]) = match of {
        FileSystem::Vfat => ("mkfs.vfat", &["-F", "32", "-n"]),
        FileSystem::Exfat => ("mkfs.exfat", &["-L"]),
        FileSystem::Ext4 => ("mkfs.ext4", &["-q", "-F", "-L"]),
    };
    // They are in /sbin, which is not in everybody's path.
    let search = format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    );
    let made = Command::new(program)
        .env("PATH", search)
        .args(arguments)
        .arg(label)
        .args(more)
        .arg(&path)
        .output()?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(Failure(format!("{program} failed: {said}")));
    }
    Ok(path)
}
