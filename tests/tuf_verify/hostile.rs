//! Hostile files: refused quickly, in bounded memory,
//! with the place.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use keymoot_core::json::Json;

use super::fixture::{Folder, Key, Outcome, keys, role, root, signed, with};

/// The limits for one file, in time and in address space.
const SECONDS: u64 = 20;
const KILOBYTES: u64 = 1024 * 1024;

/// Verifies one file under a limit of memory.
fn refusal(folder: &Folder, file: &str) -> Outcome {
    let start = Instant::now();
    let output = Command::new("sh")
        .current_dir(folder.path())
        .args([
            "-c",
            "ulimit -v \"$1\" && exec \"$2\" tuf verify --json \"$3\"",
            "sh",
        ])
        .arg(KILOBYTES.to_string())
        .args([env!("CARGO_BIN_EXE_keymoot"), file])
        .output()
        .unwrap();
    let outcome = Outcome::of(&output);
    assert_eq!(
        outcome.code,
        3,
        "{file}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        start.elapsed() < Duration::from_secs(SECONDS),
        "{file} took too long"
    );
    outcome
}

/// A regular file of so many bytes: a beginning, and a hole that takes no room.
fn sparse(folder: &Folder, name: &str, length: u64, beginning: &str) {
    let mut file = File::create(folder.path().join(name)).unwrap();
    file.set_len(length).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(beginning.as_bytes()).unwrap();
}

#[test]
fn one_key_under_five_ids_signing_five_times_is_one_of_five() {
    let folder = Folder::new();
    let key = Key::new(1);
    let five = ["a", "b", "c", "d", "e"].map(|id| key.named(id)).to_vec();
    folder.put("root.json", signed(&root(1, &five, 5), &five));
    let outcome = refusal(&folder, "root.json");
    assert_eq!(outcome.errors(), ["TOO-FEW-SIGNATURES"]);
    assert!(outcome.message().contains("1 valid of 5 needed"));
    assert!(outcome.message().contains("the same key already counts"));
}

#[test]
fn a_repeated_key_id_is_refused_in_a_role_and_in_signatures() {
    let folder = Folder::new();
    let holders = keys([1, 2]);
    let twice = role(&[holders[0].clone(), holders[0].clone()], 2);
    let one = Json::Object(role(&holders[..1], 1));
    let roles = Json::object([
        ("root", Json::Object(twice)),
        ("targets", one.clone()),
        ("snapshot", one.clone()),
        ("timestamp", one),
    ]);
    let content = with(root(1, &holders, 2), "roles", roles);
    folder.put("role.json", signed(&content, &holders[..1]));
    let outcome = refusal(&folder, "role.json");
    assert_eq!(outcome.errors(), ["MALFORMED"]);
    assert!(
        outcome
            .message()
            .contains("signed.roles.root.keyids[1]: key ")
    );

    let by = [holders[0].clone(), holders[0].clone()];
    folder.put("signatures.json", signed(&root(1, &holders, 2), &by));
    let outcome = refusal(&folder, "signatures.json");
    assert_eq!(outcome.errors(), ["MALFORMED"]);
    assert!(
        outcome
            .message()
            .contains("signatures[1].keyid: a second signature")
    );
}

#[test]
fn json_that_two_readers_could_read_differently_is_refused_with_its_place() {
    let folder = Folder::new();
    let holders = keys([1]);
    let good = signed(&root(1, &holders, 1), &holders);
    for (from, to, place) in [
        (
            "\"version\": 1",
            "\"version\": 1,\n \"version\": 1",
            "a second member named \"version\"",
        ),
        ("\"version\": 1", "\"version\": 1.0", "in signed.version"),
        (
            "\"version\": 1",
            "\"version\": 18446744073709551616",
            "in signed.version",
        ),
        (
            "\"version\": 1",
            "\"version\": -1",
            "signed.version: -1 is out of range",
        ),
        (
            "\"version\": 1",
            "\"version\": \"\\ud800\"",
            "in signed.version",
        ),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        folder.put("root.json", bad);
        let outcome = refusal(&folder, "root.json");
        assert!(
            outcome.message().contains(place),
            "{to}: {}",
            outcome.message()
        );
        assert_eq!(outcome.report["errors"][0]["file"], "root.json");
    }
}

#[test]
fn nesting_a_million_deep_is_refused_where_it_begins() {
    let folder = Folder::new();
    for (name, open) in [("arrays.json", "["), ("objects.json", "{\"a\":")] {
        folder.put(name, format!("{{\"signed\":{}", open.repeat(1_000_000)));
        let outcome = refusal(&folder, name);
        assert_eq!(outcome.errors(), ["NOT-SIGNABLE-JSON"]);
        assert!(
            outcome
                .message()
                .contains("nested more than 64 levels deep, line 1")
        );
        assert!(outcome.message().contains("in signed"));
    }
}

#[test]
fn a_string_of_two_gigabytes_is_refused_unread() {
    let folder = Folder::new();
    sparse(&folder, "root.json", 2 << 30, "{\"signed\": {\"_type\": \"");
    let outcome = refusal(&folder, "root.json");
    assert_eq!(outcome.errors(), ["TOO-LONG"]);
    assert_eq!(outcome.report["errors"][0]["file"], "root.json");
}

#[test]
fn a_device_or_a_pipe_is_refused_at_once() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let payload = folder.path().join("targets.json");
    std::fs::write(payload, r#"{"_type":"targets","version":1}"#).unwrap();
    std::fs::rename(&pipe, folder.path().join("targets.sig.json")).unwrap();
    for file in ["/dev/zero", "targets.json"] {
        for command in ["verify", "show"] {
            let mut keymoot = Command::new(env!("CARGO_BIN_EXE_keymoot"));
            keymoot.current_dir(folder.path());
            let output = keymoot.args(["tuf", command, file]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("it is no file, but a pipe"), "{said}");
        }
    }
}

#[test]
fn files_as_large_as_are_read_stay_within_their_memory() {
    const SIZE: usize = 40 << 20;
    let folder = Folder::new();
    folder.put("values.json", format!("[{}", "[],".repeat(SIZE / 3)));
    let outcome = refusal(&folder, "values.json");
    assert!(outcome.message().contains("more than 4000000 values"));

    folder.put(
        "string.json",
        format!("{{\"signed\":\"{}\"}}", "a".repeat(SIZE)),
    );
    assert_eq!(refusal(&folder, "string.json").errors(), ["UNKNOWN-FORMAT"]);

    let start = "{\"signatures\":[],\"signed\":{\"_type\":\"root\",\"version\":1,\"x\":\"";
    folder.put("root.json", format!("{start}{}\"}}}}", "a".repeat(5 << 20)));
    let outcome = refusal(&folder, "root.json");
    assert!(outcome.message().contains("longer than 4194304 bytes"));
}

#[test]
fn a_root_filled_with_signatures_and_keys_is_verified_quickly() {
    let folder = Folder::new();
    let key = Key::new(1);
    let many: Vec<_> = (0..4000).map(|n| key.named(&format!("{n}"))).collect();
    folder.put("root.json", signed(&root(1, &many, 2), &many[..256]));
    let outcome = refusal(&folder, "root.json");
    assert!(outcome.message().contains("1 valid of 2 needed"));
    folder.put("more.json", signed(&root(1, &many, 2), &many[..257]));
    assert!(
        refusal(&folder, "more.json")
            .message()
            .contains("more than 256 signatures")
    );
}
