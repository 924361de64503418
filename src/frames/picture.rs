//! The codes in a picture. A picture comes from outside: nothing in it may stop the program.

use std::{borrow::Cow, io::Cursor, time::Duration};

use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use keymoot_core::{Rule, Violation};
use rqrr::{BitGrid, Grid, PreparedImage};

use crate::host::contain::{Failed, contained};

/// The largest picture that is read, in bytes.
pub(crate) const LARGEST: u64 = 32 << 20;
/// The most columns and rows of a picture, in pixels.
const SIDE: u32 = 16_384;
/// The most memory that a decoded picture may take, in bytes: 80 megapixels with 3 bytes each.
const DECODED: u64 = 240 << 20;

/// The longer sides, in pixels, to which a larger picture is reduced before it is scanned. A code
/// of a whole screen has some hundred modules. Reducing saves time, and removes noise.
const SIDES: [u32; 3] = [3200, 1600, 800];

/// The level between dark and light, in percent between the darkest and the lightest pixels. rqrr
/// compares each pixel with its neighbourhood: it copes with shadows, and misses sharp codes on an
/// even field. A blurred code is wider or narrower than its modules at one of these.
const LEVELS: [usize; 3] = [50, 40, 60];

/// How long one picture may take. A scan clones the picture for each three corners that might
/// belong together, and a picture can show thousands of them.
const LIMIT: Duration = Duration::from_secs(30);

/// Whether a file says that it is a picture of a kind that is read here.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    format(bytes).is_some()
}

fn format(bytes: &[u8]) -> Option<ImageFormat> {
    let format = image::guess_format(bytes).ok()?;
    matches!(format, ImageFormat::Png | ImageFormat::Jpeg).then_some(format)
}

/// The texts of all QR codes in a picture.
///
/// # Errors
/// A [`Violation`] of ANSWER-READ when it cannot be decoded within the limits, or shows no code.
pub(crate) fn texts(bytes: Vec<u8>) -> Result<Vec<String>, Violation> {
    texts_within(LIMIT, bytes)
}

fn texts_within(limit: Duration, bytes: Vec<u8>) -> Result<Vec<String>, Violation> {
    // rqrr 0.11 and the decoders meet foreign bytes here. rqrr has an `expect` that a degenerate
    // corner reaches (`find_and_rank_possible_neighbors`).
    let read = contained(
        limit,
        || {},
        move |_| read(&bytes).map(|picture| scan(&picture)),
    );
    let (what, next) = match read {
        Ok(Ok(texts)) if !texts.is_empty() => return Ok(texts),
        Ok(Ok(_)) => (
            "the picture shows no QR code that can be read".to_owned(),
            "photograph the screen again: the whole code, sharp and without a reflection",
        ),
        Ok(Err(why)) => (
            format!(
                "the picture cannot be read: {}",
                keymoot_core::text::excerpt(&why)
            ),
            "save it again as PNG or JPEG, of at most 80 megapixels",
        ),
        Err(Failed::Hung(limit)) => (
            format!(
                "the picture was not read within {} seconds",
                limit.as_secs()
            ),
            "cut it down to the code",
        ),
        Err(Failed::Panicked) => (
            "the picture cannot be read: the decoder failed".to_owned(),
            "photograph the screen again",
        ),
        Err(Failed::NoThread(why)) => (
            format!("the picture cannot be read: {why}"),
            "close other programs, then try again",
        ),
    };
    Err(Violation::new(Rule::AnswerRead, what, next))
}

fn read(bytes: &[u8]) -> Result<GrayImage, String> {
    let format = format(bytes).ok_or("it is neither PNG nor JPEG")?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| error.to_string())?;
    if decoder.total_bytes() > DECODED {
        let (columns, rows) = decoder.dimensions();
        return Err(format!("it has {columns} by {rows} pixels"));
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    Ok(picture.into_luma8())
}

