//! A report that another derivation revision wrote, compared with the one that this program makes
//! of the same transcript: fact by fact, because the prose may differ.

mod markup;

use std::collections::BTreeSet;

use super::Account;
use crate::{ceremony::State, clients::CLIENTS};
use keymoot_core::text::{escape, excerpt, several};

/// The words with digits in them that are prose.
const PROSE: [&str; 2] = ["SHA-256", "sha256sum"];

/// The forms of a report, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Markdown,
}

/// The faults of a recorded `report.html`, safe to show: markup that no report has, a fact
/// that is missing, or one that the transcript does not have.
#[must_use]
pub(crate) fn html(recorded: &[u8], account: &Account, state: &State) -> Option<String> {
    wrong(recorded, account, state, Form::Html)
}

/// The faults of a recorded `report.md`, as [`html`] lists them.
#[must_use]
pub(crate) fn markdown(recorded: &[u8], account: &Account, state: &State) -> Option<String> {
    wrong(recorded, account, state, Form::Markdown)
}

fn wrong(recorded: &[u8], account: &Account, state: &State, form: Form) -> Option<String> {
    let Ok(recorded) = std::str::from_utf8(recorded) else {
        return Some("is not text".to_owned());
    };
    let made = |account: &Account| match form {
        Form::Html => text(&account.html(), form),
        Form::Markdown => text(&account.markdown(), form),
    };
    match (
        text(recorded, form),
        made(&account.of_the_transcript()),
        made(account),
    ) {
        (Err(why), ..) => Some(excerpt(&why)),
        // This program writes nothing that it refuses.
        (_, Err(why), _) | (.., Err(why)) => Some(format!("cannot be compared: {}", excerpt(&why))),
        (Ok(recorded), Ok(due), Ok(allowed)) => differences(&recorded, &due, &allowed, state),
    }
}

fn text(markup: &str, form: Form) -> Result<String, String> {
    let text = match form {
        Form::Html => markup::of_html(markup)?,
        Form::Markdown => markup::of_markdown(markup)?,
    };
    for line in text.lines() {
        if escape(line) != line.replace('\\', "\\\\") {
            return Err("it has a character that hides or poses as another".to_owned());
        }
    }
    Ok(text)
}

/// A report must say what is `made` from the transcript. It may say what is `allowed`: the same, with
/// the additions of the program.
fn differences(recorded: &str, made: &str, allowed: &str, state: &State) -> Option<String> {
    let (said, due, allowed) = (facts(recorded), facts(made), facts(allowed));
    let quoted = |fact: &&str| excerpt(fact);
    let extra: Vec<_> = said.difference(&allowed).map(quoted).collect();
    let mut missing: Vec<_> = due.difference(&said).map(quoted).collect();
    let (recorded, made) = (words(recorded), words(made));
    let names = names(state).into_iter().map(|name| words(&name));
    let lost = names.filter(|name| holds(&made, name) && !holds(&recorded, name));
    missing.extend(lost.map(|name| excerpt(&name)));
    let told = [
        ("says", extra, "which the transcript does not"),
        ("does not say", missing, "which the transcript does"),
    ];
    let told = told.into_iter().filter(|(_, facts, _)| !facts.is_empty());
    let told: Vec<_> = told
        .map(|(verb, facts, but)| format!("{verb} {}, {but}", several(&facts, ", ")))
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The facts of a text that are known by their form. Words with a digit in them are facts: digests,
/// serial numbers, times, versions and counts. So are ids of rules, and the words that a rule or a
/// mode writes in capitals. The version after a client's name is not a fact: each version of the
/// program tests others.
fn facts(text: &str) -> BTreeSet<&str> {
    let between = |c: char| c.is_whitespace() || "()[]{}<>\"'“”‘’,;|=…/".contains(c);
    let words = text
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

/// The facts without such a form: names of people, of their employers and of the steps, and
/// the digests in words.
fn names(state: &State) -> Vec<String> {
    let roster = &state.plan.roster;
    let holders = roster.holders.iter();
    let mut names: Vec<_> = holders
        .flat_map(|holder| [holder.handle.as_str(), &holder.name, &holder.employer])
        .chain([roster.administrator.as_str()])
        .chain(roster.witnesses.iter().map(|witness| witness.name.as_str()))
        .chain(roster.leavers.iter().map(|leaver| leaver.name.as_str()))
        .chain(roster.renamed.iter().map(|renamed| renamed.from.as_str()))
        .map(escape)
        .collect();
    let script = state.plan.script.script();
    names.push(escape(&script.title));
    let steps = state.plan.script.steps();
    names.extend(steps.map(|(_, step)| escape(&step.title)));
    let programs = state.programs.iter().map(|(_, program)| program.sha256);
    let documents = state.documents.values().map(|proposal| proposal.signed);
    let head = state.sealed.iter().map(|seal| seal.head);
    names.extend(
        programs
            .chain(documents)
            .chain(head)
            .flat_map(|digest| digest.word_rows()),
    );
    names
}

/// A text with one space between its words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text holds a name that is no part of another word.
fn holds(text: &str, name: &str) -> bool {
    let borders = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !name.is_empty()
        && text.match_indices(name).any(|(place, _)| {
            let (before, rest) = text.split_at(place);
            let after = rest.get(name.len()..).unwrap_or_default();
            borders(before.chars().next_back()) && borders(after.chars().next())
        })
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
            "4711",
            "5",
            "9",
            "KEY-DISTINCT",
            "ab12",
        ];
        assert_eq!(facts(text), found.into());
        assert_eq!(facts("No fact is in here."), BTreeSet::new());
    }

    #[test]
    fn the_version_of_a_client_is_no_fact_and_nothing_else_after_its_name_is_left_out() {
        assert_eq!(facts("tough\n\n0.24.0\nfollowed"), BTreeSet::new());
        assert_eq!(
            facts("tough 4711, 4.5 and 0.24.0"),
            ["4711", "4.5", "0.24.0"].into()
        );
        assert_eq!(facts("keymoot 0.3.0"), ["0.3.0"].into());
    }

    #[test]
    fn a_name_is_no_part_of_another_word() {
        assert!(holds("signed by holder-1, and", "holder-1"));
        assert!(!holds("signed by holder-12", "holder-1"));
    }
}
