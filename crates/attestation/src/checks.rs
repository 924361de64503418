//! Reading one certificate of a device, and collecting all its faults.

use x509_parser::asn1_rs::Oid;
use x509_parser::extensions::X509Extension;

use super::certificate::{BASIC_CONSTRAINTS, Certificate, KEY_USAGE, SignatureAlgorithm, oid_text};
use super::family::Family;
use keymoot_core::{Violation, text::several};

/// Collects the faults of one certificate.
pub(super) struct Checks<'c, 'd> {
    name: &'static str,
    certificate: &'c Certificate<'d>,
    pub(super) violations: Vec<Violation>,
}

impl<'c, 'd> Checks<'c, 'd> {
    pub(super) fn of(name: &'static str, certificate: &'c Certificate<'d>) -> Self {
        let mut checks = Self {
            name,
            certificate,
            violations: Vec::new(),
        };
        if certificate.signature_algorithm() != SignatureAlgorithm::Sha256WithRsa {
            checks.fail("is not signed with RSA and SHA-256");
        }
        checks
    }

    pub(super) fn fail(&mut self, what: impl AsRef<str>) {
        let (name, subject) = (self.name, self.certificate.subject_text());
        self.violations.push(crate::violation::evidence(format!(
            "{name} \"{subject}\" {}",
            what.as_ref()
        )));
    }

    pub(super) fn demand<T>(&mut self, found: Option<T>, otherwise: &str) -> Option<T> {
        if found.is_none() {
            self.fail(otherwise);
        }
        found
    }

    /// An attestation of a key holds the vendor's own extensions and no others,
    /// none of them critical. A later firmware may state more under its arc.
    pub(super) fn only_the_arc_of(&mut self, family: Family) {
        self.no_extension("which no device writes", |extension| {
            extension.critical || !extension.oid.to_id_string().starts_with(family.arc())
        });
    }

    /// Refuses a critical extension that keymoot does not know.
    pub(super) fn nothing_critical_unknown(&mut self) {
        self.no_extension("critical and not understood", |extension| {
            let known = [BASIC_CONSTRAINTS, KEY_USAGE].contains(&extension.oid);
            extension.critical && !known
        });
    }

    fn no_extension(&mut self, why: &str, is_wrong: impl Fn(&X509Extension<'_>) -> bool) {
        let extensions = self.certificate.extensions().iter();
        let wrong = extensions.filter(|extension| is_wrong(extension));
        let wrong: Vec<_> = wrong.map(|extension| oid_text(&extension.oid)).collect();
        if !wrong.is_empty() {
            let extensions = match wrong.len() {
                1 => "extension",
                _ => "extensions",
            };
            let wrong = several(&wrong, ", ");
            self.fail(format!("has the {extensions} {wrong}, {why}"));
        }
    }

    /// That the certificate's key may attest: by basicConstraints, which may be
    /// missing only where `unconstrained`, and by keyUsage where there is one.
    pub(super) fn may_attest(&mut self, unconstrained: bool) {
        match self.certificate.basic_constraints() {
            Err(what) => self.fail(what),
            Ok(Some(constraints)) if !constraints.ca => {
                self.fail("is not allowed to attest: it is no authority");
            }
            Ok(None) if !unconstrained => {
                self.fail("is not allowed to attest: it has no basicConstraints");
            }
            Ok(_) => {}
        }
        match self.certificate.key_usage() {
            Err(what) => self.fail(what),
            Ok(Some(usage)) if !usage.key_cert_sign() => {
                self.fail("is not allowed to attest by its keyUsage");
            }
            Ok(_) => {}
        }
    }

    pub(super) fn optional<T>(
        &mut self,
        oid: &Oid<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let value = self.certificate.extension(oid)?.value;
        self.demand(
            read(value),
            &format!("has the extension {oid} with a content it cannot have"),
        )
    }

    pub(super) fn required<T>(
        &mut self,
        oid: &Oid<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        if self.certificate.extension(oid).is_none() {
            self.fail(format!("lacks the extension {oid}"));
        }
        self.optional(oid, read)
    }
}

/// A DER INTEGER that fits 32 bits unsigned. Leading zeros beyond DER's are
/// accepted: firmware writes serial numbers in four bytes.
pub(super) fn der_u32(value: &[u8]) -> Option<u32> {
    let [0x02, length, number @ ..] = value else {
        return None;
    };
    if usize::from(*length) != number.len() || number.len() > 5 || number.first()? & 0x80 != 0 {
        return None;
    }
    u32::try_from(
        number
            .iter()
            .fold(0u64, |sum, &byte| sum << 8 | u64::from(byte)),
    )
    .ok()
}

/// A serial number: a DER INTEGER that is not zero.
pub(super) fn der_serial(value: &[u8]) -> Option<u32> {
    der_u32(value).filter(|&serial| serial != 0)
}

#[cfg(test)]
mod tests {
    use super::{der_serial, der_u32};

    #[test]
    fn a_serial_number_is_a_whole_positive_der_integer() {
        assert_eq!(
            der_serial(&[2, 4, 0x01, 0x85, 0x53, 0xfb]),
            Some(0x0185_53fb)
        );
        assert_eq!(
            der_serial(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]),
            Some(u32::MAX)
        );
        assert_eq!(der_serial(&[2, 1, 0]), None);
        for wrong in [
            &[][..],
            &[2, 0],
            &[2, 1, 0x80],
            &[2, 1, 1, 1],
            &[2, 5, 1, 0, 0, 0, 0],
            &[4, 1, 1],
        ] {
            assert_eq!(der_u32(wrong), None, "{wrong:?}");
        }
    }
}
