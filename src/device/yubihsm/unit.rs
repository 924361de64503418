//! One YubiHSM 2, its open sessions, and the commands sent to it.

use std::sync::{Arc, Mutex, PoisonError};

use yubihsm::authentication::Credentials;
use yubihsm::{Client, Connector, client};

use super::keys::{FACTORY_PASSWORD, Role};
use super::library::{Failure, NOT_FOUND};
use super::place::{Place, UnitInfo, identify, library_serial};
use super::sent::Written;
use crate::device::contain::contained;
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::identity::{Serial, Who};
use crate::device::operation::Operation;
use crate::host::secret::Secret;
use keymoot_attestation::yubihsm_log::{Outcome, Sent};

/// The command that shows whether a session is still open.
const ECHO: &[u8] = b"keymoot";
/// CREATE SESSION.
const CREATE_SESSION: u8 = 0x03;
/// AUTHENTICATE SESSION.
const AUTHENTICATE_SESSION: u8 = 0x04;

/// A YubiHSM 2, known by its serial number.
#[derive(Debug)]
pub struct Unit {
    place: Place,
    serial: Serial,
    sent: Written,
    /// The connection, kept between two calls. A call takes it out and puts it back;
    /// one that hangs or panics loses it.
    talk: Arc<Mutex<Option<Talk>>>,
}

impl Unit {
    /// The YubiHSM 2 of this serial number at this place. Sends nothing yet.
    #[must_use]
    pub fn new(place: Place, serial: Serial) -> Self {
        Self::resumed(place, serial, Vec::new())
    }

