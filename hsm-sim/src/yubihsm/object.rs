//! Objects: what a device stores, and what it reports about it.

use super::code::Failure;
use super::frame::Fields;
use super::key::Family;
use serde::{Deserialize, Serialize};

/// Bytes of a label; shorter ones are filled up with zeros.
pub const LABEL: usize = 40;

/// Types of objects, by their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Kind {
    Opaque = 1,
    AuthenticationKey = 2,
    AsymmetricKey = 3,
    WrapKey = 4,
    HmacKey = 5,
    Template = 6,
    OtpAeadKey = 7,
    SymmetricKey = 8,
    PublicWrapKey = 9,
}

impl Kind {
    /// The type with this number.
    ///
    /// # Errors
    /// [`Failure::InvalidData`] when there is none.
    pub const fn of(number: u8) -> Result<Self, Failure> {
        Ok(match number {
            1 => Self::Opaque,
            2 => Self::AuthenticationKey,
            3 => Self::AsymmetricKey,
            4 => Self::WrapKey,
            5 => Self::HmacKey,
            6 => Self::Template,
            7 => Self::OtpAeadKey,
            8 => Self::SymmetricKey,
            9 => Self::PublicWrapKey,
            _ => return Err(Failure::InvalidData),
        })
    }

    /// The capability it takes to delete one.
    #[must_use]
    pub const fn deletable_by(self) -> u64 {
        1 << match self {
            Self::Opaque => 39,
            Self::AuthenticationKey => 40,
            Self::AsymmetricKey => 41,
            Self::WrapKey => 42,
            Self::HmacKey => 43,
            Self::Template => 44,
            Self::OtpAeadKey => 45,
            Self::SymmetricKey => 49,
            Self::PublicWrapKey => 55,
        }
    }

    /// Whether objects of this type hand capabilities on.
    #[must_use]
    pub const fn delegates(self) -> bool {
        matches!(
            self,
            Self::AuthenticationKey | Self::WrapKey | Self::PublicWrapKey
        )
    }

    /// How many bytes of data an object of this type and algorithm has, at least and at most;
    /// `None` when the algorithm is not one for the type.
    #[must_use]
    pub const fn data(self, algorithm: u8) -> Option<(usize, usize)> {
        let exactly = match (self, algorithm) {
            (Self::Opaque, 30 | 31) | (Self::Template, 36) => return Some((1, usize::MAX)),
            (Self::HmacKey, 19 | 20) => return Some((1, 64)),
            (Self::HmacKey, 21 | 22) => return Some((1, 128)),
            (Self::AuthenticationKey, 38) => 32,
            (Self::AuthenticationKey, 49) => 64,
            (Self::WrapKey, 29) | (Self::SymmetricKey, 50) => 16,
            (Self::WrapKey, 41) | (Self::SymmetricKey, 51) => 24,
            (Self::WrapKey, 42) | (Self::SymmetricKey, 52) => 32,
            // A nonce identifier of four bytes is before the key.
            (Self::OtpAeadKey, 37) => 20,
            (Self::OtpAeadKey, 39) => 28,
            (Self::OtpAeadKey, 40) => 36,
            (Self::AsymmetricKey | Self::WrapKey | Self::PublicWrapKey, _) => {
                match (self, Family::of(algorithm)) {
                    (_, Some(Family::Rsa(modulus))) => modulus,
                    (Self::AsymmetricKey, Some(Family::Ec(curve))) => curve.length(),
                    (Self::AsymmetricKey, Some(Family::Ed25519)) => 32,
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some((exactly, exactly))
    }
}

/// Where an object's data came from.
pub mod origin {
    /// The device made it.
    pub const GENERATED: u8 = 0x01;
    /// Somebody put it in.
    pub const IMPORTED: u8 = 0x02;
    /// It came in wrapped; one of the others is set too.
    pub const WRAPPED: u8 = 0x10;
}

/// What is before the data in every command that makes an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The identifier; zero lets the device choose.
    pub id: u16,
    /// The label, with its zeros.
    pub label: [u8; LABEL],
    /// One bit for each domain the object is in, the lowest for domain 1.
    pub domains: u16,
    /// What the object may be used for.
    pub capabilities: u64,
    /// The algorithm.
    pub algorithm: u8,
}

impl Header {
    /// Reads one.
    ///
    /// # Errors
    /// Too little is left.
    pub fn read(fields: &mut Fields) -> Result<Self, Failure> {
        Ok(Self {
            id: fields.u16()?,
            label: fields.array()?,
            domains: fields.u16()?,
            capabilities: fields.u64()?,
            algorithm: fields.u8()?,
        })
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The identifier; objects of different types may share one.
    pub id: u16,
    /// The type.
    pub kind: Kind,
    /// The algorithm.
    pub algorithm: u8,
    /// How often there was such an object before.
    pub sequence: u8,
    /// See [`origin`].
    pub origin: u8,
    /// One bit for each domain.
    pub domains: u16,
    /// What it may be used for.
    pub capabilities: u64,
    /// What it hands on, for keys that authenticate or wrap.
    pub delegated: u64,
    /// The label, with its zeros.
    #[serde(with = "crate::hex_bytes")]
    pub label: Vec<u8>,
    /// The key or the data.
    #[serde(with = "crate::hex_bytes")]
    pub data: Vec<u8>,
}

impl Object {
    /// How much of the store it takes, in bytes, as the device reports it.
    #[must_use]
    pub fn length(&self) -> usize {
        let own = match (self.kind, Family::of(self.algorithm)) {
            (Kind::AsymmetricKey | Kind::WrapKey, Some(family)) => family.stored(),
            _ => self.data.len(),
        };
        own + if self.kind.delegates() { 8 } else { 0 }
    }

    /// What the device reports about it.
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        let length = u16::try_from(self.length()).unwrap_or(u16::MAX);
        [
            &self.capabilities.to_be_bytes()[..],
            &self.id.to_be_bytes(),
            &length.to_be_bytes(),
            &self.domains.to_be_bytes(),
            &[self.kind as u8, self.algorithm, self.sequence, self.origin],
            &self.label,
            &self.delegated.to_be_bytes(),
        ]
        .concat()
    }

    /// The label as text, without the zeros at its end.
    #[must_use]
    pub fn label_text(&self) -> &[u8] {
        let end = self.label.iter().rposition(|byte| *byte != 0);
        end.and_then(|end| self.label.get(..=end))
            .unwrap_or_default()
    }
}

/// Whether `some` has no bit that `all` has not.
#[must_use]
pub const fn within(some: u64, all: u64) -> bool {
    some & !all == 0
}
