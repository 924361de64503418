//! `keymoot device check`: every call of the device layer, on a YubiKey that may be erased.
//!
//! `expected.txt` records hsm-sim's answers; a test compares it with hsm-sim. Where a real device
//! differs, the simulator or this program is wrong.

use std::fmt::Write as _;
use std::io::{self, BufRead as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;

use super::only::only_yubikey;
use crate::device::{DeviceError, DeviceInfo, Serial, Slots, new_puk, piv};
use crate::host::{secret::Secret, whole};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::transcript::PinTries;
use keymoot_verify::{Failure, say};

/// The word that allows the device to be erased.
const ERASE: &str = "erase";

/// hsm-sim's answers, one call a line.
const EXPECTED: &str = include_str!("expected.txt");

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the report is written. It holds no secret, no key and no serial number.
    #[arg(long, value_name = "FILE", default_value = "keymoot-device-check.txt")]
    report: PathBuf,
}

/// Checks the device: exit code 0, 1 when it could not be run, 3 when an answer differs.
pub(super) fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    match check(args, vendor) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => Failure::Host(error).report(),
    }
}

fn check(args: &Args, vendor: &TrustStore) -> Result<bool, HostError> {
    let device = only_yubikey()?;
    let contents = piv::contents(device.serial)?;
    say!(
        "YubiKey {}, firmware {}: the check erases its PIV application, sets it up, uses it and erases it again.",
        device.serial,
        device.firmware
    );
    for lost in contents.state().lost() {
        say!("This is lost: {}", escape(&lost));
    }
    say!("You touch it twice. Type {ERASE} and press Enter to begin.");
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    if read.is_err() || line.trim() != ERASE {
        return Err(HostError::new(
            "the device has not changed",
            format!("repeat the command, and type {ERASE}"),
        ));
    }
    let mut answers = Answers {
        serial: device.serial,
        lines: Vec::new(),
    };
    calls(&mut answers, &device, vendor)?;
    let (report, same) = report(&device, &answers.lines);
    whole::write_durably(&args.report, report.as_bytes())?;
    say!("{report}The report is in {}.", escape_path(&args.report));
    Ok(same)
}

/// The answer to a call, and how long it took in milliseconds.
struct Answered {
    call: &'static str,
    answer: String,
    took: u128,
}

struct Answers {
    serial: Serial,
    lines: Vec<Answered>,
}

impl Answers {
    /// Makes a call, and notes its answer.
    fn call<T>(
        &mut self,
        call: &'static str,
        make: impl FnOnce(Serial) -> Result<T, DeviceError>,
        answer: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let begun = Instant::now();
        let outcome = make(self.serial);
        let took = begun.elapsed().as_millis();
        let answer = match &outcome {
            Ok(done) => answer(done),
            Err(error) => error
                .to_string()
                .replace(&self.serial.to_string(), "NUMBER"),
        };
        self.lines.push(Answered { call, answer, took });
        outcome.ok()
    }
}

fn done<T>(_: &T) -> String {
    "done".to_owned()
}

fn touch() {
    say!("Touch the metal contact of the device now.");
}

