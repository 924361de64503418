//! The statement of a witness who was not in the room.
//!
//! A witness has no device of the ceremony. The statement is beside the closed bundle: a file in
//! canonical JSON over the bundle's manifest, and a signature by an OpenSSH key of the witness's
//! own. Anybody can put such files there. So a statement is refused or shown, and never part of the
//! verdict on the bundle; it counts where the roster or the verifier names the witness's key.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{canonical, strict};
use crate::{
    bundle::{Bundle, MANIFEST, Manifest},
    rules::{is_written_line, roster::Roster},
    transcript::Mode,
};
use keymoot_core::{
    Rule, Verdict, Violation,
    digest::Digest,
    text::{escape, excerpt, quoted},
};
use keymoot_tuf::sshsig::{self, Fingerprint};

/// The format that a statement names.
pub const FORMAT: &str = "keymoot-witness-1";
/// The purpose for which `ssh-keygen -Y sign -n` signs a statement.
pub const NAMESPACE: &str = "vnd.keymoot.witness";
/// The largest statement, in bytes.
pub const LARGEST: usize = 8 << 10;

const AGAIN: &str = "ask the witness for both files again, over a channel that you trust";

/// What to do where only the name differs.
pub const OTHER_NAME: &str =
    "if both are one witness, name the key as the statement does: --witness-key \"NAME=SHA256:…\"";

/// What a witness states. Its members are the file's, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// How the witness followed the ceremony, such as "video link". Not safe to show
    pub by: String,
    /// Names the ceremony
    pub ceremony: String,
    format: String,
    /// The head of the bundle's transcript
    pub head: Digest,
    /// The digest of the bundle's MANIFEST.json
    pub manifest: Digest,
    /// Live or rehearsal
    pub mode: Mode,
    /// The witness. Not safe to show
    pub name: String,
    /// What the witness saw. Not safe to show
    pub saw: String,
}

/// A statement that its key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// What is stated
    pub statement: Statement,
    /// The key
    pub key: Fingerprint,
    /// Whether the bundle's roster has a witness of this name
    pub listed: bool,
    /// Who says that this key is the witness's; `None` where nobody does
    pub named: Option<NamedBy>,
    /// Where nobody does, the other name for which the verifier named this key. Not safe to show
    pub named_as: Option<String>,
}

/// Who names the key of a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The person who verifies the bundle
    Verifier,
    /// The bundle's roster
    Roster,
}

/// The key of a witness, as the verifier has it from the witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The witness, as the statement writes the name. Not safe to show
    pub name: String,
    /// The key
    pub key: Fingerprint,
}

impl FromStr for WitnessKey {
    type Err = String;

    /// Reads `NAME=SHA256:…`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.rsplit_once(&format!("={}", sshsig::FINGERPRINT));
        let (name, digest) = parts
            .filter(|(name, _)| is_written_line(name))
            .ok_or_else(|| {
                format!(
                    "it is not NAME={}…, with what ssh-keygen -l prints",
                    sshsig::FINGERPRINT
                )
            })?;
        Ok(Self {
            name: name.to_owned(),
            key: format!("{}{digest}", sshsig::FINGERPRINT).try_into()?,
        })
    }
}

impl Statement {
    /// The statement of a witness who followed the ceremony of this bundle by some channel. Verify
    /// the bundle first.
    ///
    /// # Errors
    /// In words, when the bundle has no manifest, or a text is empty or too long.
    pub fn of(bundle: &Bundle, name: &str, by: &str, saw: &str) -> Result<Self, String> {
        let (manifest, digest) = manifest(bundle)?;
        let statement = Self {
            by: by.to_owned(),
            ceremony: manifest.ceremony,
            format: FORMAT.to_owned(),
            head: manifest.head,
            manifest: digest,
            mode: manifest.mode,
            name: name.to_owned(),
            saw: saw.to_owned(),
        };
        statement.is_readable()?;
        Ok(statement)
    }

    /// The file, which the witness signs.
    ///
    /// # Errors
    /// In words, when it cannot be written.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        canonical(self)
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err(format!("it is larger than {LARGEST} bytes"));
        }
        let statement: Self = strict(bytes)?;
        if statement.format != FORMAT {
            return Err(format!("its format is not {FORMAT}"));
        }
        statement.is_readable().map(|()| statement)
    }

    fn is_readable(&self) -> Result<(), String> {
        for (what, text) in [
            ("name", &self.name),
            ("channel", &self.by),
            ("account of what the witness saw", &self.saw),
        ] {
            if !is_written_line(text) {
                return Err(format!("its {what} is not one line of 1 to 200 characters"));
            }
            // In one sentence with the key's own, it would pass for that.
            if text.contains(sshsig::FINGERPRINT) {
                return Err(format!("its {what} names the fingerprint of a key"));
            }
        }
        Ok(())
    }

    /// Which points of a bundle it does not match.
    fn differs(&self, bundle: &Bundle) -> Result<Vec<&'static str>, String> {
        let (manifest, digest) = manifest(bundle)?;
        let points = [
            ("ceremony", self.ceremony != manifest.ceremony),
            ("mode", self.mode != manifest.mode),
            ("head", self.head != manifest.head),
            ("digest of MANIFEST.json", self.manifest != digest),
        ];
        let differing = points.into_iter().filter(|(_, differs)| *differs);
        Ok(differing.map(|(point, _)| point).collect())
    }
}

