//! Setting a YubiHSM 2 up, so that each role has only the rights that it needs.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use yubihsm::audit::AuditOption;
use yubihsm::object::{Label, Type};
use yubihsm::{Domain, authentication, command};

use super::keys::{FACTORY_PASSWORD, Passwords, Role};
use super::library::{Failure, NOT_FOUND};
use super::sent::{AUDITED, SET_LOG_INDEX};
use super::unit::{Talk, Unit};
use crate::device::error::{DeviceError, ErrorKind, Refusal};
use crate::device::operation::Operation;
use crate::host::secret::Secret;
use keymoot_attestation::Firmware;
use keymoot_attestation::yubihsm_log::GET_LOG_ENTRIES;
use keymoot_core::digest::Digest;
use keymoot_record::transcript::DeviceState;

const RESET_DEVICE: u8 = 0x08;
const PUT_AUTHENTICATION_KEY: u8 = 0x44;
const LIST_OBJECTS: u8 = 0x48;
const SET_OPTION: u8 = 0x4f;
const GET_OPTION: u8 = 0x50;
pub(super) const DELETE_OBJECT: u8 = 0x58;

/// How long a YubiHSM 2 may take to start again after a reset.
const STARTING: Duration = Duration::from_secs(20);
/// The pause between two questions whether it has.
const ASK_AGAIN: Duration = Duration::from_millis(1500);

/// The contents of a YubiHSM 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The unit's firmware.
    pub firmware: Firmware,
    /// Whether the factory's password opens it.
    pub factory_password: bool,
    /// The objects on it, where the factory's key is there to ask. The library
    /// leaves out objects of kinds it does not know, and all after them.
    pub objects: Option<Vec<ObjectSeen>>,
    /// The device certificate, DER, where the factory's key is there to read it.
    pub certificate: Option<Vec<u8>>,
}

impl Contents {
    /// Whether the unit seems to be as the factory left it.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.factory_password && self.objects.as_deref() == Some(&[ObjectSeen::FACTORY_KEY])
    }

    /// What a reset destroys, for people.
    #[must_use]
    pub fn state(&self) -> DeviceState {
        let objects = self.objects.as_deref().unwrap_or_default();
        let (keys, objects) = objects
            .iter()
            .filter(|object| **object != ObjectSeen::FACTORY_KEY)
            .partition::<Vec<&ObjectSeen>, _>(|object| object.kind == Type::AsymmetricKey as u8);
        let mut changed = Vec::new();
        if !self.factory_password {
            changed.push("its passwords, and what they protect".to_owned());
        }
        DeviceState {
            certificate: self.certificate.as_deref().map(Digest::of),
            keys: keys.iter().map(ToString::to_string).collect(),
            objects: objects.iter().map(ToString::to_string).collect(),
            changed,
            ..DeviceState::default()
        }
    }
}

/// An object on a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectSeen {
    /// Its id.
    pub id: u16,
    /// Its type: 1 opaque, 2 authentication key, 3 asymmetric key, 4 wrap key
    /// (Yubico, "Object type").
    pub kind: u8,
}

impl fmt::Display for ObjectSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            1 => "opaque object",
            2 => "authentication key",
            3 => "asymmetric key",
            4 => "wrap key",
            _ => "object",
        };
        write!(f, "the {kind} {:#06x}", self.id)
    }
}

impl ObjectSeen {
    const FACTORY_KEY: Self = Self {
        id: Role::Factory.key(),
        kind: Type::AuthenticationKey as u8,
    };
}

