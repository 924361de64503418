//! What the PIV application remembers while it is selected.

/// What the device is waiting to hear.
pub(super) enum Challenge {
    /// Its own witness, decrypted (mutual authentication).
    Witness(Vec<u8>),
    /// Its challenge, encrypted (authentication of the host alone).
    Plain(Vec<u8>),
}

/// The state that lasts while the application is selected.
#[derive(Default)]
pub(super) struct Session {
    /// The PIN was verified.
    pub(super) pin: bool,
    /// ... and no key that asks every time was used since.
    pub(super) pin_fresh: bool,
    /// The management key was used.
    pub(super) management: bool,
    /// The challenge or witness of an authentication under way.
    pub(super) challenge: Option<Challenge>,
}
