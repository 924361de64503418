//! The bridge to vpcd, with the driver's part played here.

use hsm_sim::room::Room;
use hsm_sim::yubikey::ATR;
use hsm_sim::yubikey::device::Store;
use hsm_sim::yubikey::fault::Plan;
use hsm_sim::yubikey::plate::Firmware;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const SELECT: &str = "00a4040005a000000308";
const VERIFY: &str = "0020008008313233343536ffff";
const TRIES: &str = "00200080";

/// Two devices, and a driver with two slots.
struct Reader {
    room: Arc<Room>,
    slots: [TcpListener; 2],
}

impl Reader {
    fn new() -> Self {
        let store = Store::open(None, Some(7), 2, &["5.7.4".parse().unwrap()]).unwrap();
        let patience = Duration::from_secs(600);
        let room = Arc::new(Room::new(store, Plan::default(), patience));
        let slots = neighbours();
        let first = slots[0].local_addr().unwrap();
        std::thread::spawn({
            let room = Arc::clone(&room);
            move || hsm_sim::vpcd::serve(&room, first)
        });
        Self { room, slots }
    }

    /// The card that is put into a slot, this one or the next.
    fn card(&self, slot: usize) -> Card {
        let (stream, _) = self.slots[slot].accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Card(stream)
    }
}

/// Two ports that follow one another.
fn neighbours() -> [TcpListener; 2] {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut address: SocketAddr = first.local_addr().unwrap();
        let Some(next) = address.port().checked_add(1) else {
            continue;
        };
        address.set_port(next);
        if let Ok(second) = TcpListener::bind(address) {
            return [first, second];
        }
    }
}

struct Card(TcpStream);

impl Card {
    /// Asks for something that has no answer.
    fn order(&mut self, code: u8) {
        self.0.write_all(&[0, 1, code]).unwrap();
    }

    /// Asks as the driver does, in two pieces.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        let length = u16::try_from(request.len()).unwrap();
        self.0.write_all(&length.to_be_bytes()).unwrap();
        self.0.write_all(request).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Vec<u8> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        self.0.read_exact(&mut answer).unwrap();
        answer
    }

    fn send(&mut self, command: &str) -> String {
        hex::encode(self.ask(&hex::decode(command).unwrap()))
    }

    fn atr(&mut self) -> Vec<u8> {
        self.ask(&[4])
    }

    /// Whether it was pulled out: the connection ends.
    fn ends(mut self) -> bool {
        self.0.read(&mut [0]).is_ok_and(|count| count == 0)
    }
}

#[test]
fn a_device_that_is_plugged_in_is_a_card_in_the_slot_until_it_is_pulled_out() {
    let reader = Reader::new();
    reader.room.insert(1).unwrap();
    let mut card = reader.card(0);
    assert_eq!(card.atr(), ATR);
    assert!(card.send(SELECT).ends_with("9000"));
    reader.room.remove(1).unwrap();
    assert!(card.ends());
    reader.room.insert(1).unwrap();
    assert_eq!(reader.card(0).atr(), ATR);
}

#[test]
fn two_devices_are_in_two_slots() {
    let reader = Reader::new();
    reader.room.insert(1).unwrap();
    reader.room.insert(2).unwrap();
    let serial = |slot| {
        let mut card = reader.card(slot);
        card.send(SELECT);
        card.send("00f80000")
    };
    let (one, two) = (serial(0), serial(1));
    assert!(one.ends_with("9000") && two.ends_with("9000"));
    assert_ne!(one, two);
}

#[test]
fn a_reset_or_a_loss_of_power_forgets_the_pin_and_powering_on_does_not() {
    let reader = Reader::new();
    reader.room.insert(1).unwrap();
    let mut card = reader.card(0);
    for (code, tries) in [(2, "63c3"), (0, "63c3"), (1, "9000")] {
        card.send(SELECT);
        assert_eq!(card.send(VERIFY), "9000");
        card.order(code);
        if tries != "9000" {
            assert_eq!(card.send(TRIES), "6d00", "no application is selected");
            card.send(SELECT);
        }
        assert_eq!(card.send(TRIES), tries, "after {code}");
    }
}

#[test]
fn a_service_that_went_away_finds_the_card_again_when_it_is_back() {
    let reader = Reader::new();
    reader.room.insert(1).unwrap();
    let mut card = reader.card(0);
    card.send(SELECT);
    drop(card);
    assert_eq!(reader.card(0).atr(), ATR);
}

#[test]
fn a_touch_is_awaited_and_given_up_when_the_service_goes_away() {
    let reader = Reader::new();
    let (_, events) = reader.room.watch();
    let next = || {
        let line = events.recv_timeout(Duration::from_secs(60)).unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        event["event"].as_str().unwrap().to_owned()
    };
    reader.room.insert(1).unwrap();
    assert_eq!(next(), "inserted");
    let mut card = reader.card(0);
    card.send(SELECT);
    // With the factory's management key: a key in 9a that wants a touch and no PIN.
    let challenge = hex::decode(card.send("00870a9b047c028100")).unwrap();
    let key = hsm_sim::yubikey::piv::state::ManagementKey::factory(Firmware::new(5, 7, 4));
    let proof = hex::encode(key.encrypt(&challenge[4..20]).unwrap());
    assert_eq!(card.send(&format!("00870a9b147c128210{proof}")), "9000");
    assert!(
        card.send("0047009a0bac09800111aa0101ab0102")
            .ends_with("9000")
    );

    let sign = hex::decode(format!("0087119a267c2482008120{}", "11".repeat(32))).unwrap();
    let length = u16::try_from(sign.len()).unwrap().to_be_bytes();
    let ask = [&length[..], &sign].concat();
    card.0.write_all(&ask).unwrap();
    assert_eq!(next(), "touch-awaited");
    assert!(reader.room.touch(1).unwrap());
    assert!(card.answer().ends_with(&[0x90, 0]));
    assert_eq!(next(), "touched");

    card.0.write_all(&ask).unwrap();
    assert_eq!(next(), "touch-awaited");
    drop(card);
    assert_eq!(next(), "touch-timeout");
    let mut card = reader.card(0);
    assert!(card.send(SELECT).ends_with("9000"));
}

#[test]
fn the_program_says_where_everything_is_and_what_it_bridges() {
    let dir = tempfile::tempdir().unwrap();
    let driver = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = program(&driver.local_addr().unwrap().to_string(), dir.path());
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["socket"], "/run/pcscd/pcscd.comm");
    assert!(ready["control"].as_str().unwrap().ends_with("/control"));
    assert!(ready["devices"][0]["serial"].is_number() && !ready["vendor"].is_null());
    let (stream, _) = driver.accept().unwrap();
    assert_eq!(Card(stream).atr(), ATR);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_driver_on_another_machine_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = program("192.0.2.1:35963", dir.path())
        .wait_with_output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("192.0.2.1:35963") && said.contains("loopback"),
        "{said}"
    );
}

/// The program, with one device plugged in.
fn program(driver: &str, dir: &std::path::Path) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_hsm-sim"))
        .args(["vpcd", "--until-eof", "--seed", "7", "--inserted", "1"])
        .args(["--driver", driver])
        .arg("--control")
        .arg(dir.join("control"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
