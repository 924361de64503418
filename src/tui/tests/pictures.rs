//! Every screen as it is seen, at 80×24; the main ones also at 120×40.

use crossterm::event::KeyCode;

use super::{
    interrupting::touch,
    story::{SCRIPT, Story, device_error, hand_over, handle, prompt, recipient, roster, serial},
    table::{PLAIN, Table},
};
use crate::{
    driver::{Asked, HandOver, PinPrompt, PlanOfDay, Trouble, Work},
    host::secret::Secret,
    tui::{
        link::{Heard, Request},
        page::style::Sheet,
        room::{RoomDevice, RoomSeen},
    },
};
use keymoot_attestation::Family;
use keymoot_core::{Rule, Violation, digest::Digest};
use keymoot_record::transcript::Mode;

/// Nine simulated devices, of which one is in.
pub(super) fn room(inserted: usize, touch: bool) -> RoomSeen {
    let devices = (1..=9).map(|number| RoomDevice {
        number,
        serial: serial(number as u32),
        inserted: number == inserted,
        awaiting_touch: touch && number == inserted,
    });
    RoomSeen {
        devices: devices.collect(),
        failed: None,
    }
}

#[test]
fn before_the_driver_has_said_anything() {
    let mut model = crate::tui::model::Model::new(
        keymoot_record::transcript::Mode::Live,
        "The first root".to_owned(),
        PLAIN,
        false,
    );
    model.lay_out(crate::tui::page::layout::Size {
        columns: 80,
        rows: 24,
    });
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| crate::tui::full_screen::draw::draw(frame, &model))
        .unwrap();
    insta::assert_snapshot!(terminal.backend().to_string());
}

#[test]
fn the_page_of_the_sealed_file_says_by_family_what_it_is_for() {
    for (family, sealed, needed) in [
        (
            Family::YubiKey,
            "PUK and management key of device",
            "Without it, a blocked PIN makes",
        ),
        (
            Family::YubiHsm,
            "The passwords of device",
            "Without it, a forgotten password makes",
        ),
    ] {
        let mut table = Table::of(&Story::at_enrolment());
        table.request(Request::HandOver(HandOver {
            family,
            ..hand_over()
        }));
        assert!(table.says(sealed), "{}", table.picture());
        assert!(table.says(needed), "{}", table.picture());
    }
}

#[test]
fn everybody_agrees_to_the_plan_before_the_first_step() {
    let story = Story::at_digests(Mode::Live, SCRIPT.to_owned(), roster());
    let mut table = Table::of(&story);
    let end = keymoot_record::transcript::Time::from_unix(table.model.now.utc)
        .and_then(|now| story.state.expected_end(now));
    table.request(Request::PlanOfDay(PlanOfDay {
        end: end.map(|expected| expected.at),
        warnings: Vec::new(),
        summary: story.state.plan.summary(),
        outputs: ["/media/a/bundle", "/media/b/bundle"]
            .map(str::to_owned)
            .into(),
    }));
    insta::assert_snapshot!(table.picture());
    assert!(table.enter("agree").nothing_happened());
    insta::assert_snapshot!(table.read_on().picture());
    assert!(matches!(table.enter("Agree").heard(), Heard::Done));
}

#[test]
fn what_people_must_know_is_the_first_thing_on_the_page_of_the_plan() {
    let story = Story::at_digests(Mode::Live, SCRIPT.to_owned(), roster());
    let mut table = Table::of(&story);
    let disk = "folder and bundle are on one disk";
    table.request(Request::PlanOfDay(PlanOfDay {
        end: None,
        warnings: vec![disk.to_owned()],
        summary: story.state.plan.summary(),
        outputs: vec!["/media/a/bundle".to_owned()],
    }));
    let picture = table.picture();
    let at = |words: &str| picture.find(words).expect(&picture);
    assert!(at("Know this before you begin") < at(disk) && at(disk) < at("Who"));
}

#[test]
fn the_digests_are_read_before_the_first_step() {
    let story = Story::at_digests(Mode::Live, SCRIPT.to_owned(), roster());
    insta::assert_snapshot!(Table::asked(&story).picture());
}

