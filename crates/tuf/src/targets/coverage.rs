//! Which files a delegated role may sign for (TUF 1.0.34, section 4.5).

use super::DelegatedRole;
use keymoot_core::digest::Digest;

impl DelegatedRole {
    /// Whether clients look for a file of that name in this role: the SHA-256 of the
    /// name begins with one of its prefixes, or the name matches one of its patterns.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        if self.path_hash_prefixes.is_empty() {
            self.paths.iter().any(|pattern| matches(pattern, name))
        } else {
            let hash = Digest::of(name.as_bytes()).to_string();
            let mut prefixes = self.path_hash_prefixes.iter();
            prefixes.any(|prefix| hash.starts_with(prefix))
        }
    }
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
    let pattern: Vec<char> = pattern.chars().collect();
    let part: Vec<char> = part.chars().collect();
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while let Some(found) = part.get(read) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == found => {
                at += 1;
                read += 1;
            }
            _ => match &mut star {
                Some((place, from)) => {
                    *from += 1;
                    (at, read) = (*place + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

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
}
