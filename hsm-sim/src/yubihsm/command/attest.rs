//! Attestation: a certificate in which one key says where another came from.

use super::asymmetric::private_key;
use crate::vendor::yubihsm::{Statement, key_certificate};
use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::PrivateKey;
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::Kind;
use crate::yubihsm::session::Caller;

/// Algorithm of opaque objects that are certificates.
const X509_CERTIFICATE: u8 = 31;

impl Hsm {
    pub(super) fn attest(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let (id, attester) = (fields.u16()?, fields.u16()?);
        trace.target = id;
        trace.second = attester;
        fields.end()?;
        let serial = self.random();
        let object = self.visible(caller, id, Kind::AsymmetricKey)?.clone();
        // Issuer and validity come from the certificate of the key that attests.
        let (signer, certificate) = if attester == 0 {
            let key = PrivateKey::Rsa(Box::new(self.factory.attestation.0.clone()));
            (key, self.factory.certificate.clone())
        } else {
            let key = self.usable(
                caller,
                attester,
                Kind::AsymmetricKey,
                capability::SIGN_ATTESTATION_CERTIFICATE,
            )?;
            let template = self
                .visible(caller, attester, Kind::Opaque)
                .ok()
                .filter(|object| object.algorithm == X509_CERTIFICATE)
                .ok_or(Failure::ObjectNotFound)?;
            (private_key(key)?, template.data.clone())
        };
        let statement = Statement {
            firmware: self.plate.firmware.bytes(),
            device: self.plate.serial,
            origin: object.origin,
            domains: object.domains,
            capabilities: object.capabilities,
            id,
            label: object.label_text(),
            spki: private_key(&object)?.spki().ok_or(Failure::InvalidData)?,
            serial,
        };
        let algorithm = signer.certificate_algorithm().ok_or(Failure::InvalidData)?;
        let rng = &mut self.rng;
        key_certificate(&statement, &certificate, &algorithm, |tbs| {
            signer.sign_certificate(tbs, rng)
        })
        .ok_or(Failure::InvalidData)
    }
}
