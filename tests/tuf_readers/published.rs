//! sigstore's published roots 5 to 15, from the folder that KEYMOOT_VECTORS
//! names.

use std::path::PathBuf;

use keymoot::tuf::json::{self, pretty};
use keymoot::tuf::{Document, verify_chain};

const VERSIONS: std::ops::RangeInclusive<u64> = 5..=15;

/// The roots in order, or `None` and a line saying what is left out.
fn roots() -> Option<Vec<String>> {
    let Some(vectors) = std::env::var_os("KEYMOOT_VECTORS").map(PathBuf::from) else {
        println!(
            "{} cases left out: KEYMOOT_VECTORS is not set",
            VERSIONS.count()
        );
        return None;
    };
    let folder = vectors.join("tuf-roots/sigstore");
    let read = |version| std::fs::read_to_string(folder.join(format!("{version}.root.json")));
    Some(VERSIONS.map(|version| read(version).unwrap()).collect())
}

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes(), 1_000_000).unwrap()
}

#[test]
fn the_history_verifies_whole_with_its_known_oddities_and_no_others() {
    let Some(roots) = roots() else { return };
    let chain = verify_chain(Some(parse(&roots[0])), roots.iter().map(|text| parse(text))).unwrap();
    let found: Vec<_> = chain
        .iter()
        .map(|verified| {
            let mut names: Vec<_> = verified.warnings().map(|warning| warning.name()).collect();
            names.dedup();
            (verified.root().version, names)
        })
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let legacy = || vec!["LEGACY-KEY-TYPE"];
    // 9 and 10 are each signed under the ids that the root before gave the
    // same keys.
    let renamed = || vec!["KEY-UNDER-SEVERAL-IDS"];
    let placeholder = || vec!["PLACEHOLDER-SIGNATURE"];
    assert_eq!(
        found,
        [
            (5, legacy()),
            (6, legacy()),
            (7, legacy()),
            (8, legacy()),
            (9, renamed()),
            (10, renamed()),
            (11, vec!["KEY-ID-NOT-HASH"]),
            (12, placeholder()),
            (13, placeholder()),
            (14, placeholder()),
        ]
    );
}

#[test]
fn a_changed_signed_field_in_any_version_breaks_the_chain() {
    let Some(roots) = roots() else { return };
    for changed in 0..roots.len() {
        let mut documents: Vec<_> = roots.iter().map(|text| parse(text)).collect();
        let text = roots[changed].replace("\"threshold\": 1", "\"threshold\": 2");
        assert_ne!(text, roots[changed]);
        documents[changed] = parse(&text);
        let error = verify_chain(None, documents).unwrap_err().to_string();
        let version = VERSIONS.start() + u64::try_from(changed).unwrap();
        assert!(
            error.starts_with(&format!("root version {version}: ")) && error.contains("not signed"),
            "{error}"
        );
    }
}

#[test]
fn what_tuf_on_ci_wrote_we_would_write_byte_for_byte() {
    let Some(roots) = roots() else { return };
    for (text, version) in roots
        .iter()
        .zip(VERSIONS)
        .filter(|(_, version)| *version >= 10)
    {
        let value = json::parse(text.as_bytes(), 1_000_000).unwrap();
        assert!(pretty(&value, 1) == *text, "version {version}");
    }
}
