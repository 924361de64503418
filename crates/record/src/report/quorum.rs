//! The quorum as a picture: one disc a seat, filled where its holder signed.

use std::fmt::Write as _;

use super::page::Quorum;

/// From one disc's centre to the next, in units of the picture.
const STEP: usize = 44;
/// The height of the picture.
const HEIGHT: usize = 56;

/// The picture as SVG, to be part of HTML.
pub(super) fn svg(quorum: &Quorum) -> String {
    let width = quorum.signed.len() * STEP + 4;
    let mut svg = format!(
        "<svg class=\"quorum\" role=\"img\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\">\n\
         <title>{}</title>\n",
        super::markup::escape(&quorum.sentence())
    );
    for (index, signed) in quorum.signed.iter().enumerate() {
        let x = index * STEP + STEP / 2 + 2;
        let class = if *signed { "signed" } else { "open" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"22\" r=\"17\"/>\
             <text class=\"{class}\" x=\"{x}\" y=\"27\">{}</text>",
            index + 1
        );
    }
    // The bar ends at the threshold.
    let bar = quorum.threshold.min(quorum.signed.len()) * STEP;
    let _ = writeln!(
        svg,
        "<rect x=\"2\" y=\"47\" width=\"{bar}\" height=\"4\"/>\n</svg>"
    );
    svg
}
