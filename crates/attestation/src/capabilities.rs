//! The capabilities of objects in a YubiHSM 2, and the origin of a key.
//!
//! Yubico, "Capability", "Domain" and "Origin" under
//! <https://developers.yubico.com/YubiHSM2/Concepts/>.

use std::fmt;

/// A set of capabilities: bit `n` of the number is capability `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Capabilities(u64);

/// The names of the capabilities, in the order of their bits.
const NAMES: [&str; 47] = [
    "get-opaque",
    "put-opaque",
    "put-authentication-key",
    "put-asymmetric-key",
    "generate-asymmetric-key",
    "sign-pkcs",
    "sign-pss",
    "sign-ecdsa",
    "sign-eddsa",
    "decrypt-pkcs",
    "decrypt-oaep",
    "derive-ecdh",
    "export-wrapped",
    "import-wrapped",
    "put-wrap-key",
    "generate-wrap-key",
    "exportable-under-wrap",
    "set-option",
    "get-option",
    "get-pseudo-random",
    "put-hmac-key",
    "generate-hmac-key",
    "sign-hmac",
    "verify-hmac",
    "get-log-entries",
    "sign-ssh-certificate",
    "get-template",
    "put-template",
    "reset-device",
    "decrypt-otp",
    "create-otp-aead",
    "randomize-otp-aead",
    "rewrap-from-otp-aead-key",
    "rewrap-to-otp-aead-key",
    "sign-attestation-certificate",
    "put-otp-aead-key",
    "generate-otp-aead-key",
    "wrap-data",
    "unwrap-data",
    "delete-opaque",
    "delete-authentication-key",
    "delete-asymmetric-key",
    "delete-wrap-key",
    "delete-hmac-key",
    "delete-template",
    "delete-otp-aead-key",
    "change-authentication-key",
];

impl Capabilities {
    /// Signing with ECDSA, and nothing else: the capability of a holder's key.
    pub const SIGN_ECDSA: Self = Self(1 << 7);
    /// Leaving the device, encrypted under a wrap key.
    pub const EXPORTABLE_UNDER_WRAP: Self = Self(1 << 16);

    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The set as a number.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `others` are in the set.
    #[must_use]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The vendor's names, in the order of the bits; `bit-47` where there is none.
    pub fn names(self) -> impl Iterator<Item = String> {
        (0..u64::BITS)
            .zip(NAMES.into_iter().map(Some).chain(std::iter::repeat(None)))
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(bit, name)| name.map_or_else(|| format!("bit-{bit}"), str::to_owned))
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.names().collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

/// The domains an object is in, 1 to 16: the lowest bit is domain 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Domains(u16);

impl Domains {
    /// The domains with these bits.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The domains as bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The domains' numbers.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        (0..u16::BITS)
            .filter(move |bit| self.0 >> bit & 1 == 1)
            .map(|bit| bit + 1)
    }
}

impl fmt::Display for Domains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers().map(|n| n.to_string()).collect();
        f.write_str(&numbers.join(", "))
    }
}

/// How an object came into a YubiHSM 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(u8);

impl Origin {
    /// Made in the device, and nothing else.
    pub const GENERATED: Self = Self(Self::MADE);

    const MADE: u8 = 0x01;
    const IMPORTED: u8 = 0x02;
    const WRAPPED: u8 = 0x10;

    /// From the byte in attestations and object infos; `None` where a bit is set
    /// that has no meaning, or none.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte == 0 || byte & !(Self::MADE | Self::IMPORTED | Self::WRAPPED) != 0 {
            return None;
        }
        Some(Self(byte))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = [
            (Self::MADE, "generated"),
            (Self::IMPORTED, "imported"),
            (Self::WRAPPED, "imported under wrap"),
        ]
        .into_iter()
        .filter_map(|(bit, name)| (self.0 & bit != 0).then_some(name))
        .collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, Domains, NAMES, Origin};

    #[test]
    fn capabilities_are_numbers_and_not_named_bits() {
        assert_eq!(Capabilities::from_bits(0x80).to_string(), "sign-ecdsa");
        assert_eq!(Capabilities::from_bits(0x100).to_string(), "sign-eddsa");
        assert_eq!(NAMES[16], "exportable-under-wrap");
        assert_eq!(NAMES[34], "sign-attestation-certificate");
        let both = Capabilities::from_bits(0x1_0080);
        assert!(both.contains(Capabilities::EXPORTABLE_UNDER_WRAP));
        assert!(!Capabilities::SIGN_ECDSA.contains(both));
    }

    #[test]
    fn a_capability_without_a_name_is_named_by_its_bit() {
        assert_eq!(
            Capabilities::from_bits(1 << 63 | 1).to_string(),
            "get-opaque, bit-63"
        );
        assert_eq!(Capabilities::default().to_string(), "none");
    }

    #[test]
    fn the_lowest_bit_is_domain_1() {
        assert_eq!(Domains::from_bits(0x8001).to_string(), "1, 16");
    }

    #[test]
    fn an_origin_has_known_bits_alone() {
        assert_eq!(Origin::from_byte(1), Some(Origin::GENERATED));
        assert_eq!(
            Origin::from_byte(0x11).map(|origin| origin.to_string()),
            Some("generated, imported under wrap".to_owned())
        );
        for byte in [0, 4, 0x81] {
            assert_eq!(Origin::from_byte(byte), None);
        }
    }
}
