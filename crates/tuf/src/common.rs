//! The members that every kind of metadata has (TUF 1.0.34, section 4.2).

use super::{Document, DocumentError, Warning};
use keymoot_core::json::{At, Json, Misfit, Object};
use keymoot_core::time::{Form, Time};

/// `spec_version`, `version` and `expires`.
pub(super) struct Common {
    pub(super) version: u64,
    pub(super) spec_version: String,
    pub(super) expires: Time,
    pub(super) expires_text: String,
}

impl Common {
    /// Reads them from the signed part.
    pub(super) fn read(at: &At<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Misfit> {
        let place = at.member("expires")?;
        let expires_text = place.string()?;
        let (expires, form) = Time::parse_any(expires_text)
            .ok_or_else(|| place.misfit("no time of the form YYYY-MM-DDTHH:MM:SSZ"))?;
        if form == Form::Unusual {
            warnings.push(Warning::UnusualTime(expires_text.to_owned()));
        }
        Ok(Self {
            version: at.member("version")?.unsigned()?,
            spec_version: at.member("spec_version")?.string()?.to_owned(),
            expires,
            expires_text: expires_text.to_owned(),
        })
    }
}

/// The signed part of a document that must be of this type.
pub(super) fn signed_of<'d>(
    document: &'d Document,
    wanted: &'static str,
) -> Result<At<'d>, DocumentError> {
    if document.kind() == wanted {
        Ok(At::top(document.signed(), "signed"))
    } else {
        Err(DocumentError::WrongType {
            found: document.kind().to_owned(),
            wanted,
        })
    }
}

/// The members that are not among these.
pub(super) fn others(members: &Object, known: &[&str]) -> Object {
    members
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, value): (&String, &Json)| (name.clone(), value.clone()))
        .collect()
}
