//! A secret, and the ways in which its bytes may be somewhere.

use base64::Engine as _;
use memchr::memmem::Finder;

/// The farthest that one byte of a secret may be from the next: in a queue of keys,
/// each is in a record of its own.
const FARTHEST: usize = 64;

/// A secret that must be nowhere, in every form.
pub struct Needle {
    /// Its name.
    pub name: String,
    bytes: Vec<u8>,
    shapes: Vec<(&'static str, Finder<'static>)>,
}

impl Needle {
    /// These bytes, called so.
    pub fn new(name: impl Into<String>, secret: &[u8]) -> Self {
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        // Three alignments in base64, by what is before; the first and last
        // characters depend on the neighbours.
        let shifted = |by: usize| {
            let shifted = [&vec![0; by], secret].concat();
            let text = base64.encode(&shifted);
            let from = [0, 2, 3][by];
            let to = text.len() - usize::from(!shifted.len().is_multiple_of(3));
            text.as_bytes()[from..to].to_vec()
        };
        let shapes = [
            ("as it is", secret.to_vec()),
            ("hexadecimal", hex::encode(secret).into_bytes()),
            ("HEXADECIMAL", hex::encode_upper(secret).into_bytes()),
            ("base64", shifted(0)),
            ("base64, shifted by one", shifted(1)),
            ("base64, shifted by two", shifted(2)),
        ];
        let finder = |bytes: Vec<u8>| Finder::new(&bytes).into_owned();
        Self {
            name: name.into(),
            bytes: secret.to_vec(),
            shapes: shapes.map(|(shape, bytes)| (shape, finder(bytes))).into(),
        }
    }

    /// The number of forms.
    pub fn shapes(&self) -> usize {
        self.shapes.len() + FARTHEST - 1
    }

    /// Every place at which it occurs, and in which form.
    pub fn found_in(&self, content: &[u8]) -> Vec<(usize, String)> {
        if content.len() < self.bytes.len() {
            return Vec::new();
        }
        let whole = self.shapes.iter().flat_map(|(shape, finder)| {
            let places = finder.find_iter(content);
            places.map(|at| (at, (*shape).to_owned()))
        });
        whole.chain(self.spread_in(content)).collect()
    }

    /// Where its bytes occur one by one, at equal distances: UTF-16, UTF-32, and
    /// queues of keys. This form is not searched for secrets of digits alone: a few of them occur
    /// at some distance in every long text of hexadecimal digits.
    fn spread_in(&self, content: &[u8]) -> impl Iterator<Item = (usize, String)> {
        let telling = !self.bytes.iter().all(u8::is_ascii_hexdigit);
        let content = if telling { content } else { &[] };
        let starts = memchr::memchr_iter(self.bytes[0], content);
        starts.flat_map(move |at| {
            let apart = (2..=FARTHEST).find(|apart| {
                let mut places = (at..).step_by(*apart).zip(&self.bytes).skip(1);
                places.all(|(place, byte)| content.get(place) == Some(byte))
            });
            apart.map(|apart| (at, format!("one byte in {apart}")))
        })
    }
}
