//! POLICY-BOUNDS: values with which a ceremony can succeed.

use std::collections::BTreeSet;

use super::{CRATES, Delegation, FEWEST_HOLDERS, FORMAT, MOST_HOLDERS, Periods, Policy, Quorum};
use crate::rules::{Violation, algorithm::ALGORITHMS, scenario::REVOKED, toml_file::Places};
use keymoot_attestation::Family;
use keymoot_core::{Rule, text::excerpt};
use keymoot_tuf::{Dialect, check_role_name};

/// The most days in which a document expires, from signing.
pub(crate) const LONGEST_PERIOD: u32 = 1100;

/// Days in which a document expires, from signing.
const DAYS: std::ops::RangeInclusive<u32> = 1..=LONGEST_PERIOD;

/// The most patterns of all delegated roles together, and their most characters: POLICY-REACH
/// compares each pattern with every other one, character by character. Ten teams have a tenth.
const MOST_PATTERNS: usize = 256;
const MOST_CHARACTERS: usize = 4096;

/// Report at most this many problems.
const MOST_FAULTS: usize = 100;

/// Collects faults, each with its place in the file.
struct Faults<'p> {
    places: &'p Places<'p>,
    found: Vec<Violation>,
}

impl Faults<'_> {
    fn add(&mut self, path: &str, what: &str, next: &str) {
        if self.found.len() >= MOST_FAULTS {
            return;
        }
        let what = format!("{}: {what}", self.places.of(path));
        self.found
            .push(Violation::new(Rule::PolicyBounds, what, next));
    }
}

/// Every fault of the policy's values.
pub(super) fn faults(policy: &Policy, places: &Places<'_>) -> Vec<Violation> {
    let mut faults = Faults {
        places,
        found: Vec::new(),
    };
    numbers(policy, &mut faults);
    for (path, role, periods) in roles(policy) {
        check_periods(policy, &path, &role, periods, &mut faults);
    }
    if let Some(online) = &policy.online {
        if let Err(why) = online.key() {
            faults.found.push(Violation::new(
                Rule::PolicyOnline,
                format!("{}: {why}", places.of("online.public_key")),
                "paste the service's public key into [online] as PEM",
            ));
        }
        uri("online.uri", &online.uri, &mut faults);
    }
    delegations(&policy.delegations, &mut faults);
    patterns(policy, &mut faults);
    authorised(policy, &mut faults);
    faults.found
}

fn numbers(policy: &Policy, faults: &mut Faults<'_>) {
    if policy.format != FORMAT {
        faults.add(
            "format",
            &format!("the policy's format is not {FORMAT}"),
            "set `format` in the policy file",
        );
    }
    let Quorum { holders, threshold } = policy.quorum;
    if threshold < FEWEST_HOLDERS || threshold > holders || threshold.saturating_mul(2) <= holders {
        faults.add(
            "quorum.threshold",
            &format!("a threshold of {threshold} of {holders} is not a majority that can be met"),
            "RFC 3724 has 5 of 9; take more than half",
        );
    }
    if holders > MOST_HOLDERS {
        faults.add(
            "quorum.holders",
            &format!("{holders} holders are more than a ceremony can seat ({MOST_HOLDERS})"),
            "correct the number",
        );
    }
    for (path, family) in [
        ("device.minimum_firmware", Family::YubiKey),
        ("device.yubihsm.minimum_firmware", Family::YubiHsm),
    ] {
        if policy.device.firmware(family).is_none() {
            faults.add(
                path,
                &format!("{path} is not written major.minor.patch"),
                "write it as \"5.7.0\"",
            );
        }
    }
    if !(1..=1440).contains(&policy.clock_margin_minutes) {
        faults.add(
            "clock_margin_minutes",
            "clock_margin_minutes is not between 1 and 1440",
            "60 minutes are usual",
        );
    }
    for name in policy.algorithms() {
        if !ALGORITHMS.contains(&name) {
            faults.add(
                "algorithms",
                &format!("algorithms: keymoot knows no \"{}\"", excerpt(name)),
                "name ed25519, ecdsa-p384 or rsa-pss, or leave it out",
            );
        }
    }
}

