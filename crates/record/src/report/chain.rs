//! The chain of signatures as a picture: from the vendor's root at the top down to the
//! documents, each box as wide as the devices below it.

use std::fmt::Write as _;

use super::{
    facts::{Device, Facts},
    markup::{clipped, escape},
    page::{Chain, Level, Vouches},
};
use keymoot_attestation::Link;

pub(super) const CAPTION: &str = "From the vendor's root to the signed documents: each certificate and key signs what is below it.";

/// Units of the picture: the names of the levels, a device, a level, a line of text.
const NAMES: usize = 110;
const DEVICE: usize = 74;
const LEVEL: usize = 46;
const LINE: usize = 13;
/// Between two things side by side.
const GAP: usize = 4;
/// Room for a line around the picture.
const EDGE: usize = 1;
/// About how many characters fit into a device's width.
const LETTERS: usize = 11;

/// The chain of all devices, in the order of their seats.
pub(super) fn of(facts: &Facts<'_>) -> Chain {
    let devices: Vec<(usize, &Device<'_>)> = facts
        .holders
        .iter()
        .enumerate()
        .filter_map(|(seat, holder)| Some((seat + 1, holder.device.as_ref()?)))
        .collect();
    let vendor: Vec<Vec<&Link>> = devices
        .iter()
        .map(|(_, device)| from_the_root(device))
        .collect();
    let deepest = vendor.iter().map(Vec::len).max().unwrap_or(0);
    let mut levels: Vec<Level> = (0..deepest)
        .map(|depth| Level {
            name: match depth {
                0 => "vendor's root".to_owned(),
                _ => "vendor".to_owned(),
            },
            boxes: side_by_side(&vendor, depth),
        })
        .collect();
    let each = |lines: &dyn Fn(usize, &Device<'_>) -> Vec<String>| -> Vec<Vouches> {
        let boxes = devices
            .iter()
            .enumerate()
            .map(|(at, (seat, device))| Vouches {
                first: at,
                count: 1,
                lines: lines(*seat, device),
            });
        boxes.collect()
    };
    levels.push(Level {
        name: "devices".to_owned(),
        boxes: each(&|seat, device| {
            vec![format!("seat {seat}"), device.enrolment.serial.to_string()]
        }),
    });
    levels.push(Level {
        name: "keys".to_owned(),
        boxes: each(&|_, device| {
            let digest = keymoot_core::digest::Digest::of(&device.enrolment.spki);
            digest
                .words()
                .into_iter()
                .take(2)
                .map(str::to_owned)
                .collect()
        }),
    });
    let documents: Vec<_> = facts
        .documents
        .iter()
        .map(|paper| paper.document.name())
        .collect();
    if !documents.is_empty() {
        levels.push(Level {
            name: "documents".to_owned(),
            boxes: vec![Vouches {
                first: 0,
                count: devices.len(),
                lines: vec![documents.join(", ")],
            }],
        });
    }
    Chain {
        devices: devices.len(),
        levels,
    }
}

/// The vendor's certificates over a device, its root first.
fn from_the_root<'d>(device: &'d Device<'_>) -> Vec<&'d Link> {
    let own = |link: &&Link| matches!(link.role.as_str(), "slot-attestation" | "device");
    let mut links: Vec<_> = device
        .proven
        .chain()
        .iter()
        .filter(|link| !own(link))
        .collect();
    links.reverse();
    links
}

/// The boxes of one level: neighbours under the same certificate share a box.
fn side_by_side(vendor: &[Vec<&Link>], depth: usize) -> Vec<Vouches> {
    let mut boxes: Vec<(Vouches, &Link)> = Vec::new();
    for (at, links) in vendor.iter().enumerate() {
        let Some(link) = links.get(depth) else {
            continue;
        };
        match boxes.last_mut() {
            Some((vouches, before))
                if before.sha256 == link.sha256 && vouches.first + vouches.count == at =>
            {
                vouches.count += 1;
            }
            _ => boxes.push((
                Vouches {
                    first: at,
                    count: 1,
                    lines: vec![link.subject.trim_start_matches("CN=").to_owned()],
                },
                link,
            )),
        }
    }
    boxes.into_iter().map(|(vouches, _)| vouches).collect()
}

/// The picture as SVG, to be part of HTML.
pub(super) fn svg(chain: &Chain) -> String {
    let width = NAMES + chain.devices * DEVICE + EDGE;
    let height = chain.levels.len() * LEVEL + EDGE;
    let mut svg = format!(
        "<svg class=\"chain\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>{}</title>\n",
        escape(CAPTION)
    );
    for (at, level) in chain.levels.iter().enumerate() {
        let top = at * LEVEL + EDGE;
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            svg,
            "<text class=\"level\" x=\"0\" y=\"{}\">{}</text>",
            top + LEVEL / 2 + 2,
            escape(&level.name)
        );
        for vouches in &level.boxes {
            draw(&mut svg, vouches, top);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, vouches: &Vouches, top: usize) {
    let left = NAMES + vouches.first * DEVICE;
    let across = vouches.count * DEVICE - GAP;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{across}\" height=\"{}\"/>",
        LEVEL - GAP
    );
    let first = top + (LEVEL - GAP) / 2 + 4 - (vouches.lines.len().saturating_sub(1)) * LINE / 2;
    let mut text = String::new();
    for (at, line) in vouches.lines.iter().enumerate() {
        let _ = write!(
            text,
            "<text x=\"{}\" y=\"{}\">{}</text>",
            across / 2,
            first - top + at * LINE,
            escape(&fitted(line, vouches.count * LETTERS))
        );
    }
    let _ = writeln!(
        svg,
        "{}",
        clipped((left, top), (across, LEVEL - GAP), &text)
    );
}

/// As much of a name as fits.
fn fitted(line: &str, letters: usize) -> String {
    if line.chars().count() <= letters {
        return line.to_owned();
    }
    let kept: String = line.chars().take(letters.saturating_sub(1)).collect();
    format!("{kept}…")
}
