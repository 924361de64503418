//! Each change as a sentence that can be read aloud.

use std::fmt::{self, Display, Formatter};

use super::{Change, Share, Subject};
use crate::{KeyId, Periods};
use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, pretty};
use keymoot_core::text::{escape, shortened};
use keymoot_core::time::Time;

/// A name before people sign it: whole, if it can be read aloud.
fn excerpt(name: &str) -> String {
    shortened(name, 200)
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version {
                document,
                from: None,
                to,
            } => write!(f, "This is {} version {to}.", excerpt(document)),
            Self::Version {
                document,
                from: Some(from),
                to,
            } => write!(
                f,
                "{} goes from version {from} to version {to}.",
                noun(document)
            ),
            Self::Expires { from: None, to } => write!(f, "It expires {to}."),
            Self::Expires {
                from: Some(from),
                to,
            } => write!(f, "It expires {to} instead of {from}, {}.", shift(*from, *to)),
            Self::ExpiresForm { from, to } => write!(
                f,
                "Its expiry is the same moment, written {} instead of {}.",
                excerpt(to),
                excerpt(from)
            ),
            Self::Delegating { to: true } => f.write_str("It now has delegations to others."),
            Self::Delegating { to: false } => f.write_str("It has no delegations any more."),
            Self::Threshold {
                role,
                from: None,
                to,
            } => write!(
                f,
                "The role {} is signed by {to}{}.",
                excerpt(role),
                power(role)
            ),
            Self::Threshold {
                role,
                from: Some(from),
                to,
            } => write!(
                f,
                "The role {} is signed by {to} instead of {from}.",
                excerpt(role)
            ),
            Self::RoleAdded { role } => write!(f, "There is a new role {}.", excerpt(role)),
            Self::RoleRemoved { role } => write!(f, "The role {} is gone.", excerpt(role)),
            Self::Paths {
                role,
                new,
                hashed,
                gained,
                lost,
            } => {
                let may = if *new { "may" } else { "may now also" };
                write!(f, "The role {} ", excerpt(role))?;
                paths(f, may, *hashed, gained, lost)
            }
            Self::PathsRelisted { role, from, to } => write!(
                f,
                "The files that the role {} may sign are listed as {} instead of {}.",
                excerpt(role),
                list(to),
                list(from)
            ),
            Self::Terminating { role, from, to } => {
                let still = if from.is_some() { "now " } else { "" };
                let ends = match to {
                    true => "look no further (terminating)",
                    false => "ask the next role (not terminating)",
                };
                let role = excerpt(role);
                write!(f, "Clients that find nothing with the role {role} {still}{ends}.")
            }
            Self::Order { from, to } if from.is_empty() => {
                write!(f, "Clients ask the roles in this order: {}.", list(to))
            }
            Self::Order { from, to } => write!(
                f,
                "Clients ask the roles in the order {} instead of {}.",
                list(to),
                list(from)
            ),
            Self::KeyGains { key, roles } => write!(f, "{key} may sign {}.", list(roles)),
            Self::KeyLoses { key, roles } => {
                write!(f, "{key} may no longer sign {}.", list(roles))
            }
            Self::KeyUnused { key } => write!(f, "{key} is listed, but no role uses it."),
            Self::KeyGone { key } => {
                write!(f, "{key} is gone from the list; no role used it.")
            }
            Self::KeyRenamed { key, from, to } => {
                write!(f, "{key} has the id {}.", instead(to, from))
            }
            Self::KeyRewritten { key } => {
                write!(f, "{key} is written in another way, or with another type.")
            }
            Self::KeysRelisted { role, from, to } => write!(
                f,
                "The role {} lists its keys by the ids {}.",
                excerpt(role),
                instead(to, from)
            ),
            Self::FileAdded { name, file } => {
                write!(f, "The file {} is signed as a target: {file}.", excerpt(name))
            }
            Self::FileRemoved { name, file } => write!(
                f,
                "The file {} is no longer a target; it had {file}.",
                excerpt(name)
            ),
            Self::FileChanged { name, from, to } => write!(
                f,
                "The file {} has {to} instead of {from}.",
                excerpt(name)
            ),
            Self::Holder { key, from } => {
                write!(f, "{key} was {} before.", held(from.as_deref()))
            }
            Self::OnlineUri { key, from } => match from {
                Some(from) => write!(f, "{key} was found at {} before.", excerpt(from)),
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
                    excerpt(to)
                )
            }
            Self::SpecVersion {
                from: Some(from),
                to,
            } => write!(
                f,
                "It follows version {} of the TUF specification instead of {}.",
                excerpt(to),
                excerpt(from)
            ),
            Self::Member { place, from, to } => {
                write!(f, "The member {} ", excerpt(place))?;
                match (from, to) {
                    (None, Some(to)) => write!(f, "is {}.", json(to)),
                    (Some(from), Some(to)) => {
                        write!(f, "is {} instead of {}.", json(to), json(from))
                    }
                    (Some(from), None) => write!(f, "is gone; it was {}.", json(from)),
                    (None, None) => f.write_str("is absent."),
                }
            }
            Self::Bytes => f.write_str(
                "The content is the same, but the bytes to sign are not: a signature over one does not verify for the other.",
            ),
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
            (Some(holder), _) => write!(f, "The key of {}", excerpt(holder))?,
            (None, Some(uri)) => write!(f, "The online key at {}", excerpt(uri))?,
            (None, None) => write!(f, "The key {}", self.keyid.short())?,
        }
        if let Some(device) = &self.device {
            write!(f, " in {}", excerpt(device))?;
        }
        match (self.algorithm, self.fingerprint) {
            (Some(algorithm), Some(fingerprint)) => {
                write!(f, " ({}, {})", algorithm.name(), fingerprint.short_words())
            }
            _ => f.write_str(" (of a kind this program cannot use)"),
        }
    }
}

