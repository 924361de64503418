//! Witnesses who were not in the room: what they state, with OpenSSH keys of their own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::apart::five_apart;
use keymoot::rehearsal::cast::Cast;
use keymoot_core::digest::Digest;
use keymoot_record::{
    apart::witness::{LARGEST, NAMESPACE, verify},
    bundle::Bundle,
    transcript::Chain,
};
use serde_json::{Value, json};
use testkit::{
    apart::Three,
    stage::{Stage, below, copy, finished, keymoot, said},
};

/// A folder with a key and a statement that it signed.
struct Witness {
    stage: Stage,
}

impl Witness {
    /// Who is in the roster of [`finished`], over its bundle.
    fn new() -> Self {
        let witness = Self {
            stage: Stage::new(),
        };
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "a test", "-f"]);
        let made = keygen.arg(witness.path("key")).output();
        assert!(
            made.expect("`make deps` installs ssh-keygen")
                .status
                .success()
        );
        let output = witness.states(&finished().out(), "Witness (simulated)");
        assert!(output.status.success(), "{}", said(&output));
        witness.signs(NAMESPACE);
        witness
    }

    fn path(&self, name: &str) -> PathBuf {
        self.stage.path(name)
    }

    fn states(&self, bundle: &Path, name: &str) -> Output {
        let mut state = keymoot();
        state.arg("witness").arg(bundle).args(["--name", name]);
        state.args([
            "--by",
            "video link",
            "--saw",
            "nine people \u{202e}, nine devices",
        ]);
        state.args(["--rehearsal", "--expect", "rehearsal-small", "-o"]);
        state.arg(self.path("statement")).output().unwrap()
    }

    /// Signs what is in the statement's file now.
    fn signs(&self, namespace: &str) {
        let _ = fs::remove_file(self.path("statement.sig"));
        let mut sign = Command::new("ssh-keygen");
        sign.args(["-q", "-Y", "sign", "-n", namespace, "-f"]);
        sign.arg(self.path("key")).arg(self.path("statement"));
        assert!(sign.output().unwrap().status.success());
    }

    /// What `ssh-keygen -l` prints of the key.
    fn key(&self) -> String {
        let mut list = Command::new("ssh-keygen");
        let output = list.arg("-lf").arg(self.path("key.pub")).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.split(' ').nth(1).unwrap().to_owned()
    }

    fn checked(&self, bundle: &Path, more: &[&str]) -> Output {
        let mut verify = keymoot();
        verify.args(["verify", "--rehearsal", "--expect", "rehearsal-small"]);
        verify.arg(bundle).args(more).arg("--witness");
        verify.arg(self.path("statement")).output().unwrap()
    }

    /// The option with which a verifier names the key of the witness in the roster.
    fn named(&self) -> [String; 2] {
        let named = format!("Witness (simulated)={}", self.key());
        ["--witness-key".to_owned(), named]
    }

    /// Changes a member of the statement; the key signs it again.
    fn restates(&self, change: impl FnOnce(&mut Value)) {
        let text = fs::read(self.path("statement")).unwrap();
        let mut statement: Value = serde_json::from_slice(&text).unwrap();
        change(&mut statement);
        fs::write(self.path("statement"), statement.to_string()).unwrap();
        self.signs(NAMESPACE);
    }

    /// It is shown as refused by a rule, and the bundle is verified. Where the verifier asks for this
    /// witness, the bundle is not.
    fn is_refused_by(&self, rule: &str) {
        let output = self.checked(&finished().out(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let refused = format!("Refused: {}: {rule} ", self.path("statement").display());
        assert!(said(&output).contains(&refused), "{}", said(&output));
        self.is_not_shown_as_true(&output);
        let named = self.named();
        let output = self.checked(&finished().out(), &[&named[0], &named[1]]);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(
            said(&output).contains("violates WITNESS-KEY."),
            "{}",
            said(&output)
        );
        self.is_not_shown_as_true(&output);
    }

    fn is_not_shown_as_true(&self, output: &Output) {
        for shown in ["Witnessed from elsewhere", "Not counted"] {
            assert!(!said(output).contains(shown), "{}", said(output));
        }
    }
}

#[test]
fn a_file_beside_a_bundle_that_cannot_be_used_spoils_no_verdict() {
    let witness = Witness::new();
    fs::remove_file(witness.path("statement.sig")).unwrap();
    witness.is_refused_by("WITNESS-SIGNED");
    fs::write(witness.path("statement"), "x".repeat(9 << 10)).unwrap();
    witness.is_refused_by("WITNESS-READ");
}

#[test]
fn a_verdict_and_a_report_show_what_a_remote_witness_states() {
    let witness = Witness::new();
    let [option, named] = witness.named();
    let output = witness.checked(&finished().out(), &[&option, &named]);
    assert!(output.status.success(), "{}", said(&output));
    let sentence = format!(
        "Witnessed from elsewhere: Witness (simulated) followed by video link: \
         \"nine people \\u{{202e}}, nine devices\"; signed with {}, the key that you named.",
        witness.key()
    );
    assert!(said(&output).contains(&sentence), "{}", said(&output));
    let mut report = keymoot();
    report
        .arg("report")
        .arg(finished().out())
        .args(["--rehearsal", "--markdown", &option, &named]);
    let report = report.arg("--witness").arg(witness.path("statement"));
    let output = report.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    for shown in [
        "Witnesses who were not in the room",
        "video link",
        &witness.key(),
        "named by the author of this page",
    ] {
        assert!(said(&output).contains(shown), "{shown}: {}", said(&output));
    }
}

#[test]
fn a_statement_by_a_key_that_nobody_named_does_not_count() {
    let witness = Witness::new();
    let output = witness.checked(&finished().out(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let shown = format!(
        "Not counted: the key {} signed that \"Witness (simulated)\" followed by",
        witness.key()
    );
    assert!(said(&output).contains(&shown), "{}", said(&output));
    assert!(!said(&output).contains("Witnessed"), "{}", said(&output));
    witness.restates(|statement| statement["name"] = json!("Somebody"));
    let output = witness.checked(&finished().out(), &["--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["holds"], true);
    let stated = &object["witnesses"][0];
    assert_eq!(stated["counts"], false, "{stated}");
    assert_eq!(stated["statement"]["name"], "Somebody");
    assert_eq!(stated["key"], witness.key());
    let output = witness.checked(&finished().out(), &[]);
    let shown = "\"Somebody\", whom the roster does not list as a witness, followed by";
    assert!(said(&output).contains(shown), "{}", said(&output));
}

#[test]
fn a_statement_in_the_name_of_a_witness_by_another_key_is_refused() {
    let (witness, impostor) = (Witness::new(), Witness::new());
    let [option, named] = witness.named();
    let other = impostor.path("statement");
    let more = [&option, &named, "--witness", other.to_str().unwrap()];
    // The witness's own statement is there, too.
    let output = witness.checked(&finished().out(), &more);
    assert!(output.status.success(), "{}", said(&output));
    let refused = format!(
        "Refused: {}: WITNESS-KEY {} signed the statement of Witness (simulated), and not the key that you named",
        other.display(),
        impostor.key()
    );
    assert!(said(&output).contains(&refused), "{}", said(&output));
    let shown = said(&output);
    assert_eq!(
        shown.matches("Witnessed from elsewhere").count(),
        1,
        "{shown}"
    );
    let output = impostor.checked(&finished().out(), &more[..2]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    impostor.is_not_shown_as_true(&output);
}

#[test]
fn a_bundle_without_a_statement_of_the_named_witness_key_is_refused() {
    let witness = Witness::new();
    let [option, named] = witness.named();
    let mut verify = keymoot();
    verify.args(["verify", "--rehearsal", "--expect", "rehearsal-small"]);
    let verify = verify.arg(finished().out()).args([option, named]);
    let output = verify.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("violates WITNESS-KEY."),
        "{}",
        said(&output)
    );
}

#[test]
fn a_key_that_is_named_for_another_spelling_of_the_witness_is_reported_with_both_names() {
    let witness = Witness::new();
    let named = format!("W. Simulated={}", witness.key());
    let output = witness.checked(&finished().out(), &["--witness-key", &named]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for told in [
        "You named this key for \"W. Simulated\", and the statement is of \"Witness (simulated)\": if both",
        "signed the statement of Witness (simulated), and you named it for W. Simulated",
        "name the key as the statement does",
    ] {
        assert!(said(&output).contains(told), "{told}\n{}", said(&output));
    }
    for false_here in ["Nobody named this key", "Witnessed from elsewhere"] {
        assert!(!said(&output).contains(false_here), "{}", said(&output));
    }
}

#[test]
fn the_roster_names_the_key_of_a_witness() {
    let (witness, impostor) = (Witness::new(), Witness::new());
    let three = Three::new();
    let roster = Cast::of(3).roster();
    let name = "name = \"Witness (simulated)\"\n";
    assert!(roster.contains(name));
    let with_key = roster.replace(name, &format!("{name}key = \"{}\"\n", witness.key()));
    let bundle = PathBuf::from(three.first_root_of(&with_key));
    for one in [&witness, &impostor] {
        fs::remove_file(one.path("statement")).unwrap();
        let output = one.states(&bundle, "Witness (simulated)");
        assert!(output.status.success(), "{}", said(&output));
        one.signs(NAMESPACE);
    }
    let output = witness.checked(&bundle, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let shown = format!("signed with {}, the key in the roster.", witness.key());
    assert!(said(&output).contains(&shown), "{}", said(&output));
    let output = impostor.checked(&bundle, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let refused = "and not the key that the roster names; the verdict";
    assert!(said(&output).contains(refused), "{}", said(&output));
    impostor.is_not_shown_as_true(&output);
    let report = fs::read_to_string(bundle.join("report.md")).unwrap();
    assert!(report.contains(&witness.key()), "{report}");
}

#[test]
fn a_statement_of_another_bundle_is_refused() {
    let witness = Witness::new();
    let good = fs::read(witness.path("statement")).unwrap();
    for (member, another) in [
        ("ceremony", json!("0".repeat(32))),
        ("head", json!("0".repeat(64))),
        ("manifest", json!("0".repeat(64))),
        ("mode", json!("live")),
    ] {
        fs::write(witness.path("statement"), &good).unwrap();
        witness.restates(|statement| statement[member] = another);
        witness.is_refused_by("WITNESS-STATED");
    }
}

#[test]
fn a_statement_that_no_ed25519_key_signed_for_this_purpose_is_refused() {
    let witness = Witness::new();
    witness.signs("file");
    witness.is_refused_by("WITNESS-SIGNED");
    witness.signs(NAMESPACE);
    let statement = fs::read_to_string(witness.path("statement")).unwrap();
    let changed = statement.replace("nine people", "eight people");
    fs::write(witness.path("statement"), changed).unwrap();
    witness.is_refused_by("WITNESS-SIGNED");
}

#[test]
fn a_statement_in_another_form_is_refused() {
    let witness = Witness::new();
    witness.restates(|statement| statement["format"] = json!("keymoot-witness-2"));
    witness.is_refused_by("WITNESS-READ");
    witness.restates(|statement| {
        statement["format"] = json!("keymoot-witness-1");
        statement["saw"] = json!("");
    });
    witness.is_refused_by("WITNESS-READ");
    witness.restates(|statement| {
        statement["saw"] = json!("all of it");
        statement["more"] = json!(1);
    });
    witness.is_refused_by("WITNESS-READ");
}

#[test]
fn a_statement_that_could_pass_for_two_lines_or_another_key_is_refused() {
    let witness = Witness::new();
    for (member, text) in [
        ("saw", "nine people\nand a key"),
        ("name", " "),
        (
            "by",
            "a link; the key is SHA256:DCNDtss4uf9zk7Z2+RLBVBZ/X8wUFkaeDziIZ5j94fo",
        ),
        (
            "saw",
            "all\"; the key is SHA256:DCNDtss4uf9zk7Z2+RLBVBZ/X8wUFkaeDziIZ5j94fo",
        ),
    ] {
        let good = fs::read(witness.path("statement")).unwrap();
        witness.restates(|statement| statement[member] = json!(text));
        witness.is_refused_by("WITNESS-READ");
        fs::write(witness.path("statement"), good).unwrap();
    }
}

#[test]
fn each_changed_byte_of_a_statement_is_refused() {
    let witness = Witness::new();
    let read = |name| fs::read(witness.path(name)).unwrap();
    let (good, signature) = (read("statement"), read("statement.sig"));
    let bundle = Bundle::of(below(&finished().out()));
    let holds = |bytes: &[u8]| verify(bytes, &signature, &bundle, &[]).is_ok();
    assert!(holds(&good));
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(!holds(&changed), "byte {at}");
    }
    assert!(!holds(&vec![b' '; LARGEST + 1]));
}

#[test]
fn nobody_states_anything_about_a_bundle_that_violates_a_rule() {
    let witness = Witness::new();
    fs::remove_file(witness.path("statement")).unwrap();
    let bundle = witness.path("bundle");
    copy(&finished().out(), &bundle);
    fs::write(bundle.join("report.md"), "another report").unwrap();
    let output = witness.states(&bundle, "Witness (simulated)");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(!witness.path("statement").exists());
}

#[test]
fn a_declaration_has_a_page_for_holders_apart_and_remote_witnesses() {
    let bundle = five_apart().out();
    let page = declaration(&bundle);
    let (here, away) = page.split_once("## If you were not in the room").unwrap();
    assert!(
        here.contains("| administrator |") && !here.contains("| holder-"),
        "{page}"
    );
    let digests = [
        Chain::read(&fs::read(bundle.join("transcript.jsonl")).unwrap())
            .unwrap()
            .head(),
        Digest::of(&fs::read(bundle.join("MANIFEST.json")).unwrap()),
    ];
    assert!(away.contains(&digests[0].to_string()), "{page}");
    assert!(here.contains(&digests[1].to_string()), "{page}");
    for words in digests[0].word_rows() {
        assert!(away.contains(&words), "{page}");
    }
    for holder in 1..=5 {
        assert!(
            away.contains(&format!("| holder-{holder}, seat ")),
            "{page}"
        );
    }
    assert_eq!(away.matches("| witness |").count(), 2);
    let page = declaration(&finished().out());
    let (here, away) = page.split_once("## If you were not in the room").unwrap();
    assert!(
        here.contains("| holder-1, seat ") && !away.contains("| holder-"),
        "{page}"
    );
}

fn declaration(bundle: &Path) -> String {
    let mut report = keymoot();
    report.arg("report").arg(bundle);
    report.args(["--rehearsal", "--markdown", "--declaration"]);
    let output = report.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}
