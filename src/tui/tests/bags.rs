//! The numbers of bags are compared with those of the last ceremony, and with each other.

use crossterm::event::KeyCode;

use super::{
    story::{SCRIPT, Story, roster},
    table::Table,
};
use crate::tui::link::Heard;
use keymoot_record::{ceremony::Answer, transcript::Event};

/// The step that opens the room, where the last ceremony left the machine in this bag.
fn left_in(bag: &str) -> Table {
    let mut story = Story::at_confirm();
    let opening = story.state.opening.as_mut().unwrap();
    opening.bags.insert("machine".to_owned(), bag.to_owned());
    Table::asked(&story)
}

/// The bag's number that the confirmed step records.
fn recorded(table: &mut Table) -> String {
    match table.enter("09:30").enter("confirm").heard() {
        Heard::Answer(Answer::Confirm { fields, .. }) => fields["bag"].clone(),
        _ => panic!("nothing was confirmed"),
    }
}

#[test]
fn same_is_refused_where_no_earlier_bag_is_known() {
    let mut table = Table::asked(&Story::at_confirm());
    assert!(table.enter("Same").says("keymoot knows no earlier bag"));
    assert_eq!(recorded(table.enter("A 1")), "A 1");
}

#[test]
fn another_number_than_the_last_one_is_pointed_out_and_typed_again_to_go_on() {
    let mut table = left_in("B 201");
    let odd = "The last ceremony left it in B 201, and X 1 is typed.";
    assert!(table.enter("X 1").says(odd));
    // Enter alone does not accept it.
    assert!(
        table
            .press(KeyCode::Enter)
            .says("left it in B 201: type same")
    );
    assert_eq!(recorded(table.enter("X 1")), "X 1");
    let mut table = left_in("B 201");
    table.enter("X 1");
    assert_eq!(recorded(table.enter("same")), "B 201");
}

/// The same step, which asks for a new bag for the machine as well.
fn with_a_new_bag() -> Story {
    let second =
        "[[act.step.field]]\nid = \"machine-bag\"\nlabel = \"New bag\"\naccepts = \"text\"\n";
    let clock = "[[act.step.field]]\nid = \"clock\"";
    let script = SCRIPT.replacen(clock, &format!("{second}\n{clock}"), 1);
    let mut story = Story::of(script, roster());
    story.tell(Event::MachineChecked {
        verdicts: Vec::new(),
    });
    story
}

#[test]
fn the_bag_of_the_last_ceremony_is_no_new_bag_without_a_word() {
    let mut story = with_a_new_bag();
    let opening = story.state.opening.as_mut().unwrap();
    opening
        .bags
        .insert("machine".to_owned(), "B 201".to_owned());
    let mut table = Table::asked(&story);
    table.enter("B 201");
    let odd = "The last ceremony left it in B 201; a new bag has another number.";
    assert!(table.enter("B 201").says(odd));
    assert!(!table.enter("B 202").says(odd));
}

/// A later step, which asks for a new bag for the machine, after this one was opened.
fn after_the_bag_was_opened(bag: &str) -> Table {
    let roll_call = "[[act.step]]\nid = \"roll-call\"";
    let later = "[[act.step]]\nid = \"away\"\nkind = \"confirm\"\ntitle = \"The machine goes away\"\n\
                 words = \"The machine goes into a new bag.\"\nby = \"witness\"\nminutes = 1\n\
                 [[act.step.field]]\nid = \"machine-bag\"\nlabel = \"New bag\"\naccepts = \"text\"\n";
    let script = SCRIPT.replacen(roll_call, &format!("{later}\n{roll_call}"), 1);
    let mut story = Story::of(script, roster());
    story.tell(Event::MachineChecked {
        verdicts: Vec::new(),
    });
    let typed = [("bag", bag), ("clock", "09:30")];
    let typed = typed.map(|(id, text)| (id.to_owned(), text.to_owned()));
    story.tell(Event::Confirmed {
        step: "room".to_owned(),
        fields: typed.into(),
    });
    Table::asked(&story)
}

#[test]
fn the_bag_that_was_opened_in_the_ceremony_is_no_new_bag_without_a_word() {
    let odd = "A 1 was opened in this ceremony; a new bag has another number.";
    let mut table = after_the_bag_was_opened("A 1");
    assert!(table.enter("A 1").says(odd), "{}", table.picture());
    assert!(!table.enter("A 2").says(odd), "{}", table.picture());
    assert!(table.says("type confirm"), "{}", table.picture());
    // What was in no bag opened none.
    let mut table = after_the_bag_was_opened("none");
    assert!(table.enter("none").says("type confirm"));
}

#[test]
fn two_things_in_one_new_bag_are_pointed_out() {
    let story = with_a_new_bag();
    let mut table = Table::asked(&story);
    table.enter("A 1");
    assert!(table.enter("A 1").says("A 1 is typed for"));
    assert_eq!(recorded(table.enter("A 1")), "A 1");
}
