//! The rights of each role on a device that was set up.

use keymoot::device::ErrorKind as Kind;
use keymoot::device::yubihsm::{Role, SIGNING_KEY};
use yubihsm::audit::AuditOption;
use yubihsm::device::ErrorKind;
use yubihsm::object::Type;
use yubihsm::{
    Capability, Client, Domain, asymmetric, authentication, client, command, hmac, opaque, wrap,
};

use super::{Safe, enrolled, set_up};

#[test]
fn nothing_answers_to_the_default_password() {
    let safe = Safe::new();
    safe.stranger(1, b"password").unwrap();
    let error = safe.unit().no_defaults().unwrap_err();
    assert!(
        matches!(error.kind, Kind::StillOpen(Role::Factory)),
        "{error}"
    );
    let (unit, ..) = enrolled(&safe);
    unit.no_defaults().unwrap();
    for key in 0..=5 {
        let error = safe.stranger(key, b"password").err().unwrap();
        assert_eq!(
            *error.kind(),
            client::ErrorKind::AuthenticationError,
            "{key}"
        );
    }
}

/// Everything that can be asked of a unit and changes, hands out, makes or uses
/// something, with its name.
fn everything(client: &Client) -> Vec<(&'static str, Result<(), client::Error>)> {
    let label = || "denied".parse().unwrap();
    let (domain, none) = (Domain::DOM1, Capability::empty());
    let ec = asymmetric::Algorithm::EcP256;
    let key = authentication::Key::random();
    let aes = authentication::Algorithm::YubicoAes;
    vec![
        (
            "sign-ecdsa",
            done(client.sign_ecdsa_prehash_raw(SIGNING_KEY, [7; 32])),
        ),
        ("get-log-entries", done(client.get_log_entries())),
        ("set-log-index", client.set_log_index(1)),
        (
            "generate",
            done(client.generate_asymmetric_key(9, label(), domain, none, ec)),
        ),
        (
            "put-asymmetric",
            done(client.put_asymmetric_key(9, label(), domain, none, ec, [7; 32])),
        ),
        (
            "put-opaque",
            done(client.put_opaque(9, label(), domain, none, opaque::Algorithm::Data, [7])),
        ),
        ("get-opaque", done(client.get_opaque(0))),
        (
            "attest",
            done(client.sign_attestation_certificate(SIGNING_KEY, None)),
        ),
        (
            "put-authentication-key",
            done(client.put_authentication_key(9, label(), domain, none, none, aes, key)),
        ),
        (
            "put-wrap-key",
            done(client.put_wrap_key(
                9,
                label(),
                domain,
                none,
                none,
                wrap::Algorithm::Aes128Ccm,
                [7; 16],
            )),
        ),
        (
            "generate-wrap-key",
            done(client.generate_wrap_key(
                9,
                label(),
                domain,
                none,
                none,
                wrap::Algorithm::Aes128Ccm,
            )),
        ),
        (
            "export",
            done(client.export_wrapped(9, Type::AsymmetricKey, SIGNING_KEY)),
        ),
        (
            "put-hmac-key",
            done(client.put_hmac_key(9, label(), domain, none, hmac::Algorithm::Sha256, [7; 32])),
        ),
        (
            "generate-hmac-key",
            done(client.generate_hmac_key(9, label(), domain, none, hmac::Algorithm::Sha256)),
        ),
        ("get-pseudo-random", done(client.get_pseudo_random(8))),
        ("get-option", done(client.get_force_audit_option())),
        (
            "force-audit",
            client.set_force_audit_option(AuditOption::Off),
        ),
        (
            "command-audit",
            client.set_command_audit_option(command::Code::SignEcdsa, AuditOption::Off),
        ),
        ("import", done(client.import_wrapped(9, wrapped()))),
        ("wrap-data", done(client.wrap_data(9, vec![7]))),
        ("unwrap-data", done(client.unwrap_data(9, wrapped()))),
        ("sign-eddsa", done(client.sign_ed25519(SIGNING_KEY, [7]))),
        ("sign-hmac", done(client.sign_hmac(9, [7]))),
        ("get-template", done(client.get_template(9))),
        (
            "delete the signing key",
            client.delete_object(SIGNING_KEY, Type::AsymmetricKey),
        ),
        (
            "delete the auditor",
            client.delete_object(Role::Auditor.key(), Type::AuthenticationKey),
        ),
        (
            "delete the signer",
            client.delete_object(Role::Signer.key(), Type::AuthenticationKey),
        ),
    ]
}

