//! Bundles that violate a rule of what a ceremony starts from: script, policy, roster, the files that
//! the quorum authorises, and the list of revoked keys.

use keymoot_core::{Rule, digest::Digest};
use keymoot_record::{
    bundle::ExpectedFiles,
    expectation::ExpectationSet,
    transcript::{Event, PlanPart},
};
use testkit::forger::Forger;

use super::{
    NO_ROW, Row,
    forging::{Forged, changed, later, policy, replaced, roster, unchanged},
};

fn script(from: &str, to: &str) -> Forged {
    changed(|forger| replaced(&mut forger.plan.script, from, to))
}

/// Gives the first holders the same value of a field.
fn same(roster: &mut String, field: &str, holders: usize, value: &str) {
    let mut left = holders;
    let lines = roster.lines().map(|line| match line.split_once(" = ") {
        Some((name, _)) if name == field && left > 0 => {
            left -= 1;
            format!("{field} = \"{value}\"")
        }
        _ => line.to_owned(),
    });
    *roster = lines.collect::<Vec<_>>().join("\n") + "\n";
}

/// A file that the policy has the quorum sign.
fn authorised(kind: &str) -> String {
    format!("\n[[authorised]]\npath = \"key.pem\"\nkind = \"{kind}\"\n")
}

pub(super) fn row(rule: Rule) -> Row {
    Ok(match rule {
        Rule::ScriptRead => changed(|f| f.plan.script.insert_str(0, "unknown = 1\n")),
        Rule::ScriptIds => script("id = \"room\"", "id = \"Room\""),
        Rule::ScriptFields => script("minutes = 5", "minutes = 481"),
        Rule::ScriptOrder => script("kind = \"export\"", "kind = \"confirm\""),
        Rule::ScriptDocuments => changed(|f| {
            f.plan.script = f.plan.script.replace(
                "[\"root.json\", \"targets.json\", \"crates.json\"]",
                "[\"root.json\", \"crates.json\"]",
            );
        }),
        Rule::ScriptExpected => changed(without_last_words).expecting(|expected| {
            expected.plan = ExpectationSet::shipped("rfc-3724");
        }),
        Rule::PolicyRead => changed(|f| f.plan.policy.insert_str(0, "unknown = 1\n")),
        Rule::PolicyBounds => policy("clock_margin_minutes = 60", "clock_margin_minutes = 0"),
        Rule::PolicyOnline => changed(|f| {
            let online = f.plan.policy.find("[online]").unwrap();
            let key = online + f.plan.policy[online..].find("MFkw").unwrap();
            f.plan.policy.replace_range(key..key + 4, "AAAA");
        }),
        Rule::PolicyReach => policy(
            "role = \"nightly\"\n",
            "role = \"nightly\"\npaths = [\"release/nightly\"]\n",
        ),
        Rule::PolicyPrevious => later(2, |f| {
            replaced(
                &mut f.plan.policy,
                "[root]\nexpiry_days = 455",
                "[root]\nexpiry_days = 400",
            );
        }),
        Rule::PolicyExpected => Forged::from(unchanged()).expecting(|expected| {
            let text = include_str!("../../../ceremony-scripts/expectations/rfc-3724.toml");
            let stricter = text.replace("root = 455", "root = 100");
            assert_ne!(stricter, text);
            expected.plan = Some(ExpectationSet::parse(&stricter).unwrap());
        }),
        Rule::RosterRead => changed(|f| f.plan.roster.insert_str(0, "unknown = 1\n")),
        Rule::RosterSize => roster(|text| {
            let last = text.rfind("[[holder]]").unwrap();
            text.truncate(last);
        }),
        Rule::RosterDistinct => roster(|text| same(text, "handle", 2, "holder-1")),
        Rule::RosterDevices => roster(|text| {
            for holder in ["holder-1", "holder-2"] {
                let handle = format!("handle = \"{holder}\"");
                replaced(text, &handle, &format!("{handle}\ndevices = [1]"));
            }
        }),
        Rule::RosterEmployer => roster(|text| same(text, "employer", 4, "One Company")),
        Rule::RosterCountry => roster(|text| same(text, "country", 4, "XA")),
        Rule::RosterComplete => roster(|text| same(text, "name", 1, "")),
        Rule::RosterExpected => Forged::from(unchanged()).expecting(|expected| {
            expected.files = ExpectedFiles {
                roster: Some(Digest::of(b"another roster")),
                ..ExpectedFiles::default()
            };
        }),
        Rule::RosterChange => later(2, |f| {
            f.plan.roster = f.plan.roster.replace("\"holder-9\"", "\"holder-99\"");
        }),
        Rule::PlanRead => changed(|f| {
            f.lines.retain(|(event, _)| {
                !matches!(
                    event,
                    Event::PlanRead {
                        part: PlanPart::Script,
                        ..
                    }
                )
            });
        }),
        Rule::AuthorisedGiven => changed(|f| f.plan.policy += &authorised("file")),
        Rule::AuthorisedKind => changed(|f| {
            f.plan.policy += &authorised("public-key");
            let path = "incoming/authorised/key.pem".to_owned();
            f.plan.inputs.insert(path, b"no key".to_vec());
        }),
        Rule::RevokedAuthorised => later(5, |f| {
            let list = "previous/tuf-root/targets/revoked.json";
            f.plan.inputs.remove(list).unwrap();
        }),
        _ => return Err(NO_ROW),
    })
}

/// A script without the step that asks for last words, and a ceremony that did not have it.
fn without_last_words(forger: &mut Forger) {
    let script = &mut forger.plan.script;
    let begin = script.find("[[act.step]]\nid = \"last-words\"").unwrap();
    let rest = script[begin + 1..].find("[[act.step]]").unwrap();
    script.replace_range(begin..=begin + rest, "");
    forger.lines.retain(|(event, _)| {
        let step = match event {
            Event::StepBegun { step } | Event::StepDone { step } => step,
            Event::Confirmed { step, .. } => step,
            _ => return true,
        };
        step != "last-words"
    });
}
