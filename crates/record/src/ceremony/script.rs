//! The script: the steps of a ceremony, read from a TOML file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rules::is_written_line;
pub use crate::rules::scenario::{Document, Scenario};
use keymoot_core::{Rule, Verdict};

/// The format name that a script file must carry.
pub const FORMAT: &str = "keymoot-script-1";

/// A script that was read and whose steps can be carried out in their order.
/// Only [`CheckedScript::read`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedScript(pub(super) Script);

/// A script as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Always [`FORMAT`].
    pub format: String,
    /// The script's name, as in `ceremony-scripts/`.
    pub name: String,
    /// The purpose of the ceremony, in one line.
    pub title: String,
    /// The scenario: what may differ between the previous documents and the new ones.
    pub scenario: Scenario,
    /// The acts, in order.
    #[serde(rename = "act")]
    pub acts: Vec<Act>,
}

/// A part of the day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// The act's title.
    pub title: String,
    /// Its steps, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Names the step in the transcript: lower-case letters, digits, hyphens.
    pub id: String,
    /// The kind: what the step does.
    pub kind: Kind,
    /// The step's title.
    pub title: String,
    /// The words that a person reads aloud.
    pub words: String,
    /// The part who confirms.
    pub by: Role,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The fields to type; for `confirm` alone.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// The documents; for `propose`, `review`, `sign` and `verify`.
    #[serde(default)]
    pub documents: Vec<Document>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A person confirms that something was done, and may type what was seen.
    Confirm,
    /// keymoot checks the machine.
    Preflight,
    /// The administrator marks the holders who are present.
    RollCall,
    /// keymoot verifies the previous state.
    Load,
    /// Each holder who has no key makes one and proves it.
    Enroll,
    /// Holders make keys in further devices, which are in no root.
    EnrollSpares,
    /// keymoot builds and checks the new documents.
    Propose,
    /// People read the new documents.
    Review,
    /// Holders sign the documents.
    Sign,
    /// Holders sign presence proofs.
    Prove,
    /// keymoot verifies the signed documents.
    Verify,
    /// keymoot seals the transcript, and holders sign the manifest.
    Close,
    /// keymoot writes the bundle.
    Export,
}

impl Kind {
    /// Whether each holder who is present must have had a turn before such a step of this scenario
    /// may end early.
    #[must_use]
    pub fn calls_everybody(self, scenario: Scenario) -> bool {
        scenario.wants_everybody() && self != Self::Close
    }
}

/// Who confirms a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs the keyboard.
    Administrator,
    /// Each holder in turn.
    Holders,
    /// Someone who watches.
    Witness,
}

impl Role {
    /// The name of the part.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Holders => "holders",
            Self::Witness => "witness",
        }
    }
}

/// A field of a `confirm` step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Names the field in the transcript.
    pub id: String,
    /// The prompt.
    pub label: String,
    /// The valid answers.
    pub accepts: Accepts,
}

/// The answer of a holder who agrees.
pub const YES: &str = "yes";

/// The valid answers of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accepts {
    /// One line, 1 to 200 characters.
    Text,
    /// Digits, 1 to 20 of them.
    Digits,
    /// A time on a wall clock, `HH:MM`.
    Time,
    /// A public value that nobody knew before today, with its source, as text: `SOURCE: VALUE`.
    ValueOfTheDay,
    /// The number of a tamper-evident bag, as text, for each device whose holder is present.
    DeviceBags,
    /// `yes`, for each holder who is present.
    EachHolder,
}

impl Accepts {
    /// Whether such a field takes this answer; otherwise the expected one.
    ///
    /// # Errors
    /// The expected answer, in words.
    pub fn accept(self, typed: &str) -> Result<(), &'static str> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Text | Self::DeviceBags => is_written_line(typed)
                .then_some(())
                .ok_or("one line of 1 to 200 characters"),
            Self::ValueOfTheDay => {
                let parts = typed.split_once(": ").filter(|_| is_written_line(typed));
                parts
                    .filter(|(source, value)| !source.trim().is_empty() && !value.trim().is_empty())
                    .map(|_| ())
                    .ok_or("its source, a colon, a space and the value, of 200 characters at most")
            }
            Self::EachHolder => (typed == YES).then_some(()).ok_or(
                "yes; where somebody does not agree, \"we do not agree\" is among the options",
            ),
            Self::Digits => ((1..=20).contains(&typed.len()) && digits(typed))
                .then_some(())
                .ok_or("1 to 20 digits"),
            Self::Time => {
                let parts = typed.split_once(':').filter(|(hours, minutes)| {
                    hours.len() == 2 && minutes.len() == 2 && digits(hours) && digits(minutes)
                });
                parts
                    .filter(|(hours, minutes)| *hours < "24" && *minutes < "60")
                    .map(|_| ())
                    .ok_or("a time as HH:MM, 00:00 to 23:59")
            }
        }
    }
}

impl Step {
    /// What was typed into this step's fields of one kind.
    pub fn typed<'f>(
        &'f self,
        accepts: Accepts,
        fields: &'f BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'f str> {
        let asked = self.fields.iter();
        let asked = asked.filter(move |field| field.accepts == accepts);
        asked.filter_map(|field| Some(fields.get(&field.id)?.as_str()))
    }
}

impl CheckedScript {
    /// The script without a document that the policy does not have.
    #[must_use]
    pub(crate) fn without(mut self, document: Document) -> Self {
        let steps = self.0.acts.iter_mut().flat_map(|act| &mut act.steps);
        for step in steps {
            step.documents.retain(|named| *named != document);
        }
        self
    }

    /// The script.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.0
    }

    /// The steps of all acts, in order, each with the number of its act.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.0
            .acts
            .iter()
            .enumerate()
            .flat_map(|(act, a)| a.steps.iter().map(move |s| (act, s)))
    }

    /// The step at this place in the whole script.
    #[must_use]
    pub fn step(&self, index: usize) -> Option<&Step> {
        self.steps().nth(index).map(|(_, step)| step)
    }

    /// Whether the quorum signs a root of tuf-crates that is new to it.
    #[must_use]
    pub fn brings_crates_root(&self) -> bool {
        let mut documents = self.steps().flat_map(|(_, step)| &step.documents);
        self.0.scenario.brings_crates_root() && documents.any(|named| *named == Document::Crates)
    }

    /// The minutes of all steps together.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        self.steps().map(|(_, step)| step.minutes).sum()
    }

    /// The verdicts of these checks, for the transcript.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let count = self.steps().count();
        vec![
            Verdict::held(
                Rule::ScriptIds,
                format!("{count} steps, each with an id of its own"),
            ),
            Verdict::held(
                Rule::ScriptFields,
                "every step has what its kind needs and nothing else",
            ),
            Verdict::held(Rule::ScriptOrder, "every step comes after what it needs"),
        ]
    }
}