/// The periods of every role: their path, the role's name, and the values.
fn roles(policy: &Policy) -> Vec<(String, String, Periods)> {
    let named = |name: &str, periods| (name.to_owned(), name.to_owned(), periods);
    let mut roles = vec![named("root", policy.root), named("targets", policy.targets)];
    if let Some(online) = &policy.online {
        roles.push(named("online.snapshot", online.snapshot));
        roles.push(named("online.timestamp", online.timestamp));
    }
    let delegations = policy.delegations.iter().enumerate();
    roles.extend(delegations.map(|(index, delegation)| {
        (
            format!("delegation.{index}.periods"),
            format!("delegation {}", excerpt(&delegation.role)),
            delegation.periods,
        )
    }));
    roles
}

fn check_periods(
    policy: &Policy,
    path: &str,
    role: &str,
    periods: Periods,
    faults: &mut Faults<'_>,
) {
    let Periods {
        expiry_days,
        signing_days,
    } = periods;
    if !DAYS.contains(&expiry_days) || signing_days >= expiry_days {
        faults.add(
            path,
            &format!(
                "{role}: {expiry_days} days to expiry with {signing_days} days for signing are out of bounds (1 to 1100 days, signing shorter than expiry)"
            ),
            "correct expiry_days or signing_days",
        );
    } else if expiry_days.saturating_mul(1440) <= policy.clock_margin_minutes {
        faults.add(
            path,
            &format!(
                "{role}: {expiry_days} days to expiry are not longer than clock_margin_minutes, so that the \
                 document would expire at once"
            ),
            "raise expiry_days, or lower clock_margin_minutes",
        );
    } else if signing_days == 0 && policy.dialect != Dialect::TufOnCi {
        faults.add(
            path,
            &format!(
                "{role}: {} refuses documents with 0 days for signing",
                policy.dialect
            ),
            "set signing_days to 1 or more",
        );
    }
}

/// The address of a key, as documents write it.
fn uri(path: &str, uri: &str, faults: &mut Faults<'_>) {
    let is_plain = |c: char| c.is_ascii_graphic();
    if uri.is_empty() || !uri.chars().all(is_plain) {
        faults.add(
            path,
            &format!("\"{}\" is not the address of a key", excerpt(uri)),
            "write it without spaces, such as \"gcpkms:projects/…\"",
        );
    }
}

fn delegations(delegations: &[Delegation], faults: &mut Faults<'_>) {
    let mut names = BTreeSet::new();
    for (index, delegation) in delegations.iter().enumerate() {
        let (path, role) = (format!("delegation.{index}"), excerpt(&delegation.role));
        let of_role = format!("{path}.role");
        if delegation.role == CRATES {
            faults.add(
                &of_role,
                &format!("the quorum itself signs for {role}: it is no delegation of the policy"),
                "remove this delegation",
            );
        }
        if let Err(why) = check_role_name(&delegation.role) {
            faults.add(&of_role, &why.to_string(), "rename the role");
        } else if !names.insert(delegation.role.to_lowercase()) {
            faults.add(
                &of_role,
                &format!("the policy delegates to {role} twice"),
                "remove or rename one of the two; names that differ only in case are one file for some systems",
            );
        }
        let keys = delegation.keys.len();
        if delegation.threshold == 0 || delegation.threshold as usize > keys {
            faults.add(
                &format!("{path}.threshold"),
                &format!(
                    "delegation {role}: {} of {keys} keys cannot sign",
                    delegation.threshold
                ),
                "take 1 to the number of keys",
            );
        }
        paths(&path, delegation, faults);
        let mut distinct = BTreeSet::new();
        for (number, key) in delegation.keys.iter().enumerate() {
            let of_key = format!("{path}.key.{number}");
            match key.signer() {
                Err(why) => faults.add(
                    &format!("{of_key}.public_key"),
                    &format!("a key of delegation {role}: {why}"),
                    "paste the public key as PEM, and give either a handle or a uri",
                ),
                Ok(signer) if !distinct.insert(signer.key().fingerprint()) => faults.add(
                    &format!("{of_key}.public_key"),
                    &format!("delegation {role} has this key twice"),
                    "every key has one place: remove one, or paste the other key",
                ),
                Ok(_) => {}
            }
            if let Some(address) = &key.uri {
                uri(&format!("{of_key}.uri"), address, faults);
            }
        }
    }
}

