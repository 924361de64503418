//! The report: its sections, in the order of a stranger's questions.

use std::ops::Range;

use super::{
    DERIVATION, apart, checking, clients, course, devices,
    facts::Facts,
    html, markdown, outcome,
    page::{Block, Page, Phrase, Row},
    verdicts, witnesses,
};
use crate::{apart::witness::Witnessed, ceremony::State, transcript::Chain};
use keymoot_attestation::TrustStore;
use keymoot_core::{digest::Digest, text::escape};

/// The report of a sealed ceremony.
#[derive(Debug, Clone)]
pub struct Account {
    page: Page,
    /// The blocks that follow from the program that made the report, not from the transcript.
    of_the_program: Range<usize>,
}

impl Account {
    /// Collects the facts up to the seal. `objects` finds the content of a
    /// digest that the transcript names. In a live ceremony the evidence of devices is read
    /// by the keys of `vendor`.
    ///
    /// # Errors
    /// In words, when the ceremony is not sealed, or an object is missing or does
    /// not prove what the transcript says of it.
    pub fn of(
        state: &State,
        chain: &Chain,
        objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
        vendor: &TrustStore,
    ) -> Result<Self, String> {
        Self::of_revision(state, chain, objects, vendor, DERIVATION)
    }

    /// The same with the facts that reports of this derivation revision have; a later revision has
    /// those of today.
    ///
    /// # Errors
    /// As [`Account::of`].
    pub fn of_revision(
        state: &State,
        chain: &Chain,
        objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
        vendor: &TrustStore,
        revision: u32,
    ) -> Result<Self, String> {
        let facts = Facts::gather(state, chain, objects, vendor, revision)?;
        let script = state.plan.script.script();
        let mut blocks = outcome::summary(&facts);
        blocks.extend(outcome::documents(&facts));
        let of_the_program = appended(&mut blocks, clients::table(&facts));
        blocks.extend(devices::table(&facts));
        blocks.extend(devices::each(&facts));
        blocks.extend(apart::table(&facts));
        blocks.extend(course::remarks(&facts));
        blocks.extend(course::timeline(&facts));
        blocks.extend(verdicts::table(&facts));
        blocks.extend(plan(&facts));
        blocks.extend(checking::introduction(&facts));
        blocks.push(checking::commands(&facts));
        blocks.extend(checking::limits(&facts));
        #[cfg(later_version)]
        blocks.push(Block::Paragraph("This is from a later version.".into()));
        Ok(Self {
            page: Page {
                title: escape(&script.title),
                mode: facts.opening.mode,
                blocks,
            },
            of_the_program,
        })
    }

    /// The report without what follows from the program, and without remarks: every report of the
    /// same transcript says that much.
    pub(super) fn of_the_transcript(&self) -> Self {
        let mut account = self.clone();
        account.page.blocks.drain(self.of_the_program.clone());
        account.of_the_program = 0..0;
        for block in &mut account.page.blocks {
            if let Block::Table(table) = block {
                table.rows.retain(|row| !matches!(row, Row::Remark(_)));
            }
        }
        account
    }

    /// The report, and the statements of witnesses who were not in the room. A bundle's own report
    /// has nothing of them.
    #[must_use]
    pub fn witnessed(mut self, witnessed: &[Witnessed]) -> Self {
        self.page.blocks.extend(witnesses::table(witnessed));
        self
    }

    /// The report as one HTML file: no script, nothing from elsewhere.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(&self.page)
    }

    /// The report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::write(&self.page)
    }
}

/// Appends blocks, and returns where they are.
fn appended(blocks: &mut Vec<Block>, more: Vec<Block>) -> Range<usize> {
    let begin = blocks.len();
    blocks.extend(more);
    begin..blocks.len()
}

fn plan(facts: &Facts<'_>) -> Vec<Block> {
    let plan = &facts.state.plan;
    let [script, policy, roster] = plan.files.digests();
    let named = |name: &str, of: &Digest| {
        vec![
            Phrase::code(name)
                .and(", SHA-256 ")
                .and_code(of.to_string()),
        ]
    };
    vec![
        Block::Section("Its script, policy and roster".to_owned()),
        Block::Paragraph(
            "The first line of the transcript has the digests of these three files. The files are beside this report."
                .into(),
        ),
        Block::Facts(vec![
            ("Script", named("script.toml", &script)),
            ("Policy", named("policy.toml", &policy)),
            ("Roster", named("roster.toml", &roster)),
        ]),
    ]
}
