//! What is written says what the draft said.

use proptest::prelude::*;

use crate::dialect::Dialect;
use crate::dialect::tufops::Config;
use crate::samples::{days, holder, root as root_draft};
use crate::{DelegationDraft, Periods, Root, RootDraft, Signer, TargetFile, Targets, TargetsDraft};
use keymoot_core::json::Object;
use keymoot_core::time::Time;

/// What the document of a draft says, as a draft again. tufops says some of it
/// in a file of its own, here beside the draft.
fn said(dialect: Dialect, draft: &RootDraft) -> RootDraft {
    let document = dialect.root(draft).unwrap();
    let mut root = Root::read(&document).unwrap();
    assert_eq!(root.warnings(), []);
    if dialect == Dialect::Tufops {
        let text = Config::of("gs://bucket", draft, &[]).to_toml();
        Config::parse(&text).unwrap().annotate_root(&mut root);
    }
    RootDraft::of(&root, draft.targets_periods).unwrap()
}

fn said_of_targets(dialect: Dialect, draft: &TargetsDraft) -> TargetsDraft {
    let document = dialect.targets(draft).unwrap();
    let mut targets = Targets::read(&document).unwrap();
    assert_eq!(targets.warnings(), []);
    if dialect == Dialect::Tufops {
        let text = Config::of("gs://bucket", &root_draft(), &draft.delegations).to_toml();
        Config::parse(&text).unwrap().annotate_targets(&mut targets);
    }
    let mut found = TargetsDraft::of(&draft.role, &targets, draft.periods).unwrap();
    if dialect == Dialect::TufOnCi {
        // There a delegated document says them itself.
        for (role, drafted) in found.delegations.iter_mut().zip(&draft.delegations) {
            role.periods = drafted.periods;
        }
    }
    found
}

fn any_signers() -> impl Strategy<Value = Vec<Signer>> {
    proptest::sample::subsequence((1..=9_u8).collect::<Vec<_>>(), 1..=5)
        .prop_shuffle()
        .prop_map(|seeds| {
            seeds
                .into_iter()
                .map(|seed| Signer::Holder(holder(seed)))
                .collect()
        })
}

fn any_periods() -> impl Strategy<Value = Periods> {
    (2..5000_u32, 0..5000_u32)
        .prop_map(|(expiry, signing)| days(expiry, 1 + signing % (expiry - 1)))
}

prop_compose! {
    fn any_root()(
        version in 1..u64::MAX,
        expires in 0..250_000_000_000_i64,
        root in any_signers(),
        targets in proptest::option::of(any_signers()),
        thresholds in (0..100_u32, 0..100_u32),
        periods in (any_periods(), any_periods(), any_periods(), any_periods()),
        mark in "\\PC{0,8}",
    ) -> RootDraft {
        let within = |threshold: u32, signers: usize| threshold % u32::try_from(signers).unwrap() + 1;
        let holders: Vec<_> = root
            .iter()
            .filter_map(|signer| match signer {
                Signer::Holder(holder) => Some(holder.clone()),
                Signer::Online(_) => None,
            })
            .collect();
        let targets = targets.filter(|signers| *signers != root);
        RootDraft {
            version,
            expires: Time::from_unix(expires).unwrap(),
            root_threshold: within(thresholds.0, holders.len()),
            targets_threshold: within(thresholds.1, targets.as_ref().map_or(holders.len(), Vec::len)),
            holders,
            targets_signers: targets,
            root_periods: periods.0,
            targets_periods: periods.1,
            snapshot_periods: periods.2,
            timestamp_periods: periods.3,
            marks: Object::from([(format!("x-mark{mark}"), mark.into())]),
            ..root_draft()
        }
    }
}

prop_compose! {
    fn any_targets()(
        version in 1..u64::MAX,
        expires in 0..250_000_000_000_i64,
        files in proptest::collection::btree_map("\\PC{1,8}", proptest::collection::vec(any::<u8>(), 0..3), 0..4),
        roles in proptest::collection::btree_map(
            "[a-z]{4}[-_A-Z0-9]{0,3}",
            (any_signers(), any::<u32>(), proptest::collection::btree_set("\\PC{1,8}", 1..4), any::<bool>(), any_periods()),
            0..4,
        ),
        periods in any_periods(),
    ) -> TargetsDraft {
        let delegations = roles.into_iter().map(|(name, (signers, threshold, paths, terminating, periods))| {
            DelegationDraft {
                name,
                threshold: threshold % u32::try_from(signers.len()).unwrap() + 1,
                signers,
                paths: paths.into_iter().collect(),
                terminating,
                periods,
            }
        });
        TargetsDraft {
            role: "targets".to_owned(),
            version,
            expires: Time::from_unix(expires).unwrap(),
            files: files.iter().map(|(name, content)| (name.clone(), TargetFile::of(content))).collect(),
            delegations: delegations.collect(),
            periods,
            marks: Object::new(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_written_document_has_the_content_of_its_draft(root in any_root(), targets in any_targets()) {
        for dialect in Dialect::ALL {
            prop_assert_eq!(&said(dialect, &root), &root);
            prop_assert_eq!(&said_of_targets(dialect, &targets), &targets);
        }
    }
}
