//! Plans made from numbers, so that a failing one can be made again.

use std::{fmt::Write as _, sync::OnceLock};

use keymoot::rehearsal::cast::{self, Cast};

/// Numbers that follow from a number (splitmix64).
pub(super) struct Numbers {
    state: u64,
    /// Whether the plan may contain values that a rule refuses: every second plan.
    spoilt: bool,
    keys: usize,
}

impl Numbers {
    pub(super) fn of_plan(number: u64) -> Self {
        Self {
            state: number,
            spoilt: number.is_multiple_of(2),
            keys: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Whether this value is a bad one.
    fn spoils(&mut self, one_in: u64) -> bool {
        self.one_in(one_in) && self.spoilt
    }

    /// One of the good values; now and then, where values may be spoilt, a bad one.
    fn of<'a>(&mut self, good: &[&'a str], bad: &[&'a str]) -> &'a str {
        let choices = match !bad.is_empty() && self.spoils(12) {
            true => bad,
            false => good,
        };
        let at = self.below(choices.len() as u64);
        choices[usize::try_from(at).unwrap()]
    }
}

/// Public keys, of which a few are enough: plans may share them.
fn keys() -> &'static [String] {
    static KEYS: OnceLock<Vec<String>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let mut keys: Vec<_> = (0..16).map(|_| cast::nobodys_key().unwrap()).collect();
        // `openssl genpkey -algorithm ed25519`, and a P-384 key.
        for body in [
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n",
            "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE3gw96fAlSBqSSVbUg2Zx7I6lV3Am5Bc5\n\
             2XP22e5+d1RcSpot3c0Y597Rcr60WRypHZ6538R7DZjXRpo1PHmeSk6jl/slP2SP\n\
             gvsfKG7zcdp7uGFjZqAExWxv+qCTAWAr\n",
        ] {
            keys.push(format!(
                "-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"
            ));
        }
        keys
    })
}

/// A key of the plan's own; where values may be spoilt, sometimes one that has a place already, or
/// one of another algorithm.
fn key(numbers: &mut Numbers) -> &'static str {
    let keys = keys();
    if numbers.spoils(8) {
        return &keys[usize::try_from(numbers.below(keys.len() as u64)).unwrap()];
    }
    numbers.keys += 1;
    &keys[numbers.keys % 16]
}

fn periods(numbers: &mut Numbers) -> String {
    let expiry = match numbers.spoils(20) {
        true => numbers.below(2) * 1101,
        false => 3 + numbers.below(1098),
    };
    let signing = match numbers.spoils(20) {
        true => numbers.below(2) * expiry,
        false => 1 + numbers.below(expiry.max(3) - 2),
    };
    format!("{{ expiry_days = {expiry}, signing_days = {signing} }}")
}

pub(super) fn policy(numbers: &mut Numbers, holders: u64) -> String {
    let threshold = match numbers.spoils(8) {
        true => numbers.below(holders + 2),
        false => holders / 2 + 1 + numbers.below(holders - holders / 2),
    };
    let margin = match numbers.spoils(12) {
        true => 1441,
        false => 1 + numbers.below(1440),
    };
    let mut text = format!(
        "format = \"keymoot-policy-1\"\ndialect = \"{}\"\nclock_margin_minutes = {margin}\n\
         quorum = {{ holders = {holders}, threshold = {threshold} }}\n\
         roster = {{ per_employer = {}, per_country = {} }}\n\
         device = {{ minimum_firmware = \"{}\" }}\nroot = {}\ntargets = {}\n",
        numbers.of(&["tuf-on-ci", "tufops", "tuf-ci"], &["tuf"]),
        1 + numbers.below(3),
        1 + numbers.below(3),
        numbers.of(&["5.7.0", "5.7.4", "5.4.3"], &["5.7"]),
        periods(numbers),
        periods(numbers),
    );
    let _ = write!(
        text,
        "\n[online]\nuri = \"{}\"\npublic_key = \"\"\"\n{}\"\"\"\nsnapshot = {}\ntimestamp = {}\n",
        numbers.of(
            &[
                "simulated:online",
                "gcpkms:projects/x",
                "file:x?y=<z>&\\\"|*_`"
            ],
            &["a b", "", "\u{e9}"]
        ),
        key(numbers),
        periods(numbers),
        periods(numbers),
    );
    for number in 0..numbers.below(4) {
        delegation(&mut text, numbers, number);
    }
    text
}

fn delegation(text: &mut String, numbers: &mut Numbers, number: u64) {
    let keys = 1 + numbers.below(3);
    let bad = ["release", "Zz-top", "crates", "root", "a/b", "re.lease"];
    let role = match number {
        0 => numbers.of(&["release", "1"], &bad),
        1 => numbers.of(&["nightly", "Alpha_1", "-"], &bad),
        _ => numbers.of(&["beta", "zz-top", "crate"], &bad),
    };
    let _ = write!(
        text,
        "\n[[delegation]]\nrole = \"{role}\"\nthreshold = {}\nperiods = {}\n",
        match numbers.spoils(12) {
            true => keys + 1,
            false => 1 + numbers.below(keys),
        },
        periods(numbers),
    );
    for n in 0..keys {
        let who = match numbers.below(3) {
            0 => format!(
                "uri = \"{}:{number}-{n}\"",
                numbers.of(&["simulated", "x"], &[])
            ),
            _ => format!(
                "handle = \"{}-{number}-{n}\"",
                numbers.of(&["ann", "holder"], &[])
            ),
        };
        let _ = write!(
            text,
            "\n[[delegation.key]]\n{who}\npublic_key = \"\"\"\n{}\"\"\"\n",
            key(numbers)
        );
    }
}

pub(super) fn roster(numbers: &mut Numbers, holders: u64) -> String {
    let text = Cast::of(usize::try_from(holders).unwrap()).roster();
    let mut lines: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let name = line.split(" = ").next().unwrap();
        match name {
            "name" if numbers.one_in(4) => lines.push(format!(
                "name = \"{} {number}\"",
                numbers.of(
                    &[
                        "Zo\u{eb}",
                        "\u{674e}\u{96f7}",
                        "O'Neil | <b>",
                        "Jo\u{301} `*_"
                    ],
                    &["Ac\\u200Bme"]
                )
            )),
            "name" if numbers.spoils(12) => {
                lines.push("name = \"Holder 1 (simulated)\"".to_owned())
            }
            "employer" if numbers.one_in(4) => lines.push(format!(
                "employer = \"{}\"",
                numbers.of(&["none", "None"], &["Acme", "ACME", "Ac\\u200Bme", ""])
            )),
            "country" if numbers.one_in(4) => {
                let own = ["NL", "SE", "XQ", "FI"][number % 4];
                let code = numbers.of(&[own], &["UK", "ZZ", "nl", "NL"]);
                lines.push(format!("country = \"{code}\""));
            }
            "age_recipient" if numbers.one_in(4) => {}
            "age_recipient" if numbers.spoils(12) => lines.push(line.replace("age1", "age1q")),
            _ => lines.push(line.to_owned()),
        }
        if name == "handle" && numbers.one_in(9) {
            lines.push("family = \"yubihsm\"".to_owned());
        }
    }
    lines.join("\n") + "\n"
}
