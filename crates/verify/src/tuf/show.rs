//! `keymoot tuf show`.

use std::path::Path;

use keymoot_tuf::{
    Checks, Document, Root, Targets, Warning, count, document_changes, nonconformities,
};

use super::answer::{Answer, Failure, digest, line, tell};
use super::file;
use super::names::Names;
use super::verify::load;

pub(super) fn show(path: &Path) -> Result<Answer, Failure> {
    let refused = |error| Failure::Refused {
        path: path.to_owned(),
        error,
    };
    let document = load::one(path)?;
    let role = file::role(path, &document);
    let mut told = document_changes(&role, None, &document).map_err(refused)?;
    let names = Names::around(path);
    if let Some(config) = names.as_ref().and_then(Names::config) {
        config.name_changes(&mut told);
    }
    let mut text = tell(&told);
    let warnings = match document.kind() {
        "root" => {
            let mut root = Root::read(&document).map_err(refused)?;
            if let Some(config) = names.as_ref().and_then(Names::config) {
                config.annotate_root(&mut root);
            }
            signed_root(&mut text, &document, &root);
            root.warnings().to_vec()
        }
        "targets" => {
            signed(&mut text, &document);
            let targets = Targets::read(&document).map_err(refused)?;
            targets.warnings().to_vec()
        }
        _ => {
            signed(&mut text, &document);
            Vec::new()
        }
    };
    let refused = Warning::nonconforming(nonconformities(&document));
    let refused: Vec<_> = refused.collect();
    for warning in document.warnings().iter().chain(&warnings).chain(&refused) {
        line(&mut text, &format!("warning {}: {warning}", warning.name()));
    }
    if let Some(names) = names {
        line(&mut text, &names.note());
    }
    text += &digest(&document);
    Ok(Answer {
        text,
        accepted: true,
    })
}

/// A root says itself whose signatures it needs.
fn signed_root(text: &mut String, document: &Document, root: &Root) {
    let Some(role) = root.roles.get("root") else {
        return;
    };
    let quorum = count(role, &root.keys, &mut Checks::of(document));
    line(
        text,
        &format!("\nSignatures by its own root keys: {quorum}."),
    );
    for valid in &quorum.valid {
        line(text, &format!("  signed by {}", valid.signer()));
    }
}

/// For any other document, its delegator says whose signatures it needs.
fn signed(text: &mut String, document: &Document) {
    let filled = document.signatures().iter();
    let filled: Vec<_> = filled.filter(|one| !one.is_placeholder()).collect();
    line(
        text,
        &format!(
            "\nSignatures that cannot be verified here: {}. Verify it together with the root.",
            filled.len()
        ),
    );
    for signature in filled {
        let keyid = signature.keyid.short();
        line(text, &format!("  a signature under key {keyid}"));
    }
}
