//! Everybody in the room, at the serial console: reads what `--plain` writes and answers it.
//!
//! Nothing of the program is linked: this module only knows its questions, as people read them.

use std::time::{Duration, Instant, SystemTime};

use crate::console::Console;
use crate::devices::Devices;
use crate::failure::{Failure, Step};

/// How long the console must be still before a question counts as complete.
const STILL: Duration = Duration::from_millis(500);

/// The shell's prompt: the program has ended.
const SHELL: &str = "live# ";

/// As often the same answer may be given; a program that still asks does not take it.
const SAME: usize = 4;

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The program ended.
    Ended,
    /// The text that was watched for came.
    Seen,
}

/// The people, and where they are in the ceremony.
pub(crate) struct Operator<'room> {
    devices: &'room Devices,
    holders: usize,
    /// Who is at the table.
    at_table: usize,
    /// Whose turn it was last.
    last_turn: usize,
    /// How many bags were taken.
    bags: usize,
    /// How many events the console has shown: the number of the last one, and one.
    pub events: usize,
    /// The last row of each question, and the answer.
    answers: Vec<(String, String)>,
}

impl<'room> Operator<'room> {
    /// The holders of a plan with simulated people.
    pub(crate) fn new(devices: &'room Devices, holders: usize) -> Self {
        Self {
            devices,
            holders,
            at_table: 1,
            last_turn: 0,
            bags: 0,
            events: 0,
            answers: Vec::new(),
        }
    }

    /// Answers until the program ends, or the console shows one of these texts.
    ///
    /// # Errors
    /// A question that nobody here can answer, or the time is over.
    pub(crate) fn hold(
        &mut self,
        console: &mut Console,
        watched: Option<&str>,
        limit: Duration,
    ) -> Step<End> {
        let end = Instant::now() + limit;
        let mut acted = 0;
        let mut heard = Instant::now();
        console.turn_page();
        self.answers.clear();
        loop {
            if console.look()? {
                heard = Instant::now();
            }
            let fresh = console.fresh();
            let complete = fresh.rfind('\n').map_or(0, |at| at + 1);
            let lines = fresh.get(acted..complete).unwrap_or_default().to_owned();
            acted = complete.max(acted);
            for line in lines.lines() {
                self.act(line);
                if watched.is_some_and(|text| line.contains(text)) {
                    return Ok(End::Seen);
                }
            }
            let fresh = console.fresh();
            if fresh.contains(SHELL) {
                return Ok(End::Ended);
            }
            if fresh.ends_with("\n> ") && heard.elapsed() > STILL {
                let answer = self.answer(fresh, console.text());
                let answer =
                    answer.ok_or_else(|| unknown("a question without an answer", fresh))?;
                let question = fresh.trim_end_matches("\n> ").lines().last();
                let said = (question.unwrap_or_default().to_owned(), answer.clone());
                self.answers.push(said.clone());
                let same = self.answers.iter().rev().take_while(|last| **last == said);
                if !answer.is_empty() && same.count() > SAME {
                    return Err(unknown("the same answer again and again", fresh));
                }
                console.turn_page();
                acted = 0;
                console.type_line(&answer)?;
            }
            if Instant::now() > end {
                return Err(unknown("the time is over", console.fresh()));
            }
        }
    }

    /// Does what a line asks somebody in the room to do.
    fn act(&mut self, line: &str) {
        let number = line.trim_start().split_once(". ");
        if let Some(Ok(number)) = number.map(|(number, _)| number.parse::<usize>()) {
            self.events = self.events.max(number + 1);
        }
        let called = line.contains("comes to the table") || line.trim_end().ends_with(')');
        if let (true, Some(holder)) = (called, holder(line)) {
            self.at_table = holder;
        }
        let lower = line.to_lowercase();
        let out = ["take it out", "take your device out", "take the device out"];
        if lower.contains("insert your device") {
            self.devices.only(self.at_table);
        } else if out.iter().any(|text| lower.contains(text)) || line.ends_with("goes back") {
            self.devices.only(0);
        }
    }

