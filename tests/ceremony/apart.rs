//! Holders apart: requests that go out, answers that come back.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_attestation::TrustStore;
use keymoot_core::{Outcome, Verdict, digest::Digest};
use keymoot_record::{
    apart::{self, Answer, Asking, Collected, Request, answer::Says, collect, fork::compare},
    ceremony::{Plan, PlanFiles, State},
    transcript::{Chain, Event, Time},
};
use testkit::{
    apart::Three,
    lockstep::spawn_held,
    stage::{Stage, below, copy, keymoot, read_until, said, small},
    vendor::trusted,
};

use crate::{
    carriers::{compared_otherwise, stated_again},
    python::reader,
};

/// A policy of five holders, of whom three must sign.
fn policy_of_five(stage: &Stage) -> PathBuf {
    let policy = include_str!("../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 5")
        .replace("threshold = 5", "threshold = 3");
    let path = stage.path("policy.toml");
    fs::write(&path, cast::with_online_key(&policy).unwrap()).unwrap();
    path
}

/// An annual signing of five holders, all of them apart, that many tests look at and none changes.
pub(crate) fn five_apart() -> &'static Stage {
    static FIVE: OnceLock<Stage> = OnceLock::new();
    FIVE.get_or_init(|| {
        let stage = Stage::new();
        let policy = policy_of_five(&stage).display().to_string();
        let more = ["annual-resign", "--apart", "--holders", "5", "--policy"];
        let output = stage.rehearsed(&[&more[..], &[&policy]].concat());
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// A file to or from a holder.
pub(crate) fn post(name: &str) -> PathBuf {
    five_apart().path("ceremony.apart").join("post").join(name)
}

pub(crate) fn answer(holder: usize) -> Vec<u8> {
    fs::read(post(&format!("1-holder-{holder}.answer"))).unwrap()
}

/// The ceremony of five with its first request and no answer.
#[derive(Clone)]
pub(crate) struct Asked {
    state: State,
    chain: Chain,
    trust: TrustStore,
    objects: BTreeMap<Digest, Vec<u8>>,
}

impl Asked {
    pub(crate) fn new() -> Self {
        Self::of(five_apart())
    }

    /// A ceremony up to its first request.
    pub(crate) fn of(stage: &Stage) -> Self {
        let chain = stage.chain();
        let requested = chain.entries().iter().find_map(|entry| match entry.event {
            Event::Requested { .. } => Some(entry.seq),
            _ => None,
        });
        let bytes = chain.bytes_through(requested.unwrap());
        let chain = Chain::read(&bytes).unwrap();
        let read = |name| fs::read_to_string(stage.dir().join(name)).unwrap();
        let plan = Plan::check(PlanFiles {
            script: read("script.toml"),
            policy: read("policy.toml"),
            roster: read("roster.toml"),
            inputs: below(&stage.dir().join("inputs")),
        });
        let objects = below(&stage.dir().join("objects")).into_values();
        Self {
            state: State::fold(plan.unwrap().into(), &chain).unwrap(),
            chain,
            trust: vendor(stage),
            objects: objects.map(|bytes| (Digest::of(&bytes), bytes)).collect(),
        }
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.objects.get(digest).cloned();
        kept.or_else(|| self.state.plan.object(digest))
    }

    pub(crate) fn judge(&self, answer: &Answer) -> Result<Collected, Vec<Verdict>> {
        let asking = Asking {
            state: &self.state,
            chain: &self.chain,
            objects: &|digest| self.object(digest),
            trust: &self.trust,
            manifest: None,
            declined: &[],
        };
        collect(&asking, answer, self.now())
    }

    fn now(&self) -> Time {
        self.chain.entries().last().unwrap().time
    }

    /// Takes an answer in, as `keymoot collect` does.
    pub(crate) fn take(&mut self, answer: &Answer) {
        let Collected::New { event, objects } = self.judge(answer).unwrap() else {
            panic!("it was known");
        };
        self.objects
            .extend(objects.into_iter().map(|bytes| (Digest::of(&bytes), bytes)));
        let entry = self.chain.next(*event, self.now()).unwrap();
        self.state = self.state.after(&entry).unwrap();
        self.chain.push(entry).unwrap();
    }

    /// The answers that were taken in, as they were recorded.
    pub(crate) fn answered(&self) -> Vec<Event> {
        let events = self.chain.entries().iter().map(|entry| &entry.event);
        let answered = events.filter(|event| matches!(event, Event::Answered { .. }));
        answered.cloned().collect()
    }

    /// The rules that refuse the bytes of an answer; none where they are taken.
    pub(crate) fn refuses(&self, bytes: &[u8]) -> Vec<String> {
        match Answer::read(bytes) {
            Err(violation) => vec![violation.rule.to_string()],
            Ok(answer) => match self.judge(&answer) {
                Ok(_) => Vec::new(),
                Err(verdicts) => verdicts.iter().map(|v| v.rule.to_string()).collect(),
            },
        }
    }
}

fn vendor(stage: &Stage) -> TrustStore {
    trusted(&stage.dir().join("rehearsal/vendor"))
}

fn keymoot_at(arguments: &[&str], paths: &[&PathBuf]) -> Output {
    keymoot().args(arguments).args(paths).output().unwrap()
}

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
fn nine_answers_from_nine_folders_make_one_bundle_that_python_tuf_accepts() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["annual-resign", "--apart"]);
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    for rule in ["REQUEST-DERIVED", "ANSWER-SIGNED", "ANSWER-MACHINE"] {
        assert!(
            said(&verified).contains(rule),
            "{rule}\n{}",
            said(&verified)
        );
    }
    let answers = stage.state().answers;
    assert_eq!(
        answers
            .iter()
            .filter(|given| given.apart.base == answers[0].apart.base)
            .count(),
        9
    );
    assert_eq!(
        fs::read_dir(stage.path("ceremony.apart/holders"))
            .unwrap()
            .count(),
        9
    );
    let root = stage.out().join("repositories/tuf-root/metadata/root.json");
    let read = reader("root", &root);
    assert_eq!(read["verified"], true);
    assert_eq!(read["signed"].as_array().unwrap().len(), 9);
}

