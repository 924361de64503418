//! The output of `keymoot audit` in words.

use std::fmt::Write as _;

use keymoot_core::text::{escape, excerpt};

use super::outcome::Audit;

/// The chain, what is violated, and until when the answer is fresh.
pub(super) fn of(audit: &Audit) -> String {
    let mut text = String::new();
    for repository in &audit.repositories {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            text,
            "{}: {} of {} keys sign its root",
            repository.name, repository.threshold, repository.keys
        );
        for step in &repository.documents {
            let _ = writeln!(
                text,
                "  {:<12} version {:<6} expires {}",
                excerpt(&step.role),
                step.version,
                escape(&step.expires)
            );
        }
    }
    let target = escape(&audit.target);
    if let Some(file) = &audit.file {
        let _ = writeln!(
            text,
            "file: {target}, {} bytes, SHA-256 {}",
            file.length, file.sha256
        );
    }
    for verdict in audit
        .verdicts
        .iter()
        .filter(|verdict| verdict.is_violated())
    {
        let _ = writeln!(
            text,
            "VIOLATED  {}: {}\n          help: {}",
            verdict.rule, verdict.detail, verdict.next
        );
    }
    let fresh = audit.fresh_until.as_deref().unwrap_or("the next expiry");
    if !audit.holds {
        let _ = writeln!(
            text,
            "REFUSED: this file is not shown to be {target}. Do not use it."
        );
        return text;
    }
    let _ = writeln!(
        text,
        "AUDITED: the file is {target}, by a chain from the trusted root.\n\
         Fresh until {fresh}: the first document on the way expires then.\n\
         Not known: whether a thief signs with a stolen online key before that."
    );
    if !audit.remembered {
        text.push_str(
            "Not known: whether the mirror goes back, because no earlier audit was compared. Use --state DIR.\n",
        );
    }
    text
}
