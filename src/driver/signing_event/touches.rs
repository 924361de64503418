//! The PIN and the touches for a signing event, and the choices after a device error.

use super::{
    signer::Signer,
    turn::{Stop, Table},
};
use crate::{
    device::{DeviceError, ErrorKind, Who, piv},
    driver::{Allows, Asked, PinPrompt, Remedy, Reply, Trouble, table},
    host::secret::Secret,
};
use keymoot_attestation::Family;

impl Table<'_, '_> {
    /// A signature by the device: PIN and touch, as often as it takes; `then` says what follows.
    pub(super) fn signature(
        &mut self,
        signer: &Signer,
        message: &[u8],
        allows: &Allows,
        then: &str,
    ) -> Result<Vec<u8>, Stop> {
        let mut refused = None;
        self.retried(|table| {
            loop {
                let pin = table.pin(signer, refused.take())?;
                // Who wants to leave touches the device no more.
                if let Some(wish) = table.operator.waiting() {
                    return Err(wish.into());
                }
                table.errand(then);
                // Time has passed since the review: the files must be the same.
                table.unchanged()?;
                let holder = table.turn.holder.clone();
                let signed = table::sign_once(
                    table.operator,
                    &holder,
                    &signer.device,
                    &pin,
                    message,
                    allows,
                );
                match signed.and_then(|signature| {
                    table::checked(&signer.key, &signer.device, message, signature)
                }) {
                    Ok(signature) => return Ok(signature),
                    Err(error) if error.is_wrong_secret() => {
                        table.pin = None;
                        refused = Some(format!("{error}. {}", error.help()));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }

    /// The PIN, which is asked for once.
    fn pin(&mut self, signer: &Signer, refused: Option<String>) -> Reply<Secret> {
        if let Some(pin) = &self.pin {
            return Ok(pin.duplicate());
        }
        let pin = self.ask(signer.device.serial().0, Asked::Pin, refused)?;
        self.pin = Some(pin.duplicate());
        Ok(pin)
    }

    fn ask(&mut self, serial: u32, asked: Asked, refused: Option<String>) -> Reply<Secret> {
        self.operator.pin(&PinPrompt {
            holder: self.turn.holder.clone(),
            serial,
            family: Family::YubiKey,
            asked,
            demands: self.demands,
            sealed_to: None,
            refused,
        })
    }

    /// Does something with a device until it works, or the holder leaves.
    pub(super) fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut blocked: Option<DeviceError> = None;
        loop {
            let done = match blocked.take() {
                Some(error) => self.unblock(&error).and_then(|()| work(self)),
                None => work(self),
            };
            match done {
                Err(Stop::Device(error)) if error.kind == ErrorKind::Cancelled => {
                    return Err(self.operator.interrupted().into());
                }
                Err(Stop::Device(error)) => {
                    let trouble = Trouble {
                        holder: self.turn.holder.clone(),
                        error: error.clone(),
                    };
                    if self.operator.trouble(&trouble)? == Remedy::Unblock {
                        blocked = Some(error);
                    }
                }
                done => return done,
            }
        }
    }

    /// Unblocks a PIN with the PUK; a wrong one is asked for again.
    fn unblock(&mut self, error: &DeviceError) -> Result<(), Stop> {
        let Who::YubiKey(device) = error.who else {
            return Ok(());
        };
        let mut refused = None;
        loop {
            let puk = self.ask(device.0, Asked::Puk, refused.take())?;
            let pin = self.ask(device.0, Asked::NewPin, None)?;
            self.busy("unblocking the PIN");
            match piv::unblock_pin(device, &puk, &pin) {
                Ok(()) => {
                    self.pin = Some(pin);
                    return Ok(());
                }
                Err(error) if matches!(error.kind, ErrorKind::WrongPuk(_)) => {
                    refused = Some(format!("{error}. {}", error.help()));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
