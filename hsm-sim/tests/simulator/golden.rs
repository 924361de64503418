//! Every version reads the state that a released version wrote: `tests/data/state-VERSION`.

use hsm_sim::yubihsm;
use hsm_sim::yubikey::{Card, device::Store};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use std::path::{Path, PathBuf};

/// The seed of the rehearsal that left the state of 0.1.0.
const SEED: u64 = 12;

/// A copy of a state file, because a store writes its file when it opens it.
fn copy(folder: &Path, name: &str) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/state-0.1.0");
    let path = folder.join(name);
    std::fs::write(&path, std::fs::read(golden.join(name)).unwrap()).unwrap();
    path
}

/// Panics unless the key with this point, in hexadecimal, signed these 32 bytes.
fn verify(point: &str, signature: &[u8], signed: &[u8]) {
    p256::ecdsa::VerifyingKey::from_sec1_bytes(&hex::decode(point).unwrap())
        .unwrap()
        .verify_prehash(
            signed,
            &p256::ecdsa::Signature::from_der(signature).unwrap(),
        )
        .unwrap();
}

#[test]
fn yubikeys_of_0_1_0_keep_serial_numbers_pins_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let state = copy(folder.path(), "yubikeys.json");
    let store = Store::open(Some(state), Some(SEED), 5, &["5.7.4".parse().unwrap()]).unwrap();
    let serials: Vec<_> = store.devices().iter().map(|d| d.plate.serial).collect();
    assert_eq!(serials, [19698326, 12585950, 10038030, 28726837, 17352381]);

    let device = store.devices()[0].clone();
    let mut bench = crate::common::bench::Bench {
        serial: device.plate.serial,
        card: Card::new(device.plate, device.piv, store.seed().clone()),
        vendor: store.vendor().published(),
    };
    bench.select();
    assert!(!bench.f9_certificate().is_empty());
    assert_eq!(bench.verify("18003174"), "9000");
    let answer = bench.touch(&crate::common::bench::sign(0x9c), true);
    let answer = hex::decode(answer.strip_suffix("9000").unwrap()).unwrap();
    let signature = hsm_sim::tlv::find(&answer, 0x7c).unwrap();
    let signature = hsm_sim::tlv::find(signature, 0x82).unwrap();
    verify(
        "04212046f2b690408e5a56b574826956490fa093959bfac0c4b392b0c9eaf63258022c7a4cba8d85b9\
         06552135d4c4170d98997b06ae36527ae19f97ac31de2c70",
        signature,
        &[0x11; 32],
    );
}

#[test]
fn yubihsms_of_0_1_0_keep_serial_numbers_passwords_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let state = copy(folder.path(), "yubihsms.json");
    let models = ["2.4.1".parse().unwrap()];
    let store = yubihsm::device::Store::open(Some(state), Some(SEED), 4, &models).unwrap();
    let bench = crate::common::connector::Bench::with(store);
    assert_eq!(bench.serials, [35543299, 35815588, 38679666, 34012484]);

    let signer = bench.open(2, "083217706016110741525782").unwrap();
    let signature = signer.sign_ecdsa_prehash_raw(1, [0x11; 32]).unwrap();
    verify(
        "04f7dbcb87fd4a64186c9d537a00c6a735fbfb328f57fa5354c948463275624e0fc7a011064784ef2f\
         51ff4d11a4c0311d2560d2a22b2920c5251bf0f8df4dddcd",
        &signature,
        &[0x11; 32],
    );
}
