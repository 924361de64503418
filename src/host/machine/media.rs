//! On which medium a place is: what the kernel and udev say about it.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use keymoot_record::rules::machine::{Disk, Medium};

/// The files in which the kernel and udev describe mounts and disks.
pub(super) struct Sources<'p> {
    /// `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).
    pub(super) mounts: &'p str,
    /// `/sys`.
    pub(super) sys: &'p Path,
    /// `/dev`.
    pub(super) dev: &'p Path,
}

/// The most block devices on top of each other, such as a volume in an encrypted partition.
const DEPTH: usize = 8;

/// A line of mountinfo.
struct Mount {
    at: PathBuf,
    file_system: String,
    source: String,
}

/// The medium of a place, or of the nearest folder above it that is there. None where the
/// kernel does not say.
pub(super) fn medium(place: &Path, sources: &Sources<'_>) -> Option<Medium> {
    let there = place
        .ancestors()
        .find_map(|above| above.canonicalize().ok())?;
    let mounts: Vec<_> = sources.mounts.lines().filter_map(mount).collect();
    // Of two mounts at one place, the later one covers the other.
    let covers = |at: &Path| {
        let over = mounts.iter().filter(|mount| at.starts_with(&mount.at));
        over.max_by_key(|mount| mount.at.as_os_str().len())
    };
    let mount = covers(&there)?;
    let disk = |device: OsString| whole_disk(&device, sources.sys);
    let system = covers(Path::new("/")).and_then(Mount::block_device);
    let system = system.and_then(disk);
    let device = mount.block_device();
    Some(Medium {
        file_system: mount.file_system.clone(),
        label: device
            .as_deref()
            .and_then(|device| label(device, sources.dev)),
        mounted_at: mount.at.to_string_lossy().into_owned(),
        disk: device.and_then(disk).map(|disk| Disk {
            model: model(&disk),
            has_the_system: system.as_ref() == Some(&disk),
            name: file_name(&disk),
        }),
    })
}

fn mount(line: &str) -> Option<Mount> {
    let (first, last) = line.split_once(" - ")?;
    let mut last = last.split(' ');
    Some(Mount {
        at: PathBuf::from(unescape(first.split(' ').nth(4)?, "\\", 3, 8)),
        file_system: last.next()?.to_owned(),
        source: unescape(last.next()?, "\\", 3, 8),
    })
}

impl Mount {
    /// The kernel's name of the block device that is mounted, which may have other names, too.
    fn block_device(&self) -> Option<OsString> {
        let source = Path::new(&self.source);
        let device = source.canonicalize().unwrap_or_else(|_| source.to_owned());
        let name = device.file_name()?;
        source.starts_with("/dev").then(|| name.to_owned())
    }
}

