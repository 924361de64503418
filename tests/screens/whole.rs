//! A whole rehearsal by keystrokes.

use keymoot::{
    bundle::{self, Expectations},
    ceremony::question::last_four,
    rules::Verdict,
};

use super::terminal::Terminal;

/// Ctrl-N plugs the holder's device in or out, Ctrl-T touches it.
const PLUG: &str = "\u{e}";
const TOUCH: &str = "\u{14}";

/// The serial numbers that the panel of the rehearsal shows, seed 7.
fn serials(dir: &std::path::Path) -> Vec<u32> {
    let state = std::fs::read_to_string(dir.join("rehearsal/devices.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&state).unwrap();
    json["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| u32::try_from(device["serial"].as_u64().unwrap()).unwrap())
        .collect()
}

#[test]
fn nine_holders_enrol_sign_and_close_by_keystrokes_and_the_bundle_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let out = folder.path().join("bundle");
    let mut at = Terminal::start([
        "rehearse".as_ref(),
        "--seed".as_ref(),
        "7".as_ref(),
        "--dir".as_ref(),
        dir.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ]);

    at.expect("Number of the tamper-evident bag");
    insta::assert_snapshot!("the_room_is_opened", at.picture());
    at.enter("bag 17")
        .enter("12:00")
        .expect("type confirm")
        .enter("confirm");
    at.expect("All have answered?");
    insta::assert_snapshot!("roll_call", at.picture());
    at.press(&" ".repeat(9)).enter("present");

    let mut busiest = 0;
    for (n, serial) in (1..=9).zip(serials(&dir)) {
        at.expect("Call the next holder to make a key");
        if n == 1 {
            insta::assert_snapshot!("whose_turn", at.picture());
        }
        let before = at.keystrokes();
        at.enter(&n.to_string())
            .expect("Insert your device")
            .by_hand(PLUG);
        at.expect("Type its last four digits");
        if n == 1 {
            insta::assert_snapshot!("is_this_yours", at.picture());
        }
        at.enter(&last_four(serial));
        let besides = at.keystrokes() - before;
        at.expect("New PIN, first time").enter(&pin(n));
        at.expect("New PIN, second time").enter(&pin(n));
        at.expect("BLINKS");
        at.by_hand(TOUCH)
            .expect("Take your device out")
            .by_hand(PLUG);
        busiest = busiest.max(besides);
    }

    at.expect("Read on to the end");
    at.press("\u{1b}[F").expect("first two words");
    let words = reading_words(&dir);
    at.enter(&words);

    busiest += turns(&mut at, "Call the next holder to sign", 9);
    at.expect("Anything to record?")
        .expect("type confirm")
        .enter("confirm");
    busiest += turns(&mut at, "Call the next holder to sign the manifest", 5);
    at.expect("5 of 5 have").enter("enough");
    at.expect("The ceremony is over").enter("done");
    assert_eq!(at.exit_code(), 0);

    let bundle = bundle::read(&out).unwrap();
    let expected = Expectations {
        rehearsal: true,
        trusted_root: None,
    };
    let violated: Vec<_> = bundle::verify(&bundle, &expected)
        .into_iter()
        .filter(Verdict::is_violated)
        .collect();
    assert!(violated.is_empty(), "{violated:?}");
    println!("{busiest} keystrokes a holder besides the PIN");
    assert!(busiest <= 12, "{busiest} keystrokes");
}

/// Lets the first holders sign, and counts the keystrokes of one besides the PIN.
fn turns(at: &mut Terminal, call: &str, holders: usize) -> usize {
    let mut most = 0;
    for n in 1..=holders {
        at.expect(call);
        let before = at.keystrokes();
        at.enter(&n.to_string())
            .expect("Insert your device")
            .by_hand(PLUG);
        at.expect("PIN, then Enter");
        most = most.max(at.keystrokes() - before);
        at.enter(&pin(n)).expect("BLINKS").by_hand(TOUCH);
        at.expect("Take your device out").by_hand(PLUG);
    }
    most
}

fn pin(n: usize) -> String {
    format!("48291{n}")
}

/// The words that the review asks for, as they stand on the screen.
fn reading_words(dir: &std::path::Path) -> String {
    use keymoot::transcript::{Chain, Event};
    let chain = Chain::read(&std::fs::read(dir.join("transcript.jsonl")).unwrap()).unwrap();
    let signed = chain.entries().iter().find_map(|entry| match &entry.event {
        Event::Proposed { signed, .. } => Some(*signed),
        _ => None,
    });
    keymoot::ceremony::question::reading_words(&signed.unwrap())
}
