//! The parts of a program, for people who ask later whether it contains a bad
//! crate: a software bill of materials in CycloneDX 1.6 (ECMA-424), as JSON.
//!
//! The list of crates is compiled in (`docs/dependencies.txt`), so that the program needs
//! nothing beside it; a test compares it with cargo's metadata.

use serde::{Deserialize, Serialize};

use crate::{PROGRAM, transcript::Program};
use keymoot_core::{digest::Digest, text::excerpt};

const CRATES: &str = include_str!("../../../../docs/dependencies.txt");

/// The largest that is read, in bytes, and the most components in it.
const LARGEST: usize = 1 << 20;
const MOST: usize = 4096;

/// The members that keymoot writes and reads; it ignores those that others add.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bill {
    bom_format: String,
    spec_version: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    component: Component,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    bom_ref: String,
    name: String,
    version: String,
    /// `required` where its code is in the program, `excluded` where it ran when that
    /// was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    licenses: Vec<Licence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Licence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
}

impl Hash {
    fn sha256(content: impl ToString) -> Self {
        Self {
            alg: "SHA-256".to_owned(),
            content: content.to_string(),
        }
    }
}

impl Licence {
    fn expression(expression: &str) -> Self {
        Self {
            expression: Some(expression.to_owned()),
        }
    }
}

/// This program, whose file has this digest, and its bill.
#[must_use]
pub fn this_program(sha256: Digest) -> (Program, Vec<u8>) {
    let (name, version) = name_and_version(PROGRAM);
    let bill = Bill {
        bom_format: "CycloneDX".to_owned(),
        spec_version: "1.6".to_owned(),
        version: 1,
        metadata: Metadata {
            component: Component {
                kind: "application".to_owned(),
                bom_ref: name.to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
                scope: None,
                hashes: vec![Hash::sha256(sha256)],
                licenses: vec![Licence::expression(env!("CARGO_PKG_LICENSE"))],
                purl: None,
            },
        },
        components: CRATES.lines().filter_map(component).collect(),
    };
    // Strings and lists of them always serialise.
    let mut bytes = serde_json::to_vec_pretty(&bill).unwrap_or_default();
    bytes.push(b'\n');
    let program = Program {
        name: PROGRAM.to_owned(),
        sha256,
        sbom: Digest::of(&bytes),
    };
    (program, bytes)
}

/// A line of the list: how, name, version, digest, licence.
fn component(line: &str) -> Option<Component> {
    let mut parts = line.splitn(5, ' ');
    let scope = match parts.next()? {
        "linked" => "required",
        "build" => "excluded",
        _ => return None,
    };
    let (name, version) = (parts.next()?, parts.next()?);
    let (sha256, licence) = (parts.next()?, parts.next()?);
    // A version's build metadata is set off by a character that an address reserves.
    let purl = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"));
    Some(Component {
        kind: "library".to_owned(),
        bom_ref: purl.clone(),
        name: name.to_owned(),
        version: version.to_owned(),
        scope: Some(scope.to_owned()),
        hashes: vec![Hash::sha256(sha256)],
        licenses: vec![Licence::expression(licence)],
        purl: Some(purl),
    })
}

/// How many components a program's bill names.
///
/// # Errors
/// In words, safe to show: it is too large, no bill, or another program's.
pub(super) fn check(bytes: &[u8], program: &Program) -> Result<usize, String> {
    if bytes.len() > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let bill: Bill = serde_json::from_slice(bytes).map_err(|error| excerpt(&error.to_string()))?;
    if bill.bom_format != "CycloneDX" {
        return Err("it is not in the format CycloneDX".to_owned());
    }
    if bill.components.len() > MOST {
        return Err(format!("it names more than {MOST} components"));
    }
    let of = &bill.metadata.component;
    let named = (of.name.as_str(), of.version.as_str()) == name_and_version(&program.name);
    if named && of.hashes.contains(&Hash::sha256(program.sha256)) {
        Ok(bill.components.len())
    } else {
        Err("it is that of another program".to_owned())
    }
}

/// `keymoot 0.1.0`, in its two parts.
fn name_and_version(program: &str) -> (&str, &str) {
    program.split_once(' ').unwrap_or((program, ""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn made() -> (Program, Vec<u8>) {
        this_program(Digest::of(b"the program"))
    }

    #[test]
    fn every_line_of_the_list_is_a_component() {
        let (program, bytes) = made();
        let lines = CRATES.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines > 100);
        assert_eq!(check(&bytes, &program), Ok(lines));
    }

    #[test]
    fn the_bill_of_another_build_or_another_version_is_refused() {
        let (program, bytes) = made();
        for other in [
            Program {
                sha256: Digest::of(b"another build"),
                ..program.clone()
            },
            Program {
                name: "keymoot 999.0.0".to_owned(),
                ..program
            },
        ] {
            let refused = check(&bytes, &other).unwrap_err();
            assert_eq!(refused, "it is that of another program");
        }
    }

    #[test]
    fn a_bill_with_members_that_nobody_here_knows_is_read() {
        let (program, bytes) = made();
        let mut bill: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        bill["annotations"] = serde_json::json!([]);
        bill["specVersion"] = "1.9".into();
        let bytes = serde_json::to_vec(&bill).unwrap();
        assert!(check(&bytes, &program).is_ok());
    }

    #[test]
    fn what_is_no_bill_or_too_large_is_refused() {
        let (program, bytes) = made();
        let large = [bytes, vec![b' '; LARGEST]].concat();
        for wrong in [b"".as_slice(), b"{}", b"[]", &large] {
            assert!(check(wrong, &program).is_err());
        }
    }
}