/// The texts of the codes in a picture: scanned in several ways, until one finds some.
fn scan(picture: &GrayImage) -> Vec<String> {
    let ways = SIDES.iter().filter_map(|side| reduced(picture, *side));
    let found = ways.map(|picture| {
        let even = LEVELS.iter().map(|percent| with_level(&picture, *percent));
        let mut found = std::iter::once(with_neighbours(&picture)).chain(even);
        found.find(|texts| !texts.is_empty()).unwrap_or_default()
    });
    found
        .into_iter()
        .find(|texts| !texts.is_empty())
        .unwrap_or_default()
}

/// The picture with a longer side of at most so many pixels. `None` where a larger side leaves it
/// the same.
fn reduced(picture: &GrayImage, side: u32) -> Option<Cow<'_, GrayImage>> {
    let (columns, rows) = picture.dimensions();
    let longer = columns.max(rows);
    if longer <= side {
        let largest = SIDES.iter().all(|other| *other <= side);
        return largest.then_some(Cow::Borrowed(picture));
    }
    let reduced = |length: u32| (u64::from(length) * u64::from(side)).div_ceil(u64::from(longer));
    let reduced = |length| u32::try_from(reduced(length)).unwrap_or(side);
    let smaller = image::imageops::thumbnail(picture, reduced(columns), reduced(rows));
    Some(Cow::Owned(smaller))
}

/// The brightness of a pixel.
fn brightness(picture: &GrayImage, column: usize, row: usize) -> u8 {
    let place = u32::try_from(column).ok().zip(u32::try_from(row).ok());
    let pixel = place.and_then(|(column, row)| picture.get_pixel_checked(column, row));
    pixel.map_or(0, |pixel| pixel.0[0])
}

/// Pixels that are darker than their neighbourhood are dark.
fn with_neighbours(picture: &GrayImage) -> Vec<String> {
    let (columns, rows) = picture.dimensions();
    let mut prepared =
        PreparedImage::prepare_from_greyscale(columns as usize, rows as usize, |column, row| {
            brightness(picture, column, row)
        });
    texts_of(&prepared.detect_grids())
}

/// Pixels below one level for the whole picture are dark.
fn with_level(picture: &GrayImage, percent: usize) -> Vec<String> {
    let mut sorted = picture.as_raw().clone();
    sorted.sort_unstable();
    // The very darkest and lightest pixels are often spots.
    let at = |hundredth: usize| sorted.get(sorted.len() * hundredth / 100).copied();
    let (dark, light) = (at(2).unwrap_or(0), at(98).unwrap_or(u8::MAX));
    let level = usize::from(dark) + usize::from(light - dark) * percent / 100;
    let (columns, rows) = picture.dimensions();
    let mut prepared =
        PreparedImage::prepare_from_bitmap(columns as usize, rows as usize, |column, row| {
            usize::from(brightness(picture, column, row)) < level
        });
    texts_of(&prepared.detect_grids())
}

