//! The outcome in words, for the people in the room.

use std::fmt::{self, Write as _};

use keymoot_attestation::{PinPolicy, Specifics, TouchPolicy, YubiHsmFacts, YubiKeyFacts};
use keymoot_core::Violation;
use keymoot_core::digest::Digest;
use keymoot_core::text::{escape, escape_path};

use super::args::Args;
use super::examine::{Facts, Outcome};
use crate::{complain, output};

const ANOTHER_VENDOR: &str =
    "The vendor's certificates are those of --vendor-dir, not the ones this program carries.";

/// Prints what was proven to standard output, or what was refused to standard error.
pub(super) fn print(args: &Args, outcome: &Outcome) {
    match outcome {
        Ok(facts) => output::text(&Account { args, facts }.to_string()),
        Err(violations) => {
            let mut text =
                String::from("REFUSED: this evidence does not prove where the key was made.\n");
            for violation in violations {
                let _ = write!(
                    text,
                    "\n  {}\n    {}\n    Next: {}\n",
                    violation.rule, violation.what, violation.next
                );
            }
            complain!("{}", text.trim_end());
        }
    }
}

/// Prints one line for each attestation in a folder, and how many are proven; or why the store of the
/// vendor's keys is refused.
pub(super) fn print_folder(found: &[(String, Outcome)], store: &[Violation]) {
    let mut text = String::new();
    for (path, outcome) in found {
        let path = escape(path);
        match outcome {
            Ok(facts) => {
                // Writing to a String cannot fail, here and below.
                let _ = writeln!(text, "PROVEN   {path}: {}", one_line(facts));
            }
            Err(violations) => refused(&mut text, &path, violations),
        }
    }
    if !store.is_empty() {
        refused(&mut text, "vendor.toml", store);
        text.push_str("No evidence was read.\n");
        output::text(&text);
        return;
    }
    let proven = || {
        found
            .iter()
            .filter_map(|(_, outcome)| outcome.as_ref().ok())
    };
    if proven().any(|facts| !facts.store.is_compiled_in()) {
        text.push_str(ANOTHER_VENDOR);
        text.push('\n');
    }
    let alone = proven().filter(|facts| !facts.key_compared).count();
    if alone > 0 {
        let _ = writeln!(
            text,
            "NO KEY WAS COMPARED for {alone} of them: whether these keys are in use is unknown. \
             Name one attestation and its device certificate, with --public-key FILE."
        );
    }
    let _ = writeln!(
        text,
        "{} of {} attestations are proven.",
        proven().count(),
        found.len()
    );
    output::text(&text);
}

fn refused(text: &mut String, path: &str, violations: &[Violation]) {
    for violation in violations {
        let _ = writeln!(
            text,
            "REFUSED  {path}: {}: {}\n         help: {}",
            violation.rule, violation.what, violation.next
        );
    }
}

fn one_line(facts: &Facts) -> String {
    let proven = &facts.attestation;
    let serial = proven.serial().map_or_else(
        || "without a stated serial number".to_owned(),
        |serial| serial.to_string(),
    );
    let (family, firmware) = (proven.family(), proven.firmware());
    match proven.specifics() {
        Specifics::YubiKey(stated) => format!(
            "{family} {serial}, firmware {firmware}, slot {}, PIN {}, touch {}",
            stated.slot, stated.pin_policy, stated.touch_policy
        ),
        Specifics::YubiHsm(stated) => format!(
            "{family} {serial}, firmware {firmware}, object 0x{:04x}",
            stated.object
        ),
    }
}

/// The facts, for people to read.
struct Account<'a> {
    args: &'a Args,
    facts: &'a Facts,
}

