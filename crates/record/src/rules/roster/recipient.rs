//! The recipient of a holder's secrets: an X25519 recipient of age.

use keymoot_core::text::shortened;
use serde::{Deserialize, Serialize};

/// A recipient of [age](https://age-encryption.org/v1) with an X25519 key, `age1…`.
///
/// keymoot cannot run plugins of age, so it accepts no other kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(String);

/// How many of its last characters a holder compares and types.
const COMPARED: usize = 8;

impl Recipient {
    /// The recipient as `age-keygen` prints it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last characters, which are the ones that a mistyped letter changes: they are the
    /// checksum of Bech32 and two more.
    #[must_use]
    pub fn last_characters(&self) -> &str {
        let start = self.0.len().saturating_sub(COMPARED);
        self.0.get(start..).unwrap_or(&self.0)
    }
}

impl TryFrom<String> for Recipient {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            // Not repeated: it is a secret.
            return Err(
                "this is the secret half of an age identity; the recipient begins with age1"
                    .to_owned(),
            );
        }
        let decoded = bech32::primitives::decode::CheckedHrpstring::new::<bech32::Bech32>(&text)
            .map_err(|error| {
                format!(
                    "\"{}\" is not an age recipient: {error}",
                    shortened(&text, 80)
                )
            })?;
        let kind = decoded.hrp().to_lowercase();
        match kind.strip_prefix("age") {
            Some("") if decoded.byte_iter().count() == 32 && text.starts_with("age1") => {
                Ok(Self(text))
            }
            Some(plugin) if plugin.len() > 1 => Err(format!(
                "\"{}\" is a recipient of age-plugin-{}, and keymoot runs no plugin: give the \
                 recipient of an identity that age-keygen made",
                shortened(&text, 80),
                shortened(plugin.trim_start_matches('1'), 40)
            )),
            _ => Err(format!(
                "\"{}\" is not an age recipient: it does not begin with age1, or has another length",
                shortened(&text, 80)
            )),
        }
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "age1g6cmzvj5jznxgd6ua863ja9w3ynmr5g5pwvhrwycq504t9aheyusccews2";

    fn refused(text: &str) -> String {
        Recipient::try_from(text.to_owned()).unwrap_err()
    }

    #[test]
    fn a_recipient_of_age_keygen_is_one() {
        let recipient = Recipient::try_from(GOOD.to_owned()).unwrap();
        assert_eq!(recipient.last_characters(), "usccews2");
    }

    #[test]
    fn one_wrong_letter_is_detected_at_every_place() {
        for (index, letter) in GOOD.char_indices().skip(4) {
            let other = if letter == 'q' { "p" } else { "q" };
            let mut text = GOOD.to_owned();
            text.replace_range(index..=index, other);
            assert!(refused(&text).contains("not an age recipient"), "{index}");
        }
    }

    #[test]
    fn a_plugins_recipient_is_refused_by_the_name_of_the_plugin() {
        // From the README of age-plugin-yubikey.
        let text = "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt";
        assert!(
            refused(text).contains("age-plugin-yubikey"),
            "{}",
            refused(text)
        );
    }

    #[test]
    fn a_secret_identity_is_refused_and_not_repeated() {
        let secret = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
        let said = refused(&secret);
        assert!(
            said.contains("secret half") && !said.contains("QQQ"),
            "{said}"
        );
    }
}
