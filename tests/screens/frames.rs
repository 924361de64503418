//! An answer as QR codes: from the screen into pictures, and from the pictures into the ceremony.

use std::path::PathBuf;

use image::{GrayImage, ImageFormat, Luma};
use testkit::{
    apart::Three,
    stage::said,
    terminal::{CONSOLE, Frame, Kind, Terminal},
};

/// The F10 key, and the right arrow.
pub(crate) const CODES: &str = "\u{1b}[21~";
pub(crate) const RIGHT: &str = "\u{1b}[C";

/// A terminal emulator on a desktop.
const DESKTOP: Kind = Kind {
    term: "xterm-256color",
    lang: "C.UTF-8",
    size: (120, 50),
    ..CONSOLE
};

/// The effect of a camera on a picture.
#[derive(Clone, Copy)]
pub(crate) enum Camera {
    Straight,
    Rotated,
    Blurred,
}

/// A ceremony with holders apart, of whom one has answered.
struct Answered {
    three: Three,
    holder: &'static str,
    answer: PathBuf,
    request: PathBuf,
}

impl Answered {
    /// An answer with three signatures.
    fn signing() -> Self {
        Self::by(Three::to_sign(), "holder-1")
    }

    /// A newcomer's enrolment.
    fn enrolment() -> Self {
        Self::by(Three::to_enrol(), "holder-4")
    }

    fn by(three: Three, holder: &'static str) -> Self {
        let request = three.request("request", &[]);
        let answer = three.answer(&request, holder);
        Self {
            three,
            holder,
            answer,
            request,
        }
    }

    /// The last screen of the answer, once more.
    fn last_screen(&self, kind: Kind) -> Terminal {
        let dir = self.three.stage.dir();
        let [request, answer, dir] =
            [&self.request, &self.answer, &dir].map(|path| path.to_str().unwrap());
        Terminal::with(
            kind,
            &[],
            [
                "answer",
                request,
                "-o",
                answer,
                "--as",
                self.holder,
                "--rehearsal",
                "--expect",
                "rehearsal-small",
                "--devices",
                dir,
            ],
        )
    }

    /// Takes pictures of all frames.
    fn photographed(&self, camera: impl Fn(usize) -> Camera) -> Vec<PathBuf> {
        let mut at = self.last_screen(DESKTOP);
        at.expect("Your answer is written")
            .expect("F10 shows it as");
        let count = codes(&at.picture());
        at.press(CODES);
        let mut pictures = Vec::new();
        for number in 1..=count {
            at.expect(format!("Frame {number} of {count}").as_str());
            let picture = taken(&at.frame(), camera(number));
            let path = self.three.stage.path(&format!("{number}.picture"));
            // Phones write JPEG, screenshots are PNG.
            let format = [ImageFormat::Png, ImageFormat::Jpeg][number % 2];
            picture.save_with_format(&path, format).unwrap();
            pictures.push(path);
            at.press(RIGHT);
        }
        at.expect("It is the last.");
        at.press("\u{1b}")
            .expect("Your answer is written")
            .enter("done");
        assert_eq!(at.exit_code(), 0);
        pictures
    }
}

/// How many codes the last screen announces.
fn codes(picture: &str) -> usize {
    let (before, _) = picture.split_once(" QR codes").unwrap();
    let (_, count) = before.rsplit_once(' ').unwrap();
    count.parse().unwrap()
}

/// The screen as this camera sees it.
pub(crate) fn taken(frame: &Frame, camera: Camera) -> GrayImage {
    let (columns, rows, pixels) = frame.pixels();
    let screen = GrayImage::from_raw(columns as u32, rows as u32, pixels).unwrap();
    match camera {
        Camera::Straight => screen,
        Camera::Rotated => rotated(&screen, 17_f32.to_radians()),
        Camera::Blurred => image::imageops::blur(&screen, 2.5),
    }
}

/// A picture turned about its middle, on a larger dark field.
fn rotated(picture: &GrayImage, angle: f32) -> GrayImage {
    let (columns, rows) = picture.dimensions();
    let side = ((columns * columns + rows * rows) as f32).sqrt().ceil() as u32;
    let middle = side as f32 / 2.0;
    GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = (x as f32 - middle, y as f32 - middle);
        let back =
            |a: f32, b: f32, length: u32| a * angle.cos() + b * angle.sin() + length as f32 / 2.0;
        let (x, y) = (back(x, y, columns), back(y, -x, rows));
        let inside = x >= 0.0 && y >= 0.0;
        let pixel = inside.then(|| picture.get_pixel_checked(x as u32, y as u32));
        pixel.flatten().copied().unwrap_or(Luma([40]))
    })
}

fn recorded(three: &Three) -> usize {
    three.stage.state().answers.len()
}

#[test]
fn an_answer_comes_back_from_pictures_of_the_screen_one_rotated_and_one_blurred() {
    let answered = Answered::signing();
    let mut pictures = answered.photographed(|number| match number {
        2 => Camera::Rotated,
        3 => Camera::Blurred,
        _ => Camera::Straight,
    });
    assert!((3..=12).contains(&pictures.len()), "{}", pictures.len());
    // One missing: it is named, and nothing is recorded.
    let missing = pictures.remove(3);
    let output = answered
        .three
        .collect(&pictures.iter().rev().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let named = format!("frame 4 of {} is missing", pictures.len() + 1);
    assert!(said(&output).contains(&named), "{}", said(&output));
    assert!(said(&output).contains("ANSWER-READ"), "{}", said(&output));
    assert_eq!(recorded(&answered.three), 0);
    // With it, in any order and with others: the answer is the file.
    pictures.insert(0, missing);
    let output = answered
        .three
        .collect(&pictures.iter().rev().collect::<Vec<_>>());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(recorded(&answered.three), 1);
    let output = answered.three.collect(&[&answered.answer]);
    assert!(
        said(&output).contains("recorded already"),
        "{}",
        said(&output)
    );
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_longer_answer_and_a_smaller_terminal_offer_the_file_first() {
    let answered = Answered::enrolment();
    let mut at = answered.last_screen(DESKTOP);
    at.expect("Your answer is written")
        .expect("Send the file if you can");
    let large = codes(&at.picture());
    at.resize(80, 24).expect("fewer on a larger terminal");
    let small = codes(&at.picture());
    assert!(large < small, "{large} {small}");
    at.press(CODES)
        .expect(format!("Frame 1 of {small}").as_str());
    // The codes change with the terminal's size.
    at.resize(120, 50)
        .expect(format!("Frame 1 of {large}").as_str());
    at.press("\u{1b}")
        .expect("Your answer is written")
        .enter("done");
    assert_eq!(at.exit_code(), 0);
}
