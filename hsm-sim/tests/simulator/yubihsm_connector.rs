//! The connector's HTTP, what devices remember between runs, and the command line.

use crate::common::connector::Bench;
use hsm_sim::control::Controlled;
use hsm_sim::yubihsm::device::Store;
use hsm_sim::yubihsm::room::Request;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use yubihsm::asymmetric::Algorithm;
use yubihsm::{Capability, Domain, object};

/// Sends bytes, and returns what one read gives.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).unwrap();
    let mut buffer = vec![0; 65536];
    let count = stream.read(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

fn post(length: usize) -> Vec<u8> {
    let head =
        format!("POST /connector/api HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    // An echo, as long as that.
    let mut body = vec![0; length];
    let inside = length.saturating_sub(3) as u16;
    for (at, byte) in [(0, 1), (1, (inside >> 8) as u8), (2, inside as u8)] {
        body.iter_mut().skip(at).take(1).for_each(|b| *b = byte);
    }
    [head.as_bytes(), &body].concat()
}

const STATUS: &[u8] = b"GET /connector/status HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn the_status_says_whether_a_device_is_there() {
    let bench = Bench::new("2.4.1", 1);
    let mut stream = TcpStream::connect(bench.address).unwrap();
    let port = bench.address.port();
    let pid = std::process::id();
    for status in ["OK", "NO_DEVICE"] {
        let expected = format!(
            "\r\n\r\nstatus={status}\nserial=*\nversion=3.0.5\npid={pid}\naddress=127.0.0.1\nport={port}\n"
        );
        let answer = exchange(&mut stream, STATUS);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&expected), "{answer}");
        // The second time around it is gone.
        let _ = bench.room.remove(1);
    }
    assert!(exchange(&mut stream, &post(3)).starts_with("HTTP/1.1 500 "));
}

#[test]
fn one_connection_serves_many_messages_each_answered_in_one_piece() {
    let bench = Bench::new("2.4.1", 1);
    let mut stream = TcpStream::connect(bench.address).unwrap();
    for length in [3, 100, 2048] {
        let answer = exchange(&mut stream, &post(length));
        assert!(
            answer.contains(&format!("Content-Length: {length}\r\n")),
            "{answer}"
        );
        assert!(answer.contains("application/octet-stream"));
        assert!(!answer.to_lowercase().contains("transfer-encoding"));
        assert!(answer.len() >= length);
    }
}

#[test]
fn a_client_that_asks_first_gets_permission_to_continue() {
    let bench = Bench::new("2.4.1", 1);
    let mut stream = TcpStream::connect(bench.address).unwrap();
    let head = b"POST /connector/api HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(exchange(&mut stream, head), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(exchange(&mut stream, &[1, 0, 0]).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn messages_of_impossible_length_are_refused() {
    let bench = Bench::new("2.4.1", 1);
    // The refusal comes after the whole body, so that a client that is still writing sees it.
    for length in [0, 2, 2052, 500_000] {
        let mut stream = TcpStream::connect(bench.address).unwrap();
        for _ in 0..2 {
            let answer = exchange(&mut stream, &post(length));
            assert!(answer.starts_with("HTTP/1.1 400 "), "{length}: {answer}");
        }
    }
    let endless = b"POST /connector/api HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
    let mut stream = TcpStream::connect(bench.address).unwrap();
    assert!(exchange(&mut stream, endless).starts_with("HTTP/1.1 400 "));
    // What the connector lets through and the device does not take, the device refuses.
    let bench = Bench::new("2.2.0", 1);
    let mut stream = TcpStream::connect(bench.address).unwrap();
    let answer = exchange(&mut stream, &post(2051));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\u{7f}\0\u{1}\u{8}"));
}

