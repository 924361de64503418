//! Reports that name another derivation revision, in bundles that all holders closed: a machine that
//! lies can have them sign any manifest.

use std::{fs, process::Output};

use keymoot_core::{Outcome, Rule};
use keymoot_record::{
    bundle::Files,
    report,
    transcript::{Chain, Event},
};
use testkit::{
    forger::Forger,
    stage::{Stage, keymoot, said},
};

use crate::forged::{honest, verdicts, violated};

/// A derivation revision that this program does not have.
const OTHER: u32 = report::DERIVATION + 7;

const BOTH: [u32; 2] = [report::DERIVATION, OTHER];

/// A report that both files are changed into.
type Change = fn(&str) -> String;

/// The honest bundle with other reports, closed by the holders.
fn reported(derivation: u32, change: impl Fn(&str) -> String) -> Files {
    let mut files = honest();
    for name in ["report.html", "report.md"] {
        let report = String::from_utf8(files[name].clone()).unwrap();
        files.insert(name.to_owned(), change(&report).into_bytes());
    }
    Forger::shared().close_with(files, |manifest| {
        manifest["derivation"] = derivation.into();
    })
}

/// The detail of a rule's first verdict on a bundle.
fn detail(files: &Files, rule: Rule) -> Option<(Outcome, String)> {
    let verdicts = verdicts(files.clone(), true).into_iter();
    let mut of_rule = verdicts.filter(|verdict| verdict.rule == rule);
    let first = of_rule.next();
    first.map(|verdict| (verdict.outcome, verdict.detail))
}

/// What the program prints about a bundle by default.
fn verdict(files: &Files) -> Output {
    let stage = Stage::new();
    for (path, content) in files {
        let path = stage.out().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let mut command = keymoot();
    command.args(["verify", "--expect", "rehearsal-small", "--rehearsal"]);
    command.arg(stage.out()).output().unwrap()
}

fn with_more_prose(report: &str) -> String {
    report
        .replace("<h2>", "<p>In other words.</p>\n<h2>")
        .replace("\n## ", "\nIn other words.\n\n## ")
}

#[test]
fn no_event_turns_the_comparison_of_the_report_off() {
    let mut forger = Forger::shared();
    for event in forger.events() {
        if let Event::Opened { program, .. } = event {
            program.name = "keymoot 999.0.0".to_owned();
        }
    }
    let mut files = forger.forge();
    let report = files.get_mut("report.md").unwrap();
    report.extend_from_slice(b"\nIn other words.\n");
    let head = Chain::read(&files["transcript.jsonl"]).unwrap().head();
    let files = Forger::shared().close(files, head);
    let (outcome, detail) = detail(&files, Rule::BundleDerived).unwrap();
    assert_eq!(outcome, Outcome::Violated);
    assert!(detail.ends_with(": report.md"), "{detail}");
}

#[test]
fn the_verdict_says_that_the_prose_of_another_revision_was_not_compared() {
    let files = reported(OTHER, with_more_prose);
    assert_eq!(violated(files.clone()), Vec::<String>::new());
    let (outcome, _) = detail(&files, Rule::BundleAccount).unwrap();
    assert_eq!(outcome, Outcome::NotAsked);
    let output = verdict(&files);
    assert!(output.status.success(), "{}", said(&output));
    let own = report::DERIVATION;
    for due in [
        "\nReport: the prose of report.html and report.md was not compared, only their facts: ",
        &format!("of derivation revision {OTHER}, newer than this program, and this is "),
        &format!(" with revision {own}. "),
        "`keymoot report BUNDLE` renders the report again.\n",
    ] {
        assert!(said(&output).contains(due), "{due}: {}", said(&output));
    }
    assert_eq!(detail(&honest(), Rule::BundleAccount), None);
    let output = verdict(&honest());
    assert!(!said(&output).contains("Report: "), "{}", said(&output));
}

#[test]
fn an_invented_report_is_refused_under_every_revision() {
    let invented = |report: &str| match report.split_once("<body") {
        Some((head, _)) => {
            format!("{head}<body class=\"rehearsal\">\n<p>All went well.</p>\n</body>\n</html>\n")
        }
        None => report.to_owned(),
    };
    for derivation in BOTH {
        let files = reported(derivation, invented);
        assert_eq!(violated(files.clone()), ["BUNDLE-DERIVED"], "{derivation}");
        let output = verdict(&files);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("report.html"), "{}", said(&output));
    }
}

