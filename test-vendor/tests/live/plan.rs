//! The plan of a live ceremony: the shipped script with a small policy, three holders, and a root
//! of tuf-crates without a rehearsal's mark.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_core::json::Object;
use keymoot_record::{
    rules::roster::{Recipient, commitment},
    transcript::Time,
};
use keymoot_tuf::{Dialect, Holder, OnlineKey, Periods, PublicKey, RootDraft};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};

/// How many holders there are; two of them must sign.
pub(crate) const HOLDERS: usize = 3;

/// The shipped policy for so few, with an online key.
pub(crate) fn policy(folder: &Path) -> PathBuf {
    let text = include_str!("../../../ceremony-scripts/policy.toml")
        .replace("holders = 9", &format!("holders = {HOLDERS}"))
        .replace("threshold = 5", "threshold = 2");
    let text = cast::with_online_key(&text).unwrap();
    write(folder, "policy.toml", live(&text).as_bytes())
}

pub(crate) fn roster(folder: &Path) -> PathBuf {
    let text = live(&Cast::of(HOLDERS).roster());
    let text = text
        .replace("\"XA\"", "\"CH\"")
        .replace("\"XB\"", "\"NL\"")
        .replace("\"XC\"", "\"SE\"");
    write(folder, "roster.toml", answered(&text).as_bytes())
}

/// The roster of holders who have answered the tests of their recipients.
fn answered(roster: &str) -> String {
    let lines = roster.lines().map(|line| {
        let recipient = line.strip_prefix("age_recipient = ");
        let Some(recipient) = recipient.map(|quoted| quoted.trim_matches('"')) else {
            return line.to_owned();
        };
        let recipient = Recipient::try_from(recipient.to_owned()).unwrap();
        let test = commitment(&recipient, "adult");
        format!("{line}\nrecipient_test = \"{test}\"\nrecipient_answer = \"adult\"")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Replaces the marks of a rehearsal.
fn live(text: &str) -> String {
    text.replace(" (simulated)", "")
        .replace("simulated:", "gcpkms:projects/test/")
}

/// The first root of tuf-crates, signed by the two keys of a team.
pub(crate) fn crates_root(folder: &Path) -> PathBuf {
    let dialect = Dialect::TufOnCi;
    let key = |n: u8| SigningKey::from_slice(&[n; 32]).unwrap();
    let holder = |n: u8| Holder {
        handle: format!("crates-{n}"),
        key: public(&key(n)),
    };
    let periods = Periods {
        expiry_days: 365,
        signing_days: 60,
    };
    let document = dialect
        .root(&RootDraft {
            version: 1,
            expires: now().plus(365, 0).unwrap(),
            consistent_snapshot: true,
            holders: vec![holder(1), holder(2)],
            root_threshold: 2,
            targets_signers: None,
            targets_threshold: 2,
            online: OnlineKey {
                key: public(&key(3)),
                uri: "gcpkms:projects/test/crates".to_owned(),
            },
            root_periods: periods,
            targets_periods: periods,
            snapshot_periods: periods,
            timestamp_periods: periods,
            marks: Object::default(),
        })
        .unwrap();
    let signatures = [1, 2].map(|n| {
        let signature: Signature = key(n).sign(document.signed_bytes());
        let id = dialect.holder_key_id(&holder(n));
        (id, signature.to_der().as_bytes().to_vec())
    });
    let file = dialect.assemble(&document, &signatures.into());
    write(folder, "crates.root.json", &file)
}

fn public(key: &SigningKey) -> PublicKey {
    let der = key.verifying_key().to_public_key_der().unwrap();
    PublicKey::from_spki_der(der.as_bytes()).unwrap()
}

pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_unix(i64::try_from(since.as_secs()).unwrap()).unwrap()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}
