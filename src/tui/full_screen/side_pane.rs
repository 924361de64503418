//! The side pane: the holders' seats, the quorum filling up, and in a rehearsal
//! the simulated devices.

use std::ops::Range;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::tui::{
    model::Model,
    room::{RoomDevice, hands::Hands},
    seats::{letters, quorums, standing, word},
};
use keymoot_record::ceremony::{State, script::Scenario, seat::Seat, turn::Purpose};

/// Rows that the simulated devices take.
const HANDS: usize = 5;

/// Draws the side pane.
pub(in crate::tui) fn draw(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let columns = usize::from(area.width);
    let rows = usize::from(area.height);
    let state = model.view.as_ref().map(|view| &*view.state);
    let hands = model.hands.as_ref();
    let mut lines = Vec::new();
    if let Some(state) = state {
        let counts = quorum(model, state, columns);
        let taken = counts.len() + 1 + hands.map_or(0, |_| HANDS);
        let seats = in_sight(state, rows.saturating_sub(taken));
        lines.push(title(model, state, columns, &seats));
        lines.extend(rows_of_seats(model, state, columns, seats));
        lines.extend(counts);
    }
    if let Some(hands) = hands {
        lines.truncate(rows.saturating_sub(HANDS));
        while lines.len() + HANDS < rows {
            lines.push(Line::default());
        }
        lines.extend(devices(model, hands, state, columns));
    }
    for (row, line) in area.rows().zip(lines) {
        frame.render_widget(line, row);
    }
}

/// Whether there is room for words beside the letters.
fn is_wide(columns: usize) -> bool {
    columns > 30
}

/// The seats that fit, around the one at the table.
fn in_sight(state: &State, room: usize) -> Range<usize> {
    let at_table = state.turn.as_ref().map(|turn| &turn.holder);
    let place = |seat: &Seat| Some(&seat.handle) == at_table;
    let here = state.seats.iter().position(place).unwrap_or(0);
    let first = (here + 1).saturating_sub(room);
    first..(first + room).min(state.seats.len())
}

fn title(model: &Model, state: &State, columns: usize, seats: &Range<usize>) -> Line<'static> {
    let text = if is_wide(columns) {
        " the seats"
    } else {
        " seats"
    };
    let all = state.seats.len();
    let text = match seats.len() == all {
        true => text.to_owned(),
        false => format!("{text} {}-{} of {all}", seats.start + 1, seats.end),
    };
    let gap = " ".repeat(columns.saturating_sub(text.len() + 7));
    Line::styled(format!("{text}{gap}PKAESC"), model.sheet.quiet())
}

/// One row for each of these seats.
fn rows_of_seats(
    model: &Model,
    state: &State,
    columns: usize,
    seats: Range<usize>,
) -> Vec<Line<'static>> {
    let all = state.seats.iter().enumerate();
    let seats = all.skip(seats.start).take(seats.len());
    seats
        .map(|(at, seat)| {
            let turn = state
                .turn
                .as_ref()
                .filter(|turn| turn.holder == seat.handle);
            let mark = if turn.is_some() { '>' } else { ' ' };
            let letters = letters(state, seat, turn);
            let word = if is_wide(columns) {
                format!(" {:<9}", word(&letters))
            } else {
                String::new()
            };
            let standing = standing(Some(state), &seat.handle);
            let name_columns = columns.saturating_sub(4 + 1 + word.len() + letters.len() + 1);
            let name = model.sheet.fit(seat.handle.as_str(), name_columns);
            let style = match turn {
                Some(_) => model.sheet.chosen(),
                None => ratatui::style::Style::new(),
            };
            let letters: String = letters
                .iter()
                .map(|(letter, reached)| if *reached { *letter } else { '.' })
                .collect();
            let text = format!(
                "{mark}{:>2}{standing}{name:<name_columns$} {word}{letters}",
                at + 1
            );
            Line::styled(text, style)
        })
        .collect()
}

