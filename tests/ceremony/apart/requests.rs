//! Requests: who can be asked, what is refused before a device is needed, and their end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use keymoot::{rehearsal::simulator, store::Settings};
use keymoot_attestation::TrustStore;
use keymoot_core::{digest::Digest, text::quoted_path};
use keymoot_record::{
    apart::{self, Request},
    bundle::Expectations,
    ceremony::requests::MOST_REQUESTS,
    transcript::Event,
};
use testkit::{
    apart::Three,
    programs::verifier,
    stage::{Stage, below, keymoot, program, said, small},
};

use super::{Asked, keymoot_at, post};

#[test]
fn only_an_unattended_rehearsal_takes_the_names_of_holders_apart_or_absent() {
    for named in ["--apart=holder-3", "--absent=holder-3"] {
        let output = keymoot().args(["rehearse", named]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let told = "has no effect without --unattended";
        assert!(said(&output).contains(told), "{}", said(&output));
    }
}

#[test]
fn no_holder_answers_while_the_rehearsal_is_open_at_the_table() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let table = fs::File::open(three.stage.dir().join("lock")).unwrap();
    table.lock().unwrap();
    let (mut command, out) = three.answering(&request, "holder-1", &three.stage.dir());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("leave it first (F4)"),
        "{}",
        said(&output)
    );
    assert!(!out.exists());
}

#[test]
fn the_ceremony_is_not_resumed_while_another_program_has_its_devices() {
    let three = Three::to_sign();
    // A holder who answers leaves the folder's lock alone, and serves the devices here.
    let dir = three.stage.dir();
    let settings = Settings::read(&dir).unwrap().simulator.unwrap();
    let _served = simulator::start_with(&program(), &dir, &settings).unwrap();
    let output = three.stage.resume();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for told in [
        "another keymoot or simulator has the simulated devices in",
        "end it first",
    ] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    assert!(!said(&output).contains("does not work"));
}

#[test]
fn a_holder_who_is_not_asked_learns_who_is() {
    let three = Three::to_sign();
    let request = three.request("request", &["--to", "holder-1,holder-2"]);
    let (mut command, out) = three.answering(&request, "holder-9", &three.stage.dir());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "holder-9 is not asked: the request asks holder-1, holder-2";
    assert!(said(&output).contains(told), "{}", said(&output));
    assert!(!said(&output).contains("say who you are"));
    assert!(!out.exists());
}

#[test]
fn a_request_of_another_policy_or_mode_is_refused_before_a_device_is_needed() {
    let stage = Stage::new();
    let out = stage.path("answer");
    let request = post("1.request");
    for (options, rule) in [
        (&["--as", "holder-1", "--rehearsal"][..], "POLICY-EXPECTED"),
        (&["--as", "holder-1"], "BUNDLE-MODE"),
        (
            &[
                "--as",
                "holder-1",
                "--rehearsal",
                "--expect",
                "rehearsal-small",
                "--policy",
                "0000000000000000000000000000000000000000000000000000000000000000",
            ],
            "POLICY-EXPECTED",
        ),
    ] {
        let mut command = keymoot();
        let output = command
            .arg("answer")
            .arg(&request)
            .arg("-o")
            .arg(&out)
            .args(options)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(rule), "{rule}\n{}", said(&output));
        assert!(!out.exists() && !stage.path("answer.turn").exists());
    }
}

#[test]
fn a_request_of_a_rehearsal_is_refused_in_words_for_those_who_answer_and_those_who_verify() {
    let bytes = fs::read(post("1.request")).unwrap();
    let vendor = TrustStore::vendor().unwrap();
    let (_, verdicts) = apart::open(&bytes, &Expectations::default(), &vendor);
    let violated = verdicts.into_iter().find(|verdict| verdict.is_violated());
    let violated = violated.unwrap();
    assert_eq!(violated.rule.id(), "BUNDLE-MODE");
    let help = "if you mean a rehearsal, add --rehearsal";
    assert!(violated.next.ends_with(help), "{violated:?}");
}

