//! Bytes as hexadecimal text, for serde.

use serde::{Deserialize, Deserializer, Serializer};

/// Writes bytes as hexadecimal text.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

/// Reads bytes from hexadecimal text.
///
/// # Errors
/// When the text is not hexadecimal.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
