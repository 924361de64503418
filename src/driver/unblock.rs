//! A blocked PIN: the holder types the PUK and a new PIN.

use super::{Asked, Driver, PinPrompt, Stop, TurnSecrets};
use crate::device::{DeviceError, ErrorKind, Who, piv};
use keymoot_attestation::Family;
use keymoot_record::{rules::roster::Handle, transcript::Event};

impl Driver<'_, '_> {
    /// Unblocks the PIN of the device that an error is about. A wrong PUK is asked for again, as
    /// long as it has tries; any other error is a device error of its own.
    pub(super) fn unblock(&mut self, holder: &Handle, error: &DeviceError) -> Result<(), Stop> {
        let Who::YubiKey(device) = error.who else {
            return Ok(());
        };
        let serial = device.0;
        let mut refused = None;
        loop {
            let puk = self.operator.pin(&PinPrompt {
                holder: holder.clone(),
                serial,
                family: Family::YubiKey,
                asked: Asked::Puk,
                demands: self.demands(),
                sealed_to: None,
                refused: refused.take(),
            })?;
            let pin = self.chosen(holder, serial, None)?;
            self.busy("unblocking the PIN");
            match piv::unblock_pin(device, &puk, &pin) {
                Ok(()) => {
                    self.secrets = Some(TurnSecrets {
                        serial,
                        typed: pin,
                        administration: None,
                        evidence: None,
                    });
                    return self.record(Event::PinUnblocked {
                        holder: holder.clone(),
                        serial,
                    });
                }
                Err(error) if matches!(error.kind, ErrorKind::WrongPuk(_)) => {
                    self.record_mishap(holder, &error)?;
                    refused = Some(format!("{error}. {}", error.help()));
                }
                Err(error) => return self.mishap(&error),
            }
        }
    }
}
