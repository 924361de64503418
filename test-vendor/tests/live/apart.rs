//! A live ceremony with a holder apart: the test vendor's program on both sides.

use std::{fs, path::PathBuf};

use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::question::{last_four, reading_words},
    transcript::Event,
};
use testkit::stage::said;

use super::{
    bundle::EXPECTATIONS,
    ceremony::{Ceremony, pin, run},
    lines::Lines,
    machine::Machine,
    plan::HOLDERS,
    test_vendor,
};

/// Opens the options, and chooses the one for holders apart.
fn for_apart(at: &mut Lines) {
    // Where nobody at the table can come, nobody is asked whose turn it is.
    at.read_any(&["Whose turn?", "No other holder can come"]);
    at.reply("?");
    let list = at.read("holders apart: requests");
    let row = list.lines().last().unwrap();
    let number: String = row.chars().filter(char::is_ascii_digit).collect();
    at.reply(&number);
}

/// The last holder is asked, answers on a machine of their own, and the answer comes in.
fn away(ceremony: &mut Ceremony, machine: &Machine, step: &str) {
    let home = ceremony.place.dir().with_file_name(format!("{step}.home"));
    fs::create_dir(&home).unwrap();
    let [request, answer] = ["request", "answer"].map(|name| home.join(name));
    let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
    for_apart(&mut ceremony.at);
    let at = &mut ceremony.at;
    at.answer("The request's file", &path(&request));
    at.answer("Answers are due", "-");
    at.answer("How the request goes out", "stick");
    at.answer("Type ask", "ask");
    at.answer("Type read", "read");

    // A holder who expects a later format does not answer.
    let later = home.join("later.toml");
    let set = fs::read_to_string(EXPECTATIONS).unwrap();
    fs::write(&later, format!("minimum_format = 3\n{set}")).unwrap();
    let asked = ["answer", &path(&request), "-o", &path(&answer)];
    let expecting = ["--expect", &path(&later)];
    let refused = run(&test_vendor(), &[&asked[..], &expecting].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(
        said(&refused).contains("TRANSCRIPT-EXPECTED"),
        "{}",
        said(&refused)
    );

    let arguments = ["answer", &path(&request), "-o", &path(&answer), "--plain"];
    let arguments = arguments.iter().copied().chain(["--expect", EXPECTATIONS]);
    let command = machine.command(ceremony.room.socket(), &test_vendor(), arguments);
    let mut holder = Lines::start(command);
    while holder.read_any(&["Enter shows more", "first two words"]).0 == 0 {
        holder.reply("");
    }
    let words = reading_words(&Digest::of(&fs::read(&request).unwrap()));
    holder.reply(&format!("{words} phone"));
    holder.answer("Press Enter when your device is at hand", "");
    holder.read("Insert your device");
    ceremony.room.insert(HOLDERS);
    if step == "enrolment" {
        let serial = ceremony.room.serials[HOLDERS - 1];
        holder.answer("last four digits", &last_four(serial));
        holder.answer("New PIN, first time", &pin(HOLDERS));
        holder.answer("New PIN, second time", &pin(HOLDERS));
        holder.answer("taken if you have a copy", "taken");
    } else {
        holder.answer("PIN, then Enter", &pin(HOLDERS));
    }
    holder.read("Take your device out");
    ceremony.room.remove(HOLDERS);
    holder.answer("Type done", "done");
    assert_eq!(holder.exit_code(), 0);

    for_apart(&mut ceremony.at);
    let at = &mut ceremony.at;
    at.answer("What for?", "1");
    at.answer("The answer's file", &path(&answer));
    at.answer("Type take", "take");
    at.read("Answers recorded: 1.");
    at.answer("Type read", "read");
}

#[test]
fn a_holder_apart_enrols_and_signs_live_and_the_bundle_verifies() {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let mut ceremony = Ceremony::begin(&machine, &test_vendor());
    // The last holder's number twice: apart.
    ceremony.up_to_roll_call_of("1 2 3 3");
    for holder in 1..HOLDERS {
        ceremony.begin_enrolment(holder);
        ceremony.goes(holder);
    }
    away(&mut ceremony, &machine, "enrolment");
    ceremony.at.answer("type enough", "enough");
    ceremony.all_agree(HOLDERS - 1);
    let signs = |ceremony: &mut Ceremony, step: &str| {
        for holder in 1..HOLDERS {
            ceremony.comes(step, holder);
            ceremony.at.answer("PIN, then Enter", &pin(holder));
            ceremony.goes(holder);
        }
    };
    signs(&mut ceremony, "signing");
    away(&mut ceremony, &machine, "signing");
    ceremony.pack(HOLDERS - 1);
    ceremony.at.answer("type confirm", "confirm");
    signs(&mut ceremony, "closing");
    ceremony.at.answer("type enough", "enough");
    ceremony.at.answer("Type done", "done");
    assert_eq!(ceremony.at.exit_code(), 0);

    let chain = ceremony.place.transcript();
    let answered = chain
        .entries()
        .iter()
        .filter(|entry| matches!(entry.event, Event::Answered { .. }));
    assert_eq!(answered.count(), 2);
    let out = ceremony.place.out();
    let output = run(
        &test_vendor(),
        &[
            "verify",
            out.to_str().unwrap(),
            "--expect",
            EXPECTATIONS,
            "--rules",
        ],
    );
    assert!(output.status.success(), "{}", said(&output));
    for rule in ["ANSWER-SIGNED", "ANSWER-MACHINE", "REQUEST-DERIVED"] {
        assert!(said(&output).contains(rule), "{rule}\n{}", said(&output));
    }
}
