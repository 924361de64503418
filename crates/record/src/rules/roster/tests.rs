//! Rosters that hide who works for the same employer.
#![allow(clippy::unwrap_used)]

use keymoot_core::Rule;

use super::{Roster, check};
use crate::rules::policy::Policy;

const RECIPIENTS: [&str; 2] = [
    "age1g6cmzvj5jznxgd6ua863ja9w3ynmr5g5pwvhrwycq504t9aheyusccews2",
    "age158q9m4hx7swu6d79m56zawgqytqzlm39qt7e947y0c82n6002usq566ckq",
];

fn policy() -> Policy {
    let text = include_str!("../../../../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("per_employer = 3", "per_employer = 1")
        .replace("per_country = 3", "per_country = 1");
    Policy::parse(&text).unwrap()
}

fn roster() -> String {
    let mut text = String::from(
        "format = \"keymoot-roster-1\"\nadministrator = \"Ada\"\n\n[[witness]]\nname = \"Wim\"\n",
    );
    for (number, country) in ["NL", "SE", "CH"].into_iter().enumerate() {
        text += &format!(
            "\n[[holder]]\nhandle = \"holder-{number}\"\nname = \"Holder {number}\"\n\
             employer = \"Acme {number}\"\ncountry = \"{country}\"\n"
        );
    }
    text
}

/// The rules that a roster violates after a change.
fn violated(from: &str, to: &str) -> Vec<Rule> {
    let text = roster();
    assert!(text.contains(from), "{from}");
    let verdicts = check(&Roster::parse(&text.replace(from, to)).unwrap(), &policy());
    let rules = [
        Rule::RosterDistinct,
        Rule::RosterEmployer,
        Rule::RosterCountry,
        Rule::RosterComplete,
    ];
    rules
        .into_iter()
        .filter(|rule| verdicts.iter().any(|v| v.is_violated() && v.rule == *rule))
        .collect()
}

/// Line and column of a fault that makes a roster unreadable.
fn unread(from: &str, to: &str) -> String {
    let text = roster().replace(from, to);
    Roster::read("mine.toml", &text).unwrap_err()[0]
        .what
        .clone()
}

#[test]
fn an_employer_is_one_employer_however_it_is_spelt() {
    for spelling in [
        "Acme\u{a0}0",
        "acme  0",
        "Ａcme 0",
        "\u{410}cme 0",
        "Acm\u{435} 0",
        "Acme O",
    ] {
        assert_eq!(violated("Acme 1", spelling), [Rule::RosterEmployer]);
    }
}

#[test]
fn a_person_is_one_person_however_the_name_is_spelt() {
    for spelling in [
        "Holder\u{a0}0",
        "HOLDER 0",
        "H\u{43e}lder 0",
        "Wim",
        "Ada",
        "\u{410}da",
    ] {
        assert_eq!(violated("Holder 1", spelling), [Rule::RosterDistinct]);
    }
    assert_eq!(violated("\"Wim\"", "\"Ada\""), [Rule::RosterDistinct]);
}

#[test]
fn a_character_that_nobody_sees_is_refused() {
    for hidden in ["\\u200B", "\\u00AD", "\\u202E", "\\u0007"] {
        let rules = violated("Acme 1", &format!("Acme{hidden} 0"));
        assert!(rules.contains(&Rule::RosterComplete), "{rules:?}");
    }
}

#[test]
fn residents_and_citizens_of_a_country_are_counted_together() {
    let citizen = "country = \"SE\"\ncitizenships = [\"SE\", \"NL\"]";
    assert_eq!(violated("country = \"SE\"", citizen), [Rule::RosterCountry]);
    let citizen = "country = \"SE\"\ncitizenships = [\"SE\", \"FI\"]";
    assert_eq!(violated("country = \"SE\"", citizen), []);
}

#[test]
fn one_age_recipient_has_one_holder() {
    let with = |recipient: &str| format!("country = \"SE\"\nage_recipient = \"{recipient}\"");
    let first = format!("country = \"NL\"\nage_recipient = \"{}\"", RECIPIENTS[0]);
    let text = roster().replace("country = \"NL\"", &first);
    for (recipient, twice) in [(RECIPIENTS[0], true), (RECIPIENTS[1], false)] {
        let text = text.replace("country = \"SE\"", &with(recipient));
        let verdicts = check(&Roster::parse(&text).unwrap(), &policy());
        let found = verdicts
            .iter()
            .any(|v| v.is_violated() && v.rule == Rule::RosterDistinct);
        assert_eq!(found, twice);
    }
}

#[test]
fn a_value_that_cannot_be_read_is_named_by_file_line_and_column() {
    let recipient = RECIPIENTS[0].replace('g', "f");
    for (to, place) in [
        ("country = \"UK\"".to_owned(), "mine.toml:17:11: \"UK\""),
        ("country = \"ZZ\"".to_owned(), "mine.toml:17:11: \"ZZ\""),
        (
            format!("country = \"SE\"\nage_recipient = \"{recipient}\""),
            "mine.toml:18:17: ",
        ),
        (
            "contry = \"SE\"".to_owned(),
            "mine.toml:17:1: unknown field",
        ),
        ("country = = \"SE\"".to_owned(), "mine.toml:17:11: "),
    ] {
        let said = unread("country = \"SE\"", &to);
        assert!(said.starts_with(place), "{said}");
    }
}

#[test]
fn the_key_of_a_witness_is_a_fingerprint() {
    let with = |key: &str| format!("name = \"Wim\"\nkey = \"{key}\"\n");
    let fault = unread("name = \"Wim\"\n", &with("SHA256:DCNDtss4"));
    assert!(fault.contains("it is no fingerprint"), "{fault}");
    let good = with("SHA256:DCNDtss4uf9zk7Z2+RLBVBZ/X8wUFkaeDziIZ5j94fo");
    let named = Roster::parse(&roster().replace("name = \"Wim\"\n", &good)).unwrap();
    assert!(named.witnesses[0].key.is_some());
}

#[test]
fn a_holder_brings_a_listed_device_or_one_that_is_listed_for_nobody() {
    let handle = "handle = \"holder-1\"\n";
    let listed = roster().replace(handle, &format!("{handle}devices = [5, 6]\n"));
    let roster = Roster::parse(&listed).unwrap();
    let [one, two] = [1, 2].map(|seat: usize| roster.holders[seat].handle.clone());
    assert!(roster.brings(&one, 5) && roster.brings(&one, 6));
    assert!(!roster.brings(&one, 7));
    assert!(roster.brings(&two, 7));
    assert!(!roster.brings(&two, 6));
}
