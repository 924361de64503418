//! From a device's evidence to verified facts about a key.
//!
//! A YubiKey or a YubiHSM 2 proves with two certificates where a key was made. The device makes one
//! for the key. The vendor put the other into the device (into slot F9, or opaque object 0).
//! [`verify`] follows them to a key pinned in a [`TrustStore`] and returns [`VerifiedAttestation`],
//! which nothing else can make. It does not check whether a firmware, a touch policy or a
//! capability is good enough.
//!
//! The verifier is purpose-built, because generic path validation (RFC 5280, section 6) refuses
//! genuine devices. Their chains have no authority key identifiers and have path lengths without
//! keyUsage. A root with path length 0 is two steps above the end, and device certificates have no
//! basicConstraints. The checks here are narrower and exact:
//!
//! - the extensions of the certificates decide the family of devices, and the
//!   evidence is checked as that family's and no other;
//! - every signature on the way, with the pinned key of the next role, over
//!   the exact signed bytes; RSA with SHA-256 and nothing else;
//! - every unsigned byte of both certificates has its only possible value;
//! - names link byte for byte, and each role may sign only for its purpose;
//! - every RSA key below the root has the exponent 65537 and was not made by the flawed generator
//!   of CVE-2017-15361 (ROCA);
//! - a YubiKey states a firmware that its root's hierarchy has;
//! - both certificates have the shape that devices have: names, extensions,
//!   lengths; no critical extension that is not understood;
//! - the stated facts are ones that a genuine device can state together;
//! - the key was generated in the device, where the format has another origin;
//! - and [`VerifiedAttestation::attests`]: the key is *the* key.
//!
//! # Time
//!
//! Device certificates are valid from the start of their hierarchy (2014, 2016 or 2024; YubiHSM 2:
//! 2017) until 2050, 2052, 2071 or 9999-12-31. A device copies its certificate's dates onto what it
//! attests, so the dates do not show when a key was made. The verifier always checks that the copy
//! is exact. It checks that a moment lies within the dates only where the caller names the moment.
//! The caller should name the moment the evidence was taken: a statement once true of a key does
//! not become false in 2052. The verifier checks both certificates of the evidence and the vendor's
//! intermediates. Roots are pinned keys, and it does not check their dates. A genuine device then
//! fails only under a wrong clock.
//!
//! No input or output, no clock.
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! ```
//! use keymoot_attestation::{Evidence, TrustStore, certificate_der, verify};
//!
//! let store = TrustStore::vendor().map_err(|_| "the store is not sound")?;
//! let evidence = Evidence {
//!     attestation: certificate_der(include_bytes!(
//!         "../../../tests/data/bundles/0.2.0-live/bundle/attestations/holder-1/11648248/attestation.pem"
//!     ))?,
//!     device: certificate_der(include_bytes!(
//!         "../../../tests/data/bundles/0.2.0-live/bundle/attestations/holder-1/11648248/device.pem"
//!     ))?,
//! };
//! let refused = verify(&evidence, &store, None).unwrap_err();
//! assert_eq!(refused[0].rule.to_string(), "DEVICE-CHAIN", "its vendor is simulated");
//! # Ok::<(), String>(())
//! ```

mod advisory;
mod capabilities;
mod certificate;
mod checks;
mod consistency;
mod device_facts;
mod encoding;
mod facts;
mod family;
mod hierarchy;
mod key_algorithm;
mod manifest;
mod piv;
mod rsa;
mod trust;
mod vendor;
mod verify;
mod violation;
mod yubihsm;
pub mod yubihsm_log;

pub use advisory::{Advisory, affecting, model_minimum};
pub use capabilities::{Capabilities, Domains, Origin};
pub use device_facts::{Firmware, FormFactor, PinPolicy, Slot, TouchPolicy};
pub use encoding::{certificate_der, public_key_der};
pub use facts::{Link, Specifics, VerifiedAttestation, YubiHsmFacts, YubiKeyFacts};
pub use family::Family;
pub use key_algorithm::KeyAlgorithm;
pub use manifest::Manifest;
pub use trust::{Role, TrustStore};
pub use verify::{Evidence, verify, verify_device};
