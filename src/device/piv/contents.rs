//! The contents of a device before a ceremony changes it.

use std::fmt;

use yubikey::piv::{AlgorithmId, ManagementSlotId, SlotAlgorithmId, SlotId, SlotMetadata};
use yubikey::{PinPolicy, TouchPolicy};

use super::session::{METADATA, Session};
use crate::device::error::DeviceError;
use crate::device::identity::Serial;
use crate::device::operation::Operation;
use keymoot_attestation::Firmware;
use keymoot_core::digest::Digest;
use keymoot_record::transcript::DeviceState;

/// The data objects that keymoot looks for (NIST SP 800-73-4 part 1, table 2, and Yubico's), beside
/// the certificates of the retired slots. Those that a card only shows after the PIN are left out:
/// it does not say before whether they are there.
const OBJECTS: [(yubikey::ObjectId, &str); 11] = [
    (0x005f_c105, "the certificate of slot 9a"),
    (0x005f_c10a, "the certificate of slot 9c"),
    (0x005f_c10b, "the certificate of slot 9d"),
    (0x005f_c101, "the certificate of slot 9e"),
    (0x005f_c102, "the card holder's identifier (CHUID)"),
    (0x005f_c107, "the card's capabilities (CCC)"),
    (0x005f_c106, "the card's security object"),
    (0x005f_c10c, "the history of its keys"),
    (0x005f_c122, "a certificate of secure messaging"),
    (0x005f_ff00, "settings of the management key"),
    (0x005f_ff10, "a map of key containers"),
];
/// The object of the first retired slot's certificate, and that slot; the others follow.
const RETIRED: (yubikey::ObjectId, u8) = (0x005f_c10d, 0x82);

/// The contents of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The device's firmware.
    pub firmware: Firmware,
    /// The PIN.
    pub pin: CredentialState,
    /// The PUK.
    pub puk: CredentialState,
    /// Whether the management key is the factory's, where the device says.
    pub factory_management_key: Option<bool>,
    /// The keys on it, by slot; `None` when the firmware (before 5.3.0) cannot
    /// report them.
    pub keys: Option<Vec<KeyInSlot>>,
    /// The data objects on it of known kinds: certificates, and card identifiers.
    pub objects: Vec<String>,
    /// The certificate of the attestation key in slot F9, DER, where there is one.
    pub certificate: Option<Vec<u8>>,
}

impl Contents {
    /// Whether the PIV application is known to be as the factory left it: no
    /// keys or objects, and every credential the factory's.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.pin.factory == Some(true)
            && self.puk.factory == Some(true)
            && self.factory_management_key == Some(true)
            && self.keys.as_ref().is_some_and(Vec::is_empty)
            && self.objects.is_empty()
    }

    /// Whether slot 9c has a P-256 key that was generated there, and PIN, PUK and management key
    /// are known not to be the factory's.
    fn is_adoptable(&self) -> bool {
        let factory = [
            self.pin.factory,
            self.puk.factory,
            self.factory_management_key,
        ];
        let mut keys = self.keys.iter().flatten();
        factory.iter().all(|factory| *factory == Some(false))
            && keys.any(|key| {
                key.slot == 0x9c
                    && key.algorithm == KeyAlgorithm::P256
                    && key.origin == Some(Origin::Generated)
            })
    }

    /// What a reset destroys and what it puts back, for people.
    #[must_use]
    pub fn state(&self) -> DeviceState {
        let changed = [
            ("its PIN", self.pin.factory),
            ("its PUK", self.puk.factory),
            ("its management key", self.factory_management_key),
        ];
        DeviceState {
            certificate: self.certificate.as_deref().map(Digest::of),
            keys: match &self.keys {
                Some(keys) => keys.iter().map(ToString::to_string).collect(),
                None => vec!["keys that this firmware does not list".to_owned()],
            },
            objects: self.objects.clone(),
            changed: changed
                .into_iter()
                .filter(|(_, factory)| *factory != Some(true))
                .map(|(name, _)| name.to_owned())
                .collect(),
            adoptable: self.is_adoptable(),
            ..DeviceState::default()
        }
    }
}

/// The state of a PIN or PUK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialState {
    /// Tries left before it blocks, where the device reports them; 0 is blocked.
    pub tries: Option<u8>,
    /// Whether it is still the factory's, where the device reports it.
    pub factory: Option<bool>,
}

/// A key on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInSlot {
    /// The slot: 9a, 9c, 9d, 9e, or 82 to 95.
    pub slot: u8,
    /// What kind of key.
    pub algorithm: KeyAlgorithm,
    /// Where it was made, where the device reports it.
    pub origin: Option<Origin>,
    /// Whether every use demands the PIN again.
    pub pin_always: bool,
    /// Whether every use demands a touch.
    pub touch_always: bool,
}

/// The kinds of keys a PIV slot can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// X25519.
    X25519,
    /// RSA with this many bits.
    Rsa(u16),
    /// A kind, or a policy with it, that this program does not know.
    Other,
}

/// Where a key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the device.
    Generated,
    /// Elsewhere: a copy may exist.
    Imported,
}

impl fmt::Display for KeyInSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Some(Origin::Generated) => "generated on the device",
            Some(Origin::Imported) => "imported",
            None => "origin unknown",
        };
        write!(
            f,
            "the {} key in slot {:02x}, {origin}",
            self.algorithm, self.slot
        )
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::X25519 => f.write_str("X25519"),
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
            Self::Other => f.write_str("unknown kind"),
        }
    }
}

