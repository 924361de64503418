//! One device on the bench, without readers or sockets: commands in hexadecimal, answers in
//! hexadecimal.

use hsm_sim::vendor::Published;
use hsm_sim::yubikey::device::Store;
use hsm_sim::yubikey::{Card, Outcome};

pub(crate) struct Bench {
    pub card: Card,
    pub serial: u32,
    pub vendor: Vec<Published>,
}

impl Bench {
    /// A new device of this firmware, PIV selected.
    pub(crate) fn new(firmware: &str) -> Self {
        let store = Store::open(None, Some(7), 1, &[firmware.parse().unwrap()]).unwrap();
        let device = store.devices()[0].clone();
        let card = Card::new(device.plate.clone(), device.piv, store.seed().clone());
        let mut bench = Self {
            card,
            serial: device.plate.serial,
            vendor: store.vendor().published(),
        };
        bench.select();
        bench
    }

    pub(crate) fn select(&mut self) {
        assert!(self.send("00a4040005a000000308").ends_with("9000"));
    }

    /// The answer, data and status word; panics when the device wants to be touched.
    pub(crate) fn send(&mut self, command: &str) -> String {
        match self.card.transmit(&hex::decode(command).unwrap()) {
            Outcome::Answer(answer) => hex::encode(answer),
            Outcome::AwaitTouch => panic!("{command} waits for a touch"),
        }
    }

    /// The answer to a command that waits for a touch, which is given or not.
    pub(crate) fn touch(&mut self, command: &str, touched: bool) -> String {
        match self.card.transmit(&hex::decode(command).unwrap()) {
            Outcome::Answer(answer) => panic!(
                "{command} did not wait for a touch: {}",
                hex::encode(answer)
            ),
            Outcome::AwaitTouch => hex::encode(self.card.resume(touched)),
        }
    }

    /// Sends the whole of a command, and collects the whole of its answer, in short pieces.
    pub(crate) fn long(&mut self, header: &str, data: &[u8]) -> Vec<u8> {
        let pieces: Vec<&[u8]> = data.chunks(255).collect();
        let mut answer = String::new();
        for (i, piece) in pieces.iter().enumerate() {
            let class = if i + 1 < pieces.len() { "10" } else { "00" };
            answer = self.send(&format!(
                "{class}{header}{:02x}{}",
                piece.len(),
                hex::encode(piece)
            ));
        }
        self.collect(&answer)
    }

    pub(crate) fn collect(&mut self, answer: &str) -> Vec<u8> {
        let mut bytes = hex::decode(answer).unwrap();
        while let [.., 0x61, _] = bytes.as_slice() {
            bytes.truncate(bytes.len() - 2);
            bytes.extend(hex::decode(self.send("00c0000000")).unwrap());
        }
        assert_eq!(bytes.split_off(bytes.len() - 2), [0x90, 0x00]);
        bytes
    }

    pub(crate) fn verify(&mut self, pin: &str) -> String {
        self.send(&format!("0020008008{}", code(pin)))
    }

    pub(crate) fn change(&mut self, which: u8, old: &str, new: &str) -> String {
        self.send(&format!("002400{which:02x}10{}{}", code(old), code(new)))
    }

    pub(crate) fn unblock(&mut self, puk: &str, pin: &str) -> String {
        self.send(&format!("002c008010{}{}", code(puk), code(pin)))
    }

    /// Authenticates with the management key the device has, by mutual challenge.
    pub(crate) fn authenticate(&mut self) {
        let key = self.card.state().management.clone();
        let id = key.cipher.id();
        let answer = hex::decode(self.send(&format!("0087{id:02x}9b047c028000"))).unwrap();
        let witness = key.decrypt(&answer[4..answer.len() - 2]).unwrap();
        let length = witness.len();
        let body = format!(
            "80{length:02x}{}81{length:02x}{}",
            hex::encode(&witness),
            "5a".repeat(length)
        );
        let template = format!("7c{:02x}{body}", body.len() / 2);
        let answer = self.send(&format!(
            "0087{id:02x}9b{:02x}{template}",
            template.len() / 2
        ));
        let proof = key.encrypt(&vec![0x5a; length]).unwrap();
        assert!(
            answer.contains(&hex::encode(proof)) && answer.ends_with("9000"),
            "{answer}"
        );
    }

    /// Generates a P-256 key with these policies; its public point.
    pub(crate) fn generate(&mut self, slot: u8, pin: u8, touch: u8) -> Vec<u8> {
        self.authenticate();
        let answer = self.send(&format!(
            "004700{slot:02x}0bac09800111aa01{pin:02x}ab01{touch:02x}"
        ));
        assert!(
            answer.starts_with("7f49438641") && answer.ends_with("9000"),
            "{answer}"
        );
        hex::decode(&answer[10..answer.len() - 4]).unwrap()
    }

    pub(crate) fn attest(&mut self, slot: u8) -> Vec<u8> {
        let answer = self.send(&format!("00f9{slot:02x}00"));
        self.collect(&answer)
    }

    pub(crate) fn f9_certificate(&mut self) -> Vec<u8> {
        let answer = self.send("00cb3fff055c035fff01");
        let object = self.collect(&answer);
        let content = hsm_sim::tlv::find(&object, 0x53).unwrap();
        hsm_sim::tlv::find(content, 0x70).unwrap().to_vec()
    }
}

/// Signs 32 bytes with the P-256 key in this slot.
pub(crate) fn sign(slot: u8) -> String {
    format!("008711{slot:02x}267c2482008120{}", "11".repeat(32))
}

fn code(text: &str) -> String {
    format!("{:f<16}", hex::encode(text))
}
