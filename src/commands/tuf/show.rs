//! `keymoot tuf show` and `keymoot tuf diff`.

use std::fmt::Write as _;
use std::path::Path;

use keymoot::tuf::{Checks, Document, Root, changes, count};

use super::{Answer, Failure, read};

pub(super) fn show(path: &Path) -> Result<Answer, Failure> {
    let (document, root) = read_root(path)?;
    let mut text = sentences(None, &root);
    if let Some(role) = root.roles.get("root") {
        let quorum = count(role, &root.keys, &mut Checks::of(&document));
        line(
            &mut text,
            &format!("\nSignatures by its own root keys: {quorum}."),
        );
        for valid in &quorum.valid {
            line(&mut text, &format!("  signed by {}", valid.signer()));
        }
    }
    for warning in document.warnings().iter().chain(root.warnings()) {
        line(&mut text, &format!("warning {}: {warning}", warning.name()));
    }
    text += &digest(&document);
    Ok(Answer {
        text,
        accepted: true,
    })
}

pub(super) fn diff(old: &Path, new: &Path) -> Result<Answer, Failure> {
    let (_, old) = read_root(old)?;
    let (document, new) = read_root(new)?;
    let mut text = sentences(Some(&old), &new);
    if text.is_empty() {
        line(&mut text, "Nothing differs in what is signed.");
    }
    text += &digest(&document);
    Ok(Answer {
        text,
        accepted: true,
    })
}

fn read_root(path: &Path) -> Result<(Document, Root), Failure> {
    let document = read(path)?;
    let root = Root::read(&document).map_err(|error| Failure::Refused {
        path: path.to_owned(),
        error,
    })?;
    Ok((document, root))
}

fn sentences(previous: Option<&Root>, new: &Root) -> String {
    let mut text = String::new();
    for change in changes(previous, new) {
        line(&mut text, &change.to_string());
    }
    text
}

/// The digest of the signed bytes, in hex and in words, eight to a line.
fn digest(document: &Document) -> String {
    let digest = document.digest();
    let mut text = format!("\nSHA-256 of the signed bytes\n  {digest}\n");
    for words in digest.words().chunks(8) {
        line(&mut text, &format!("  {}", words.join(" ")));
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
