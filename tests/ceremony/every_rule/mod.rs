//! For every rule a bundle that violates it and, signed again by all holders, no other rule.
//!
//! Anyone who switches a rule off makes its line of a table fail. Four files have the tables, by the
//! families of the rules. Where no bundle can violate a rule, `elsewhere` says why, and which tests
//! do.

mod devices;
mod documents;
mod elsewhere;
mod forging;
mod inputs;
mod record;

use std::collections::BTreeSet;

use keymoot_core::Rule;
use keymoot_record::transcript::Chain;
use testkit::forger::Forger;

use self::{
    elsewhere::elsewhere,
    forging::{Forged, later, unchanged},
};
use crate::forged::MANIFEST;

/// A rule that no table knows.
const NO_ROW: &str = "no row";

/// A forged bundle; or why there is none.
type Row = Result<Forged, &'static str>;

/// The bundle of a rule, from the table that has the rule's family.
fn row(rule: Rule) -> Row {
    if let Some(elsewhere) = elsewhere(rule) {
        return Err(elsewhere.why);
    }
    match rule.family() {
        "SCRIPT" | "POLICY" | "ROSTER" | "PLAN" | "AUTHORISED" | "REVOKED" => inputs::row(rule),
        "MACHINE" | "DEVICE" | "KEY" => devices::row(rule),
        "ROOT" | "TARGETS" | "CRATES" | "DELEGATION" | "SIGNATURE" => documents::row(rule),
        "TRANSCRIPT" | "BUNDLE" => record::row(rule),
        _ => Err(NO_ROW),
    }
}

#[test]
fn what_is_signed_again_without_a_change_violates_nothing() {
    assert_eq!(Forged::from(unchanged()).violated(), BTreeSet::new());
    assert_eq!(later(2, |_| {}).violated(), BTreeSet::new());
}

#[test]
fn a_manifest_in_another_order_is_found_although_all_holders_signed_it() {
    let (forger, files) = (Forger::shared(), unchanged());
    let head = Chain::read(&files["transcript.jsonl"]).unwrap().head();
    let closed = forger.close_with(files, |manifest| {
        manifest["head"] = head.to_string().into();
        manifest["files"].as_array_mut().unwrap().reverse();
    });
    let forged = Forged::from(closed);
    assert_eq!(
        forged.violated(),
        BTreeSet::from(["BUNDLE-DERIVED".to_owned()])
    );
    assert!(forged.told().contains(MANIFEST), "{}", forged.told());
}

// With rules switched off beside it, it would fail by chance.
#[cfg(not(mutants))]
#[test]
fn for_every_rule_there_is_a_bundle_that_violates_it_alone_or_a_reason() {
    let (mut wrong, mut forged, mut excepted) = (Vec::new(), 0, Vec::new());
    for rule in Rule::ALL.iter().copied() {
        match row(rule) {
            Err(NO_ROW) => wrong.push(format!("{rule}: no forged bundle, and no reason for none")),
            Err(why) => {
                let test = elsewhere(rule).map_or("", |elsewhere| elsewhere.test);
                if !elsewhere::is_tested(rule, test) {
                    wrong.push(format!("{rule}: {test} does not test it"));
                }
                excepted.push(format!("{rule}: {why}: {test}"));
            }
            Ok(bundle) => {
                let mut violated = bundle.violated();
                let found = violated.remove(rule.id());
                for beside in bundle.beside {
                    if *beside != rule && !violated.remove(beside.id()) {
                        wrong.push(format!("{rule}: {beside} holds, and is listed beside it"));
                    }
                }
                forged += 1;
                if !found || !violated.is_empty() {
                    let told = bundle.told();
                    wrong.push(format!("{rule}: found {found}, and {violated:?}\n{told}"));
                }
            }
        }
    }
    println!(
        "{forged} forged, {} excepted:\n{}",
        excepted.len(),
        excepted.join("\n")
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With a rule switched off its bundle must pass: then nothing else refuses it, and anyone who
/// loses the rule sees a failure in the table above.
#[cfg(mutants)]
#[test]
fn no_rule_can_be_switched_off_unnoticed() {
    use keymoot_core::mutant::switch_off;
    let (mut off, mut survivors) = (0, Vec::new());
    for rule in Rule::ALL {
        let Ok(bundle) = row(*rule) else { continue };
        switch_off(Some(*rule));
        let noticed = !bundle.violated().contains(rule.id());
        switch_off(None);
        off += 1;
        if !noticed {
            survivors.push(rule.id());
        }
    }
    println!(
        "{off} rules switched off one by one, {} survivors",
        survivors.len()
    );
    assert!(survivors.is_empty(), "{survivors:?}");
}
