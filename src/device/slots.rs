//! The places where devices are plugged in and out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::contain::contained;
use super::error::{DeviceError, ErrorKind};
use super::exclusive::Exclusive;
use super::identity::{Serial, Who};
use super::info::DeviceInfo;
use super::management;
use super::operation::Operation;
use super::readers::{self, Look, Plugged};
use super::yubihsm::{self, Place};
use keymoot_attestation::Family;

/// The longest a wait for YubiKeys sleeps before it looks again by itself. Changes and
/// [`Cancel`] wake it at once; this only covers the moment between a look and
/// the start of the wait, which the service would not report.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long a wait for a YubiHSM 2 sleeps between two looks. Nothing reports that one
/// is plugged in; keymoot has to ask.
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// Where the devices of one family are plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slots {
    /// YubiKeys: every reader of this machine's smart card service.
    YubiKeys,
    /// YubiHSM 2s: these places. Look only while no unit is spoken to: on USB, looking
    /// resets what is plugged in.
    YubiHsms(Vec<Place>),
}

/// What a wait sees, reported at each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No device.
    Nothing,
    /// Exactly one.
    One(DeviceInfo),
    /// Several devices, this many; keymoot spoke to none of them.
    Several(usize),
    /// One, but it cannot be read.
    Unreadable(DeviceError),
}

/// Ends a wait from another thread. Clones end the same wait; once cancelled it
/// stays so.
#[derive(Clone, Default)]
pub struct Cancel(Arc<CancelInner>);

#[derive(Default)]
struct CancelInner {
    asked: AtomicBool,
    waiting: Mutex<Option<pcsc::Context>>,
}

impl Cancel {
    /// A handle nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the waits that were given this handle, now and in future.
    pub fn cancel(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        if let Some(context) = &*self.waiting() {
            // The wait may have ended by itself meanwhile; then the flag ends the next.
            let _ = context.cancel();
        }
    }

