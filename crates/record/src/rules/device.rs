//! The rules on an inserted device: whose it is, its certificate, its firmware and its tries.

use super::{
    Verdict, Violation,
    policy::Policy,
    roster::{Holder, Revocation, Roster},
};
use crate::transcript::{PinTries, Time};
use keymoot_attestation as attestation;
use keymoot_attestation::{Family, Firmware, FormFactor, Link, TrustStore};
use keymoot_core::{Rule, text::escape};

/// A device's own report when it is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    /// Its serial number.
    pub serial: u32,
    /// Its family.
    pub family: Family,
    /// Its firmware.
    pub firmware: Firmware,
    /// Its shape, where it reports one.
    pub form_factor: Option<FormFactor>,
}

/// Every rule on a device that a holder of the roster brings to be enrolled. `owner` is the
/// holder who has enrolled it already, if any. `replaced` is the serial number of the device whose
/// key the holder replaces, and `revoked` the reason for which a key in it was revoked.
#[must_use]
pub fn brought(
    device: Reported,
    holder: &Holder,
    roster: &Roster,
    owner: Option<&str>,
    replaced: Option<u32>,
    revoked: Option<&str>,
    policy: &Policy,
) -> Vec<Verdict> {
    let serial = format!("{} {}", device.family, device.serial);
    let is_own = owner == Some(holder.handle.as_str());
    let insert = match is_own {
        true if replaced == Some(device.serial) => {
            "this is the device that you replace; take it out and insert the new one"
        }
        true => "you have a key in this device already; take it out and insert another one",
        false => "take it out and insert the device of the holder at the table",
    };
    vec![
        Verdict::unless(
            Rule::DeviceDistinct,
            owner.is_some(),
            || format!("{serial} has not been enrolled before"),
            || {
                format!(
                    "{serial} was already enrolled, for {}",
                    owner.unwrap_or("nobody")
                )
            },
            insert,
        ),
        expected(device.serial, holder, roster),
        Verdict::unless(
            Rule::KeyRevoked,
            revoked.is_some(),
            || format!("no key in {serial} was ever revoked"),
            || {
                format!(
                    "a key in {serial} was revoked: {}",
                    keymoot_core::text::escape(revoked.unwrap_or_default())
                )
            },
            "keep it for an investigation, and take another device",
        ),
        firmware(device.family, device.firmware, device.form_factor, policy),
    ]
}

/// DEVICE-EXPECTED: the device is one that the roster lists for the holder, where it lists any, or
/// one that it lists for nobody.
#[must_use]
pub fn expected(serial: u32, holder: &Holder, roster: &Roster) -> Verdict {
    Verdict::unless(
        Rule::DeviceExpected,
        !roster.brings(&holder.handle, serial),
        || match holder.devices.is_empty() {
            true => "the roster names no device for this holder".to_owned(),
            false => format!("the roster says that this holder brings {serial}"),
        },
        || {
            let (family, handle) = (holder.family, &holder.handle);
            let mut others = roster.holders.iter();
            match others.find(|other| other.devices.contains(&serial)) {
                Some(other) => format!(
                    "the roster lists {family} {serial} for {}, not for {handle}",
                    other.handle
                ),
                None => {
                    format!("{family} {serial} is not one that the roster lists for {handle}")
                }
            }
        },
        "insert the device that the roster lists, or leave and correct the roster",
    )
}

/// The rule on the device inserted by a holder who is to use one of these. `revoked` says whether
/// the ceremony revokes its key: then it belongs to an investigation.
#[must_use]
pub fn returned(
    serial: u32,
    awaited: &[u32],
    owner: Option<&str>,
    revoked: Option<&Revocation>,
) -> Vec<Verdict> {
    let list = || {
        let serials: Vec<_> = awaited.iter().map(u32::to_string).collect();
        serials.join(" or ")
    };
    vec![Verdict::unless(
        Rule::DeviceEnrolled,
        !awaited.contains(&serial),
        || format!("device {serial} is the one this holder enrolled"),
        || {
            let whose = match (revoked, owner) {
                (Some(revoked), _) => format!("holds the revoked key of {}", revoked.handle),
                (None, Some(owner)) => format!("is {owner}'s"),
                (None, None) => "is not enrolled".to_owned(),
            };
            format!(
                "device {serial} {whose}; the holder at the table needs {}",
                list()
            )
        },
        match revoked {
            Some(_) => {
                "take it out, and put it into a bag for the investigation; insert the enrolled device"
            }
            None => "take it out and insert the enrolled device",
        },
    )]
}

