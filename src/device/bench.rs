//! The place where devices are plugged in and out.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::contain::contained;
use super::error::DeviceError;
use super::identity::{DeviceInfo, Serial, Who};
use super::management;
use super::operation::Operation;
use super::readers::{self, Look, Plugged};
use keymoot_attestation::Firmware;

/// The longest a wait sleeps before it looks again by itself. Changes and
/// [`Cancel`] wake it at once; this only covers the moment between a look and
/// the start of the wait, in which the service would lose either.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The place where devices are plugged: every reader of this machine's smart
/// card service.
#[derive(Debug)]
pub struct Bench(());

/// What a wait sees, told whenever it changes.
#[derive(Debug)]
pub enum Seen {
    /// No YubiKey.
    Nothing,
    /// Exactly one.
    One(DeviceInfo),
    /// More than one; none of them was spoken to.
    Several {
        /// How many.
        count: usize,
    },
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
            // It may have ended by itself meanwhile; the flag says all.
            let _ = context.cancel();
        }
    }

    /// Whether the wait may go on.
    pub(super) fn check(&self) -> Result<(), DeviceError> {
        if self.0.asked.load(Ordering::SeqCst) {
            return Err(DeviceError::Cancelled);
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

impl Bench {
    /// Finds the smart card service.
    ///
    /// # Errors
    /// [`DeviceError::ServiceMissing`] when there is none.
    pub fn open() -> Result<Self, DeviceError> {
        readers::connect()?;
        Ok(Self(()))
    }

    /// Everything that is plugged in now, each asked for its serial number.
    ///
    /// # Errors
    /// [`DeviceError::ServiceMissing`], or what kept a device from being read.
    pub fn present(&self) -> Result<Vec<DeviceInfo>, DeviceError> {
        let context = readers::connect()?;
        Look::now(&context)?
            .plugged()
            .iter()
            .map(|plugged| identify(&plugged.reader))
            .collect()
    }

    /// Waits until exactly one device is plugged in and can be read. `on_change`
    /// hears what is seen, at first and at every change.
    ///
    /// # Errors
    /// [`DeviceError::Cancelled`], [`DeviceError::ServiceMissing`]. A device that
    /// cannot be read is told to `on_change`, and waited past.
    pub fn wait_for_one(
        &self,
        cancel: &Cancel,
        mut on_change: impl FnMut(&Seen),
    ) -> Result<DeviceInfo, DeviceError> {
        self.wait(cancel, |plugged| {
            let seen = match plugged {
                [] => Seen::Nothing,
                [one] => identify(&one.reader).map_or_else(Seen::Unreadable, Seen::One),
                several => Seen::Several {
                    count: several.len(),
                },
            };
            on_change(&seen);
            match seen {
                Seen::One(device) => Some(device),
                _ => None,
            }
        })
    }

    /// Waits until no device is plugged in.
    ///
    /// # Errors
    /// [`DeviceError::Cancelled`], [`DeviceError::ServiceMissing`].
    pub fn wait_until_empty(&self, cancel: &Cancel) -> Result<(), DeviceError> {
        self.wait(cancel, |plugged| plugged.is_empty().then_some(()))
    }

    /// Shows `judge` what is plugged in, at first and after every change, until
    /// it is content.
    fn wait<T>(
        &self,
        cancel: &Cancel,
        mut judge: impl FnMut(&[Plugged]) -> Option<T>,
    ) -> Result<T, DeviceError> {
        let context = readers::connect()?;
        let mut before = None;
        loop {
            cancel.check()?;
            let look = Look::now(&context)?;
            let plugged = look.plugged();
            if before.as_ref() != Some(&plugged) {
                if let Some(content) = judge(&plugged) {
                    return Ok(content);
                }
                before = Some(plugged);
                // Judging takes time; look again before sleeping.
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
}

/// Asks the device in a reader who it is.
fn identify(reader: &CStr) -> Result<DeviceInfo, DeviceError> {
    let name = reader.to_string_lossy().into_owned();
    let reader = reader.to_owned();
    contained(Who::Reader(name.clone()), Operation::Identify, move || {
        let yubikey = open_reader(&reader, &Who::Reader(name.clone()), Operation::Identify)?;
        let serial = Serial(yubikey.serial().0);
        let version = yubikey.version();
        // Two open connections at once are fine, but the reset that ends this
        // one would disturb the next.
        drop(yubikey);
        Ok(DeviceInfo {
            serial,
            firmware: Firmware::new(version.major, version.minor, version.patch),
            form_factor: management::form_factor(&readers::connect()?, &reader),
            reader: name,
        })
    })
}

/// Opens the PIV application of the device in a reader. Call it contained.
pub(super) fn open_reader(
    reader: &CStr,
    who: &Who,
    doing: Operation,
) -> Result<yubikey::YubiKey, DeviceError> {
    let failed = |error| DeviceError::from_yubikey(who.clone(), doing, error);
    let mut context = yubikey::Context::open().map_err(failed)?;
    let name = reader.to_string_lossy();
    let Some(reader) = context
        .iter()
        .map_err(failed)?
        .find(|found| found.name() == name)
    else {
        return Err(DeviceError::Removed {
            who: who.clone(),
            doing,
        });
    };
    reader.open().map_err(|error| match error {
        // The crate knows the firmware generations 4 and 5 and no others.
        yubikey::Error::NotSupported => DeviceError::Unsupported {
            who: who.clone(),
            firmware: None,
            doing,
            needs: Firmware::new(4, 3, 0),
        },
        error => failed(error),
    })
}
