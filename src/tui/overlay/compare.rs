//! A digest to be compared: on the projector, aloud, and on a holder's own device.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::tui::{
    page::{Page, hex_groups, large, qr, word_rows, words::wrap},
    screen::Sight,
    upcoming,
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::MANIFEST,
    ceremony::{State, script::Kind},
    transcript::{PlanPart, Program},
};

const SEALED: &str = "the sealed transcript";
const SO_FAR: &str = "the transcript so far";
const OPEN_REQUEST: &str = "the newest open request";
const THIS_REQUEST: &str = "this request";

/// Which digest is shown, and which page of it.
#[derive(Debug, Default)]
pub(in crate::tui) struct Compare {
    which: usize,
    leaf: usize,
    /// The last page, as it was last shown: it depends on the terminal's size.
    last: Cell<usize>,
}

/// The digests that people compare: of the documents to be signed, of the manifest,
/// of the program, and of the plan.
fn digests(sight: &Sight<'_>) -> Vec<(String, Digest)> {
    let Some(view) = sight.view else {
        let errand = sight.errand.map(|errand| errand.digests.clone());
        return errand.unwrap_or_default();
    };
    let documents = view.readings.iter();
    let documents = documents.map(|reading| (reading.name.clone(), reading.signed));
    let manifest = view.state.manifest;
    let sealed = view.state.sealed.as_ref();
    let of_part = |part: PlanPart| Some((name_of(part), view.state.digest_of(part)?));
    let compared = view.state.compared_root();
    let compared = compared.filter(|_| view.state.awaits_comparison());
    compared
        .map(|root| {
            let name = format!("root.json, version {}", root.root().version);
            (name, root.document().digest())
        })
        .into_iter()
        .chain(documents)
        .chain(manifest.map(|digest| (MANIFEST.to_owned(), digest)))
        .chain(request(&view.state).map(|(name, digest)| (name.to_owned(), digest)))
        .chain(sealed.map(|seal| (SEALED.to_owned(), seal.head)))
        .chain([(SO_FAR.to_owned(), view.head)])
        .chain(PlanPart::ALL.into_iter().filter_map(of_part))
        .collect()
}

/// The request that a holder at home answers, or that the table read to the holders last.
fn request(state: &State) -> Option<(&'static str, Digest)> {
    if let Some(apart) = &state.apart {
        return Some((THIS_REQUEST, apart.request));
    }
    let newest = state.open_requests().last()?;
    Some((OPEN_REQUEST, newest.request))
}

/// The name of that request, where nothing else is compared now.
fn request_to_compare(state: &State) -> Option<&'static str> {
    let is_read = state
        .apart
        .as_ref()
        .is_some_and(|apart| apart.compared.is_some());
    let (name, _) = request(state).filter(|_| state.turn.is_none() && !is_read)?;
    Some(name)
}

/// The digest that the scripts have read aloud in this step, and that a closing holder compares.
fn read_aloud(state: &State) -> Option<&'static str> {
    match state.current()?.kind {
        Kind::RollCall => Some(SO_FAR),
        Kind::Close if state.turn.is_some() || state.apart.is_some() => Some(MANIFEST),
        Kind::Close => Some(SEALED),
        _ => None,
    }
}

fn name_of(part: PlanPart) -> String {
    match part {
        PlanPart::Program => "this program".to_owned(),
        _ => format!("the {}", part.name()),
    }
}

/// The digest of the running program, to compare with one's own build before anything
/// else is done: in so many rows, or not at all.
pub(in crate::tui) fn this_program(page: &mut Page, program: &Program, rows: usize) {
    let sheet = page.sheet;
    let (hex, words) = (hex_groups(&program.sha256), word_rows(&program.sha256));
    if rows < hex.len() + words.len() + 2 {
        return;
    }
    page.gap();
    let name = keymoot_core::text::escape(&program.name);
    page.item(
        "",
        &format!("This program: {name}, SHA-256{}", page.names().large),
        sheet.quiet(),
    );
    for row in hex {
        page.item("  ", &row, Style::new());
    }
    for (row, words) in words.iter().enumerate() {
        page.item(&format!("{} ", row + 1), words, sheet.typed());
    }
}

impl Compare {
    /// Whether there is a digest to compare.
    pub(in crate::tui) fn is_possible(sight: &Sight<'_>) -> bool {
        sight.view.is_some() || sight.errand.is_some()
    }

    /// Opened where somebody reads a document or a digest, it shows that one first.
    pub(in crate::tui) fn of(sight: &Sight<'_>) -> Self {
        let unread = sight.state().map(upcoming::unread).unwrap_or_default();
        let document = unread.first().map(|document| document.name().to_owned());
        let part = sight.state().and_then(State::part_to_read).map(name_of);
        let spoken = sight.state().and_then(read_aloud).map(str::to_owned);
        let request = sight.state().and_then(request_to_compare);
        let name = document.or(part).or(request.map(str::to_owned)).or(spoken);
        let which = digests(sight)
            .iter()
            .position(|(what, _)| Some(what) == name.as_ref());
        Self {
            which: which.unwrap_or(0),
            ..Self::default()
        }
    }