    /// What to type after a question.
    fn answer(&mut self, since: &str, all: &str) -> Option<String> {
        let asked = since.rsplit_once("\n[").map_or(since, |(_, asked)| asked);
        let asked = asked.trim_end_matches("> ").replace("\n    ", " ");
        let asked = asked.as_str();
        let is = |text: &str| asked.contains(text);
        if is("last four digits") {
            let serial = self.devices.serial(self.at_table);
            return Some(serial.get(serial.len().checked_sub(4)?..)?.to_owned());
        }
        if is("type enough") {
            return Some("enough".to_owned());
        }
        if is("type adopt") || is("Type adopt") {
            return Some("adopt".to_owned());
        }
        if is("present when all") {
            let marked = all.rfind("[x] present") > all.rfind("comes to the table");
            let seats: Vec<_> = (1..=self.holders).map(|seat| seat.to_string()).collect();
            return Some(if marked {
                "present".to_owned()
            } else {
                seats.join(" ")
            });
        }
        if is("first two words") {
            // The digest is in rows of words; the first begins with 1.
            let rows = all.lines().filter_map(|row| row.strip_prefix("1 "));
            let mut words = rows.map(|row| row.split_whitespace().take(2).collect::<Vec<_>>());
            return words.next_back().map(|words| words.join(" "));
        }
        if is("Whose turn") {
            self.last_turn = self.last_turn % self.holders + 1;
            return Some(self.last_turn.to_string());
        }
        if is("PIN") && is("then Enter") {
            return Some(pin(self.at_table));
        }
        if is("or taken if you have a copy") {
            return Some("taken".to_owned());
        }
        if ["tamper-evident bag", "Bag that it came in", "New bag"]
            .iter()
            .any(|bag| is(bag))
        {
            // No bag is taken twice.
            self.bags += 1;
            return Some(format!("bag {}", self.bags));
        }
        if is("Do the digests agree") {
            return Some("yes".to_owned());
        }
        if is("SOURCE: VALUE") {
            return Some("the test of the image: pulse 17".to_owned());
        }
        if is("HH:MM") {
            return Some(wall_clock());
        }
        if let Some(word) = word(asked) {
            if word == "retry" {
                self.devices.only(self.at_table);
            }
            return (word != "leave").then(|| word.to_owned());
        }
        let enter = ["Enter shows more", "Read on to the end", "Press Enter"];
        enter
            .iter()
            .any(|text| is(text) || since.contains(text))
            .then(String::new)
    }
}

/// The number in `holder-3`.
fn holder(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("holder-")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The word that a question asks for: `type erase and press Enter`.
fn word(asked: &str) -> Option<&str> {
    let (before, _) = asked.split_once(" and press Enter")?;
    before.rsplit(' ').next()
}

/// A PIN that no rule has anything against.
fn pin(holder: usize) -> String {
    format!("4829{holder}6")
}

/// The time of day in UTC: the guest's clock is the host's.
fn wall_clock() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let minutes = now.map_or(0, |now| now.as_secs() / 60);
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

fn unknown(what: &str, said: &str) -> Failure {
    let tail: Vec<_> = said.lines().rev().take(15).collect();
    let tail: Vec<_> = tail.into_iter().rev().collect();
    Failure(format!("{what}:\n{}", tail.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::{holder, word};

    #[test]
    fn a_question_names_the_word_that_it_asks_for() {
        assert_eq!(
            word("To erase it, type erase and press Enter."),
            Some("erase")
        );
        assert_eq!(word("Time on the wall clock"), None);
    }

    #[test]
    fn a_holder_is_known_by_the_number() {
        assert_eq!(holder("  11. holder-12 comes to the table"), Some(12));
        assert_eq!(holder("a holder"), None);
    }
}
