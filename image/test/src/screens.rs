//! The screen of the machine, as the kernel's console shows it.

use std::path::{Path, PathBuf};

use crate::cases::{BOOT, Bench, SHORT};
use crate::failure::{Failure, Step, require};
use crate::machine::{Machine, Start};
use crate::sticks;

/// Columns and rows of the console on a screen of 1280 by 800.
const SIZE: (usize, usize) = (80, 25);

/// Screens of which a picture is kept.
const PICTURED: [&str; 12] = [
    "live",
    "help",
    "roll_call",
    "whose_turn",
    "touch",
    "new_pin",
    "unplugged",
    "violations",
    "review_ends",
    "digest",
    "large_type",
    "farewell",
];

/// From the firmware to the first screen of a rehearsal, and out of it, at the screen's keyboard.
pub(crate) fn from_the_firmware(bench: &Bench) -> Step {
    let mut machine = Machine::start(&bench.shipped, Start::Stick, &[], &bench.folder)?;
    machine.console.open_shell(BOOT)?;
    // A starved machine sees a key released late, and would repeat it.
    machine
        .console
        .must("kbdrate -s -d 1000 -r 2 < /dev/tty1", SHORT)?;
    let pictures = pictures(bench)?;
    // The keys of each page, and text that the next page has.
    let pages = [
        ("", "digests", "Compare the words"),
        ("\n", "keyboard", "Keyboard layout"),
        ("\nazy\n", "keyboard-tried", "The same signs appeared"),
        ("\n", "menu", "Number, then Enter"),
        ("1\n", "rehearse", "Enter for the first"),
        ("\n\n\n", "first-screen", "REHEARSAL"),
        ("\u{c}", "leave", "To leave, type leave"),
        ("leave\n", "left", "keymoot: interrupted"),
    ];
    for (keys, name, text) in pages {
        machine.press(keys)?;
        // What is on the first console, as the kernel keeps it.
        let seen = format!("until grep -q '{text}' /dev/vcs1; do sleep 1; done");
        machine.console.must(&seen, SHORT)?;
        machine.picture(&pictures.join(format!("{name}.png")))?;
    }
    let left = machine.console.shell(
        "grep -o -e 'REHEARSAL - ' -e 'transcript: ' /dev/vcs1",
        SHORT,
    )?;
    require(left.0 == 1, || {
        format!("after leaving, the console still shows: {}", left.1)
    })?;
    // The second console has the sticks, and the first one comes back.
    for (key, console, text) in [
        ("f2", "tty2", "Sticks, beside what runs"),
        ("f1", "tty1", "Enter goes back to the menu"),
    ] {
        machine.chord(&["alt", key])?;
        let active =
            format!("until grep -qx {console} /sys/class/tty/tty0/active; do sleep 1; done");
        machine.console.must(&active, SHORT)?;
        let number = console.trim_start_matches("tty");
        let seen = format!("until grep -q '{text}' /dev/vcs{number}; do sleep 1; done");
        machine.console.must(&seen, SHORT)?;
        machine.picture(&pictures.join(format!("{console}.png")))?;
    }
    let size = machine.console.must("stty size -F /dev/tty1", SHORT)?;
    println!(
        "    {} pages in {}; tty1 has {} rows and columns; nothing of the ceremony is left on it",
        pages.len(),
        pictures.display(),
        size.trim()
    );
    Ok(())
}