impl Unit {
    /// Reads the contents. Only the log changes.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn contents(&self) -> Result<Contents, DeviceError> {
        self.run(Operation::Read, |talk| {
            let firmware = talk.info.firmware;
            match talk.open_factory() {
                Ok(()) => Ok(Contents {
                    firmware,
                    factory_password: true,
                    objects: Some(talk.objects()?),
                    certificate: talk.device_certificate(Role::Factory)?,
                }),
                Err(error) if is_used(&error) => Ok(Contents {
                    firmware,
                    factory_password: false,
                    objects: None,
                    certificate: None,
                }),
                Err(error) => Err(error),
            }
        })
    }

    /// Resets the unit to what the factory delivered. **Destroys every key on
    /// it.** It takes the factory's password, or the administrator's while there
    /// is one.
    ///
    /// # Errors
    /// [`ErrorKind::Used`] where neither opens the unit: it can then be reset by
    /// hand. Interrupted half-way, it can be repeated.
    pub fn reset(&self, administrator: Option<&Secret>) -> Result<(), DeviceError> {
        let administrator = administrator.map(Secret::duplicate);
        self.run(Operation::Reset, move |talk| {
            let role = talk.open_for_reset(administrator.as_ref())?;
            let seed_before = match role {
                Role::Factory => Some(talk.make_room()?),
                _ => None,
            };
            // A device that starts again may not answer, and the library cannot distinguish
            // that from a refusal. What counts is the device's state afterwards.
            let _ = talk.send(role, RESET_DEVICE, None, |client| client.reset_device());
            talk.started_again(seed_before.as_deref())?;
            if talk.objects()? != [ObjectSeen::FACTORY_KEY] {
                return Err(talk.not_done("objects are on it after the reset"));
            }
            Ok(())
        })
    }

    /// Sets up a unit that was just reset: auditing first, forced and fixed until
    /// the next reset; then the keys of the three roles; then the factory's key is
    /// deleted and shown to be gone.
    ///
    /// # Errors
    /// [`ErrorKind::Used`] for a unit that is not fresh. After any error the unit
    /// may be half set up: reset it, and begin again.
    pub fn provision(&self, passwords: &Passwords) -> Result<(), DeviceError> {
        let own = [
            passwords.signer().duplicate(),
            passwords.auditor().duplicate(),
            passwords.administrator().duplicate(),
        ];
        self.run(Operation::SetUp, move |talk| {
            talk.open_factory()?;
            talk.force_auditing()?;
            let objects = talk.objects()?;
            if objects != [ObjectSeen::FACTORY_KEY] {
                return Err(talk.error(ErrorKind::Used(Some(objects.len()))));
            }
            for (role, password) in Role::OWN.into_iter().zip(&own) {
                talk.put_role(role, password)?;
            }
            for (role, password) in Role::OWN.into_iter().zip(&own) {
                talk.open(role, password)?;
            }
            talk.delete_role(Role::Factory)?;
            talk.close(Role::Factory);
            talk.no_factory_key()
        })
    }

    /// Proves that the factory's password opens nothing.
    ///
    /// # Errors
    /// [`ErrorKind::StillOpen`] when it does.
    pub fn no_defaults(&self) -> Result<(), DeviceError> {
        self.run(Operation::Read, Talk::no_factory_key)
    }

    /// Deletes the administrator's key, by its own right: from now on nobody can
    /// make, import, export or delete anything. What remains is signing, reading
    /// the log, and the reset by hand. It can be repeated.
    ///
    /// # Errors
    /// [`DeviceError`]; [`ErrorKind::StillOpen`] where the key is still there.
    pub fn restrict(&self, administrator: &Secret) -> Result<(), DeviceError> {
        let administrator = administrator.duplicate();
        self.run(Operation::Restrict, move |talk| {
            match talk.open(Role::Administrator, &administrator) {
                Ok(()) => talk.delete_role(Role::Administrator)?,
                Err(error) if is_missing(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
            talk.close(Role::Administrator);
            match talk.open(Role::Administrator, &administrator) {
                Err(error) if is_missing(&error) => Ok(()),
                Ok(()) => Err(talk.error(ErrorKind::StillOpen(Role::Administrator))),
                Err(error) => Err(error),
            }
        })
    }
}

/// Whether the unit is not as the factory left it.
fn is_used(error: &DeviceError) -> bool {
    matches!(error.kind, ErrorKind::Used(_))
}

/// Whether there is no key for the role.
fn is_missing(error: &DeviceError) -> bool {
    matches!(error.kind, ErrorKind::NoRole(_))
}

impl Talk {
    /// The device reported success, and did not do it.
    fn not_done(&self, what: &'static str) -> DeviceError {
        self.error(ErrorKind::Refused(Refusal::NotDone(what)))
    }

    fn open_for_reset(&mut self, administrator: Option<&Secret>) -> Result<Role, DeviceError> {
        match (self.open_factory(), administrator) {
            (Ok(()), _) => Ok(Role::Factory),
            (Err(error), Some(password)) if is_used(&error) => {
                match self.open(Role::Administrator, password) {
                    Ok(()) => Ok(Role::Administrator),
                    Err(error) if is_missing(&error) => Err(self.error(ErrorKind::Used(None))),
                    Err(error) => Err(error),
                }
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Waits until the unit answers, its factory's key opens a session, and its log
    /// begins with another seed. A reset removes the record of earlier commands with the log.
    fn started_again(&mut self, seed_before: Option<&[u8]>) -> Result<(), DeviceError> {
        let deadline = Instant::now() + STARTING;
        let mut continues = false;
        loop {
            self.close_all();
            self.sent.begin_again();
            let seed = self
                .greet()
                .and_then(|()| self.open_factory())
                .and_then(|()| self.seed());
            match seed {
                Ok(seed) if Some(seed.as_slice()) != seed_before => return Ok(()),
                Ok(_) => continues = true,
                Err(error) if matches!(error.kind, ErrorKind::Other(_)) => return Err(error),
                // A unit that does not start again keeps each session that was opened to ask it.
                Err(error) if continues && error.kind == ErrorKind::SessionsFull => {}
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => {}
            }
            if Instant::now() >= deadline {
                return Err(self.not_done("its log continues after the reset"));
            }
            thread::sleep(ASK_AGAIN);
        }
    }

    /// Makes sure that a reset can be logged, where auditing is forced, and returns the
    /// seed.
    fn make_room(&mut self) -> Result<Vec<u8>, DeviceError> {
        let seed = self.seed()?;
        if self.info.log_used >= self.info.log_capacity {
            let log = self.ask(Role::Factory, GET_LOG_ENTRIES, None, |client| {
                client.get_log_entries()
            })?;
            if let Some(last) = log.entries.last() {
                self.ask(Role::Factory, SET_LOG_INDEX, None, |client| {
                    client.set_log_index(last.item)
                })?;
            }
        }
        Ok(seed)
    }

    /// The random seed at the beginning of the log: another one after every
    /// reset. Empty where the beginning has been cleared.
    fn seed(&mut self) -> Result<Vec<u8>, DeviceError> {
        let log = self.ask(Role::Factory, GET_LOG_ENTRIES, None, |client| {
            client.get_log_entries()
        })?;
        let first = log.entries.first().filter(|first| first.item == 1);
        Ok(first.map_or_else(Vec::new, |first| first.digest.as_ref().to_vec()))
    }

    /// Every object that the factory's key sees.
    fn objects(&mut self) -> Result<Vec<ObjectSeen>, DeviceError> {
        let listed = self.ask(Role::Factory, LIST_OBJECTS, None, |client| {
            client.list_objects(&[])
        })?;
        Ok(listed
            .iter()
            .map(|entry| ObjectSeen {
                id: entry.object_id,
                kind: entry.object_type.to_u8(),
            })
            .collect())
    }

    /// Forces auditing first, and fixes it: no key can turn it
    /// off again until the next reset.
    fn force_auditing(&mut self) -> Result<(), DeviceError> {
        self.ask(Role::Factory, SET_OPTION, None, |client| {
            client.set_force_audit_option(AuditOption::Fix)
        })?;
        for code in AUDITED {
            let code = command::Code::from_u8(code).map_err(|_| self.malformed())?;
            self.ask(Role::Factory, SET_OPTION, None, |client| {
                client.set_command_audit_option(code, AuditOption::Fix)
            })?;
        }
        let forced = self.ask(Role::Factory, GET_OPTION, None, |client| {
            client.get_force_audit_option()
        })?;
        // The library leaves out commands it does not know, and all after them:
        // each reported option must be right, and a missing one was set without an error.
        let options = self.ask(Role::Factory, GET_OPTION, None, |client| {
            client.get_commands_audit_options()
        })?;
        let set = |option: &yubihsm::audit::AuditCommand| {
            !AUDITED.contains(&option.command_type().to_u8())
                || option.audit_option() == AuditOption::Fix
        };
        if forced != AuditOption::Fix || !options.iter().all(set) {
            return Err(self.not_done("its audit options are not those that keymoot set"));
        }
        self.sent.auditing();
        Ok(())
    }

    fn put_role(&mut self, role: Role, password: &Secret) -> Result<(), DeviceError> {
        let label = Label::from_bytes(role.label().as_bytes()).map_err(|_| self.malformed())?;
        let key = authentication::Key::derive_from_password(password.expose());
        let put = self.ask(
            Role::Factory,
            PUT_AUTHENTICATION_KEY,
            Some(role.key()),
            |client| {
                client.put_authentication_key(
                    role.key(),
                    label,
                    Domain::DOM1,
                    role.capabilities(),
                    role.delegated(),
                    authentication::Algorithm::YubicoAes,
                    key,
                )
            },
        )?;
        match put == role.key() {
            true => Ok(()),
            false => Err(self.malformed()),
        }
    }

    /// Deletes a role's authentication key, by the administrator's right.
    fn delete_role(&mut self, role: Role) -> Result<(), DeviceError> {
        let deleted = self.send(
            Role::Administrator,
            DELETE_OBJECT,
            Some(role.key()),
            |client| client.delete_object(role.key(), Type::AuthenticationKey),
        );
        match deleted {
            Ok(()) | Err(Failure::Refused(NOT_FOUND)) => Ok(()),
            Err(failure) => Err(self.told(failure, Role::Administrator)),
        }
    }

    fn no_factory_key(&mut self) -> Result<(), DeviceError> {
        let factory = Secret::of(FACTORY_PASSWORD);
        self.close(Role::Factory);
        match self.open(Role::Factory, &factory) {
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::NoRole(_) | ErrorKind::WrongPassword(_)
                ) =>
            {
                Ok(())
            }
            Ok(()) => Err(self.error(ErrorKind::StillOpen(Role::Factory))),
            Err(error) => Err(error),
        }
    }
}