/// How the quorum fills up.
fn quorum(model: &Model, state: &State, columns: usize) -> Vec<Line<'static>> {
    let enrolled = state.done(Purpose::Enroll);
    let holders = state.plan.policy.quorum.holders as usize;
    let closed = state.seats.iter().filter(|s| s.closing.is_some()).count();
    let mut lines = vec![Line::raw(
        model
            .sheet
            .fit(&format!(" enrolled {enrolled} of {holders}"), columns),
    )];
    if state.manifest.is_some() {
        let needed = state.needed(Purpose::Close);
        lines.push(bar(model, "closed", closed, needed, columns));
        return lines;
    }
    lines.extend(quorums(state).into_iter().map(|(whose, have, need)| {
        let what = match (whose, state.scenario()) {
            ("", Scenario::QuorumLost) => "signed",
            ("", _) => "quorum",
            (whose, _) => whose,
        };
        bar(model, what, have, need, columns)
    }));
    lines
}

/// `quorum 3 of 5 [###..]`
fn bar(model: &Model, what: &str, count: usize, of: usize, columns: usize) -> Line<'static> {
    let text = format!(" {what} {count} of {of} ");
    let room = columns.saturating_sub(text.len() + 3).max(1);
    let (filled, length) = if of <= room {
        (count.min(of), of)
    } else {
        (count.min(of) * room / of.max(1), room)
    };
    let bar = format!("[{}{}]", "#".repeat(filled), ".".repeat(length - filled));
    let style = if count >= of {
        model.sheet.aloud()
    } else {
        model.sheet.headline()
    };
    Line::from(vec![Span::raw(text), Span::styled(bar, style)])
}

/// The device in hand, and what the keys do with it.
fn devices(
    model: &Model,
    hands: &Hands,
    state: Option<&State>,
    columns: usize,
) -> Vec<Line<'static>> {
    let sheet = model.sheet;
    let rule = sheet.horizontal().repeat(columns);
    let mut lines = vec![Line::styled(rule, sheet.quiet())];
    let inserted: Vec<_> = hands
        .devices()
        .iter()
        .filter(|device| device.inserted)
        .map(|device| device.number.to_string())
        .collect();
    let title = match inserted.as_slice() {
        [] => " simulated, none is in".to_owned(),
        some => format!(" simulated, in: {}", some.join(", ")),
    };
    lines.push(Line::styled(
        model.sheet.fit(&title, columns),
        sheet.quiet(),
    ));
    if let Some(number) = hands.typing() {
        let typed = if number > 0 {
            number.to_string()
        } else {
            String::new()
        };
        lines.push(Line::styled(
            model
                .sheet
                .fit(&format!(" which device? {typed}_"), columns),
            sheet.notice(),
        ));
    } else {
        let device = hands.in_hand(state);
        let text = device.map_or(" no device".to_owned(), |device| {
            format!(" device {} no. {}", device.number, device.serial)
        });
        lines.push(Line::raw(model.sheet.fit(&text, columns)));
        if let Some(failed) = hands.failed() {
            lines.push(Line::styled(
                model.sheet.fit(&format!(" ! {failed}"), columns),
                sheet.alarm(),
            ));
        } else {
            lines.push(state_of(model, device, columns));
        }
    }
    lines.push(Line::styled(
        model.sheet.fit(" ^N in/out ^T touch ^P pick", columns),
        sheet.quiet(),
    ));
    lines
}

fn state_of(model: &Model, device: Option<&RoomDevice>, columns: usize) -> Line<'static> {
    let (text, style) = match device {
        Some(device) if device.inserted && device.awaiting_touch => {
            (" BLINKS: Ctrl-T touches", model.sheet.notice())
        }
        Some(device) if device.inserted => (" is in; Ctrl-N unplugs", model.sheet.headline()),
        Some(_) => (" is out; Ctrl-N inserts", ratatui::style::Style::new()),
        None => ("", ratatui::style::Style::new()),
    };
    Line::styled(model.sheet.fit(text, columns), style)
}
