//! A report that another derivation revision wrote, compared with the one that this program makes
//! of the same transcript. Sentences may differ. The layout is the same in every revision, and so
//! are the facts of each line, in their order.

mod html;
mod markdown;
mod reading;
mod rows;

use std::collections::BTreeSet;

use super::Account;
use crate::ceremony::State;
use keymoot_core::text::{escape, excerpt, several};
use reading::Reading;
use rows::{Row, names, rows};

type Read = fn(&str) -> Result<Reading, String>;
type Write = fn(&Account) -> String;

/// The faults of a recorded `report.html`, safe to show: markup that no report has, a fact
/// that is missing or in another place, or one that the transcript does not have.
#[must_use]
pub(crate) fn html(recorded: &[u8], account: &Account, state: &State) -> Option<String> {
    wrong(recorded, account, state, html::read, Account::html)
}

/// The faults of a recorded `report.md`, as [`html()`] lists them.
#[must_use]
pub(crate) fn markdown(recorded: &[u8], account: &Account, state: &State) -> Option<String> {
    wrong(recorded, account, state, markdown::read, Account::markdown)
}

fn wrong(
    recorded: &[u8],
    account: &Account,
    state: &State,
    read: Read,
    write: Write,
) -> Option<String> {
    let Ok(recorded) = std::str::from_utf8(recorded) else {
        return Some("is not text".to_owned());
    };
    let made = |account: &Account| legible(read, &write(account));
    match (
        legible(read, recorded),
        made(&account.of_the_transcript()),
        made(account),
    ) {
        (Err(why), ..) => Some(excerpt(&why)),
        // This program writes nothing that it refuses.
        (_, Err(why), _) | (.., Err(why)) => Some(format!("cannot be compared: {}", excerpt(&why))),
        (Ok(recorded), Ok(due), Ok(allowed)) => differences(&recorded, &due, &allowed, state),
    }
}

fn legible(read: Read, markup: &str) -> Result<Reading, String> {
    let reading = read(markup)?;
    for line in reading.text.split('\n') {
        if escape(line) != line.replace('\\', "\\\\") {
            return Err("it has a character that hides or poses as another".to_owned());
        }
    }
    Ok(reading)
}

/// A report must say what is `due` from the transcript. It may say what is `allowed`: the same, with
/// the additions of the program.
fn differences(
    recorded: &Reading,
    due: &Reading,
    allowed: &Reading,
    state: &State,
) -> Option<String> {
    if recorded.fixed != allowed.fixed {
        let mut pairs = recorded.fixed.iter().zip(&allowed.fixed);
        let part = pairs
            .find(|(one, other)| one != other)
            .map_or("number of pictures or commands", |(one, _)| one.0);
        return Some(format!(
            "has another {part} than the report of this program"
        ));
    }
    let names = names(state);
    let said = rows(&recorded.text, &names);
    let due = rows(&due.text, &names);
    let allowed = rows(&allowed.text, &names);
    let found = [
        (
            "says",
            beyond(&said, &allowed),
            "which the transcript does not",
        ),
        (
            "does not say",
            beyond(&due, &said),
            "which the transcript does",
        ),
    ];
    let found: Vec<_> = found
        .into_iter()
        .filter(|(_, facts, _)| !facts.is_empty())
        .map(|(verb, facts, but)| format!("{verb} {}, {but}", several(&facts, ", ")))
        .collect();
    if !found.is_empty() {
        return Some(found.join("; "));
    }
    let moved = displaced(&said, &allowed).or_else(|| displaced(&due, &said))?;
    Some(format!(
        "combines or orders facts as the transcript does not: {}",
        excerpt(&moved.join(" "))
    ))
}

/// The facts of one report that another does not have at all, safe to show.
fn beyond(report: &[Row<'_>], another: &[Row<'_>]) -> Vec<String> {
    let known: BTreeSet<&str> = another.iter().flatten().copied().collect();
    let facts: BTreeSet<&str> = report.iter().flatten().copied().collect();
    let beyond = facts.difference(&known);
    beyond.map(|fact| excerpt(fact)).collect()
}

/// The first row of a report that another one does not have, or has before an earlier row.
fn displaced<'r, 'a>(report: &'r [Row<'a>], another: &[Row<'_>]) -> Option<&'r Row<'a>> {
    let mut another = another.iter();
    let mut rows = report.iter();
    rows.find(|row| !another.any(|other| other == *row))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        report::{
            html as html_writer, markdown as markdown_writer,
            tests::{FOREIGN, page},
        },
        transcript::Mode,
    };

    #[test]
    fn a_report_of_this_program_is_read_with_all_its_text() {
        for mode in [Mode::Live, Mode::Rehearsal] {
            let page = page(mode);
            let html = html::read(&html_writer::write(&page)).unwrap();
            let markdown = markdown::read(&markdown_writer::write(&page)).unwrap();
            for reading in [html, markdown] {
                assert!(reading.text.contains(FOREIGN), "{}", reading.text);
                assert!(reading.text.contains("2 of 3 holders signed root.json"));
                let commands = |(part, bytes): &(&str, String)| {
                    *part == "block of commands" && bytes.contains("true")
                };
                assert!(reading.fixed.iter().any(commands));
            }
        }
    }

    #[test]
    fn a_row_is_displaced_where_its_facts_or_its_place_differ() {
        let report: [Row<'_>; 3] = [vec!["1", "4711"], vec!["2", "4712"], vec!["3"]];
        let [one, two, three] = &report;
        assert_eq!(displaced(&[one.clone(), three.clone()], &report), None);
        let swapped = [two.clone(), one.clone()];
        assert_eq!(displaced(&swapped, &report), Some(one));
        let exchanged: [Row<'_>; 1] = [vec!["1", "4712"]];
        assert_eq!(displaced(&exchanged, &report), exchanged.first());
        let twice = [one.clone(), one.clone()];
        assert_eq!(displaced(&twice, &report), Some(one));
    }
}
