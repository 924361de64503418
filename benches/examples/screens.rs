//! How fast the screens answer: `make bench-screens`.
//!
//! The program runs itself in a pseudo-terminal. Its driver hangs in a device call or asks for the
//! review of a very long document. The program presses keys and waits for the frame that answers
//! each. It exits with 1 when a bound is not kept.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
    io::{Read as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use keymoot::{
    driver::{Operator, Reading, View, Work},
    rehearsal::cast,
    tui,
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{Plan, PlanFiles, Question, State, script::Document},
    transcript::Mode,
};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// What ends a frame (synchronized output, DEC mode 2026).
const ENDS: &[u8] = b"\x1b[?2026l";

const HANG: Duration = Duration::from_secs(25);
const LINES: usize = 200_000;
const ANSWERED: Duration = Duration::from_millis(16);
const STARTED: Duration = Duration::from_millis(100);
/// Of one core, in percent.
const IDLE: f64 = 1.0;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--hang") => shown(|operator, view| {
            operator.show(view);
            let doing = "signing".to_owned();
            operator.working(&Work::Busy { doing }, None);
            thread::sleep(HANG + Duration::from_secs(5));
        }),
        Some("--review") => shown(|operator, view| {
            operator.show(view);
            let question = Question::HaveYouRead {
                document: Document::Root,
                signed: Digest::of(b"long"),
            };
            let _ = operator.ask(&question, None);
        }),
        _ => return judge(),
    }
    ExitCode::SUCCESS
}

/// The screens over a driver of our own.
fn shown(drive: impl FnOnce(&mut dyn Operator, &View) + Send) {
    let read = |name: &str| {
        let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ceremony-scripts");
        std::fs::read_to_string(scripts.join(name)).unwrap()
    };
    let files = PlanFiles {
        script: read("initial-root.toml").replace(", \"targets.json\", \"crates.json\"", ""),
        policy: cast::with_online_key(&read("policy.toml")).unwrap(),
        roster: cast::Cast::of(9).roster(),
        inputs: Default::default(),
    };
    let plan = Plan::check(files).unwrap_or_else(|_| panic!("the shipped plan"));
    let line = |n| format!("  \"line {n} of a very long document\": \"{n:064x}\",");
    let view = View {
        state: Arc::new(State::new(Arc::new(plan))),
        head: Digest::of(b"head"),
        entries: 1,
        last: None,
        readings: Arc::new([Reading {
            name: "root.json".to_owned(),
            version: 1,
            signed: Digest::of(b"long"),
            changes: vec!["Everything changes.".to_owned()],
            lines: (0..LINES).map(line).collect(),
            reasons: Vec::new(),
        }]),
        due: None,
    };
    tui::run(Mode::Rehearsal, "How fast it is", None, |operator| {
        drive(operator, &view);
    })
    .unwrap();
}

/// A program at a terminal, and the moments at which its frames were whole.
struct AtTerminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn std::io::Write + Send>,
    frames: mpsc::Receiver<Instant>,
    begun: Instant,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl AtTerminal {
    fn start(program: PathBuf, arguments: &[&str]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "linux");
        command.env("LANG", "C.UTF-8");
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let begun = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let (tell, frames) = mpsc::channel();
        thread::spawn(move || {
            let (mut bytes, mut tail) = ([0; 1 << 16], Vec::new());
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let now = Instant::now();
                tail.extend_from_slice(&bytes[..read]);
                let whole = tail.windows(ENDS.len()).any(|part| part == ENDS);
                let keep = tail.len().saturating_sub(ENDS.len() - 1);
                tail.drain(..keep);
                if whole && tell.send(now).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            frames,
            begun,
            _master: pair.master,
        }
    }

    fn first(&self) -> Duration {
        let first = self.frames.recv_timeout(Duration::from_secs(30));
        first.expect("a frame").duration_since(self.begun)
    }

    /// Presses a key and waits for the frame that answers it.
    fn answered(&mut self, key: &[u8]) -> Duration {
        while self.frames.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.keyboard.write_all(key).unwrap();
        self.keyboard.flush().unwrap();
        let frame = self.frames.recv_timeout(Duration::from_secs(30));
        frame.expect("an answer").duration_since(pressed)
    }

    /// Presses these keys in turn for so long, every 40 milliseconds.
    fn press(&mut self, keys: &[&[u8]], long: Duration) -> Vec<Duration> {
        let until = Instant::now() + long;
        let mut took = Vec::new();
        for key in keys.iter().cycle() {
            if Instant::now() >= until {
                break;
            }
            took.push(self.answered(key));
            thread::sleep(Duration::from_millis(40));
        }
        took
    }

    /// Processor time that the program has used, in seconds (proc(5), stat).
    fn used(&self) -> f64 {
        let id = self.child.process_id().unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let after = stat.rsplit(')').next().unwrap();
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        // utime and stime are fields 14 and 15, in hundredths of a second.
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says how the times are spread; whether 95 of 100 are within the bound.
fn told(what: &str, mut took: Vec<Duration>) -> bool {
    took.sort();
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
    println!(
        "{what}: {} keys, half within {:.1} ms, 95 of 100 within {:.1} ms, all within {:.1} ms",
        took.len(),
        at(50),
        at(95),
        at(100)
    );
    at(95) <= ANSWERED.as_secs_f64() * 1_000.0
}

fn judge() -> ExitCode {
    let here = std::env::current_exe().unwrap();
    let help: &[u8] = b"\x07";
    let escape: &[u8] = b"\x1b";

    let mut hanging = AtTerminal::start(here.clone(), &["--hang"]);
    hanging.first();
    let mut kept = told(
        "while a device call hangs",
        hanging.press(&[help, escape], HANG),
    );
    drop(hanging);

    let mut review = AtTerminal::start(here.clone(), &["--review"]);
    review.first();
    thread::sleep(Duration::from_secs(3));
    let keys: [&[u8]; 8] = [
        b"\x1b[6~", b"\x1b[6~", b"\x1b[B", b"\x1b[F", b"x", b"\x7f", b"\x1b[5~", b"\x1b[H",
    ];
    kept &= told(
        &format!("while {LINES} lines are reviewed"),
        review.press(&keys, Duration::from_secs(15)),
    );
    let (before, since) = (review.used(), Instant::now());
    thread::sleep(Duration::from_secs(10));
    let idle = (review.used() - before) / since.elapsed().as_secs_f64() * 100.0;
    println!("idle: {idle:.2} % of a core");
    kept &= idle < IDLE;
    drop(review);

    // The program itself is beside the folder of examples.
    let keymoot = here.parent().unwrap().parent().unwrap().join("keymoot");
    let mut starts: Vec<_> = (0..10)
        .map(|_| {
            let folder = tempfile::tempdir().unwrap();
            let dir = folder.path().join("ceremony");
            AtTerminal::start(
                keymoot.clone(),
                &["rehearse", "--dir", dir.to_str().unwrap()],
            )
            .first()
        })
        .collect();
    starts.sort();
    let slowest = starts[starts.len() - 1];
    println!(
        "first screen of a rehearsal, its simulator started on the way: {:.0} ms, at most {:.0} ms",
        starts[starts.len() / 2].as_secs_f64() * 1_000.0,
        slowest.as_secs_f64() * 1_000.0
    );
    kept &= starts[starts.len() / 2] <= STARTED;
    if kept {
        ExitCode::SUCCESS
    } else {
        println!("a bound is not kept");
        ExitCode::FAILURE
    }
}
