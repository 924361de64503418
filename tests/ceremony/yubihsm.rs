//! Ceremonies to which some holders bring a YubiHSM 2.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::OnceLock};

use keymoot::{
    device::{
        ErrorKind, Serial,
        yubihsm::{Place, Role, Unit},
    },
    host::secret::Secret,
    rehearsal::{
        hands::Hands,
        simulator::{self, Simulated},
        unattended,
    },
    store::{self, Settings, SimulatorSettings},
};
use keymoot_attestation::{Family, yubihsm_log::Sent};
use keymoot_record::{
    ceremony::{audited, script::Document},
    rules::audit,
    transcript::Event,
};

use testkit::stage::{Stage, read_until, said};

const MIXED: [&str; 2] = ["--device", "mixed"];

/// One uninterrupted rehearsal of five YubiKeys and four YubiHSM 2s that tests
/// look at and none changes.
fn mixed() -> &'static Stage {
    static MIXED_STAGE: OnceLock<Stage> = OnceLock::new();
    MIXED_STAGE.get_or_init(|| {
        let stage = Stage::shared();
        let output = stage.rehearsed(&MIXED);
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// A rehearsal of two YubiKeys and one YubiHSM 2, for tests with many of them.
fn small(stage: &Stage) -> Vec<String> {
    let policy = stage.small_policy();
    let policy = policy.to_str().unwrap();
    ["--device", "mixed", "--holders", "3", "--policy", policy]
        .map(str::to_owned)
        .to_vec()
}

fn rehearse_small(stage: &Stage, more: &[&str]) -> std::process::Child {
    let arguments = small(stage);
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(more);
    stage.rehearse(&arguments)
}

/// The events of one turn in which a YubiHSM 2 is enrolled: entry numbers.
fn unit_turn(stage: &Stage) -> Vec<(u64, Event)> {
    let mut turn = Vec::new();
    for entry in stage.chain().entries() {
        match &entry.event {
            Event::TurnBegun { holder } if holder.as_str() == "holder-2" => {
                turn = vec![(entry.seq, entry.event.clone())];
            }
            event if !turn.is_empty() => {
                turn.push((entry.seq, event.clone()));
                if matches!(event, Event::TurnEnded { .. }) {
                    return turn;
                }
            }
            _ => {}
        }
    }
    turn
}

/// A disturbed rehearsal has the result of an undisturbed one.
fn holds(stage: &Stage, yubikeys: usize, units: usize, disturbed: &str) {
    let state = stage.state();
    let mut families = BTreeMap::new();
    for seat in &state.seats {
        let enrolled: Vec<_> = seat.proven().collect();
        assert_eq!(enrolled.len(), 1, "{disturbed}: {}", seat.handle);
        *families.entry(enrolled[0].family).or_insert(0_usize) += 1;
        assert!(seat.has_signed(Document::Root), "{disturbed}");
    }
    let expected = BTreeMap::from([(Family::YubiKey, yubikeys), (Family::YubiHsm, units)]);
    assert_eq!(families, expected, "{disturbed}");
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{disturbed}: {}", said(&output));
}

#[test]
fn five_yubikeys_and_four_units_make_one_bundle_that_verifies() {
    holds(mixed(), 5, 4, "undisturbed");
    let output = mixed().verify(&["--rehearsal"]);
    for rule in ["DEVICE-AUDIT", "DEVICE-RIGHTS", "DEVICE-ORIGIN"] {
        assert!(said(&output).contains(rule), "{rule}");
    }
    let report = fs::read_to_string(mixed().out().join("report.md")).unwrap();
    assert_eq!(report.matches(": YubiHSM 2 ").count(), 4);
}

#[test]
fn units_alone_make_a_bundle_that_verifies() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["--device", "yubihsm"]);
    assert!(output.status.success(), "{}", said(&output));
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
}

/// The simulated devices of a ceremony that is over, running once more.
struct Afterwards {
    _simulated: Simulated,
    unit: Unit,
    password: Secret,
    _folder: tempfile::TempDir,
}

