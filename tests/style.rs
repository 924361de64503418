//! The texts and comments are plain English: short sentences, short lines, the field's words, links
//! that lead somewhere. CONTRIBUTING.md explains the rules to people; here a program checks what it
//! can.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest sentence, in words.
const LONGEST_SENTENCE: usize = 35;

/// The longest line of a Markdown file, in characters. Rows of tables and code may be longer.
const LONGEST_LINE: usize = 100;

/// Words that a text of this project avoids, and what it says instead.
const WORDS: [(&str, &str); 37] = [
    ("anew", "again"),
    ("are told", "are reported, are shown"),
    ("as far as", "where"),
    ("besides", "also, beside"),
    ("but for", "except"),
    ("go on", "continue"),
    ("goes on", "continues"),
    ("goes on from", "starts from"),
    ("held against", "compared with"),
    ("in the place of", "instead of"),
    ("inquiry", "investigation"),
    ("is known again", "is reproducible"),
    ("is thrown out", "is revoked, is removed"),
    ("is told", "is reported, is shown"),
    ("judge", "check, verify"),
    ("judged", "checked, verified"),
    ("judges", "checks, verifies"),
    ("laid into", "written to"),
    ("leaves the room", "is exported"),
    ("mended", "fixed"),
    ("mishap", "device error"),
    ("shown once", "displayed once"),
    ("stands in", "is in"),
    ("tells of", "reports, names"),
    ("the account", "the report"),
    ("thrown out", "revoked, removed"),
    ("told of", "reported"),
    ("vouch for", "authorise, attest"),
    ("vouched for", "authorised, attested"),
    ("vouches for", "authorises, attests"),
    ("way on", "next step"),
    ("what earlier ceremonies left", "the previous state"),
    ("what it comes to", "the result"),
    ("what unlocks the device", "PUK and management key"),
    ("whatever", "anything, each"),
    ("wherever", "where"),
    ("whoever", "who, anyone"),
];

/// Phrases that strings in code avoid, too.
const PRINTED: [(&str, &str); 7] = [
    ("mend", "fix"),
    ("rules hold", "rules passed"),
    ("stands at", "is at"),
    ("stands under", "is under"),
    ("tell what", "show what"),
    ("to go on", "to continue"),
    ("yubihsm 2 units", "YubiHSM 2s"),
];

/// Written by `keymoot script runbook` from scripts and openings, which are checked themselves.
const GENERATED: &str = "runbooks/";

/// The history of released versions is not rewritten.
const CHANGELOG: &str = "CHANGELOG.md";

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files with an ending below a folder, except what is built, hidden or recorded.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let hidden = name.starts_with('.') && name != ".github";
        if hidden || name == "target" || name == "data" || name.starts_with("rehearsal-") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// The path in the workspace, and the text.
fn texts(folder: &str, ending: &str) -> Vec<(String, String)> {
    let found = files(&workspace().join(folder), ending).into_iter();
    found
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let inside = path.strip_prefix(workspace()).unwrap();
            (inside.to_str().unwrap().to_owned(), text)
        })
        .collect()
}

/// The pages that people wrote.
fn pages() -> Vec<(String, String)> {
    let mut pages = texts("", ".md");
    pages.retain(|(path, _)| {
        let generated = path
            .strip_prefix(GENERATED)
            .is_some_and(|inside| !inside.contains('/'));
        !generated && path != CHANGELOG
    });
    pages
}

/// The lines of a page that are prose or a table: no fenced or indented code.
fn prose(page: &str) -> Vec<&str> {
    let (mut fenced, mut blank, mut lines) = (false, true, Vec::new());
    for line in page.lines() {
        let fence = line.trim_start().starts_with("```");
        let code = fenced || fence || (line.starts_with("    ") && blank);
        if !code {
            blank = line.trim().is_empty();
            lines.push(line);
        }
        fenced ^= fence;
    }
    lines
}

/// A text with each piece of inline code, link target and HTML tag as one plain word.
fn plain(text: &str) -> String {
    let mut words = String::new();
    for (n, part) in text.split('`').enumerate() {
        words.push_str(if n % 2 == 0 { part } else { "Code" });
    }
    let mut shown = String::new();
    let mut rest = words.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    shown.push_str(rest);
    shown.replace(['[', ']', '*'], "")
}

/// The paragraphs, list items, headings and cells of a page, each in one line.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in prose(page) {
        let line = line.trim().trim_start_matches('>').trim_start();
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        let number = line.split_once(". ").filter(|(number, _)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if line.starts_with('|') {
            blocks.extend(line.split('|').map(str::to_owned));
            blocks.push(String::new());
        } else if line.is_empty() || line.starts_with('#') {
            blocks.push(line.trim_start_matches('#').trim().to_owned());
            blocks.push(String::new());
        } else if let Some(text) = item.or(number.map(|(_, text)| text)) {
            blocks.push(text.to_owned());
        } else if let Some(block) = blocks.last_mut() {
            block.push(' ');
            block.push_str(line);
        }
    }
    blocks.iter().map(|block| plain(block)).collect()
}

/// The sentences of a block. A sentence may begin with the name of the program, in lower case.
fn sentences(block: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    for (at, _) in block.match_indices(['.', '!', '?']) {
        let rest = block.get(at + 1..).unwrap_or_default();
        let next = rest.trim_start_matches([')', '"', '\'']);
        let begins = next.trim_start();
        let ends = next.is_empty()
            || next.starts_with(' ')
                && (begins.starts_with("keymoot")
                    || begins.starts_with(|first: char| !first.is_lowercase()));
        if ends {
            found.push(block.get(begin..=at).unwrap_or_default());
            begin = at + 1;
        }
    }
    found.push(block.get(begin..).unwrap_or_default());
    found
}

