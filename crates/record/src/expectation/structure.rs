//! Whether a script has the structure of the released one: ids, kinds, order, who confirms,
//! documents and fields. Titles, words and minutes are not compared.

use crate::ceremony::{
    Plan,
    script::{Accepts, CheckedScript, Field, Kind, Step},
    shipped::shipped,
};
use keymoot_core::text::excerpt;

/// Steps that people confirm and that the scripts of 0.1 and 0.2 did not have: a script without them
/// has the structure of those releases.
const LATER: [&str; 4] = ["seals", "agreement", "break", "custody"];

/// Whether the scripts up to 0.3 lacked this field.
fn is_later(field: &Field) -> bool {
    field.accepts == Accepts::ValueOfTheDay
}

/// The steps that a script lacks of the released script of its name, or has in addition, each in
/// one sentence.
pub(super) fn differences(plan: &Plan) -> Vec<String> {
    let script = &plan.script;
    let name = &script.script().name;
    let Some(released) = shipped(name).and_then(|s| CheckedScript::parse(s.text).ok()) else {
        return vec![format!(
            "no released script is called \"{}\"",
            excerpt(name)
        )];
    };
    let released = plan.narrowed(released);
    let mut differences = Vec::new();
    if script.script().scenario != released.script().scenario {
        differences.push("the scenario is another one".to_owned());
    }
    let mut steps = script.steps().map(|(_, step)| step).peekable();
    for (_, wanted) in released.steps() {
        // A step that asks people for more does not weaken the script.
        let is_more = |step: &&Step| {
            step.kind == Kind::Confirm && !released.steps().any(|(_, other)| other.id == step.id)
        };
        while steps.next_if(is_more).is_some() {}
        match steps.next_if(|step| step.id == wanted.id) {
            None if LATER.contains(&wanted.id.as_str()) => {}
            None => differences.push(format!("step {} is missing or elsewhere", wanted.id)),
            Some(step) if !is_alike(step, wanted) => differences.push(format!(
                "step {} has another kind, confirmer, field or document",
                wanted.id
            )),
            Some(_) => {}
        }
    }
    let more = steps.filter(|step| step.kind != Kind::Confirm);
    differences.extend(more.map(|step| format!("step {} is in no release", excerpt(&step.id))));
    differences
}

fn is_alike(step: &Step, wanted: &Step) -> bool {
    step.kind == wanted.kind
        && step.by == wanted.by
        && step.documents == wanted.documents
        && wanted
            .fields
            .iter()
            .filter(|field| !is_later(field))
            .all(|field| {
                let mut fields = step.fields.iter();
                fields.any(|other| other.id == field.id && other.accepts == field.accepts)
            })
}
