//! A client that speaks pcsc-lite's protocol itself, byte by byte: for what the library does not
//! let a test do.

use hsm_sim::yubikey::piv::state::ManagementKey;
use hsm_sim::yubikey::plate::Firmware;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

pub(crate) struct Raw {
    pub stream: UnixStream,
    handle: u32,
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

impl Raw {
    pub(crate) fn open(socket: &Path) -> Self {
        Self {
            stream: UnixStream::connect(socket).unwrap(),
            handle: 0,
        }
    }

    /// Sends one structure and reads `answer` bytes.
    pub(crate) fn ask(&mut self, command: u32, body: &[u8], answer: usize) -> Vec<u8> {
        let header = words(&[body.len() as u32, command]);
        self.stream.write_all(&[&header, body].concat()).unwrap();
        self.read(answer)
    }

    pub(crate) fn read(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// What the service says to protocol version 4.`minor`: the minor version and the result.
    pub(crate) fn version(&mut self, minor: u32) -> (u32, u32) {
        let answer = self.ask(0x11, &words(&[4, minor, 0]), 12);
        (number(&answer, 4), number(&answer, 8))
    }

    /// Connects to the first reader, and selects PIV.
    pub(crate) fn piv(socket: &Path) -> Self {
        let mut raw = Self::connected(socket);
        assert!(raw.select().unwrap().ends_with("9000"));
        raw
    }

    /// Selects PIV.
    pub(crate) fn select(&mut self) -> Result<String, u32> {
        self.send("00a4040005a000000308")
    }

    /// Connects to the first reader.
    pub(crate) fn connected(socket: &Path) -> Self {
        let mut raw = Self::open(socket);
        assert_eq!(raw.version(4), (4, 0));
        let context = number(&raw.ask(0x01, &words(&[0, 0, 0]), 12), 4);
        let mut name = b"Yubico YubiKey OTP+FIDO+CCID 00 00".to_vec();
        name.resize(128, 0);
        let body = [words(&[context]), name, words(&[2, 3, 0, 0, 0])].concat();
        let answer = raw.ask(0x04, &body, body.len());
        assert_eq!(number(&answer, 148), 0, "connected");
        raw.handle = number(&answer, 140);
        raw
    }

    /// The same, with the factory management key of firmware 5.7 used.
    pub(crate) fn authenticated(socket: &Path) -> Self {
        let mut raw = Self::piv(socket);
        let challenge = hex::decode(raw.send("00870a9b047c028100").unwrap()).unwrap();
        let key = ManagementKey::factory(Firmware::new(5, 7, 4));
        let proof = hex::encode(key.encrypt(&challenge[4..20]).unwrap());
        assert_eq!(
            raw.send(&format!("00870a9b147c128210{proof}")).unwrap(),
            "9000"
        );
        raw
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self) {
        let answer = self.ask(0x07, &words(&[self.handle, 0]), 8);
        assert_eq!(number(&answer, 4), 0);
    }

    /// One command to the card: the answer in hexadecimal, or the service's result code.
    pub(crate) fn send(&mut self, command: &str) -> Result<String, u32> {
        let command = hex::decode(command).unwrap();
        let body = words(&[self.handle, 2, 16, command.len() as u32, 2, 16, 65546, 0]);
        let header = words(&[body.len() as u32, 0x09]);
        self.stream
            .write_all(&[&header, &body, &command].map(Vec::as_slice).concat())
            .unwrap();
        let answer = self.read(32);
        match number(&answer, 28) {
            0 => Ok(hex::encode(self.read(number(&answer, 24) as usize))),
            code => Err(code),
        }
    }
}

pub(crate) fn number(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}
