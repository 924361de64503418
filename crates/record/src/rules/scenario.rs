//! The scenario of a ceremony, and exactly what it may change.
//!
//! A scenario is data: which documents are signed, and which members of each may
//! differ from the previous one. Everything else that differs is a violation.

use serde::{Deserialize, Serialize};

use super::mark::REHEARSAL_MARK;

/// The list of revoked keys: its path among the files that `targets.json` signs, and its file name
/// where nobody signs it.
pub const REVOKED: &str = "revoked.json";

/// The folder of a repository in which clients find target files.
pub const TARGETS: &str = "targets";

/// A document of the repository tuf-root that holders sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Document {
    /// `root.json`: who may sign what.
    #[serde(rename = "root.json")]
    Root,
    /// `targets.json`: delegates to `crates` and to the teams that release.
    #[serde(rename = "targets.json")]
    Targets,
    /// `crates.json`: lists the root of the repository tuf-crates.
    #[serde(rename = "crates.json")]
    Crates,
}

impl Document {
    /// Every document, in the order in which they are signed.
    pub const ALL: [Self; 3] = [Self::Root, Self::Targets, Self::Crates];

    /// The document's file name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root.json",
            Self::Targets => "targets.json",
            Self::Crates => "crates.json",
        }
    }

    /// The role that signs it.
    #[must_use]
    pub fn role(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Crates => "crates",
        }
    }
}

/// The scenario of a ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// There are no previous documents: version 1 of everything.
    InitialRoot,
    /// The same people sign the same again, for another year.
    AnnualResign,
    /// Holders come and go, or take a new device.
    OnboardMember,
    /// Keys are revoked at once; online keys may change with them.
    EmergencyRevocation,
    /// The policy changes: thresholds, the number of holders, periods, delegations, keys of
    /// delegated and online roles. Holders may come and go with it.
    ChangePolicy,
    /// An authorised file changes: the root of tuf-crates, or one that the
    /// policy names.
    CratesRootChange,
    /// Nothing changes; every key signs a presence proof.
    Heartbeat,
    /// Too few keys are left to sign anything; the remaining holders record it.
    QuorumLost,
}

/// The members that every new version of a document changes. The mark of a rehearsal names
/// the ceremony that made it.
const ALWAYS: [&str; 3] = ["version", "expires", REHEARSAL_MARK];

impl Scenario {
    /// The scenario as a script names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InitialRoot => "initial-root",
            Self::AnnualResign => "annual-resign",
            Self::OnboardMember => "onboard-member",
            Self::EmergencyRevocation => "emergency-revocation",
            Self::ChangePolicy => "change-policy",
            Self::CratesRootChange => "crates-root-change",
            Self::Heartbeat => "heartbeat",
            Self::QuorumLost => "quorum-lost",
        }
    }

    /// Whether it starts from previous documents.
    #[must_use]
    pub fn has_previous(self) -> bool {
        self != Self::InitialRoot
    }

    /// The documents that are signed, of those that exist.
    #[must_use]
    pub fn documents(self) -> &'static [Document] {
        match self {
            Self::InitialRoot
            | Self::AnnualResign
            | Self::OnboardMember
            | Self::EmergencyRevocation
            | Self::ChangePolicy => &Document::ALL,
            Self::CratesRootChange => &[Document::Targets, Document::Crates],
            Self::Heartbeat | Self::QuorumLost => &[],
        }
    }

    /// Whether holders may come, go or change their device.
    #[must_use]
    pub fn changes_people(self) -> bool {
        matches!(
            self,
            Self::OnboardMember | Self::EmergencyRevocation | Self::ChangePolicy
        )
    }

    /// Whether the policy may differ from what the previous documents say.
    #[must_use]
    pub fn changes_policy(self) -> bool {
        self == Self::ChangePolicy
    }

    /// Whether keys may be revoked, online keys among them.
    #[must_use]
    pub fn revokes(self) -> bool {
        self == Self::EmergencyRevocation
    }

    /// Whether the quorum signs a tuf-crates root that it did not sign before.
    #[must_use]
    pub fn brings_crates_root(self) -> bool {
        matches!(self, Self::InitialRoot | Self::CratesRootChange)
    }

    /// Whether the quorum signs files that it did not sign before, beside that root.
    #[must_use]
    pub fn brings_files(self) -> bool {
        matches!(
            self,
            Self::InitialRoot | Self::ChangePolicy | Self::CratesRootChange
        )
    }

    /// Whether it exists for an authorised file alone, and signs the documents that list one which
    /// changes.
    #[must_use]
    pub fn is_for_a_file(self) -> bool {
        self == Self::CratesRootChange
    }

    /// Whether holders sign statements instead of documents.
    #[must_use]
    pub fn is_statement(self) -> bool {
        matches!(self, Self::Heartbeat | Self::QuorumLost)
    }

    /// Whether everybody present is to sign, so that the ceremony shows who still can.
    #[must_use]
    pub fn wants_everybody(self) -> bool {
        matches!(
            self,
            Self::AnnualResign | Self::Heartbeat | Self::QuorumLost
        )
    }

    /// Whether a member of a document may differ from the previous one. `place` is
    /// the names on the way to it, such as `roles`, `root`, `keyids`.
    #[must_use]
    pub fn may_change(self, document: Document, place: &[String]) -> bool {
        let also: &[&str] = match (self, document) {
            // tuf-ci names the holder of a key, and the place of an online key, at the top.
            (Self::OnboardMember, Document::Root) => &[
                "keys.*",
                "roles.root.keyids",
                "roles.targets.keyids",
                "x-tuf-ci.signers.*",
            ],
            (Self::EmergencyRevocation, Document::Root) => &[
                "keys.*",
                "roles.*.keyids",
                "x-tuf-ci.signers.*",
                "x-tuf-ci.online.*",
            ],
            (Self::OnboardMember, Document::Targets) => &[
                "delegations.keys.*",
                "delegations.roles.crates.keyids",
                "x-tuf-ci.signers.*",
            ],
            (Self::EmergencyRevocation, Document::Targets) => &[
                "delegations.keys.*",
                "delegations.roles.*.keyids",
                "x-tuf-ci.signers.*",
                "x-tuf-ci.online.*",
            ],
            (Self::CratesRootChange, Document::Crates | Document::Targets) => &["targets.*"],
            // Each value follows from the policy by a rule of its own.
            (Self::ChangePolicy, Document::Root) => &[
                "keys.*",
                "roles.*.keyids",
                "roles.*.threshold",
                "roles.*.x-tuf-on-ci-expiry-period",
                "roles.*.x-tuf-on-ci-signing-period",
                "x-tuf-on-ci-expiry-period",
                "x-tuf-on-ci-signing-period",
                "x-tuf-ci.signers.*",
                "x-tuf-ci.online.*",
                "x-tuf-ci.periods.*",
            ],
            (Self::ChangePolicy, Document::Targets) => &[
                "delegations",
                "targets",
                "x-tuf-on-ci-expiry-period",
                "x-tuf-on-ci-signing-period",
                "x-tuf-ci.signers.*",
                "x-tuf-ci.online.*",
                "x-tuf-ci.periods.*",
            ],
            (Self::ChangePolicy, Document::Crates) => &[
                "x-tuf-on-ci-expiry-period",
                "x-tuf-on-ci-signing-period",
                "x-tuf-ci.periods.*",
            ],
            _ => &[],
        };
        // REVOKED-AUTHORISED checks its keys.
        if document == Document::Targets
            && matches!(place, [targets, file, ..] if targets == "targets" && file == REVOKED)
        {
            return true;
        }
        ALWAYS
            .iter()
            .chain(also)
            .any(|pattern| matches(pattern, place))
    }
}

