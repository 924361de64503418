//! Holders apart: the files that go out to them and come back.
//!
//! A *request* is the ceremony so far in one file. An *answer* is one holder's turn: a branch of
//! the transcript that follows the request's head, the objects that it names, and a statement
//! over both by the holder's key. Both formats are canonical JSON, so that one content has one
//! file and one digest.

pub mod answer;
pub mod armour;
pub mod clock;
pub mod collect;
pub mod fork;
pub mod request;
pub mod verify;
pub mod witness;

pub use answer::Answer;
pub use collect::{Asking, Collected, collect};
pub use request::{Asks, Request};
pub use verify::{Opened, open};

use keymoot_core::{digest::Digest, json};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::error::Category;

/// Files by the digest of their content, in base64.
mod objects {
    use std::collections::BTreeMap;

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use keymoot_core::digest::Digest;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        files: &BTreeMap<Digest, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            files
                .iter()
                .map(|(digest, bytes)| (digest, STANDARD.encode(bytes))),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Digest, Vec<u8>>, D::Error> {
        let files = BTreeMap::<Digest, String>::deserialize(deserializer)?;
        files
            .into_iter()
            .map(|(digest, text)| {
                let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
                match Digest::of(&bytes) == digest {
                    true => Ok((digest, bytes)),
                    false => Err(de::Error::custom(format!(
                        "the object {digest} has another content"
                    ))),
                }
            })
            .collect()
    }
}

/// Canonical JSON.
pub(crate) fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let text = serde_json::to_vec(value).map_err(|error| error.to_string())?;
    let parsed = json::parse(&text, text.len()).map_err(|error| error.to_string())?;
    Ok(json::canonical(&parsed))
}

/// Reads canonical JSON: what is read must be written the same.
pub(crate) fn strict<T: Serialize + for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    let value: T = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Eof if bytes.trim_ascii().is_empty() => "it is empty".to_owned(),
        Category::Eof => "it is cut off".to_owned(),
        Category::Syntax | Category::Io => "it is not JSON".to_owned(),
        Category::Data => keymoot_core::text::excerpt(&error.to_string()),
    })?;
    match canonical(&value)? == bytes {
        true => Ok(value),
        false => Err("it is not in canonical form".to_owned()),
    }
}

/// How the formats of requests begin.
const REQUEST: &str = "keymoot-request-";
/// How the formats of answers begin.
const ANSWER: &str = "keymoot-answer-";

/// Whether a file names a format that begins so: a request is easily taken for an answer, and the
/// reverse.
fn names_format(bytes: &[u8], begins: &str) -> bool {
    #[derive(Deserialize)]
    struct Named {
        format: String,
    }
    serde_json::from_slice::<Named>(bytes).is_ok_and(|named| named.format.starts_with(begins))
}

/// Why [`strict`] refuses a file: a file of another format lacks more than what the parser names.
fn refused(bytes: &[u8], begins: &str, why: String) -> String {
    let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    match is_json && !names_format(bytes, begins) {
        true => "it names another format, or none".to_owned(),
        false => why,
    }
}

/// A file that events name, and its digest.
type Object = (Digest, Vec<u8>);
