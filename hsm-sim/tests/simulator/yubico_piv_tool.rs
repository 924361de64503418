//! yubico-piv-tool 2.2, unmodified. It knows only triple-DES management keys, as firmware before
//! 5.7 has them.

use crate::common::{Sim, run};

#[test]
fn yubico_piv_tool_shows_status_generates_attests_and_signs() {
    let sim = Sim::start(&["--firmware", "5.4.3", "--inserted", "1"]);
    sim.control().touch_whenever_asked(&sim.path("socket"));
    let tool = |arguments: &[&str]| run(sim.command("yubico-piv-tool").args(arguments));
    let openssl = |arguments: &[&str]| run(sim.command("openssl").args(arguments));

    let status = tool(&["-a", "status"]);
    assert!(
        status.contains("5.4.3") && status.contains(&sim.serial(1)),
        "{status}"
    );

    let policies = ["--pin-policy", "always", "--touch-policy", "always"];
    tool(
        &[
            &[
                "-a",
                "generate",
                "-s",
                "9c",
                "-A",
                "ECCP256",
                "-o",
                "public.pem",
            ],
            &policies[..],
        ]
        .concat(),
    );
    tool(&["-a", "attest", "-s", "9c", "-o", "attestation.pem"]);
    let attested = openssl(&["x509", "-in", "attestation.pem", "-noout", "-pubkey"]);
    assert_eq!(
        attested,
        std::fs::read_to_string(sim.path("public.pem")).unwrap_or_default()
    );

    assert!(std::fs::write(sim.path("data"), "sign me").is_ok());
    let sign = [
        "-s",
        "9c",
        "-A",
        "ECCP256",
        "-H",
        "SHA256",
        "-i",
        "data",
        "-o",
        "signature",
    ];
    tool(&[&["-a", "verify-pin", "-P", "123456", "--sign"], &sign[..]].concat());
    let checked = openssl(&[
        "dgst",
        "-sha256",
        "-verify",
        "public.pem",
        "-signature",
        "signature",
        "data",
    ]);
    assert!(checked.contains("Verified OK"), "{checked}");
}

#[test]
fn yubico_piv_tool_signs_with_an_rsa_key() {
    let sim = Sim::start(&["--firmware", "5.4.3", "--inserted", "1"]);
    let tool = |arguments: &[&str]| run(sim.command("yubico-piv-tool").args(arguments));
    tool(&[
        "-a",
        "generate",
        "-s",
        "9a",
        "-A",
        "RSA2048",
        "-o",
        "public.pem",
    ]);
    assert!(std::fs::write(sim.path("data"), "sign me").is_ok());
    let sign = [
        "-s",
        "9a",
        "-A",
        "RSA2048",
        "-H",
        "SHA256",
        "-i",
        "data",
        "-o",
        "signature",
    ];
    tool(&[&["-a", "verify-pin", "-P", "123456", "--sign"], &sign[..]].concat());
    let check = [
        "dgst",
        "-sha256",
        "-verify",
        "public.pem",
        "-signature",
        "signature",
        "data",
    ];
    assert!(run(sim.command("openssl").args(check)).contains("Verified OK"));
}
