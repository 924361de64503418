//! Amendments: another roster or policy, until somebody has signed a document.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    plan::{FileNames, Plan},
    script::Kind,
    seat::Seat,
    seating::Standing,
    state::{Progress, State},
};
use crate::transcript::PlanPart;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, text::shortened};
use toml::{Table, Value};

/// The most amendments of a ceremony: each is a whole plan, which a verifier checks with all rules
/// on plans before any signature counts.
const MOST_AMENDMENTS: usize = 16;

/// A new roster, a new policy, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// The policy's file, where it changes.
    pub policy: Option<String>,
    /// The roster's file, where it changes.
    pub roster: Option<String>,
}

impl Plan {
    /// The plan with its amendments, in their order. `names` are the files' names in errors.
    ///
    /// # Errors
    /// Every violation of the first amended plan that has some.
    pub fn amended(
        mut self,
        amendments: &[Amendment],
        names: &FileNames,
    ) -> Result<Self, Vec<Verdict>> {
        self.later = chain(&self, amendments, names)?;
        Ok(self)
    }
}

impl State {
    /// Why nobody may amend the plan now; `None` where it may be amended.
    #[must_use]
    pub fn keeps_its_plan(&self) -> Option<&'static str> {
        let signed = |seat: &Seat| {
            !seat.signatures.is_empty() || seat.proof.is_some() || seat.closing.is_some()
        };
        if self
            .opening
            .as_ref()
            .is_none_or(|opening| opening.format < 2)
        {
            Some("its transcript has format 1, which records no amendment")
        } else if self.seats.iter().any(signed) || self.sealed.is_some() {
            Some("somebody has signed, and what was signed follows from the plan")
        } else if self.unanswered().next().is_some() {
            Some("a request to holders apart is open: withdraw it first")
        } else if self.amendments >= MOST_AMENDMENTS {
            Some("it was amended 16 times, which is the most")
        } else {
            None
        }
    }

    /// Whether the plan was amended.
    #[must_use]
    pub fn is_amended(&self) -> bool {
        self.amendments > 0
    }

    /// Continues with the next amended plan. Enrolments stay; documents are proposed again.
    pub(super) fn amend(
        &mut self,
        policy: Option<Digest>,
        roster: Option<Digest>,
    ) -> Result<(), String> {
        if let Some(why) = self.keeps_its_plan() {
            return Err(why.to_owned());
        }
        if self.turn.is_some() {
            return Err("a holder is at the table".to_owned());
        }
        let plan = self.origin.later().get(self.amendments).cloned();
        let plan = plan.ok_or("the amended file is missing")?;
        let [_, policy_before, roster_before] = self.plan.files.digests();
        let [_, policy_now, roster_now] = plan.files.digests();
        if policy.unwrap_or(policy_before) != policy_now
            || roster.unwrap_or(roster_before) != roster_now
        {
            return Err("the amended files are not the ones it names".to_owned());
        }
        self.seats = self.reseated(&plan)?;
        let names: Vec<_> = plan.roster.witnesses.iter().map(|w| &w.name).collect();
        self.witnesses.retain(|name| names.contains(&name));
        let parts = [(PlanPart::Policy, policy), (PlanPart::Roster, roster)];
        for (part, _) in parts.into_iter().filter(|(_, changed)| changed.is_some()) {
            self.read_parts.remove(&part);
        }
        self.plan = plan;
        self.amendments += 1;
        self.documents.clear();
        self.rewind();
        Ok(())
    }

    /// The seats of an amended plan. A holder who enrolled a device in this ceremony keeps it.
    fn reseated(&self, plan: &Plan) -> Result<Vec<Seat>, String> {
        let made_here = |seat: &Seat| {
            let places = self.plan.places();
            let place = places.iter().find(|place| place.handle == seat.handle);
            place.is_none_or(|p| p.current != seat.enrolment || p.spares != seat.spares)
        };
        let mut seats: Vec<Seat> = plan.places().iter().map(Seat::new).collect();
        for before in &self.seats {
            let after = seats.iter_mut().find(|seat| seat.handle == before.handle);
            let Some(after) = after else {
                if made_here(before) {
                    return Err(format!(
                        "{} has enrolled a device, and has no seat in the new roster",
                        before.handle
                    ));
                }
                continue;
            };
            after.present = before.present;
            if made_here(before) {
                if after.standing == Standing::Leaves || after.outgoing != before.outgoing {
                    return Err(format!(
                        "{} has enrolled a device, and the new roster gives it no use",
                        before.handle
                    ));
                }
                after.enrolment.clone_from(&before.enrolment);
                after.spares.clone_from(&before.spares);
            }
        }
        Ok(seats)
    }

    /// Goes back to the first step that an amendment may have undone: enrolment if somebody has no
    /// key yet, otherwise the first proposal.
    fn rewind(&mut self) {
        let lacks_key =
            |seat: &Seat| seat.standing != Standing::Leaves && seat.enrolled().is_none();
        let lacking = self.seats.iter().any(lacks_key);
        let undone = |kind: Kind| match kind {
            Kind::Enroll => lacking,
            Kind::Propose => true,
            _ => false,
        };
        let first = self.plan.script.steps().position(|(_, s)| undone(s.kind));
        match first.filter(|first| *first < self.step) {
            Some(first) => {
                self.step = first;
                self.begun = false;
                self.progress = Progress::default();
            }
            None => self.progress.violated.clear(),
        }
    }
}

