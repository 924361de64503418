//! YubiKeys at a USB port, with qemu's and the guest's part played here.

use hsm_sim::room::Room;
use hsm_sim::yubikey::ATR;
use hsm_sim::yubikey::device::Store;
use hsm_sim::yubikey::fault::Plan;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

const DEVICE_CONNECT: u32 = 1;
const DEVICE_DISCONNECT: u32 = 2;
const INTERFACE_INFO: u32 = 4;
const ENDPOINT_INFO: u32 = 5;
const CANCEL: u32 = 21;
const CONTROL: u32 = 100;
const BULK: u32 = 101;

/// Version of the device, largest packets, long numbers, long transfers.
const CAPABILITIES: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;
/// What libccid makes room for.
const ROOM_FOR: u32 = 65_556;

/// A room with two devices, and one port.
struct Port {
    room: Arc<Room>,
    listener: UnixListener,
    _folder: tempfile::TempDir,
}

impl Port {
    fn new(faults: &str) -> Self {
        let store = Store::open(None, Some(7), 2, &["5.7.4".parse().unwrap()]).unwrap();
        let faults: Plan = faults.parse().unwrap();
        let room = Arc::new(Room::new(store, faults, Duration::from_secs(600)));
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("port");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn({
            let room = Arc::clone(&room);
            move || hsm_sim::usbredir::serve(&room, vec![socket])
        });
        Self {
            room,
            listener,
            _folder: folder,
        }
    }

    fn qemu(&self, capabilities: u32) -> Qemu {
        let (mut stream, _) = self.listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut hello = [0; 12 + 68];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(hello[..8], [0, 0, 0, 0, 68, 0, 0, 0]);
        let mut ours = vec![0; 12 + 64];
        ours[4] = 68;
        ours.extend(capabilities.to_le_bytes());
        stream.write_all(&ours).unwrap();
        Qemu(stream)
    }

    /// A qemu in whose port a device is.
    fn plugged(faults: &str) -> (Self, Qemu) {
        let port = Self::new(faults);
        port.room.insert(1).unwrap();
        let mut qemu = port.qemu(CAPABILITIES);
        qemu.connected();
        (port, qemu)
    }
}

struct Qemu(UnixStream);

impl Qemu {
    fn send(&mut self, kind: u32, id: u64, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let id = id.to_le_bytes();
        let packet = [&kind.to_le_bytes()[..], &length, &id, body].concat();
        self.0.write_all(&packet).unwrap();
    }

    fn next(&mut self) -> (u32, u64, Vec<u8>) {
        let mut header = [0; 16];
        self.0.read_exact(&mut header).unwrap();
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; number(4) as usize];
        self.0.read_exact(&mut body).unwrap();
        (number(0), u64::from(number(8)), body)
    }

    fn connected(&mut self) {
        assert_eq!(self.next().0, INTERFACE_INFO);
        assert_eq!(self.next().0, ENDPOINT_INFO);
        let (kind, _, device) = self.next();
        assert_eq!(kind, DEVICE_CONNECT);
        assert_eq!(device[4..8], [0x50, 0x10, 0x07, 0x04]);
    }

    /// Sends a message of the smart card class.
    fn order(&mut self, kind: u8, sequence: u8, data: &[u8]) {
        let [a, b, c, d] = u32::try_from(data.len()).unwrap().to_le_bytes();
        let message = [&[kind, a, b, c, d, 0, sequence, 0, 0, 0], data].concat();
        let [a, b, c, d] = u32::try_from(message.len()).unwrap().to_le_bytes();
        let body = [&[0x02, 0, a, b, 0, 0, 0, 0, c, d], message.as_slice()].concat();
        self.send(BULK, 1, &body);
        let (kind, id, done) = self.next();
        assert_eq!((kind, id, done[0], done[1]), (BULK, 1, 0x02, 0));
    }

    fn want(&mut self, id: u64) {
        let [a, b, c, d] = ROOM_FOR.to_le_bytes();
        self.send(BULK, id, &[0x82, 0, a, b, 0, 0, 0, 0, c, d]);
    }

    /// The next message of the device: status, and data.
    fn message(&mut self) -> (u8, Vec<u8>) {
        self.want(2);
        let (kind, id, body) = self.next();
        assert_eq!((kind, id, body[1]), (BULK, 2, 0));
        let message = &body[10..];
        (message[7], message[10..].to_vec())
    }
}

#[test]
fn a_guest_that_powers_the_card_and_selects_piv_gets_the_answers_of_a_yubikey() {
    let (_port, mut qemu) = Port::plugged("");
    qemu.order(0x62, 1, &[]);
    assert_eq!(qemu.message(), (0, ATR.to_vec()));
    qemu.order(0x6f, 2, &hex::decode("00a4040005a000000308").unwrap());
    let (status, answer) = qemu.message();
    assert_eq!(status, 0);
    assert!(answer.ends_with(&[0x90, 0x00]));
}

#[test]
fn the_configuration_is_that_of_a_smart_card_reader_with_extended_apdus() {
    let (_port, mut qemu) = Port::plugged("");
    qemu.send(CONTROL, 9, &[0x80, 6, 0x80, 0, 0, 2, 0, 0, 255, 0]);
    let (kind, id, answer) = qemu.next();
    assert_eq!((kind, id, answer[3]), (CONTROL, 9, 0));
    let configuration = &answer[10..];
    assert_eq!(configuration[14], 0x0b);
    let features = &configuration[18 + 40..18 + 44];
    assert_eq!(features, [0xfe, 0x00, 0x04, 0x00]);
}

#[test]
fn a_device_that_keeps_the_host_waiting_asks_for_time_until_it_is_pulled_out() {
    let (port, mut qemu) = Port::plugged("hang@1");
    qemu.order(0x6f, 7, &hex::decode("00a4040005a000000308").unwrap());
    for _ in 0..2 {
        assert_eq!(qemu.message(), (0x80, Vec::new()));
    }
    port.room.remove(1).unwrap();
    assert_eq!(qemu.next().0, DEVICE_DISCONNECT);
    port.room.insert(2).unwrap();
    qemu.connected();
}

#[test]
fn a_transfer_that_the_host_gives_up_takes_no_answer_with_it() {
    let (_port, mut qemu) = Port::plugged("");
    qemu.want(5);
    qemu.send(CANCEL, 5, &[]);
    let (kind, id, body) = qemu.next();
    assert_eq!((kind, id, body[1]), (BULK, 5, 1));
    qemu.order(0x62, 1, &[]);
    assert_eq!(qemu.message().1, ATR);
}

#[test]
fn a_device_is_still_plugged_in_when_the_machine_starts_again() {
    let (port, qemu) = Port::plugged("");
    drop(qemu);
    port.qemu(CAPABILITIES).connected();
}

#[test]
fn a_qemu_that_speaks_an_older_protocol_is_not_talked_to() {
    let port = Port::new("");
    port.room.insert(1).unwrap();
    let mut qemu = port.qemu(0);
    assert_eq!(qemu.0.read(&mut [0; 16]).unwrap(), 0);
}
