//! Every sign that the screens show is one that image/build looks up in the console fonts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is on a screen comes from these folders.
const SOURCES: [&str; 4] = [
    "src",
    "crates/core/src",
    "crates/record/src",
    "ceremony-scripts",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The signs beyond ASCII in code and data, without comments and tests.
fn signs(text: &str) -> BTreeSet<char> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines
        .flat_map(str::chars)
        .filter(|sign| !sign.is_ascii())
        .collect()
}

#[test]
fn every_sign_of_the_screens_is_looked_up_in_the_console_fonts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let known: BTreeSet<char> = include_str!("../../glyphs")
        .lines()
        .filter(|line| line.starts_with("U+"))
        .filter_map(|line| line.chars().last())
        .collect();
    let mut found = Vec::new();
    for source in SOURCES {
        files(&root.join(source), &mut found);
    }
    assert!(found.len() > 50, "the sources are elsewhere now");
    let unknown: Vec<_> = found
        .iter()
        .filter(|path| {
            !path
                .iter()
                .any(|part| part == "tests" || part == "tests.rs")
        })
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).ok()?;
            let unknown: String = signs(&text).difference(&known).collect();
            (!unknown.is_empty()).then(|| format!("{}: {unknown}", path.display()))
        })
        .collect();
    assert!(unknown.is_empty(), "image/glyphs lacks {unknown:#?}");
}

#[test]
fn each_sign_is_beside_its_own_number() {
    for line in include_str!("../../glyphs")
        .lines()
        .filter(|line| line.starts_with("U+"))
    {
        let sign = line.chars().last().map(u32::from);
        let number = line
            .get(2..6)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        assert_eq!(number, sign, "{line}");
    }
}
