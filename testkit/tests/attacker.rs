//! The attacker of other tests succeeds where nothing stops it.
#![allow(clippy::unwrap_used)]

use std::fs;

use testkit::another_program::{Attacker, Manner};
use testkit::programs::yubico_piv_tool;
use testkit::room::play;

/// How often the holder may sign before the attacker must have a signature.
const SIGNATURES: usize = 1000;

fn steals_a_signature(manner: Manner) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("document"), "the text that the holder has read").unwrap();
    let (document, signature) = (path("document"), path("signature"));
    let key = ["-s", "9c", "-A", "ECCP256"];
    assert!(yubico_piv_tool(
        &[&["-a", "generate", "-o", &path("key.pem")], &key[..]].concat()
    ));
    let pin = ["-a", "verify-pin", "-P", "123456", "--sign"];
    let text = ["-H", "SHA256", "-i", &document, "-o", &signature];
    let attacker = Attacker::start(manner);
    (0..20).for_each(|_| attacker.await_a_try());
    assert_eq!(attacker.loot().signatures, 0, "before anybody gave a PIN");
    let stolen = (0..SIGNATURES).any(|_| {
        attacker.await_a_try();
        // It shares the device with every other program.
        yubico_piv_tool(&[&pin[..], &key, &text].concat());
        attacker.loot().signatures > 0
    });
    println!("{manner:?}: {:?}", attacker.stop());
    stolen
}

#[test]
fn a_clinging_attacker_gets_a_signature_from_a_holder_whose_program_shares_the_device() {
    play(&["--inserted", "1", "--firmware", "5.4.3"], |_| {
        assert!(steals_a_signature(Manner::Clinging));
    });
}

#[test]
fn a_dipping_attacker_gets_a_signature_from_a_holder_whose_program_shares_the_device() {
    play(&["--inserted", "1", "--firmware", "5.4.3"], |_| {
        assert!(steals_a_signature(Manner::Dipping));
    });
}
