//! ykman 5.9, unmodified, against simulated devices.

use crate::common::{FACTORY_MANAGEMENT_KEY, Sim, run, ykman};

fn piv(sim: &Sim, arguments: &[&str]) -> String {
    run(ykman(sim).arg("piv").args(arguments))
}

#[test]
fn ykman_lists_each_inserted_device_with_its_serial_number() {
    let sim = Sim::start(&[
        "--count",
        "3",
        "--firmware",
        "5.7.4,5.4.3",
        "--inserted",
        "1,2",
    ]);
    let text = run(ykman(&sim).arg("list"));
    assert!(
        text.contains(&format!(
            "YubiKey 5 NFC (5.7.4) [OTP+FIDO+CCID] Serial: {}",
            sim.serial(1)
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "YubiKey 5 NFC (5.4.3) [OTP+FIDO+CCID] Serial: {}",
            sim.serial(2)
        )),
        "{text}"
    );
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn ykman_info_shows_what_is_engraved_on_the_device() {
    let sim = Sim::start(&["--inserted", "1"]);
    let text = run(ykman(&sim).arg("info"));
    for expected in [
        &sim.serial(1),
        "Firmware version: 5.7.4",
        "Keychain (USB-A)",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn ykman_shows_pin_complexity_fips_and_what_is_switched_off() {
    let sim = Sim::start(&["--inserted", "1", "--firmware", "5.7.4-fips-complexity"]);
    let text = run(ykman(&sim).arg("info"));
    assert!(text.contains("PIN complexity is enforced"), "{text}");
    assert!(text.contains("FIPS"), "{text}");
    let sim = Sim::start(&["--inserted", "1", "--firmware", "5.7.4-no-piv"]);
    let text = run(ykman(&sim).arg("info"));
    let piv = text.lines().find(|line| line.starts_with("PIV"));
    assert!(piv.is_some_and(|line| line.contains("Disabled")), "{text}");
}

#[test]
fn ykman_sees_the_factory_state_change_and_come_back_with_a_reset() {
    let sim = Sim::start(&["--inserted", "1"]);
    let factory = piv(&sim, &["info"]);
    assert!(
        factory.contains("Using default PIN!") && factory.contains("AES192"),
        "{factory}"
    );

    piv(
        &sim,
        &["access", "change-pin", "-P", "123456", "-n", "246813"],
    );
    piv(
        &sim,
        &["access", "change-puk", "-p", "12345678", "-n", "86427531"],
    );
    let key = "a1".repeat(32);
    piv(
        &sim,
        &[
            "access",
            "change-management-key",
            "-f",
            "-a",
            "aes256",
            "-m",
            FACTORY_MANAGEMENT_KEY,
            "-n",
            &key,
        ],
    );
    let changed = piv(&sim, &["info"]);
    assert!(
        !changed.contains("WARNING") && changed.contains("AES256"),
        "{changed}"
    );

    piv(&sim, &["reset", "-f"]);
    assert_eq!(piv(&sim, &["info"]), factory);
}

#[test]
fn ykman_generates_attests_and_certifies_a_key_with_pin_and_touch() {
    let sim = Sim::start(&["--inserted", "1"]);
    let policies = ["--pin-policy", "always", "--touch-policy", "always"];
    let generate = [
        "keys",
        "generate",
        "-a",
        "eccp256",
        "-m",
        FACTORY_MANAGEMENT_KEY,
        "9c",
        "public.pem",
    ];
    piv(&sim, &[&generate[..6], &policies, &generate[6..]].concat());
    piv(&sim, &["keys", "attest", "9c", "attestation.pem"]);
    let openssl = |arguments: &[&str]| run(sim.command("openssl").args(arguments));
    let attested = openssl(&["x509", "-in", "attestation.pem", "-noout", "-pubkey"]);
    assert_eq!(
        attested,
        std::fs::read_to_string(sim.path("public.pem")).unwrap()
    );

    sim.control().touch_whenever_asked(&sim.path("socket"));
    let subject = ["-s", "CN=holder-1", "9c", "public.pem"];
    piv(
        &sim,
        &[
            &[
                "certificates",
                "generate",
                "-P",
                "123456",
                "-m",
                FACTORY_MANAGEMENT_KEY,
            ],
            &subject[..],
        ]
        .concat(),
    );
    piv(&sim, &["certificates", "export", "9c", "certificate.pem"]);
    openssl(&["verify", "-CAfile", "certificate.pem", "certificate.pem"]);
}

#[test]
fn ykman_makes_every_kind_of_key_the_firmware_has() {
    let sim = Sim::start(&["--inserted", "1"]);
    for algorithm in ["rsa2048", "eccp384", "ed25519"] {
        piv(
            &sim,
            &[
                "keys",
                "generate",
                "-a",
                algorithm,
                "-m",
                FACTORY_MANAGEMENT_KEY,
                "9a",
                "public.pem",
            ],
        );
        piv(&sim, &["keys", "attest", "9a", "attestation.pem"]);
        let make = [
            "-P",
            "123456",
            "-m",
            FACTORY_MANAGEMENT_KEY,
            "-s",
            "CN=x",
            "9a",
            "public.pem",
        ];
        piv(&sim, &[&["certificates", "generate"], &make[..]].concat());
        piv(&sim, &["certificates", "export", "9a", "certificate.pem"]);
        run(sim.command("openssl").args([
            "verify",
            "-CAfile",
            "certificate.pem",
            "certificate.pem",
        ]));
    }
    piv(
        &sim,
        &["keys", "move", "-m", FACTORY_MANAGEMENT_KEY, "9a", "82"],
    );
    assert!(piv(&sim, &["keys", "info", "82"]).contains("ED25519"));
    piv(
        &sim,
        &["keys", "delete", "-m", FACTORY_MANAGEMENT_KEY, "82"],
    );
}
