//! The `yubihsm` crate, unmodified, against simulated YubiHSMs: what it does, and what it makes of
//! faults.

use crate::common::connector::Bench;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use yubihsm::asymmetric::Algorithm;
use yubihsm::device::ErrorKind;
use yubihsm::{AuditOption, Capability, Client, Domain, authentication, object, wrap};

const KEY: u16 = 3;

fn generate(client: &Client, capabilities: Capability) {
    client
        .generate_asymmetric_key(
            KEY,
            "key".into(),
            Domain::DOM1,
            capabilities,
            Algorithm::EcP256,
        )
        .unwrap();
}

fn put_authentication_key(client: &Client, id: u16, domains: Domain, capabilities: Capability) {
    let key = authentication::Key::derive_from_password(b"another password");
    client
        .put_authentication_key(
            id,
            "".into(),
            domains,
            capabilities,
            Capability::empty(),
            authentication::Algorithm::YubicoAes,
            key,
        )
        .unwrap();
}

fn failure<T: std::fmt::Debug>(result: Result<T, yubihsm::client::Error>) -> Option<ErrorKind> {
    result.unwrap_err().device_error()
}

fn keys(client: &Client) -> usize {
    let kind = object::Filter::Type(object::Type::AsymmetricKey);
    client.list_objects(&[kind]).unwrap().len()
}

fn verify(client: &Client, signature: &[u8], digest: &[u8]) {
    let public = client.get_public_key(KEY).unwrap();
    let point = [&[4], public.as_slice()].concat();
    p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
        .unwrap()
        .verify_prehash(
            digest,
            &p256::ecdsa::Signature::from_der(signature).unwrap(),
        )
        .unwrap();
}

#[test]
fn opens_by_password_and_not_by_a_wrong_one() {
    let bench = Bench::new("2.4.1", 1);
    assert_eq!(bench.admin().echo(b"hello".to_vec()).unwrap(), b"hello");
    assert!(bench.open(1, "Password").is_err());
    assert!(bench.open(2, "password").is_err());
}

#[test]
fn a_p256_key_signs_so_that_another_implementation_verifies() {
    let bench = Bench::new("2.4.1", 1);
    let client = bench.admin();
    generate(&client, Capability::SIGN_ECDSA);
    let digest = Sha256::digest(b"text");
    let signature = client.sign_ecdsa_prehash_raw(KEY, &digest[..]).unwrap();
    verify(&client, &signature, &digest);
}

#[test]
fn what_a_session_may_not_do_it_does_not_do() {
    let bench = Bench::new("2.4.1", 1);
    let client = bench.admin();
    generate(&client, Capability::SIGN_ECDSA);
    put_authentication_key(&client, 2, Domain::DOM1, Capability::SIGN_ECDSA);
    put_authentication_key(&client, 4, Domain::DOM2, Capability::SIGN_ECDSA);
    let digest = [7; 32];

    let signer = bench.open(2, "another password").unwrap();
    signer.sign_ecdsa_prehash_raw(KEY, &digest[..]).unwrap();
    let denied = Some(ErrorKind::InsufficientPermissions);
    let kind = object::Type::AsymmetricKey;
    assert_eq!(failure(signer.delete_object(KEY, kind)), denied);
    assert_eq!(
        failure(signer.sign_attestation_certificate(KEY, None)),
        denied
    );
    assert_eq!(failure(signer.get_log_entries()), denied);

    let elsewhere = bench.open(4, "another password").unwrap();
    let missing = Some(ErrorKind::ObjectNotFound);
    assert_eq!(failure(elsewhere.get_public_key(KEY)), missing);
    assert_eq!(failure(elsewhere.get_object_info(KEY, kind)), missing);
    assert_eq!(
        failure(elsewhere.sign_ecdsa_prehash_raw(KEY, &digest[..])),
        missing
    );
    assert_eq!(keys(&elsewhere), 0);
}

#[test]
fn after_the_default_key_is_deleted_nothing_answers_to_its_password() {
    let bench = Bench::new("2.4.1", 1);
    bench
        .admin()
        .delete_object(1, object::Type::AuthenticationKey)
        .unwrap();
    assert!(bench.open(1, "password").is_err());
}

#[test]
fn an_object_comes_back_from_under_a_wrap_on_another_device() {
    let bench = Bench::new("2.4.1", 2);
    let wrap_key = |client: &Client| {
        let capabilities = Capability::EXPORT_WRAPPED | Capability::IMPORT_WRAPPED;
        client
            .put_wrap_key(
                9,
                "".into(),
                Domain::DOM1,
                capabilities,
                Capability::all(),
                wrap::Algorithm::Aes256Ccm,
                vec![9; 32],
            )
            .unwrap();
    };
    let client = bench.admin();
    wrap_key(&client);
    generate(
        &client,
        Capability::SIGN_ECDSA | Capability::EXPORTABLE_UNDER_WRAP,
    );
    let kind = object::Type::AsymmetricKey;
    let wrapped = client.export_wrapped(9, kind, KEY).unwrap();
    let public = client.get_public_key(KEY).unwrap();

    bench.room.remove(1).unwrap();
    bench.room.insert(2).unwrap();
    let client = bench.admin();
    wrap_key(&client);
    client.import_wrapped(9, wrapped).unwrap();
    assert_eq!(client.get_public_key(KEY).unwrap().bytes, public.bytes);
    let info = client.get_object_info(KEY, kind).unwrap();
    assert_eq!(info.origin, object::Origin::WrappedGenerated);
}

