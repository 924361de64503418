//! keymoot and a simulated holder, in the test's own process.

use keymoot::device::{DeviceError, Serial, new_puk, piv};
use keymoot::host::secret::Secret;

pub(crate) const MESSAGE: &[u8] = b"the text that the holder has read";

/// A holder whose device has a key.
pub(crate) struct Holder {
    pub serial: Serial,
    pin: Secret,
}

impl Holder {
    /// Sets a new device up and generates its key.
    pub(crate) fn enrol(serial: Serial) -> Self {
        let pin = Secret::of(b"739164");
        let puk = new_puk(&pin).unwrap();
        let management_key = Secret::random_bytes(piv::MANAGEMENT_KEY_LENGTH).unwrap();
        piv::provision(serial, &pin, &puk, &management_key).unwrap();
        piv::generate(serial, &management_key).unwrap();
        Self { serial, pin }
    }

    pub(crate) fn sign(&self) -> Result<Vec<u8>, DeviceError> {
        piv::sign(self.serial, &self.pin, MESSAGE, || {})
    }
}
