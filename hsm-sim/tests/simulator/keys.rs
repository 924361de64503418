//! Keys, objects and the shape of commands and answers, on one device without readers.

use crate::common::bench::{Bench, sign};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use proptest::prelude::*;

#[test]
fn a_signature_verifies_with_the_key_that_was_announced() {
    let mut bench = Bench::new("5.7.4");
    let point = bench.generate(0x9c, 1, 1);
    let answer = hex::decode(bench.send(&sign(0x9c))).unwrap();
    let signature = Signature::from_der(&answer[4..answer.len() - 2]).unwrap();
    VerifyingKey::from_sec1_bytes(&point)
        .unwrap()
        .verify_prehash(&[0x11; 32], &signature)
        .unwrap();
}

#[test]
fn a_key_is_a_function_of_seed_serial_slot_and_the_count_of_keys_made() {
    let keys = || {
        let mut bench = Bench::new("5.7.4");
        [0x9c, 0x9c, 0x9a].map(|slot| bench.generate(slot, 1, 1))
    };
    let first = keys();
    assert_eq!(first, keys());
    assert!(first[0] != first[1] && first[1] != first[2]);
}

#[test]
fn a_long_answer_comes_in_pieces_of_256_bytes() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 2);
    let first = bench.send("00f99c0000");
    assert_eq!(first.len(), 2 * 258);
    assert!(first.ends_with("6100"), "{first}");
    let whole = bench.collect(&first);
    assert_eq!(
        whole.len(),
        4 + usize::from(u16::from_be_bytes([whole[2], whole[3]]))
    );
}

#[test]
fn a_long_answer_comes_whole_to_an_extended_command() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 2);
    let answer = bench.send("00f99c00000000");
    assert!(answer.len() > 1000 && answer.ends_with("9000"), "{answer}");
}

#[test]
fn a_chained_command_is_carried_out_when_its_last_piece_arrives() {
    let mut bench = Bench::new("5.7.4");
    bench.authenticate();
    let content = vec![0xab; 700];
    let object = [
        &[0x5c, 0x03, 0x5f, 0xc1, 0x0a],
        hsm_sim::tlv::tlv(0x53, &content).as_slice(),
    ]
    .concat();
    bench.long("db3fff", &object);
    let answer = bench.send("00cb3fff055c035fc10a");
    assert_eq!(
        hsm_sim::tlv::find(&bench.collect(&answer), 0x53),
        Some(&content[..])
    );
}

#[test]
fn writing_needs_the_management_key() {
    let mut bench = Bench::new("5.7.4");
    for command in [
        "004700 9c05ac03800111",
        "00db3fff 095c035fc10a53020102",
        "00ffffff03039b18",
        "00f6829c",
        "00fa0303",
    ] {
        assert_eq!(bench.send(&command.replace(' ', "")), "6982", "{command}");
    }
}

#[test]
fn a_wrong_management_key_is_refused() {
    let mut bench = Bench::new("5.7.4");
    bench.send("00870a9b047c028000");
    let guess = format!("7c2480 10{}8110{}", "00".repeat(16), "00".repeat(16)).replace(' ', "");
    assert_eq!(bench.send(&format!("00870a9b26{guess}")), "6982");
    assert_eq!(bench.send("0047009c05ac03800111"), "6982");
}

#[test]
fn a_key_that_was_brought_in_cannot_be_attested() {
    let mut bench = Bench::new("5.7.4");
    bench.authenticate();
    assert_eq!(
        bench.send(&format!("00fe119c220620{}", "17".repeat(32))),
        "9000"
    );
    assert_eq!(bench.send("00f99c00"), "6a80");
    assert!(
        bench.send("00f7009c").contains("030102"),
        "metadata says imported"
    );
}

#[test]
fn an_empty_slot_has_no_metadata_and_no_attestation() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(bench.send("00f7009c"), "6a88");
    assert_eq!(bench.send("00f99c00"), "6a80");
}

#[test]
fn a_moved_key_keeps_its_public_half_and_a_deleted_one_is_gone() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 2);
    let before = bench.send("00f7009c");
    assert_eq!(bench.send("00f6829c"), "9000");
    assert_eq!(bench.send("00f70082"), before);
    assert_eq!(bench.send("00f6ff82"), "9000");
    assert_eq!(bench.send("00f70082"), "6a88");
}

#[test]
fn commands_newer_than_the_firmware_do_not_exist() {
    let mut bench = Bench::new("5.2.7");
    assert_eq!(bench.send("00f70080"), "6d00", "metadata came with 5.3");
    bench.authenticate();
    assert_eq!(bench.send("00f6829c"), "6d00", "moving keys came with 5.7");
    assert_eq!(
        bench.send("0047009c05ac038001e0"),
        "6a80",
        "Ed25519 came with 5.7"
    );
    let mut old = Bench::new("4.3.5");
    assert_eq!(
        old.send("00f80000"),
        "6d00",
        "the serial number in PIV came with 5.0"
    );
    assert!(old.send("00a4040007a0000005272001").ends_with("9000"));
    assert_eq!(old.send("0001100000"), format!("{:08x}9000", old.serial));
}

#[test]
fn printed_information_is_read_only_after_the_pin() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(bench.send("00cb3fff055c035fc109"), "6982");
    bench.verify("123456");
    assert_eq!(bench.send("00cb3fff055c035fc109"), "6a82");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn no_command_makes_the_device_panic(commands in proptest::collection::vec(
        (0u8..=255, 0u8..=255, 0u8..=255, proptest::collection::vec(any::<u8>(), 0..40)), 200)
    ) {
        let mut bench = Bench::new("5.7.4");
        bench.authenticate();
        for (instruction, p1, p2, data) in commands {
            // RSA keys would make this slow, and are made in other tests.
            let mut command = vec![0, instruction, p1, p2, data.len() as u8];
            command.extend(&data);
            let _ = bench.card.transmit(&command);
            let _ = bench.card.transmit(&data);
        }
    }
}