#[test]
fn sixteen_sessions_fit_and_end_after_thirty_idle_seconds() {
    let bench = Bench::new("2.4.1", 1);
    let first = bench.admin();
    // The device proves itself first, so that a wrong password is noticed by the client alone: the
    // seat is taken.
    assert!(bench.open(1, "wrong").is_err());
    let rest: Vec<_> = (0..14).map(|_| bench.admin()).collect();
    assert!(bench.open(1, "password").is_err());
    bench.room.clock.advance(Duration::from_secs(30));
    assert!(first.echo(b"me?".to_vec()).is_err());
    bench.admin();
    drop(rest);
}

#[test]
fn the_log_of_older_firmware_accounts_for_every_command() {
    let bench = Bench::new("2.2.0", 1);
    let client = bench.admin();
    generate(&client, Capability::SIGN_ECDSA);
    client.sign_ecdsa_prehash_raw(KEY, &[7; 32][..]).unwrap();
    let log = client.get_log_entries().unwrap();
    assert_eq!(log.entries.len(), usize::from(log.num_entries));
    let codes: Vec<u8> = log.entries.iter().map(|e| e.cmd.to_u8()).collect();
    // A reset, a power-up, a session in two steps, a key, a signature.
    assert_eq!(codes, [0xff, 0, 0x03, 0x04, 0x46, 0x56]);
    assert_eq!(log.entries[5].target_key, KEY);
}

#[test]
fn when_the_log_is_full_and_auditing_forced_nothing_is_signed() {
    let bench = Bench::new("2.2.0", 1);
    let client = bench.admin();
    generate(&client, Capability::SIGN_ECDSA);
    client.set_force_audit_option(AuditOption::On).unwrap();
    bench.fault("log-full@0x56");
    let sign = || client.sign_ecdsa_prehash_raw(KEY, &[7; 32][..]);
    assert_eq!(failure(sign()), Some(ErrorKind::LogFull));
    let last = client.get_log_entries().unwrap().entries.pop().unwrap();
    client.set_log_index(last.item).unwrap();
    sign().unwrap();
}

#[test]
fn a_connection_that_breaks_off_before_a_command_leaves_no_key() {
    let bench = Bench::new("2.4.1", 1);
    let client = bench.admin();
    bench.fault("drop@0x46");
    let broken = client.generate_asymmetric_key(
        KEY,
        "".into(),
        Domain::DOM1,
        Capability::SIGN_ECDSA,
        Algorithm::EcP256,
    );
    assert_eq!(failure(broken), None);
    assert_eq!(keys(&bench.admin()), 0);
}

#[test]
fn a_connection_that_breaks_off_after_a_command_leaves_one_key() {
    for plan in [
        "drop-after@0x46",
        "unplug-after@0x46",
        "mac@0x46",
        "truncate@0x46",
        "malformed@0x46",
    ] {
        let bench = Bench::new("2.4.1", 1);
        let client = bench.admin();
        bench.fault(plan);
        let broken = client.generate_asymmetric_key(
            KEY,
            "".into(),
            Domain::DOM1,
            Capability::SIGN_ECDSA,
            Algorithm::EcP256,
        );
        assert!(broken.is_err(), "{plan}");
        if plan.starts_with("unplug") {
            assert!(!bench.room.has_device());
            bench.room.insert(1).unwrap();
        }
        assert_eq!(keys(&bench.admin()), 1, "{plan}");
    }
}

#[test]
fn a_failure_on_demand_is_what_the_client_reports() {
    let bench = Bench::new("2.4.1", 1);
    bench.fault("error@0x03=05");
    let error = bench.open(1, "password").err().unwrap().to_string();
    assert!(error.to_lowercase().contains("session"), "{error}");
    bench.admin();
}

#[test]
fn a_slow_answer_comes_and_is_right() {
    let bench = Bench::new("2.4.1", 1);
    let client = bench.admin();
    bench.fault("slow@1=0.2");
    let start = Instant::now();
    assert_eq!(client.echo(b"hello".to_vec()).unwrap(), b"hello");
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[test]
fn pulling_a_device_out_ends_its_sessions_and_keeps_its_keys() {
    let bench = Bench::new("2.4.1", 2);
    let client = bench.admin();
    generate(&client, Capability::SIGN_ECDSA);
    bench.room.remove(1).unwrap();
    assert!(client.echo(b"there?".to_vec()).is_err());
    bench.room.insert(2).unwrap();
    let other = bench.admin();
    let serial = other.device_info().unwrap().serial_number.to_string();
    assert_eq!(serial, format!("{:010}", bench.serials[1]));
    assert_eq!(keys(&other), 0);
    bench.room.remove(2).unwrap();
    bench.room.insert(1).unwrap();
    assert_eq!(keys(&bench.admin()), 1);
}
