//! When each step was done, as a picture: a row a step, on one scale of time.

use std::fmt::Write as _;

use super::{
    facts::Facts,
    markup::{clipped, escape},
    page::{Course, Stretch},
};
use crate::transcript::Event;
use keymoot_core::text;

pub(super) const CAPTION: &str = "When each step was done. N: a note. E: an exception. M: a device error. R: resumed after an interruption.";

/// Units of the picture: the steps' titles, the scale, the minutes, a row.
const TITLES: usize = 250;
const SCALE: usize = 380;
const MINUTES: usize = 140;
const ROW: usize = 22;
const GAP: usize = 6;
/// About how many characters of a title fit.
const LETTERS: usize = 38;

/// The course of the steps up to the seal.
pub(super) fn of(facts: &Facts<'_>) -> Course {
    let start = facts.opening.time.unix();
    let end = facts.sealed_at().unix();
    let mut steps: Vec<Stretch> = Vec::new();
    for entry in facts.chain.entries() {
        let at = entry.time.unix().saturating_sub(start);
        match &entry.event {
            Event::StepBegun { step: id } => {
                let script = &facts.state.plan.script;
                if let Some((_, step)) = script.steps().find(|(_, step)| step.id == *id) {
                    steps.push(Stretch {
                        title: text::escape(&step.title),
                        from: at,
                        to: at,
                        planned: step.minutes,
                        remarks: Vec::new(),
                    });
                }
            }
            event => {
                if let (Some(letter), Some(step)) = (letter(event), steps.last_mut()) {
                    step.remarks.push((letter, at));
                }
            }
        }
        if let Some(step) = steps.last_mut() {
            step.to = at;
        }
    }
    Course {
        seconds: end.saturating_sub(start),
        steps,
    }
}

fn letter(event: &Event) -> Option<char> {
    match event {
        Event::Note { .. } => Some('N'),
        Event::Exception { .. } => Some('E'),
        Event::Mishap { .. } => Some('M'),
        Event::Resumed { .. } => Some('R'),
        _ => None,
    }
}

impl Stretch {
    fn spent(&self) -> String {
        let seconds = self.to.saturating_sub(self.from).max(0);
        match seconds {
            0..60 => format!("{seconds} s of {} min", self.planned),
            _ => format!(
                "{} of {} min",
                seconds.saturating_add(30) / 60,
                self.planned
            ),
        }
    }

    /// The row in words.
    pub(super) fn sentence(&self) -> String {
        let mut told = format!("{}: {}", self.title, self.spent());
        if !self.remarks.is_empty() {
            let letters: Vec<_> = self.remarks.iter().map(|(l, _)| l.to_string()).collect();
            told.push_str(&format!("; {}", letters.join(" ")));
        }
        told
    }
}

/// The picture as SVG, to be part of HTML.
pub(super) fn svg(course: &Course) -> String {
    let width = TITLES + SCALE + MINUTES;
    let height = course.steps.len() * ROW + 4;
    let mut svg = format!(
        "<svg class=\"course\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>{}</title>\n",
        escape(CAPTION)
    );
    let place = |second: i64| -> usize {
        let within = second.clamp(0, course.seconds.max(0));
        let scaled = within.saturating_mul(SCALE as i64) / course.seconds.max(1);
        TITLES + usize::try_from(scaled).unwrap_or(0)
    };
    for (at, step) in course.steps.iter().enumerate() {
        let (top, middle) = (at * ROW + 4, at * ROW + 18);
        let (from, to) = (place(step.from), place(step.to));
        let title = fitted(&step.title);
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            svg,
            "{}\
             <line x1=\"{TITLES}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\
             <rect x=\"{from}\" y=\"{top}\" width=\"{}\" height=\"{}\"/>\
             <text class=\"spent\" x=\"{width}\" y=\"{middle}\">{}</text>",
            clipped(
                (0, top),
                (TITLES - GAP, ROW),
                &format!(
                    "<text x=\"0\" y=\"{}\">{}</text>",
                    middle - top,
                    escape(&title)
                )
            ),
            TITLES + SCALE,
            top + ROW - 5,
            top + ROW - 5,
            to.saturating_sub(from).max(3),
            ROW - 8,
            escape(&step.spent())
        );
        for (letter, second) in &step.remarks {
            let x = place(*second).clamp(TITLES + 7, TITLES + SCALE - 7);
            let _ = writeln!(
                svg,
                "<circle cx=\"{x}\" cy=\"{}\" r=\"8\"/><text class=\"remark\" x=\"{x}\" y=\"{}\">{letter}</text>",
                top + 7,
                top + 11
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn fitted(title: &str) -> String {
    if title.chars().count() <= LETTERS {
        return title.to_owned();
    }
    let kept: String = title.chars().take(LETTERS - 1).collect();
    format!("{kept}…")
}
