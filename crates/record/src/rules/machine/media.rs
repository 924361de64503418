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

/// The risks of the places of the folder (first) and the bundle (second).
#[must_use]
pub fn warnings(folder: Option<&Medium>, bundle: Option<&Medium>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (what, medium) in [("the ceremony's folder", folder), ("the bundle", bundle)] {
        match medium.map(|medium| (&medium.disk, medium.file_system.as_str())) {
            Some((None, "tmpfs" | "ramfs" | "rootfs")) => warnings.push(format!(
                "{what} is in memory, and lost when the machine is off"
            )),
            Some((Some(disk), _)) if disk.has_the_system => warnings.push(format!(
                "{what} is on {}, the disk of the running system: take it along on a medium of its own",
                escape(&disk.name)
            )),
            _ => {}
        }
    }
    if let (Some(folder), Some(bundle)) = (folder, bundle)
        && let (Some(one), Some(other)) = (&folder.disk, &bundle.disk)
        && one.name == other.name
    {
        warnings.push(format!(
            "the ceremony's folder and the bundle are on one disk, {}: if you lose it, you lose both",
            escape(&one.name)
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::{Disk, Medium, warnings};

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
        assert!(warnings(Some(&one), Some(&other)).is_empty());
        let said = warnings(Some(&one), Some(&stick("sda", "PART2")));
        assert_eq!(
            said,
            [
                "the ceremony's folder and the bundle are on one disk, sda: if you lose it, you lose both"
            ]
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
        let said = warnings(Some(&memory), Some(&system));
        assert!(
            said[0].contains("the ceremony's folder is in memory"),
            "{said:?}"
        );
        assert!(said[1].contains("the bundle is on nvme0n1, the disk of the running system"));
        assert_eq!(said.len(), 2);
    }
}