#[test]
fn the_same_answer_twice_changes_nothing() {
    let mut asked = Asked::new();
    let given = Answer::read(&answer(2)).unwrap();
    asked.take(&given);
    let before = asked.state.clone();
    assert_eq!(asked.judge(&given), Ok(Collected::Known));
    assert_eq!(asked.state, before);
    // Also when the ceremony is long over.
    let stage = five_apart();
    let transcript = fs::read(stage.dir().join("transcript.jsonl")).unwrap();
    let output = keymoot_at(&["collect"], &[&stage.dir(), &post("1-holder-2.answer")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("recorded already"),
        "{}",
        said(&output)
    );
    assert_eq!(
        fs::read(stage.dir().join("transcript.jsonl")).unwrap(),
        transcript
    );
}

#[test]
fn an_answer_is_refused_by_the_rule_that_it_violates() {
    let asked = Asked::new();
    let good = Answer::read(&answer(3)).unwrap();
    let changed = |change: &dyn Fn(&mut Answer)| {
        let mut answer = good.clone();
        change(&mut answer);
        asked.refuses(&answer.bytes().unwrap())
    };
    assert_eq!(
        changed(&|answer| answer.ceremony = "0".repeat(32)),
        ["ANSWER-CEREMONY"]
    );
    assert_eq!(
        changed(&|answer| answer.request = Digest::of(b"another")),
        ["ANSWER-HEAD"]
    );
    assert_eq!(
        changed(&|answer| answer.holder = "holder-9".to_owned().try_into().unwrap()),
        ["ANSWER-HOLDER"]
    );
    // Another holder's turn under this holder's name.
    let fourth = Answer::read(&answer(4)).unwrap();
    assert_eq!(
        changed(&|answer| answer.says = fourth.says.clone()),
        ["ANSWER-BRANCH"]
    );
    // The statement of another holder over this holder's turn.
    let Says::Turn(other) = &fourth.says else {
        panic!()
    };
    let swapped = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects = other.objects.clone();
            turn.statement = other.statement;
        }
    });
    assert_eq!(swapped, ["ANSWER-SIGNED"]);
    // A file too many.
    let more = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects.insert(Digest::of(b"more"), b"more".to_vec());
        }
    });
    assert_eq!(more, ["ANSWER-BRANCH"]);
}

