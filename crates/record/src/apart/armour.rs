//! The text form of an answer: it survives mail and issue trackers.
//!
//! ```text
//! -----BEGIN KEYMOOT ANSWER-----
//! SHA-256: <of the compressed file, lowercase hexadecimal>
//!
//! <the file, compressed as zlib (RFC 1950), in base64, 64 characters a line>
//! -----END KEYMOOT ANSWER-----
//! ```
//!
//! It ignores text around it. Each line may have space around it and `>` before it, as in a
//! quoted mail. The digest detects every other change: a compressed file has bits that its content
//! does not depend on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use super::answer::LARGEST;
use keymoot_core::{Rule, Violation, digest::Digest};

const BEGIN: &str = "-----BEGIN KEYMOOT ANSWER-----";
const END: &str = "-----END KEYMOOT ANSWER-----";
const DIGEST: &str = "SHA-256: ";
/// The largest text that is searched, in bytes: an answer in a long mail.
pub const LARGEST_TEXT: usize = 1 << 20;
/// The compression level: 10 is the library's highest.
const LEVEL: u8 = 10;

/// The compressed file (zlib), which every form except the file itself carries.
#[must_use]
pub fn compressed(file: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(file, LEVEL)
}

/// The file that was [`compressed`].
///
/// # Errors
/// A [`Violation`] of ANSWER-READ when it is none, or too large for an answer.
pub fn decompressed(compressed: &[u8]) -> Result<Vec<u8>, Violation> {
    let file = decompress_to_vec_zlib_with_limit(compressed, LARGEST);
    file.map_err(|_| violation("an answer cannot be decompressed".to_owned()))
}

/// The text form of a file.
#[must_use]
pub fn text(file: &[u8]) -> String {
    let compressed = compressed(file);
    let encoded = STANDARD.encode(&compressed);
    let mut text = format!("{BEGIN}\n{DIGEST}{}\n\n", Digest::of(&compressed));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// The answers in a file: the file itself, or each text form in a text, and a [`Violation`] of
/// ANSWER-READ for each text form that was changed or is cut off. What a stranger writes into a
/// thread does not spoil the answers in it, also where other bytes are no UTF-8.
#[must_use]
pub fn files(bytes: &[u8]) -> Vec<Result<Vec<u8>, Violation>> {
    let text = (bytes.len() <= LARGEST_TEXT).then(|| String::from_utf8_lossy(bytes));
    let text = text.filter(|text| text.contains(BEGIN));
    let Some(text) = text else {
        return vec![Ok(bytes.to_vec())];
    };
    text.split(BEGIN).skip(1).map(one).collect()
}

fn unread(why: &str) -> Violation {
    violation(format!("the text form of an answer {why}"))
}

fn violation(what: String) -> Violation {
    let again = "ask the holder for the answer again, in any form";
    Violation::new(Rule::AnswerRead, what, again)
}

/// The file after a first line.
fn one(text: &str) -> Result<Vec<u8>, Violation> {
    let encoded = encoded(text).map_err(unread)?;
    decompressed(&encoded)
}

/// The compressed file after a first line.
fn encoded(text: &str) -> Result<Vec<u8>, &'static str> {
    let (inside, _) = text.split_once(END).ok_or("has no last line")?;
    let quoted = |c: char| c == '>' || c == ' ' || c == '\t' || c == '\r';
    let mut lines = inside.split('\n').map(|line| line.trim_matches(quoted));
    let mut lines = lines.by_ref().filter(|line| !line.is_empty());
    let digest = lines.next().and_then(|line| line.strip_prefix(DIGEST));
    let digest = digest.and_then(Digest::from_hex).ok_or("names no digest")?;
    let encoded: String = lines.collect();
    let compressed = STANDARD.decode(encoded).map_err(|_| "is not base64")?;
    match Digest::of(&compressed) == digest {
        true => Ok(compressed),
        false => Err("was changed: its digest is another one"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{files, text};

    fn file() -> Vec<u8> {
        (0_u32..300)
            .flat_map(|n| (n * n).to_string().into_bytes())
            .collect()
    }

    #[test]
    fn a_file_survives_quoting_and_other_line_ends() {
        let text = text(&file());
        let quoted = format!(
            "hello,\n\n> {}\nbye\n",
            text.trim_end().replace('\n', "\r\n> ")
        );
        assert_eq!(files(quoted.as_bytes()), [Ok(file())]);
        assert_eq!(files(text.repeat(2).as_bytes()), [Ok(file()), Ok(file())]);
        assert_eq!(files(&file()), [Ok(file())]);
    }

    #[test]
    fn each_changed_byte_is_refused_or_is_no_text_form_any_more() {
        let good = text(&file()).into_bytes();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                let read = files(&changed);
                assert!(read != [Ok(file())] || at + 1 == good.len(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_text_form_that_is_cut_off_is_refused() {
        let good = text(&file());
        let cut = &good.as_bytes()[..good.len() - 40];
        assert!(files(cut)[0].is_err());
        let [cut_off, whole] = &files(&[cut, good.as_bytes()].concat())[..] else {
            panic!()
        };
        assert!(cut_off.is_err());
        assert_eq!(*whole, Ok(file()));
    }
}