    /// Whether the wait may continue.
    fn check(&self) -> Result<(), DeviceError> {
        if self.0.asked.load(Ordering::SeqCst) {
            return Err(DeviceError::new(
                Who::Unknown,
                Operation::Identify,
                ErrorKind::Cancelled,
            ));
        }
        Ok(())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<pcsc::Context>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Those of a family; units are looked for at one place.
    #[must_use]
    pub fn of(family: Family, place: Place) -> Self {
        match family {
            Family::YubiKey => Self::YubiKeys,
            Family::YubiHsm => Self::YubiHsms(vec![place]),
        }
    }

    /// Everything that is plugged in now, each asked for its serial number: the answer, or
    /// why it cannot be read. Places without an answer are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::ServiceMissing`] and what else keeps this machine from looking.
    pub fn present(&self) -> Result<Vec<Result<DeviceInfo, DeviceError>>, DeviceError> {
        match self {
            Self::YubiKeys => {
                let context = readers::connect()?;
                Ok(Look::now(&context)?
                    .plugged()
                    .iter()
                    .map(identify)
                    .collect())
            }
            Self::YubiHsms(places) => {
                let mut found = Vec::new();
                for place in places {
                    let units = yubihsm::look(*place)?;
                    found.extend(units.into_iter().map(|unit| Ok(unit.device())));
                }
                Ok(found)
            }
        }
    }

    /// Waits until exactly one device is plugged in and can be read. `on_change`
    /// gets each observation: the first, and every change.
    ///
    /// # Errors
    /// As [`Slots::wait_for`].
    pub fn wait_for_one(
        &self,
        cancel: &Cancel,
        on_change: impl FnMut(&Seen),
    ) -> Result<DeviceInfo, DeviceError> {
        self.wait_for(cancel, |_| true, on_change)
    }

    /// Waits until exactly one device is plugged in, it can be read, and it is wanted. An unwanted
    /// one is reported to `on_change` like every other observation.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], [`ErrorKind::ServiceMissing`], and as [`Slots::present`]. A
    /// YubiKey that cannot be read is reported to `on_change`, and the wait continues.
    pub fn wait_for(
        &self,
        cancel: &Cancel,
        is_wanted: impl Fn(&DeviceInfo) -> bool,
        mut on_change: impl FnMut(&Seen),
    ) -> Result<DeviceInfo, DeviceError> {
        match self {
            Self::YubiKeys => wait(cancel, |plugged| {
                let seen = match plugged {
                    [] => Seen::Nothing,
                    [one] => {
                        let seen = identify(one).map_or_else(Seen::Unreadable, Seen::One);
                        // Another program took the device after this look; its release would
                        // otherwise not be noticed.
                        if let Seen::Unreadable(error) = &seen
                            && error.kind == ErrorKind::SharingViolation
                        {
                            one.in_use = true;
                        }
                        seen
                    }
                    several => Seen::Several(several.len()),
                };
                on_change(&seen);
                match seen {
                    Seen::One(device) if is_wanted(&device) => Some(device),
                    _ => None,
                }
            }),
            Self::YubiHsms(_) => {
                let mut before = None;
                loop {
                    cancel.check()?;
                    let mut present = self.present()?;
                    let seen = match (present.pop(), present.len()) {
                        (None, _) => Seen::Nothing,
                        (Some(one), 0) => one.map_or_else(Seen::Unreadable, Seen::One),
                        (Some(_), others) => Seen::Several(others + 1),
                    };
                    if before.as_ref() != Some(&seen) {
                        on_change(&seen);
                    }
                    if let Seen::One(unit) = &seen
                        && is_wanted(unit)
                    {
                        return Ok(unit.clone());
                    }
                    before = Some(seen);
                    thread::sleep(ASK_AGAIN);
                }
            }
        }
    }

    /// Waits until every device that is plugged in now was taken out, or the one with this serial
    /// number. `begun` is called once it is known which ones those are. Others may be plugged in:
    /// people insert the next device before the last one is out.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], and as [`Slots::present`].
    pub fn wait_until_gone(
        &self,
        cancel: &Cancel,
        serial: Option<Serial>,
        begun: impl FnOnce(),
    ) -> Result<(), DeviceError> {
        // One that cannot be read may be the one.
        let is_other = |found: &Result<DeviceInfo, DeviceError>| {
            let other = |found: &DeviceInfo| serial.is_some_and(|serial| serial != found.serial);
            found.as_ref().is_ok_and(other)
        };
        match self {
            Self::YubiKeys => {
                let (mut first, mut begun) = (Vec::new(), Some(begun));
                wait(cancel, |plugged| {
                    if let Some(begun) = begun.take() {
                        first = plugged.to_vec();
                        first.retain(|one| serial.is_none() || !is_other(&identify(one)));
                        begun();
                    }
                    let is_in = |before: &Plugged| plugged.iter().any(|now| now.was_there(before));
                    (!first.iter().any(is_in)).then_some(())
                })
            }
            Self::YubiHsms(_) => {
                let mut first = self.present()?;
                first.retain(|unit| !is_other(unit));
                begun();
                let mut present = first.clone();
                while first.iter().any(|unit| present.contains(unit)) {
                    cancel.check()?;
                    thread::sleep(ASK_AGAIN);
                    present = self.present()?;
                }
                Ok(())
            }
        }
    }
}

/// Gives `check` the YubiKeys that are plugged in, at first and after every change, until
/// it returns something. It compares what it learns itself with the next look.
fn wait<T>(
    cancel: &Cancel,
    mut judge: impl FnMut(&mut [Plugged]) -> Option<T>,
) -> Result<T, DeviceError> {
    let context = readers::connect()?;
    let mut before = None;
    loop {
        cancel.check()?;
        let look = Look::now(&context)?;
        let mut plugged = look.plugged();
        if before.as_ref() != Some(&plugged) {
            if let Some(content) = judge(&mut plugged) {
                return Ok(content);
            }
            before = Some(plugged);
            // The check takes time; look again before sleeping.
            continue;
        }
        *cancel.waiting() = Some(context.clone());
        let woken = cancel
            .check()
            .and_then(|()| look.wait(&context, LOOK_AGAIN));
        *cancel.waiting() = None;
        woken?;
    }
}

/// Reads the identity of the device in a reader. No PIN is verified, so it is not reset.
fn identify(plugged: &Plugged) -> Result<DeviceInfo, DeviceError> {
    let name = plugged.reader.to_string_lossy().into_owned();
    let (who, doing) = (Who::Reader(name.clone()), Operation::Identify);
    // Asked first: anyone who connects while another program holds a transaction waits for its end.
    if plugged.in_use {
        return Err(DeviceError::new(who, doing, ErrorKind::SharingViolation));
    }
    let reader = plugged.reader.clone();
    contained(who.clone(), doing, move || {
        let device = Exclusive::connect(&reader, who, doing)?;
        let firmware = device.firmware()?;
        let info = DeviceInfo {
            family: Family::YubiKey,
            serial: device.serial(firmware)?,
            firmware,
            tries: device.tries()?,
            config: management::config(&device)?,
            place: name,
        };
        device.leave();
        Ok(info)
    })
}
