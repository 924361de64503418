//! Between a file and the texts of its frames.

use std::collections::{BTreeMap, BTreeSet};

use keymoot_core::{Rule, Violation, text::several};
use keymoot_record::apart::armour;
use minicbor::bytes::ByteSlice;

/// The most frames of one answer, shown or read. A larger number in a foreign code would make the
/// decoder allocate as much as it names.
const MOST: usize = 99;

/// The scheme and type before each part, as the decoder compares them.
const PREFIX: &str = "ur:bytes/";

/// The texts of an answer's frames, in capitals, which QR codes hold in fewer bits: as few as
/// there can be when each of them `fits`. `None` where no number of frames up to [`MOST`] does.
pub(crate) fn parts(answer: &[u8], fits: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let compressed = armour::compressed(answer);
    let content = minicbor::to_vec(<&ByteSlice>::from(compressed.as_slice())).ok()?;
    (1..=MOST).find_map(|count| {
        let mut encoder = ur::Encoder::bytes(&content, content.len().div_ceil(count)).ok()?;
        let parts = (0..encoder.fragment_count()).map(|_| encoder.next_part().ok());
        let parts = parts.map(|part| part.map(|part| part.to_ascii_uppercase()));
        let parts: Vec<_> = parts.collect::<Option<_>>()?;
        parts.iter().all(|part| fits(part)).then_some(parts)
    })
}

/// The common values of all frames of one answer: their number, the length of the content in bytes,
/// and its CRC-32.
type Key = (usize, usize, u32);

/// Frames that were read, of any number of answers, in any order.
#[derive(Default)]
pub(crate) struct Frames(BTreeMap<Key, Series>);

/// The frames of one answer.
#[derive(Default)]
struct Series {
    decoder: ur::Decoder,
    seen: BTreeSet<usize>,
    /// The pictures that show them.
    pictures: BTreeSet<String>,
}

impl Frames {
    /// Takes every frame that a picture shows.
    ///
    /// # Errors
    /// A [`Violation`] of ANSWER-READ when none is a frame of `of`; `next` says what to do.
    pub(crate) fn take_picture(
        &mut self,
        texts: &[String],
        picture: &str,
        (of, next): (&str, &str),
    ) -> Result<(), Violation> {
        let taken: Vec<_> = texts.iter().map(|text| self.take(text, picture)).collect();
        match taken.contains(&true) {
            true => Ok(()),
            false => Err(Violation::new(
                Rule::AnswerRead,
                format!("the QR code in the picture is no part of {of}"),
                next,
            )),
        }
    }

    /// Takes the text of a code that a picture shows. False where it is no frame of an answer.
    fn take(&mut self, text: &str, picture: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let Some((number, key)) = place(&text) else {
            return false;
        };
        let series = self.0.entry(key).or_default();
        if series.decoder.receive(&text).is_err() {
            return false;
        }
        series.seen.insert(number);
        series.pictures.insert(picture.to_owned());
        true
    }

    /// Each answer of which frames were read: the pictures that show it, and its file.
    pub(crate) fn answers(self) -> impl Iterator<Item = (String, Result<Vec<u8>, Violation>)> {
        let series = self
            .0
            .into_iter()
            .filter(|(_, series)| !series.seen.is_empty());
        series.map(|((count, ..), series)| {
            let pictures: Vec<_> = series.pictures.iter().cloned().collect();
            (several(&pictures, ", "), series.file(count))
        })
    }
}

impl Series {
    /// The answer's file, once all its frames were read.
    fn file(&self, count: usize) -> Result<Vec<u8>, Violation> {
        let missing = (1..=count).filter(|number| !self.seen.contains(number));
        let missing: Vec<_> = missing.map(|number| number.to_string()).collect();
        let (frames, are) = match missing.len() {
            0 => return self.whole(),
            1 => ("frame", "is"),
            _ => ("frames", "are"),
        };
        Err(unread(format!(
            "{frames} {} of {count} {are} missing",
            several(&missing, ", ")
        )))
    }

    fn whole(&self) -> Result<Vec<u8>, Violation> {
        let altered = || unread("the frames do not belong together".to_owned());
        let content = self.decoder.message().ok().flatten().ok_or_else(altered)?;
        let compressed: &ByteSlice = minicbor::decode(&content).map_err(|_| altered())?;
        armour::decompressed(compressed)
    }
}

