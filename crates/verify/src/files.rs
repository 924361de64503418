//! Reading files within bounds.

use std::{fs::File, io, path::Path};

use keymoot_core::HostError;

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// [`HostError`] when it cannot be read or is larger.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, HostError> {
    use io::Read as _;
    let fail = |error: io::Error| HostError::file("read", path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(HostError::new(
            format!(
                "{} is larger than {most} bytes",
                keymoot_core::text::escape_path(path)
            ),
            "check that this is the file you mean",
        ));
    }
    Ok(bytes)
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// [`HostError`] when it cannot be read, is larger, or is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String, HostError> {
    String::from_utf8(read_bounded(path, most)?).map_err(|_| {
        HostError::new(
            format!(
                "{} is not text in UTF-8",
                keymoot_core::text::escape_path(path)
            ),
            "check that this is the file you mean",
        )
    })
}
