//! A connector in the test's own process, with devices whose clock the test holds, and the
//! `yubihsm` crate in front.

use hsm_sim::vendor::Published;
use hsm_sim::yubihsm::connector;
use hsm_sim::yubihsm::device::Store;
use hsm_sim::yubihsm::fault::Plan;
use hsm_sim::yubihsm::plate::Version;
use hsm_sim::yubihsm::room::Room;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use yubihsm::authentication::Credentials;
use yubihsm::connector::HttpConfig;
use yubihsm::{Client, client};

pub(crate) struct Bench {
    pub room: Arc<Room>,
    pub address: SocketAddr,
    pub serials: Vec<u32>,
    pub vendor: Vec<Published>,
}

impl Bench {
    /// A connector with new devices, the first of them plugged in.
    pub(crate) fn new(firmware: &str, count: usize) -> Self {
        let versions: [Version; 1] = [firmware.parse().unwrap()];
        Self::with(Store::open(None, Some(7), count, &versions).unwrap())
    }

    pub(crate) fn with(store: Store) -> Self {
        let serials = store.devices().iter().map(|d| d.plate.serial).collect();
        let vendor = store.vendor().published();
        let room = Arc::new(Room::new(store, Plan::default()));
        room.insert(1).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn({
            let room = Arc::clone(&room);
            move || connector::serve(&listener, &room)
        });
        Self {
            room,
            address,
            serials,
            vendor,
        }
    }

    pub(crate) fn connector(&self) -> yubihsm::Connector {
        yubihsm::Connector::http(&HttpConfig {
            addr: self.address.ip().to_string(),
            port: self.address.port(),
            timeout_ms: 5000,
        })
    }

    /// A client with one session, which it never opens again.
    pub(crate) fn open(&self, key: u16, password: &str) -> Result<Client, client::Error> {
        let credentials = Credentials::from_password(key, password.as_bytes());
        Client::open(self.connector(), credentials, false)
    }

    pub(crate) fn admin(&self) -> Client {
        self.open(1, "password").unwrap()
    }

    pub(crate) fn fault(&self, plan: &str) {
        use hsm_sim::control::Controlled;
        use hsm_sim::yubihsm::room::Request;
        let plan = plan.to_owned();
        self.room
            .carry_out(Request::Fault { device: None, plan })
            .unwrap();
    }
}