/// The patterns of a delegation's files.
fn paths(path: &str, delegation: &Delegation, faults: &mut Faults<'_>) {
    let mut distinct = BTreeSet::new();
    for pattern in &delegation.paths {
        if !is_pattern(pattern) || !distinct.insert(pattern) {
            faults.add(
                &format!("{path}.paths"),
                &format!(
                    "delegation {}: \"{}\" is no valid pattern, or there twice",
                    excerpt(&delegation.role),
                    excerpt(pattern)
                ),
                "write each once, such as \"dist/*/*\": ASCII, no slash at either end, no empty part, no `..`, no brackets",
            );
        }
    }
}

/// The patterns of all delegated roles together.
fn patterns(policy: &Policy, faults: &mut Faults<'_>) {
    let roles = policy.roles().into_iter();
    let patterns: Vec<_> = roles.flat_map(|role| policy.paths(role)).collect();
    let characters: usize = patterns.iter().map(String::len).sum();
    if patterns.len() > MOST_PATTERNS || characters > MOST_CHARACTERS {
        faults.add(
            "delegation",
            &format!(
                "the delegated roles have {} patterns of {characters} characters together; at most \
                 {MOST_PATTERNS} patterns of {MOST_CHARACTERS} characters can be compared",
                patterns.len()
            ),
            "write fewer patterns or shorter ones; a delegation without `paths` has four",
        );
    }
}

/// The files that the quorum signs: each at a path of its own, which no delegation has, too.
fn authorised(policy: &Policy, faults: &mut Faults<'_>) {
    let mut names = BTreeSet::from([REVOKED.to_owned()]);
    for (index, file) in policy.authorised.iter().enumerate() {
        let path = &file.path;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
        let parts = || path.split('/');
        let is_name = (1..=120).contains(&path.len())
            && path.bytes().all(plain)
            && parts().count() <= 4
            && parts().all(|part| !part.is_empty() && !part.starts_with('.'));
        let of_crates = policy.tuf_crates && parts().next() == Some(CRATES);
        let what = match (is_name, of_crates, names.insert(path.to_lowercase())) {
            (false, ..) => "is no path of a file",
            (_, true, _) => "is in the folder of crates.json",
            (.., false) => "is there twice, or is the list of revoked keys",
            _ => continue,
        };
        faults.add(
            &format!("authorised.{index}.path"),
            &format!("\"{}\" {what}", excerpt(path)),
            "write it as \"crates-io/index.pem\": letters, digits, `.`, `-` and `_`, at most four parts",
        );
    }
}

