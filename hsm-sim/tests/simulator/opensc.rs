//! OpenSC's pkcs11-tool, unmodified, signing with a key that asks for PIN and touch every time.

use crate::common::{Sim, run};

#[test]
fn pkcs11_tool_signs_and_openssl_verifies() {
    let sim = Sim::start(&["--firmware", "5.4.3", "--inserted", "1"]);
    sim.control().touch_whenever_asked(&sim.path("socket"));
    let tool = |arguments: &[&str]| run(sim.command("yubico-piv-tool").args(arguments));
    let openssl = |arguments: &[&str]| run(sim.command("openssl").args(arguments));

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
    // PKCS #11 finds a key by its certificate: one from a throw-away authority will do.
    openssl(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=CA", "-keyout", "ca.key",
        "-out", "ca.pem",
    ]);
    openssl(&[
        "req",
        "-new",
        "-key",
        "ca.key",
        "-subj",
        "/CN=holder-1",
        "-out",
        "request.pem",
    ]);
    let issue = [
        "x509",
        "-req",
        "-in",
        "request.pem",
        "-force_pubkey",
        "public.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
    ];
    openssl(&[&issue[..], &["-set_serial", "1", "-out", "certificate.pem"]].concat());
    tool(&[
        "-a",
        "import-certificate",
        "-s",
        "9c",
        "-i",
        "certificate.pem",
    ]);

    assert!(std::fs::write(sim.path("data"), "sign me").is_ok());
    openssl(&["dgst", "-sha256", "-binary", "-out", "digest", "data"]);
    let sign = [
        "--login",
        "--pin",
        "123456",
        "--sign",
        "--id",
        "02",
        "--mechanism",
        "ECDSA",
    ];
    let files = [
        "--signature-format",
        "openssl",
        "--input-file",
        "digest",
        "--output-file",
        "signature",
    ];
    run(sim.command("pkcs11-tool").args(sign).args(files));
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
