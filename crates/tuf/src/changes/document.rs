//! Two documents of any type.

use super::{Change, changes, target_changes};
use crate::{Document, DocumentError, Root, Targets};
use keymoot_core::json::{Json, Object};

/// The differences in what two documents of a role sign: no sentence exactly when
/// the signed bytes are the same.
///
/// Changes of roots and targets documents are described by their meaning. Other types, and
/// differences without a meaning, are listed member by member.
///
/// # Errors
/// A document cannot be read, or the two are of different types.
pub fn document_changes(
    role: &str,
    previous: Option<&Document>,
    new: &Document,
) -> Result<Vec<Change>, DocumentError> {
    if let Some(previous) = previous
        && previous.kind() != new.kind()
    {
        return Err(DocumentError::OtherType {
            found: new.kind().to_owned(),
            wanted: previous.kind().to_owned(),
        });
    }
    let mut found = match new.kind() {
        "root" => changes(
            previous.map(Root::read).transpose()?.as_ref(),
            &Root::read(new)?,
        ),
        "targets" => target_changes(
            role,
            previous.map(Targets::read).transpose()?.as_ref(),
            &Targets::read(new)?,
        ),
        _ => Vec::new(),
    };
    if found.is_empty() {
        let nothing = Json::Object(Object::new());
        let before = previous.map_or(&nothing, Document::signed);
        leaves("", Some(before), Some(new.signed()), &mut found);
    }
    if found.is_empty()
        && previous.is_some_and(|previous| previous.signed_bytes() != new.signed_bytes())
    {
        found.push(Change::Bytes);
    }
    Ok(found)
}

/// Every place where two values differ, as deep inside as can be.
fn leaves(place: &str, from: Option<&Json>, to: Option<&Json>, found: &mut Vec<Change>) {
    if from == to {
        return;
    }
    if let (Some(Json::Object(from)), Some(Json::Object(to))) = (from, to) {
        let inside = |name: &str| match place {
            "" => name.to_owned(),
            _ => format!("{place}.{name}"),
        };
        for (name, value) in from {
            leaves(&inside(name), Some(value), to.get(name), found);
        }
        for (name, value) in to.iter().filter(|(name, _)| !from.contains_key(name)) {
            leaves(&inside(name), None, Some(value), found);
        }
        return;
    }
    found.push(Change::Member {
        place: place.to_owned(),
        from: from.cloned(),
        to: to.cloned(),
    });
}
