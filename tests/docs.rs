//! The documents agree with the program, where a test can compare them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keymoot_core::Rule;
use keymoot_record::{
    ceremony::script::{CheckedScript, Kind},
    clients::{CLIENTS, Of},
};
use keymoot_tuf::{Dialect, key::Algorithm};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

#[test]
fn the_page_about_publishing_has_the_table_of_clients() {
    let page = read("docs/publishing.md");
    let cell = |follows: bool| if follows { "follows" } else { "no" };
    for client in CLIENTS {
        let dialects = Dialect::ALL.map(|of| client.limits_of(of, &[]).next().is_none());
        let others = [Algorithm::Ed25519, Algorithm::EcdsaP384, Algorithm::RsaPss].map(|of| {
            !client
                .limits
                .iter()
                .any(|limit| limit.of == Of::Algorithm(of))
        });
        let cells: Vec<_> = dialects.into_iter().chain(others).map(cell).collect();
        let line = format!("| {client} | {} |", cells.join(" | "));
        assert!(page.contains(&line), "{line}");
        for limit in client.limits {
            assert!(page.contains(limit.why), "{}", limit.why);
            assert!(page.contains(limit.issue.unwrap_or_default()), "{limit}");
        }
    }
}

/// Every file under a folder of the workspace that is part of it: nothing hidden
/// but `.ci`, nothing built, no rehearsal that somebody held here.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let hidden = name.starts_with('.') && name != ".ci";
        if hidden || name == "target" || name.starts_with("rehearsal-") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn texts(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    files(&workspace().join(folder))
        .into_iter()
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
        .collect()
}

/// Whether a word has the form of a rule's id.
fn is_rule(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c == '-';
    word.split_once('-').is_some_and(|(family, name)| {
        let known = Rule::ALL.iter().any(|rule| rule.family() == family);
        known && !name.is_empty() && name.chars().all(plain)
    })
}

/// The entries of `docs/rules.md`: id and text.
fn entries() -> Vec<(String, String)> {
    read("docs/rules.md")
        .split("\n### ")
        .skip(1)
        .map(|entry| {
            let (id, text) = entry.split_once('\n').unwrap();
            (id.to_owned(), text.to_owned())
        })
        .collect()
}

/// The claim of an entry, on one line.
fn claim(entry: &str) -> String {
    let (_, claim) = entry.split_once("- **Claim:** ").unwrap_or_default();
    let (claim, _) = claim.split_once("\n- **").unwrap_or((claim, ""));
    claim.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_rule_has_one_entry_with_its_claim_in_the_order_of_the_program() {
    let documented = entries().into_iter();
    let documented: Vec<_> = documented.map(|(id, text)| (id, claim(&text))).collect();
    let known = Rule::ALL.iter();
    let known: Vec<_> = known
        .map(|rule| (rule.id().to_owned(), rule.claim().to_owned()))
        .collect();
    for (documented, known) in documented.iter().zip(&known) {
        assert_eq!(documented, known);
    }
    assert_eq!(documented.len(), known.len());
}

/// The names of findings in TUF metadata, from functions called `name`
/// and from messages.
fn findings_in_the_program() -> BTreeSet<String> {
    let texts = [
        texts("crates/tuf/src", ".rs"),
        texts("crates/verify/src/tuf", ".rs"),
    ]
    .concat();
    let plain = |name: &str| {
        name.len() > 3
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "-.".contains(c))
    };
    texts
        .iter()
        .flat_map(|(_, text)| text.split(['\n', '{']))
        .filter_map(|line| {
            line.split_once("=> \"")
                .or_else(|| line.split_once("name: \""))
        })
        .filter_map(|(_, rest)| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| plain(name) && name != "RSA-PSS")
        .collect()
}

