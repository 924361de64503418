//! A whole rehearsal of people with hostile names: its lines, its reports, its
//! bundle, and the output of the other subcommands about it.

use std::{fs, path::Path};

use keymoot_core::text::is_invisible;
use testkit::hostile::strings::{self, Hostile};

use crate::{argument, is_safe, is_shown, said};

const SCRIPT: &str = include_str!("../../ceremony-scripts/initial-root.toml");

/// The hostile texts that a roster may contain, and those with characters that nobody sees.
fn seen_and_hidden() -> (Vec<&'static Hostile>, Vec<&'static Hostile>) {
    let is_seen = |hostile: &&Hostile| !hostile.text.contains(is_invisible);
    strings::ALL.iter().partition(is_seen)
}

/// Nine holders with hostile names and employers, and a witness for every such text.
fn roster() -> String {
    let (seen, _) = seen_and_hidden();
    let mut roster = format!(
        "format = \"keymoot-roster-1\"\nadministrator = {}\n",
        strings::quoted(&format!("{} administrator", seen[0].text))
    );
    for (number, hostile) in seen.iter().enumerate() {
        let name = strings::quoted(&format!("{} witness {number}", hostile.text));
        roster += &format!("[[witness]]\nname = {name}\n");
    }
    for number in 1..=9 {
        let text = |at: usize| {
            let hostile = seen[(number * 2 + at) % seen.len()];
            strings::quoted(&format!("{} holder {number}", hostile.text))
        };
        roster += &format!(
            "[[holder]]\nhandle = \"holder-{number}\"\nname = {}\nemployer = {}\ncountry = \"X{}\"\n",
            text(0),
            text(1),
            char::from(b'A' + number as u8)
        );
    }
    roster
}

/// The first ceremony's script, whose titles are the texts that a roster may not contain.
fn titled() -> String {
    let (_, hidden) = seen_and_hidden();
    let mut texts = hidden.chunks(2).cycle().map(|texts| {
        let texts: Vec<_> = texts.iter().map(|hostile| hostile.text).collect();
        strings::quoted(&texts.join(" "))
    });
    let lines = SCRIPT
        .lines()
        .map(|line| match line.starts_with("title = ") {
            true => format!("title = {}", texts.next().unwrap()),
            false => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_name_that_hides_something_is_refused_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.toml");
    for hostile in seen_and_hidden().1 {
        let quoted = strings::quoted(hostile.text);
        fs::write(&path, roster() + &format!("[[witness]]\nname = {quoted}\n")).unwrap();
        let arguments = [
            "rehearse",
            "--unattended",
            "--roster",
            path.to_str().unwrap(),
        ];
        let said = said(arguments);
        assert!(said.contains("ROSTER-COMPLETE"), "{said}");
        is_safe(hostile, &said);
    }
}

fn all_safe(what: &str, said: &str) {
    assert!(!said.trim().is_empty(), "{what} says nothing");
    for hostile in strings::ALL {
        is_safe(hostile, said);
    }
}

#[test]
fn no_line_no_account_and_no_subcommand_obeys_the_people_it_is_about() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("roster.toml"), roster()).unwrap();
    fs::write(at("script.toml"), titled()).unwrap();
    let (dir, bundle, tree) = (at("ceremony"), at("bundle"), at("tree"));
    fs::create_dir(&tree).unwrap();
    let (script, roster) = (at("script.toml"), at("roster.toml"));
    let [script, roster, dir, bundle, tree] =
        [&script, &roster, &dir, &bundle, &tree].map(|path: &std::path::PathBuf| path.as_path());
    let rehearse =
        ["rehearse", "--unattended", "--seed", "7"].map(AsRef::<std::ffi::OsStr>::as_ref);
    let named = [("--roster", roster), ("--dir", dir), ("--out", bundle)];
    let named = named
        .iter()
        .flat_map(|(name, path)| [(*name).as_ref(), argument(path)]);
    let told = said(rehearse.into_iter().chain([argument(script)]).chain(named));
    all_safe("rehearse", &told);
    assert!(told.contains("The bundle is at"), "{told}");

    for name in ["report.html", "report.md"] {
        let account = fs::read_to_string(bundle.join(name)).unwrap();
        for hostile in strings::ALL {
            is_shown(hostile, &account);
        }
    }
    for (what, arguments) in subcommands(bundle, tree) {
        all_safe(what, &said(arguments));
    }
    let root = tree.join("metadata/root.json");
    assert!(root.is_file(), "the export wrote nothing");
    for what in ["show", "verify"] {
        all_safe(
            what,
            &said(["tuf".as_ref(), what.as_ref(), argument(&root)]),
        );
    }
    all_safe("status", &said(["status".as_ref(), argument(tree)]));

    // What somebody put beside it, whose name is as hostile.
    for hostile in strings::ALL
        .iter()
        .filter(|hostile| !hostile.text.contains(['\0', '/']))
    {
        let path = bundle.join(hostile.text);
        fs::write(&path, "").unwrap();
        let verify = [
            "verify".as_ref(),
            "--expect=rehearsal-small".as_ref(),
            "--rules".as_ref(),
            argument(bundle),
            "--rehearsal".as_ref(),
        ];
        is_shown(hostile, &said(verify));
        fs::remove_file(path).unwrap();
    }
}

/// The subcommands that read a bundle.
fn subcommands<'p>(
    bundle: &'p Path,
    tree: &'p Path,
) -> Vec<(&'static str, Vec<&'p std::ffi::OsStr>)> {
    let bundle = argument(bundle);
    vec![
        (
            "verify",
            vec![
                "verify".as_ref(),
                "--expect=rehearsal-small".as_ref(),
                "--rules".as_ref(),
                bundle,
                "--rehearsal".as_ref(),
            ],
        ),
        (
            "verify --json",
            vec![
                "verify".as_ref(),
                "--expect=rehearsal-small".as_ref(),
                "--rules".as_ref(),
                bundle,
                "--rehearsal".as_ref(),
                "--json".as_ref(),
            ],
        ),
        ("status", vec!["status".as_ref(), bundle]),
        (
            "status --json",
            vec!["status".as_ref(), bundle, "--json".as_ref()],
        ),
        (
            "export",
            [
                "export".as_ref(),
                bundle,
                "--dialect".as_ref(),
                "tuf-on-ci".as_ref(),
                "--into".as_ref(),
                argument(tree),
                "--rehearsal".as_ref(),
            ]
            .to_vec(),
        ),
    ]
}