/// A document at the beginning of a sentence.
fn noun(document: &str) -> String {
    match document {
        "root" => "The root".to_owned(),
        other => format!("The {} document", excerpt(other)),
    }
}

/// The effect of signing for a role (TUF 1.0.34, section 2.1).
fn power(role: &str) -> &'static str {
    match role {
        "root" => "; it names the keys of every role",
        "targets" => "; it says which files are genuine and who else may say so",
        "snapshot" => "; it says which versions belong together",
        "timestamp" => "; it says what is newest",
        _ => "",
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => excerpt(only),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| excerpt(name)).collect();
            format!("{} and {}", first.join(", "), excerpt(last))
        }
    }
}

/// Ids as short as possible while they differ.
fn instead(to: &[KeyId], from: &[KeyId]) -> String {
    let short = |keyids: &[KeyId]| -> Vec<String> { keyids.iter().map(KeyId::short).collect() };
    let full = |keyids: &[KeyId]| -> Vec<String> { keyids.iter().map(KeyId::to_string).collect() };
    let (mut new, mut old) = (short(to), short(from));
    if new == old {
        (new, old) = (full(to), full(from));
    }
    format!("{} instead of {}", new.join(", "), old.join(", "))
}

/// How far a moment has moved, in whole days where there are any.
fn shift(from: Time, to: Time) -> String {
    let seconds = to.unix() - from.unix();
    let way = if seconds < 0 { "earlier" } else { "later" };
    match seconds.abs() / 86_400 {
        0 => format!("less than a day {way}"),
        1 => format!("1 day {way}"),
        days => format!("{days} days {way}"),
    }
}

fn paths(
    f: &mut Formatter<'_>,
    may: &str,
    hashed: bool,
    gained: &[String],
    lost: &[String],
) -> fmt::Result {
    let what = if hashed {
        "files whose names' SHA-256 begins with "
    } else {
        "files named "
    };
    if !gained.is_empty() {
        write!(f, "{may} sign {what}{}", list(gained))?;
    }
    if !lost.is_empty() {
        let and = if gained.is_empty() { "" } else { ", and " };
        write!(f, "{and}may no longer sign {what}{}", list(lost))?;
    }
    f.write_str(".")
}

fn held(holder: Option<&str>) -> String {
    match holder {
        Some(holder) => format!("held by {}", excerpt(holder)),
        None => "held by nobody named".to_owned(),
    }
}

fn periods(
    f: &mut Formatter<'_>,
    role: &str,
    from: Option<Periods>,
    to: Option<Periods>,
) -> fmt::Result {
    let role = excerpt(role);
    match to {
        Some(to) => write!(
            f,
            "{role}: valid for {} days; the next version is signed in the last {} days",
            to.expiry_days, to.signing_days
        )?,
        None => write!(f, "{role}: no validity period is stated any more")?,
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
    let digest = Digest::of(text.as_bytes()).short_words();
    format!("{cut}… ({} characters, {digest})", text.chars().count())
}