/// Whether tools of every dialect read this as a pattern of file names.
fn is_pattern(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !b"[]\\\"".contains(&b);
    (1..=200).contains(&text.len())
        && text.bytes().all(plain)
        && text.split('/').all(|part| !["", ".", ".."].contains(&part))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEd9DE9EPTPOJSsIwzzYNt1cJ5AgHq\n\
        V/oIdryGi8nwmJGVNMbIc0E3E9envrTYcZ5KUdhNqEHYX/s9Pv4hOAxjCQ==\n\
        -----END PUBLIC KEY-----\n";

    fn delegation(role: &str) -> String {
        format!(
            "\n[[delegation]]\nrole = \"{role}\"\nthreshold = 1\n\
             periods = {{ expiry_days = 90, signing_days = 30 }}\n\n\
             [[delegation.key]]\nhandle = \"holder\"\npublic_key = \"\"\"\n{PEM}\"\"\"\n"
        )
    }

    fn policy() -> String {
        let shipped = include_str!("../../../../../ceremony-scripts/policy.toml");
        shipped.to_owned() + &delegation("release") + &delegation("nightly")
    }

    /// The faults of a policy after a change.
    fn said(from: &str, to: &str) -> Vec<String> {
        let text = policy();
        assert!(text.contains(from), "{from}");
        let read = Policy::read("mine.toml", &text.replace(from, to));
        let found = read.err().unwrap_or_default().into_iter();
        found.map(|violation| violation.what).collect()
    }

    #[test]
    fn a_broken_pem_is_answered_with_how_to_give_a_key() {
        let broken = delegation("release").replace("MFkw", "AAAA");
        let read = Policy::read(
            "mine.toml",
            &policy().replace(&delegation("release"), &broken),
        );
        let found = read.err().unwrap_or_default();
        let found: Vec<_> = found.iter().map(|v| (v.rule.id(), &*v.next)).collect();
        let help = "paste the public key as PEM, and give either a handle or a uri";
        assert_eq!(found, [("POLICY-BOUNDS", help)]);
        let online = format!(
            "\n[online]\nuri = \"gcpkms:key\"\npublic_key = \"\"\"\n{}\"\"\"\n\
             snapshot = {{ expiry_days = 21, signing_days = 7 }}\n\
             timestamp = {{ expiry_days = 7, signing_days = 3 }}\n",
            PEM.replace("MFkw", "AAAA")
        );
        let read = Policy::read("mine.toml", &(policy() + &online));
        let found = read.err().unwrap_or_default();
        let found: Vec<_> = found.iter().map(|v| (v.rule.id(), &*v.next)).collect();
        let help = "paste the service's public key into [online] as PEM";
        assert_eq!(found, [("POLICY-ONLINE", help)]);
    }

    /// The line of a text in the policy, from 1.
    fn line(text: &str) -> usize {
        policy().lines().position(|line| line == text).unwrap() + 1
    }

    #[test]
    fn the_policy_is_good_as_it_is() {
        assert_eq!(said("nightly", "nightly"), [""; 0]);
    }

    #[test]
    fn a_role_that_no_dialect_can_name_is_refused_where_it_is_written() {
        let place = format!("mine.toml:{}:8: ", line("role = \"nightly\""));
        for name in [
            "root", "a/b", "re.lease", "", "crates", "release", "Release",
        ] {
            let said = said("\"nightly\"", &format!("\"{name}\""));
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with(&place), "{said:?}");
        }
    }

    /// The policy, in which nightly has so many patterns, each with so many characters.
    fn with_patterns(count: usize, length: usize) -> Vec<String> {
        let pattern = |n: usize| format!("\"{n:04}{}\"", "*".repeat(length - 4));
        let paths: Vec<_> = (0..count).map(pattern).collect();
        let paths = format!("role = \"nightly\"\npaths = [{}]", paths.join(", "));
        said("role = \"nightly\"", &paths)
    }

    #[test]
    fn more_patterns_than_can_be_compared_in_a_moment_are_refused() {
        // crates and release have four patterns each, of 92 characters together.
        for (count, length) in [(248, 16), (20, 200)] {
            assert_eq!(with_patterns(count, length), [""; 0]);
        }
        for (count, length, said) in [
            (249, 16, "257 patterns of 4076 characters"),
            (21, 200, "29 patterns of 4292 characters"),
        ] {
            let found = with_patterns(count, length);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(said), "{found:?}");
        }
    }

    #[test]
    fn of_many_faults_a_policy_reports_the_first() {
        let file = "\n[[authorised]]\npath = \"/\"\nkind = \"file\"\n";
        let found = Policy::parse(&(policy() + &file.repeat(1000))).unwrap_err();
        assert_eq!(found.len(), MOST_FAULTS);
    }

    #[test]
    fn periods_that_a_dialect_refuses_are_refused() {
        let zero = policy().replace("signing_days = 90", "signing_days = 0");
        for (dialect, refused) in [("tuf-on-ci", 0), ("tufops", 2), ("tuf-ci", 2)] {
            let found = Policy::parse(&zero.replace("tuf-on-ci", dialect));
            assert_eq!(found.err().map_or(0, |found| found.len()), refused);
        }
    }

    #[test]
    fn a_document_that_expires_when_it_is_made_is_refused() {
        let text = policy().replace(
            "expiry_days = 455\nsigning_days = 90",
            "expiry_days = 1\nsigning_days = 0",
        );
        let text = text.replace("clock_margin_minutes = 60", "clock_margin_minutes = 1440");
        assert_eq!(Policy::parse(&text).unwrap_err().len(), 2);
    }

    #[test]
    fn a_key_twice_in_a_delegation_is_refused() {
        let twice = format!(
            "role = \"nightly\"\nthreshold = 1\nkey = [{{ handle = \"a\", public_key = \"\"\"{PEM}\"\"\" }}, \
             {{ handle = \"b\", public_key = \"\"\"{PEM}\"\"\" }}]"
        );
        let text = policy();
        let cut = text.find("[[delegation.key]]").unwrap();
        let first = text.get(..cut).unwrap();
        let text = first.replace("role = \"release\"\nthreshold = 1", &twice);
        let found = Policy::parse(&text).unwrap_err();
        assert!(found[0].what.contains("has this key twice"), "{found:?}");
    }
}
