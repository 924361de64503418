//! What commands do. Who may give a command is decided here; each family has a file.

mod asymmetric;
mod attest;
mod device;
mod objects;
mod rsa;
mod rsa_wrap;
mod secret;
mod wrap;

use super::Hsm;
use super::code::{Failure, Reply, command, needed_capability};
use super::frame::{Fields, Frame};
use super::log::Trace;
use super::object::{Kind, Object, within};
use super::session::Caller;
use std::time::Duration;

impl Hsm {
    /// A command in a session.
    pub(super) fn command(
        &mut self,
        caller: &Caller,
        frame: Frame,
        trace: &mut Trace,
        now: Duration,
    ) -> Reply {
        use command::*;
        let needed = needed_capability(frame.code)
            .filter(|_| self.knows(frame.code))
            .ok_or(Failure::InvalidCommand)?;
        if !within(needed, caller.capabilities) {
            return Err(Failure::InsufficientPermissions);
        }
        let fields = Fields(frame.data);
        match frame.code {
            ECHO | DEVICE_INFO | GET_DEVICE_PUBLIC_KEY => self.public_command(frame),
            // What follows from these two happens after the answer is under way.
            RESET_DEVICE | CLOSE_SESSION => fields.end().map(|()| Vec::new()),
            GET_STORAGE_INFO => fields.end().map(|()| self.state.storage()),
            GET_PSEUDO_RANDOM => self.pseudo_random(fields),
            BLINK_DEVICE => self.blink(fields, now),
            SET_OPTION => self.set_option(fields),
            GET_OPTION => self.option(fields),
            GET_LOG_ENTRIES => fields.end().map(|()| self.state.log.read()),
            SET_LOG_INDEX => self.set_log_index(fields),

            LIST_OBJECTS => self.list(caller, fields),
            GET_OBJECT_INFO => self.info(caller, fields, trace),
            DELETE_OBJECT => self.delete(caller, fields, trace),
            PUT_OPAQUE => self.put(caller, Kind::Opaque, fields, trace),
            GET_OPAQUE => self.opaque(caller, fields, trace),
            PUT_TEMPLATE => self.put(caller, Kind::Template, fields, trace),
            GET_TEMPLATE => self.template(caller, fields, trace),
            PUT_AUTHENTICATION_KEY => self.put(caller, Kind::AuthenticationKey, fields, trace),
            CHANGE_AUTHENTICATION_KEY => self.change_authentication_key(caller, fields, trace),
            PUT_ASYMMETRIC_KEY => self.put(caller, Kind::AsymmetricKey, fields, trace),
            PUT_WRAP_KEY => self.put(caller, Kind::WrapKey, fields, trace),
            PUT_PUBLIC_WRAP_KEY => self.put(caller, Kind::PublicWrapKey, fields, trace),
            PUT_HMAC_KEY => self.put(caller, Kind::HmacKey, fields, trace),
            PUT_OTP_AEAD_KEY => self.put(caller, Kind::OtpAeadKey, fields, trace),
            PUT_SYMMETRIC_KEY => self.put(caller, Kind::SymmetricKey, fields, trace),
            GENERATE_ASYMMETRIC_KEY => self.generate(caller, Kind::AsymmetricKey, fields, trace),
            GENERATE_WRAP_KEY => self.generate(caller, Kind::WrapKey, fields, trace),
            GENERATE_HMAC_KEY => self.generate(caller, Kind::HmacKey, fields, trace),
            GENERATE_OTP_AEAD_KEY => self.generate(caller, Kind::OtpAeadKey, fields, trace),
            GENERATE_SYMMETRIC_KEY => self.generate(caller, Kind::SymmetricKey, fields, trace),

            GET_PUBLIC_KEY => self.public_key(caller, fields, trace),
            SIGN_ECDSA => self.sign_ecdsa(caller, fields, trace),
            SIGN_EDDSA => self.sign_eddsa(caller, fields, trace),
            DERIVE_ECDH => self.derive_ecdh(caller, fields, trace),
            SIGN_PKCS1 => self.sign_pkcs1(caller, fields, trace),
            SIGN_PSS => self.sign_pss(caller, fields, trace),
            DECRYPT_PKCS1 => self.decrypt_pkcs1(caller, fields, trace),
            DECRYPT_OAEP => self.decrypt_oaep(caller, fields, trace),
            SIGN_ATTESTATION_CERTIFICATE => self.attest(caller, fields, trace),

            EXPORT_WRAPPED => self.export_wrapped(caller, fields, trace),
            IMPORT_WRAPPED => self.import_wrapped(caller, fields, trace),
            WRAP_DATA => self.wrap_data(caller, fields, trace),
            UNWRAP_DATA => self.unwrap_data(caller, fields, trace),
            EXPORT_WRAPPED_RSA => self.export_wrapped_rsa(caller, fields, trace),
            IMPORT_WRAPPED_RSA => self.import_wrapped_rsa(caller, fields, trace),
            WRAP_KEY_RSA => self.wrap_key_rsa(caller, fields, trace),
            UNWRAP_KEY_RSA => self.unwrap_key_rsa(caller, fields, trace),

            SIGN_HMAC => self.sign_hmac(caller, fields, trace),
            VERIFY_HMAC => self.verify_hmac(caller, fields, trace),
            ENCRYPT_ECB | DECRYPT_ECB | ENCRYPT_CBC | DECRYPT_CBC => {
                self.encrypt_or_decrypt(caller, frame, trace)
            }
            CREATE_OTP_AEAD => self.create_otp_aead(caller, fields, trace),
            RANDOMIZE_OTP_AEAD => self.randomize_otp_aead(caller, fields, trace),
            REWRAP_OTP_AEAD => self.rewrap_otp_aead(caller, fields, trace),
            DECRYPT_OTP => self.decrypt_otp(caller, fields, trace),
            // SSH certificates are not simulated.
            _ => Err(Failure::InvalidCommand),
        }
    }

    /// Whether the firmware has this command.
    fn knows(&self, code: u8) -> bool {
        use command::*;
        let firmware = self.plate.firmware;
        match code {
            GET_DEVICE_PUBLIC_KEY | PUT_SYMMETRIC_KEY..=ENCRYPT_CBC => firmware.since(3, 0),
            PUT_PUBLIC_WRAP_KEY..=IMPORT_WRAPPED_RSA => firmware.since(4, 0),
            _ => true,
        }
    }

    /// An object the caller can see: one in a domain of theirs.
    fn visible(&self, caller: &Caller, id: u16, kind: Kind) -> Result<&Object, Failure> {
        self.state
            .find(id, kind)
            .filter(|object| object.domains & caller.domains != 0)
            .ok_or(Failure::ObjectNotFound)
    }

    /// A key the caller can see and that may be used for what these capabilities say.
    fn usable(
        &self,
        caller: &Caller,
        id: u16,
        kind: Kind,
        capability: u64,
    ) -> Result<&Object, Failure> {
        let object = self.visible(caller, id, kind)?;
        if !within(capability, object.capabilities) {
            return Err(Failure::InsufficientPermissions);
        }
        if self.state.disabled.contains(&object.algorithm) {
            return Err(Failure::AlgorithmDisabled);
        }
        Ok(object)
    }
}
