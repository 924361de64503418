//! The simulated devices of a rehearsal, operated from the keyboard.

use crossterm::event::KeyCode;

use super::{
    pictures::room,
    story::{Story, handle},
    table::Table,
};
use crate::tui::{
    model::Act,
    room::{RoomCommand, RoomSeen},
};
use keymoot_record::transcript::Event;

fn commanded(table: &mut Table) -> Vec<RoomCommand> {
    let acts = table.acts().into_iter().map(|act| match act {
        Act::Room(command) => command,
        _ => panic!("the driver was told something"),
    });
    acts.collect()
}

fn table_of(story: &mut Story, holder: u32) -> Table {
    story.tell(Event::TurnBegun {
        holder: handle(holder),
    });
    Table::of(story)
}

#[test]
fn the_device_of_the_holders_seat_is_inserted_touched_and_unplugged() {
    let mut table = table_of(&mut Story::at_enrolment(), 3);
    table.model.room(room(0, false));
    table.control('n');
    table.model.room(room(3, true));
    table.control('t').press(KeyCode::F(6)).press(KeyCode::F(5));
    assert_eq!(
        commanded(&mut table),
        [
            RoomCommand::Insert(3),
            RoomCommand::Touch(3),
            RoomCommand::Touch(3),
            RoomCommand::Remove(3),
        ]
    );
}

#[test]
fn a_touch_goes_to_the_device_that_blinks() {
    let mut table = table_of(&mut Story::at_enrolment(), 3);
    table.model.room(room(7, true));
    table.control('t');
    assert_eq!(commanded(&mut table), [RoomCommand::Touch(7)]);
}

#[test]
fn another_device_is_taken_in_hand_by_its_number() {
    let mut table = table_of(&mut Story::at_enrolment(), 3);
    table.model.room(room(0, false));
    table.control('p').keys("7").control('n');
    assert_eq!(commanded(&mut table), [RoomCommand::Insert(7)]);
}

#[test]
fn the_next_turn_takes_its_own_device_again() {
    let mut story = Story::at_enrolment();
    let mut table = table_of(&mut story, 3);
    table.model.room(room(0, false));
    table.control('p').keys("7");
    story.tell(Event::TurnEnded {
        holder: handle(3),
        unfinished: Some("tired".to_owned()),
    });
    story.tell(Event::TurnBegun { holder: handle(4) });
    table.request(crate::tui::link::Request::Show(Box::new(story.view())));
    table.control('n');
    assert_eq!(commanded(&mut table), [RoomCommand::Insert(4)]);
}

#[test]
fn a_holder_signs_with_the_device_that_was_enrolled() {
    let mut story = Story::at_signing(0);
    let mut table = table_of(&mut story, 2);
    let mut seen = room(0, false);
    // The holder of seat 2 enrolled what is device 8 now.
    let enrolled = seen.devices[1].serial;
    seen.devices[1].serial = seen.devices[7].serial;
    seen.devices[7].serial = enrolled;
    table.model.room(seen);
    table.control('n');
    assert_eq!(commanded(&mut table), [RoomCommand::Insert(8)]);
}

#[test]
fn numbers_of_two_digits_can_be_typed() {
    let mut table = table_of(&mut Story::at_enrolment(), 3);
    let mut seen = room(0, false);
    let mut more = seen.devices.clone();
    for device in &mut more {
        device.number += 9;
    }
    seen.devices.extend(more);
    table.model.room(seen);
    table.control('p').keys("12").control('n');
    table
        .control('p')
        .keys("1")
        .press(KeyCode::Enter)
        .control('n');
    table.control('p').keys("4").control('n');
    assert_eq!(
        commanded(&mut table),
        [
            RoomCommand::Insert(12),
            RoomCommand::Insert(1),
            RoomCommand::Insert(4)
        ]
    );
}

#[test]
fn moving_devices_does_not_disturb_the_input() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    table.model.room(room(3, false));
    table.keys("33").control('t').keys("33");
    assert!(table.picture().contains("> 3333_"));
}

#[test]
fn a_failed_device_command_is_shown() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.model.room(RoomSeen {
        failed: Some("the simulator is gone".to_owned()),
        ..room(0, false)
    });
    assert!(table.picture().contains("! the simulator is gone"));
}

#[test]
fn without_a_room_its_keys_do_nothing() {
    let story = Story::at_enrolment();
    let mut table = Table::live(&story);
    table.control('n').control('t').press(KeyCode::F(5));
    assert!(table.nothing_happened());
    assert!(!table.picture().contains("simulated"));
}

#[test]
fn what_is_pressed_before_the_devices_were_seen_is_done_once_they_are() {
    let mut table = table_of(&mut Story::at_enrolment(), 3);
    table.control('n');
    assert!(table.nothing_happened());
    let acts = table.model.room(room(0, false));
    assert!(matches!(
        acts.as_slice(),
        [Act::Room(RoomCommand::Insert(3))]
    ));
    assert!(table.model.room(room(0, false)).is_empty());
}

#[test]
fn a_device_touched_while_its_holder_types_is_not_touched_again_when_it_blinks() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    table.model.room(room(3, false));
    table.control('t');
    assert!(table.model.room(room(3, true)).is_empty());
}
