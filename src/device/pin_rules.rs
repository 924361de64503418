//! Which PINs and PUKs are good enough to be set.

use super::common_pins::{has_period, is_common, is_date};
use crate::host::secret::{NoRandomness, Secret};
use keymoot_attestation::Family;
use keymoot_record::transcript::DeviceSetting;

/// The PIN every YubiKey leaves the factory with.
pub(super) const FACTORY_PIN: &[u8] = b"123456";
/// The PUK every YubiKey leaves the factory with.
pub(super) const FACTORY_PUK: &[u8] = b"12345678";

/// The alphabet of YubiKey one-time passwords (Yubico, "modhex").
const MODHEX: &[u8] = b"cbdefghijklnrtuv";

/// The length of a PUK in characters: as long as PIV allows.
pub(super) const PUK_LENGTH: usize = 8;

/// The length of the shortest password of a YubiHSM 2, in characters: 66 bits, if
/// they are digits drawn by lot.
const SHORTEST_PASSWORD: usize = 20;

/// PIV's longest PIN.
const LONGEST: usize = 8;

/// How long an input field for a PIN should be: longer than a PIN, so that a
/// one-time password typed into it by a touch does not look like a long PIN.
pub const PIN_FIELD: usize = 64;

/// Why a PIN or PUK was refused, in a sentence for its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinRefused {
    /// Fewer than eight characters, for a device that demands them.
    #[error("too short: this device demands 8 characters")]
    TooShortForDevice,
    /// Fewer than six characters.
    #[error("too short: it needs 6 to 8 characters")]
    TooShort,
    /// More than eight characters.
    #[error("too long: it needs 6 to 8 characters")]
    TooLong,
    /// Fewer than twenty characters, for a device that counts no tries.
    #[error("too short: a YubiHSM 2 counts no tries, so its password needs 20 characters or more")]
    PasswordTooShort,
    /// The YubiKey was touched and typed a one-time password.
    #[error("a touched YubiKey typed this by itself; do not touch it now, and type the PIN")]
    OneTimePassword,
    /// Something other than printable ASCII.
    #[error("only digits, letters and signs of ASCII are possible")]
    NotPrintable,
    /// The value every device is delivered with.
    #[error("this is the value from the factory; choose another")]
    Factory,
    /// A single character throughout.
    #[error("a thief tries one repeated character first; choose another")]
    AllSame,
    /// Characters that count up or down.
    #[error("a thief tries sequences first; choose another")]
    Run,
    /// A short pattern, repeated.
    #[error("a thief tries repeated patterns early; choose another")]
    Repeated,
    /// One of those that people choose most.
    #[error("many people choose this, so a thief tries it early; choose another")]
    Common,
    /// A date, of which people remember few.
    #[error("a thief tries dates early, such as birthdays; choose another")]
    Date,
    /// PIN and PUK are the same.
    #[error("PIN and PUK must differ")]
    SameAsPuk,
}

/// Whether this can be a PIN at all, so that a slip (or a device touched
/// by accident) uses up no try. Pure.
///
/// Length is PIV's: 6 to 8 bytes (NIST SP 800-73-4 part 2, section 2.4.3).
///
/// # Errors
/// The reason why it cannot.
pub(super) fn check_typed_pin(pin: &Secret) -> Result<(), PinRefused> {
    let bytes = pin.expose();
    // First, because an OTP is also "too long", and that reason would mislead its holder.
    if bytes.len() > 8 && bytes.iter().all(|byte| MODHEX.contains(byte)) {
        return Err(PinRefused::OneTimePassword);
    }
    match bytes.len() {
        ..6 => Err(PinRefused::TooShort),
        9.. => Err(PinRefused::TooLong),
        _ => Ok(()),
    }
}

/// Whether this can be the password of a YubiHSM 2 that keymoot has set up, so
/// that a slip does not count as a wrong password. Pure.
///
/// # Errors
/// The reason why it cannot.
fn check_typed_password(password: &Secret) -> Result<(), PinRefused> {
    let bytes = password.expose();
    if bytes.len() > 32 && bytes.iter().all(|byte| MODHEX.contains(byte)) {
        return Err(PinRefused::OneTimePassword);
    }
    match bytes.len() {
        ..SHORTEST_PASSWORD => Err(PinRefused::PasswordTooShort),
        _ => Ok(()),
    }
}