#[test]
fn a_report_that_runs_a_script_is_refused_under_every_revision() {
    let script = |report: &str| report.replacen("<h2>", "<script>alert()</script>\n<h2>", 1);
    for derivation in BOTH {
        let files = reported(derivation, script);
        let (outcome, detail) = detail(&files, Rule::BundleDerived).unwrap();
        assert_eq!(outcome, Outcome::Violated);
        assert!(
            derivation != OTHER || detail.contains("it has <script>"),
            "{detail}"
        );
    }
}

#[test]
fn facts_of_another_revision_are_those_of_the_transcript() {
    let honest = String::from_utf8(honest()["report.html"].clone()).unwrap();
    let digest = &honest[honest.find("<dt>Head</dt>").unwrap()..];
    let digest = &digest[digest.find("<code>").unwrap() + 6..][..64];
    let other_digit = if digest.starts_with('0') { "1" } else { "0" };
    let changes: [(&str, String); 4] = [
        (digest, exchanged(digest, &digest[..1], other_digit)),
        ("holder-3", "holder-4".to_owned()),
        ("KEY-DISTINCT", "KEY-UNIQUE".to_owned()),
        ("<h2>", "<p>In room 4711.</p>\n<h2>".to_owned()),
    ];
    for (fact, instead) in changes {
        assert!(honest.contains(fact), "{fact}");
        let files = reported(OTHER, |report| report.replace(fact, &instead));
        assert_eq!(violated(files), ["BUNDLE-DERIVED"], "{fact}");
    }
}

#[test]
fn another_revision_may_have_tested_other_clients_or_none() {
    let other_version = |report: &str| report.replace(">0.24.0<", ">0.25.1<");
    let no_clients = |report: &str| {
        let Some((before, rest)) = report.split_once("<h2>Which clients") else {
            return report.to_owned();
        };
        let (_, after) = rest.split_once("<h2>").unwrap();
        format!("{before}<h2>{after}")
    };
    assert!(violated(reported(OTHER, other_version)).is_empty());
    assert!(violated(reported(OTHER, no_clients)).is_empty());
    let own = reported(report::DERIVATION, other_version);
    assert_eq!(violated(own), ["BUNDLE-DERIVED"]);
    let invented = |report: &str| report.replace(">0.24.0<", ">0.24.0 of 4711<");
    assert_eq!(violated(reported(OTHER, invented)), ["BUNDLE-DERIVED"]);
}

/// A text with each of two words as the other one.
fn exchanged(text: &str, one: &str, other: &str) -> String {
    text.replace(one, "\0")
        .replace(other, one)
        .replace('\0', other)
}

/// The device of a holder, as the title of its part names it.
fn serial<'r>(report: &'r str, holder: &str) -> &'r str {
    let (_, rest) = report.split_once(&format!(" {holder}: YubiKey ")).unwrap();
    rest.split('\n').next().unwrap()
}

type Capturing<'a> = &'a dyn Fn(&str) -> String;

