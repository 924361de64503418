//! Documents as files of a repository.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Dialect, tuf_ci, tuf_on_ci};
use crate::document::PAYLOAD_TYPE;
use crate::dsse::{Envelope, EnvelopeSignature};
use crate::{Document, DocumentError, Form, KeyEntry, KeyId, Root};
use keymoot_core::json::{Json, pretty_utf8};

/// The folder of all metadata in a repository.
const FOLDER: &str = "metadata";

/// How the name of a file ends that has signatures alone.
const SIGNATURES: &str = ".sig.json";

impl Dialect {
    /// The dialect of a repository's folder, by its current root; `file` returns
    /// the bytes at a path. `None` where no root is there that can be read. A root in
    /// POUF-1 that names nobody and whose key ids say nothing is read as tuf-on-ci.
    #[must_use]
    pub fn detect(file: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        detect(&file("metadata/root.json")?)
    }

    /// The document with these signatures as one file: what tools keep while
    /// signatures are gathered, and what [`Document::parse`] reads back. The
    /// same signatures in any order give the same bytes.
    #[must_use]
    pub fn assemble(self, document: &Document, signatures: &BTreeMap<KeyId, Vec<u8>>) -> Vec<u8> {
        assemble(self, document, signatures)
    }

    /// All files of a role's document in the repository's folder:
    /// paths with `/` and their bytes.
    #[must_use]
    pub fn files(
        self,
        role: &str,
        document: &Document,
        signatures: &BTreeMap<KeyId, Vec<u8>>,
    ) -> Vec<(String, Vec<u8>)> {
        files(self, role, document, signatures)
    }

    /// The paths that [`files`](Self::files) gives a role's document of that
    /// version.
    #[must_use]
    pub fn paths(self, role: &str, version: u64) -> Vec<String> {
        paths(self, role, version)
    }

    /// The paths among [`paths`](Self::paths) whose files hold the signatures.
    #[must_use]
    pub fn signature_paths(self, role: &str, version: u64) -> Vec<String> {
        let mut paths = self.paths(role, version);
        if self == Self::TufCi {
            paths.retain(|path| path.ends_with(SIGNATURES));
        }
        paths
    }

    /// Reads a role's document back from a repository's folder, of which
    /// `file` gives the bytes at a path: the current one, or of root that of a
    /// `version` out of the history. `None` where there is none. The caller
    /// has limited the size of the bytes.
    ///
    /// # Errors
    /// The file is no TUF document.
    pub fn read(
        self,
        role: &str,
        version: Option<u64>,
        file: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Option<Document>, DocumentError> {
        read(self, role, version, file)
    }
}

fn assemble(
    dialect: Dialect,
    document: &Document,
    signatures: &BTreeMap<KeyId, Vec<u8>>,
) -> Vec<u8> {
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::assemble(document.signed(), signatures),
        Dialect::Tufops => pretty_utf8(&Json::object([
            ("signatures", list(signatures, |bytes| hex::encode(bytes))),
            ("signed", document.signed().clone()),
        ])),
        Dialect::TufCi => {
            let signatures = signatures
                .iter()
                .map(|(keyid, signature)| EnvelopeSignature {
                    keyid: keyid.as_str().to_owned(),
                    sig: signature.clone(),
                });
            let envelope = Envelope {
                payload_type: PAYLOAD_TYPE.to_owned(),
                payload: document.content().to_vec(),
                signatures: signatures.collect(),
            };
            envelope.to_json().into_bytes()
        }
    }
}

/// The signatures by key id.
fn list(signatures: &BTreeMap<KeyId, Vec<u8>>, text: impl Fn(&[u8]) -> String) -> Json {
    let entries = signatures.iter();
    entries
        .map(|(keyid, signature)| {
            Json::object([
                ("keyid", keyid.as_str().into()),
                ("sig", text(signature).into()),
            ])
        })
        .collect()
}

fn files(
    dialect: Dialect,
    role: &str,
    document: &Document,
    signatures: &BTreeMap<KeyId, Vec<u8>>,
) -> Vec<(String, Vec<u8>)> {
    let contents = match dialect {
        Dialect::TufOnCi | Dialect::Tufops => vec![assemble(dialect, document, signatures)],
        Dialect::TufCi => {
            let list = list(signatures, |bytes| STANDARD.encode(bytes));
            let file = pretty_utf8(&Json::object([("signatures", list)]));
            vec![document.content().to_vec(), file]
        }
    };
    let paths = paths(dialect, role, document.version());
    paths
        .into_iter()
        .zip(contents.into_iter().cycle())
        .collect()
}

fn paths(dialect: Dialect, role: &str, version: u64) -> Vec<String> {
    stems(role, version)
        .iter()
        .flat_map(|stem| ends(dialect).iter().map(move |end| format!("{stem}{end}")))
        .collect()
}

/// How the names of a document's files end, in the order of their contents.
fn ends(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::TufOnCi | Dialect::Tufops => &[".json"],
        Dialect::TufCi => &[".json", SIGNATURES],
    }
}

/// The path of a document, without the end of its name: roots also in the
/// history.
fn stems(role: &str, version: u64) -> Vec<String> {
    let mut stems = vec![current(role)];
    if role == "root" {
        stems.push(history(version));
    }
    stems
}

/// Role names are foreign text: characters that could lead out of the folder are written
/// as python-tuf's clients ask servers for it.
fn current(role: &str) -> String {
    let mut stem = format!("{FOLDER}/");
    for byte in role.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                stem.push(char::from(byte));
            }
            _ => stem.push_str(&format!("%{byte:02X}")),
        }
    }
    stem
}

fn history(version: u64) -> String {
    format!("{FOLDER}/root_history/{version}.root")
}

/// The dialect that a root is written in, by its file.
fn detect(root: &[u8]) -> Option<Dialect> {
    let document = match Document::parse(root, root.len()) {
        Err(DocumentError::BarePayload) => return Some(Dialect::TufCi),
        document => document.ok()?,
    };
    if document.form() != Form::Canonical {
        return Some(Dialect::TufCi);
    }
    let of_tuf_on_ci = |name: &String| name.starts_with(tuf_on_ci::PREFIX);
    let members = |value: &Json| match value {
        Json::Object(members) => members.keys().any(of_tuf_on_ci),
        _ => false,
    };
    let root = Root::read(&document).ok()?;
    let mut keys = root.keys.values();
    if members(document.signed()) || keys.any(|key| members(&key.object)) {
        return Some(Dialect::TufOnCi);
    }
    let by_material = |(keyid, key): (&KeyId, &KeyEntry)| {
        let fingerprint = key.fingerprint().map(|digest| digest.to_string());
        fingerprint.as_deref() == Some(keyid.as_str())
    };
    Some(match root.keys.iter().all(by_material) {
        true => Dialect::Tufops,
        false => Dialect::TufOnCi,
    })
}

fn read(
    dialect: Dialect,
    role: &str,
    version: Option<u64>,
    file: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Option<Document>, DocumentError> {
    let stem = match version {
        Some(version) => history(version),
        None => current(role),
    };
    let Some(text) = file(&format!("{stem}.json")) else {
        return Ok(None);
    };
    let document = match dialect {
        Dialect::TufOnCi | Dialect::Tufops => Document::parse(&text, text.len())?,
        Dialect::TufCi => {
            let signatures = file(&format!("{stem}.sig.json")).ok_or(DocumentError::BarePayload)?;
            let longest = text.len().max(signatures.len());
            let document = Document::parse_pair(text, &signatures, longest)?;
            tuf_ci::refuse_nesting(role, &document)?;
            document
        }
    };
    Ok(Some(document))
}