#[test]
fn everything_found_in_metadata_is_in_the_table_of_the_formats() {
    let formats = read("docs/formats.md");
    let (_, table) = formats.split_once("\n### What is found\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap_or((table, ""));
    let documented: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(documented, findings_in_the_program());
}

#[test]
fn every_entry_gives_claim_reason_check_and_remedy() {
    for (id, text) in entries() {
        for part in [
            "- **Claim:** ",
            "- **Why:** ",
            "- **Check:** ",
            "- **If violated:** ",
        ] {
            assert!(text.contains(part), "{id} has no {part}");
        }
    }
}

/// The parts of the threat model: who may lie, and the text about them.
fn liars() -> Vec<(String, String)> {
    let model = read("docs/threat-model.md");
    let parts = model.split("\n## ").skip(1);
    let parts = parts.filter_map(|part| part.split_once('\n'));
    parts
        .map(|(title, text)| (title.to_owned(), text.to_owned()))
        .filter(|(_, text)| text.contains("**Would gain:**"))
        .collect()
}

/// The tests that a text names: file and function.
fn tests_named_in(text: &str) -> Vec<(String, String)> {
    let code = text.split('`').skip(1).step_by(2);
    let named = code.filter_map(|code| code.split_once("::"));
    named
        .map(|(file, function)| (file.to_owned(), function.to_owned()))
        .collect()
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    for (who, text) in liars() {
        let named = tests_named_in(&text);
        assert!(!named.is_empty(), "{who}: no claim is shown by a test");
        for (file, function) in named {
            let there = read(&file).contains(&format!("#[test]\nfn {function}()"))
                || read(&file).contains(&format!("    #[test]\n    fn {function}()"));
            assert!(there, "{who}: {file} has no test {function}");
        }
    }
}

#[test]
fn every_rule_that_the_threat_model_names_has_an_entry() {
    let entries: BTreeSet<String> = entries().into_iter().map(|(id, _)| id).collect();
    let model = read("docs/threat-model.md");
    let words = model.split(|c: char| !(c.is_ascii_uppercase() || c == '-'));
    let named: Vec<_> = words.filter(|word| is_rule(word)).collect();
    assert!(named.len() > 30, "{named:?}");
    for rule in named {
        assert!(entries.contains(rule), "{rule}");
    }
}

#[test]
fn the_threat_model_says_of_everybody_what_remains() {
    assert!(liars().len() >= 10);
    for (who, text) in liars() {
        assert!(text.contains("**What remains:**"), "{who}");
    }
}

/// The names of the shipped scripts.
fn scripts() -> BTreeSet<String> {
    names("ceremony-scripts", ".toml")
        .into_iter()
        .filter(|name| !name.starts_with("policy"))
        .collect()
}

/// The names of the files in a folder itself, without their ending.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    fs::read_dir(workspace().join(folder))
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(ending).map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_script_has_a_runbook_and_an_opening() {
    assert_eq!(names("runbooks", ".md"), scripts());
    assert_eq!(names("runbooks/opening", ".md"), scripts());
}

#[test]
fn every_runbook_is_what_the_program_prints() {
    for name in scripts() {
        let output = Command::new(env!("CARGO_BIN_EXE_keymoot"))
            .args(["script", "runbook", &name])
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}");
        assert!(
            output.stdout == read(&format!("runbooks/{name}.md")).as_bytes(),
            "runbooks/{name}.md is out of date: \
             keymoot script runbook {name} > runbooks/{name}.md"
        );
        let opening = read(&format!("runbooks/opening/{name}.md"));
        let page = read(&format!("runbooks/{name}.md"));
        assert!(page.contains(opening.trim()), "{name} has no opening");
    }
}

#[test]
fn no_runbook_has_an_escaped_line_for_writing_on() {
    for (path, text) in texts("runbooks", ".md") {
        assert!(!text.contains("\\_"), "{}", path.display());
    }
}

#[test]
fn no_occasion_takes_fewer_minutes_than_an_emergency() {
    let minutes = |name: &String| {
        let text = read(&format!("ceremony-scripts/{name}.toml"));
        CheckedScript::parse(&text).unwrap().minutes()
    };
    let emergency = minutes(&"emergency-revocation".to_owned());
    for name in scripts() {
        assert!(minutes(&name) >= emergency, "{name}");
    }
}

#[test]
fn every_opening_says_when_what_can_go_wrong_and_whom_to_tell() {
    for name in scripts() {
        let opening = read(&format!("runbooks/opening/{name}.md"));
        for part in [
            "**When to hold this ceremony.**",
            "**What can go wrong.**",
            "**Whom to tell.**",
        ] {
            assert!(opening.contains(part), "{name} has no {part}");
        }
    }
}

#[test]
fn every_opening_of_a_ceremony_that_signs_says_that_a_snapshot_and_a_timestamp_follow() {
    let signs = |name: &String| {
        let text = read(&format!("ceremony-scripts/{name}.toml"));
        let script = CheckedScript::parse(&text).unwrap();
        script.steps().any(|(_, step)| step.kind == Kind::Sign)
    };
    for name in scripts().iter().filter(|name| signs(name)) {
        let opening = read(&format!("runbooks/opening/{name}.md"));
        let opening = opening.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = ["docs/publishing.md", "sign snapshot and timestamp"];
        assert!(says.iter().any(|said| opening.contains(said)), "{name}");
    }
}

#[test]
fn a_runbook_shows_what_a_script_tries_to_hide() {
    let script = read("ceremony-scripts/initial-root.toml")
        .replace("title = \"Roll call\"", "title = \"Roll\\u202e call\"");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["script", "runbook"])
        .arg(file.path())
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("Roll\\u{202e} call") && !page.contains('\u{202e}'));
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for (path, text) in texts("", ".md") {
        for target in text.split("](").skip(1) {
            let target = target.split([')', '#']).next().unwrap();
            if target.is_empty() || target.starts_with("https://") {
                continue;
            }
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn no_text_names_a_path_of_somebodys_machine() {
    // Put together here, so that this file does not name them either.
    let homes = ["home", "root", "Users", "work"].map(|name| format!("/{name}/"));
    for (path, text) in texts("", "") {
        let lines = text.lines().filter(|line| {
            homes.iter().any(|home| {
                line.match_indices(home).any(|(at, _)| {
                    // Part of a longer path or of an address.
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.~}".contains(c))
                })
            })
        });
        assert_eq!(lines.collect::<Vec<_>>(), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_annotated_ceremony_explains_every_line_of_its_transcript() {
    let transcript = read("tests/data/bundles/0.2.0-live/bundle/transcript.jsonl");
    let kinds: Vec<String> = transcript
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            entry["event"]["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut explained = 0;
    for row in read("docs/annotated-ceremony.md").lines() {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let (Some(seq), Some(kind), Some(text)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let Ok(seq) = seq.parse::<usize>() else {
            continue;
        };
        assert_eq!(seq, explained, "{row}");
        assert_eq!(kind, format!("`{}`", kinds[seq]), "{row}");
        let last = text.split_once("up to line ").map(|(_, last)| {
            let last = last.trim_end_matches('.');
            last.parse::<usize>().unwrap()
        });
        explained = last.unwrap_or(seq) + 1;
    }
    assert_eq!(explained, kinds.len());
}
