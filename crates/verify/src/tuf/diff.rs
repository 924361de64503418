//! `keymoot tuf diff`.

use std::path::Path;

use keymoot_tuf::document_changes;

use super::answer::{Answer, Failure, digest, line, tell};
use super::file;
use super::names::Names;
use super::verify::load;

pub(super) fn diff(old: &Path, new: &Path) -> Result<Answer, Failure> {
    let before = load::one(old)?;
    let after = load::one(new)?;
    let role = file::role(new, &after);
    let mut told =
        document_changes(&role, Some(&before), &after).map_err(|error| Failure::Refused {
            path: new.to_owned(),
            error,
        })?;
    let names = Names::around(new);
    if let Some(config) = names.as_ref().and_then(Names::config) {
        config.name_changes(&mut told);
    }
    let mut text = tell(&told);
    if told.is_empty() {
        line(&mut text, "Nothing differs in what is signed.");
    }
    if let Some(names) = names {
        line(&mut text, &format!("\n{}", names.note()));
    }
    text += &digest(&after);
    Ok(Answer {
        text,
        accepted: true,
    })
}
