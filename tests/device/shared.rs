//! Another program at the same device, on the simulator's socket.

use keymoot::device::{ErrorKind, piv};

use testkit::another_program::{Attacker, Manner};
use testkit::room::play;

use crate::Holder;

#[test]
fn another_program_gets_no_signature_from_the_holders_pin_and_touch() {
    play(&["--inserted", "1"], |desk| {
        desk.touch_when_asked();
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        piv::generate(serial, &holder.management_key).unwrap();
        let sign = || piv::sign(serial, &holder.pin, b"a document", || {});
        for manner in [Manner::Clinging, Manner::Dipping] {
            let attacker = Attacker::start(manner);
            let outcomes: Vec<_> = (0..20)
                .map(|_| {
                    attacker.await_a_try();
                    sign()
                })
                .collect();
            let loot = attacker.stop();
            println!("{manner:?}: {loot:?}");
            assert_eq!(loot.signatures, 0, "{manner:?}");
            let errors: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            assert!(!errors.is_empty(), "{manner:?}");
            for error in errors {
                assert!(
                    matches!(error.kind, ErrorKind::SharingViolation),
                    "{manner:?}: {error}"
                );
                assert!(error.to_string().ends_with("is in use by another program"));
            }
        }
        assert!(sign().is_ok());
    });
}

#[test]
fn another_program_gets_no_use_of_what_the_management_key_opens() {
    play(&["--inserted", "1"], |desk| {
        let serial = desk.device().serial;
        let set_up = |holder: &Holder| {
            piv::reset(serial)?;
            let Holder {
                pin,
                puk,
                management_key,
            } = holder;
            piv::provision(serial, pin, puk, management_key)?;
            piv::generate(serial, management_key)
        };
        for manner in [Manner::Clinging, Manner::Dipping] {
            let attacker = Attacker::start(manner);
            for _ in 0..20 {
                attacker.await_a_try();
                if let Err(error) = set_up(&Holder::new()) {
                    assert!(
                        matches!(error.kind, ErrorKind::SharingViolation),
                        "{manner:?}: {error}"
                    );
                }
            }
            let loot = attacker.stop();
            println!("{manner:?}: {loot:?}");
            assert_eq!(loot.management_keys, 0, "{manner:?}");
        }
        set_up(&Holder::new()).unwrap();
    });
}