fn texts_of<G: BitGrid>(grids: &[Grid<G>]) -> Vec<String> {
    let texts = grids.iter().filter_map(|grid| grid.decode().ok());
    texts.map(|(_, text)| text).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use std::{
        io::Cursor,
        time::{Duration, Instant},
    };

    use image::{GrayImage, ImageFormat, Luma};
    use proptest::prelude::*;
    use qrcode::{Color, EcLevel, QrCode};

    use super::{SIDE, is_picture, texts, texts_within};

    /// A code of modules of so many pixels, on a white field.
    pub(crate) fn drawn(text: &str, module: u32) -> GrayImage {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let (width, colours) = (code.width() as u32, code.to_colors());
        let side = (width + 8) * module;
        GrayImage::from_fn(side, side, |x, y| {
            let inside = |at: u32| (at / module).checked_sub(4).filter(|at| *at < width);
            let module = inside(x).zip(inside(y));
            let dark =
                module.is_some_and(|(x, y)| colours[(y * width + x) as usize] == Color::Dark);
            Luma([if dark { 20 } else { 230 }])
        })
    }

    fn encoded(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_of_many_pixels_is_reduced_and_read() {
        let large = drawn("a frame", 120);
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let bytes = encoded(&large, format);
            assert!(is_picture(&bytes));
            assert_eq!(texts(bytes).unwrap(), ["a frame"]);
        }
    }

    #[test]
    fn a_picture_that_claims_more_pixels_than_are_read_is_refused_before_it_is_decoded() {
        let mut bytes = encoded(&drawn("a frame", 4), ImageFormat::Png);
        for (columns, rows) in [(SIDE + 1, 1), (SIDE, SIDE), (u32::MAX, u32::MAX)] {
            bytes[16..20].copy_from_slice(&columns.to_be_bytes());
            bytes[20..24].copy_from_slice(&rows.to_be_bytes());
            let crc = crc_of(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&crc.to_be_bytes());
            let said = texts(bytes.clone()).unwrap_err();
            assert!(said.what.contains("cannot be read"), "{}", said.what);
        }
    }

    /// CRC-32 as PNG has it (RFC 2083, appendix D).
    fn crc_of(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
            }
        }
        !crc
    }

    #[test]
    fn a_code_of_a_whole_screen_is_read_however_blurred() {
        let numbers = (0..1100_u32).map(|n| n.wrapping_mul(2_654_435_761).rotate_left(9) % 26);
        let letters: String = numbers.map(|n| char::from(b'A' + n as u8)).collect();
        let sharp = drawn(&letters, 9);
        for blur in [0.5, 1.0, 1.5, 2.0, 2.5, 3.0_f32] {
            let blurred = image::imageops::blur(&sharp, blur);
            let found = texts(encoded(&blurred, ImageFormat::Jpeg));
            assert_eq!(
                found.unwrap(),
                [letters.as_str()],
                "blurred by {blur} pixels"
            );
        }
    }

    #[test]
    fn a_picture_of_thousands_of_corners_is_given_up_in_time() {
        // The corner of a QR code (ISO/IEC 18004, 5.3.3), again and again.
        const MODULE: u32 = 3;
        let dark = |x: u32, y: u32| {
            let ring = x.abs_diff(3).max(y.abs_diff(3));
            x < 7 && y < 7 && ring != 2
        };
        let corners = GrayImage::from_fn(1600, 1200, |x, y| {
            let (x, y) = (x / MODULE % 9, y / MODULE % 9);
            Luma([if dark(x, y) { 0 } else { 255 }])
        });
        let begun = Instant::now();
        let limit = Duration::from_secs(1);
        let said = texts_within(limit, encoded(&corners, ImageFormat::Png));
        assert!(said.is_err());
        assert!(begun.elapsed() < 20 * limit, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_picture_without_a_code_is_refused() {
        let white = GrayImage::from_pixel(200, 100, Luma([255]));
        let said = texts(encoded(&white, ImageFormat::Png)).unwrap_err();
        assert!(said.what.contains("no QR code"), "{}", said.what);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_picture_of_any_content_is_refused_or_read(
            jpeg: bool,
            cut in 0_usize..3000,
            changes in prop::collection::vec((0_usize..3000, any::<u8>()), 0..20),
        ) {
            let format = if jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
            let mut bytes = encoded(&drawn("a frame", 4), format);
            for (at, byte) in changes {
                let length = bytes.len();
                bytes[at % length] = byte;
            }
            let length = bytes.len();
            bytes.truncate(length - cut % length);
            if let Ok(texts) = texts(bytes) {
                prop_assert!(texts.iter().all(|text| text == "a frame"));
            }
        }

        #[test]
        fn dots_of_any_pattern_are_scanned_to_the_end(
            columns in 1_u32..200,
            dots in prop::collection::vec(prop::bool::ANY, 1..20_000),
        ) {
            let rows = (dots.len() as u32).div_ceil(columns);
            let dot = |x: u32, y: u32| dots.get((y * columns + x) as usize) == Some(&true);
            let picture = GrayImage::from_fn(columns, rows, |x, y| Luma([if dot(x, y) { 255 } else { 0 }]));
            let _ = texts(encoded(&picture, ImageFormat::Png));
        }
    }
}
