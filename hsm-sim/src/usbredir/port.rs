//! A port of the guest: what the host's USB stack asks of the device plugged in there.

use super::ccid::{self, Request};
use super::wire::{self, Bulk, Packet, kind, status};
use super::{descriptors, descriptors as usb};
use crate::room::Held;
use crate::yubikey::ATR;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often qemu is looked for before it listens.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// How long a device that is busy keeps the host waiting without a word; hosts give up after a few
/// seconds.
const EXTENSION: Duration = Duration::from_secs(1);

/// A qemu that does not read must not stop the room.
const WRITING: Duration = Duration::from_secs(10);

/// One `usb-redir` device of qemu, through the socket of its chardev.
pub(super) struct Port {
    socket: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stream: Option<UnixStream>,
    plugged: Option<Arc<Held>>,
    /// Bytes of a message that is not whole yet.
    arrived: Vec<u8>,
    /// Transfers in which the host waits for data: number, and room for how many bytes.
    wanted: VecDeque<(u64, usize)>,
    /// Messages for which the host has not asked yet.
    ready: VecDeque<Vec<u8>>,
}

impl Port {
    /// The port behind a socket.
    #[must_use]
    pub(super) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one qemu after the other, as long as the program runs.
    pub(super) fn serve(self: &Arc<Self>) {
        loop {
            if let Ok(stream) = UnixStream::connect(&self.socket) {
                // However it ends, the next qemu is waited for.
                let _ = self.converse(stream);
                self.lock().hang_up();
            }
            std::thread::sleep(TRY_AGAIN);
        }
    }

    fn converse(self: &Arc<Self>, mut stream: UnixStream) -> io::Result<()> {
        stream.set_write_timeout(Some(WRITING))?;
        stream.write_all(&wire::hello())?;
        wire::read_hello(&mut stream)?;
        {
            let mut state = self.lock();
            state.stream = Some(stream.try_clone()?);
            if state.plugged.is_some() {
                state.announce()?;
            }
        }
        loop {
            let packet = wire::read(&mut stream)?;
            self.answer(packet)?;
        }
    }

    /// Plugs a device in.
    pub(super) fn plug(&self, device: Arc<Held>) {
        let mut state = self.lock();
        state.forget();
        state.plugged = Some(device);
        // A qemu that is gone hears of it when it is back.
        let _ = state.announce();
    }

    /// Pulls the device out.
    pub(super) fn unplug(&self) {
        let mut state = self.lock();
        state.forget();
        if state.plugged.take().is_some() {
            let _ = state.send(kind::DEVICE_DISCONNECT, 0, &[]);
        }
    }

    fn answer(self: &Arc<Self>, packet: Packet) -> io::Result<()> {
        let Packet { kind, id, body } = packet;
        let first = body.first().copied().unwrap_or(0);
        let mut state = self.lock();
        match kind {
            kind::CONTROL_PACKET => {
                let answer = control(&body).ok_or_else(|| short("control"))?;
                state.send(kind::CONTROL_PACKET, id, &answer)
            }
            kind::BULK_PACKET => {
                let (header, data) = Bulk::read(&body).ok_or_else(|| short("bulk"))?;
                if header.endpoint & 0x80 != 0 {
                    state.wanted.push_back((id, header.length as usize));
                    return state.deliver();
                }
                let done = Bulk::answer(header.endpoint, status::SUCCESS, data.len(), &[]);
                state.send(kind::BULK_PACKET, id, &done)?;
                state.arrived.extend(data);
                while let Some(message) = ccid::take(&mut state.arrived) {
                    self.message(&mut state, message)?;
                }
                Ok(())
            }
            kind::CANCEL_DATA_PACKET => {
                state.wanted.retain(|(wanted, _)| *wanted != id);
                let cancelled = Bulk::answer(usb::IN, status::CANCELLED, 0, &[]);
                state.send(kind::BULK_PACKET, id, &cancelled)
            }
            kind::SET_CONFIGURATION => state.send(kind::CONFIGURATION_STATUS, id, &[0, first]),
            kind::GET_CONFIGURATION => state.send(kind::CONFIGURATION_STATUS, id, &[0, 1]),
            kind::SET_ALT_SETTING => {
                let setting = body.get(1).copied().unwrap_or(0);
                state.send(kind::ALT_SETTING_STATUS, id, &[0, first, setting])
            }
            kind::GET_ALT_SETTING => state.send(kind::ALT_SETTING_STATUS, id, &[0, first, 0]),
            kind::START_INTERRUPT_RECEIVING => {
                state.send(kind::INTERRUPT_RECEIVING_STATUS, id, &[0, first])?;
                let [a, b] = ccid::CARD_CAME;
                state.send(kind::INTERRUPT_PACKET, 0, &[first, 0, 2, 0, a, b])
            }
            kind::STOP_INTERRUPT_RECEIVING => {
                state.send(kind::INTERRUPT_RECEIVING_STATUS, id, &[0, first])
            }
            kind::RESET => {
                state.forget();
                Ok(())
            }
            // Filters, acknowledgements, and other packets that ask for no answer.
            _ => Ok(()),
        }
    }

    fn message(self: &Arc<Self>, state: &mut State, message: ccid::Message) -> io::Result<()> {
        let Some(device) = state.plugged.clone() else {
            return Ok(());
        };
        let sequence = message.sequence;
        let answer = match message.request {
            Request::PowerOn => {
                // One that was pulled out has no power anyway.
                let _ = device.reset();
                ccid::data(sequence, &ATR)
            }
            Request::PowerOff => ccid::slot(sequence, false),
            Request::SlotStatus | Request::Abort => ccid::slot(sequence, true),
            Request::Parameters => ccid::parameters(sequence),
            Request::Unsupported => ccid::unsupported(sequence),
            Request::Command(command) => {
                let port = Arc::clone(self);
                std::thread::spawn(move || port.command(&device, sequence, command));
                return Ok(());
            }
        };
        state.ready.push_back(answer);
        state.deliver()
    }

