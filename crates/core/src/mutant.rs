//! A rule that tests switch off, to see that some test notices. No release is built with
//! `--cfg mutants`.

use std::sync::RwLock;

use crate::Rule;

static OFF: RwLock<Option<Rule>> = RwLock::new(None);

/// From now on this rule always passes; with `None` every rule counts again.
pub fn switch_off(rule: Option<Rule>) {
    if let Ok(mut off) = OFF.write() {
        *off = rule;
    }
}

/// Whether this rule is switched off.
pub(crate) fn is_off(rule: Rule) -> bool {
    OFF.read().is_ok_and(|off| *off == Some(rule))
}
