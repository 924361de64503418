//! `keymoot verify` refuses a huge bundle of any kind
//! within ten seconds and 200 MB.
//!
//! A gigabyte that is refused by its size is sparse here: the disk holds next to
//! nothing of it, and the verifier cannot know. What is just below the bounds is made
//! by somebody who can write everything again but sign for nobody: the manifest lists
//! what is there.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
};

use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::Files,
    transcript::{Chain, Event},
};
use serde_json::{Value, json};

use testkit::{
    programs::python,
    stage::{finished, program, said},
};

/// A gigabyte, and what a bundle and a file of it may be at most, in bytes.
const GIGABYTE: u64 = 1 << 30;
const MOST: usize = 8 << 20;
const MOST_OF_ONE: usize = 2 << 20;

/// Runs `keymoot verify`, which must refuse, and gives the seconds of the processors and
/// the megabytes that it took at most. Other load of the machine does not count.
const MEASURE: &str = r#"
import resource, subprocess, sys
said = subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.buffer.write(said.stdout[-4000:] + said.stderr[-4000:])
print(said.returncode, round(used.ru_utime + used.ru_stime, 2), used.ru_maxrss // 1024, len(said.stdout))
"#;

fn refused(what: &str, bundle: &Path) {
    let output = python()
        .args(["-c", MEASURE])
        .arg(program())
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(bundle)
        .arg("--rehearsal")
        .output()
        .unwrap();
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = line
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let [code, seconds, megabytes, length] = figures[..] else {
        panic!("{}", said(&output));
    };
    println!("{what:<44} {seconds:>5} s {megabytes:>4} MB");
    assert_eq!(code, 3.0, "{what}: {}", said(&output));
    assert!(seconds < 10.0, "{what}: {seconds} s");
    assert!(megabytes < 200.0, "{what}: {megabytes} MB");
    assert!(length < 100_000.0, "{what}: {length} bytes are printed");
}

/// The files of an honest bundle, to be changed.
fn honest() -> Files {
    keymoot_verify::read(&finished().out())
        .unwrap()
        .files()
        .clone()
}

/// Writes files into a folder of their own.
fn written(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let target = folder.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, content).unwrap();
    }
    folder
}

/// Writes the manifest that these files need.
fn list(files: &mut Files) {
    let mut manifest: Value = serde_json::from_slice(&files["MANIFEST.json"]).unwrap();
    let others = files
        .iter()
        .filter(|(path, _)| !path.starts_with("MANIFEST"));
    manifest["files"] = others
        .map(|(path, content)| {
            json!({ "path": path, "sha256": Digest::of(content).to_string(), "size": content.len() })
        })
        .collect();
    if let Ok(chain) = Chain::read(&files["transcript.jsonl"]) {
        manifest["head"] = chain.head().to_string().into();
    }
    files.insert(
        "MANIFEST.json".to_owned(),
        manifest.to_string().into_bytes(),
    );
}

/// The honest bundle with one file changed, listed again.
fn with(path: &str, content: impl Into<Vec<u8>>) -> tempfile::TempDir {
    let mut files = honest();
    files.insert(path.to_owned(), content.into());
    list(&mut files);
    written(&files)
}

fn sparse(path: &Path, size: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().set_len(size).unwrap();
}

#[test]
fn a_gigabyte_is_refused_by_its_size() {
    for name in [
        "transcript.jsonl",
        "MANIFEST.json",
        "report.html",
        "objects/one",
    ] {
        let folder = written(&honest());
        sparse(&folder.path().join(name), GIGABYTE);
        refused(&format!("1 GB of {name}"), folder.path());
    }
    let folder = written(&honest());
    for n in 0..256 {
        sparse(&folder.path().join(format!("objects/{n}")), (4 << 20) - 1);
    }
    refused("1 GB in files of 4 MB", folder.path());
    let folder = written(&honest());
    for n in 0..(GIGABYTE >> 20) {
        sparse(&folder.path().join(format!("attestations/{n}/0")), 1 << 20);
    }
    refused("1 GB in a thousand folders", folder.path());
}

#[test]
fn a_gigabyte_of_small_files_is_refused_by_their_number() {
    let folder = written(&honest());
    // A hundred thousand would take the disk longer than the verifier.
    for n in 0..20_000 {
        sparse(
            &folder.path().join(format!("objects/{n}")),
            GIGABYTE / 20_000,
        );
    }
    refused("1 GB in 20,000 files", folder.path());
}

