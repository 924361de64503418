//! Each change as a sentence that can be read aloud.

use std::fmt::{self, Display, Formatter};

use super::{Change, Share, Subject};
use crate::text::escape;
use crate::tuf::json::{Json, pretty};
use crate::tuf::{KeyId, Periods};

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { from: None, to } => write!(f, "This is root version {to}."),
            Self::Version {
                from: Some(from),
                to,
            } => write!(f, "The root goes from version {from} to version {to}."),
            Self::Expires { from: None, to } => write!(f, "It expires {to}."),
            Self::Expires {
                from: Some(from),
                to,
            } => write!(f, "It expires {to} instead of {from}."),
            Self::Threshold {
                role,
                from: None,
                to,
            } => write!(
                f,
                "The role {} is signed by {to}; {}.",
                escape(role),
                power(role)
            ),
            Self::Threshold {
                role,
                from: Some(from),
                to,
            } => write!(
                f,
                "The role {} is signed by {to} instead of {from}.",
                escape(role)
            ),
            Self::RoleAdded { role } => write!(f, "There is a new role {}.", escape(role)),
            Self::RoleRemoved { role } => write!(f, "The role {} is gone.", escape(role)),
            Self::KeyGains { key, roles } => write!(f, "{key} may sign {}.", list(roles)),
            Self::KeyLoses { key, roles } => {
                write!(f, "{key} may no longer sign {}.", list(roles))
            }
            Self::KeyUnused { key } => write!(f, "{key} is listed, but no role uses it."),
            Self::KeyRenamed { key, from, to } => {
                write!(f, "{key} has the id {} instead of {}.", ids(to), ids(from))
            }
            Self::Holder { key, from } => {
                write!(f, "{key} was {} before.", held(from.as_deref()))
            }
            Self::OnlineUri { key, from } => match from {
                Some(from) => write!(f, "{key} was found at {} before.", escape(from)),
                None => write!(f, "{key} was not an online key before."),
            },
            Self::Periods { role, from, to } => periods(f, role, *from, *to),
            Self::ConsistentSnapshot { to: true } => f.write_str(
                "Files are published under names with their versions (consistent snapshots).",
            ),
            Self::ConsistentSnapshot { to: false } => {
                f.write_str("Files are no longer published under names with their versions.")
            }
            Self::SpecVersion { from: None, to } => {
                write!(
                    f,
                    "It follows version {} of the TUF specification.",
                    escape(to)
                )
            }
            Self::SpecVersion {
                from: Some(from),
                to,
            } => write!(
                f,
                "It follows version {} of the TUF specification instead of {}.",
                escape(to),
                escape(from)
            ),
            Self::Member { place, from, to } => {
                write!(f, "The member {} ", escape(place))?;
                match (from, to) {
                    (None, Some(to)) => write!(f, "is {}.", json(to)),
                    (Some(from), Some(to)) => {
                        write!(f, "is {} instead of {}.", json(to), json(from))
                    }
                    (Some(from), None) => write!(f, "is gone; it was {}.", json(from)),
                    (None, None) => f.write_str("is absent."),
                }
            }
        }
    }
}

impl Display for Share {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plural = if self.keys == 1 { "key" } else { "keys" };
        write!(f, "{} of {} {plural}", self.threshold, self.keys)
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.holder, &self.online_uri) {
            (Some(holder), _) => write!(f, "The key of {}", escape(holder))?,
            (None, Some(uri)) => write!(f, "The online key at {}", escape(uri))?,
            (None, None) => write!(f, "The key {}", self.keyid.short())?,
        }
        match (self.algorithm, self.fingerprint) {
            (Some(algorithm), Some(fingerprint)) => {
                write!(f, " ({}, {})", algorithm.name(), fingerprint.short_words())
            }
            _ => f.write_str(" (of a kind this program cannot use)"),
        }
    }
}

/// What signing for a role means (TUF 1.0.34, section 2.1).
fn power(role: &str) -> &'static str {
    match role {
        "root" => "it names the keys of every role",
        "targets" => "it says which files are genuine and who else may say so",
        "snapshot" => "it says which versions belong together",
        "timestamp" => "it says what is newest",
        _ => "this program knows no meaning for it",
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => escape(only),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| escape(name)).collect();
            format!("{} and {}", first.join(", "), escape(last))
        }
    }
}

fn ids(keyids: &[KeyId]) -> String {
    let short: Vec<_> = keyids.iter().map(KeyId::short).collect();
    short.join(", ")
}

fn held(holder: Option<&str>) -> String {
    match holder {
        Some(holder) => format!("held by {}", escape(holder)),
        None => "held by nobody named".to_owned(),
    }
}

fn periods(
    f: &mut Formatter<'_>,
    role: &str,
    from: Option<Periods>,
    to: Option<Periods>,
) -> fmt::Result {
    let role = escape(role);
    match to {
        Some(to) => write!(
            f,
            "Metadata of {role} lasts {} days, and signing the next begins {} days before the end",
            to.expiry_days, to.signing_days
        )?,
        None => write!(f, "How long metadata of {role} lasts is not said any more")?,
    }
    match from {
        Some(from) => write!(
            f,
            " (before: {} and {}).",
            from.expiry_days, from.signing_days
        ),
        None => f.write_str("."),
    }
}

/// A value on one line, cut where it is too long to read aloud.
fn json(value: &Json) -> String {
    const SHOWN: usize = 100;
    let text = escape(&pretty(value, 0).replace('\n', ""));
    if text.chars().count() <= SHOWN {
        return text;
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{cut}… ({} characters)", text.chars().count())
}
