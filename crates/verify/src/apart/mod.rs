//! `keymoot-verify request`, `answer`, `receipt` and `witness`: the files to and from people
//! apart.

pub mod answer;
pub mod receipt;
pub mod request;
pub mod witness;

use keymoot_core::Verdict;

use crate::say;

/// Prints the violations, and with `rules` all verdicts; returns whether there are none.
fn print(verdicts: &[Verdict], rules: bool) -> bool {
    for verdict in verdicts.iter().filter(|_| rules) {
        let word = match verdict.outcome {
            keymoot_core::Outcome::Held => "held",
            keymoot_core::Outcome::NotAsked => "not asked",
            keymoot_core::Outcome::Violated => "VIOLATED",
        };
        say!("{word:<9} {:<20} {}", verdict.rule, verdict.detail);
    }
    let violated = Verdict::violated(verdicts);
    crate::print_violated(&violated);
    violated.is_empty()
}
