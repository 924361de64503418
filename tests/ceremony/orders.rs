//! Answers of holders apart are collected in every order.

use keymoot_attestation::TrustStore;
use keymoot_core::Verdict;
use keymoot_record::{
    apart::Answer,
    bundle::{self, Bundle, Expectations, Files},
    expectation::ExpectationSet,
    transcript::Event,
};
use testkit::forger::Forger;

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
    let answers = (1..=5).map(|n| Answer::read(&answer(n)).unwrap());
    let judged: Vec<_> = answers
        .map(|answer| first.judge(&answer).unwrap())
        .collect();
    let stage = five_apart();
    let honest = documents(keymoot_verify::read(&stage.out()).unwrap().files());
    assert!(honest.len() > 1, "{:?}", honest.keys());
    let expected = Expectations {
        rehearsal: true,
        plan: ExpectationSet::shipped("rehearsal-small"),
        ..Expectations::default()
    };
    let vendor = TrustStore::vendor().unwrap();
    let orders = orders_of(5);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let mut asked = first.clone();
        for at in &order {
            asked.record(judged[*at].clone());
        }
        // The ceremony continues with this transcript, and the holders close its bundle.
        let mut forger = Forger::of(&stage.dir(), &stage.out());
        let is_answer = |event: &Event| matches!(event, Event::Answered { .. });
        let given: Vec<Event> = forger
            .events()
            .filter(|event| is_answer(event))
            .map(|event| event.clone())
            .collect();
        assert_eq!(given.len(), 5);
        let places = forger.events().filter(|event| is_answer(event));
        for (event, at) in places.zip(&order) {
            *event = given[*at].clone();
        }
        let files = forger.forge();
        assert_eq!(documents(&files), honest, "{order:?}");
        let mut verdicts = bundle::verify(&Bundle::of(files), &expected, &vendor);
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