/// Whether a place is one that the pattern means, or is below it. A `*` means
/// any one name.
fn matches(pattern: &str, place: &[String]) -> bool {
    let mut parts = place.iter();
    pattern.split('.').all(|wanted| {
        parts
            .next()
            .is_some_and(|part| wanted == "*" || *part == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::{Document, Scenario};

    fn may_change(scenario: Scenario, document: Document, place: &str) -> bool {
        let names: Vec<_> = place.split('.').map(str::to_owned).collect();
        scenario.may_change(document, &names)
    }

    #[test]
    fn a_name_with_a_dot_passes_for_no_place() {
        for name in ["version.x", "expires.", "keys.abc", "roles.root.keyids"] {
            let place = [name.to_owned()];
            assert!(!Scenario::EmergencyRevocation.may_change(Document::Root, &place));
        }
    }

    #[test]
    fn the_annual_signing_changes_version_and_expiry_alone() {
        let may = |place| may_change(Scenario::AnnualResign, Document::Root, place);
        assert!(may("version") && may("expires"));
        for place in [
            "roles.root.threshold",
            "roles.root.keyids",
            "keys.abc",
            "consistent_snapshot",
            "x-other",
        ] {
            assert!(!may(place), "{place}");
        }
    }

    #[test]
    fn nobody_but_an_emergency_replaces_an_online_key() {
        let place = "roles.snapshot.keyids";
        assert!(may_change(
            Scenario::EmergencyRevocation,
            Document::Root,
            place
        ));
        assert!(!may_change(Scenario::OnboardMember, Document::Root, place));
    }

    #[test]
    fn tuf_ci_names_new_holders_at_the_top_where_holders_may_change() {
        use Scenario::*;
        let place = "x-tuf-ci.signers.abc";
        for document in [Document::Root, Document::Targets] {
            assert!(may_change(OnboardMember, document, place));
            assert!(may_change(EmergencyRevocation, document, place));
            assert!(!may_change(AnnualResign, document, place));
            assert!(!may_change(OnboardMember, document, "x-tuf-ci.online.abc"));
        }
    }

    #[test]
    fn another_authorised_file_changes_no_delegation() {
        let may = |place| may_change(Scenario::CratesRootChange, Document::Targets, place);
        assert!(may("targets.anything"));
        assert!(!may("delegations.keys.abc"));
    }

    #[test]
    fn no_scenario_lowers_a_threshold_or_widens_a_path() {
        use Scenario::*;
        for scenario in [
            AnnualResign,
            OnboardMember,
            EmergencyRevocation,
            CratesRootChange,
        ] {
            for (document, place) in [
                (Document::Root, "roles.root.threshold"),
                (Document::Targets, "delegations.roles.crates.paths"),
                (Document::Targets, "delegations.roles.crates.terminating"),
                (Document::Targets, "delegations.roles.crates.threshold"),
                (Document::Root, "x-tuf-ci.periods.root"),
                (Document::Targets, "x-tuf-ci.periods.crates"),
            ] {
                assert!(
                    !may_change(scenario, document, place),
                    "{scenario:?} {place}"
                );
            }
        }
    }
}
