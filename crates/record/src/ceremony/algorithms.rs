//! The algorithms of all keys that the documents of a ceremony will name, before a device
//! is touched.

use std::collections::BTreeMap;

use super::Plan;
use crate::{
    clients::{Of, limited},
    rules::algorithm::algorithm_name,
};
use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::{Dialect, PublicKey, key::Algorithm};

/// The first transcript format whose ceremonies were asked.
pub const SINCE: u32 = 2;

/// Whose keys are of another algorithm than P-256, by the algorithm, and how many keys there are.
fn others(plan: &Plan) -> (usize, BTreeMap<Algorithm, Vec<String>>) {
    let policy = &plan.policy;
    let mut others = BTreeMap::<Algorithm, Vec<String>>::new();
    let mut count = 0;
    let mut add = |whose: String, key: &PublicKey| {
        count += 1;
        if key.algorithm() != Algorithm::EcdsaP256 {
            others.entry(key.algorithm()).or_default().push(whose);
        }
    };
    let online = policy.online.as_ref().map(|online| &online.public_key);
    if let Some(Ok(key)) = online.map(|pem| PublicKey::from_pem(pem)) {
        add("the online key".to_owned(), &key);
    }
    for delegation in &policy.delegations {
        for key in &delegation.keys {
            if let Ok(key) = PublicKey::from_pem(&key.public_key) {
                add(format!("a key of {}", excerpt(&delegation.role)), &key);
            }
        }
    }
    let authorised = plan.newest_crates_root();
    for entry in authorised.iter().flat_map(|root| root.keys.values()) {
        if let Ok(key) = &entry.public {
            add("a key of the authorised root of tuf-crates".to_owned(), key);
        }
    }
    (count, others)
}

/// Keys that some clients refuse, each algorithm with those clients.
#[must_use]
pub fn clients(plan: &Plan) -> Vec<String> {
    let (_, others) = others(plan);
    let others = others.iter();
    others
        .map(|(of, whose)| fails(*of, whose, plan.policy.dialect))
        .collect()
}

/// KEY-ALGORITHM of the online key, of the keys of delegations, and of the roots of
/// tuf-crates that the quorum signs as a target. An algorithm that the policy allows passes, and
/// the verdict names the clients that then fail.
#[must_use]
pub fn check(plan: &Plan) -> Verdict {
    let policy = &plan.policy;
    let (count, others) = others(plan);
    let refused: Vec<_> = others
        .iter()
        .filter(|(of, _)| {
            !policy
                .algorithms()
                .any(|allowed| allowed == algorithm_name(**of))
        })
        .map(|(of, whose)| fails(*of, whose, policy.dialect))
        .collect();
    let allowed = clients(plan);
    Verdict::unless(
        Rule::KeyAlgorithm,
        !refused.is_empty(),
        || match allowed.as_slice() {
            [] => format!("{count} keys of services and teams, all of ecdsa-p256"),
            allowed => format!("as the policy allows: {}", several(allowed, "; ")),
        },
        || several(&refused, "; "),
        "use a P-256 key; or name the algorithm in the policy's algorithms, and tell the users of those clients",
    )
}

/// Whose keys are of an algorithm, and which clients fail because of it.
fn fails(algorithm: Algorithm, whose: &[String], dialect: Dialect) -> String {
    let mut clients: Vec<_> = limited(Of::Algorithm(algorithm))
        .map(|(client, limit)| format!("{client} {}", limit.why))
        .collect();
    if dialect == Dialect::Tufops {
        clients.push("tufops loads P-256 keys alone".to_owned());
    }
    let clients = match clients.as_slice() {
        [] => "every client of the tests follows it, and others may not".to_owned(),
        clients => clients.join("; "),
    };
    let mut whose = whose.to_vec();
    whose.dedup();
    let name = algorithm_name(algorithm);
    format!("{}: {name} ({clients})", whose.join(", "))
}