#[test]
fn a_holder_declines_and_a_request_is_withdrawn() {
    let three = Three::to_sign();
    let request = three.request(
        "request",
        &["--to", "holder-1,holder-2", "--until", "2099-12-31"],
    );
    for nothing in ["", " "] {
        let (mut command, declined) = three.declining(&request, "holder-2", nothing);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("the reason is empty"));
        assert!(!declined.exists());
    }
    let why = "on a ship, deck 4\\5";
    let (mut command, declined) = three.declining(&request, "holder-2", why);
    fs::write(&declined, "something of mine").unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(fs::read(&declined).unwrap(), b"something of mine");
    fs::remove_file(&declined).unwrap();
    for _ in 0..2 {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    // Shown, but not recorded: a backslash is escaped once.
    let output = three.collect(&[&declined]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = "nobody signed that holder-2 declines: the file says \"on a ship, deck 4\\\\5\"\n";
    assert!(said(&output).contains(told), "{}", said(&output));
    let paths = [three.stage.dir(), declined.clone()].map(|path| quoted_path(&path));
    let told = format!("`keymoot collect {} --declined holder-2`", paths.join(" "));
    assert!(said(&output).contains(&told), "{}", said(&output));
    // Somebody calls the holder.
    let mut told = keymoot();
    told.arg("collect").arg(three.stage.dir()).arg(&declined);
    let output = told.args(["--declined", "holder-2"]).output().unwrap();
    assert!(
        said(&output).contains("by a file that nobody signed: on a ship, deck 4\\\\5\n"),
        "{}",
        said(&output)
    );
    let again = three.collect(&[&declined]);
    assert!(again.status.success(), "{}", said(&again));
    let told = "the refusal of holder-2 is recorded already";
    assert!(said(&again).contains(told), "{}", said(&again));
    let sent = Digest::of(&fs::read(&request).unwrap()).short_words();
    let refused = |answer: &PathBuf, why: &str, next: &str| {
        let output = three.collect(&[answer]);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        for told in ["ANSWER-HEAD", why, next] {
            assert!(said(&output).contains(told), "{told}\n{}", said(&output));
        }
    };
    let changed = three.answer(&request, "holder-2");
    refused(
        &changed,
        &format!("the answer of holder-2 is to request {sent}, which holder-2 declined"),
        "to ask holder-2 again, make a new request",
    );
    let text = three.stage.path("holder-1.answer.txt");
    fs::write(&text, "something of mine").unwrap();
    let (mut answering, _) = three.answering(&request, "holder-1", &three.stage.dir());
    let output = answering.output().unwrap();
    assert!(
        said(&output).contains("there is something else at"),
        "{}",
        said(&output)
    );
    assert_eq!(fs::read(&text).unwrap(), b"something of mine");
    fs::remove_file(&text).unwrap();
    // A reason is kept for ever.
    for nothing in ["", " ", "ill\ntoday"] {
        let named = ["request", "--why", nothing, "--withdraw"];
        let output = keymoot_at(&named, &[&request, &three.stage.dir()]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let told = "the reason is empty, or it is more than one line";
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    // A holder who was asked is awaited until the request is withdrawn.
    let withdraw = [
        "request",
        "--why",
        "holder-1 is ill",
        "--withdraw",
        request.to_str().unwrap(),
    ];
    let late = three.answer(&request, "holder-1");
    let withdrawn = keymoot_at(&withdraw, &[&three.stage.dir()]);
    assert!(withdrawn.status.success(), "{}", said(&withdrawn));
    let told = format!("The request {sent} is withdrawn. No longer awaited: holder-1.");
    assert!(said(&withdrawn).contains(&told), "{}", said(&withdrawn));
    let again = keymoot_at(&withdraw, &[&three.stage.dir()]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    let told = "the request is closed: it was withdrawn, or nobody is awaited any more";
    assert!(said(&again).contains(told), "{}", said(&again));
    let withdrawn = format!("the answer of holder-1 is to request {sent}, which was withdrawn");
    let again = "to ask holder-1 again, make a new request";
    refused(&late, &withdrawn, again);
    // A newer request is open: that one is to be answered.
    let newer = three.request("newer", &["--to", "holder-1"]);
    let newest = Digest::of(&fs::read(newer).unwrap()).short_words();
    let send = format!("send holder-1 the newest one, {newest}");
    refused(&late, &withdrawn, &send);
    let chain = three.stage.chain();
    assert!(
        !chain
            .entries()
            .iter()
            .any(|entry| matches!(entry.event, Event::Answered { .. }))
    );
}

#[test]
fn a_holder_is_not_asked_twice_while_an_answer_is_awaited() {
    let three = Three::to_sign();
    let request = three.request("request", &["--to", "holder-3"]);
    let out = three.stage.path("again");
    let ask = |more: &[&str]| {
        let mut command = keymoot();
        command.arg("request").arg(three.stage.dir()).args(more);
        command.arg("-o").arg(&out).output().unwrap()
    };
    let refused = |output: &Output, whom: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", said(output));
        let told = format!("{whom}: asked already, and the answer is still awaited");
        for told in [told.as_str(), "--withdraw FILE --why TEXT"] {
            assert!(said(output).contains(told), "{told}\n{}", said(output));
        }
        assert!(!out.exists());
    };
    refused(&ask(&["--to", "holder-3"]), "holder-3");
    refused(&ask(&["--to", "holder-2,holder-3"]), "holder-3");
    three.request("others", &[]);
    refused(&ask(&[]), "holder-3, holder-1, holder-2");
    let withdraw = ["request", "--why", "lost", "--withdraw"];
    let withdrawn = keymoot_at(&withdraw, &[&request, &three.stage.dir()]);
    assert!(withdrawn.status.success(), "{}", said(&withdrawn));
    let output = ask(&[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_ceremony_with_more_requests_than_a_verifier_makes_again_is_refused() {
    let mut asked = Asked::new();
    for _ in 1..MOST_REQUESTS {
        asked.ask_again().unwrap();
    }
    let refused = asked.ask_again().unwrap_err();
    assert!(refused.contains("at most 100 requests"), "{refused}");
}

#[test]
fn a_request_carries_a_vendor_whose_certificates_are_in_a_folder() {
    let three = Three::to_sign();
    // As a dress rehearsal has the real vendor's.
    let vendor = three.stage.dir().join("rehearsal/vendor");
    let (named, mut manifest) = (below(&vendor), String::new());
    fs::create_dir(vendor.join("roots")).unwrap();
    for line in fs::read_to_string(vendor.join("vendor.toml"))
        .unwrap()
        .lines()
    {
        let file = line.strip_prefix("file = \"");
        manifest += &file.map_or_else(
            || format!("{line}\n"),
            |file| format!("file = \"roots/{file}\n"),
        );
    }
    fs::write(vendor.join("vendor.toml"), manifest).unwrap();
    for name in named.keys().filter(|name| *name != "vendor.toml") {
        fs::rename(vendor.join(name), vendor.join("roots").join(name)).unwrap();
    }
    let request = three.request("request", &[]);
    let files = Request::read(&fs::read(&request).unwrap()).unwrap().files;
    for name in named.keys().filter(|name| *name != "vendor.toml") {
        let path = format!("rehearsal/vendor/roots/{name}");
        assert!(files.contains_key(&path), "{path}");
    }
    three.answer(&request, "holder-1");
}

#[test]
fn the_bundle_that_a_rehearsal_starts_from_is_named_as_its_folder_is() {
    let stage = Stage::new();
    let policy = stage.small_policy();
    let day = stage.path("day");
    fs::create_dir(&day).unwrap();
    let output = keymoot()
        .args(["rehearse", "annual-resign", "--unattended", "--apart"])
        .args(["--ask-by-hand", "--holders", "3", "--policy"])
        .arg(policy)
        .current_dir(&day)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let listed = fs::read_dir(&day).unwrap();
    let mut names: Vec<_> = listed
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".ceremony"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], format!("{}.first", names[0]));
}

/// A ceremony of three holders with this policy, of whom the second has a YubiHSM 2.
fn with_a_yubihsm(stage: &Stage, policy: &Path, more: &[&str]) -> Output {
    let mixed = ["--device", "mixed", "--holders", "3", "--policy"];
    let policy = policy.to_str().unwrap();
    stage.rehearsed(&[&mixed[..], &[policy], more].concat())
}

#[test]
fn a_roll_call_that_marks_the_holder_of_a_yubihsm_as_apart_is_refused() {
    let stage = Stage::new();
    let more = ["--ask-by-hand", "--apart=holder-2"];
    let output = with_a_yubihsm(&stage, &stage.small_policy(), &more);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let told = "holder-2 has a YubiHSM 2: its log is read at the table";
    assert!(said(&output).contains(told), "{}", said(&output));
}

#[test]
fn the_holder_of_a_yubihsm_is_refused_before_a_request_is_written_and_before_one_is_answered() {
    let first = Stage::new();
    let policy = first.small_policy();
    let output = with_a_yubihsm(&first, &policy, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let (stage, previous) = (Stage::new(), first.out());
    let away = ["--ask-by-hand", "--apart=holder-1", "--absent=holder-2"];
    let again = ["annual-resign", "--previous", previous.to_str().unwrap()];
    let output = stage.rehearsed(&[&again[..], &away].concat());
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let file = stage.path("request");
    let mut request = keymoot();
    request.arg("request").arg(stage.dir()).arg("-o").arg(&file);
    let output = request.args(["--to", "holder-2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "holder-2 has a YubiHSM 2, and its log is read at the table";
    assert!(said(&output).contains(told), "{}", said(&output));
    assert!(!file.exists());
    // As an administrator writes it whose program does not refuse.
    let objects = below(&stage.dir().join("objects"));
    let request = Request::of(
        &stage.state(),
        &stage.chain(),
        &|digest| objects.get(&digest.to_string()).cloned(),
        &below(&stage.dir().join("rehearsal/vendor")),
        (&["holder-2".to_owned().try_into().unwrap()], None),
    );
    let bytes = request.unwrap().bytes().unwrap();
    let (_, verdicts) = apart::open(&bytes, &small(), &TrustStore::vendor().unwrap());
    let violated = verdicts.iter().filter(|verdict| verdict.is_violated());
    let violated: Vec<_> = violated.map(|verdict| verdict.rule.to_string()).collect();
    assert_eq!(violated, ["REQUEST-ASKED"]);
}

#[test]
fn who_compares_a_request_with_no_root_learns_that_nothing_shows_whose_root_it_is() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let history = "first/repositories/tuf-root/metadata/root_history/1.root.json";
    let root = three.stage.path(history).display().to_string();
    let (unknown, known) = (
        "nothing shows whose root it is. To compare it with a root that you trust, add \
         --trusted-root FILE.",
        "The ceremony starts from root version 1. It is the root that you trust, or follows from it.",
    );
    for (more, due, never) in [
        (&[][..], unknown, known),
        (&["--trusted-root", root.as_str()][..], known, unknown),
    ] {
        let mut check = Command::new(verifier());
        check.args(["request", "--rehearsal", "--expect", "rehearsal-small"]);
        let output = check.args(more).arg(&request).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let said = said(&output);
        assert!(said.contains(due) && !said.contains(never), "{said}");
    }
}
