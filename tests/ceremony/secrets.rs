//! No secret is in any byte on the disk.

use std::fs;

use keymoot::rehearsal::unattended;
use keymoot_record::rules::roster::Handle;

use testkit::{
    privileged::Root,
    stage::{Stage, files_below, finished, said},
};

/// The ways in which bytes may be in a file.
pub(crate) fn shapes(secret: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        engine.encode(secret).into_bytes(),
    ]
}

pub(crate) fn holds(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

fn pins() -> Vec<Vec<u8>> {
    let handle = |n| Handle::try_from(format!("holder-{n}")).unwrap();
    (1..=9)
        .map(|n| {
            unattended::pin(testkit::stage::SEED, &handle(n))
                .expose()
                .to_vec()
        })
        .collect()
}

#[test]
fn no_pin_is_in_any_file_of_the_ceremony_or_the_bundle() {
    let stage = finished();
    let mut searched = 0;
    for folder in [stage.dir(), stage.out()] {
        for path in files_below(&folder) {
            let content = fs::read(&path).unwrap();
            searched += content.len();
            for pin in pins() {
                for shape in shapes(&pin) {
                    assert!(!holds(&content, &shape), "a PIN is in {}", path.display());
                }
            }
        }
    }
    println!("searched {searched} bytes for 9 PINs in 4 shapes");
    assert!(searched > 100_000);
}

#[test]
fn what_was_sealed_to_a_holder_is_nowhere_else_and_opens_the_device() {
    use std::io::Read as _;
    let stage = Stage::new();
    let roster = stage.path("roster.toml");
    let text = keymoot::rehearsal::cast::Cast::of(9).roster();
    let recipients: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("age_recipient = "))
        .collect();
    let mut mine = text.clone();
    let mut identities = Vec::new();
    for recipient in recipients {
        let identity = age::x25519::Identity::generate();
        mine = mine.replace(recipient, &format!("\"{}\"", identity.to_public()));
        identities.push(identity);
    }
    fs::write(&roster, mine).unwrap();
    let output = stage.rehearsed(&["--roster", roster.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));

    let mut secrets = Vec::new();
    for path in files_below(&stage.dir().join("escrow")) {
        let sealed = fs::read(&path).unwrap();
        let decryptor = age::Decryptor::new(&sealed[..]).unwrap();
        let mut opened = String::new();
        let mut reader = decryptor
            .decrypt(
                identities
                    .iter()
                    .map(|identity| identity as &dyn age::Identity),
            )
            .unwrap();
        reader.read_to_string(&mut opened).unwrap();
        for line in opened.lines() {
            if let Some(puk) = line.strip_prefix("PUK ") {
                assert_eq!(puk.len(), 8);
                secrets.push(puk.as_bytes().to_vec());
            }
            if let Some(key) = line.strip_prefix("management key ") {
                secrets.push(hex::decode(key).unwrap());
            }
        }
    }
    assert_eq!(secrets.len(), 18);
    let written = [stage.dir(), stage.out()]
        .map(|folder| files_below(&folder))
        .concat();
    for path in written {
        let content = fs::read(&path).unwrap();
        for secret in &secrets {
            for shape in shapes(secret) {
                assert!(
                    !holds(&content, &shape),
                    "a secret is in {}",
                    path.display()
                );
            }
        }
    }
    for secret in &secrets {
        for shape in shapes(secret) {
            assert!(!holds(&output.stdout, &shape), "a secret was printed");
            assert!(!holds(&output.stderr, &shape), "a secret was printed");
        }
    }
}

#[test]
fn no_pin_is_printed_or_in_arguments_or_environment() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let stage = Stage::new();
    let mut child = stage.rehearse_as(&root, &[]);
    testkit::stage::read_until(&mut child, 60);
    let proc = std::path::PathBuf::from(format!("/proc/{}", child.id()));
    let seen = ["cmdline", "environ"]
        .map(|name| fs::read(proc.join(name)).unwrap())
        .concat();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    for pin in pins() {
        for shape in shapes(&pin) {
            assert!(
                !holds(&seen, &shape)
                    && !holds(&output.stdout, &shape)
                    && !holds(&output.stderr, &shape)
            );
        }
    }
}