#[test]
fn folders_that_lead_nowhere_or_everywhere_are_refused() {
    let folder = written(&honest());
    let mut deep = folder.path().to_owned();
    for _ in 0..500 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    refused("500 folders in one another", folder.path());
    let folder = written(&honest());
    for (name, target) in [("a", "."), ("b", ".."), ("c", "/"), ("d", "/dev/zero")] {
        symlink(target, folder.path().join(name)).unwrap();
    }
    refused("links to everything", folder.path());
}

#[test]
fn what_is_just_below_the_bounds_is_refused_as_soon() {
    let room = MOST_OF_ONE - (256 << 10);
    let notes = |length: usize| {
        let chain = Chain::read(&honest()["transcript.jsonl"]).unwrap();
        let mut longer = Chain::default();
        let note = Event::Note {
            text: "n".repeat(length),
        };
        for (n, entry) in chain.entries().iter().enumerate() {
            let many = if n == 3 { room / (length + 200) } else { 0 };
            let notes = std::iter::repeat_n(note.clone(), many);
            for event in notes.chain([entry.event.clone()]) {
                longer
                    .push(longer.next(event, entry.time).unwrap())
                    .unwrap();
            }
        }
        longer.bytes_through(u64::MAX)
    };
    let brackets = |head: &str, tail: &str| {
        format!("{head}[{}0]{tail}", "0,".repeat(room / 2 - 1_000)).into_bytes()
    };
    let root = "repositories/tuf-root/metadata/root.json";
    let signed = |x: &str| {
        format!("{{\"signatures\":[],\"signed\":{{\"_type\":\"root\",\"version\":1,\"x\":{x}")
    };
    for (what, folder) in [
        (
            "a transcript of short notes",
            with("transcript.jsonl", notes(1)),
        ),
        (
            "a transcript of long notes",
            with("transcript.jsonl", notes(1 << 18)),
        ),
        (
            "a transcript of line feeds",
            with("transcript.jsonl", vec![b'\n'; room]),
        ),
        (
            "a transcript of one line",
            with("transcript.jsonl", vec![b'{'; room]),
        ),
        ("a root of zeros", with(root, brackets(&signed(""), "}}"))),
        ("a root of brackets", with(root, vec![b'['; room])),
        (
            "a script of fields",
            with("script.toml", "a=1\n".repeat(room / 4)),
        ),
        (
            "a roster of dots",
            with("roster.toml", "a.".repeat(room / 2)),
        ),
        (
            "a policy of tables",
            with("policy.toml", "[[a]]\n".repeat(room / 6)),
        ),
        (
            "an input of zeros",
            with(
                "inputs/previous/tuf-root/metadata/root.json",
                brackets(&signed(""), "}}"),
            ),
        ),
        (
            "a certificate of lines",
            with(
                "attestations/holder-1/1/device.pem",
                "-----BEGIN CERTIFICATE-----\n".repeat(room / 28),
            ),
        ),
        (
            "a vendor of fields",
            with("rehearsal/vendor/vendor.toml", "a=1\n".repeat(room / 4)),
        ),
    ] {
        refused(what, folder.path());
    }
    // Fills the bundle with large roots, as inputs and as published files.
    let mut files = honest();
    let zeros = brackets(&signed(""), "}}");
    for n in 1..=(MOST / MOST_OF_ONE - 1) {
        let path = format!("inputs/previous/tuf-root/metadata/root_history/{n}.root.json");
        files.insert(path, zeros.clone());
    }
    list(&mut files);
    refused("roots of zeros", written(&files).path());
    let long = format!("\"{}\"", "x".repeat(room));
    for n in 1..=(MOST / MOST_OF_ONE - 1) {
        let path = format!("inputs/previous/tuf-root/metadata/root_history/{n}.root.json");
        files.insert(path, format!("{}{long}}}}}}}", signed("")).into_bytes());
    }
    list(&mut files);
    refused("roots of one string", written(&files).path());
    let mut files = honest();
    let listed = json!({ "path": "p", "sha256": "0".repeat(64), "size": 1 }).to_string() + ",";
    let manifest = String::from_utf8(files["MANIFEST.json"].clone()).unwrap();
    let many = listed.repeat(room / listed.len());
    files.insert(
        "MANIFEST.json".to_owned(),
        manifest
            .replacen("[{", &format!("[{many}{{"), 1)
            .into_bytes(),
    );
    refused("a manifest that lists without end", written(&files).path());
}
