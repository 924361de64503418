//! Answers of holders apart are collected in every order.

use keymoot_attestation::TrustStore;
use keymoot_core::Verdict;
use keymoot_record::{
    apart::Answer,
    bundle::{self, Bundle, Files},
    transcript::Event,
};
use testkit::{forger::Forger, stage::small};

use crate::apart::{Asked, answer, five_apart};

/// The signed documents of a bundle.
fn documents(files: &Files) -> Files {
    let mut documents = files.clone();
    documents.retain(|path, _| path.starts_with("repositories/"));
    documents
}

#[test]
fn all_orders_of_five_answers_give_the_same_documents_and_a_verified_bundle() {
    let first = Asked::new();
    let answers: Vec<_> = (1..=5).map(|n| Answer::read(&answer(n)).unwrap()).collect();
    let stage = five_apart();
    let honest = documents(keymoot_verify::read(&stage.out()).unwrap().files());
    assert!(honest.len() > 1, "{:?}", honest.keys());
    let vendor = TrustStore::vendor().unwrap();
    let orders = orders_of(5);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let mut asked = first.clone();
        for at in &order {
            asked.take(&answers[*at]);
        }
        // The finished ceremony with this order: the events of the answers are replaced, and the
        // holders sign the manifest again.
        let answered = asked.answered();
        assert_eq!(answered.len(), 5);
        let mut forger = Forger::of(&stage.dir(), &stage.out());
        let is_answer = |event: &&mut Event| matches!(event, Event::Answered { .. });
        let mut places: Vec<_> = forger.events().filter(is_answer).collect();
        assert_eq!(places.len(), answered.len());
        for (place, event) in places.iter_mut().zip(answered) {
            **place = event;
        }
        let files = forger.forge();
        assert_eq!(documents(&files), honest, "{order:?}");
        let mut verdicts = bundle::verify(&Bundle::of(files), &small(), &vendor);
        verdicts.retain(Verdict::is_violated);
        assert_eq!(verdicts, [], "{order:?}");
    }
}

/// All orders of the numbers below `n`.
fn orders_of(n: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for number in 0..n {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, number);
                    longer
                })
            })
            .collect();
    }
    orders
}
