//! The machine: qemu with the image, two sticks, and two ports for simulated devices.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::console::Console;
use crate::failure::{Failure, Step};

/// Debian's OVMF.
const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE.fd";

/// How long qemu takes to listen at its sockets.
const SETTLE: Duration = Duration::from_secs(10);

/// How the machine starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The kernel, the initramfs and the command line of the image, without firmware: quick.
    Kernel,
    /// The stick, by UEFI firmware, with a screen: as people start it.
    Stick,
}

/// A machine that runs; dropping it cuts the power.
pub(crate) struct Machine {
    /// Its serial console.
    pub console: Console,
    monitor: Monitor,
    _power: Power,
}

/// Where the sockets of the machine's USB ports are.
pub(crate) fn ports(folder: &Path) -> Vec<PathBuf> {
    vec![folder.join("port-1"), folder.join("port-2")]
}

impl Machine {
    /// Starts the image with these sticks in it. `folder` is for sockets and logs.
    ///
    /// # Errors
    /// qemu does not start.
    pub(crate) fn start(image: &Path, start: Start, sticks: &[&Path], folder: &Path) -> Step<Self> {
        let at = |name: &str| folder.join(name);
        for socket in ["console", "monitor", "port-1", "port-2"] {
            let _ = std::fs::remove_file(at(socket));
        }
        let mut qemu = Command::new("nice");
        qemu.args([
            "-n",
            "10",
            "qemu-system-x86_64",
            "-accel",
            "tcg",
            "-cpu",
            "max",
        ])
        .args(["-machine", "q35", "-smp", "1", "-m", "1024", "-nodefaults"])
        .args(["-no-user-config", "-display", "none", "-net", "none"])
        .args(["-rtc", "base=utc"])
        .args(["-device", "qemu-xhci,id=xhci,p2=8,p3=8"])
        .args(["-serial", "chardev:console"])
        .args(["-device", "usb-kbd,bus=xhci.0"]);
        let socket = |id: &str| {
            format!(
                "socket,id={id},path={},server=on,wait=off",
                at(id).display()
            )
        };
        qemu.args(["-chardev", &socket("console")]);
        qemu.args([
            "-qmp",
            &format!("unix:{},server=on,wait=off", at("monitor").display()),
        ]);
        for port in ["port-1", "port-2"] {
            qemu.args(["-chardev", &socket(port)]);
            qemu.args(["-device", &format!("usb-redir,chardev={port},bus=xhci.0")]);
        }
        match start {
            Start::Kernel => {
                let line = std::fs::read_to_string(image.join("cmdline"))?;
                qemu.arg("-kernel").arg(image.join("vmlinuz"));
                qemu.arg("-initrd").arg(image.join("initrd.zst"));
                // On a busy host the guest measures the rate of its time stamp counter wrongly, and
                // its clock ran six times too fast. The machine's other clock is qemu's own.
                let line = format!("{} clocksource=acpi_pm tsc=unstable", line.trim());
                qemu.args(["-append", &line, "-vga", "none"]);
            }
            Start::Stick => {
                qemu.args(["-vga", "std"]);
                qemu.args([
                    "-drive",
                    &format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"),
                ]);
                let stick = image.join("keymoot.img");
                qemu.args([
                    "-drive",
                    &format!(
                        "if=none,id=boot,format=raw,readonly=on,file={}",
                        stick.display()
                    ),
                ]);
                qemu.args(["-device", "usb-storage,bus=xhci.0,drive=boot,bootindex=1"]);
            }
        }
        for (number, stick) in sticks.iter().enumerate() {
            // What the guest wrote is in the file at once, and nothing else is: so a kill is
            // a power cut, in which the guest's own caches alone are lost.
            qemu.args([
                "-drive",
                &format!(
                    "if=none,id=stick{number},format=raw,cache=directsync,file={}",
                    stick.display()
                ),
            ]);
            qemu.args([
                "-device",
                &format!("usb-storage,bus=xhci.0,drive=stick{number},removable=on"),
            ]);
        }
        qemu.stdin(Stdio::null()).stdout(Stdio::null());
        qemu.stderr(std::fs::File::create(at("qemu.log"))?);
        let mut power = Power(qemu.spawn()?);

        // A socket is there a moment before qemu listens at it.
        let end = Instant::now() + SETTLE;
        let monitor = loop {
            if let Ok(monitor) = Monitor::connect(&at("monitor")) {
                break monitor;
            }
            if Instant::now() > end || power.0.try_wait()?.is_some() {
                let said = std::fs::read_to_string(at("qemu.log")).unwrap_or_default();
                return Err(Failure(format!("qemu does not start: {said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        Ok(Self {
            console: Console::connect(&at("console"), &at("console.log"))?,
            monitor,
            _power: power,
        })
    }

    /// Types at the keyboard of the screen; `\n` is Enter, `\u{c}` Ctrl-L.
    ///
    /// # Errors
    /// qemu does not take a key.
    pub(crate) fn press(&mut self, text: &str) -> Step {
        for sign in text.chars() {
            let key = match sign {
                '\n' => "ret".to_owned(),
                ' ' => "spc".to_owned(),
                '-' => "minus".to_owned(),
                '\u{c}' => "l".to_owned(),
                other => other.to_string(),
            };
            match sign {
                '\u{c}' => self.chord(&["ctrl", &key])?,
                _ => self.chord(&[&key])?,
            }
        }
        Ok(())
    }

    /// Presses these keys together; qemu's names for them.
    ///
    /// # Errors
    /// qemu does not take a key.
    pub(crate) fn chord(&mut self, keys: &[&str]) -> Step {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| json!({ "type": "qcode", "data": key }))
            .collect();
        self.monitor.ask("send-key", json!({ "keys": keys }))?;
        std::thread::sleep(Duration::from_millis(150));
        Ok(())
    }

    /// Keeps what the screen shows, as PNG.
    ///
    /// # Errors
    /// qemu cannot write the picture.
    pub(crate) fn picture(&mut self, file: &Path) -> Step {
        let file = std::path::absolute(file)?;
        let arguments = json!({ "filename": file, "format": "png" });
        self.monitor.ask("screendump", arguments)?;
        Ok(())
    }

    /// Cuts the power.
    pub(crate) fn cut(self) {
        drop(self);
    }
}

/// The process of qemu; dropping it kills the machine.
struct Power(Child);

impl Drop for Power {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// qemu's own protocol (QMP), one JSON object a line.
struct Monitor {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Monitor {
    fn connect(socket: &Path) -> Step<Self> {
        let writer = UnixStream::connect(socket)?;
        let mut monitor = Self {
            reader: BufReader::new(writer.try_clone()?),
            writer,
        };
        monitor.reader.read_line(&mut String::new())?;
        monitor.ask("qmp_capabilities", json!({}))?;
        Ok(monitor)
    }

    fn ask(&mut self, command: &str, arguments: Value) -> Step {
        let request = json!({ "execute": command, "arguments": arguments });
        self.writer.write_all(format!("{request}\n").as_bytes())?;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(Failure("qemu is gone".to_owned()));
            }
            let answer: Value = serde_json::from_str(&line).unwrap_or_default();
            if answer.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = answer.get("error") {
                return Err(Failure(format!("qemu refused {command}: {error}")));
            }
        }
    }
}
