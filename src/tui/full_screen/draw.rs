//! Drawing: the model, onto a frame. Nothing here decides anything.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span, Text},
    widgets::Widget,
};

use super::side_pane;
use crate::tui::{
    model::Model,
    news::news,
    overlay::waits_in_words,
    page::{
        layout::{LEAST, Panes, Regions, Size},
        words::{width, wrap},
    },
};
use keymoot_record::{
    ceremony::State,
    transcript::{Mode, Time},
};

/// Draws everything.
pub(in crate::tui) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    let size = Size {
        columns: area.width,
        rows: area.height,
    };
    if !size.is_enough() {
        too_small(frame, model, size);
        return;
    }
    let regions = Regions::of(size, model.panes());
    mode(frame, model, regions.mode);
    frame.render_widget(Line::raw(step(model, size)), regions.step);
    for line in [regions.upper_line, regions.lower_line] {
        let rule = model.sheet.horizontal().repeat(usize::from(line.width));
        frame.render_widget(Line::styled(rule, model.sheet.quiet()), line);
    }
    for row in regions.divider.rows() {
        let bar = Line::styled(model.sheet.vertical(), model.sheet.quiet());
        frame.render_widget(bar, row);
    }
    main(frame, model, regions.main);
    if model.panes() == Panes::Two {
        side_pane::draw(frame, model, regions.side);
    }
    frame.render_widget(next(model, size), regions.next);
    frame.render_widget(head(model, size), regions.head);
    frame.render_widget(keys(model, size), regions.keys);
}

fn too_small(frame: &mut Frame<'_>, model: &Model, size: Size) {
    let text = format!(
        "{}: this terminal has {} columns and {} rows.\nkeymoot needs {} and {}. Make it larger; nothing is lost.",
        mode_word(model.mode),
        size.columns,
        size.rows,
        LEAST.columns,
        LEAST.rows
    );
    let rows = text
        .lines()
        .flat_map(|line| wrap(line, usize::from(size.columns), 0));
    let text = Text::from_iter(rows.map(Line::raw));
    text.render(frame.area(), frame.buffer_mut());
}

/// Whether the ceremony counts.
pub(in crate::tui) fn mode_in_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "LIVE",
        Mode::Rehearsal => "REHEARSAL - nothing here counts",
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "LIVE",
        Mode::Rehearsal => "REHEARSAL",
    }
}

/// The first row: live or rehearsal, the title, the time.
fn mode(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let style = model.sheet.mode(model.mode);
    let word = &format!(" {} ", mode_in_words(model.mode));
    let time = Time::from_unix(model.now.utc).map(|time| time.to_string());
    let time = time
        .unwrap_or_default()
        .replace('T', " ")
        .replace('Z', " UTC ");
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(width(word) + width(&time) + 4);
    let title = model
        .sheet
        .fit(&keymoot_core::text::escape(&model.title), room);
    let gap = " ".repeat(columns.saturating_sub(width(word) + 2 + width(&title) + width(&time)));
    let row = format!("{word}{} {title}{gap}{time}", model.sheet.vertical());
    frame.render_widget(Line::styled(row, style), area);
}

/// The second row: the act, the step and its minutes.
pub(in crate::tui) fn step(model: &Model, size: Size) -> String {
    let Some(state) = model.view.as_ref().map(|view| &*view.state) else {
        let line = model.errand.as_ref().map(|errand| errand.line.as_str());
        return model
            .sheet
            .fit(line.unwrap_or_default(), usize::from(size.columns));
    };
    let between = model.sheet.between();
    let columns = usize::from(size.columns);
    let script = &state.plan.script;
    let steps = script.steps().count();
    let Some((act, step)) = script.steps().nth(state.step) else {
        let over = match state.ended {
            Some(_) => "the ceremony ended without its purpose".to_owned(),
            None => format!("all {steps} steps are done"),
        };
        return model.sheet.fit(&over, columns);
    };
    let acts = &script.script().acts;
    let title = acts
        .get(act)
        .map(|act| act.title.as_str())
        .unwrap_or_default();
    let tail = format!(
        "{between}{} of {} min{}",
        model.minutes_in_step(),
        step.minutes,
        in_all(model, state, size)
    );
    let text = format!(
        "act {}/{} {}{between}step {}/{steps} {}",
        act + 1,
        acts.len(),
        keymoot_core::text::escape(title),
        state.step + 1,
        keymoot_core::text::escape(&step.title),
    );
    let text = model.sheet.fit(&text, columns.saturating_sub(width(&tail)));
    format!("{text}{tail}")
}

