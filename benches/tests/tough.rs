//! tough reads the roots we write: P-256, without extra members in roles.
#![allow(clippy::unwrap_used)]

use keymoot_benches::{Chain, delegated};
use keymoot_tuf::{Document, verify_chain};
use tough::schema::{Root, Signed, Targets};

fn roots(chain: &Chain) -> Vec<Signed<Root>> {
    let files = chain.files.iter();
    files
        .map(|file| serde_json::from_slice(file).unwrap())
        .collect()
}

#[test]
fn a_history_that_holds_here_holds_there_link_by_link() {
    let chain = Chain::of(30);
    let here = chain.files.iter();
    let here = here.map(|file| Document::parse(file, 100_000).unwrap());
    assert_eq!(verify_chain(None, here).unwrap().len(), 30);
    for link in roots(&chain).windows(2) {
        link[0].signed.verify_role(&link[1]).unwrap();
        link[1].signed.verify_role(&link[1]).unwrap();
    }
}

#[test]
fn a_root_with_one_signature_too_few_is_refused_there_as_here() {
    let chain = Chain::of(1);
    let mut root = roots(&chain).remove(0);
    root.signatures.pop();
    assert!(root.signed.verify_role(&root).is_err());
    let document = Document::parse(&chain.files[0], 100_000).unwrap();
    let signatures = document.signatures()[1..].to_vec();
    assert!(verify_chain(None, [document.with_signatures(signatures)]).is_err());
}

#[test]
fn a_delegated_role_holds_there_as_here() {
    let files = delegated(50);
    let targets: Signed<Targets> = serde_json::from_slice(&files.targets).unwrap();
    let crates: Signed<Targets> = serde_json::from_slice(&files.crates).unwrap();
    let delegations = targets.signed.delegations.unwrap();
    delegations.verify_role(&crates, "crates").unwrap();
}

#[test]
fn a_root_of_p384_keys_is_refused_there_which_we_warn_of() {
    let text = String::from_utf8(Chain::of(1).files.remove(0)).unwrap();
    let p384 = text.replacen("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", 1);
    assert!(serde_json::from_str::<Signed<Root>>(&text).is_ok());
    assert!(serde_json::from_str::<Signed<Root>>(&p384).is_err());
}