fn words(sentence: &str) -> usize {
    let words = sentence.split_whitespace();
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .count()
}

/// Whether a text has a phrase as whole words.
fn says(text: &str, phrase: &str) -> bool {
    let text = text.to_lowercase();
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
    text.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + phrase.len()..]);
        edge(before.chars().next_back()) && edge(after.chars().next())
    })
}

/// The phrases that a text has and should not have.
fn avoided(text: &str, phrases: &[(&str, &str)]) -> Vec<String> {
    let found = phrases.iter().filter(|(phrase, _)| says(text, phrase));
    found
        .map(|(phrase, instead)| format!("\"{phrase}\" (write: {instead}): {text}"))
        .collect()
}

/// What the rules find in blocks of text.
fn findings_in(blocks: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks {
        for sentence in sentences(block) {
            let count = words(sentence);
            if count > LONGEST_SENTENCE {
                let sentence = sentence.trim();
                found.push(format!("{count} words: {sentence}"));
            }
        }
        found.extend(avoided(block, &WORDS));
        found.extend(avoided(block, &PRINTED));
    }
    found
}

fn findings(page: &str) -> Vec<String> {
    let mut found = findings_in(&blocks(page));
    for line in prose(page) {
        let long = line.chars().count() > LONGEST_LINE;
        // What has no space cannot be wrapped.
        let wraps = line.trim().contains(' ') && !line.contains("](https://");
        if long && wraps && !line.trim_start().starts_with('|') {
            found.push(format!("longer than {LONGEST_LINE} columns: {line}"));
        }
    }
    found
}

/// The strings in a script that people read or say.
fn spoken(value: &toml::Value, found: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                match (name.as_str(), value) {
                    ("words" | "title" | "label", toml::Value::String(text)) => {
                        found.push(text.clone());
                    }
                    _ => spoken(value, found),
                }
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| spoken(item, found)),
        _ => {}
    }
}

/// The comments of a source file, as a page.
fn comments(source: &str) -> String {
    let lines = source.lines().map(|line| {
        let comment = line.trim_start().strip_prefix("//");
        comment.map_or("", |comment| comment.trim_start_matches(['/', '!']).trim())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The phrases that strings in a source file have and should not have.
fn printed(source: &str) -> Vec<String> {
    let lines = source.lines().map(str::trim);
    let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
    // A string may continue on the next line.
    let code = code.join("\n").replace("\\\n", "");
    code.lines()
        .flat_map(|line| avoided(line, &PRINTED))
        .collect()
}

/// Every file that is checked, with what was found in it.
fn checked() -> Vec<(String, Vec<String>)> {
    let sources = texts("", ".rs").into_iter();
    let sources = sources.map(|(path, text)| {
        let mut found = findings_in(&blocks(&comments(&text)));
        // This file has the phrases themselves.
        if path != file!() {
            found.extend(printed(&text));
        }
        (path, found)
    });
    let image = texts("image/root", "").into_iter();
    let image = image.map(|(path, text)| {
        let of_line = |line| [avoided(line, &WORDS), avoided(line, &PRINTED)].concat();
        (path, text.lines().flat_map(of_line).collect())
    });
    let pages = pages().into_iter();
    let pages = pages.map(|(path, text)| (path, findings(&text)));
    let scripts = texts("ceremony-scripts", ".toml").into_iter();
    let scripts = scripts.map(|(path, text)| {
        let mut blocks = Vec::new();
        spoken(&toml::Value::Table(text.parse().unwrap()), &mut blocks);
        (path, findings_in(&blocks))
    });
    pages.chain(scripts).chain(sources).chain(image).collect()
}

#[test]
fn every_text_keeps_to_the_rules_of_plain_english() {
    let mut all = String::new();
    for (path, found) in checked() {
        for finding in found {
            all.push_str(&format!("{path}: {finding}\n"));
        }
    }
    assert!(all.is_empty(), "\n{all}");
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_leads_to_a_heading_that_exists() {
    for (path, text) in texts("", ".md") {
        let page = workspace().join(&path);
        for target in text.split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            let Some((file, wanted)) = target.split_once('#') else {
                continue;
            };
            if file.starts_with("https:") {
                continue;
            }
            let file = match file.is_empty() {
                true => page.clone(),
                false => page.parent().unwrap().join(file),
            };
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            assert!(
                headings.any(|heading| anchor(heading) == wanted),
                "{path}: there is no {target}"
            );
        }
    }
}

#[test]
fn the_check_finds_what_it_is_there_for() {
    let long = format!("{}end.", "word ".repeat(LONGEST_SENTENCE));
    assert_eq!(findings(&long).len(), 2, "a long sentence in a long line");
    assert_eq!(findings("Whoever reads this.").len(), 1);
    assert_eq!(findings("The lock is mended.").len(), 1);
    assert_eq!(printed("say!(\"press Enter to \\\n     go on\");").len(), 1);
    let allowed = [
        "`whoever` is code.",
        "```\nwhoever\n```",
        "Recommended and amended.",
        "One sentence of a few words. Another, e.g. this one.",
    ];
    for text in allowed {
        assert_eq!(findings(text), [""; 0], "{text}");
    }
}
