//! The place where devices are plugged in and out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::contain::contained;
use super::error::DeviceError;
use super::exclusive::Exclusive;
use super::identity::{DeviceInfo, Who};
use super::management;
use super::operation::Operation;
use super::readers::{self, Look, Plugged};

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
            .map(identify)
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
                [one] => {
                    let seen = identify(one).map_or_else(Seen::Unreadable, Seen::One);
                    // Taken since the look: or its release would be no change.
                    if matches!(seen, Seen::Unreadable(DeviceError::SharingViolation { .. })) {
                        one.in_use = true;
                    }
                    seen
                }
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
    /// it is content. What it learns itself is compared with the next look.
    fn wait<T>(
        &self,
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

/// Asks the device in a reader who it is. Nothing is verified on the way, so it is not reset.
fn identify(plugged: &Plugged) -> Result<DeviceInfo, DeviceError> {
    let name = plugged.reader.to_string_lossy().into_owned();
    let who = Who::Reader(name.clone());
    // Asked first: whoever connects while another program holds a transaction waits for its end.
    if plugged.in_use {
        return Err(DeviceError::SharingViolation { who });
    }
    let (reader, doing) = (plugged.reader.clone(), Operation::Identify);
    contained(who.clone(), doing, move || {
        let device = Exclusive::connect(&reader, who, doing)?;
        let firmware = device.firmware()?;
        let info = DeviceInfo {
            serial: device.serial(firmware)?,
            firmware,
            form_factor: management::form_factor(&device),
            reader: name,
        };
        device.leave();
        Ok(info)
    })
}
