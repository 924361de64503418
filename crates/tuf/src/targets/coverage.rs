//! Which files a delegated role may sign for (TUF 1.0.34, section 4.5).

use std::collections::BTreeSet;

use super::DelegatedRole;
use keymoot_core::digest::Digest;

impl DelegatedRole {
    /// Whether clients look for a file of that name in this role: the SHA-256 of the
    /// name begins with one of its prefixes, or the name matches one of its patterns.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.first_outside([name]).is_none()
    }

    /// The first of these files for which clients do not look in this role.
    #[must_use]
    pub fn first_outside<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        let mut names = names.into_iter();
        if self.path_hash_prefixes.is_empty() {
            let matched = |name: &str| self.paths.iter().any(|pattern| matches(pattern, name));
            return names.find(|name| !matched(name));
        }
        // A delegator may list a million prefixes, and a role a million files.
        let prefixes = self.path_hash_prefixes.iter().map(String::as_str);
        let prefixes: BTreeSet<_> = prefixes.collect();
        names.find(|name| {
            let hash = Digest::of(name.as_bytes()).to_string();
            let mut beginnings = (0..=hash.len()).filter_map(|end| hash.get(..end));
            !beginnings.any(|beginning| prefixes.contains(beginning))
        })
    }
}

/// Whether clients match other names than keymoot does, which reads `*` and `?` alone. In python-tuf
/// `[` begins a class of fnmatch. In tough and tuf-js `{`, a backslash and `**` are parts of a glob,
/// too. Minimatch, which tuf-js uses, also reads `!`, `#` and a parenthesis.
pub(crate) fn clients_differ(pattern: &str) -> bool {
    pattern.contains(['[', '{', '}', '\\'])
        || ["@(", "!(", "+(", "?(", "*("]
            .iter()
            .any(|glob| pattern.contains(glob))
        || pattern
            .split('/')
            .any(|part| part == "**" || part.starts_with(['!', '#']))
}

/// A pattern matches component by component: `*` any characters and `?` one, but never
/// a slash.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), name.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if component(pattern, part) => {}
            _ => return false,
        }
    }
}

/// The usual matching with one place to go back to: the last star.
fn component(pattern: &str, part: &str) -> bool {
    let (mut pattern, mut part) = (pattern.chars(), part.chars());
    let mut star = None;
    while let Some(found) = part.clone().next() {
        let mut after = pattern.clone();
        match after.next() {
            Some('*') => {
                star = Some((after.clone(), part.clone()));
                pattern = after;
            }
            Some(wanted) if wanted == '?' || wanted == found => {
                pattern = after;
                part.next();
            }
            _ => match &mut star {
                Some((place, from)) => {
                    from.next();
                    (pattern, part) = (place.clone(), from.clone());
                }
                None => return false,
            },
        }
    }
    pattern.all(|rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use super::{clients_differ, matches};

    #[test]
    fn a_pattern_matches_component_by_component() {
        for (pattern, name) in [
            ("crates/*", "crates/a"),
            ("crates/*/*", "crates/a/b.json"),
            ("*.tgz", "a.tgz"),
            ("a*b*c", "axxbyybzc"),
            ("dist/????-*/rust", "dist/2026-02/rust"),
            ("é?", "éü"),
            ("**", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("crates/*", "crates/a/b"),
            ("crates/*", "crates"),
            ("crates/", "crates/a"),
            ("*", "a/b"),
            ("?", ""),
            ("a*b", "ac"),
            ("a", "A"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn clients_differ_about_what_only_some_of_them_read_as_a_glob() {
        for pattern in [
            "dl/[ab].txt",
            "dl/{a,b}",
            "dl/a}",
            "a\\*",
            "a/**",
            "**/a",
            "!a",
            "a/#b",
            "+(a|b)",
        ] {
            assert!(clients_differ(pattern), "{pattern}");
        }
        for pattern in [
            "crates/*",
            "dist/????-*/rust",
            "a**b",
            "a!b",
            "a]",
            "a (1)",
            "é",
        ] {
            assert!(!clients_differ(pattern), "{pattern}");
        }
    }
}