impl Afterwards {
    fn of(stage: &Stage) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rehearsal = folder.path().join(store::rehearsal::FOLDER);
        fs::create_dir(&rehearsal).unwrap();
        for name in [store::rehearsal::DEVICES, store::rehearsal::UNITS] {
            let kept = stage.dir().join(store::rehearsal::FOLDER).join(name);
            fs::copy(kept, rehearsal.join(name)).unwrap();
        }
        let settings = Settings::read(&stage.dir()).unwrap().simulator.unwrap();
        let simulated = started(&settings, folder.path());
        let mut hands = Hands::reach(&simulated.controls, &settings.seats).unwrap();
        hands.insert(2).unwrap();
        let serial = hands.devices().unwrap()[1].serial;
        let place: Place = simulated.connector.as_deref().unwrap().parse().unwrap();
        let handle = "holder-2".to_owned().try_into().unwrap();
        Self {
            unit: Unit::new(place, Serial(serial)),
            password: unattended::password(settings.seed, &handle),
            _simulated: simulated,
            _folder: folder,
        }
    }
}

/// Starts the simulators as the program does, which is beside them and not beside
/// this test.
fn started(settings: &SimulatorSettings, folder: &std::path::Path) -> Simulated {
    simulator::start_with(&testkit::stage::program(), folder, settings).unwrap()
}

#[test]
fn afterwards_nothing_answers_to_the_default_password_and_the_signer_can_only_sign() {
    let after = Afterwards::of(mixed());
    after.unit.no_defaults().unwrap();
    assert!(!after.unit.contents().unwrap().factory_password);
    after.unit.sign(&after.password, b"anything").unwrap();
    for role in [Role::Factory, Role::Administrator] {
        let refused = after.unit.signing_key(role, &after.password).unwrap_err();
        assert!(matches!(refused.kind, ErrorKind::NoRole(_)), "{refused}");
    }
    let refused = after.unit.read_log(&after.password).unwrap_err();
    assert!(
        matches!(refused.kind, ErrorKind::WrongPassword(_)),
        "{refused}"
    );
}