    /// Has the device carry out a command, and asks the host for time as long as it does.
    fn command(&self, device: &Arc<Held>, sequence: u8, command: Vec<u8>) {
        let (sender, receiver) = channel();
        let card = Arc::clone(device);
        std::thread::spawn(move || {
            // Nobody waits for it any more when the program ends.
            let _ = sender.send(card.transmit(&command, || true));
        });
        let answer = loop {
            match receiver.recv_timeout(EXTENSION) {
                Ok(Ok(answer)) => break ccid::data(sequence, &answer),
                Err(RecvTimeoutError::Timeout) => {
                    self.ready_from(device, ccid::more_time(sequence));
                }
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => break ccid::mute(sequence),
            }
        };
        self.ready_from(device, answer);
    }

    /// A message from a device, which is lost when that is no longer plugged in.
    fn ready_from(&self, device: &Arc<Held>, message: Vec<u8>) {
        let mut state = self.lock();
        if state
            .plugged
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, device))
        {
            state.ready.push_back(message);
            let _ = state.deliver();
        }
    }
}

impl State {
    /// A new device, or a reset: nothing is under way.
    fn forget(&mut self) {
        self.arrived.clear();
        self.wanted.clear();
        self.ready.clear();
    }

    fn hang_up(&mut self) {
        self.forget();
        self.stream = None;
    }

    fn send(&mut self, kind: u32, id: u64, body: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.write_all(&wire::packet(kind, id, body)),
            None => Ok(()),
        }
    }

    /// Hands over what is ready, up to what the host has asked for.
    fn deliver(&mut self) -> io::Result<()> {
        while let (Some(&(id, room)), false) = (self.wanted.front(), self.ready.is_empty()) {
            self.wanted.pop_front();
            let mut message = self.ready.pop_front().unwrap_or_default();
            let rest = message.split_off(room.min(message.len()));
            if !rest.is_empty() {
                self.ready.push_front(rest);
            }
            let answer = Bulk::answer(usb::IN, status::SUCCESS, message.len(), &message);
            self.send(kind::BULK_PACKET, id, &answer)?;
        }
        Ok(())
    }

    /// Tells qemu what is plugged in: interfaces, endpoints, then the device.
    fn announce(&mut self) -> io::Result<()> {
        /// Room for interfaces and endpoints in the packets.
        const MOST: usize = 32;
        let mut interfaces = vec![0; 4 + 4 * MOST];
        interfaces[0] = 1;
        interfaces[4 + MOST] = descriptors::CLASS;
        self.send(kind::INTERFACE_INFO, 0, &interfaces)?;

        // Endpoints to the device are the first half, those to the host the second.
        let at = |address: u8| usize::from(address & 0x0f) + usize::from(address >> 7) * 16;
        let (control, bulk, interrupt, none) = (0, 2, 3, 0xff);
        let mut kinds = [none; MOST];
        let mut intervals = [0; MOST];
        let mut packets = [0u16; MOST];
        for (address, kind, packet) in [
            (0x00, control, usb::PACKET),
            (0x80, control, usb::PACKET),
            (usb::OUT, bulk, usb::PACKET),
            (usb::IN, bulk, usb::PACKET),
            (usb::INTERRUPT, interrupt, usb::INTERRUPT_PACKET),
        ] {
            kinds[at(address)] = kind;
            packets[at(address)] = packet;
        }
        intervals[at(usb::INTERRUPT)] = usb::INTERVAL;
        let mut endpoints = [kinds, intervals, [0; MOST]].concat();
        endpoints.extend(packets.iter().flat_map(|packet| packet.to_le_bytes()));
        self.send(kind::ENDPOINT_INFO, 0, &endpoints)?;

        // Full speed; the class is said by the interface.
        let mut device = vec![1, 0, 0, 0];
        for number in [usb::VENDOR, usb::PRODUCT, usb::RELEASE] {
            device.extend(number.to_le_bytes());
        }
        self.send(kind::DEVICE_CONNECT, 0, &device)
    }
}

/// The answer to a request at the control endpoint; nothing when it is too short.
fn control(body: &[u8]) -> Option<Vec<u8>> {
    let [endpoint, request, kind, _, v0, v1, i0, i1, l0, l1] = *body.first_chunk::<10>()?;
    let length = u16::from_le_bytes([l0, l1]);
    let data = match (kind, request) {
        // Get a descriptor; get the status of device or interface.
        (0x80, 6) => descriptors::descriptor(v1, v0),
        (0x80 | 0x81, 0) => Some(vec![0, 0]),
        // Clear a halt; abort.
        (0x02, 1) | (0x21, 1) => Some(Vec::new()),
        _ => None,
    };
    let outcome = if data.is_some() {
        status::SUCCESS
    } else {
        status::STALL
    };
    let mut data = data.unwrap_or_default();
    data.truncate(usize::from(length));
    let [l0, l1] = if kind & 0x80 != 0 {
        (data.len() as u16).to_le_bytes()
    } else {
        length.to_le_bytes()
    };
    let header = [endpoint, request, kind, outcome, v0, v1, i0, i1, l0, l1];
    Some([&header[..], &data].concat())
}

fn short(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a {what} packet is too short"),
    )
}
