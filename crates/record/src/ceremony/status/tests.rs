use super::advice::next;
use super::*;

fn document(name: &str, days_left: i64) -> DocumentStatus {
    DocumentStatus {
        name: name.to_owned(),
        version: 1,
        expires: "2028-02-18T23:00:00Z".to_owned(),
        days_left,
        signing_begins: Some("2027-11-20T23:00:00Z".to_owned()),
        signing_begun: days_left <= 90,
        expired: days_left < 0,
        by_holders: name != "timestamp.json",
        refused: None,
    }
}

fn holders(count: u8) -> Vec<HolderStatus> {
    let holder = |n: u8| HolderStatus {
        holder: format!("holder-{n}"),
        key: Digest::of(&[n]),
        can_sign: true,
        revoked: false,
        last_signed: Some(1),
        absences: 0,
        pin_blocked: false,
        device: Some(DeviceStatus {
            serial: n.into(),
            family: keymoot_attestation::Family::YubiKey,
            firmware: "5.7.4".to_owned(),
            proven: true,
            below_policy: false,
            advisories: Vec::new(),
        }),
        spares: Vec::new(),
    };
    (1..=count).map(holder).collect()
}

fn of(documents: &[DocumentStatus], holders: &[HolderStatus]) -> Advice {
    let can_sign = holders.iter().filter(|holder| holder.can_sign).count();
    let quorum = QuorumStatus {
        root_version: 1,
        threshold: 5,
        keys: holders.len(),
        can_sign,
        survives_losses: signed(can_sign) - 5,
        enrolments_published: true,
    };
    next(documents, &quorum, holders, &Publishing::default())
}

#[test]
fn where_all_is_well_the_day_of_the_next_signing_is_named() {
    let advice = of(&[document("root.json", 400)], &holders(9));
    assert_eq!(advice.script, None);
    assert!(advice.sentence.contains("2027-11-20T23:00:00Z"));
}

#[test]
fn with_fewer_keys_than_must_sign_the_quorum_is_lost_before_anything_else() {
    let mut holders = holders(9);
    for holder in holders.iter_mut().take(5) {
        (holder.can_sign, holder.revoked) = (false, true);
    }
    let advice = of(&[document("root.json", -1)], &holders);
    assert_eq!(advice.script, Some("quorum-lost"));
}

#[test]
fn a_revoked_key_in_the_root_comes_before_a_document_that_is_over() {
    let mut holders = holders(9);
    (holders[3].can_sign, holders[3].revoked) = (false, true);
    let advice = of(&[document("root.json", -1)], &holders);
    assert_eq!(advice.script, Some("emergency-revocation"));
    assert!(advice.sentence.contains("holder-4"));
}

#[test]
fn the_document_that_ends_first_is_named() {
    let documents = [document("root.json", 80), document("crates.json", 20)];
    let advice = of(&documents, &holders(9));
    assert_eq!(advice.script, Some("annual-resign"));
    assert!(advice.sentence.contains("crates.json expires in 20 days"));
}

#[test]
fn a_document_of_a_service_asks_for_no_ceremony() {
    let documents = [document("root.json", 400), document("timestamp.json", -1)];
    let advice = of(&documents, &holders(9));
    assert_eq!(advice.script, None);
    assert!(advice.sentence.contains("timestamp.json expired"));
}

#[test]
fn an_expired_document_of_a_service_is_named_with_what_clients_do_before_a_signing_period() {
    let expired = |name: &str| {
        let mut document = self::document(name, -1);
        document.by_holders = false;
        of(&[self::document("root.json", 80), document], &holders(9)).sentence
    };
    for name in ["snapshot.json", "timestamp.json"] {
        let sentence = expired(name);
        let words =
            format!("{name} expired 2028-02-18T23:00:00Z, and clients refuse the repository");
        assert!(sentence.starts_with(&words), "{sentence}");
    }
    // Clients still take everything else.
    let sentence = expired("nightly.json");
    assert!(
        sentence.starts_with("root.json expires in 80 days"),
        "{sentence}"
    );
}

#[test]
fn an_expired_document_of_a_team_is_refused_by_clients() {
    let mut nightly = document("nightly.json", -1);
    nightly.by_holders = false;
    let advice = of(&[document("root.json", 400), nightly], &holders(9));
    assert_eq!(advice.script, None);
    let words = "nightly.json expired 2028-02-18T23:00:00Z, and clients refuse it: the team";
    assert!(advice.sentence.starts_with(words), "{}", advice.sentence);
}

#[test]
fn a_device_with_an_advisory_is_to_be_replaced() {
    let mut holders = holders(9);
    let device = holders[6].device.as_mut().unwrap();
    device.advisories = vec![AdvisoryStatus {
        id: "YSA-2024-03",
        effect: "it leaks",
    }];
    let advice = of(&[document("root.json", 400)], &holders);
    assert_eq!(advice.script, Some("onboard-member"));
    assert!(advice.sentence.contains("holder-7"));
}

#[test]
fn a_key_that_never_signed_a_root_is_asked_after() {
    let mut holders = holders(9);
    holders[8].last_signed = None;
    let advice = of(&[document("root.json", 400)], &holders);
    assert_eq!(advice.script, Some("heartbeat"));
    assert!(advice.sentence.contains("holder-9"));
}

#[test]
fn a_blocked_pin_and_repeated_absences_come_before_all_is_well() {
    let documents = [document("root.json", 200)];
    let mut nine = holders(9);
    nine[2].absences = 1;
    assert_eq!(of(&documents, &nine).script, None);
    nine[2].absences = 2;
    let advice = of(&documents, &nine);
    assert_eq!(advice.script, Some("heartbeat"));
    assert!(
        advice.sentence.contains("holder-3 missed 2 signings"),
        "{}",
        advice.sentence
    );
    nine[1].pin_blocked = true;
    let advice = of(&documents, &nine);
    assert!(
        advice.sentence.contains("PIN of holder-2 is blocked"),
        "{}",
        advice.sentence
    );
}