    /// The same, with the record of what an earlier run of the program sent.
    #[must_use]
    pub fn resumed(place: Place, serial: Serial, sent: Vec<Sent>) -> Self {
        Self {
            place,
            serial,
            sent: Written::from(sent),
            talk: Arc::default(),
        }
    }

    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Everything that keymoot sent since its last reset and that it could log, in
    /// order; to be kept, and compared with its log.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.read(Clone::clone)
    }

    /// What it reports of itself now.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn info(&self) -> Result<UnitInfo, DeviceError> {
        self.run(Operation::Identify, |talk| Ok(talk.info))
    }

    /// Runs `work` on the unit, contained, after its serial number was compared.
    pub(super) fn run<T: Send + 'static>(
        &self,
        doing: Operation,
        work: impl FnOnce(&mut Talk) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        let who = Who::YubiHsm(self.serial);
        let kept = Arc::clone(&self.talk);
        let (place, serial, sent) = (self.place, self.serial, self.sent.clone());
        contained(who, doing, move || {
            let taken = lock(&kept).take();
            let mut talk = match taken {
                Some(talk) => talk,
                None => Talk::with(place, serial, sent)?,
            };
            talk.doing = doing;
            let outcome = talk.greet().and_then(|()| work(&mut talk));
            *lock(&kept) = Some(talk);
            outcome
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open session, and the password that opened it: another password must not
/// find it open.
struct Open {
    role: Role,
    password: Secret,
    client: Client,
}

/// A conversation with a unit: a connection and the sessions in it.
pub(super) struct Talk {
    connector: Connector,
    place: Place,
    serial: Serial,
    sessions: Vec<Open>,
    pub(super) doing: Operation,
    pub(super) info: UnitInfo,
    pub(super) sent: Written,
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Talk with {} at {}", self.serial, self.place)
    }
}

impl Talk {
    fn with(place: Place, serial: Serial, sent: Written) -> Result<Self, DeviceError> {
        let connector = place.connector(library_serial(serial));
        let who = Who::YubiHsm(serial);
        let info = identify(&connector, place, &who, Operation::Identify)?;
        Ok(Self {
            connector,
            place,
            serial,
            sessions: Vec::new(),
            doing: Operation::Identify,
            info,
            sent,
        })
    }

    /// Checks that the wanted device answers.
    pub(super) fn greet(&mut self) -> Result<(), DeviceError> {
        self.info = identify(&self.connector, self.place, &self.who(), self.doing)?;
        match self.info.serial == self.serial {
            true => Ok(()),
            false => Err(self.error(ErrorKind::Other(self.info.serial))),
        }
    }

    pub(super) fn who(&self) -> Who {
        Who::YubiHsm(self.serial)
    }

    /// A failure in a session of this role, for people.
    pub(super) fn told(&self, failure: Failure, role: Role) -> DeviceError {
        failure.told(&self.who(), self.doing, role)
    }

    /// A malformed reply.
    pub(super) fn malformed(&self) -> DeviceError {
        self.error(ErrorKind::Malformed(None))
    }

    /// An error of this kind.
    pub(super) fn error(&self, kind: ErrorKind) -> DeviceError {
        DeviceError::new(self.who(), self.doing, kind)
    }

    /// Opens a session of a role, or uses the open one.
    pub(super) fn open(&mut self, role: Role, password: &Secret) -> Result<(), DeviceError> {
        match self.opened(role, password) {
            Ok(()) => Ok(()),
            Err(Failure::Refused(NOT_FOUND)) => Err(self.error(ErrorKind::NoRole(role))),
            Err(failure) => Err(self.told(failure, role)),
        }
    }

    /// Opens a session with the factory's key and password.
    pub(super) fn open_factory(&mut self) -> Result<(), DeviceError> {
        match self.opened(Role::Factory, &Secret::of(FACTORY_PASSWORD)) {
            Ok(()) => Ok(()),
            Err(Failure::Refused(NOT_FOUND) | Failure::Password) => {
                Err(self.error(ErrorKind::Used(None)))
            }
            Err(failure) => Err(self.told(failure, Role::Factory)),
        }
    }

    fn opened(&mut self, role: Role, password: &Secret) -> Result<(), Failure> {
        // The library knows that a session was idle too long. A session that
        // a device lost when it was pulled out only fails when it is used. The
        // echo is never logged, so it is not recorded either.
        self.sessions.retain(|open| {
            open.role != role
                || (open.password.same_as(password)
                    && open.client.session().is_ok()
                    && open.client.echo(ECHO).is_ok())
        });
        if self.sessions.iter().any(|open| open.role == role) {
            return Ok(());
        }
        let key = role.key();
        let created = self.sent.sending(CREATE_SESSION, None, Some(key));
        let authenticated = self.sent.sending(AUTHENTICATE_SESSION, None, Some(key));
        let credentials = Credentials::from_password(key, password.expose());
        // Without reconnecting, which would send commands unseen.
        match Client::open(self.connector.clone(), credentials, false) {
            Ok(client) => {
                self.sent.came_of(created, Outcome::Done);
                self.sent.came_of(authenticated, Outcome::Done);
                self.sessions.push(Open {
                    role,
                    password: password.duplicate(),
                    client,
                });
                Ok(())
            }
            Err(error) => {
                let failure = Failure::of_opening(&error);
                if failure == Failure::Password {
                    // Known from the answer to the first command alone.
                    self.sent.came_of(created, Outcome::Done);
                }
                if matches!(failure, Failure::Password | Failure::Refused(_)) {
                    self.sent.was_not_sent(authenticated);
                }
                Err(failure)
            }
        }
    }

    /// Forgets a session, so that the next command needs a new one. The library
    /// cannot close it; the unit does after half a minute.
    pub(super) fn close(&mut self, role: Role) {
        self.sessions.retain(|open| open.role != role);
    }

    /// Forgets all sessions.
    pub(super) fn close_all(&mut self) {
        self.sessions.clear();
    }

    /// Sends one command in the session of a role, which must have been opened.
    pub(super) fn send<T>(
        &mut self,
        role: Role,
        command: u8,
        target: Option<u16>,
        give: impl FnOnce(&Client) -> Result<T, client::Error>,
    ) -> Result<T, Failure> {
        let open = self
            .sessions
            .iter()
            .find(|open| open.role == role)
            .ok_or(Failure::Unclear(None))?;
        let number = self.sent.sending(command, Some(role.key()), target);
        match give(&open.client) {
            Ok(answer) => {
                self.sent.came_of(number, Outcome::Done);
                Ok(answer)
            }
            Err(error) => {
                let failure = Failure::of(&error);
                match failure {
                    Failure::Refused(code) => self.sent.came_of(number, Outcome::Refused(code)),
                    // The session cannot be used any more.
                    _ => self.close(role),
                }
                Err(failure)
            }
        }
    }

    /// As [`Talk::send`], with the failure for people.
    pub(super) fn ask<T>(
        &mut self,
        role: Role,
        command: u8,
        target: Option<u16>,
        give: impl FnOnce(&Client) -> Result<T, client::Error>,
    ) -> Result<T, DeviceError> {
        self.send(role, command, target, give)
            .map_err(|failure| self.told(failure, role))
    }
}
