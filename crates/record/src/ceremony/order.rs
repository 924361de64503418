//! Reads a script, and checks whether the steps can be carried out in their order.
//!
//! Each kind of step names what must have happened before it, so that an
//! impossible script fails when it is read and not at the table.

use std::collections::BTreeSet;

use super::script::{CheckedScript, Document, FORMAT, Kind, Scenario, Script, Step};
use crate::rules::{LONGEST_LINE, is_line, toml_file};
use keymoot_core::{Rule, Violation, text::excerpt};

/// The longest words of a step, in characters.
const LONGEST_WORDS: usize = 4000;

/// What must be earlier in the script than a step of a kind.
fn needs(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Confirm | Kind::Preflight => &[],
        Kind::RollCall => &[Kind::Preflight],
        Kind::Load => &[Kind::Preflight],
        Kind::Enroll => &[Kind::Preflight, Kind::RollCall],
        Kind::EnrollSpares | Kind::Prove => &[Kind::RollCall],
        Kind::Propose => &[Kind::RollCall],
        Kind::Review => &[Kind::Propose],
        Kind::Sign => &[Kind::RollCall, Kind::Review],
        Kind::Verify => &[Kind::Sign],
        Kind::Close => &[Kind::RollCall],
        Kind::Export => &[Kind::Close],
    }
}

/// Whether steps of this kind are about documents.
fn has_documents(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Propose | Kind::Review | Kind::Sign | Kind::Verify
    )
}

/// The kind's name as a script writes it.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Confirm => "confirm",
        Kind::Preflight => "preflight",
        Kind::RollCall => "roll-call",
        Kind::Load => "load",
        Kind::Enroll => "enroll",
        Kind::EnrollSpares => "enroll-spares",
        Kind::Propose => "propose",
        Kind::Review => "review",
        Kind::Sign => "sign",
        Kind::Prove => "prove",
        Kind::Verify => "verify",
        Kind::Close => "close",
        Kind::Export => "export",
    }
}

/// Further demands of a scenario: the steps that a script of it must have, so that
/// people sign nothing before they reviewed its basis, and close nothing
/// before it was verified.
fn demands(scenario: Scenario) -> Vec<(Kind, Kind)> {
    let mut demands = Vec::new();
    if scenario.has_previous() {
        demands.push((Kind::Load, Kind::RollCall));
    }
    if scenario == Scenario::InitialRoot || scenario.changes_people() {
        demands.push((Kind::Enroll, Kind::Propose));
    }
    demands.push(match scenario.is_statement() {
        true => (Kind::Prove, Kind::Close),
        false => (Kind::Verify, Kind::Close),
    });
    demands
}

impl CheckedScript {
    /// Reads a script that errors call `script.toml`.
    ///
    /// # Errors
    /// As [`CheckedScript::read`].
    pub fn parse(text: &str) -> Result<Self, Vec<Violation>> {
        Self::read("script.toml", text)
    }

    /// Reads a script and checks that its steps can be carried out in order. `name` is the file's
    /// name in errors.
    ///
    /// # Errors
    /// Every [`Violation`] found: SCRIPT-READ alone when the file cannot be read as
    /// a script, otherwise SCRIPT-IDS, SCRIPT-FIELDS and SCRIPT-ORDER.
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Violation>> {
        let unreadable = |what: String| {
            vec![Violation::new(
                Rule::ScriptRead,
                what,
                "correct the script; compare it with those in ceremony-scripts/",
            )]
        };
        let script: Script = toml_file::read(name, text).map_err(unreadable)?;
        if script.format != FORMAT {
            let place = toml_file::Places::new(name, text).of("format");
            return Err(unreadable(format!("{place}: its format is not {FORMAT}")));
        }
        let faults = faults(&script);
        if faults.is_empty() {
            Ok(Self(script))
        } else {
            Err(faults)
        }
    }
}

/// Everything that is wrong with a script.
fn faults(script: &Script) -> Vec<Violation> {
    let steps: Vec<&Step> = script.acts.iter().flat_map(|act| &act.steps).collect();
    let mut faults = Vec::new();
    lengths(script, &mut faults);
    ids(&steps, &mut faults);
    for step in &steps {
        fields(step, &mut faults);
    }
    sequence(&steps, &mut faults);
    required(script.scenario, &steps, &mut faults);
    faults
}