/// The differences between two plans, in sentences for people, safe to show. Every value that
/// differs is in one of them.
#[must_use]
pub fn differences(before: &Plan, after: &Plan) -> Vec<String> {
    let files = [
        ("roster", &before.files.roster, &after.files.roster),
        ("policy", &before.files.policy, &after.files.policy),
    ];
    let mut sentences = Vec::new();
    for (name, before, after) in files.into_iter().filter(|(_, b, a)| b != a) {
        let found = of_file(before, after);
        if found.is_empty() {
            sentences.push(format!("the {name} has other comments or another layout"));
        }
        sentences.extend(
            found
                .into_iter()
                .map(|sentence| format!("{name}: {sentence}")),
        );
    }
    sentences
}

/// The values of a file: the name of the entry, such as `holder holder-3`, then those of its
/// members.
type Values = BTreeMap<String, BTreeMap<String, String>>;

fn of_file(before: &str, after: &str) -> Vec<String> {
    let values = |text: &str| {
        let mut values = Values::new();
        collect("", "", &text.parse().unwrap_or_default(), &mut values);
        values
    };
    let (before, after) = (values(before), values(after));
    let list = |values: &BTreeMap<String, String>| {
        let values = values.iter().map(|(name, value)| format!("{name} {value}"));
        values.collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    for (of, values) in &before {
        if !after.contains_key(of) {
            sentences.push(format!("{of} is removed: {}", list(values)));
        }
    }
    for (of, values) in &after {
        let Some(old) = before.get(of) else {
            sentences.push(format!("{of} is added: {}", list(values)));
            continue;
        };
        let named = |name: &String| match of.is_empty() {
            true => name.clone(),
            false => format!("{of}, {name}"),
        };
        for (name, value) in values {
            match old.get(name) {
                Some(same) if same == value => {}
                Some(old) => sentences.push(format!("{} was {old}, is {value}", named(name))),
                None => sentences.push(format!("{} is new: {value}", named(name))),
            }
        }
        for (name, value) in old.iter().filter(|(name, _)| !values.contains_key(*name)) {
            sentences.push(format!("{} is removed: {value}", named(name)));
        }
    }
    sentences
}

fn collect(of: &str, inside: &str, table: &Table, values: &mut Values) {
    for (name, value) in table {
        let path = match inside.is_empty() {
            true => shortened(name, 40),
            false => format!("{inside}.{}", shortened(name, 40)),
        };
        match value {
            Value::Table(table) => collect(of, &path, table, values),
            Value::Array(items) if items.iter().all(Value::is_table) && !items.is_empty() => {
                for (index, item) in items.iter().filter_map(Value::as_table).enumerate() {
                    let who = ["handle", "role", "name", "uri"]
                        .into_iter()
                        .find_map(|key| item.get(key)?.as_str());
                    let who =
                        who.map_or_else(|| format!("{}", index + 1), |who| shortened(who, 60));
                    let mut of = match of.is_empty() {
                        true => format!("{path} {who}"),
                        false => format!("{of}, {path} {who}"),
                    };
                    while values.contains_key(&of) {
                        of.push_str(" (again)");
                    }
                    values.entry(of.clone()).or_default();
                    collect(&of, "", item, values);
                }
            }
            value => {
                let shown = match value {
                    Value::String(text) => format!("\"{}\"", shortened(text, 80)),
                    other => shortened(&other.to_string(), 80),
                };
                values.entry(of.to_owned()).or_default().insert(path, shown);
            }
        }
    }
}

/// Plans that follow one another: each with an amendment of the one before.
fn chain(
    plan: &Plan,
    amendments: &[Amendment],
    names: &FileNames,
) -> Result<Vec<Arc<Plan>>, Vec<Verdict>> {
    if amendments.len() > MOST_AMENDMENTS {
        let what = format!(
            "the plan has {} amendments, and a ceremony has at most {MOST_AMENDMENTS}",
            amendments.len()
        );
        let next = "get the files again from those who published them";
        return Err(vec![
            Violation::new(Rule::TranscriptReplay, what, next).into(),
        ]);
    }
    let mut files = plan.files.clone();
    let mut plans = Vec::new();
    for amendment in amendments {
        if let Some(policy) = &amendment.policy {
            files.policy.clone_from(policy);
        }
        if let Some(roster) = &amendment.roster {
            files.roster.clone_from(roster);
        }
        plans.push(Arc::new(Plan::check_named(files.clone(), names)?));
    }
    Ok(plans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_differs_is_in_a_sentence() {
        let before =
            "a = 1\n[[holder]]\nhandle = \"x\"\ncountry = \"NL\"\n[[holder]]\nhandle = \"y\"\n";
        let after =
            "a = 2\n[[holder]]\nhandle = \"x\"\ncountry = \"SE\"\n[[holder]]\nhandle = \"z\"\n";
        assert_eq!(
            of_file(before, after),
            [
                "holder y is removed: handle \"y\"",
                "a was 1, is 2",
                "holder x, country was \"NL\", is \"SE\"",
                "holder z is added: handle \"z\"",
            ]
        );
    }

    #[test]
    fn an_entry_that_is_there_twice_is_no_entry_less() {
        let once = "[[holder]]\nhandle = \"x\"\n";
        assert_eq!(of_file(once, &once.repeat(2)).len(), 1);
    }
}
