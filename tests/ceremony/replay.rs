//! A crash leaves a prefix of the transcript, and `resume` replays it.

use std::{fs, sync::Arc};

use keymoot_record::{
    ceremony::State,
    transcript::{Chain, Event},
};
use proptest::prelude::*;

use testkit::stage::finished;

fn transcript() -> Vec<u8> {
    fs::read(finished().dir().join("transcript.jsonl")).unwrap()
}

/// The rest when the power fails after so many bytes were on the disk, and how many
/// of them are a torn line.
fn recovered(bytes: &[u8], kept: usize) -> (Chain, usize) {
    let (chain, torn) = Chain::recover(&bytes[..kept]).unwrap();
    (chain, torn.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn wherever_and_how_often_the_power_went_the_fold_is_the_same(
        crashes in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let bytes = transcript();
        let whole = Chain::read(&bytes).unwrap();
        let plan = finished().state().plan;
        let expected = State::fold(Arc::clone(&plan), &whole).unwrap();

        let mut crashes: Vec<_> = crashes.iter().map(|at| at.index(bytes.len() + 1)).collect();
        crashes.sort_unstable();
        let mut disk: Vec<u8> = Vec::new();
        for kept in crashes {
            disk.extend(&bytes[disk.len()..kept.max(disk.len())]);
            let (chain, torn) = recovered(&disk, disk.len());
            disk.truncate(disk.len() - torn);
            prop_assert_eq!(&chain.entries(), &&whole.entries()[..chain.entries().len()]);
        }
        let (mut chain, torn) = recovered(&disk, disk.len());
        prop_assert_eq!(torn, 0);
        let mut state = State::fold(plan, &chain).unwrap();
        for entry in &whole.entries()[chain.entries().len()..] {
            state = state.after(entry).unwrap();
            chain.push(entry.clone()).unwrap();
        }
        prop_assert!(state == expected);
        prop_assert_eq!(chain, whole);
    }
}

#[test]
fn a_transcript_cut_at_any_byte_keeps_every_line_that_is_whole() {
    let bytes = transcript();
    let mut lines = 0;
    // Every byte of a few lines, and the ends of all the others.
    for kept in 0..=bytes.len() {
        let at_an_end = kept > 0 && bytes[kept - 1] == b'\n';
        lines += usize::from(at_an_end);
        if at_an_end || kept < 2_000 {
            let (chain, torn) = recovered(&bytes[..kept], kept);
            assert_eq!(chain.entries().len(), lines, "after {kept} bytes");
            assert_eq!(torn == 0, kept == 0 || at_an_end, "after {kept} bytes");
        }
    }
}

#[test]
fn having_been_resumed_changes_nothing_but_what_was_under_way() {
    let whole = finished().chain();
    let plan = finished().state().plan;
    let expected = State::fold(Arc::clone(&plan), &whole).unwrap();
    let Event::Opened { program, .. } = &whole.entries()[0].event else {
        panic!("the first event is another one");
    };
    let at_rest: Vec<usize> = whole
        .entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| matches!(entry.event, Event::StepDone { .. }))
        .map(|(at, _)| at + 1)
        .collect();
    for at in at_rest {
        let mut state = State::new(Arc::clone(&plan));
        for (n, entry) in whole.entries().iter().enumerate() {
            if n == at {
                let mut resumed = entry.clone();
                resumed.event = Event::Resumed {
                    cut: 7,
                    program: program.clone(),
                    another: false,
                    settings: None,
                };
                state = state.after(&resumed).unwrap();
                if state.awaits_examination() {
                    let mut examined = entry.clone();
                    let verdicts = Vec::new();
                    examined.event = Event::MachineChecked { verdicts };
                    state = state.after(&examined).unwrap();
                }
            }
            state = state.after(entry).unwrap();
        }
        assert!(state == expected, "resumed before entry {at}");
    }
}