/// Minutes spent and planned in all, where there is room for them.
fn in_all(model: &Model, state: &State, size: Size) -> String {
    let Some(opening) = state.opening.as_ref().filter(|_| size.is_wide()) else {
        return String::new();
    };
    let spent = model.now.utc.saturating_sub(opening.time.unix()).max(0) / 60;
    let planned = state.plan.script.minutes();
    format!(" spent, {spent} of {planned} min in all")
}

/// When the ceremony is expected to end, and by how much that is too late.
pub(in crate::tui) fn ends(model: &Model) -> String {
    let state = model.view.as_ref().map(|view| &*view.state);
    let now = Time::from_unix(model.now.utc);
    let expected = state.zip(now);
    let Some(expected) = expected.and_then(|(state, now)| state.expected_end(now)) else {
        return String::new();
    };
    let clock = expected.at.on_the_clock();
    let late = match expected.minutes_late {
        late @ 1..1000 => format!(", {late} min late"),
        // The ceremony ends on another day, or on time.
        _ => String::new(),
    };
    format!("ends about {clock}{late}")
}

/// The main pane: information above, the input below.
fn main(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let page = &model.page;
    let room = page.upper_rows();
    let upper = (model.scroll..model.scroll + room).map_while(|at| Some((at, page.row(at)?)));
    for (row, (at, line)) in area.rows().zip(upper) {
        let mut line = line.clone();
        if page.found == Some(at) {
            line = line.patch_style(model.sheet.found());
        }
        frame.render_widget(line, row);
    }
    let lower = page.lower_rows();
    let mut rows = area.rows().skip(room);
    if let Some(row) = rows.next()
        && page.rows() > room
    {
        frame.render_widget(more(model, room), row);
    }
    let lines = page.bottom.iter().skip(page.bottom.len() - lower);
    for (row, line) in rows.zip(lines) {
        frame.render_widget(line.clone(), row);
    }
}

/// Which part of a long page is in sight, and how to see the rest.
fn more(model: &Model, room: usize) -> Line<'static> {
    let total = model.page.rows();
    let last = (model.scroll + room).min(total);
    let line = model.sheet.horizontal();
    let how = match model.out_of_sight() {
        (false, true) => "more below: PgDn",
        (true, true) => "more: PgUp PgDn",
        _ => "the end; back: PgUp",
    };
    let text = format!(
        "{line}{line} {how} (rows {}-{last} of {total}) {line}{line}",
        model.scroll + 1
    );
    Line::styled(text, model.sheet.notice())
}

/// The row of the next step and the expected end, of notes that wait to be recorded, or of a
/// notice.
fn next(model: &Model, size: Size) -> Line<'static> {
    let columns = usize::from(size.columns);
    if let Some(notice) = model.notice() {
        return Line::styled(notice, model.sheet.alarm());
    }
    if let Some((owed, _)) = model.owed.front() {
        let text = waits_in_words(owed);
        return Line::styled(model.sheet.fit(&text, columns), model.sheet.notice());
    }
    let text = model.next();
    let ends = ends(model);
    let room = columns.saturating_sub(6 + width(&ends) + 1);
    let text = model.sheet.fit(&text.unwrap_or_default(), room);
    let gap = " ".repeat(room.saturating_sub(width(&text)) + 1);
    let late = match ends.contains(',') {
        true => model.sheet.notice(),
        false => model.sheet.quiet(),
    };
    Line::from(vec![
        Span::styled("next: ", model.sheet.quiet()),
        Span::raw(text + &gap),
        Span::styled(ends, late),
    ])
}

/// The transcript's head as words, and its last entry.
fn head(model: &Model, size: Size) -> Line<'static> {
    let Some(view) = &model.view else {
        return Line::default();
    };
    let label = "transcript: ";
    let between = model.sheet.between();
    let mut text = view.head.short_words();
    if let Some(entry) = &view.last {
        text.push_str(&format!("{between}entry {}: {}", entry.seq, news(entry)));
    }
    let columns = usize::from(size.columns).saturating_sub(label.len());
    Line::from(vec![
        Span::styled(label, model.sheet.quiet()),
        Span::raw(model.sheet.fit(&text, columns)),
    ])
}

/// The keys that work here.
fn keys(model: &Model, size: Size) -> Line<'static> {
    let here = model.keys();
    Line::styled(
        model.sheet.fit(&here, usize::from(size.columns)),
        model.sheet.quiet(),
    )
}
