//! Files that the quorum signs as targets: `targets.json` names path, length and SHA-256 of each,
//! and clients find them below `targets/`.

use std::collections::BTreeMap;

use super::{
    previous::{Previous, Revoked},
    script::Document,
    state::State,
};
use crate::rules::scenario::REVOKED;
use keymoot_core::text::escape;

impl State {
    /// The files that `targets.json` of this ceremony signs itself: path to content. In format 1
    /// there were none.
    #[must_use]
    pub fn authorised(&self) -> BTreeMap<String, Vec<u8>> {
        match self.format() {
            1 => BTreeMap::new(),
            _ => {
                let list = (REVOKED.to_owned(), self.revoked().bytes());
                let files = self.plan.authorised().contents();
                let files = files.map(|(path, bytes)| (path.clone(), bytes.clone()));
                [list].into_iter().chain(files).collect()
            }
        }
    }

    /// Whether `targets.json`, the one of this ceremony or the previous one, signs the list of
    /// revoked keys.
    #[must_use]
    pub fn signs_revoked(&self) -> bool {
        let previous = self.plan.previous().and_then(Previous::targets);
        match self.documents.contains_key(&Document::Targets) {
            true => self.authorised().contains_key(REVOKED),
            false => previous.is_some_and(|signed| signed.content.targets.contains_key(REVOKED)),
        }
    }

    /// The content of the signed files, in sentences for people, safe to show.
    pub(super) fn authorised_in_words(&self) -> Vec<String> {
        if !self.authorised().contains_key(REVOKED) {
            return Vec::new();
        }
        let before = self.plan.previous().map(Previous::revoked);
        let known = before.map_or(0, |before| before.keys().len());
        let mut said = vec![revoked_in_words(&self.revoked(), known)];
        said.extend(self.plan.authorised().in_words());
        said
    }
}

/// The list of revoked keys; so many were on it before.
fn revoked_in_words(list: &Revoked, known: usize) -> String {
    let new: Vec<_> = list
        .keys()
        .iter()
        .skip(known)
        .map(|key| {
            format!(
                "{}, device {}: {}",
                key.handle,
                key.serial,
                escape(&key.reason)
            )
        })
        .collect();
    let count = match list.keys().len() {
        0 => "no key".to_owned(),
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    };
    match new.is_empty() {
        true => format!("{REVOKED} lists {count}; this ceremony revokes none."),
        false => format!(
            "{REVOKED} lists {count}; this ceremony revokes {}.",
            new.join("; ")
        ),
    }
}
