//! The facts of a report, line by line.

use std::collections::BTreeSet;

use crate::{
    ceremony::{State, question::reading_words, script::Document, seat::Seat},
    clients::CLIENTS,
};
use keymoot_core::text::escape;

/// The words with digits in them that are prose.
const PROSE: [&str; 2] = ["SHA-256", "sha256sum"];

/// The facts of a line: those known by their form, then the names, each in the order of the line.
pub(super) type Row<'a> = Vec<&'a str>;

/// The rows of a text. Lines without a fact are prose.
pub(super) fn rows<'a>(text: &'a str, names: &'a BTreeSet<String>) -> Vec<Row<'a>> {
    let rows = text.lines().map(|line| row(line, names));
    rows.filter(|row| !row.is_empty()).collect()
}

fn row<'a>(line: &'a str, names: &'a BTreeSet<String>) -> Row<'a> {
    let mut facts = facts(line);
    let line = words(line);
    // A handle may be a word of the prose: it is a name only beside another fact.
    let named = names
        .iter()
        .filter(|name| !facts.is_empty() || !is_word(name));
    let mut named: Vec<(usize, &'a str)> = named
        .flat_map(|name| {
            let places = places(&line, name).into_iter();
            places.map(|place| (place, name.as_str()))
        })
        .collect();
    named.sort_unstable();
    facts.extend(named.into_iter().map(|(_, name)| name));
    facts
}

/// The facts of a line that are known by their form. Words with a digit in them are facts: digests,
/// serial numbers, times, versions and counts. So are ids of rules, and the words that a rule or a
/// mode writes in capitals. The version after a client's name is not a fact: each version of the
/// program tests others.
fn facts(line: &str) -> Vec<&str> {
    let between = |c: char| c.is_whitespace() || "()[]{}<>\"'“”‘’,;|=…/".contains(c);
    let words = line
        .split(between)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty());
    let before = std::iter::once("").chain(words.clone());
    words
        .zip(before)
        .filter(|(word, before)| !(is_client(before) && is_version(word)))
        .map(|(word, _)| word)
        .filter(|word| !PROSE.contains(word))
        .filter(|word| word.contains(char::is_numeric) || is_shouted(word))
        .collect()
}

fn is_client(word: &str) -> bool {
    CLIENTS.iter().any(|client| client.name == word)
}

/// Two or three numbers: nothing that the transcript has as one word looks like it.
fn is_version(word: &str) -> bool {
    let numbers: Vec<_> = word.split('.').collect();
    (2..=3).contains(&numbers.len())
        && numbers.iter().all(|number| {
            (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        })
}

fn is_shouted(word: &str) -> bool {
    let capitals = word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    capitals && (word.contains('-') || ["REHEARSAL", "VIOLATED"].contains(&word))
}

/// The facts without such a form: names of people, of their employers, of documents and of the
/// steps, and the words of digests.
pub(super) fn names(state: &State) -> BTreeSet<String> {
    let roster = &state.plan.roster;
    let holders = roster.holders.iter();
    let of_leavers = roster.leavers.iter();
    let mut names: Vec<_> = holders
        .flat_map(|holder| [holder.handle.as_str(), &holder.name, &holder.employer])
        .chain([roster.administrator.as_str()])
        .chain(roster.witnesses.iter().map(|witness| witness.name.as_str()))
        .chain(of_leavers.flat_map(|leaver| [leaver.handle.as_str(), &leaver.name]))
        .chain(roster.renamed.iter().map(|renamed| renamed.from.as_str()))
        .map(escape)
        .chain(Document::ALL.map(|document| escape(document.name())))
        .collect();
    let script = state.plan.script.script();
    names.push(escape(&script.title));
    let steps = state.plan.script.steps();
    names.extend(steps.map(|(_, step)| escape(&step.title)));
    let programs = state.programs.iter().map(|(_, program)| program.sha256);
    let documents = || state.documents.values().map(|proposal| proposal.signed);
    let head = state.sealed.iter().map(|seal| seal.head);
    names.extend(
        programs
            .chain(documents())
            .chain(head)
            .flat_map(|digest| digest.word_rows()),
    );
    names.extend(documents().map(|digest| reading_words(&digest)));
    names.extend(state.seats.iter().flat_map(key_words));
    let names = names.into_iter().map(|name| words(&name));
    names.filter(|name| !name.is_empty()).collect()
}

/// The first words of the keys of a seat.
fn key_words(seat: &Seat) -> Vec<String> {
    let keys = seat.enrolment.iter().chain(&seat.outgoing);
    let keys = keys.chain(&seat.spares);
    keys.map(|enrolment| enrolment.key().short_words())
        .collect()
}

/// Whether a name is a single word in lower case.
fn is_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A text with one space between its words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a text holds a name that is no part of another word.
fn places(text: &str, name: &str) -> Vec<usize> {
    let borders = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let found = text.match_indices(name).map(|(place, _)| place);
    let whole = found.filter(|place| {
        let (before, rest) = text.split_at(*place);
        let after = rest.get(name.len()..).unwrap_or_default();
        borders(before.chars().next_back()) && borders(after.chars().next())
    });
    whole.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_digests_numbers_times_versions_and_rules() {
        let text =
            "From 2026-11-28T05:45:19Z, 5 of 9 (serial 4711): KEY-DISTINCT held. SHA-256 ab12…";
        let found = [
            "2026-11-28T05:45:19Z",
            "5",
            "9",
            "4711",
            "KEY-DISTINCT",
            "ab12",
        ];
        assert_eq!(facts(text), found);
        assert!(facts("No fact is in here.").is_empty());
    }

    #[test]
    fn the_version_of_a_client_is_no_fact_and_nothing_else_after_its_name_is_left_out() {
        assert!(facts("tough  0.24.0 followed").is_empty());
        assert_eq!(
            facts("tough 4711, 4.5 and 0.24.0"),
            ["4711", "4.5", "0.24.0"]
        );
        assert_eq!(facts("keymoot 0.3.0"), ["0.3.0"]);
    }

    #[test]
    fn a_name_is_no_part_of_another_word() {
        assert_eq!(
            places("signed by holder-1, and holder-12", "holder-1"),
            [10]
        );
        assert!(places("signed by holder-12", "holder-1").is_empty());
    }

    #[test]
    fn a_row_has_the_names_of_its_line_and_a_word_of_the_prose_is_none() {
        let names = BTreeSet::from(["alice", "Alice Example", "may"].map(str::to_owned));
        let text = "1 alice, Alice Example\nNobody may sign.\nAlice  Example";
        let found = [vec!["1", "alice", "Alice Example"], vec!["Alice Example"]];
        assert_eq!(rows(text, &names), found);
    }
}
