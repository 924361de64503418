//! Holders apart, while the ceremony is on the screen: a request goes out, answers come in.

use std::sync::Arc;

use super::{Driver, Interrupt, Stop, Told};
use crate::apart::{self, Desk, Taken};
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::{ceremony::State, rules::roster::Handle, transcript::Time};

impl Driver<'_, '_> {
    /// Performs a wish about holders apart, and shows the result. It shows an error,
    /// too: the ceremony continues.
    pub(super) fn for_apart(&mut self, wanted: &Interrupt) -> Result<(), Stop> {
        let mut state = State::clone(&self.state);
        let mut desk = Desk {
            folder: &self.world.folder,
            journal: &mut self.world.journal,
            state: &mut state,
            trust: &self.world.trust,
        };
        let told = match wanted {
            Interrupt::AskApart { out, until, by } => day(until).and_then(|until| {
                let sent = apart::ask(&mut desk, &[], until, by, out)?;
                let names: Vec<_> = sent.to.iter().map(Handle::as_str).collect();
                Ok(Told {
                    headline: format!("The request asks {}.", names.join(", ")),
                    lines: vec![
                        format!("It is the file {}. Send it.", escape_path(out)),
                        "Call each holder and read the words of its SHA-256:".to_owned(),
                    ],
                    digest: Some(sent.digest),
                })
            }),
            Interrupt::TakeIn(place) => apart::files_at(place)
                .and_then(|paths| apart::collect(&mut desk, &paths))
                .map(|taken| came_in(&taken)),
            Interrupt::Withdraw(why) => apart::withdraw(&mut desk, why).map(|holders| {
                let names: Vec<_> = holders.iter().map(Handle::as_str).collect();
                Told {
                    headline: "The request is withdrawn.".to_owned(),
                    lines: vec![format!("Not awaited any more: {}.", names.join(", "))],
                    digest: None,
                }
            }),
            _ => return Ok(()),
        };
        self.state = Arc::new(state);
        self.show();
        let told = match told {
            Ok(told) => told,
            // Nothing can be recorded any more.
            Err(error) if self.world.journal.has_failed() => return Err(error.into()),
            Err(error) => Told {
                headline: "It could not be done.".to_owned(),
                lines: vec![error.what, format!("help: {}", error.next)],
                digest: None,
            },
        };
        self.operator.told(&told)?;
        Ok(())
    }
}

/// The last second of the typed day; `-` is none.
fn day(typed: &str) -> Result<Option<Time>, HostError> {
    match typed {
        "-" => Ok(None),
        day => match Time::parse(&format!("{day}T23:59:59Z")) {
            Some(time) => Ok(Some(time)),
            None => Err(HostError::new(
                format!("{} is no day", escape(day)),
                "write a day like 2026-12-24",
            )),
        },
    }
}

fn came_in(taken: &[Taken]) -> Told {
    let recorded = taken.iter().filter(|(_, taken)| taken.is_ok()).count();
    let lines = taken.iter().flat_map(|(shown, taken)| match taken {
        Ok(said) => vec![format!("{shown}: {said}")],
        Err(verdicts) => {
            let rules = verdicts.iter().map(|verdict| {
                format!(
                    "{}: {} help: {}",
                    verdict.rule, verdict.detail, verdict.next
                )
            });
            std::iter::once(format!("{shown}: REFUSED"))
                .chain(rules)
                .collect()
        }
    });
    Told {
        headline: format!("Answers taken in: {recorded} of {}.", taken.len()),
        lines: lines.collect(),
        digest: None,
    }
}