/// Every kind of screen on the first console equals its picture, cell by cell: the console gets
/// what a terminal emulator got in tests/screens, and shows what that showed. No text is dark grey.
pub(crate) fn equal_their_pictures(bench: &Bench) -> Step {
    let recordings = bench.console.as_deref().map(recordings).transpose()?;
    let recordings = recordings.unwrap_or_default();
    require(!recordings.is_empty(), || {
        "there are no recordings".to_owned()
    })?;
    let content = bench.folder.join("content");
    let _ = std::fs::remove_dir_all(&content);
    std::fs::create_dir_all(&content)?;
    for (number, recording) in recordings.iter().enumerate() {
        std::fs::copy(recording, content.join(format!("{number}.bytes")))?;
        let shown = std::fs::read_to_string(recording.with_extension("txt"))?;
        std::fs::write(content.join(format!("{number}.cells")), cells(&shown))?;
    }
    let stick = sticks::filled(&bench.folder, "SCREENS", &content)?;
    let pictures = pictures(bench)?;
    let mut machine = bench.start(&bench.shipped, Start::Stick, &[&stick])?;
    let wait = "until sticks list | grep -q SCREENS; do sleep 0.5; done";
    machine.console.must(wait, SHORT)?;
    let mount = "sticks mount $(sticks list | awk '$2 == \"SCREENS\" { print $1 }')";
    machine.console.must(mount, SHORT)?;
    machine.console.must("stty -F /dev/tty1 raw -echo", SHORT)?;
    let mut differ = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        let name = name(recording);
        let (code, said) = machine.console.shell(
            &format!(
                "cd /media/SCREENS; cat {number}.bytes > /dev/tty1; cat /dev/vcsu1 > /tmp/seen; cmp /tmp/seen {number}.cells"
            ),
            SHORT,
        )?;
        if code != 0 {
            differ.push(format!("{name}: {}", said.trim()));
        }
        if let Some(cell) = dark_grey(&mut machine)? {
            differ.push(format!("{name}: dark grey text in cell {cell}"));
        }
        if code != 0 || PICTURED.contains(&name.as_str()) {
            machine.picture(&pictures.join(format!("{name}.png")))?;
        }
    }
    require(differ.is_empty(), || differ.join("\n    "))?;
    println!(
        "    {} screens on tty1 equal their pictures, cell by cell; some as PNG in {}",
        recordings.len(),
        pictures.display()
    );
    Ok(())
}

fn pictures(bench: &Bench) -> Step<PathBuf> {
    let pictures = bench.folder.join("pictures");
    std::fs::create_dir_all(&pictures)?;
    Ok(pictures)
}

/// The recordings of all tests in the order of their screens.
fn recordings(folder: &Path) -> Step<Vec<PathBuf>> {
    let mut found = Vec::new();
    for test in std::fs::read_dir(folder)? {
        for file in std::fs::read_dir(test?.path())? {
            found.push(file?.path());
        }
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "bytes"));
    found.sort();
    Ok(found)
}

/// The screen's name in `…/003-ways_on.bytes`.
fn name(recording: &Path) -> String {
    let name = recording.file_stem().unwrap_or_default().to_string_lossy();
    name.split_once('-').map_or("", |(_, name)| name).to_owned()
}

/// A screen as /dev/vcsu has it: each cell as a number of four bytes, in the machine's order.
fn cells(shown: &str) -> Vec<u8> {
    let (columns, rows) = SIZE;
    let mut lines = shown.lines();
    (0..rows)
        .flat_map(|_| {
            let line = lines.next().unwrap_or_default();
            line.chars().chain(std::iter::repeat(' ')).take(columns)
        })
        .flat_map(|sign| u32::from(sign).to_le_bytes())
        .collect()
}

/// The first cell with text in dark grey, which no projector shows (vcs(4)): with a font of 512
/// signs, the lowest bit of the attribute belongs to the sign.
fn dark_grey(machine: &mut Machine) -> Step<Option<usize>> {
    const HEADER: usize = 4;
    const DARK_GREY: u8 = 8;
    let digits = machine
        .console
        .must("xxd -p /dev/vcsa1 | tr -d '\\n'", SHORT)?;
    let digits: Vec<_> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let bytes = digits.chunks_exact(2).map(|pair| {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        u8::from_str_radix(pair, 16).map_err(|_| Failure("xxd gave no bytes".to_owned()))
    });
    let bytes = bytes.collect::<Step<Vec<_>>>()?;
    let cells = bytes.get(HEADER..).unwrap_or_default().chunks_exact(2);
    require(cells.len() == SIZE.0 * SIZE.1, || {
        format!("/dev/vcsa1 has {} cells", cells.len())
    })?;
    let is_dark = |cell: &[u8]| matches!(cell, [_, attribute] if attribute >> 1 & 0xf == DARK_GREY);
    Ok(cells.into_iter().position(is_dark))
}