/// DEVICE-CHAIN of a device that has no key yet: whether its certificate is the vendor's. It
/// proves no key; a device that is simulated or has another's certificate is refused before it
/// is erased.
#[must_use]
pub fn certificate(
    family: Family,
    certificate: Option<&[u8]>,
    trust: &TrustStore,
    now: Time,
) -> Verdict {
    let Some(certificate) = certificate else {
        return Violation::new(
            Rule::DeviceChain,
            "the device has no certificate of its vendor",
            "take another device",
        )
        .into();
    };
    match attestation::verify_device(certificate, family, trust, Some(now.unix())) {
        Ok(chain) => Verdict::held(
            Rule::DeviceChain,
            format!(
                "the device's certificate is the vendor's: {}",
                subjects(&chain)
            ),
        ),
        Err(violation) => violation.into(),
    }
}

/// DEVICE-TRIES: PIN and PUK block after three wrong tries.
#[must_use]
pub fn tries(serial: u32, tries: Option<PinTries>) -> Verdict {
    /// Wrong tries in a row, before a PIN or PUK blocks: the factory's.
    const MOST: u8 = 3;
    match tries {
        Some(tries) if tries.pin.total == MOST && tries.puk.total == MOST => Verdict::held(
            Rule::DeviceTries,
            format!("PIN and PUK of YubiKey {serial} have {MOST} tries each"),
        ),
        Some(tries) => Violation::new(
            Rule::DeviceTries,
            format!(
                "YubiKey {serial} allows {} wrong PINs and {} wrong PUKs in a row, and {MOST} is the most",
                tries.pin.total, tries.puk.total
            ),
            "take the spare device; this one must be reset and enrolled again",
        )
        .into(),
        None => Violation::new(
            Rule::DeviceTries,
            format!("YubiKey {serial} does not say how many tries its PIN and PUK have"),
            "take a device with firmware 5.3.0 or later",
        )
        .into(),
    }
}

/// DEVICE-FIRMWARE: the firmware is at least what policy and model demand.
pub(super) fn firmware(
    family: Family,
    firmware: Firmware,
    form: Option<FormFactor>,
    policy: &Policy,
) -> Verdict {
    let demanded = Firmware::from(policy.device.firmware(family).unwrap_or([u8::MAX; 3]));
    let (least, whose) = match attestation::model_minimum(form) {
        Some(least) if least > demanded => (least, "a YubiKey Bio's"),
        _ => (demanded, "the policy's"),
    };
    Verdict::unless(
        Rule::DeviceFirmware,
        firmware < least,
        || format!("firmware {firmware} is {least} or later"),
        || {
            format!(
                "firmware {firmware} is older than {whose} {least}, and a {family}'s firmware cannot be changed"
            )
        },
        "take another device",
    )
}