fn required(scenario: Scenario, steps: &[&Step], faults: &mut Vec<Violation>) {
    let place = |kind: Kind| steps.iter().position(|step| step.kind == kind);
    for (first, then) in demands(scenario) {
        let in_order = match (place(first), place(then)) {
            (Some(first), Some(then)) => first < then,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !in_order {
            faults.push(Violation::new(
                Rule::ScriptOrder,
                format!(
                    "the scenario {} needs a {} step before its {} step",
                    scenario.name(),
                    name(first),
                    name(then)
                ),
                "add it, or move it",
            ));
        }
    }
    let signs: BTreeSet<Document> = steps
        .iter()
        .filter(|step| step.kind == Kind::Sign)
        .flat_map(|step| step.documents.iter().copied())
        .collect();
    let verifies: BTreeSet<Document> = steps
        .iter()
        .filter(|step| step.kind == Kind::Verify)
        .flat_map(|step| step.documents.iter().copied())
        .collect();
    if signs != verifies {
        faults.push(Violation::new(
            Rule::ScriptOrder,
            "what is signed and what is verified is not the same",
            "let a verify step name every document that is signed",
        ));
    }
}

/// Titles and labels are lines, and one person reads the words aloud without a pause.
fn lengths(script: &Script, faults: &mut Vec<Violation>) {
    let acts = script.acts.iter();
    let steps = acts.clone().flat_map(|act| &act.steps);
    let labels = steps.clone().flat_map(|step| &step.fields);
    let lines = [&script.title, &script.name]
        .into_iter()
        .chain(acts.map(|act| &act.title))
        .chain(steps.clone().map(|step| &step.title))
        .chain(labels.map(|field| &field.label))
        .filter(|line| !is_line(line));
    let words = steps
        .map(|step| &step.words)
        .filter(|words| words.chars().count() > LONGEST_WORDS);
    for text in lines.chain(words) {
        faults.push(Violation::new(
            Rule::ScriptFields,
            format!("this text is too long: \"{}\"", excerpt(text)),
            format!(
                "titles and labels have at most {LONGEST_LINE} characters, words {LONGEST_WORDS}"
            ),
        ));
    }
}

fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn ids(steps: &[&Step], faults: &mut Vec<Violation>) {
    let mut seen = BTreeSet::new();
    for step in steps {
        let id = excerpt(&step.id);
        if !is_id(&step.id) {
            faults.push(Violation::new(
                Rule::ScriptIds,
                format!("\"{id}\" is not a step's id: 1 to 40 of a-z, 0-9 and -"),
                "rename the step",
            ));
        } else if !seen.insert(&step.id) {
            faults.push(Violation::new(
                Rule::ScriptIds,
                format!("two steps have the id {id}"),
                "rename one of them",
            ));
        }
    }
}

fn fields(step: &Step, faults: &mut Vec<Violation>) {
    let mut fault = |what: &str, next: &str| {
        let what = format!("step {} ({}) {what}", excerpt(&step.id), name(step.kind));
        faults.push(Violation::new(Rule::ScriptFields, what, next));
    };
    if !step.fields.is_empty() && step.kind != Kind::Confirm {
        fault("asks for typed fields", "only a confirm step may");
    }
    if has_documents(step.kind) == step.documents.is_empty() {
        fault(
            if step.documents.is_empty() {
                "names no documents"
            } else {
                "names documents"
            },
            "propose, review, sign and verify name documents, and no other kind does",
        );
    }
    let distinct: BTreeSet<_> = step.fields.iter().map(|field| &field.id).collect();
    if distinct.len() != step.fields.len() || !step.fields.iter().all(|field| is_id(&field.id)) {
        fault(
            "has fields without ids of their own",
            "give each field its own id of a-z, 0-9 and -",
        );
    }
    if step.title.trim().is_empty() || step.words.trim().is_empty() {
        fault("has no title or no words", "write what people will hear");
    }
    if !(1..=480).contains(&step.minutes) {
        fault("is not between 1 and 480 minutes", "estimate its minutes");
    }
}

fn sequence(steps: &[&Step], faults: &mut Vec<Violation>) {
    let mut fault = |what: String, next: &str| {
        faults.push(Violation::new(Rule::ScriptOrder, what, next));
    };
    for (index, step) in steps.iter().enumerate() {
        let id = excerpt(&step.id);
        let earlier = steps.get(..index).unwrap_or_default();
        for &need in needs(step.kind) {
            let missing = missing_before(earlier, step, need);
            if let Some(missing) = missing {
                fault(
                    format!("step {id} ({}) needs {missing} before it", name(step.kind)),
                    "reorder the script's steps",
                );
            }
        }
        if step.kind != Kind::Confirm
            && earlier
                .iter()
                .any(|e| e.kind == step.kind && e.documents == step.documents)
        {
            fault(
                format!("step {id} does {} a second time", name(step.kind)),
                "leave one of the two",
            );
        }
        if earlier.iter().any(|e| e.kind == Kind::Close)
            && !matches!(step.kind, Kind::Export | Kind::Confirm | Kind::Close)
        {
            fault(
                format!(
                    "step {id} ({}) comes after the transcript is sealed",
                    name(step.kind)
                ),
                "move it before the close step",
            );
        }
    }
    match steps.last() {
        Some(last) if last.kind == Kind::Export => {}
        Some(_) => fault(
            "the last step does not export the bundle".to_owned(),
            "end with an export step",
        ),
        None => fault("the script has no steps".to_owned(), "write its steps"),
    }
}

/// The parts of `need` that are missing among the earlier steps, for people.
fn missing_before(earlier: &[&Step], step: &Step, need: Kind) -> Option<String> {
    let before = || earlier.iter().filter(|e| e.kind == need);
    if has_documents(step.kind) && has_documents(need) {
        let done: BTreeSet<Document> = before().flat_map(|e| e.documents.iter().copied()).collect();
        let left: Vec<_> = step
            .documents
            .iter()
            .filter(|d| !done.contains(d))
            .map(|d| d.name())
            .collect();
        (!left.is_empty()).then(|| format!("a {} of {}", name(need), left.join(", ")))
    } else {
        before()
            .next()
            .is_none()
            .then(|| format!("a {} step", name(need)))
    }
}
