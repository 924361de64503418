//! Rules that only a live ceremony is asked: for each a live bundle that violates it and, signed
//! again by all holders, no other rule.

use std::{fs, path::Path};

use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict};
use keymoot_record::{
    bundle::{self, Bundle, Expectations},
    expectation::ExpectationSet,
    transcript::Event,
};
use testkit::{forger::Forger, vendor::trusted};

use super::ceremony::held;

/// The simulated vendor of the program under test.
fn vendor() -> TrustStore {
    trusted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor"))
}

/// The rules that the live bundle violates after a change to which all holders agree. `None` where
/// the running test is left out.
fn violated(
    change: impl FnOnce(&mut Forger),
    plan: Option<ExpectationSet>,
) -> Option<Vec<Verdict>> {
    let place = held()?;
    let mut forger = Forger::live(&place.dir(), &place.out(), &place.devices(), vendor());
    change(&mut forger);
    let bundle = Bundle::of(forger.forge());
    let expected = Expectations {
        plan,
        ..Expectations::default()
    };
    let mut verdicts = bundle::verify(&bundle, &expected, &vendor());
    verdicts.retain(Verdict::is_violated);
    Some(verdicts)
}

/// Whether the change violates this rule alone.
fn violates_alone(rule: Rule, words: &str, change: impl FnOnce(&mut Forger)) {
    let Some(verdicts) = violated(change, None) else {
        return;
    };
    let [one] = verdicts.as_slice() else {
        panic!("{verdicts:?}");
    };
    assert_eq!(one.rule, rule);
    assert!(one.detail.contains(words), "{}", one.detail);
}

#[test]
fn a_live_bundle_that_is_signed_again_without_a_change_violates_nothing() {
    let verdicts = violated(|_| {}, None);
    assert!(verdicts.is_none_or(|verdicts| verdicts.is_empty()));
}

#[test]
fn a_wall_clock_that_showed_another_time_than_the_machine_is_found_in_the_bundle() {
    violates_alone(Rule::MachineWatch, "the machine's clock showed", |forger| {
        for event in forger.events() {
            let Event::Confirmed { fields, .. } = event else {
                continue;
            };
            if let Some(clock) = fields.get_mut("clock") {
                // Half a day later or earlier, of the same form.
                let hours: u32 = clock[..2].parse().unwrap();
                *clock = format!("{:02}{}", (hours + 12) % 24, &clock[2..]);
            }
        }
    });
}

#[test]
fn a_country_that_is_for_rehearsals_alone_is_found_in_a_live_bundle() {
    violates_alone(Rule::PlanLive, "XA", |forger| {
        let roster = forger.plan.roster.replacen("\"CH\"", "\"XA\"", 1);
        assert_ne!(roster, forger.plan.roster);
        forger.plan.roster = roster;
    });
}

#[test]
fn a_recipient_that_its_holder_never_opened_is_found_in_a_live_bundle() {
    violates_alone(Rule::RosterRecipient, "holder-1", |forger| {
        let lines = forger.plan.roster.lines();
        let first = lines
            .clone()
            .position(|line| line.starts_with("recipient_answer"));
        let kept = lines.enumerate().filter(|(at, _)| Some(*at) != first);
        let kept: Vec<_> = kept.map(|(_, line)| line).collect();
        forger.plan.roster = kept.join("\n") + "\n";
    });
}

#[test]
fn a_live_bundle_of_an_older_format_than_expected_is_refused() {
    let text = fs::read_to_string(super::bundle::EXPECTATIONS).unwrap();
    let later = format!("minimum_format = 3\n{text}");
    let set = ExpectationSet::parse(&later).unwrap();
    let Some(verdicts) = violated(|_| {}, Some(set)) else {
        return;
    };
    let rules: Vec<_> = verdicts.iter().map(|one| one.rule.to_string()).collect();
    assert_eq!(rules, [Rule::TranscriptExpected.id()], "{verdicts:?}");
}
