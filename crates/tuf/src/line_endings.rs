//! Files whose line endings git changed.

/// Why a file does not verify that was signed, or listed, with other line endings.
pub(super) const LINE_ENDINGS: &str = "its lines end with CR LF, and with LF alone it verifies: \
    git changes line endings where .gitattributes does not forbid it. Write \
    \"metadata/** -text\" into .gitattributes, remove the files of metadata/, and check them \
    out again";

/// The bytes with LF instead of each CR LF, if there is any.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return None;
    }
    let mut kept = Vec::with_capacity(bytes.len());
    for (place, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(place + 1) != Some(&b'\n') {
            kept.push(*byte);
        }
    }
    Some(kept)
}