/// The names of a chain's certificates, from the device's up to the vendor's.
pub(super) fn subjects(chain: &[Link]) -> String {
    let names = chain.iter().map(|link| escape(&link.subject));
    names.collect::<Vec<_>>().join(" <- ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{
        Family, Firmware, FormFactor, Policy, Reported, Revocation, Roster, Rule, Verdict, brought,
        expected, returned,
    };

    #[test]
    fn a_revoked_device_at_the_table_is_named_and_goes_into_a_bag() {
        let revoked = Revocation {
            handle: "holder-1".to_owned().try_into().unwrap(),
            serial: 7,
            reason: "stolen".to_owned(),
        };
        let verdicts = returned(7, &[8], None, Some(&revoked));
        assert!(verdicts[0].is_violated());
        let told = "device 7 holds the revoked key of holder-1; the holder at the table needs 8";
        assert_eq!(verdicts[0].detail, told);
        assert!(verdicts[0].next.contains("bag for the investigation"));
    }

    #[test]
    fn a_yubikey_bio_that_leaks_is_refused_when_it_is_inserted() {
        let policy = include_str!("../../../../ceremony-scripts/policy.toml");
        let policy = policy.replace("\"5.7.4\"", "\"5.7.0\"");
        let policy = Policy::parse(&policy).unwrap();
        let roster = include_str!("../../../../tests/data/hostile-roster.toml");
        let roster = Roster::parse(roster).unwrap();
        let refused = |patch, form| {
            let device = Reported {
                serial: 1,
                family: Family::YubiKey,
                firmware: Firmware::new(5, 7, patch),
                form_factor: Some(FormFactor::from_byte(form)),
            };
            brought(
                device,
                &roster.holders[0],
                &roster,
                None,
                None,
                None,
                &policy,
            )
            .iter()
            .any(|verdict| verdict.rule == Rule::DeviceFirmware && verdict.is_violated())
        };
        assert!(refused(1, 6));
        assert!(refused(1, 7));
        assert!(!refused(2, 7));
        assert!(!refused(1, 1));
    }

    #[test]
    fn a_device_that_is_revoked_enrolled_or_not_the_listed_one_is_refused_when_it_is_inserted() {
        let policy = include_str!("../../../../ceremony-scripts/policy.toml");
        let policy = Policy::parse(policy).unwrap();
        let roster = include_str!("../../../../tests/data/hostile-roster.toml");
        let mut roster = Roster::parse(roster).unwrap();
        let refused = |roster: &Roster, owner, revoked| {
            let device = Reported {
                serial: 1,
                family: Family::YubiKey,
                firmware: Firmware::new(5, 7, 4),
                form_factor: None,
            };
            let holder = &roster.holders[0];
            let verdicts =
                brought(device, holder, roster, owner, None, revoked, &policy).into_iter();
            let violated = verdicts.filter(Verdict::is_violated);
            violated
                .map(|verdict| verdict.rule.to_string())
                .collect::<Vec<_>>()
        };
        assert!(refused(&roster, None, None).is_empty());
        let rule = |rule: Rule| vec![rule.id().to_owned()];
        assert_eq!(
            refused(&roster, None, Some("stolen")),
            rule(Rule::KeyRevoked)
        );
        assert_eq!(
            refused(&roster, Some("another"), None),
            rule(Rule::DeviceDistinct)
        );
        roster.holders[0].devices = vec![2];
        assert_eq!(refused(&roster, None, None), rule(Rule::DeviceExpected));
        roster.holders[0].devices = vec![1];
        assert!(refused(&roster, None, None).is_empty());
    }

    #[test]
    fn a_device_that_the_roster_lists_for_somebody_else_is_refused_when_it_is_inserted() {
        let roster = include_str!("../../../../tests/data/hostile-roster.toml");
        let mut roster = Roster::parse(roster).unwrap();
        roster.holders[1].devices = vec![1];
        let [one, two] = [0, 1].map(|seat: usize| &roster.holders[seat]);
        let refused = expected(1, one, &roster);
        assert!(refused.is_violated());
        let told = format!(
            "the roster lists YubiKey 1 for {}, not for {}",
            two.handle, one.handle
        );
        assert_eq!(refused.detail, told);
        assert!(!expected(1, two, &roster).is_violated());
        assert!(!expected(2, one, &roster).is_violated());
    }

    #[test]
    fn a_holder_who_inserts_the_own_device_again_learns_which_one_is_needed() {
        let policy = include_str!("../../../../ceremony-scripts/policy.toml");
        let policy = Policy::parse(policy).unwrap();
        let roster = include_str!("../../../../tests/data/hostile-roster.toml");
        let roster = Roster::parse(roster).unwrap();
        let holder = &roster.holders[0];
        let help = |owner, replaced| {
            let device = Reported {
                serial: 1,
                family: Family::YubiKey,
                firmware: Firmware::new(5, 7, 4),
                form_factor: None,
            };
            let verdicts = brought(
                device,
                holder,
                &roster,
                Some(owner),
                replaced,
                None,
                &policy,
            );
            let violated = verdicts.into_iter().find(Verdict::is_violated);
            violated.unwrap().next
        };
        let own = holder.handle.as_str();
        assert!(help(own, Some(1)).starts_with("this is the device that you replace"));
        assert!(help(own, Some(2)).starts_with("you have a key in this device already"));
        assert!(help("another", Some(2)).contains("the device of the holder at the table"));
    }
}
