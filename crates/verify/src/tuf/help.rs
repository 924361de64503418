//! What to do about each error, by its name.

/// The next step for an error with this name.
pub(super) fn of(name: &str) -> &'static str {
    match name {
        "UNSIGNED-PAYLOAD" => "keep its file of signatures, .sig.json, beside it",
        "UNKNOWN-FORMAT" => "name a file of TUF metadata, such as metadata/root.json",
        "BEFORE-1.0" => "verify it with the program that wrote it",
        "LINE-ENDINGS" => "check the files out again, with core.autocrlf of git set to false",
        "NO-ROOT" => "give the root too, such as 1.root.json",
        "NO-DELEGATOR" => "give the document that delegates to its role too",
        "NOT-TRUSTED" | "WRONG-VERSION" => "give every version of the root from the trusted one on",
        "OLDER-THAN-TRUSTED" => "leave it out, or trust an older root",
        "TOO-FEW-SIGNATURES" => {
            "fetch the newest files again; if it stays so, report it to the publisher"
        }
        "EXPIRED" => "fetch the newest version; only its publisher can sign another one",
        "CONFLICTING-VERSIONS" => "ask the publisher which of the two is right, and give it alone",
        "HASH-MISMATCH" | "LENGTH-MISMATCH" | "VERSION-MISMATCH" | "NOT-LISTED" => {
            "fetch all files again at one time; if it stays so, report it to the publisher"
        }
        "OUTSIDE-DELEGATION" => "report it to the publisher: clients do not find these files",
        _ => "check that this is the file you mean; if it is, report it to the publisher",
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_error_of_the_formats_page_has_help_of_one_line() {
        let page = include_str!("../../../../docs/formats.md");
        let (_, found) = page.split_once("### What is found").unwrap_or_default();
        let (found, _) = found.split_once("\n## ").unwrap_or_default();
        let names: Vec<_> = found
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | error |"))
            .map(|(name, _)| name)
            .collect();
        assert!(names.len() > 15, "{names:?}");
        for name in names {
            let help = of(name);
            assert!(!help.is_empty() && !help.contains('\n'), "{name}: {help}");
        }
    }
}