#[test]
fn an_answer_from_a_machine_that_violates_a_rule_is_refused() {
    let asked = Asked::new();
    let text = String::from_utf8(answer(3)).unwrap();
    let (held, not_asked) = (
        "\"outcome\":\"held\",\"rule\":\"MACHINE-ENTROPY\"",
        "\"outcome\":\"not-asked\",\"rule\":\"MACHINE-ENTROPY\"",
    );
    let violated = "\"next\":\"\",\"outcome\":\"violated\",\"rule\":\"MACHINE-ENTROPY\"";
    assert!(text.contains(held) || text.contains(not_asked), "{text}");
    let changed = rechained(&text.replace(held, violated).replace(not_asked, violated));
    assert_eq!(asked.refuses(&changed), ["ANSWER-MACHINE"]);
}

/// The answer with its branch chained again, as a forger of an entry would do.
pub(crate) fn rechained(text: &str) -> Vec<u8> {
    let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut head = None;
    for entry in answer["branch"].as_array_mut().unwrap() {
        if let Some(head) = head {
            entry["prev"] = serde_json::Value::String(head);
        }
        if let Some(verdicts) = entry["event"]["verdicts"].as_array_mut() {
            for verdict in verdicts {
                if verdict["next"] == "" {
                    verdict.as_object_mut().unwrap().remove("next");
                }
            }
        }
        head = Some(Digest::of(entry.to_string().as_bytes()).to_string());
    }
    let text = answer.to_string();
    let json = keymoot_core::json::parse(text.as_bytes(), text.len()).unwrap();
    keymoot_core::json::canonical(&json)
}

