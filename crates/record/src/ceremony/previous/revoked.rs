//! The published list of revoked keys.

use serde::{Deserialize, Serialize};

use crate::rules::roster::Handle;
use keymoot_core::{
    digest::Digest,
    json::{self, Json},
};

/// The format that the list names.
const FORMAT: &str = "keymoot-revoked-1";

/// Every key that a quorum revoked, in that order. No later
/// ceremony accepts one again, nor a new key in the same device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked {
    keys: Vec<RevokedKey>,
}

/// A key that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedKey {
    /// The ceremony that did it
    pub ceremony: String,
    /// The holder's handle
    pub handle: Handle,
    /// The SHA-256 of its SubjectPublicKeyInfo
    pub key: Digest,
    /// Why, in one line; not safe to show
    pub reason: String,
    /// The serial number of its device
    pub serial: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    revoked: Vec<RevokedKey>,
}

impl Revoked {
    /// Reads the list. Only the exact bytes that [`Revoked::bytes`] writes are
    /// accepted.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| keymoot_core::text::excerpt(&error.to_string()))?;
        if file.format != FORMAT {
            return Err(format!("its format is not {FORMAT}"));
        }
        let list = Self { keys: file.revoked };
        match list.bytes() == bytes {
            true => Ok(list),
            false => Err("it is not in canonical form".to_owned()),
        }
    }

    /// The list as it is published: canonical JSON.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let keys = self.keys.iter().map(|key| {
            Json::object([
                ("ceremony", key.ceremony.as_str().into()),
                ("handle", key.handle.as_str().into()),
                ("key", key.key.to_string().into()),
                ("reason", key.reason.as_str().into()),
                ("serial", u64::from(key.serial).into()),
            ])
        });
        json::canonical(&Json::object([
            ("format", FORMAT.into()),
            ("revoked", keys.collect()),
        ]))
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[RevokedKey] {
        &self.keys
    }

    /// The list with more keys at its end.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = RevokedKey>) -> Self {
        let keys = self.keys.iter().cloned().chain(more).collect();
        Self { keys }
    }

    /// The entry of this key or of this device, if either was revoked.
    #[must_use]
    pub fn find(&self, key: Option<&Digest>, serial: u32) -> Option<&RevokedKey> {
        self.keys
            .iter()
            .find(|revoked| Some(&revoked.key) == key || revoked.serial == serial)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Revoked, RevokedKey};
    use keymoot_core::digest::Digest;

    fn one() -> RevokedKey {
        RevokedKey {
            ceremony: "0".repeat(32),
            handle: "holder-5".to_owned().try_into().unwrap(),
            key: Digest::of(b"key"),
            reason: "stolen \"on the train\"".to_owned(),
            serial: 12_345_678,
        }
    }

    #[test]
    fn a_list_is_read_back_as_it_was_written() {
        let list = Revoked::default().with([one()]);
        assert_eq!(Revoked::read(&list.bytes()).unwrap(), list);
    }

    #[test]
    fn a_list_with_a_space_too_many_is_refused() {
        let mut bytes = Revoked::default().with([one()]).bytes();
        bytes.push(b' ');
        assert!(Revoked::read(&bytes).is_err());
    }

    #[test]
    fn a_new_key_in_a_revoked_device_is_found_too() {
        let list = Revoked::default().with([one()]);
        assert!(list.find(Some(&Digest::of(b"other")), 12_345_678).is_some());
        assert!(list.find(Some(&Digest::of(b"key")), 1).is_some());
        assert!(list.find(Some(&Digest::of(b"other")), 1).is_none());
    }
}
