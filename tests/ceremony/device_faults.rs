//! Whole ceremonies in which the first holder's YubiKey fails, in every way and at every command of
//! its turns. Each time the program says what to do next, and the ceremony ends in a bundle that
//! verifies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::{Child, Output},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use keymoot::rehearsal::hands::{Hands, Simulators};
use keymoot_record::{ceremony::script::Document, transcript::Event};

use testkit::stage::{Stage, read_until, said};

const DIAGNOSES: &str = include_str!("../../docs/diagnoses.md");

/// How many commands the first holder's YubiKey gets in a ceremony of three holders
/// in which nothing goes wrong: at the table three times, to make a key, to sign three
/// documents and to close.
const COMMANDS: usize = 225;

/// The number of one of them that has it sign.
const SIGNING: usize = 163;

/// The number of one of them that asks it for its serial number, after that was confirmed.
const NUMBER: usize = 82;

/// How a YubiKey fails, in the simulator's words. The status words are those of a touch
/// that did not come, of a PIN that is blocked, of one that is wrong, and of nothing in
/// particular.
const KINDS: [&str; 15] = [
    "unplug",
    "unplug-after",
    "corrupt",
    "truncate",
    "long",
    "tag",
    "length",
    "last",
    "bare",
    "empty",
    "other-slot",
    "error=6982",
    "error=6983",
    "error=63C2",
    "error=6F00",
];

/// A failure at a command, as `--fault` has it.
fn fault(kind: &str, command: usize) -> String {
    match kind.split_once('=') {
        Some((name, value)) => format!("1:{name}@{command}={value}"),
        None => format!("1:{kind}@{command}"),
    }
}

/// The tried faults: every failure, or all of one kind, at every command for
/// `make device-faults`, which takes long; otherwise every kind, at commands that lie as
/// far apart as they can.
fn faults() -> Vec<String> {
    let kinds = KINDS.iter();
    match std::env::var("KEYMOOT_DEVICE_FAULTS").ok() {
        Some(wanted) => {
            let kinds = kinds.filter(|kind| wanted == "all" || wanted == **kind);
            let faults =
                kinds.flat_map(|kind| (1..=COMMANDS).map(move |command| fault(kind, command)));
            let faults: Vec<_> = faults.collect();
            assert!(!faults.is_empty(), "{wanted} is none of {KINDS:?}");
            faults
        }
        None => kinds
            .enumerate()
            .map(|(n, kind)| fault(kind, 1 + (n * COMMANDS / KINDS.len() + 7 * n) % COMMANDS))
            .collect(),
    }
}

/// The outcomes.
#[derive(Default)]
struct Outcomes {
    tried: usize,
    left: usize,
    unnoticed: usize,
    mishaps: BTreeMap<String, usize>,
}

impl Outcomes {
    fn told(&self) -> String {
        let mishaps: usize = self.mishaps.values().sum();
        format!(
            "{} ceremonies with a failing YubiKey: {} mishaps of {} kinds, {} unnoticed, {} left and resumed; all finished, all verified",
            self.tried,
            mishaps,
            self.mishaps.len(),
            self.unnoticed,
            self.left
        )
    }
}

/// Holds a ceremony with this failure, and continues with it until it is finished.
fn endured(fault: &str) -> (Stage, bool) {
    let stage = Stage::new();
    let output = rehearsed(&stage, fault);
    let ran = matches!(output.status.code(), Some(0 | 4));
    assert!(ran, "{fault}: {}", said(&output));
    // What to do next is said with each device error, or with why nobody can do it here.
    let ways = ["  help: ", "unattended: "];
    let recovery: usize = ways
        .map(|way| said(&output).matches(way).count())
        .iter()
        .sum();
    let troubles = mishaps(&stage).len();
    assert!(recovery >= troubles, "{fault}: {}", said(&output));
    let left = output.status.code() == Some(4);
    if left {
        // A person has plugged the device in again.
        let settings = stage.dir().join("settings.json");
        let text = fs::read_to_string(&settings).unwrap();
        let mended = text.replace(&format!("\"fault\": \"{fault}\""), "\"fault\": \"\"");
        assert_ne!(text, mended);
        fs::write(&settings, mended).unwrap();
        let output = stage.resume();
        assert!(output.status.success(), "{fault}: {}", said(&output));
    } else {
        assert!(output.status.success(), "{fault}: {}", said(&output));
    }
    complete(&stage, fault);
    (stage, left)
}

fn rehearsed(stage: &Stage, fault: &str) -> Output {
    let policy = stage.small_policy();
    let policy = policy.to_str().unwrap();
    stage.rehearsed(&["--holders", "3", "--policy", policy, "--fault", fault])
}

fn mishaps(stage: &Stage) -> Vec<String> {
    let chain = stage.chain();
    let entries = chain.entries().iter();
    let mishaps = entries.filter_map(|entry| match &entry.event {
        Event::Mishap { what, .. } => Some(what.clone()),
        _ => None,
    });
    mishaps.collect()
}