/// The calls, in the order in which a ceremony makes them.
fn calls(answers: &mut Answers, device: &DeviceInfo, vendor: &TrustStore) -> Result<(), HostError> {
    let no_randomness = |error: crate::host::secret::NoRandomness| {
        HostError::new(error.to_string(), "restart the machine, then try again")
    };
    let pin = new_puk(&Secret::of(b"")).map_err(no_randomness)?;
    let other = new_puk(&pin).map_err(no_randomness)?;
    let puk = new_puk(&pin).map_err(no_randomness)?;
    let management = Secret::random_bytes(piv::MANAGEMENT_KEY_LENGTH).map_err(no_randomness)?;
    let fresh = |contents: &piv::Contents| match (contents.is_fresh(), contents.state().lost()) {
        (true, _) => "fresh".to_owned(),
        (false, lost) => format!("used; a reset destroys {}", lost.join(", ")),
    };
    let tries = |tries: Option<PinTries>| match tries {
        Some(PinTries { pin, puk }) => format!(
            "PIN {} of {}, PUK {} of {}",
            pin.left, pin.total, puk.left, puk.total
        ),
        None => "not shown".to_owned(),
    };
    answers.call(
        "present",
        |_| only_yubikey(),
        |found| {
            let same = if found == device {
                "the same device"
            } else {
                "another answer than before"
            };
            format!(
                "{same}, serial number shown: {}",
                found.config.serial_visible
            )
        },
    );
    answers.call("reset", piv::reset, done);
    answers.call("contents of a reset device", piv::contents, fresh);
    answers.call(
        "tries of a reset device",
        |_| only_yubikey(),
        |found| tries(found.tries),
    );
    answers.call("factory credentials", piv::no_defaults, done);
    answers.call("attestation without a key", piv::attest, done);
    answers.call(
        "provision",
        |serial| piv::provision(serial, &pin, &puk, &management),
        |set| tries(*set),
    );
    answers.call("factory credentials afterwards", piv::no_defaults, done);
    answers.call("key before it is made", piv::slot_key, |key| {
        format!("{}", key.is_some())
    });
    let key = answers.call(
        "generate",
        |serial| piv::generate(serial, &management),
        |key| format!("a key of {} bytes", key.len()),
    );
    answers.call("key afterwards", piv::slot_key, |found| {
        match (found, &key) {
            (Some(found), Some(key)) if found == key => "the generated one".to_owned(),
            _ => "another".to_owned(),
        }
    });
    let attested = answers.call("attest", piv::attest, |evidence| {
        let holds = |key: &Vec<u8>| evidence.attestation.windows(key.len()).any(|w| w == key);
        let which = if key.as_ref().is_some_and(holds) {
            "the generated key"
        } else {
            "another key"
        };
        format!("of {which}")
    });
    if let (Some(evidence), Some(key)) = (attested, &key) {
        vendors_word(&evidence, key, answers.serial, vendor);
    }
    let signs = |serial, pin: &Secret| piv::sign(serial, pin, b"keymoot device check", touch);
    let verified = |signature: &Vec<u8>| {
        let key = key
            .as_ref()
            .and_then(|key| VerifyingKey::from_public_key_der(key).ok());
        let signature = Signature::from_der(signature).ok();
        let good = key.zip(signature).is_some_and(|(key, signature)| {
            key.verify(b"keymoot device check", &signature).is_ok()
        });
        format!("a signature that verifies: {good}")
    };
    answers.call("sign", |serial| signs(serial, &pin), verified);
    answers.call(
        "sign with a wrong PIN",
        |serial| signs(serial, &other),
        done,
    );
    answers.call(
        "verify the right PIN",
        |serial| piv::verify_pin(serial, &pin),
        done,
    );
    for call in [
        "first wrong PIN",
        "second wrong PIN",
        "third wrong PIN",
        "blocked PIN",
    ] {
        answers.call(call, |serial| piv::verify_pin(serial, &other), done);
    }
    answers.call(
        "wrong PUK",
        |serial| piv::unblock_pin(serial, &other, &pin),
        done,
    );
    answers.call(
        "unblock",
        |serial| piv::unblock_pin(serial, &puk, &other),
        done,
    );
    answers.call(
        "sign after it was unblocked",
        |serial| signs(serial, &other),
        verified,
    );
    answers.call("contents of a used device", piv::contents, fresh);
    answers.call("reset afterwards", piv::reset, done);
    answers.call("contents afterwards", piv::contents, fresh);
    answers.call(
        "devices",
        |_| Slots::YubiKeys.present(),
        |all| all.len().to_string(),
    );
    Ok(())
}

/// Says whether the attestation leads to the vendor; it does not for a simulated device.
fn vendors_word(
    evidence: &keymoot_attestation::Evidence,
    key: &[u8],
    serial: Serial,
    vendor: &TrustStore,
) {
    match keymoot_attestation::verify(evidence, vendor, None) {
        Ok(facts) if facts.attests(key).is_ok() && facts.serial() == Some(serial.0) => {
            say!("The vendor attests key and serial number.");
        }
        Ok(_) => say!("The vendor attests another key or serial number."),
        Err(violations) => {
            for violation in violations {
                say!("{}: {}", violation.rule, escape(&violation.what));
            }
        }
    }
}

/// The report, and whether every answer is the expected one.
fn report(device: &DeviceInfo, answers: &[Answered]) -> (String, bool) {
    let shape = device.config.form_factor.map(|form| form.to_string());
    let mut text = format!(
        "keymoot {} device check\nfirmware {}, {}, switched on: {}, settings: {:?}\n",
        env!("CARGO_PKG_VERSION"),
        device.firmware,
        shape.unwrap_or_else(|| "form unknown".to_owned()),
        device.config.applications.join(", "),
        device.config.settings,
    );
    let mut differences = 0;
    for Answered { call, answer, took } in answers {
        let expected = EXPECTED.lines().find_map(|line| {
            let (known, expected) = line.split_once(": ")?;
            (known == *call).then_some(expected)
        });
        let _ = writeln!(text, "{took:>6} ms  {call}: {answer}");
        if expected != Some(answer.as_str()) {
            differences += 1;
            let _ = writeln!(
                text,
                "           DIFFERS from hsm-sim: {}",
                expected.unwrap_or("not recorded")
            );
        }
    }
    let _ = writeln!(
        text,
        "{} calls, {differences} differ from hsm-sim",
        answers.len()
    );
    (text, differences == 0)
}
