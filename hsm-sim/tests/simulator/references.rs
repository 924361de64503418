//! PIN, PUK, tries and reset, on one device without readers.

use crate::common::bench::{Bench, sign};
use proptest::prelude::*;

#[test]
fn a_wrong_pin_costs_a_try_and_the_right_one_gives_them_all_back() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(bench.verify("000000"), "63c2");
    assert_eq!(bench.send("00200080"), "63c2");
    assert_eq!(bench.verify("123456"), "9000");
    assert_eq!(bench.send("00200080"), "9000");
    bench.select();
    assert_eq!(bench.send("00200080"), "63c3");
}

#[test]
fn a_blocked_pin_stays_blocked_for_the_right_pin_until_the_puk_unblocks_it() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(
        [bench.verify("1"), bench.verify("2"), bench.verify("3")],
        ["63c2", "63c1", "6983"]
    );
    assert_eq!(bench.verify("123456"), "6983");
    assert_eq!(bench.change(0x80, "123456", "654321"), "6983");
    assert_eq!(bench.unblock("00000000", "654321"), "63c2");
    assert_eq!(bench.unblock("12345678", "654321"), "9000");
    assert_eq!(bench.verify("654321"), "9000");
}

#[test]
fn a_pin_shorter_than_six_characters_is_refused_and_changes_nothing() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(bench.change(0x80, "123456", "12345"), "6a80");
    assert_eq!(bench.verify("123456"), "9000");
}

#[test]
fn reset_needs_both_pin_and_puk_blocked() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 1);
    assert_eq!(bench.send("00fb0000"), "6985");
    for _ in 0..3 {
        bench.verify("0");
    }
    assert_eq!(bench.send("00fb0000"), "6985");
    for _ in 0..3 {
        bench.unblock("0", "123456");
    }
    assert_eq!(bench.send("00fb0000"), "9000");
    assert_eq!(bench.verify("123456"), "9000");
    assert_eq!(bench.send("00f7009c"), "6a88", "the key is gone");
    assert!(
        !bench.f9_certificate().is_empty(),
        "the attestation certificate stays"
    );
}

#[test]
fn setting_the_tries_needs_management_key_and_pin_and_brings_back_the_factory_codes() {
    let mut bench = Bench::new("5.7.4");
    assert_eq!(bench.change(0x80, "123456", "654321"), "9000");
    bench.authenticate();
    assert_eq!(bench.send("00fa0508"), "6982");
    assert_eq!(bench.verify("654321"), "9000");
    assert_eq!(bench.send("00fa0508"), "9000");
    assert_eq!(
        bench.send("00f70080"),
        "0101ff0501010602050".to_owned() + "59000"
    );
    assert_eq!(
        bench.send("00f70081"),
        "0101ff0501010602080".to_owned() + "89000"
    );
}

#[test]
fn pin_always_means_one_signature_for_one_verification() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 1);
    bench.generate(0x9a, 2, 1);
    assert_eq!(bench.send(&sign(0x9c)), "6982");
    bench.verify("123456");
    assert!(bench.send(&sign(0x9c)).ends_with("9000"));
    assert_eq!(bench.send(&sign(0x9c)), "6982");
    assert!(
        bench.send(&sign(0x9a)).ends_with("9000"),
        "a key that asks once a session is not concerned"
    );
}

#[test]
fn a_device_with_pin_complexity_refuses_common_pins_and_others_take_them() {
    for (model, common) in [("5.7.4-complexity", "6985"), ("5.7.4", "9000")] {
        let mut bench = Bench::new(model);
        for pin in ["password", "qwerty", "777777"] {
            assert_eq!(bench.unblock("12345678", pin), common, "{model} {pin}");
        }
        assert_eq!(bench.unblock("12345678", "k7!29q"), "9000", "{model}");
    }
}

#[test]
fn a_fips_140_3_device_wants_eight_characters() {
    let mut bench = Bench::new("5.7.4-fips");
    assert_eq!(bench.unblock("12345678", "739164"), "6a80");
    assert_eq!(bench.unblock("12345678", "73916428"), "9000");
}

#[test]
fn a_device_that_hides_its_serial_number_hides_it_in_its_configuration_too() {
    let mut bench = Bench::new("5.7.4-no-serial");
    assert_eq!(bench.send("00f8000000"), "6985");
    bench.send("00a4040008a000000527471117");
    let config = bench.send("001d000000");
    assert!(
        config.contains("03020010") && !config.contains("0204"),
        "{config}"
    );
}

#[test]
fn a_key_that_asks_for_a_touch_signs_only_when_touched() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 2);
    bench.verify("123456");
    assert_eq!(bench.touch(&sign(0x9c), false), "6982");
    assert_eq!(
        bench.send(&sign(0x9c)),
        "6982",
        "the PIN was spent on the try"
    );
    bench.verify("123456");
    assert!(bench.touch(&sign(0x9c), true).ends_with("9000"));
    bench.verify("123456");
    assert!(
        bench.touch(&sign(0x9c), true).ends_with("9000"),
        "every signature asks again"
    );
}

#[test]
fn a_cached_touch_serves_the_next_signature() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9a, 1, 3);
    assert!(bench.touch(&sign(0x9a), true).ends_with("9000"));
    assert!(bench.send(&sign(0x9a)).ends_with("9000"));
    bench.card.power_cycle();
    bench.select();
    assert!(
        bench.touch(&sign(0x9a), true).ends_with("9000"),
        "without power the touch is forgotten"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Verify(bool),
    Unblock(bool),
    Reselect,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// For every sequence of PINs, the counters are those of a three-line model.
    #[test]
    fn try_counters_follow_the_model(steps in proptest::collection::vec(
        prop_oneof![any::<bool>().prop_map(Step::Verify), any::<bool>().prop_map(Step::Unblock), Just(Step::Reselect)], 1..40)
    ) {
        let mut bench = Bench::new("5.4.3");
        let (mut pin, mut puk) = (3, 3);
        for step in steps {
            match step {
                Step::Verify(right) => {
                    bench.verify(if right { "123456" } else { "999999" });
                    pin = if pin == 0 { 0 } else if right { 3 } else { pin - 1 };
                }
                Step::Unblock(right) => {
                    bench.unblock(if right { "12345678" } else { "99999999" }, "123456");
                    (pin, puk) = match (puk, right) {
                        (0, _) => (pin, 0),
                        (_, true) => (3, 3),
                        (left, false) => (pin, left - 1),
                    };
                }
                Step::Reselect => bench.select(),
            }
            let state = bench.card.state();
            prop_assert_eq!((state.pin.left, state.puk.left), (pin, puk));
        }
    }
}