/// The number of a frame, and to which answer it belongs. What the text says before its last
/// slash must be what is in the part, which [`ur::Decoder::receive`] checks.
fn place(text: &str) -> Option<(usize, Key)> {
    let (place, _) = text.strip_prefix(PREFIX)?.split_once('/')?;
    let (number, count) = place.split_once('-')?;
    let (number, count): (usize, usize) = (number.parse().ok()?, count.parse().ok()?);
    if number == 0 || number > count || count > MOST {
        return None;
    }
    let (_, part) = ur::decode(text).ok()?;
    let (_, _, length, crc, _): (usize, usize, usize, u32, &ByteSlice) =
        minicbor::decode(&part).ok()?;
    Some((number, (count, length, crc)))
}

fn unread(what: String) -> Violation {
    Violation::new(
        Rule::AnswerRead,
        what,
        "photograph what is missing again, and give the same command all pictures at once",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::{Frames, MOST, parts};

    fn file(length: usize) -> Vec<u8> {
        let numbers = (0_u32..).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes());
        numbers.take(length).collect()
    }

    fn read<'t>(texts: impl IntoIterator<Item = &'t String>) -> Vec<Result<Vec<u8>, String>> {
        let mut frames = Frames::default();
        for text in texts {
            assert!(frames.take(text, "picture.png"), "{text}");
        }
        let answers = frames.answers();
        answers
            .map(|(_, file)| file.map_err(|violation| violation.what))
            .collect()
    }

    #[test]
    fn frames_of_two_answers_are_read_in_any_order_and_twice() {
        let files = [file(4000), file(3999)];
        let [mut texts, other] = files.clone().map(|file| parts(&file, fits(600)).unwrap());
        assert_eq!(texts.len(), other.len());
        texts.extend(other);
        texts.extend(texts.clone());
        let mut found = read(texts.iter().rev());
        found.sort();
        let mut expected = files.map(Ok);
        expected.sort();
        assert_eq!(found, expected);
    }

    fn fits(longest: usize) -> impl Fn(&str) -> bool {
        move |text| text.len() <= longest
    }

    #[test]
    fn each_missing_frame_is_named() {
        let texts = parts(&file(4000), fits(600)).unwrap();
        let count = texts.len();
        for without in 0..count {
            let rest = texts.iter().enumerate().filter(|(at, _)| *at != without);
            let said = read(rest.map(|(_, text)| text)).remove(0).unwrap_err();
            assert_eq!(said, format!("frame {} of {count} is missing", without + 1));
        }
        let said = read(&texts[3..]).remove(0).unwrap_err();
        assert_eq!(said, format!("frames 1, 2, 3 of {count} are missing"));
    }

    #[test]
    fn no_more_frames_are_made_than_are_read() {
        assert_eq!(parts(&file(4000), fits(60)), None);
        let most = parts(&file(4000), fits(140)).unwrap();
        assert!(most.len() <= MOST);
        assert_eq!(read(&most), [Ok(file(4000))]);
    }

    #[test]
    fn a_part_that_names_another_place_or_a_huge_number_is_no_frame() {
        let texts = parts(&file(4000), fits(600)).unwrap();
        let count = texts.len();
        for (from, to) in [
            (format!("/1-{count}/"), format!("/2-{count}/")),
            (format!("/1-{count}/"), "/1-4294967295/".to_owned()),
            (format!("/1-{count}/"), format!("/{}-{count}/", count + 1)),
            ("UR:BYTES/".to_owned(), "UR:PSBT/".to_owned()),
        ] {
            let changed = texts[0].replace(&from, &to);
            assert_ne!(changed, texts[0]);
            let mut frames = Frames::default();
            assert!(!frames.take(&changed, "picture.png"), "{to}");
            assert_eq!(frames.answers().count(), 0);
        }
    }

    proptest! {
        #[test]
        fn an_answer_of_any_content_comes_back(content in prop::collection::vec(any::<u8>(), 0..3000), longest in 120_usize..1200) {
            let texts = parts(&content, fits(longest)).unwrap();
            prop_assert_eq!(read(&texts), [Ok(content)]);
        }

        #[test]
        fn a_text_of_any_content_is_refused_or_read(text in "\\PC*") {
            let mut frames = Frames::default();
            frames.take(&text, "picture.png");
            frames.take(&format!("UR:BYTES/{text}"), "picture.png");
            prop_assert!(frames.answers().all(|(_, file)| file.is_err()));
        }

        #[test]
        fn changed_bytes_of_a_part_are_refused(at in 0_usize..500, byte in b'A'..=b'Z') {
            let texts = parts(&file(500), fits(600)).unwrap();
            let mut changed = texts[0].clone().into_bytes();
            let at = at % changed.len();
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            let mut frames = Frames::default();
            prop_assert!(!frames.take(std::str::from_utf8(&changed).unwrap(), "picture.png"));
        }
    }
}
