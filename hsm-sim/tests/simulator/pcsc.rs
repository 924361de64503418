//! The smart card service itself, over the real libpcsclite: insertion, removal, sharing,
//! transactions, waiting.

use crate::common::{Control, FACTORY_MANAGEMENT_KEY, Sim, again, inside, raw::Raw, run, ykman};
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State};
use serde_json::json;
use std::ffi::CString;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const SELECT: &[u8] = &[0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8];
const PIN_STATUS: &[u8] = &[0, 0x20, 0, 0x80];
const VERIFY: &[u8] = b"\0\x20\0\x80\x08123456\xff\xff";

fn context() -> Context {
    Context::establish(Scope::User).unwrap()
}

fn reader(seat: usize) -> CString {
    CString::new(format!("Yubico YubiKey OTP+FIDO+CCID {seat:02X} 00")).unwrap()
}

fn connect(context: &Context, mode: ShareMode) -> Result<Card, Error> {
    context.connect(&reader(0), mode, Protocols::ANY)
}

fn names(context: &Context) -> Vec<CString> {
    context.list_readers_owned().unwrap()
}

fn send(card: &Card, command: &[u8]) -> Result<Vec<u8>, Error> {
    card.transmit(command, &mut [0; 300]).map(<[u8]>::to_vec)
}

fn act(control: &mut Control, what: &str, device: usize) {
    assert_eq!(control.act(what, device)["ok"], true, "{what} {device}");
}

/// Returns when a client waits for a reader to come or go. What changes before is no change to it.
fn until_one_waits(control: &mut Control) {
    while control.ask(&json!({ "do": "waiting" }))["waiting"] != 1 {
        std::thread::yield_now();
    }
}

/// Nothing is heard while the service answers many other questions.
fn quiet<T>(seen: &Receiver<T>, control: &mut Control) -> bool {
    (0..100)
        .all(|_| control.ask(&json!({ "do": "devices" }))["ok"] == true && seen.try_recv().is_err())
}

#[test]
fn readers_come_and_go_with_their_devices_and_take_the_lowest_free_number() {
    let Some(socket) = inside() else {
        return again(
            &Sim::start(&["--count", "3"]),
            "pcsc::readers_come_and_go_with_their_devices_and_take_the_lowest_free_number",
        );
    };
    let (context, mut control) = (context(), Control::connect(&socket));
    assert!(names(&context).is_empty());
    act(&mut control, "insert", 1);
    act(&mut control, "insert", 2);
    assert_eq!(names(&context), [reader(0), reader(1)]);
    act(&mut control, "remove", 1);
    assert_eq!(names(&context), [reader(1)]);
    act(&mut control, "insert", 3);
    assert_eq!(names(&context), [reader(0), reader(1)]);
}

#[test]
fn waiting_for_a_change_blocks_until_a_device_is_inserted_and_again_until_it_is_removed() {
    let Some(socket) = inside() else {
        return again(
            &Sim::start(&[]),
            "pcsc::waiting_for_a_change_blocks_until_a_device_is_inserted_and_again_until_it_is_removed",
        );
    };
    let (events, seen) = channel();
    std::thread::spawn(move || {
        let context = context();
        // "Any reader": the one a device will be in does not exist yet.
        let mut states = [ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE)];
        for _ in 0..2 {
            context.get_status_change(None, &mut states).unwrap();
            events.send(names(&context)).unwrap();
            states[0].sync_current_state();
        }
    });
    let mut control = Control::connect(&socket);
    until_one_waits(&mut control);
    assert!(quiet(&seen, &mut control), "nothing happened yet");
    act(&mut control, "insert", 1);
    assert_eq!(seen.recv().unwrap(), [reader(0)]);
    until_one_waits(&mut control);
    assert!(quiet(&seen, &mut control), "nothing happened since");
    act(&mut control, "remove", 1);
    assert!(seen.recv().unwrap().is_empty());
}

#[test]
fn waiting_ends_when_its_time_is_over_or_it_is_cancelled() {
    let Some(_) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::waiting_ends_when_its_time_is_over_or_it_is_cancelled",
        );
    };
    let context = context();
    let mut states = [ReaderState::new(reader(0), State::UNAWARE)];
    context.get_status_change(None, &mut states).unwrap();
    states[0].sync_current_state();
    let ended = context.get_status_change(Duration::from_millis(20), &mut states);
    assert_eq!(ended, Err(Error::Timeout));
    assert_eq!(
        names(&context),
        [reader(0)],
        "the connection is still in step"
    );

    let waiting = context.clone();
    let thread = std::thread::spawn(move || waiting.get_status_change(None, &mut states));
    // Cancelling does nothing before the other thread waits, so it is repeated until it does
    // something.
    while !thread.is_finished() {
        let _ = context.cancel();
        std::thread::yield_now();
    }
    assert_eq!(thread.join().unwrap(), Err(Error::Cancelled));
}