impl Witnessed {
    /// The statement in a sentence, safe to show.
    #[must_use]
    pub fn sentence(&self) -> String {
        // A key that nobody named may be anybody's.
        let shown = |text: &str| match self.named {
            Some(_) => escape(text),
            None => quoted(text),
        };
        let saw = format!(
            "{}{} followed by {}: {}",
            shown(&self.statement.name),
            match self.listed {
                true => "",
                false => ", whom the roster does not list as a witness,",
            },
            shown(&self.statement.by),
            quoted(&self.statement.saw)
        );
        match self.named {
            Some(NamedBy::Verifier) => {
                format!("{saw}; signed with {}, the key that you named", self.key)
            }
            Some(NamedBy::Roster) => {
                format!("{saw}; signed with {}, the key in the roster", self.key)
            }
            None => format!("the key {} signed that {saw}", self.key),
        }
    }
}

/// Checks a statement and its signature against a bundle, with the keys that the verifier names.
///
/// # Errors
/// The first rule that the statement violates.
pub fn verify(
    statement: &[u8],
    signature: &[u8],
    bundle: &Bundle,
    keys: &[WitnessKey],
) -> Result<Witnessed, Violation> {
    let refused = |rule, why: String| Violation::new(rule, why, AGAIN);
    let read = Statement::read(statement).map_err(|why| {
        let why = format!("the file is no statement of a witness: {why}");
        refused(Rule::WitnessRead, why)
    })?;
    let name = excerpt(&read.name);
    let key = sshsig::verify(signature, NAMESPACE, statement).map_err(|why| {
        let why = format!("the signature beside the statement of {name}: {why}");
        refused(Rule::WitnessSigned, why)
    })?;
    let differs = match read.differs(bundle) {
        Ok(points) if points.is_empty() => None,
        Ok(points) => Some(format!("another {}", points.join(", another "))),
        Err(why) => Some(why),
    };
    if let Some(why) = differs {
        let why = format!("the statement of {name} is of another bundle: {why}");
        return Err(refused(Rule::WitnessStated, why));
    }
    let roster = bundle.files().get("roster.toml");
    let roster = roster.and_then(|bytes| Roster::parse(std::str::from_utf8(bytes).ok()?).ok());
    let witnesses = roster.map(|roster| roster.witnesses).unwrap_or_default();
    let mut listed = witnesses.iter().filter(|witness| witness.name == read.name);
    let listed = listed.next();
    let by_verifier: Vec<_> = keys
        .iter()
        .filter(|named| named.name == read.name)
        .map(|named| &named.key)
        .collect();
    let by_roster: Vec<_> = listed
        .and_then(|witness| witness.key.as_ref())
        .into_iter()
        .collect();
    let named = match (by_verifier.as_slice(), by_roster.as_slice()) {
        ([], []) => None,
        ([], keys) => Some((NamedBy::Roster, keys)),
        (keys, _) => Some((NamedBy::Verifier, keys)),
    };
    if let Some((by, keys)) = named
        && !keys.contains(&&key)
    {
        let who = match by {
            NamedBy::Roster => "that the roster names",
            NamedBy::Verifier => "that you named",
        };
        let why = format!("{key} signed the statement of {name}, and not the key {who}");
        return Err(refused(Rule::WitnessKey, why));
    }
    let named_as = keys.iter().find(|other| other.key == key);
    let named_as = named_as.filter(|_| named.is_none());
    Ok(Witnessed {
        listed: listed.is_some(),
        named: named.map(|(by, _)| by),
        named_as: named_as.map(|other| other.name.clone()),
        statement: read,
        key,
    })
}

/// WITNESS-KEY for the keys that the verifier names: each of them signed one of these statements.
#[must_use]
pub fn expected(keys: &[WitnessKey], witnessed: &[&Witnessed]) -> Vec<Verdict> {
    let one = |named: &WitnessKey| {
        let given = witnessed.iter().filter(|one| one.key == named.key);
        let stated = given.clone().any(|one| one.statement.name == named.name);
        let other = given.map(|one| excerpt(&one.statement.name)).next();
        let (name, key) = (excerpt(&named.name), &named.key);
        Verdict::unless(
            Rule::WitnessKey,
            !stated,
            || format!("{name}, with the key {key}, states that this is the bundle"),
            || match &other {
                Some(other) => format!(
                    "the key {key} signed the statement of {other}, and you named it for {name}"
                ),
                None => {
                    format!("no statement that {name} signed with the key {key} is of this bundle")
                }
            },
            match &other {
                Some(_) => OTHER_NAME,
                None => AGAIN,
            },
        )
    };
    keys.iter().map(one).collect()
}

fn manifest(bundle: &Bundle) -> Result<(Manifest, Digest), String> {
    let bytes = bundle.files().get(MANIFEST);
    let bytes = bytes.ok_or_else(|| format!("the bundle has no {MANIFEST}"))?;
    Ok((Manifest::read(bytes)?, Digest::of(bytes)))
}