#[test]
fn a_step_is_confirmed_with_its_fields() {
    let mut table = Table::asked(&Story::at_confirm());
    table.enter("A 1234").enter("25:00");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn the_roll_is_called() {
    let mut table = Table::asked(&Story::at_roll_call());
    table.keys("   ");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn the_first_holder_is_called() {
    insta::assert_snapshot!(Table::asked(&Story::at_enrolment()).picture());
}

#[test]
fn the_next_holder_is_chosen() {
    let mut story = Story::at_enrolment();
    story.enrolled(1).enrolled(2);
    let mut table = Table::asked(&story);
    table.model.room(room(0, false));
    table.keys("4");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_quorum_has_signed_and_more_may() {
    insta::assert_snapshot!(Table::asked(&Story::at_signing(5)).picture());
}

#[test]
fn a_quorum_has_signed_on_a_large_screen() {
    let story = Story::at_signing(5);
    let mut table = Table::sized(&story, (120, 40), PLAIN);
    table.request(Request::Ask(story.question(), None));
    table.model.room(room(3, false));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_device_is_awaited() {
    let mut story = Story::at_enrolment();
    story.tell(keymoot_record::transcript::Event::TurnBegun { holder: handle(3) });
    let mut table = Table::of(&story);
    table.model.room(room(0, false));
    table.request(Request::Working(
        Work::Insert {
            holder: handle(3),
            serial: None,
            family: Family::YubiKey,
            seen: Some("2 devices are inserted: leave only one.".to_owned()),
        },
        Some(crate::device::Cancel::new()),
    ));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn the_number_on_the_case_is_asked_for() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, true);
    let mut table = Table::asked(&story);
    table.model.room(room(3, false));
    table.enter("0000");
    let refusal =
        keymoot_record::ceremony::Refusal("Those are not the last four digits.".to_owned());
    table.request(Request::Ask(story.question(), Some(refusal)));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn the_number_on_the_case_is_not_on_the_screen() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, true);
    let mut table = Table::sized(&story, (160, 50), PLAIN);
    table.request(Request::Ask(story.question(), None));
    let picture = table.picture();
    assert!(
        picture.contains("holder-3 inserts YubiKey, firmware 5.7.4"),
        "{picture}"
    );
    assert!(!picture.contains(&serial(3).to_string()), "{picture}");
}

#[test]
fn a_device_whose_key_may_be_adopted_is_not_announced_as_erased() {
    use keymoot_record::rules::policy::{Adopt, AdoptedPin, AdoptedTouch};

    let mut story = Story::at_enrolment();
    story.device_seen(3, true);
    let erased = Table::asked(&story).picture();
    assert!(erased.contains("next: the device is erased"), "{erased}");
    std::sync::Arc::make_mut(&mut story.state.plan)
        .policy
        .device
        .adopt = Some(Adopt {
        pin: AdoptedPin::Once,
        touch: AdoptedTouch::Always,
    });
    let adopted = Table::asked(&story).picture();
    assert!(
        adopted.contains("next: its key is adopted, or"),
        "{adopted}"
    );
}

#[test]
fn a_used_device_is_erased_on_its_holders_word() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, true);
    story.tell(keymoot_record::transcript::Event::DeviceConfirmed {
        holder: handle(3),
        serial: serial(3),
    });
    insta::assert_snapshot!(Table::asked(&story).picture());
}

#[test]
fn a_rule_refuses_a_device() {
    let mut story = Story::at_enrolment();
    story.tell(keymoot_record::transcript::Event::TurnBegun { holder: handle(3) });
    let violation = Violation::new(
        Rule::DeviceFirmware,
        "YubiKey 17383333 has firmware 5.4.3; the policy asks for 5.7.0 or later",
        "use a device with newer firmware; firmware cannot be upgraded",
    );
    story.tell(keymoot_record::transcript::Event::DeviceSeen {
        holder: handle(3),
        serial: serial(3),
        family: Family::YubiKey,
        firmware: "5.4.3".to_owned(),
        used: false,
        state: None,
        verdicts: vec![violation.into()],
    });
    insta::assert_snapshot!(Table::asked(&story).picture());
}

/// A device that holds a key already; `brought` from before the ceremony.
fn with_a_key(brought: bool) -> Table {
    let story = Story::at_enrolment();
    let mut table = Table::of(&story);
    table.request(Request::Ask(
        keymoot_record::ceremony::Question::AdoptOrReplace {
            holder: handle(3),
            serial: serial(3),
            key: keymoot_core::digest::Digest::of(b"key"),
            brought,
        },
        None,
    ));
    table
}

#[test]
fn a_key_was_found_after_an_interruption() {
    insta::assert_snapshot!(with_a_key(false).picture());
}

#[test]
fn a_holder_brings_a_key_that_was_made_before() {
    insta::assert_snapshot!(with_a_key(true).picture());
}