/// Something that could be under a wrap key.
fn wrapped() -> wrap::Message {
    wrap::Message::new([7; 13], [7; 64])
}

fn done<T>(outcome: Result<T, client::Error>) -> Result<(), client::Error> {
    outcome.map(|_| ())
}

/// The names of what was allowed; all else must have been refused for want of the
/// right to it.
fn allowed(client: &Client) -> Vec<&'static str> {
    let mut allowed = Vec::new();
    for (name, outcome) in everything(client) {
        match outcome {
            Ok(()) => allowed.push(name),
            Err(error) => assert_eq!(
                error.device_error(),
                Some(ErrorKind::InsufficientPermissions),
                "{name}: {error}"
            ),
        }
    }
    allowed
}

#[test]
fn the_signer_can_sign_and_nothing_else() {
    let safe = Safe::new();
    let (_, passwords, _) = enrolled(&safe);
    let signer = safe
        .stranger(Role::Signer.key(), passwords.signer().expose())
        .unwrap();
    assert_eq!(allowed(&signer), ["sign-ecdsa"]);
    signer.reset_device().unwrap();
    assert!(
        safe.stranger(1, b"password").is_err(),
        "the library tells no refusal of a reset; there was none"
    );
}

#[test]
fn the_auditor_can_read_the_log_and_nothing_else() {
    let safe = Safe::new();
    let (_, passwords, _) = enrolled(&safe);
    let auditor = safe
        .stranger(Role::Auditor.key(), passwords.auditor().expose())
        .unwrap();
    assert_eq!(allowed(&auditor), ["get-log-entries", "set-log-index"]);
    auditor.reset_device().unwrap();
    assert!(safe.stranger(1, b"password").is_err());
}

#[test]
fn the_administrator_cannot_sign_export_bring_in_or_stop_the_audit() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    unit.generate(passwords.administrator()).unwrap();
    let administrator = safe
        .stranger(
            Role::Administrator.key(),
            passwords.administrator().expose(),
        )
        .unwrap();
    assert_eq!(
        allowed(&administrator),
        [
            "generate",
            "get-opaque",
            "attest",
            "delete the auditor",
            "delete the signer"
        ]
    );
}

#[test]
fn the_administrator_makes_no_key_that_could_be_exported() {
    let safe = Safe::new();
    let (_, passwords) = set_up(&safe);
    let administrator = safe
        .stranger(
            Role::Administrator.key(),
            passwords.administrator().expose(),
        )
        .unwrap();
    let error = administrator
        .generate_asymmetric_key(
            9,
            "exportable".parse().unwrap(),
            Domain::DOM1,
            Capability::SIGN_ECDSA | Capability::EXPORTABLE_UNDER_WRAP,
            asymmetric::Algorithm::EcP256,
        )
        .unwrap_err();
    assert_eq!(
        error.device_error(),
        Some(ErrorKind::InsufficientPermissions)
    );
}

#[test]
fn the_administrator_is_gone_when_the_rights_are_dropped() {
    let safe = Safe::new();
    let (unit, passwords, _) = enrolled(&safe);
    unit.restrict(passwords.administrator()).unwrap();
    assert!(
        safe.stranger(
            Role::Administrator.key(),
            passwords.administrator().expose()
        )
        .is_err()
    );
    let error = unit.generate(passwords.administrator()).unwrap_err();
    assert!(
        matches!(error.kind, Kind::NoRole(Role::Administrator)),
        "{error}"
    );
}
