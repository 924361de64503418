//! What a target makes of its bytes, and what it demands of every text.

use keymoot_core::text::escape;

/// What separates the files in one input. A line that people can read and a fuzzer
/// can move, and no length that has to be right.
const SEPARATOR: &[u8] = b"\n====\n";

/// The longest sentence that says what is wrong with something foreign, in bytes.
const LONGEST: usize = 16 << 10;

/// The files in an input, in order. There is at least one.
#[must_use]
pub fn files(mut data: &[u8]) -> Vec<&[u8]> {
    let mut files = Vec::new();
    let next = |data: &[u8]| data.windows(SEPARATOR.len()).position(|w| w == SEPARATOR);
    while let Some(at) = next(data) {
        let (file, rest) = data.split_at(at);
        files.push(file);
        data = rest.get(SEPARATOR.len()..).unwrap_or_default();
    }
    files.push(data);
    files
}

/// The file at this place, empty where there is none.
#[must_use]
pub fn file<'d>(files: &[&'d [u8]], at: usize) -> &'d [u8] {
    files.get(at).copied().unwrap_or_default()
}

/// A sentence about something foreign is safe to show, and nobody has to scroll for
/// its end.
///
/// # Panics
/// Where it is not.
pub fn is_fit_to_show(sentence: &str) {
    assert!(
        is_safe(sentence),
        "not safe to show: {:?}",
        sentence.chars().take(400).collect::<String>()
    );
    assert!(
        sentence.len() <= LONGEST,
        "{} bytes to say: {}",
        sentence.len(),
        sentence.chars().take(400).collect::<String>()
    );
}

/// Whether escaping would only change the backslashes in it.
#[must_use]
pub fn is_safe(text: &str) -> bool {
    escape(text).replace("\\\\", "\\") == text
}
