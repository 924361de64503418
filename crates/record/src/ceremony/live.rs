//! The further demands of a mode on its plan: the one of a live ceremony contains nothing from a
//! rehearsal.

use std::fmt::Display;

use super::{
    plan::Plan,
    previous::Previous,
    script::{Document, Kind},
};
use crate::{
    rules::{mark::is_marked, roster::tried},
    transcript::Mode,
};
use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};

/// How the address of a simulated key begins.
const SIMULATED: &str = "simulated:";

impl Plan {
    /// PLAN-LIVE and, from format 2 on, ROSTER-RECIPIENT: the further demands of a mode on its
    /// plan.
    #[must_use]
    pub fn in_mode(&self, mode: Mode, format: u32) -> Vec<Verdict> {
        let mut steps = self.script.steps();
        let sets_up = steps.any(|(_, s)| matches!(s.kind, Kind::Enroll | Kind::EnrollSpares));
        let mut verdicts = vec![match mode {
            Mode::Live => check(self),
            Mode::Rehearsal => Verdict::not_asked(Rule::PlanLive, "this is a rehearsal"),
        }];
        if format >= Rule::RosterRecipient.since() {
            verdicts.push(match (mode, sets_up) {
                (Mode::Live, true) => tried::check(&self.roster),
                (Mode::Rehearsal, _) => {
                    Verdict::not_asked(Rule::RosterRecipient, "this is a rehearsal")
                }
                (Mode::Live, false) => {
                    Verdict::not_asked(Rule::RosterRecipient, "no device is set up")
                }
            });
        }
        verdicts
    }
}

/// PLAN-LIVE of a live ceremony.
fn check(plan: &Plan) -> Verdict {
    let faults: Vec<_> = [people(plan), addresses(plan), documents(plan)].concat();
    Verdict::unless(
        Rule::PlanLive,
        !faults.is_empty(),
        || "there is a witness, and nothing is from a rehearsal".to_owned(),
        || several(&faults, "; "),
        "give the files of the live ceremony; with these, only `keymoot rehearse` is possible",
    )
}

fn people(plan: &Plan) -> Vec<String> {
    let roster = &plan.roster;
    let mut faults = Vec::new();
    if roster.witnesses.is_empty() {
        faults.push("the roster names no witness".to_owned());
    }
    for holder in &roster.holders {
        let countries = holder.citizenships.iter().chain([&holder.country]);
        for country in countries.filter(|country| country.is_simulated()) {
            faults.push(format!(
                "{}: {country} is a country of rehearsals",
                holder.handle
            ));
        }
    }
    faults
}

fn addresses(plan: &Plan) -> Vec<String> {
    let policy = &plan.policy;
    let online = policy.online.iter().map(|online| ("online", &online.uri));
    let delegated = policy.delegations.iter().flat_map(|delegation| {
        let keys = delegation.keys.iter();
        keys.filter_map(|key| Some((delegation.role.as_str(), key.uri.as_ref()?)))
    });
    online
        .chain(delegated)
        .filter(|(_, uri)| uri.to_ascii_lowercase().starts_with(SIMULATED))
        .map(|(role, uri)| {
            let (role, uri) = (excerpt(role), excerpt(uri));
            format!("the key of {role} is at {uri}, an address of rehearsals")
        })
        .collect()
}

fn documents(plan: &Plan) -> Vec<String> {
    let previous = plan.previous();
    let of_previous = previous.iter().flat_map(|previous| previous.of_rehearsal());
    let crates = plan.crates_chain().iter().filter_map(|root| {
        let document = root.document();
        marked(
            format_args!("the root of tuf-crates, version {},", document.version()),
            document,
        )
    });
    of_previous.chain(crates).collect()
}

fn marked(name: impl Display, document: &keymoot_tuf::Document) -> Option<String> {
    is_marked(document).then(|| format!("{name} has the mark of a rehearsal"))
}

impl Previous {
    /// What a rehearsal made of this previous state: documents and enrolments, each in a sentence.
    #[must_use]
    pub fn of_rehearsal(&self) -> Vec<String> {
        let roots = self.roots().iter().filter_map(|root| {
            let document = root.document();
            marked(
                format_args!("root version {}", document.version()),
                document,
            )
        });
        let named = [Document::Targets, Document::Crates].into_iter();
        let named = named.filter_map(|name| marked(name.name(), self.document(name)?));
        let enrolments = self.enrolments().iter();
        let enrolments = enrolments.filter(|published| published.mode != Mode::Live.name());
        let enrolments = enrolments.map(|published| {
            format!(
                "the enrolment of {}, device {}, is of a {} ceremony",
                published.handle,
                published.enrolment.serial,
                excerpt(&published.mode)
            )
        });
        roots.chain(named).chain(enrolments).collect()
    }
}
