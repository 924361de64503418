//! No secret is in what is carried to and from holders apart, or in a holder's folder.

use std::{fs, path::Path};

use keymoot::rehearsal::cast::Cast;
use keymoot_record::apart::{Answer, Request, answer::Says, armour};
use testkit::{
    apart::Three,
    stage::{SEED, below, keymoot, said},
};

use crate::{
    apart::five_apart,
    secrets::{are_in_none, opened, pin, printed},
};

/// Every file below a folder, and each file that a request or an answer in it contains.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for (name, content) in below(folder) {
        if let Ok(request) = Request::read(&content) {
            let inside = request.files.into_values();
            let inside = inside.chain(request.objects.into_values());
            contents.extend(inside.map(|content| (format!("a file in {name}"), content)));
        }
        for file in armour::files(&content).into_iter().flatten() {
            if let Ok(answer) = Answer::read(&file) {
                let Says::Turn(turn) = answer.says else {
                    panic!("{name} has no turn")
                };
                contents.push((format!("the answer in {name}"), file));
                let inside = turn.objects.into_values();
                contents.extend(inside.map(|content| (format!("a file in {name}"), content)));
            }
        }
        contents.push((name, content));
    }
    contents
}

#[test]
fn no_pin_is_in_a_request_an_answer_or_a_holders_folder() {
    let contents = contents(&five_apart().path("ceremony.apart"));
    let searched: usize = contents.iter().map(|(_, content)| content.len()).sum();
    assert!(searched > 1_000_000, "{searched}");
    let pins: Vec<_> = (1..=5).map(pin).collect();
    are_in_none(&pins, &contents);
}

#[test]
fn what_a_device_that_is_enrolled_apart_was_given_is_only_in_the_file_sealed_to_its_holder() {
    let three = Three::new();
    let stage = &three.stage;
    let identity = age::x25519::Identity::generate();
    let text = Cast::of(3).roster();
    let recipient = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("age_recipient = "));
    let text = text.replace(recipient.unwrap(), &format!("\"{}\"", identity.to_public()));
    let (roster, policy) = (stage.path("roster.toml"), stage.small_policy());
    fs::write(&roster, text).unwrap();
    let mut rehearse = keymoot();
    rehearse.args(["rehearse", "initial-root", "--unattended", "--ask-by-hand"]);
    rehearse.args(["--seed", &SEED.to_string(), "--apart=holder-3", "--policy"]);
    rehearse.arg(policy).arg("--roster").arg(roster);
    rehearse
        .arg("--dir")
        .arg(stage.dir())
        .arg("--out")
        .arg(stage.out());
    let output = rehearse.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let request = three.request("request", &[]);
    let (mut command, _) = three.answering(&request, "holder-3", &stage.dir());
    let answered = command.output().unwrap();
    assert!(answered.status.success(), "{}", said(&answered));

    let folder = stage.path("holder-3.answer.turn");
    let sealed = below(&folder.join("escrow")).into_values().next().unwrap();
    let [puk, management] = opened(&sealed, &[identity]);
    let mut contents = contents(&folder);
    for name in ["request", "holder-3.answer", "holder-3.answer.txt"] {
        let alone = stage.path(&format!("alone-{name}"));
        fs::create_dir(&alone).unwrap();
        fs::copy(stage.path(name), alone.join(name)).unwrap();
        contents.extend(self::contents(&alone));
    }
    contents.extend(printed(answered));
    assert!(contents.len() > 20, "{}", contents.len());
    are_in_none(&[pin(3), puk, management], &contents);
}
