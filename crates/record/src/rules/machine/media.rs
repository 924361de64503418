//! The media on which the ceremony's folder and the bundle are.

use keymoot_core::text::escape;

/// A disk, a stick or memory, and the file system on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The kernel's name of the file system: `vfat`, `ext4`, `tmpfs`.
    pub file_system: String,
    /// The file system's label, where it has one.
    pub label: Option<String>,
    /// Where it is mounted.
    pub mounted_at: String,
    /// The disk that it is on; none for memory and file systems of a network.
    pub disk: Option<Disk>,
}

/// A disk or a stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The kernel's name of the whole disk: `sda`.
    pub name: String,
    /// The maker's name of it.
    pub model: Option<String>,
    /// Whether the running system is on it.
    pub has_the_system: bool,
}

impl Medium {
    /// Whether people take the medium along: a disk without the running system.
    #[must_use]
    pub fn can_be_taken_out(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| !disk.has_the_system)
    }

    /// Its label, file system and disk: `the medium CEREMONY (vfat on sda, Flash Disk)`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let label = match &self.label {
            Some(label) => format!("the medium {}", escape(label)),
            None => "a medium without a label".to_owned(),
        };
        let on = match &self.disk {
            Some(Disk { name, model, .. }) => {
                let model = model.iter().map(|model| format!(", {}", escape(model)));
                format!(" on {}{}", escape(name), model.collect::<String>())
            }
            None => ", no disk".to_owned(),
        };
        format!("{label} ({}{on})", escape(&self.file_system))
    }
}

/// The name of a place: the folder is the first one, the bundle the second, and its further copies
/// follow, counted as their labels are.
fn name(place: usize) -> String {
    match place {
        0 => "the ceremony's folder".to_owned(),
        1 => "the bundle".to_owned(),
        copy => format!("copy {copy} of the bundle"),
    }
}

/// Each place with its medium, and their risks; the folder first, the bundle second.
pub(super) fn in_words(places: &[Option<&Medium>]) -> Vec<String> {
    let named = places.iter().enumerate().filter_map(|(place, medium)| {
        let name = name(place).replace("ceremony's ", "");
        Some(format!("{name} is on {}", (*medium)?.in_words()))
    });
    let risks = warnings(places);
    let risks = risks.into_iter().map(|risk| format!("warning: {risk}"));
    named.chain(risks).collect()
}

/// The risks of the places of the folder (first), the bundle (second) and its further copies.
#[must_use]
pub fn warnings(places: &[Option<&Medium>]) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut disks: Vec<(&str, Vec<String>)> = Vec::new();
    for (place, medium) in places.iter().enumerate() {
        let Some(medium) = medium else { continue };
        let what = name(place);
        match (&medium.disk, medium.file_system.as_str()) {
            (None, "tmpfs" | "ramfs" | "rootfs") => warnings.push(format!(
                "{what} is in memory, and lost when the machine is off"
            )),
            (Some(disk), _) if disk.has_the_system => warnings.push(format!(
                "{what} is on {}, the disk of the running system: take it along on a medium of its own",
                escape(&disk.name)
            )),
            _ => {}
        }
        let Some(disk) = &medium.disk else { continue };
        match disks.iter_mut().find(|(name, _)| *name == disk.name) {
            Some((_, there)) => there.push(what),
            None => disks.push((&disk.name, vec![what])),
        }
    }
    for (disk, there) in disks {
        let Some((last, before)) = there.split_last().filter(|(_, before)| !before.is_empty())
        else {
            continue;
        };
        let all = match before.len() {
            1 => "both",
            _ => "all of them",
        };
        warnings.push(format!(
            "{} and {last} are on one disk, {}: if you lose it, you lose {all}",
            before.join(", "),
            escape(disk)
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::{Disk, Medium, in_words, warnings};

    fn stick(name: &str, label: &str) -> Medium {
        Medium {
            file_system: "vfat".to_owned(),
            label: Some(label.to_owned()),
            mounted_at: format!("/media/{label}"),
            disk: Some(Disk {
                name: name.to_owned(),
                model: Some("Flash Disk".to_owned()),
                has_the_system: false,
            }),
        }
    }

    #[test]
    fn a_medium_is_named_by_label_file_system_and_disk() {
        assert_eq!(
            stick("sda", "CEREMONY").in_words(),
            "the medium CEREMONY (vfat on sda, Flash Disk)"
        );
        let memory = Medium {
            file_system: "tmpfs".to_owned(),
            label: None,
            mounted_at: "/tmp".to_owned(),
            disk: None,
        };
        assert_eq!(
            memory.in_words(),
            "a medium without a label (tmpfs, no disk)"
        );
    }

    #[test]
    fn two_sticks_are_no_risk_and_one_is() {
        let (one, other) = (stick("sda", "CEREMONY"), stick("sdb", "BUNDLE"));
        assert!(warnings(&[Some(&one), Some(&other)]).is_empty());
        let said = warnings(&[Some(&one), Some(&stick("sda", "PART2"))]);
        assert_eq!(
            said,
            [
                "the ceremony's folder and the bundle are on one disk, sda: if you lose it, you lose both"
            ]
        );
    }

    #[test]
    fn every_copy_is_named_with_its_medium_and_with_what_shares_its_disk() {
        let (one, other) = (stick("sda", "CEREMONY"), stick("sdb", "BUNDLE"));
        let (copy, last) = (stick("sdb", "COPY"), stick("sda", "LAST"));
        let places = [Some(&one), Some(&other), Some(&copy), None, Some(&last)];
        assert_eq!(
            in_words(&places),
            [
                "the folder is on the medium CEREMONY (vfat on sda, Flash Disk)",
                "the bundle is on the medium BUNDLE (vfat on sdb, Flash Disk)",
                "copy 2 of the bundle is on the medium COPY (vfat on sdb, Flash Disk)",
                "copy 4 of the bundle is on the medium LAST (vfat on sda, Flash Disk)",
                "warning: the ceremony's folder and copy 4 of the bundle are on one disk, sda: if you lose it, you lose both",
                "warning: the bundle and copy 2 of the bundle are on one disk, sdb: if you lose it, you lose both",
            ]
        );
        let said = warnings(&[Some(&one), Some(&one), Some(&one)]);
        let all = "the ceremony's folder, the bundle and copy 2 of the bundle are on one disk, sda: if you lose it, you lose all of them";
        assert_eq!(said, [all]);
        let mut memory = stick("", "");
        memory.file_system = "tmpfs".to_owned();
        memory.disk = None;
        let said = warnings(&[Some(&one), Some(&other), Some(&memory)]);
        assert_eq!(
            said,
            ["copy 2 of the bundle is in memory, and lost when the machine is off"]
        );
    }

    #[test]
    fn memory_and_the_systems_disk_are_risks() {
        let mut system = stick("nvme0n1", "root");
        if let Some(disk) = &mut system.disk {
            disk.has_the_system = true;
        }
        let mut memory = stick("", "");
        memory.file_system = "tmpfs".to_owned();
        memory.disk = None;
        let said = warnings(&[Some(&memory), Some(&system)]);
        assert!(
            said[0].contains("the ceremony's folder is in memory"),
            "{said:?}"
        );
        assert!(said[1].contains("the bundle is on nvme0n1, the disk of the running system"));
        assert_eq!(said.len(), 2);
    }
}