#[test]
fn a_new_pin_is_typed_twice_and_masked() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Pin(prompt(9, Asked::NewPin)));
    table.enter("739164").keys("7391");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_holder_compares_the_end_of_the_recipient_before_anything_is_sealed_to_it() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Pin(PinPrompt {
        sealed_to: Some(recipient()),
        ..prompt(9, Asked::NewPin)
    }));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_wrong_pin_is_told_with_the_tries_left() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Pin(PinPrompt {
        refused: Some("wrong PIN for YubiKey 17383333: 2 tries left. Type it again.".to_owned()),
        ..prompt(3, Asked::Pin)
    }));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn what_is_shown_once_is_hidden_at_first() {
    insta::assert_snapshot!("what_is_shown_once_is_hidden", once().picture());
    insta::assert_snapshot!(
        "what_is_shown_once_is_shown",
        once().enter("show").picture()
    );
}

fn once() -> Table {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Once {
        holder: handle(3),
        serial: serial(3),
        puk: Secret::of(b"83920174"),
        management: Secret::of(&[0xa5; 24]),
    });
    table
}

#[test]
fn a_touch_is_awaited_and_the_wait_is_counted() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::of(&story);
    table.model.room(room(3, true));
    table.request(Request::Working(touch(), None));
    table.model.tick(crate::tui::model::Now {
        utc: 1_790_003_609,
        up: 109,
    });
    insta::assert_snapshot!(table.picture());
}

#[test]
fn trouble_says_what_happened_and_what_to_do() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Trouble(Trouble {
        holder: handle(3),
        error: device_error(crate::device::ErrorKind::Removed),
    }));
    table.enter("what");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn all_violations_are_told_at_once() {
    let mut story = Story::opened();
    let violated = |rule, what: &str, next: &str| Violation::new(rule, what, next).into();
    story.tell(keymoot_record::transcript::Event::MachineChecked {
        verdicts: vec![
            violated(
                Rule::MachineNetwork,
                "eth0 is up",
                "unplug the network cable, or take eth0 down",
            ),
            violated(Rule::MachineSwap, "/dev/sda2 is used as swap", "swapoff -a"),
        ],
    });
    insta::assert_snapshot!(Table::asked(&story).picture());
}

#[test]
fn a_document_is_reviewed_from_its_change_to_its_digest() {
    let mut table = Table::asked(&Story::at_review(40));
    insta::assert_snapshot!("review_begins", table.picture());
    table.press(KeyCode::PageDown);
    insta::assert_snapshot!("review_goes_on", table.picture());
    table.read_on();
    insta::assert_snapshot!("review_ends", table.picture());
}

#[test]
fn a_document_is_reviewed_on_a_large_screen() {
    let story = Story::at_review(40);
    let mut table = Table::sized(&story, (120, 40), PLAIN);
    table.request(Request::Ask(story.question(), None));
    table.read_on();
    insta::assert_snapshot!(table.picture());
}

#[test]
fn the_ways_on_are_offered() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    table.press(KeyCode::Esc);
    insta::assert_snapshot!(table.picture());
}

#[test]
fn an_exception_is_written() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.press(KeyCode::F(3));
    table.enter("nine devices").keys("eight devices");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_turn_is_ended_with_a_reason() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    table
        .press(KeyCode::Esc)
        .keys("3")
        .enter("the device is broken");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn leaving_is_typed_out() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.press(KeyCode::F(4)).keys("lea");
    insta::assert_snapshot!(table.picture());
}

#[test]
fn help_is_at_hand() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.press(KeyCode::F(1));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn without_unicode_every_glyph_is_ascii() {
    let story = Story::at_review(40);
    let ascii = Sheet {
        colour: false,
        unicode: false,
        blocks: false,
        console: false,
    };
    let mut table = Table::sized(&story, (80, 24), ascii);
    table.request(Request::Ask(story.question(), None));
    let picture = table.picture();
    assert!(picture.is_ascii());
    insta::assert_snapshot!(picture);
}

#[test]
fn a_terminal_too_small_says_so() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.resize((60, 20));
    insta::assert_snapshot!(table.picture());
}

#[test]
fn a_holder_apart_reads_the_request() {
    let story = Story::at_signing(0);
    let mut table = Table::of(&story);
    let question = keymoot_record::ceremony::Question::ReadRequest {
        holder: handle(3),
        request: Digest::of(b"request"),
    };
    table.request(Request::Ask(question, None));
    insta::assert_snapshot!(table.picture());
    for _ in 0..9 {
        table.press(KeyCode::PageDown);
    }
    insta::assert_snapshot!(table.picture());
}
