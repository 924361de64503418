//! The inputs of a ceremony, `inputs/` in its folder: what it starts from beside its plan.

use std::{fs, path::Path};

use crate::host::whole;
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::ceremony::previous::Inputs;

const FOLDER: &str = "inputs";

/// The largest single input, in bytes.
pub(crate) const LARGEST_INPUT: u64 = 16 << 20;

/// Keeps the inputs in a ceremony's folder.
pub(super) fn keep(dir: &Path, inputs: &Inputs) -> Result<(), HostError> {
    for (path, bytes) in inputs {
        let target = dir.join(FOLDER).join(path);
        if let Some(parent) = target.parent() {
            whole::make_folder(parent)?;
        }
        whole::write_durably(&target, bytes)?;
    }
    Ok(())
}

/// Reads the inputs of a ceremony back.
pub(super) fn kept(dir: &Path) -> Result<Inputs, HostError> {
    let mut inputs = Inputs::new();
    let root = dir.join(FOLDER);
    if root.is_dir() {
        collect(&root, "", &mut inputs)?;
    }
    Ok(inputs)
}

fn collect(folder: &Path, inside: &str, inputs: &mut Inputs) -> Result<(), HostError> {
    let listed = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| HostError::file("list", folder, &error))?;
    for entry in listed {
        let path = entry.path();
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type();
        let kind = kind.map_err(|error| HostError::file("look at", &path, &error))?;
        if kind.is_dir() {
            collect(&path, &format!("{name}/"), inputs)?;
        } else if kind.is_file() {
            inputs.insert(
                name,
                keymoot_verify::files::read_bounded(&path, LARGEST_INPUT)?,
            );
        } else {
            return Err(HostError::new(
                format!("{} is a link or a device, and no file", escape_path(&path)),
                "keymoot did not write it: find out who changed the ceremony's folder",
            ));
        }
    }
    Ok(())
}
