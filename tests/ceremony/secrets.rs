//! No secret is in any byte on the disk.

use std::{fs, io::Read as _, process::Output};

use age::x25519::Identity;
use keymoot::rehearsal::unattended;
use testkit::{
    privileged::Root,
    stage::{SEED, Stage, below, files_below, finished, said},
};

/// The ways in which bytes may be in a file.
fn shapes(secret: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        engine.encode(secret).into_bytes(),
    ]
}

fn holds(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

/// Fails where one of the secrets is in one of the contents, each of which has a name.
pub(crate) fn are_in_none(secrets: &[Vec<u8>], contents: &[(String, Vec<u8>)]) {
    for (name, content) in contents {
        for shape in secrets.iter().flat_map(|secret| shapes(secret)) {
            assert!(!holds(content, &shape), "a secret is in {name}");
        }
    }
}

/// PUK and management key in a file that is sealed to one of these.
pub(crate) fn opened(sealed: &[u8], identities: &[Identity]) -> [Vec<u8>; 2] {
    let decryptor = age::Decryptor::new(sealed).unwrap();
    let identities = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    let mut opened = String::new();
    let mut reader = decryptor.decrypt(identities).unwrap();
    reader.read_to_string(&mut opened).unwrap();
    let line = |start: &str| {
        let mut lines = opened.lines();
        lines.find_map(|line| line.strip_prefix(start)).unwrap()
    };
    let puk = line("PUK ").as_bytes().to_vec();
    assert_eq!(puk.len(), 8);
    [puk, hex::decode(line("management key ")).unwrap()]
}

pub(crate) fn pin(holder: usize) -> Vec<u8> {
    let holder = format!("holder-{holder}").try_into().unwrap();
    unattended::pin(SEED, &holder).expose().to_vec()
}

fn pins() -> Vec<Vec<u8>> {
    (1..=9).map(pin).collect()
}

/// The files of the ceremony and of its bundle.
fn written(stage: &Stage) -> Vec<(String, Vec<u8>)> {
    [stage.dir(), stage.out()]
        .iter()
        .flat_map(|folder| below(folder))
        .collect()
}

/// The output of a program.
pub(crate) fn printed(output: Output) -> [(String, Vec<u8>); 2] {
    [
        ("what was printed".to_owned(), output.stdout),
        ("what was printed as errors".to_owned(), output.stderr),
    ]
}

#[test]
fn no_pin_is_in_any_file_of_the_ceremony_or_the_bundle() {
    let written = written(finished());
    let searched: usize = written.iter().map(|(_, content)| content.len()).sum();
    are_in_none(&pins(), &written);
    println!("searched {searched} bytes for 9 PINs in 4 shapes");
    assert!(searched > 100_000);
}

#[test]
fn what_was_sealed_to_a_holder_is_nowhere_else_and_opens_the_device() {
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
        let identity = Identity::generate();
        mine = mine.replace(recipient, &format!("\"{}\"", identity.to_public()));
        identities.push(identity);
    }
    fs::write(&roster, mine).unwrap();
    let output = stage.rehearsed(&["--roster", roster.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));

    let mut secrets = Vec::new();
    for path in files_below(&stage.dir().join("escrow")) {
        let sealed = fs::read(&path).unwrap();
        secrets.extend(opened(&sealed, &identities));
    }
    assert_eq!(secrets.len(), 18);
    are_in_none(&secrets, &written(&stage));
    are_in_none(&secrets, &printed(output));
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
    are_in_none(&pins(), &[("arguments or environment".to_owned(), seen)]);
    are_in_none(&pins(), &printed(output));
}