#[test]
fn a_transaction_excludes_every_other_handle_until_it_ends() {
    let Some(_) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::a_transaction_excludes_every_other_handle_until_it_ends",
        );
    };
    let first = context();
    let mut card = connect(&first, ShareMode::Shared).unwrap();
    let transaction = card.transaction().unwrap();
    let (events, seen) = channel();
    let thread = std::thread::spawn(move || {
        let second = context();
        let other = connect(&second, ShareMode::Shared).unwrap();
        events.send("connected").unwrap();
        send(&other, SELECT).unwrap();
        events.send("sent").unwrap();
    });
    assert_eq!(seen.recv().unwrap(), "connected");
    for _ in 0..20 {
        transaction.transmit(SELECT, &mut [0; 300]).unwrap();
        assert!(seen.try_recv().is_err(), "the other handle got through");
    }
    transaction
        .end(Disposition::LeaveCard)
        .map_err(|(_, error)| error)
        .unwrap();
    assert_eq!(seen.recv().unwrap(), "sent");
    thread.join().unwrap();
}

#[test]
fn an_exclusive_connection_keeps_others_out_and_is_refused_when_others_are_in() {
    let Some(_) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::an_exclusive_connection_keeps_others_out_and_is_refused_when_others_are_in",
        );
    };
    let (first, second) = (context(), context());
    let alone = connect(&first, ShareMode::Exclusive).unwrap();
    assert_eq!(
        connect(&second, ShareMode::Shared).err(),
        Some(Error::SharingViolation)
    );
    drop(alone);
    let _shared = connect(&second, ShareMode::Shared).unwrap();
    assert_eq!(
        connect(&first, ShareMode::Exclusive).err(),
        Some(Error::SharingViolation)
    );
}

#[test]
fn a_reset_by_one_handle_is_noticed_by_the_other_and_ends_what_was_verified() {
    let Some(_) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::a_reset_by_one_handle_is_noticed_by_the_other_and_ends_what_was_verified",
        );
    };
    let (first, second) = (context(), context());
    let mut card = connect(&first, ShareMode::Shared).unwrap();
    send(&card, SELECT).unwrap();
    assert_eq!(send(&card, VERIFY).unwrap(), [0x90, 0]);
    connect(&second, ShareMode::Shared)
        .unwrap()
        .disconnect(Disposition::LeaveCard)
        .map_err(|(_, e)| e)
        .unwrap();
    assert_eq!(
        send(&card, PIN_STATUS).unwrap(),
        [0x90, 0],
        "still verified"
    );
    connect(&second, ShareMode::Shared)
        .unwrap()
        .disconnect(Disposition::ResetCard)
        .map_err(|(_, e)| e)
        .unwrap();
    assert_eq!(send(&card, PIN_STATUS), Err(Error::ResetCard));
    card.reconnect(ShareMode::Shared, Protocols::T1, Disposition::LeaveCard)
        .unwrap();
    send(&card, SELECT).unwrap();
    assert_eq!(send(&card, PIN_STATUS).unwrap(), [0x63, 0xc3]);
}

#[test]
fn a_handle_stays_dead_when_its_device_was_pulled_out_and_put_back() {
    let Some(socket) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::a_handle_stays_dead_when_its_device_was_pulled_out_and_put_back",
        );
    };
    let (context, mut control) = (context(), Control::connect(&socket));
    let card = connect(&context, ShareMode::Shared).unwrap();
    act(&mut control, "remove", 1);
    assert_eq!(send(&card, SELECT), Err(Error::RemovedCard));
    act(&mut control, "insert", 1);
    assert_eq!(send(&card, SELECT), Err(Error::RemovedCard));
    assert!(send(&connect(&context, ShareMode::Shared).unwrap(), SELECT).is_ok());
}