/// Reads the contents of a device. Uses up no tries and changes nothing.
///
/// # Errors
/// [`DeviceError`].
pub fn contents(serial: Serial) -> Result<Contents, DeviceError> {
    Session::run(serial, Operation::Read, |session| {
        if session.firmware() >= METADATA {
            session.told()
        } else {
            session.guessed()
        }
    })
}

impl Session {
    /// The contents of a device with GET METADATA.
    fn told(&mut self) -> Result<Contents, DeviceError> {
        Ok(Contents {
            firmware: self.firmware(),
            pin: self.credential(ManagementSlotId::Pin)?,
            puk: self.credential(ManagementSlotId::Puk)?,
            factory_management_key: self.credential(ManagementSlotId::Management)?.factory,
            keys: Some(self.keys()?),
            objects: self.objects()?,
            certificate: self.device_certificate()?,
        })
    }

    /// The contents of an old device, which only reports the PIN's tries.
    fn guessed(&mut self) -> Result<Contents, DeviceError> {
        let tries = self
            .yubikey
            .get_pin_retries()
            .map_err(|error| self.error(error))?;
        Ok(Contents {
            firmware: self.firmware(),
            pin: CredentialState {
                tries: Some(tries),
                factory: None,
            },
            puk: CredentialState {
                tries: None,
                factory: None,
            },
            factory_management_key: None,
            keys: None,
            objects: self.objects()?,
            certificate: self.device_certificate()?,
        })
    }

    /// The device's report on a credential.
    pub(super) fn credential(
        &mut self,
        which: ManagementSlotId,
    ) -> Result<CredentialState, DeviceError> {
        let told = self
            .metadata(SlotId::Management(which))?
            .ok_or_else(|| self.malformed())?;
        // Firmware that answers at all reports this: without it, half a reply was lost.
        let factory = told.default.ok_or_else(|| self.malformed())?;
        Ok(CredentialState {
            tries: told.retries.map(|retries| retries.remaining_count),
            factory: Some(factory),
        })
    }

    /// The objects on the device, of those that any card can have.
    fn objects(&mut self) -> Result<Vec<String>, DeviceError> {
        let known = OBJECTS.into_iter().map(|(id, name)| (id, name.to_owned()));
        let retired = (0..20).map(|n| {
            let (object, slot) = RETIRED;
            let name = format!("the certificate of slot {:02x}", slot + n);
            (object + yubikey::ObjectId::from(n), name)
        });
        let mut found = Vec::new();
        for (id, name) in known.chain(retired) {
            match self.yubikey.fetch_object(id) {
                Err(yubikey::Error::NotFound) => {}
                Ok(_) | Err(yubikey::Error::GenericError) => found.push(name),
                Err(error) => return Err(self.error(error)),
            }
        }
        Ok(found)
    }

    /// Every key in a slot that the device's owner can use.
    fn keys(&mut self) -> Result<Vec<KeyInSlot>, DeviceError> {
        let mut keys = vec![];
        for slot in [0x9a, 0x9c, 0x9d, 0x9e].into_iter().chain(0x82..=0x95) {
            let id = SlotId::try_from(slot).map_err(|error| self.error(error))?;
            match yubikey::piv::metadata(&mut self.yubikey, id) {
                Ok(told) => keys.push(key_in_slot(slot, &told)),
                Err(yubikey::Error::NotFound) => {}
                // A key of a kind, or with a policy, that the library does not
                // know is a key nevertheless.
                Err(yubikey::Error::AlgorithmError | yubikey::Error::ParseError) => {
                    keys.push(KeyInSlot {
                        slot,
                        algorithm: KeyAlgorithm::Other,
                        origin: None,
                        pin_always: false,
                        touch_always: false,
                    })
                }
                Err(error) => return Err(self.error(error)),
            }
        }
        Ok(keys)
    }
}

fn key_in_slot(slot: u8, told: &SlotMetadata) -> KeyInSlot {
    KeyInSlot {
        slot,
        algorithm: match told.algorithm {
            SlotAlgorithmId::Asymmetric(algorithm) => match algorithm {
                AlgorithmId::EccP256 => KeyAlgorithm::P256,
                AlgorithmId::EccP384 => KeyAlgorithm::P384,
                AlgorithmId::Ed25519 => KeyAlgorithm::Ed25519,
                AlgorithmId::X25519 => KeyAlgorithm::X25519,
                AlgorithmId::Rsa1024 => KeyAlgorithm::Rsa(1024),
                AlgorithmId::Rsa2048 => KeyAlgorithm::Rsa(2048),
                AlgorithmId::Rsa3072 => KeyAlgorithm::Rsa(3072),
                AlgorithmId::Rsa4096 => KeyAlgorithm::Rsa(4096),
            },
            SlotAlgorithmId::PinPuk | SlotAlgorithmId::Management(_) => KeyAlgorithm::Other,
        },
        origin: told.origin.map(|origin| match origin {
            yubikey::piv::Origin::Generated => Origin::Generated,
            yubikey::piv::Origin::Imported => Origin::Imported,
        }),
        pin_always: matches!(told.policy, Some((PinPolicy::Always, _))),
        touch_always: matches!(told.policy, Some((_, TouchPolicy::Always))),
    }
}