/// Every file of a bundle's audit logs.
fn logs(stage: &Stage) -> Vec<PathBuf> {
    let mut found: Vec<_> = testkit::stage::files_below(&stage.out().join("audit-logs"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    found.sort();
    found
}

#[test]
fn a_log_in_a_bundle_with_one_entry_missing_or_altered_is_found() {
    let stage = mixed();
    for (n, log) in logs(stage).into_iter().enumerate() {
        let whole = fs::read(&log).unwrap();
        let copy = Stage::new();
        testkit::stage::copy(&stage.out(), &copy.out());
        let there = copy.out().join(log.strip_prefix(stage.out()).unwrap());
        let mut forged = whole.clone();
        match n % 2 {
            0 => {
                // One entry in the middle, and the count that the device gave.
                let at = 5 + 32 * (usize::from(whole[4]) / 2);
                forged.drain(at..at + 32);
                forged[4] -= 1;
            }
            _ => *forged.last_mut().unwrap() ^= 1,
        }
        fs::write(&there, forged).unwrap();
        let output = copy.verify(&["--rehearsal"]);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    }
}

#[test]
fn a_log_that_lacks_any_entry_or_has_one_altered_does_not_account_for_the_commands() {
    let stage = mixed();
    let chain = stage.chain();
    let enrolment = stage.state().seats[1].enrolled().unwrap().clone();
    // As the bundle has it: up to the last reading before the seal.
    let entries = chain.entries();
    let sealed = entries
        .iter()
        .position(|entry| matches!(entry.event, Event::Sealed { .. }))
        .unwrap();
    let account = audited::account(&entries[..sealed], enrolment.serial).unwrap();
    let object = |digest: &keymoot_core::digest::Digest| {
        fs::read(stage.dir().join("objects").join(digest.to_string())).unwrap()
    };
    let readings: Vec<_> = account.readings.iter().map(|r| object(&r.log)).collect();
    let sent = object(&account.readings.last().unwrap().sent);
    let sent: Vec<Sent> = serde_json::from_slice(&sent).unwrap();
    let check = |readings: &[Vec<u8>]| {
        audit::check(&audit::Audited {
            serial: enrolment.serial,
            readings,
            sent: &sent,
            signatures: account.signatures.clone(),
        })
    };
    check(&readings).unwrap();
    let mut forged = 0;
    for (n, reading) in readings.iter().enumerate() {
        for entry in 0..usize::from(reading[4]) {
            let at = 5 + 32 * entry;
            let mut missing = readings.clone();
            missing[n].drain(at..at + 32);
            missing[n][4] -= 1;
            let mut altered = readings.clone();
            altered[n][at + 2] ^= 1;
            for readings in [missing, altered] {
                let violations = check(&readings).unwrap_err();
                assert!(violations.iter().all(|v| v.rule.id() == "DEVICE-AUDIT"));
                forged += 1;
            }
        }
    }
    println!("{forged} forged logs refused");
    assert!(forged > 80);
}

#[test]
fn killed_anywhere_in_a_units_enrolment_it_resumes_to_one_key_for_each_holder() {
    let undisturbed = Stage::new();
    let output = rehearse_small(&undisturbed, &[])
        .wait_with_output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let turn = unit_turn(&undisturbed);
    assert!(turn.len() > 12);
    // Where something is announced or was just done: between, nothing differs.
    let points = turn.iter().filter(|(_, event)| {
        matches!(
            event,
            Event::ResetAnnounced { .. }
                | Event::EscrowKept { .. }
                | Event::Provisioned { .. }
                | Event::GenerateAnnounced { .. }
                | Event::KeyGenerated { .. }
                | Event::Attested { .. }
                | Event::StatementAnnounced { .. }
                | Event::Enrolled { .. }
        )
    });
    for (entry, event) in points {
        let stage = Stage::new();
        let mut child = rehearse_small(&stage, &[]);
        read_until(&mut child, *entry);
        child.kill().unwrap();
        child.wait().unwrap();
        let output = stage.resume();
        let what = format!("killed at {}", event.sentence());
        assert!(output.status.success(), "{what}: {}", said(&output));
        holds(&stage, 2, 1, &what);
    }
}

#[test]
fn a_connection_dropped_at_a_command_of_enrolment_or_signing_costs_nothing() {
    for fault in [
        // In setting up, generating, attesting, restricting, signing, reading the log.
        "1:drop@0x4f#9",
        "1:drop-after@0x46",
        "1:drop@0x64",
        "1:drop-after@0x58#2",
        "1:drop-after@0x56",
        "1:drop-after@0x56#2",
        "1:drop-after@0x4d#4",
        "1:log-full@0x56#2",
        "1:unplug-after@0x46",
        // All sessions are taken, when the first is opened and when others are.
        "1:error@0x03=05",
        "1:error@0x03#4=05",
    ] {
        let stage = Stage::new();
        let output = rehearse_small(&stage, &["--unit-fault", fault])
            .wait_with_output()
            .unwrap();
        let output = match output.status.code() {
            // More device errors than the plan retries: left, and resumed.
            Some(4) => stage.resume(),
            _ => output,
        };
        assert!(output.status.success(), "{fault}: {}", said(&output));
        holds(&stage, 2, 1, fault);
        let mishaps = stage
            .chain()
            .entries()
            .iter()
            .filter(|entry| matches!(entry.event, Event::Mishap { .. }))
            .count();
        println!("{fault}: {mishaps} mishaps");
    }
}

#[test]
fn no_password_is_in_any_file_of_the_ceremony_or_the_bundle() {
    let stage = mixed();
    for n in [2, 4, 6, 8] {
        let handle = format!("holder-{n}").try_into().unwrap();
        let password = unattended::password(testkit::stage::SEED, &handle);
        for folder in [stage.dir(), stage.out()] {
            for path in testkit::stage::files_below(&folder) {
                let content = fs::read(&path).unwrap();
                let found = content.windows(24).any(|w| w == password.expose());
                assert!(!found, "a password is in {}", path.display());
            }
        }
    }
}