/// Whether a holder may choose this password for a YubiHSM 2. Pure; returns the first
/// reason against.
///
/// A device gives everybody the data for trying passwords elsewhere, and
/// stretches them little, so only length helps.
///
/// # Errors
/// The reason against it.
fn check_new_password(password: &Secret) -> Result<(), PinRefused> {
    check_typed_password(password)?;
    let bytes = password.expose();
    if !bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Err(PinRefused::NotPrintable);
    }
    if has_period(bytes, 1) {
        return Err(PinRefused::AllSame);
    }
    if counts(bytes) {
        return Err(PinRefused::Run);
    }
    if (2..=bytes.len() / 2).any(|period| has_period(bytes, period)) {
        return Err(PinRefused::Repeated);
    }
    Ok(())
}

/// Whether a holder may choose this PIN. Pure; returns the first reason against.
///
/// Beyond `check_typed_pin`, this excludes what a thief guesses within the three
/// tries a device allows.
///
/// # Errors
/// The reason against it.
pub fn check_new_pin(pin: &Secret) -> Result<(), PinRefused> {
    check_typed_pin(pin)?;
    let bytes = pin.expose();
    if !bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Err(PinRefused::NotPrintable);
    }
    if bytes == FACTORY_PIN || bytes == FACTORY_PUK {
        return Err(PinRefused::Factory);
    }
    if has_period(bytes, 1) {
        return Err(PinRefused::AllSame);
    }
    if counts(bytes) {
        return Err(PinRefused::Run);
    }
    if (2..=bytes.len() / 2).any(|period| has_period(bytes, period)) {
        return Err(PinRefused::Repeated);
    }
    if is_common(bytes) {
        return Err(PinRefused::Common);
    }
    if is_date(bytes) {
        return Err(PinRefused::Date);
    }
    Ok(())
}

/// What a device demands of a new PIN beyond the rules of this program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PinDemands {
    /// Eight characters: a FIPS 140-3 device.
    pub long: bool,
}

impl PinDemands {
    /// The demands of a device with these settings.
    #[must_use]
    pub fn of(settings: &[DeviceSetting]) -> Self {
        Self {
            long: settings.contains(&DeviceSetting::LongPins),
        }
    }
}

/// Whether a holder may choose this for a device of this family: a PIN or a password.
///
/// # Errors
/// The reason against it.
pub fn check_new(family: Family, demands: PinDemands, secret: &Secret) -> Result<(), PinRefused> {
    match family {
        Family::YubiKey => {
            check_new_pin(secret)?;
            match demands.long && secret.expose().len() < LONGEST {
                true => Err(PinRefused::TooShortForDevice),
                false => Ok(()),
            }
        }
        Family::YubiHsm => check_new_password(secret),
    }
}

/// Whether this can be what a holder set: a PIN or a password.
///
/// # Errors
/// The reason why it cannot.
pub fn check_typed(family: Family, secret: &Secret) -> Result<(), PinRefused> {
    match family {
        Family::YubiKey => check_typed_pin(secret),
        Family::YubiHsm => check_typed_password(secret),
    }
}

/// Whether this PUK may be set beside this PIN: the PIN's rules, and that they
/// differ.
///
/// # Errors
/// The reason against it.
pub(super) fn check_new_puk(puk: &Secret, pin: &Secret) -> Result<(), PinRefused> {
    check_new_pin(puk)?;
    if puk.same_as(pin) {
        return Err(PinRefused::SameAsPuk);
    }
    Ok(())
}

/// A random PUK for a device with this PIN: eight digits, drawn again in the rare
/// case that they break the rules.
///
/// # Errors
/// [`NoRandomness`] when the operating system has none to give.
pub fn new_puk(pin: &Secret) -> Result<Secret, NoRandomness> {
    loop {
        let puk = Secret::random_digits(PUK_LENGTH)?;
        if check_new_puk(&puk, pin).is_ok() {
            return Ok(puk);
        }
    }
}