    /// Takes a key.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) {
        let count = digests(sight).len().max(1);
        match key.code {
            KeyCode::Right | KeyCode::Char(' ') => self.leaf = (self.leaf + 1).min(self.last.get()),
            KeyCode::Left | KeyCode::Backspace => {
                self.leaf = self.leaf.min(self.last.get()).saturating_sub(1);
            }
            KeyCode::Tab | KeyCode::Down => {
                self.which = (self.which + 1) % count;
                self.leaf = 0;
            }
            KeyCode::BackTab | KeyCode::Up => {
                self.which = (self.which + count - 1) % count;
                self.leaf = 0;
            }
            _ => {}
        }
    }

    /// Shows the page: the code and the words, then the words in large type, some
    /// at a time.
    pub(in crate::tui) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let digests = digests(sight);
        if page.by_line {
            // No key turns to another digest: all of them, that of the screen first.
            let (before, rest) = digests.split_at(self.which.min(digests.len()));
            for (name, digest) in rest.iter().chain(before) {
                overview(page, name, digest);
                page.gap();
            }
            return;
        }
        let Some((name, digest)) = digests.get(self.which).or(digests.last()) else {
            return;
        };
        page.keys = match digests.len() {
            1 => "Right Left turn".to_owned(),
            _ => "Right Left turn  Tab another digest".to_owned(),
        };
        let words = digest.words();
        let at_once = at_once(page);
        let leaves = words.len().div_ceil(at_once);
        self.last.set(leaves);
        // After the last page comes the last again.
        match self.leaf.min(leaves).checked_sub(1) {
            None => overview(page, name, digest),
            Some(leaf) => {
                let first = leaf * at_once;
                let some = words.iter().skip(first).take(at_once);
                let last = (first + at_once).min(words.len());
                page.headline(&format!(
                    "{name}: words {} to {last} of {}",
                    first + 1,
                    words.len()
                ));
                in_large_type(page, some);
            }
        }
    }
}

/// How many words are on a page: pairs, because the list has two halves.
fn at_once(page: &Page) -> usize {
    let down = page.fits.saturating_sub(1) / (large::height(page.sheet.blocks) + 1);
    let across = (page.columns() / (large::LONGEST + 2)).max(1);
    (down * across / 2 * 2).clamp(2, 16)
}

fn in_large_type<'w>(page: &mut Page, words: impl Iterator<Item = &'w &'static str>) {
    let across = (page.columns() / (large::LONGEST + 2)).max(1);
    let words: Vec<_> = words
        .map(|word| large::rows(word, page.sheet.blocks))
        .collect();
    for line in words.chunks(across) {
        page.line(Line::default());
        for row in 0..large::height(page.sheet.blocks) {
            let cells = line.iter().map(|word| {
                let part = word.get(row).map_or("", String::as_str);
                format!("  {part:<columns$}", columns = large::LONGEST)
            });
            let row: String = cells.collect();
            page.line(Line::styled(
                row.trim_end().to_owned(),
                page.sheet.headline(),
            ));
        }
    }
}

/// The columns that are beside the code.
const BESIDE: usize = 40;

/// The code, and beside it the digest in hexadecimal and in words.
fn overview(page: &mut Page, name: &str, digest: &Digest) {
    let columns = page.columns();
    let room = columns.saturating_sub(BESIDE + 1);
    let code = (!page.by_line).then(|| qr::code(digest, page.sheet, page.fits, room));
    let Some(code) = code.flatten() else {
        page.headline(&format!("SHA-256 of {name}"));
        page.gap();
        for row in hex_groups(digest) {
            page.text(&row);
        }
        page.gap();
        page.words(digest);
        if page.by_line {
            return;
        }
        page.gap();
        page.text(
            "This terminal cannot show the QR code. Compare the words: the next pages show all of them in large type.",
        );
        return;
    };
    let text = beside(name, digest, page);
    code.put(page, text);
}

fn beside(name: &str, digest: &Digest, page: &Page) -> Vec<Line<'static>> {
    let sheet = page.sheet;
    let mut lines = vec![Line::from(Span::styled(
        format!("SHA-256 of {name}"),
        sheet.headline(),
    ))];
    let hex = digest.to_string();
    for row in hex.as_bytes().chunks(28) {
        let groups: Vec<_> = row.chunks(4).map(String::from_utf8_lossy).collect();
        lines.push(Line::from(Span::styled(groups.join(" "), Style::new())));
    }
    for (at, row) in digest.words().chunks(3).enumerate() {
        let words: Vec<_> = row.iter().map(|word| format!("{word:<11}")).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{:>2} ", 3 * at + 1), sheet.quiet()),
            Span::styled(words.join(" ").trim_end().to_owned(), sheet.typed()),
        ]));
    }
    let scan = "Scan the code: it holds the digits, in capitals.";
    let scan = wrap(scan, BESIDE, 0).into_iter();
    lines.extend(scan.map(|row| Line::from(Span::styled(row, sheet.quiet()))));
    lines
}