#[test]
fn facts_of_another_revision_are_together_and_in_the_order_of_the_transcript() {
    let report = String::from_utf8(honest()["report.md"].clone()).unwrap();
    let [one, other] = ["holder-1", "holder-2"].map(|holder| serial(&report, holder));
    assert_ne!(one, other);
    let changes: [(&str, Capturing<'_>); 6] = [
        ("another count of signers", &|report| {
            report.replace("9 of 9 holders signed root", "5 of 9 holders signed root")
        }),
        ("the devices of two holders", &|report| {
            exchanged(report, one, other)
        }),
        ("the handles of two holders", &|report| {
            exchanged(report, "holder-1", "holder-2")
        }),
        ("the employers of two holders", &|report| {
            exchanged(report, "Employer A (simulated)", "Employer B (simulated)")
        }),
        ("two documents", &|report| {
            exchanged(report, "root.json", "targets.json")
        }),
        ("two lines of the words of a digest", &|report| {
            let lines: Vec<&str> = report.split_inclusive('\n').collect();
            let head = lines
                .iter()
                .position(|line| line.starts_with("- **Head:**"));
            let Some(head) = head else {
                return report.to_owned();
            };
            exchanged(report, lines[head + 1], lines[head + 2])
        }),
    ];
    for (what, change) in changes {
        let files = reported(OTHER, change);
        assert_ne!(files["report.md"], honest()["report.md"], "{what}");
        assert_eq!(violated(files), ["BUNDLE-DERIVED"], "{what}");
    }
}

/// Puts this before the first rule of the style sheet.
fn styled(report: &str, css: &str) -> String {
    report.replace("<style>\n", &format!("<style>\n{css}\n"))
}

/// Puts this before the first section of the report in Markdown.
fn written(report: &str, lines: &str) -> String {
    report.replacen("\n## ", &format!("\n{lines}\n\n## "), 1)
}

/// The head of the table of holders in Markdown.
const HOLDERS: &str = "| Seat | Holder | Employer | Country | Device | Firmware | Signed |\n| --- | --- | --- | --- | --- | --- | --- |\n";

const FORGERIES: [Change; 24] = [
    // Style sheets that hide facts, or show others.
    |report| styled(report, "td { display: none }"),
    |report| styled(report, "p::before { content:ATTR(class) }"),
    |report| {
        styled(
            report,
            "p::before { COUNTER-RESET:n 99999999; content: counter(n) }",
        )
    },
    |report| styled(report, "@IMPORT \"//evil.example\";"),
    |report| styled(report, "p { background: URL(//evil.example/a) }"),
    |report| styled(report, "/*'*/ p::before { content:\"Serial 99999999\" }"),
    |report| report.replace("<style>\n", "<style class=\"a\">\np { display: none }\n"),
    // Elements that hide what they contain.
    |report| report.replace("<style>\n", "<style/>\n"),
    |report| report.replace("<h1>", "<style/>\n<h1>"),
    |report| report.replace("<h1>", "<title/>\n<h1>"),
    |report| report.replace("<h1>", "<div class=\"mark\">\n<h1>"),
    |report| {
        let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
        let inside = format!("<title>{policy}");
        report
            .replace(policy, "")
            .replace("<head>", "<head>\n")
            .replacen("<title>", &inside, 1)
    },
    |report| report.replace("<td class=\"short\">", "<td class=\"99999999\">"),
    // A picture that shows other signers, and another command to type.
    |report| report.replace("r=\"17\"", "r=\"0\""),
    |report| report.replace("keymoot verify . --rehearsal", "keymoot status ."),
    // Markdown that acts or hides.
    |report| {
        written(
            report,
            "``` a`b\n<script src=\"//evil.example\"></script>\n```",
        )
    },
    |report| written(report, "``` a`b\n[text](https://evil.example)\n```"),
    |report| written(report, "``` a`b\n<!--\n```"),
    |report| written(report, "~~~"),
    |report| written(report, "Nobody signed.\n==="),
    |report| written(report, "Nobody signed.\n---"),
    |report| report.replace(HOLDERS, "| Seat |\n| --- |\n"),
    |report| written(report, "![](//evil.example/a)"),
    |report| report.replace('\n', "\r\n"),
];

#[test]
fn a_report_of_another_revision_hides_nothing_and_shows_nothing_of_its_own() {
    for (number, change) in FORGERIES.into_iter().enumerate() {
        let files = reported(OTHER, change);
        let is_changed = |name: &&str| files[*name] != honest()[*name];
        let changed = ["report.html", "report.md"].into_iter().find(is_changed);
        let Some(changed) = changed else {
            panic!("forgery {number} changes nothing")
        };
        let (outcome, detail) = detail(&files, Rule::BundleDerived).unwrap();
        assert_eq!(outcome, Outcome::Violated, "forgery {number}");
        assert!(detail.contains(changed), "forgery {number}: {detail}");
    }
}

#[test]
fn the_program_refuses_a_forged_report_of_another_revision_with_three() {
    let files = reported(OTHER, |report| styled(report, "td { display: none }"));
    let output = verdict(&files);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("violates BUNDLE-DERIVED."));
}