/// Whether the characters count up or down: 234567, fedcba, 890123 (digits
/// wrap), and with each doubled, 112233.
fn counts(bytes: &[u8]) -> bool {
    let doubled = bytes.chunks(2).all(|pair| matches!(pair, [a, b] if a == b));
    let stride = if doubled { 2 } else { 1 };
    let places = || bytes.iter().step_by(stride);
    let mut steps = places().zip(places().skip(1)).map(|pair| match pair {
        (b'9', b'0') => 1,
        (b'0', b'9') => u8::MAX,
        (before, after) => after.wrapping_sub(*before),
    });
    match steps.next() {
        Some(first @ (1 | u8::MAX)) => steps.all(|step| step == first),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, PinDemands, PinRefused, check_new, check_new_pin, check_new_puk, new_puk};
    use crate::host::secret::Secret;

    fn judge(pin: &str) -> Result<(), PinRefused> {
        check_new_pin(&Secret::of(pin.as_bytes()))
    }

    #[test]
    fn an_ordinary_pin_is_accepted() {
        for pin in ["739164", "83920174", "k9!xQ2", "100000", "987643", "147862"] {
            assert_eq!(judge(pin), Ok(()), "{pin}");
        }
    }

    #[test]
    fn the_length_is_that_of_piv() {
        assert_eq!(judge("73916"), Err(PinRefused::TooShort));
        assert_eq!(judge(""), Err(PinRefused::TooShort));
        assert_eq!(judge("739164285"), Err(PinRefused::TooLong));
    }

    #[test]
    fn factory_values_are_refused() {
        assert_eq!(judge("123456"), Err(PinRefused::Factory));
        assert_eq!(judge("12345678"), Err(PinRefused::Factory));
    }

    #[test]
    fn a_touched_button_is_recognised_and_not_called_too_long() {
        assert_eq!(
            judge("ccccccjlukunvvudkgkrnhlghbufhhrvirtrfvbuhulk"),
            Err(PinRefused::OneTimePassword)
        );
        assert_eq!(judge("cdefghij9"), Err(PinRefused::TooLong));
    }

    #[test]
    fn one_character_throughout_is_refused() {
        assert_eq!(judge("000000"), Err(PinRefused::AllSame));
        assert_eq!(judge("aaaaaaaa"), Err(PinRefused::AllSame));
    }

    #[test]
    fn counting_up_or_down_is_refused() {
        for pin in [
            "234567", "654321", "87654321", "890123", "210987", "abcdef", "112233", "44332211",
        ] {
            assert_eq!(judge(pin), Err(PinRefused::Run), "{pin}");
        }
    }

    #[test]
    fn repeated_patterns_are_refused() {
        for pin in ["121212", "1212121", "739739", "73917391", "abcabcab"] {
            assert_eq!(judge(pin), Err(PinRefused::Repeated), "{pin}");
        }
    }

    #[test]
    fn a_device_that_demands_eight_characters_gets_no_fewer() {
        let long = PinDemands { long: true };
        let check = |demands, pin: &[u8]| check_new(Family::YubiKey, demands, &Secret::of(pin));
        assert_eq!(check(long, b"739164"), Err(PinRefused::TooShortForDevice));
        assert_eq!(check(long, b"83920174"), Ok(()));
        assert_eq!(check(PinDemands::default(), b"739164"), Ok(()));
    }

    #[test]
    fn what_a_plain_keyboard_cannot_type_is_refused() {
        assert_eq!(judge("73916é"), Err(PinRefused::NotPrintable));
        assert_eq!(judge("73916\t"), Err(PinRefused::NotPrintable));
    }

    #[test]
    fn a_new_puk_keeps_the_rules() {
        let pin = Secret::of(b"739164");
        let puk = new_puk(&pin);
        assert!(puk.is_ok_and(|puk| check_new_puk(&puk, &pin) == Ok(())));
    }

    #[test]
    fn a_puk_equal_to_the_pin_is_refused() {
        let (one, two) = (Secret::of(b"83920174"), Secret::of(b"60277391"));
        assert_eq!(check_new_puk(&one, &two), Ok(()));
        assert_eq!(check_new_puk(&one, &one), Err(PinRefused::SameAsPuk));
    }
}
