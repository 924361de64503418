//! A ceremony as moving pictures: an animated SVG, and an asciicast for terminals.
//!
//! Scenes follow one another with a time each. The times are made up, because nobody wants to
//! watch a holder look for a device. The screens and the bytes are those of the real programs.

use std::{collections::HashMap, fmt::Write as _};

use super::frame::{DOWN, EDGE, Frame, PAPER, drawn, escaped, hex};

/// A screen and its time.
struct Scene {
    frame: Frame,
    milliseconds: u32,
    /// The bytes since the scene before.
    bytes: Vec<u8>,
}

/// Scenes, in order.
pub struct Film {
    columns: u16,
    rows: u16,
    scenes: Vec<Scene>,
}

/// Forgets colours, clears the screen, and goes to its first place.
const CLEAR: &str = "\u{1b}[0m\u{1b}[2J\u{1b}[H";

impl Film {
    /// No scene yet, for a terminal of this size.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            columns,
            rows,
            scenes: Vec::new(),
        }
    }

    /// Adds a screen, and the bytes that led to it.
    pub fn scene(&mut self, frame: Frame, milliseconds: u32, bytes: &[u8]) {
        self.scenes.push(Scene {
            frame,
            milliseconds,
            bytes: bytes.to_vec(),
        });
    }

    /// Adds a command at a shell's prompt, and then what it printed.
    pub fn shell(&mut self, command: &str, printed: &str) {
        let typed = format!("{CLEAR}$ {command}");
        let lines = printed.trim_end().replace('\n', "\r\n");
        let size = (self.columns, self.rows);
        self.scene(
            Frame::of_bytes(typed.as_bytes(), size),
            1000,
            typed.as_bytes(),
        );
        let all = format!("{typed}\r\n{lines}");
        if !lines.is_empty() {
            let more = format!("\r\n{lines}");
            self.scene(Frame::of_bytes(all.as_bytes(), size), 3000, more.as_bytes());
        }
    }

    /// How many scenes there are.
    pub fn scenes(&self) -> usize {
        self.scenes.len()
    }

    fn milliseconds(&self) -> u32 {
        self.scenes.iter().map(|scene| scene.milliseconds).sum()
    }

    /// An asciicast, version 2: <https://docs.asciinema.org/manual/asciicast/v2/>.
    pub fn cast(&self, title: &str) -> String {
        let head = serde_json::json!({
            "version": 2, "width": self.columns, "height": self.rows, "title": title,
        });
        let mut cast = format!("{head}\n");
        let mut at = 0;
        for scene in &self.scenes {
            let seconds = f64::from(at) / 1000.0;
            let bytes = String::from_utf8_lossy(&scene.bytes);
            let _ = writeln!(cast, "{}", serde_json::json!([seconds, "o", bytes]));
            at += scene.milliseconds;
        }
        cast
    }

    /// A picture that moves without a script, and begins again at its end. Equal rows are drawn
    /// once. A reader who wants no motion sees the scene with this number alone.
    pub fn svg(&self, about: &str, still: usize) -> String {
        let (width, height) = Frame::extent(self.columns, self.rows);
        let mut rows: HashMap<String, usize> = HashMap::new();
        let (mut defs, mut strip, mut steps) = (String::new(), String::new(), String::new());
        let (total, mut at) = (f64::from(self.milliseconds()), 0);
        for (number, scene) in self.scenes.iter().enumerate() {
            let left = number * width;
            let percent = f64::from(at) * 100.0 / total;
            let _ = write!(steps, "{percent:.2}%{{transform:translateX(-{left}px)}}");
            let _ = write!(strip, "<g transform=\"translate({left})\">");
            for (row, cells) in scene.frame.rows().enumerate() {
                let row_drawn = drawn(cells, 0);
                if row_drawn.is_empty() {
                    continue;
                }
                let new = rows.len();
                let id = *rows.entry(row_drawn.clone()).or_insert_with(|| {
                    let _ = writeln!(defs, "<g id=\"r{new}\">{row_drawn}</g>");
                    new
                });
                let _ = write!(strip, "<use href=\"#r{id}\" y=\"{}\"/>", row * DOWN);
            }
            strip.push_str("</g>\n");
            at += scene.milliseconds;
        }
        let paper = hex(PAPER);
        let seconds = total / 1000.0;
        let still = still * width;
        let about = escaped(about);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
             <title>{about}</title>\n\
             <style>.f{{animation:f {seconds}s steps(1,end) infinite}}@keyframes f{{{steps}}}\
             @media (prefers-reduced-motion){{.f{{animation:none;transform:translateX(-{still}px)}}}}</style>\n\
             <defs>\n{defs}</defs>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"{}\" fill=\"{paper}\"/>\n\
             <g class=\"f\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n\
             {strip}</g>\n</svg>\n",
            EDGE / 2 + 1,
        )
    }
}
