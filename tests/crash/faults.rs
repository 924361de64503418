//! Operations on the disk fail: the program leaves with an error that says what to do,
//! and continues when people have done it.
//!
//! strace(1) lets the calls of the real program fail; disks that are full or that cannot
//! be written to are real ones, in a namespace of mounts of their own.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use testkit::{
    privileged::Root,
    stage::{files_below, finished, keymoot, program, said},
};

use crate::recording::rehearsal;

/// A call that fails.
struct Fault {
    call: &'static str,
    /// The file or folder; of a ceremony in `ceremony` and a bundle at `bundle`.
    path: &'static str,
    error: &'static str,
    /// Which of the calls, in strace's words: `3`, or `3+` for that and all after it.
    when: &'static str,
}

const fn fault(
    call: &'static str,
    path: &'static str,
    error: &'static str,
    when: &'static str,
) -> Fault {
    Fault {
        call,
        path,
        error,
        when,
    }
}

struct Ceremony {
    root: Root,
    folder: tempfile::TempDir,
}

impl Ceremony {
    fn new(root: &Root) -> Self {
        Self {
            root: root.clone(),
            folder: tempfile::Builder::new().prefix("kc").tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Holds the ceremony while calls fail.
    fn held_with(&self, faults: &[&Fault]) -> Output {
        let mut strace = self.root.command("strace");
        strace
            .args(["--follow-forks", "--seccomp-bpf", "--output"])
            .arg(self.path("log"));
        let calls: Vec<_> = faults.iter().map(|fault| fault.call).collect();
        strace.arg(format!("--trace={}", calls.join(",")));
        for Fault {
            call,
            path,
            error,
            when,
        } in faults
        {
            strace.arg("--trace-path").arg(self.path(path));
            strace.arg(format!("--inject={call}:error={error}:when={when}"));
        }
        let output = strace
            .args(rehearsal(&["initial-root"], self.folder.path()))
            .stdin(Stdio::null())
            .output()
            .expect("strace is needed: `make deps` installs it");
        let log = std::fs::read_to_string(self.path("log")).unwrap();
        assert!(
            log.contains("(INJECTED)"),
            "nothing failed: {}",
            said(&output)
        );
        output
    }

    /// Continues, or begins again where nothing was begun.
    fn goes_on_to_its_end(&self) {
        let mut command = keymoot();
        if self.path("ceremony").is_dir() {
            command.arg("resume").arg(self.path("ceremony"));
        } else {
            let line = rehearsal(&["initial-root"], self.folder.path());
            command.args(&line[1..]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        verifies(&self.path("bundle"));
    }
}

fn verifies(bundle: &Path) {
    let output = keymoot()
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(bundle)
        .arg("--rehearsal")
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

/// The program ended with an error that names a path and a next step.
fn is_told(output: &Output, path: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    for part in ["keymoot: ", path, "help: "] {
        assert!(errors.contains(part), "{part}: {}", said(output));
    }
    assert!(!errors.contains("panicked"), "{}", said(output));
}

#[test]
fn a_write_or_sync_that_fails_is_reported_and_the_ceremony_continues_afterwards() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    for fault in [
        fault("write", "ceremony/transcript.jsonl", "ENOSPC", "1"),
        fault("write", "ceremony/transcript.jsonl", "EIO", "40"),
        fault("fdatasync", "ceremony/transcript.jsonl", "EIO", "120"),
        fault("openat", "ceremony/transcript.jsonl", "EIO", "1"),
        fault("fsync", "ceremony/objects", "EIO", "5"),
        fault("fsync", "ceremony/escrow", "ENOSPC", "2"),
        fault("write", "ceremony/lock", "ENOSPC", "2"),
    ] {
        let ceremony = Ceremony::new(&root);
        is_told(&ceremony.held_with(&[&fault]), "ceremony");
        ceremony.goes_on_to_its_end();
    }
}

#[test]
fn a_ceremony_whose_folder_cannot_be_made_leaves_nothing_and_can_begin_again() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    for fault in [
        fault("mkdir", "ceremony.keymoot-part", "EROFS", "1"),
        fault(
            "write",
            "ceremony.keymoot-part/policy.toml.part",
            "ENOSPC",
            "1",
        ),
        fault(
            "fsync",
            "ceremony.keymoot-part/settings.json.part",
            "EIO",
            "1",
        ),
        fault(
            "rename",
            "ceremony.keymoot-part/roster.toml.part",
            "EIO",
            "1",
        ),
        fault("renameat2", "ceremony", "EIO", "1"),
    ] {
        let ceremony = Ceremony::new(&root);
        is_told(&ceremony.held_with(&[&fault]), "ceremony");
        assert!(!ceremony.path("ceremony").exists(), "{}", fault.call);
        assert!(
            !ceremony.path("ceremony.keymoot-part").exists(),
            "{}",
            fault.call
        );
        ceremony.goes_on_to_its_end();
    }
}

#[test]
fn a_stick_that_is_pulled_during_the_export_leaves_no_bundle_and_a_second_export_does() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let gone = |call| fault(call, "bundle.keymoot-part", "EIO", "1+");
    let written = "bundle.keymoot-part/repositories/tuf-root/metadata/root.json";
    for faults in [
        vec![fault("mkdir", "bundle.keymoot-part", "EROFS", "1+")],
        vec![fault(
            "mkdir",
            "bundle.keymoot-part/repositories",
            "EIO",
            "1+",
        )],
        vec![
            fault("openat", written, "EIO", "1+"),
            gone("rmdir"),
            gone("unlinkat"),
        ],
        vec![fault("write", written, "EIO", "1+"), gone("fsync")],
        vec![
            fault("fsync", written, "EIO", "1+"),
            gone("rmdir"),
            gone("openat"),
        ],
        vec![gone("fsync")],
        vec![fault("renameat2", "bundle", "EIO", "1+")],
    ] {
        let ceremony = Ceremony::new(&root);
        let output = ceremony.held_with(&faults.iter().collect::<Vec<_>>());
        is_told(&output, "bundle");
        assert!(!ceremony.path("bundle").exists(), "{}", said(&output));
        ceremony.goes_on_to_its_end();
        assert!(!ceremony.path("bundle.keymoot-part").exists());
    }
}

/// Runs a script with mounts of its own; `$keymoot` is the program, `$at` an empty
/// folder that a disk can be mounted on. Remount a disk by its device and folder:
/// otherwise mount(8) passes on an owner that the namespace does not have.
fn with_mounts(root: &Root, script: &str) -> Output {
    let folder = tempfile::Builder::new().prefix("kc").tempdir().unwrap();
    root.command("sh")
        .args(["-euc", script])
        .env("keymoot", program())
        .env("at", folder.path())
        .env_remove("PCSCLITE_CSOCK_NAME")
        .stdin(Stdio::null())
        .output()
        .expect("unshare, of util-linux, is needed")
}

#[test]
fn a_stick_that_is_full_is_reported_and_the_bundle_is_written_when_there_is_space() {
    let Some(root) = Root::of_this_test(&["--mount"]) else {
        return;
    };
    for kib in [16, 100, 250, 400] {
        let output = with_mounts(&root, &format!(
            "mkdir $at/stick
             mount -t tmpfs -o size={kib}k none $at/stick
             $keymoot rehearse --unattended --seed 7 --dir $at/ceremony --out $at/stick/bundle > /dev/null && exit 9
             test $? -eq 1
             test -z \"$(ls $at/stick)\"
             mount -o remount,size=100m none $at/stick
             $keymoot resume $at/ceremony
             $keymoot verify $at/stick/bundle --rehearsal"
        ));
        assert!(output.status.success(), "{kib} KiB: {}", said(&output));
        let told = said(&output);
        assert!(
            told.contains("free some space on that disk"),
            "{kib} KiB: {told}"
        );
    }
}

#[test]
fn a_disk_with_no_space_for_the_ceremonys_folder_is_named_and_left_as_it_was() {
    let Some(root) = Root::of_this_test(&["--mount"]) else {
        return;
    };
    let output = with_mounts(
        &root,
        "mount -t tmpfs -o size=20k none $at
         $keymoot rehearse --unattended --seed 7 --dir $at/ceremony --out $at/bundle > /dev/null && exit 9
         test $? -eq 1
         test -z \"$(ls $at)\"
         mount -o remount,size=100m none $at
         $keymoot rehearse --unattended --seed 7 --dir $at/ceremony --out $at/bundle
         $keymoot verify $at/bundle --rehearsal",
    );
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("o space left"), "{}", said(&output));
}

#[test]
fn a_full_disk_leaves_no_part_of_a_report_a_page_or_a_plan_and_the_next_try_succeeds() {
    let Some(root) = Root::of_this_test(&["--mount"]) else {
        return;
    };
    let script = format!(
        "bundle={bundle}
         mkdir $at/disk
         mount -t tmpfs -o size=8k none $at/disk
         cd $at/disk
         $keymoot report --rehearsal $bundle -o report.html && exit 9
         test -z \"$(ls)\"
         $keymoot man . && exit 9
         for page in *.1; do test ! -e \"$page\" || test -s \"$page\"; done
         test -z \"$(ls | grep part)\"
         rm -f *.1
         $keymoot plan new initial-root --dir plan && exit 9
         test -z \"$(ls)\"
         cd $at
         mount -o remount,size=100m none $at/disk
         cd $at/disk
         $keymoot report --rehearsal $bundle -o report.html
         $keymoot man .
         $keymoot plan new initial-root --dir plan",
        bundle = finished().out().display()
    );
    let output = with_mounts(&root, &script);
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("free some space on that disk, then try again"),
        "{told}"
    );
}

#[test]
fn a_target_that_cannot_be_written_to_is_named_at_the_opening() {
    let Some(root) = Root::of_this_test(&["--mount"]) else {
        return;
    };
    let output = with_mounts(
        &root,
        "mkdir $at/stick
         mount -t tmpfs -o ro none $at/stick
         $keymoot rehearse --unattended --seed 7 --dir $at/ceremony --out $at/stick/bundle > /dev/null && exit 9
         test $? -eq 1
         test ! -e $at/ceremony
         mount -o remount,rw none $at/stick
         $keymoot rehearse --unattended --seed 7 --dir $at/ceremony --out $at/stick/bundle > /dev/null
         $keymoot verify $at/stick/bundle --rehearsal",
    );
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("ead-only"), "{}", said(&output));
}

#[test]
fn what_failed_leaves_no_file_half_written() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let ceremony = Ceremony::new(&root);
    let fault = fault("fsync", "ceremony/objects", "EIO", "7");
    is_told(&ceremony.held_with(&[&fault]), "ceremony");
    for path in files_below(&ceremony.path("ceremony/objects")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(&path).unwrap();
        let digest = keymoot_core::digest::Digest::of(&content).to_string();
        assert!(name == digest || name.ends_with(".part"), "{name}");
    }
}
