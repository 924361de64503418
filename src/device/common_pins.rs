//! PINs that many people choose, so that a thief tries them within the three tries of a device.

/// PINs and words that people choose most, and those that a device with PIN complexity refuses
/// (Yubico, "5.7 Firmware Specifics"), beyond runs, patterns and keyboards, which have rules of
/// their own.
const COMMON: [&str; 15] = [
    "112358", "11235813", "314159", "31415926", "271828", "password", "passw0rd", "letmein",
    "iloveyou", "yubikey", "yubico", "welcome", "dragon", "monkey", "sunshine",
];

/// Lines along which people type or count: of a keyboard, of a number pad, of the alphabet. A PIN
/// made of two pieces of them is common, too.
const LINES: [&str; 18] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz",
    "1qay",
    "2wsx",
    "3edc",
    "4rfv",
    "147",
    "258",
    "369",
    "159",
    "357",
];

/// Longer ways over the keys. Pieces of these are too many: random PINs would have them.
const WAYS: [&str; 3] = ["1qaz2wsx3edc", "789456123", "1357902468"];

/// The shortest piece of a line that makes a pattern.
const PIECE: usize = 3;

/// Whether a PIN is one that many choose: listed, spelt the same backwards as forwards, or made
/// along the lines of a keyboard or number pad. Two pieces of such lines may follow each other
/// (qwer1234, 123654) or alternate (1q2w3e, 102030).
pub(super) fn is_common(pin: &[u8]) -> bool {
    let typed = pin.to_ascii_lowercase();
    let length = typed.len();
    let cuts = PIECE..=length.saturating_sub(PIECE);
    let alternate =
        |from: usize| -> Vec<u8> { typed.iter().skip(from).step_by(2).copied().collect() };
    is_listed(&typed)
        || typed.iter().eq(typed.iter().rev())
        || is_in(&WAYS, &typed)
        || is_piece(&typed)
        || cuts
            .filter_map(|cut| typed.split_at_checked(cut))
            .any(|(first, second)| is_piece(first) && is_piece(second))
        || is_piece(&alternate(0)) && is_piece(&alternate(1))
}

/// What people type between the parts of a date.
const SEPARATORS: &[u8] = b".-/ ";

/// Whether a PIN is a date: year, month and day, day, month and year, or month, day and year, of
/// the years 1900 to 2099, also with two digits for the year, and with separators.
pub(super) fn is_date(pin: &[u8]) -> bool {
    let digits = pin.iter().copied();
    let digits: Vec<u8> = digits.filter(|byte| !SEPARATORS.contains(byte)).collect();
    let long = match digits.len() {
        8 => 4,
        6 => 2,
        _ => return false,
    };
    let number = |from: usize, length: usize| {
        let mut digits = digits.get(from..from + length)?.iter();
        digits.try_fold(0_i16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| i16::from(digit - b'0'))?;
            Some(number * 10 + digit)
        })
    };
    // Where the year, the month and the day begin.
    let orders = [(0, long, long + 2), (4, 2, 0), (4, 0, 2)];
    orders.into_iter().any(|(year, month, day)| {
        let parts = number(year, long).zip(number(month, 2).zip(number(day, 2)));
        parts.is_some_and(|(year, (month, day))| match long {
            4 => (1900..=2099).contains(&year) && is_day(year, month, day),
            _ => [1900, 2000]
                .into_iter()
                .any(|century| is_day(century + year, month, day)),
        })
    })
}

fn is_day(year: i16, month: i16, day: i16) -> bool {
    let parts = i8::try_from(month).ok().zip(i8::try_from(day).ok());
    parts.is_some_and(|(month, day)| jiff::civil::Date::new(year, month, day).is_ok())
}

/// Whether this is on the list, forwards or backwards.
fn is_listed(typed: &[u8]) -> bool {
    let is = |common: &&str| {
        let common = common.bytes();
        common.clone().eq(typed.iter().copied()) || common.rev().eq(typed.iter().copied())
    };
    COMMON.iter().any(is)
}

