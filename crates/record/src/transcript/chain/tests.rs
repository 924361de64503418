//! The hash chain: what is read back, torn, altered or unknown.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::handle::Handle;

fn time(seconds: i64) -> Time {
    Time::from_unix(1_700_000_000 + seconds).unwrap()
}

fn written(events: &[Event]) -> (Chain, Vec<u8>) {
    let (mut chain, mut bytes) = (Chain::default(), Vec::new());
    for (n, event) in events.iter().enumerate() {
        let entry = chain.next(event.clone(), time(n as i64)).unwrap();
        bytes.extend(entry.line());
        bytes.push(b'\n');
        chain.push(entry).unwrap();
    }
    (chain, bytes)
}

fn notes() -> Vec<Event> {
    ["one", "two \"quoted\" \\ back", "drei – ü 🔑"]
        .map(|text| Event::Note {
            text: text.to_owned(),
        })
        .to_vec()
}

#[test]
fn a_transcript_reads_back_as_it_was_written() {
    let (chain, bytes) = written(&notes());
    assert_eq!(Chain::read(&bytes).unwrap(), chain);
    assert_eq!(chain.bytes_through(2), bytes);
}

#[test]
fn a_line_has_the_documented_form() {
    let (_, bytes) = written(&[Event::Left {}]);
    let empty = Digest::of(b"");
    let expected = format!(
        "{{\"event\":{{\"kind\":\"left\"}},\"prev\":\"{empty}\",\"seq\":0,\"time\":\"2023-11-14T22:13:20Z\"}}\n"
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn the_members_of_an_event_are_sorted() {
    let event = Event::DeviceConfirmed {
        holder: Handle::try_from("holder-1".to_owned()).unwrap(),
        serial: 1,
    };
    let entry = Chain::default().next(event, time(0)).unwrap();
    let line = String::from_utf8(entry.line().to_vec()).unwrap();
    let members = "{\"holder\":\"holder-1\",\"kind\":\"device-confirmed\",\"serial\":1}";
    assert!(line.contains(members), "{line}");
}

#[test]
fn every_flipped_bit_breaks_the_chain_or_moves_the_head() {
    let (chain, bytes) = written(&notes());
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        assert!(Chain::read(&changed).map_or(true, |read| read.head() != chain.head()));
    }
}

#[test]
fn a_removed_duplicated_or_swapped_line_is_found() {
    let (_, bytes) = written(&notes());
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
    for order in [vec![1, 2], vec![0, 2], vec![0, 0, 1, 2], vec![0, 2, 1]] {
        let changed = order.iter().map(|&n| lines[n]).collect::<Vec<_>>().concat();
        assert!(
            matches!(Chain::read(&changed), Err(ChainError::Broken { .. })),
            "{order:?}"
        );
    }
}

#[test]
fn a_torn_last_line_is_not_taken_for_a_broken_one() {
    let (_, bytes) = written(&notes());
    let cut = &bytes[..bytes.len() - 5];
    assert_eq!(Chain::read(cut), Err(ChainError::Torn { line: 3 }));
    let (chain, torn) = Chain::recover(cut).unwrap();
    assert_eq!((chain.entries().len(), torn.is_empty()), (2, false));
}

#[test]
fn cut_at_any_byte_a_transcript_is_torn_in_that_line_or_ends_with_the_one_before() {
    let (_, bytes) = written(&notes());
    for end in 0..bytes.len() {
        let cut = &bytes[..end];
        let whole = cut.iter().filter(|&&b| b == b'\n').count() as u64;
        match Chain::read(cut) {
            Ok(chain) => {
                assert!(cut.is_empty() || cut.ends_with(b"\n"), "at {end}");
                assert_eq!(chain.entries().len() as u64, whole, "at {end}");
            }
            Err(error) => assert_eq!(error, ChainError::Torn { line: whole + 1 }, "at {end}"),
        }
    }
}

#[test]
fn a_last_line_whose_blocks_were_not_all_written_is_torn() {
    let (_, bytes) = written(&notes());
    let last = bytes.len()
        - bytes
            .split_inclusive(|&b| b == b'\n')
            .next_back()
            .unwrap()
            .len();
    for hole in [last..last + 40, last + 40..bytes.len(), last..bytes.len()] {
        let mut changed = bytes.clone();
        changed[hole.clone()].fill(0);
        let (chain, torn) = Chain::recover(&changed).unwrap();
        assert_eq!(chain.entries().len(), 2, "{hole:?}");
        assert_eq!(torn, &changed[last..], "{hole:?}");
        assert_eq!(Chain::read(&changed), Err(ChainError::Torn { line: 3 }));
    }
}

#[test]
fn a_line_with_zeros_before_another_is_altered_and_not_torn() {
    let (_, bytes) = written(&notes());
    let mut changed = bytes.clone();
    changed[10..20].fill(0);
    let error = Chain::recover(&changed).unwrap_err();
    assert!(
        matches!(error, ChainError::Broken { line: 1, .. }),
        "{error}"
    );
}

#[test]
fn an_event_with_a_control_character_is_not_written() {
    let event = Event::Note {
        text: "a\nb".to_owned(),
    };
    assert_eq!(
        Chain::default().next(event, time(0)),
        Err(ChainError::Control)
    );
}

/// A transcript of one line, whose event has this beside its kind.
fn with(members: &str) -> Vec<u8> {
    let (_, bytes) = written(&[Event::Resumed {
        cut: 0,
        program: Box::new(super::super::Program {
            name: "keymoot 9".to_owned(),
            sha256: Digest::of(b"program"),
            sbom: Digest::of(b"bill"),
        }),
        another: false,
        settings: None,
    }]);
    let text = String::from_utf8(bytes).unwrap();
    text.replace("\"cut\":0", members).into_bytes()
}

#[test]
fn unknown_members_of_an_event_are_kept_and_shown() {
    for (members, unknown) in [
        ("\"cut\":0,\"extra\":{\"a\":[1]}", "/extra"),
        ("\"cut\":0,\"extra/~\":null", "/extra~1~0"),
    ] {
        let bytes = with(members);
        let chain = Chain::read(&bytes).unwrap();
        let [entry] = chain.entries() else { panic!() };
        assert_eq!(entry.unknown_members(), [unknown]);
        assert!(entry.sentence().ends_with(&format!("program: {unknown}")));
        assert_eq!(chain.bytes_through(0), bytes);
        assert_eq!(chain.head(), Digest::of(&bytes[..bytes.len() - 1]));
    }
    let bytes = String::from_utf8(with("\"cut\":0")).unwrap();
    let bytes = bytes
        .replace("\"name\"", "\"more\":1,\"name\"")
        .into_bytes();
    let chain = Chain::read(&bytes).unwrap();
    assert_eq!(chain.entries()[0].unknown_members(), ["/program/more"]);
    assert_eq!(chain.bytes_through(0), bytes);
}

#[test]
fn a_known_member_is_written_in_one_way() {
    for members in [
        "\"another\":false,\"cut\":0",
        "\"cut\":0,\"cut\":0",
        "\"cut\":0.0",
        "\"extra\":1,\"cut\":0",
        "\"cut\": 0",
    ] {
        assert!(Chain::read(&with(members)).is_err(), "{members}");
    }
}

#[test]
fn unknown_members_of_a_line_are_refused() {
    let (_, bytes) = written(&[Event::Left {}]);
    let text = String::from_utf8(bytes).unwrap();
    let text = text.replace("\"prev\"", "\"more\":1,\"prev\"");
    assert!(Chain::read(text.as_bytes()).is_err());
}