#[test]
fn a_second_answer_that_differs_is_named_a_fork() {
    let mut asked = Asked::new();
    let first = Answer::read(&answer(3)).unwrap();
    asked.take(&first);
    // An answer from a copy of the holder's folder.
    let second = Answer::read(&stated_again(&compared_otherwise())).unwrap();
    let Err(verdicts) = asked.judge(&second) else {
        panic!("taken")
    };
    assert_eq!(verdicts[0].rule.to_string(), "ANSWER-FORK");
    assert!(verdicts[0].detail.contains("holder-3"), "{verdicts:?}");
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
fn an_answer_with_three_signatures_fits_a_mail() {
    let text = fs::read_to_string(post("1-holder-1.answer.txt")).unwrap();
    let encoded: usize = text.lines().skip(3).map(str::len).sum();
    let compressed = encoded / 4 * 3;
    assert!(compressed <= 5632, "{compressed} bytes");
    assert!(text.lines().all(|line| line.len() <= 76));
}

#[test]
fn a_folder_of_answers_is_taken_in_like_its_files() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let folder = three.stage.path("stick");
    fs::create_dir(&folder).unwrap();
    for holder in ["holder-1", "holder-2"] {
        fs::copy(three.answer(&request, holder), folder.join(holder)).unwrap();
    }
    let output = three.collect(&[&folder]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 2);
    let again = three.collect(&[&folder]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(said(&again).matches("is recorded already").count(), 2);
}

#[test]
fn two_newcomers_enrol_apart_and_one_device_of_two_is_named() {
    let three = Three::new();
    let mut cast = Cast::of(3);
    let first = three.first_root(&cast);
    cast.leaves(1);
    cast.leaves(2);
    cast.joins(4);
    cast.joins(5);
    three.awaiting("onboard-member", &cast, &first, "--apart=holder-4,holder-5");
    let request = three.request("request", &[]);
    // Both have the one device that nobody has enrolled, each as it was before.
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    let (mut command, same) = three.answering(&request, "holder-5", &twin);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let fourth = three.answer(&request, "holder-4");
    assert!(fs::read(&fourth).unwrap().len() <= 32 << 10);
    let output = three.collect(&[&fourth, &same]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for named in ["KEY-DISTINCT", "holder-4", "holder-5"] {
        assert!(said(&output).contains(named), "{}", said(&output));
    }
    // With a device of their own they are in.
    three.with_devices(5);
    three.forget("holder-5");
    let own = three.answer(&request, "holder-5");
    let output = three.collect(&[&own]);
    assert!(output.status.success(), "{}", said(&output));
    // No earlier key says that the device is the newcomer's.
    let compared = "made the key: call holder-5, and compare it with the number on the case";
    assert!(said(&output).contains(compared), "{}", said(&output));
    let output = three.stage.resume();
    assert!(
        output.status.code() == Some(4) || output.status.success(),
        "{}",
        said(&output)
    );
    let state = three.stage.state();
    for holder in ["holder-4", "holder-5"] {
        let seat = state
            .seats
            .iter()
            .find(|seat| seat.handle.as_str() == holder)
            .unwrap();
        assert!(seat.enrolled().is_some(), "{holder}");
    }
}

#[test]
fn a_holder_declines_and_a_request_is_withdrawn() {
    let three = Three::to_sign();
    let request = three.request(
        "request",
        &["--to", "holder-1,holder-2", "--until", "2099-12-31"],
    );
    let (mut command, declined) = three.declining(&request, "holder-2", "on a ship");
    fs::write(&declined, "something of mine").unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(fs::read(&declined).unwrap(), b"something of mine");
    fs::remove_file(&declined).unwrap();
    for _ in 0..2 {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    // Somebody calls the holder.
    let mut told = keymoot();
    told.arg("collect").arg(three.stage.dir()).arg(&declined);
    let output = told.args(["--declined", "holder-2"]).output().unwrap();
    assert!(
        said(&output).contains("by a file that nobody signed: on a ship"),
        "{}",
        said(&output)
    );
    assert!(three.collect(&[&declined]).status.success());
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
    // A holder who was asked is awaited until the request is withdrawn.
    let withdraw = [
        "request",
        "--why",
        "holder-1 is ill",
        "--withdraw",
        request.to_str().unwrap(),
    ];
    let late = three.answer(&request, "holder-1");
    assert!(
        keymoot_at(&withdraw, &[&three.stage.dir()])
            .status
            .success()
    );
    let output = three.collect(&[&late]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("ANSWER-HEAD"), "{}", said(&output));
    let chain = three.stage.chain();
    assert!(
        !chain
            .entries()
            .iter()
            .any(|entry| matches!(entry.event, Event::Answered { .. }))
    );
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

#[test]
fn an_answer_to_another_request_of_the_same_ceremony_is_refused() {
    let three = Three::to_sign();
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    let shown = three.stage.path("shown");
    let other = [
        "request",
        "--until",
        "2030-01-01",
        "-o",
        shown.to_str().unwrap(),
    ];
    assert!(keymoot_at(&other, &[&twin]).status.success());
    let recorded = three.request("request", &[]);
    let answer = three.answer(&shown, "holder-1");
    let honest = three.answer(&recorded, "holder-2");
    let output = three.collect(&[&answer, &honest]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("ANSWER-HEAD"), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn a_holder_killed_at_each_event_resumes_and_answers() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let base = three.stage.chain().entries().len() as u64 - 1;
    let folder = three.stage.path("holder-3.answer.turn");
    let transcript = || fs::read_to_string(folder.join("transcript.jsonl")).unwrap();
    let count = |text: &str, kind: &str| text.matches(&format!("\"kind\":\"{kind}\"")).count();
    three.answer(&request, "holder-3");
    let whole = Chain::read(transcript().as_bytes()).unwrap();
    let last = whole.entries().last().unwrap().seq;
    assert!(last - base > 10, "{base} to {last}");
    for event in base..=last {
        three.forget("holder-3");
        let (mut command, out) = three.answering(&request, "holder-3", &three.stage.dir());
        let mut child = spawn_held(&mut command);
        read_until(&mut child, event);
        child.kill().unwrap();
        child.wait().unwrap();
        let was_signed = count(&transcript(), "answer-signed") == 1;
        three.answer(&request, "holder-3");
        let text = fs::read_to_string(&out).unwrap();
        assert_eq!(count(&text, "signed"), 3, "event {event}");
        // What was announced and is not recorded is announced once more.
        let announced = count(&text, "sign-announced");
        assert!(
            announced == 3 || announced == 4,
            "event {event}: {announced}"
        );
        assert!(was_signed || count(&text, "resumed") == 1, "event {event}");
        assert_eq!(count(&transcript(), "answer-signed"), 1, "event {event}");
    }
    let answer = three.stage.path("holder-3.answer");
    assert!(three.collect(&[&answer]).status.success());
}

#[test]
fn two_requests_of_one_ceremony_are_seen_in_their_answers() {
    let mut answers = [1, 2].map(|holder| Answer::read(&answer(holder)).unwrap());
    let verdict = |answers: &[Answer; 2]| compare(("one", &answers[0]), ("other", &answers[1]));
    assert_eq!(verdict(&answers).outcome, Outcome::Held);
    answers[1].request = Digest::of(b"another request");
    let contradiction = verdict(&answers);
    assert!(contradiction.is_violated());
    assert!(
        contradiction.detail.contains("two requests at one point"),
        "{contradiction:?}"
    );
    let closing = fs::read(post("2-holder-2.answer")).unwrap();
    answers[1] = Answer::read(&closing).unwrap();
    assert_eq!(verdict(&answers).outcome, Outcome::Held);
}

#[test]
fn four_in_the_room_and_two_apart_are_one_quorum_in_an_emergency() {
    let stage = Stage::new();
    let mut cast = Cast::of(9);
    let rosters = ["first.toml", "roster.toml"].map(|name| stage.path(name));
    fs::write(&rosters[0], cast.roster()).unwrap();
    let first = stage.path("first");
    let mut command = keymoot();
    command.args([
        "rehearse",
        "initial-root",
        "--unattended",
        "--seed",
        "7",
        "--spares",
        "1",
    ]);
    command
        .arg("--roster")
        .arg(&rosters[0])
        .arg("--out")
        .arg(&first);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let transcript = fs::read(first.join("transcript.jsonl")).unwrap();
    let chain = Chain::read(&transcript).unwrap();
    let stolen = chain.entries().iter().find_map(|entry| match &entry.event {
        Event::Enrolled { holder, serial, .. } if holder.as_str() == "holder-1" => Some(*serial),
        _ => None,
    });
    cast.revoked(1, stolen.unwrap(), "stolen (simulated)");
    fs::write(&rosters[1], cast.roster()).unwrap();
    let output = stage.rehearsed(&[
        "emergency-revocation",
        "--apart=holder-5,holder-6",
        "--absent=holder-7,holder-8,holder-9",
        "--previous",
        first.to_str().unwrap(),
        "--roster",
        rosters[1].to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    let report = fs::read_to_string(stage.out().join("report.md")).unwrap();
    assert!(report.contains("Who took part apart"), "{report}");
    let signers = stage
        .state()
        .seats
        .into_iter()
        .filter(|seat| !seat.signatures.is_empty());
    let signers: Vec<_> = signers.map(|seat| seat.handle.to_string()).collect();
    assert!(
        signers.contains(&"holder-5".to_owned()) && signers.len() >= 5,
        "{signers:?}"
    );
    assert!(!signers.contains(&"holder-7".to_owned()), "{signers:?}");
}

#[test]
fn what_an_interrupted_request_or_collect_left_is_taken_up() {
    let three = Three::to_sign();
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    // The file was written, and the program ended before the event.
    let file = three.stage.path("request");
    let write = ["request", "-o", file.to_str().unwrap()];
    assert!(keymoot_at(&write, &[&twin]).status.success());
    let written = fs::read(&file).unwrap();
    let request = three.request("request", &[]);
    assert_eq!(fs::read(&request).unwrap(), written);
    // The files of an answer were kept, and the program ended before the event.
    let answer = three.answer(&request, "holder-2");
    let Says::Turn(turn) = Answer::read(&fs::read(&answer).unwrap()).unwrap().says else {
        panic!()
    };
    for (digest, bytes) in &turn.objects {
        let object = three.stage.dir().join("objects").join(digest.to_string());
        fs::write(object, bytes).unwrap();
    }
    assert!(three.collect(&[&answer]).status.success());
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn a_collect_that_is_cut_off_at_any_byte_of_its_event_records_the_answer_once() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let answer = three.answer(&request, "holder-2");
    let transcript = |dir: &PathBuf| fs::read(dir.join("transcript.jsonl")).unwrap();
    let before = transcript(&three.stage.dir());
    let whole = three.stage.path("whole");
    copy(&three.stage.dir(), &whole);
    assert!(
        keymoot_at(&["collect"], &[&whole, &answer])
            .status
            .success()
    );
    let after = transcript(&whole);
    let line = after.len() - before.len();
    assert!(after.starts_with(&before) && line > 1000, "{line} bytes");
    // The files of the answer are kept before its event is written.
    for cut in [0, 1, line / 3, line / 2, line - 2, line - 1] {
        let torn = three.stage.path(&format!("torn-{cut}"));
        copy(&whole, &torn);
        fs::write(torn.join("transcript.jsonl"), &after[..before.len() + cut]).unwrap();
        let output = keymoot_at(&["collect"], &[&torn, &answer]);
        assert!(output.status.success(), "cut {cut}: {}", said(&output));
        let chain = Chain::read(&transcript(&torn)).unwrap();
        let new = chain
            .entries()
            .iter()
            .filter_map(|entry| match entry.event {
                Event::Answered { .. } => Some("answered"),
                Event::Resumed { cut, .. } if cut > 0 => Some("resumed"),
                _ => None,
            });
        let expected: &[_] = match cut {
            0 => &["answered"],
            _ => &["resumed", "answered"],
        };
        assert_eq!(new.collect::<Vec<_>>(), expected, "cut {cut}");
    }
}

#[test]
fn a_collect_that_fails_at_a_file_has_reported_what_it_recorded_before() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let answer = three.answer(&request, "holder-2");
    let output = three.collect(&[&answer, &three.stage.path("missing")]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let line = three.stage.chain().entries().len();
    let reported = format!("holder-2.answer: line {line}: holder-2 ");
    assert!(said(&output).contains(&reported), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 1);
}

/// A ceremony of three holders with this policy, of whom the second has a YubiHSM 2.
fn with_a_yubihsm(stage: &Stage, policy: &Path, script: &str, more: &[&str]) -> Output {
    let mixed = [script, "--device", "mixed", "--holders", "3", "--policy"];
    let policy = policy.to_str().unwrap();
    stage.rehearsed(&[&mixed[..], &[policy], more].concat())
}

#[test]
fn a_roll_call_that_marks_the_holder_of_a_yubihsm_as_apart_is_refused() {
    let stage = Stage::new();
    let more = ["--ask-by-hand", "--apart=holder-2"];
    let output = with_a_yubihsm(&stage, &stage.small_policy(), "initial-root", &more);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let told = "holder-2 has a YubiHSM 2: its log is read at the table";
    assert!(said(&output).contains(told), "{}", said(&output));
}

#[test]
fn the_holder_of_a_yubihsm_is_refused_before_a_request_is_written_and_before_one_is_answered() {
    let first = Stage::new();
    let policy = first.small_policy();
    let output = with_a_yubihsm(&first, &policy, "initial-root", &[]);
    assert!(output.status.success(), "{}", said(&output));
    let (stage, previous) = (Stage::new(), first.out());
    let away = ["--ask-by-hand", "--apart=holder-1", "--absent=holder-2"];
    let previous = ["--previous", previous.to_str().unwrap()];
    let output = with_a_yubihsm(
        &stage,
        &policy,
        "annual-resign",
        &[away.as_slice(), &previous].concat(),
    );
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