/// Whether this is one character throughout, or a piece of a line.
fn is_piece(typed: &[u8]) -> bool {
    typed.len() >= PIECE && (has_period(typed, 1) || is_in(&LINES, typed))
}

/// Whether this is in one of these texts, forwards or backwards.
fn is_in(texts: &[&str], typed: &[u8]) -> bool {
    let found = |typed: &[u8]| {
        let found = |text: &&str| {
            text.as_bytes()
                .windows(typed.len())
                .any(|part| part == typed)
        };
        texts.iter().any(found)
    };
    let backwards: Vec<u8> = typed.iter().rev().copied().collect();
    found(typed) || found(&backwards)
}

/// Whether every byte is that `period` places before it.
pub(super) fn has_period(bytes: &[u8], period: usize) -> bool {
    bytes
        .iter()
        .zip(bytes.iter().skip(period))
        .all(|(before, after)| before == after)
}

#[cfg(test)]
mod tests {
    use super::super::pin_rules::{PinRefused, check_new_pin};
    use crate::host::secret::Secret;

    fn judge(pin: &str) -> Result<(), PinRefused> {
        check_new_pin(&Secret::of(pin.as_bytes()))
    }

    #[test]
    fn what_many_choose_is_refused() {
        for pin in [
            "123321", "159753", "753951", "password", "PASSWORD", "112358", "qwerty", "ytrewq",
            "asdfgh", "1qaz2wsx", "1q2w3e4r", "147258", "852741", "520520", "391193",
        ] {
            let refused = judge(pin);
            assert!(
                matches!(refused, Err(PinRefused::Common | PinRefused::Repeated)),
                "{pin}: {refused:?}"
            );
        }
    }

    #[test]
    fn pieces_of_keyboard_and_number_pad_are_refused_in_either_order() {
        for pin in [
            "abc123", "123654", "102030", "111222", "135790", "qwer1234", "1234qwer", "asdf1234",
            "zaq12wsx", "987456", "1qaz2wsx", "zaq1xsw2", "1q2w3e4r", "q1w2e3r4", "4r3e2w1q",
            "qwe123", "321ewq", "QWER1234", "203040", "142536", "121314", "258456", "159357",
            "147369", "112233", "445566", "20202020", "19841984", "789456",
        ] {
            let refused = judge(pin);
            let expected = [PinRefused::Common, PinRefused::Repeated, PinRefused::Run];
            assert!(
                refused.is_err_and(|why| expected.contains(&why)),
                "{pin}: {refused:?}"
            );
        }
    }

    #[test]
    fn dates_are_refused_in_the_order_of_each_country() {
        for pin in [
            "20240101", "19840312", "12031984", "03241984", "20261129", "29022024", "240190",
            "900124", "012490", "290200", "24.01.90", "01/24/90", "90-01-24",
        ] {
            assert_eq!(judge(pin), Err(PinRefused::Date), "{pin}");
        }
    }

    #[test]
    fn what_is_no_day_of_these_years_is_no_date() {
        for pin in [
            "18991231", "21000101", "20240230", "29022023", "31041990", "13321984", "251332",
            "320190", "739164", "24x01y90", "2401901", "24.01.9",
        ] {
            assert_ne!(judge(pin), Err(PinRefused::Date), "{pin}");
        }
    }

    #[test]
    fn of_random_pins_one_in_ten_of_six_digits_and_one_in_a_hundred_of_more_is_refused_at_most() {
        const DRAWN: u32 = 10_000;
        // Dates are 84,050 of the million PINs of six digits, and 2 in 1000 of eight.
        for (length, most) in [(6, 1_000), (7, 100), (8, 100)] {
            let draw = |_: &u32| {
                Secret::random_digits(length).is_ok_and(|pin| check_new_pin(&pin).is_err())
            };
            let refused = (0..DRAWN).filter(draw).count();
            assert!(refused < most, "{refused} of {DRAWN} with {length} digits");
        }
    }
}