impl fmt::Display for Account<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proven = &self.facts.attestation;
        let vendor = escape(self.facts.store.name());
        writeln!(
            f,
            "PROVEN: {vendor} attests that the device generated this key.\n"
        )?;
        if !self.facts.store.is_compiled_in() {
            writeln!(f, "  {ANOTHER_VENDOR}\n")?;
        }
        writeln!(f, "  Device       {}", proven.family())?;
        match proven.serial() {
            Some(serial) => writeln!(f, "  Serial       {serial}")?,
            None => writeln!(f, "  Serial       not stated by this device")?,
        }
        writeln!(f, "  Firmware     {}", proven.firmware())?;
        match proven.specifics() {
            Specifics::YubiKey(stated) => self.yubikey(stated, f)?,
            Specifics::YubiHsm(stated) => self.yubihsm(stated, f)?,
        }
        match &self.args.public_key {
            Some(path) => {
                writeln!(
                    f,
                    "  Compared     the key in {} is this key",
                    escape_path(path)
                )?;
            }
            None => writeln!(
                f,
                "  Compared     NO KEY WAS COMPARED: whether this is the key in use is unknown; give --public-key FILE"
            )?,
        }
        writeln!(f, "\n  Chain")?;
        for link in proven.chain() {
            writeln!(
                f,
                "    {} ({})\n      SHA-256 {}",
                link.subject, link.role, link.sha256
            )?;
        }
        let advisories = proven.advisories();
        if advisories.is_empty() {
            return writeln!(f, "\n  Advisories   none known");
        }
        writeln!(f, "\n  Advisories")?;
        for advisory in advisories {
            writeln!(f, "    {}: {}", advisory.id, advisory.effect)?;
        }
        Ok(())
    }
}

impl Account<'_> {
    fn yubikey(&self, stated: &YubiKeyFacts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = stated.form_factor.map_or_else(
            || "not stated by this device".to_owned(),
            |form| form.to_string(),
        );
        writeln!(f, "  Form         {form}")?;
        self.model(stated.cspn, f)?;
        let slot = stated.slot;
        writeln!(f, "  Slot         {slot} ({})", slot.purpose())?;
        self.key(f)?;
        writeln!(f, "  PIN          {}", pin_in_words(stated.pin_policy))?;
        writeln!(f, "  Touch        {}", touch_in_words(stated.touch_policy))
    }

    fn yubihsm(&self, stated: &YubiHsmFacts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model(false, f)?;
        let label = escape(&stated.label);
        writeln!(f, "  Object       0x{:04x} \"{label}\"", stated.object)?;
        self.key(f)?;
        writeln!(f, "  Origin       {}", stated.origin)?;
        writeln!(f, "  Domains      {}", stated.domains)?;
        writeln!(f, "  May          {}", stated.capabilities)
    }

    fn model(&self, cspn: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fips = self.facts.attestation.fips();
        let models: Vec<&str> = [fips.then_some("FIPS"), cspn.then_some("CSPN")]
            .into_iter()
            .flatten()
            .collect();
        if models.is_empty() {
            return Ok(());
        }
        writeln!(f, "  Model        {}", models.join(", "))
    }

    fn key(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proven = &self.facts.attestation;
        writeln!(
            f,
            "  Key          {}, SHA-256 {}",
            proven.algorithm(),
            Digest::of(proven.spki())
        )
    }
}

fn pin_in_words(policy: PinPolicy) -> &'static str {
    match policy {
        PinPolicy::Never => "never: the key signs without a PIN",
        PinPolicy::Once => "once: the PIN opens the key for a session",
        PinPolicy::Always => "always: the PIN for every signature",
        PinPolicy::MatchOnce => "match-once: a fingerprint or the PIN opens the key for a session",
        PinPolicy::MatchAlways => "match-always: a fingerprint or the PIN for every signature",
    }
}

fn touch_in_words(policy: TouchPolicy) -> &'static str {
    match policy {
        TouchPolicy::Never => "never: the key signs without a touch",
        TouchPolicy::Always => "always: a touch for every signature",
        TouchPolicy::Cached => "cached: a touch counts for 15 seconds",
    }
}