#[test]
fn attributes_status_and_control_answer_as_a_reader_without_extras() {
    let Some(_) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::attributes_status_and_control_answer_as_a_reader_without_extras",
        );
    };
    let context = context();
    let card = connect(&context, ShareMode::Shared).unwrap();
    let atr = card
        .get_attribute_owned(pcsc::Attribute::AtrString)
        .unwrap();
    let status = card.status2_owned().unwrap();
    assert_eq!(
        (status.atr(), status.protocol2()),
        (&atr[..], Some(pcsc::Protocol::T1))
    );
    assert_eq!(status.reader_names(), [reader(0)]);
    let mut buffer = [0; 64];
    let features = card
        .control(pcsc::ctl_code(3400), &[], &mut buffer)
        .unwrap();
    assert!(features.is_empty());
    assert!(
        card.get_attribute_owned(pcsc::Attribute::VendorIfdSerialNo)
            .is_err()
    );
}

#[test]
fn a_command_that_waits_for_a_touch_ends_when_the_device_is_pulled_out() {
    let Some(socket) = inside() else {
        let sim = Sim::start(&["--inserted", "1"]);
        let tool = [
            "-m",
            FACTORY_MANAGEMENT_KEY,
            "--touch-policy",
            "always",
            "9a",
            "-",
        ];
        run(ykman(&sim)
            .args([
                "piv",
                "keys",
                "generate",
                "-a",
                "eccp256",
                "--pin-policy",
                "never",
            ])
            .args(tool));
        return again(
            &sim,
            "pcsc::a_command_that_waits_for_a_touch_ends_when_the_device_is_pulled_out",
        );
    };
    let mut watch = Control::connect(&socket);
    let mut control = Control::connect(&socket);
    watch.ask(&json!({ "do": "watch" }));
    let thread = std::thread::spawn(|| {
        let context = context();
        let card = connect(&context, ShareMode::Shared).unwrap();
        send(&card, SELECT).unwrap();
        let sign = [
            &[0, 0x87, 0x11, 0x9a, 0x26, 0x7c, 0x24, 0x82, 0, 0x81, 0x20][..],
            &[7; 32],
        ]
        .concat();
        send(&card, &sign)
    });
    assert_eq!(
        watch.next().unwrap(),
        json!({ "event": "touch-awaited", "device": 1 })
    );
    let devices = control.ask(&json!({ "do": "devices" }));
    assert_eq!(devices["devices"][0]["awaiting_touch"], true);
    act(&mut control, "remove", 1);
    assert_eq!(thread.join().unwrap(), Err(Error::RemovedCard));
}

#[test]
fn a_device_put_back_is_free_after_any_earlier_use() {
    let Some(socket) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::a_device_put_back_is_free_after_any_earlier_use",
        );
    };
    let (first, second) = (context(), context());
    let mut control = Control::connect(&socket);
    let mut held = connect(&first, ShareMode::Exclusive).unwrap();
    let transaction = held.transaction().unwrap();
    act(&mut control, "remove", 1);
    act(&mut control, "insert", 1);
    let card = connect(&second, ShareMode::Exclusive).unwrap();
    assert!(send(&card, SELECT).is_ok());
    let ended = transaction
        .end(Disposition::LeaveCard)
        .map_err(|(_, error)| error);
    assert_eq!(ended, Err(Error::RemovedCard));
    assert!(send(&card, SELECT).is_ok());
}

#[test]
fn a_client_that_dies_in_a_transaction_leaves_the_device_reset_and_free() {
    let Some(socket) = inside() else {
        return again(
            &Sim::start(&["--inserted", "1"]),
            "pcsc::a_client_that_dies_in_a_transaction_leaves_the_device_reset_and_free",
        );
    };
    let mut dying = Raw::piv(&socket);
    dying.begin();
    assert_eq!(dying.send("0020008008313233343536ffff").unwrap(), "9000");
    dying.stream.shutdown(std::net::Shutdown::Both).unwrap();
    let context = context();
    let mut card = connect(&context, ShareMode::Shared).unwrap();
    // The service may notice the death only now: the first command waits for it, or meets the
    // reset.
    let status = match send(&card, SELECT).and_then(|_| send(&card, PIN_STATUS)) {
        Err(Error::ResetCard) => {
            card.reconnect(ShareMode::Shared, Protocols::T1, Disposition::LeaveCard)
                .unwrap();
            send(&card, SELECT).and_then(|_| send(&card, PIN_STATUS))
        }
        other => other,
    };
    assert_eq!(status.unwrap(), [0x63, 0xc3]);
}