#[test]
fn nonsense_ends_a_connection_and_not_the_connector() {
    let bench = Bench::new("2.4.1", 1);
    for (request, status) in [
        (&b"\0\0\0\0\r\n\r\n"[..], "400"),
        (
            b"POST /connector/api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400",
        ),
        (
            b"POST /connector/api HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "400",
        ),
        (b"GET /connector/api HTTP/1.1\r\n\r\n", "405"),
        (
            b"POST /connector/status HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "405",
        ),
        (b"GET /etc/passwd HTTP/1.1\r\n\r\n", "404"),
    ] {
        let mut stream = TcpStream::connect(bench.address).unwrap();
        let answer = exchange(&mut stream, request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    let mut stream = TcpStream::connect(bench.address).unwrap();
    stream.write_all(&[b'a'; 20_000]).unwrap();
    let mut answer = String::new();
    // The rest of the nonsense may still be under way when the connection ends.
    let _ = stream.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    bench.admin();
}

#[test]
fn any_message_gets_an_answer_and_none_ends_the_device() {
    let bench = Bench::new("2.4.1", 1);
    for code in 0..=255u8 {
        for data in [&[][..], &[0], &[0; 11], &[0xff; 40]] {
            let length = u16::try_from(data.len()).unwrap().to_be_bytes();
            let frame = [&[code][..], &length, data].concat();
            match bench.room.transmit(&frame) {
                hsm_sim::yubihsm::room::Delivery::Answer(answer) => assert!(answer.len() >= 3),
                other => panic!("{code:02x}: {other:?}"),
            }
        }
    }
    bench.admin();
}

#[test]
fn one_device_at_a_time() {
    let bench = Bench::new("2.4.1", 2);
    let act = |request| bench.room.carry_out(request);
    let error = act(Request::Insert { device: 2 }).unwrap_err();
    assert!(error.contains("remove it first"), "{error}");
    assert!(act(Request::Remove { device: 2 }).is_err());
    assert!(
        act(Request::Insert { device: 3 })
            .unwrap_err()
            .contains("1 to 2")
    );
    act(Request::Remove { device: 1 }).unwrap();
    act(Request::Insert { device: 2 }).unwrap();
    let devices = &act(Request::Devices {}).unwrap()["devices"];
    assert_eq!(devices[0]["inserted"], false);
    assert_eq!(devices[1]["inserted"], true);
}

#[test]
fn watchers_hear_what_happens() {
    let bench = Bench::new("2.4.1", 1);
    let (_, events) = bench.room.watch();
    bench.admin().blink_device(5).unwrap();
    bench.room.remove(1).unwrap();
    bench.room.insert(1).unwrap();
    for event in ["blinking", "removed", "inserted"] {
        assert!(events.recv().unwrap().contains(event));
    }
}

#[test]
fn devices_remember_in_their_file_what_was_answered_and_no_secret_can_be_read_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    let open = |number| Store::open(Some(path.clone()), number, 1, &["2.2.0".parse().unwrap()]);
    let bench = Bench::with(open(Some(7)).unwrap());
    let client = bench.admin();
    let secret = [0x5a; 32];
    client
        .put_asymmetric_key(
            3,
            "key".into(),
            Domain::DOM1,
            Capability::SIGN_ECDSA,
            Algorithm::EcP256,
            secret.to_vec(),
        )
        .unwrap();
    let log = client.get_log_entries().unwrap().entries.len();

    let again = Bench::with(open(Some(7)).unwrap());
    let client = again.admin();
    // A power-up and the two halves of a session came to the log.
    assert_eq!(client.get_log_entries().unwrap().entries.len(), log + 3);
    let kind = object::Type::AsymmetricKey;
    assert!(client.get_object_info(3, kind).is_ok());
    let text = std::fs::read(&path).unwrap();
    for hidden in [
        &secret[..],
        hex::encode(secret).as_bytes(),
        b"DEFAULT AUTHKEY",
    ] {
        assert!(!text.windows(hidden.len()).any(|window| window == hidden));
    }
    assert!(open(Some(8)).is_err());
}

#[test]
fn the_same_seed_makes_the_same_devices() {
    let make = |seed| {
        let store = Store::open(None, Some(seed), 2, &["2.4.1".parse().unwrap()]).unwrap();
        let devices = store.devices().to_vec();
        let certificates = devices.iter().map(|d| d.factory.certificate.clone());
        certificates.collect::<Vec<_>>()
    };
    let devices = make(7);
    assert_eq!(devices, make(7));
    assert_ne!(devices[0], devices[1]);
}

#[test]
fn only_loopback_addresses_are_served() {
    let done = Command::new(env!("CARGO_BIN_EXE_hsm-sim"))
        .args(["yubihsm", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(
        !done.status.success() && text.contains("loopback"),
        "{text}"
    );
}