/// Text in which a mark and digits encode a byte: `\040` in mountinfo, `\x20` of udev.
fn unescape(text: &str, mark: &str, digits: usize, radix: u32) -> String {
    let mut parts = text.split(mark);
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part
            .get(..digits)
            .map(|digits| u8::from_str_radix(digits, radix));
        match byte {
            Some(Ok(byte)) => {
                bytes.push(byte);
                bytes.extend_from_slice(part.get(digits..).unwrap_or_default().as_bytes());
            }
            _ => bytes.extend_from_slice(format!("{mark}{part}").as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The folder below /sys of the whole disk that a block device is on.
fn whole_disk(device: &OsStr, sys: &Path) -> Option<PathBuf> {
    let mut block = sys.join("class/block").join(device).canonicalize().ok()?;
    for _ in 0..DEPTH {
        let below = fs::read_dir(block.join("slaves")).into_iter().flatten();
        match below.flatten().next() {
            Some(below) => block = below.path().canonicalize().ok()?,
            None => break,
        }
    }
    match block.join("partition").exists() {
        true => Some(block.parent()?.to_owned()),
        false => Some(block),
    }
}

fn model(disk: &Path) -> Option<String> {
    let model = fs::read_to_string(disk.join("device/model")).ok()?;
    let model = model.trim();
    (!model.is_empty()).then(|| model.to_owned())
}

/// The label that udev read off a block device.
fn label(device: &OsStr, dev: &Path) -> Option<String> {
    let labels = fs::read_dir(dev.join("disk/by-label")).ok()?;
    labels.flatten().find_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let label = entry.file_name();
        (target.file_name() == Some(device))
            .then(|| unescape(&label.to_string_lossy(), "\\x", 2, 16))
    })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, os::unix::fs::symlink, path::Path};

    use super::{Sources, medium, unescape};
    use keymoot_record::rules::machine::{Disk, Medium};

    /// A machine with its system on one disk, and a stick with a partition.
    fn machine(folder: &Path) -> String {
        let disks = folder.join("sys/devices");
        for (disk, model) in [("nvme0n1", "Inner Disk"), ("sda", "Flash Disk \n")] {
            fs::create_dir_all(disks.join(disk).join("device")).unwrap();
            fs::write(disks.join(disk).join("device/model"), model).unwrap();
        }
        let blocks = folder.join("sys/class/block");
        fs::create_dir_all(&blocks).unwrap();
        for (of, name) in [("nvme0n1", "nvme0n1p2"), ("sda", "sda1")] {
            let partition = disks.join(of).join(name);
            fs::create_dir(&partition).unwrap();
            fs::write(partition.join("partition"), "1").unwrap();
            symlink(&partition, blocks.join(name)).unwrap();
        }
        // The system is on an encrypted volume on the partition.
        let volume = disks.join("dm-0");
        fs::create_dir_all(volume.join("slaves")).unwrap();
        symlink(&volume, blocks.join("dm-0")).unwrap();
        symlink(blocks.join("nvme0n1p2"), volume.join("slaves/nvme0n1p2")).unwrap();
        let labels = folder.join("dev/disk/by-label");
        fs::create_dir_all(&labels).unwrap();
        symlink("../../sda1", labels.join("MY\\x20STICK")).unwrap();
        let media = folder.join("my media");
        fs::create_dir(&media).unwrap();
        let at = media.canonicalize().unwrap();
        format!(
            "27 1 259:2 / / rw,noatime shared:1 - ext4 /dev/dm-0 rw\n\
             40 27 8:1 / {} rw - vfat /dev/sda1 rw\n\
             41 27 0:30 / /nowhere rw - tmpfs tmpfs rw\n",
            at.to_str().unwrap().replace(' ', "\\040")
        )
    }

    #[test]
    fn a_place_on_a_stick_and_one_on_the_systems_disk_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mounts = machine(folder.path());
        let sources = Sources {
            mounts: &mounts,
            sys: &folder.path().join("sys"),
            dev: &folder.path().join("dev"),
        };
        let stick = folder.path().join("my media/not/yet");
        let mounted_at = folder.path().join("my media").canonicalize().unwrap();
        assert_eq!(
            medium(&stick, &sources),
            Some(Medium {
                file_system: "vfat".to_owned(),
                label: Some("MY STICK".to_owned()),
                mounted_at: mounted_at.to_string_lossy().into_owned(),
                disk: Some(Disk {
                    name: "sda".to_owned(),
                    model: Some("Flash Disk".to_owned()),
                    has_the_system: false,
                }),
            })
        );
        let system = medium(folder.path(), &sources).unwrap();
        assert_eq!((system.file_system.as_str(), system.label), ("ext4", None));
        let disk = system.disk.unwrap();
        assert!(disk.has_the_system && disk.name == "nvme0n1");
    }

    #[test]
    fn escapes_encode_bytes_and_everything_else_is_literal() {
        assert_eq!(unescape("a\\040b\\134c", "\\", 3, 8), "a b\\c");
        assert_eq!(unescape("a\\x20b\\y", "\\x", 2, 16), "a b\\y");
        assert_eq!(unescape("end\\04", "\\", 3, 8), "end\\04");
    }
}
