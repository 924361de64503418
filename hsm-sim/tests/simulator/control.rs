//! The control socket: faults, touch, and what a watcher hears.

use crate::common::Sim;
use crate::common::raw::Raw;
use serde_json::json;

const CHANGE_PIN: &str = "0024008010313233343536ffff323436383133ffff";
const NEW_PIN: &str = "0020008008323436383133ffff";
const PIN_METADATA: &str = "00f70080";

#[test]
fn a_command_under_way_at_the_moment_of_unplugging_after_is_remembered() {
    let sim = Sim::start(&["--inserted", "1"]);
    let mut raw = Raw::piv(&sim.path("socket"));
    let plan = json!({ "do": "fault", "device": 1, "plan": "unplug-after@1" });
    assert_eq!(sim.control().ask(&plan)["ok"], true);
    assert_eq!(raw.send(CHANGE_PIN), Err(0x8010_0069));
    sim.control().act("insert", 1);
    assert_eq!(Raw::piv(&sim.path("socket")).send(NEW_PIN).unwrap(), "9000");
}

#[test]
fn a_command_that_unplugging_forestalled_never_happened() {
    let sim = Sim::start(&["--inserted", "1", "--fault", "1:unplug@2"]);
    let mut raw = Raw::piv(&sim.path("socket"));
    assert_eq!(raw.send(CHANGE_PIN), Err(0x8010_0069));
    sim.control().act("insert", 1);
    assert_eq!(Raw::piv(&sim.path("socket")).send(NEW_PIN).unwrap(), "63c2");
}

#[test]
fn a_device_that_hangs_answers_nothing_until_it_is_pulled_out() {
    let sim = Sim::start(&["--inserted", "1", "--fault", "hang@2"]);
    let mut raw = Raw::piv(&sim.path("socket"));
    let thread = std::thread::spawn(move || raw.send(PIN_METADATA));
    let mut control = sim.control();
    for _ in 0..100 {
        assert_eq!(control.ask(&json!({ "do": "devices" }))["ok"], true);
        assert!(!thread.is_finished());
    }
    control.act("remove", 1);
    assert_eq!(thread.join().unwrap(), Err(0x8010_0069));
}

#[test]
fn a_client_that_goes_away_while_a_touch_is_awaited_frees_the_device() {
    let sim = Sim::start(&["--inserted", "1", "--touch-timeout", "3600"]);
    let mut raw = Raw::authenticated(&sim.path("socket"));
    raw.send("0047009a0bac09800111aa0101ab0102").unwrap();
    let mut watch = sim.control();
    watch.ask(&json!({ "do": "watch" }));
    let other = raw.stream.try_clone().unwrap();
    let sign = format!("0087119a267c2482008120{}", "11".repeat(32));
    let waiting = std::thread::spawn(move || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| raw.send(&sign)))
    });
    assert_eq!(watch.next().unwrap()["event"], "touch-awaited");
    other.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(watch.next().unwrap()["event"], "touch-timeout");
    // The service resets the device behind a client that went away, which can be after the next one
    // connected: that one tries a second time.
    let answered = (0..2).any(|_| {
        let mut next = Raw::connected(&sim.path("socket"));
        next.select().is_ok() && next.send(PIN_METADATA).is_ok()
    });
    assert!(answered);
    assert!(
        waiting.join().unwrap().is_err(),
        "the client had nothing more to read"
    );
}

#[test]
fn control_answers_what_it_cannot_do_with_a_reason() {
    let sim = Sim::start(&["--count", "2", "--inserted", "1"]);
    let mut control = sim.control();
    for (request, reason) in [
        (json!({ "do": "insert", "device": 1 }), "already inserted"),
        (
            json!({ "do": "insert", "device": 3 }),
            "numbered from 1 to 2",
        ),
        (json!({ "do": "insert", "device": 0 }), "no device 0"),
        (json!({ "do": "remove", "device": 2 }), "not inserted"),
        (json!({ "do": "touch", "device": 2 }), "not inserted"),
        (
            json!({ "do": "fault", "plan": "burn@1" }),
            "is not understood",
        ),
        (json!({ "do": "dance" }), "not a request"),
        (
            json!({ "do": "touch", "device": 1, "hard": true }),
            "not a request",
        ),
    ] {
        let reply = control.ask(&request);
        assert_eq!(reply["ok"], false, "{request}");
        assert!(reply["error"].as_str().unwrap().contains(reason), "{reply}");
    }
    assert_eq!(
        control.ask(&json!({ "do": "touch", "device": 1 })),
        json!({ "ok": true, "used": false })
    );
}

#[test]
fn a_watcher_hears_of_insertion_removal_touch_and_its_time_out() {
    let sim = Sim::start(&["--touch-timeout", "0"]);
    let (mut watch, mut control) = (sim.control(), sim.control());
    let reply = watch.ask(&json!({ "do": "watch" }));
    assert_eq!(reply["devices"][0]["inserted"], false);
    control.act("insert", 1);
    let mut raw = Raw::authenticated(&sim.path("socket"));
    raw.send("0047009a0bac09800111aa0101ab0102").unwrap();
    let sign = format!("0087119a267c2482008120{}", "11".repeat(32));
    assert_eq!(raw.send(&sign).unwrap(), "6982");
    control.act("remove", 1);
    let events: Vec<_> = (0..4)
        .map(|_| watch.next().unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        events,
        ["inserted", "touch-awaited", "touch-timeout", "removed"]
    );
}
