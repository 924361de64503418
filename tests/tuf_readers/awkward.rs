//! Generated documents that two implementations easily write differently.

use serde_json::{Map, Value};

/// A fixed sequence of numbers (SplitMix64), so that a failure is repeatable.
pub(super) struct Sequence(pub u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A text that is hard to write, to sort or to escape.
    pub(super) fn text(&mut self) -> String {
        const PIECES: [&str; 26] = [
            "",
            "a",
            "b",
            "A",
            " ",
            "  ",
            "!",
            "#",
            "\"",
            "\\",
            "\\\"",
            "/",
            "\n",
            "\r\n",
            "\t",
            "\0",
            "\u{1}",
            "\u{1f}",
            "\u{7f}",
            "\u{80}",
            "é",
            "e\u{301}",
            "\u{2028}",
            "\u{ffff}",
            "\u{1f511}",
            "\u{10ffff}",
        ];
        let length = self.below(5);
        (0..length)
            .map(|_| PIECES[usize::try_from(self.below(26)).unwrap()])
            .collect()
    }

    /// Members with values that are nested at most `depth` deep.
    pub(super) fn members(&mut self, depth: u64) -> Map<String, Value> {
        let count = self.below(8);
        (0..count)
            .map(|_| (self.text(), self.value(depth)))
            .collect()
    }

    /// A value that is nested at most `depth` deep.
    pub(super) fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::from(self.next()),
            3 => Value::from(self.next().cast_signed() >> self.below(63)),
            4 | 5 => Value::String(self.text()),
            6 | 7 => (0..self.below(5)).map(|_| self.value(depth - 1)).collect(),
            _ => self.members(depth - 1).into(),
        }
    }
}

/// A document nested as deep as it says, through arrays and objects in turn.
pub(super) fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::String("\u{1f511}".to_owned()), |inner, level| {
        if level % 2 == 0 {
            Value::Array(vec![inner])
        } else {
            Value::Object(Map::from_iter([(" ".repeat(level % 3), inner)]))
        }
    })
}