/// Three keys, every holder's signature on every document once, and a bundle that
/// verifies.
fn complete(stage: &Stage, fault: &str) {
    let state = stage.state();
    for seat in &state.seats {
        assert_eq!(seat.proven().count(), 1, "{fault}: {}", seat.handle);
        assert!(seat.has_signed(Document::Root), "{fault}: {}", seat.handle);
    }
    let chain = stage.chain();
    let mut signed = BTreeMap::<_, usize>::new();
    for entry in chain.entries() {
        if let Event::Signed {
            holder, document, ..
        } = &entry.event
        {
            *signed.entry((holder.clone(), *document)).or_default() += 1;
        }
    }
    assert!(
        signed.values().all(|times| *times == 1),
        "{fault}: {signed:?}"
    );
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{fault}: {}", said(&output));
}

/// A device error, without the device and the moment.
fn kind_of(mishap: &str) -> String {
    let words = mishap.split_whitespace();
    let plain = words.filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
    plain.collect::<Vec<_>>().join(" ")
}

/// Tries all of these, two at a time.
fn all(faults: &[String]) -> Outcomes {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Outcomes::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (stage, left) = endured(fault);
                    let mishaps = mishaps(&stage);
                    let mut outcomes = outcomes.lock().unwrap();
                    outcomes.tried += 1;
                    if outcomes.tried.is_multiple_of(100) {
                        eprintln!("  {} of {}", outcomes.tried, faults.len());
                    }
                    outcomes.left += usize::from(left);
                    outcomes.unnoticed += usize::from(!left && mishaps.is_empty());
                    for mishap in mishaps {
                        *outcomes.mishaps.entry(kind_of(&mishap)).or_default() += 1;
                    }
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

#[test]
fn the_first_yubikey_gets_as_many_commands_as_are_tried() {
    let last = endured(&fault("unplug", COMMANDS)).0;
    assert_eq!(mishaps(&last).len(), 1, "COMMANDS is too large");
    let beyond = endured(&fault("unplug", COMMANDS + 1)).0;
    assert_eq!(mishaps(&beyond).len(), 0, "COMMANDS is too small");
}

#[test]
fn a_yubikey_that_fails_at_a_command_causes_a_device_error_and_the_ceremony_is_finished() {
    let outcomes = all(&faults());
    for (mishap, times) in &outcomes.mishaps {
        println!("{times:5}  {mishap}");
    }
    println!("{}", outcomes.told());
}

#[test]
fn a_yubikey_that_never_answers_while_signing_is_given_up_and_signs_when_it_is_asked_again() {
    let (stage, _) = endured(&fault("hang", SIGNING));
    let mishaps = mishaps(&stage);
    assert!(mishaps[0].contains("while signing"), "{mishaps:?}");
}

#[test]
fn a_signature_that_does_not_verify_with_the_yubikeys_key_is_dropped_and_made_again() {
    for kind in ["last", "other-slot"] {
        let (stage, left) = endured(&fault(kind, SIGNING));
        let mishaps = mishaps(&stage);
        assert!(!left && mishaps.len() == 1, "{kind}: {mishaps:?}");
        let words = mishaps[0].split(' ');
        let words = words.map(|word| match word.parse::<u32>() {
            Ok(_) => "NUMBER",
            Err(_) => word,
        });
        let cause = "the device makes a signature that its key does not verify";
        let row = format!("| {cause} | {} |", words.collect::<Vec<_>>().join(" "));
        assert!(DIAGNOSES.contains(&row), "docs/diagnoses.md lacks {row}");
    }
}

#[test]
fn a_yubikey_whose_number_is_read_wrong_is_taken_out_and_plugged_in_again() {
    // Another number than the one that was confirmed: it is taken for another's device.
    let (stage, left) = endured(&fault("corrupt", NUMBER));
    let mishaps = mishaps(&stage);
    assert!(!left && mishaps.len() == 1, "{mishaps:?}");
    assert!(mishaps[0].contains("is plugged in, but"), "{mishaps:?}");
}

#[test]
fn a_second_yubikey_plugged_in_beside_the_first_costs_nothing() {
    let stage = Stage::new();
    let policy = stage.small_policy();
    let policy = policy.to_str().unwrap();
    let mut child = stage.rehearse(&["--holders", "3", "--policy", policy]);
    read_until(&mut child, 1);
    let simulators = Simulators {
        yubikeys: control(&child),
        units: None,
    };
    let hands = || Hands::reach(&simulators, &[]).unwrap();
    let mut other = hands();
    let (told, beside) = mpsc::channel();
    let mut disturbed = BTreeSet::new();
    hands()
        .watch(move |happening| {
            // Once for each device, and not for those that are plugged in here.
            if happening.event == "inserted" && disturbed.insert(happening.device) {
                let second = happening.device % 3 + 1;
                disturbed.insert(second);
                if other.insert(second).is_ok() {
                    let _ = told.send(second);
                }
            }
        })
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let output = match output.status.code() {
        Some(4) => stage.resume(),
        _ => output,
    };
    assert!(output.status.success(), "{}", said(&output));
    complete(&stage, "two at once");
    let beside = beside.iter().count();
    println!("{beside} times a second YubiKey was plugged in beside the first");
    assert!(beside > 0);
}

/// The control socket of the simulator under which a rehearsal runs.
fn control(child: &Child) -> PathBuf {
    let arguments = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    let mut arguments = arguments.split(|byte| *byte == 0);
    arguments
        .find(|argument| *argument == b"--simulator")
        .unwrap();
    PathBuf::from(std::str::from_utf8(arguments.next().unwrap()).unwrap())
}
