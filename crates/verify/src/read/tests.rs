//! Reading a bundle or a repository from a folder: what is refused, and in which words.

use std::os::unix::{fs::symlink, net::UnixListener};

use super::*;

/// The rules that a folder violates.
fn violated(folder: &Path) -> Vec<Verdict> {
    match read(folder) {
        Err(Failure::Violated(verdicts)) => verdicts,
        Err(Failure::Host(error) | Failure::Usage(error)) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

/// The one violation of a folder with a good file and this one in addition.
fn refused(make: impl FnOnce(&Path)) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.txt"), "good").unwrap();
    make(folder.path());
    let mut faults = violated(folder.path());
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn a_link_in_a_repository_is_refused_and_not_followed() {
    for name in ["metadata", "targets", "targets/crates", "attestations"] {
        let [tree, elsewhere] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fs::create_dir(elsewhere.path().join("crates")).unwrap();
        fs::write(elsewhere.path().join("crates/root.json"), "{}").unwrap();
        let link = tree.path().join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(elsewhere.path(), link).unwrap();
        let Err(Failure::Violated(faults)) = read_tree(tree.path()) else {
            panic!("{name} was read");
        };
        let told = format!("\"{name}\" is a link");
        assert!(faults[0].detail.starts_with(&told), "{faults:?}");
    }
}

#[test]
fn a_fault_of_a_repository_is_not_one_of_a_bundle() {
    type Make = fn(&Path);
    let make: [(&str, Make); 3] = [
        ("is a link", |metadata| {
            fs::hard_link(metadata.join("root.json"), metadata.join("../elsewhere")).unwrap();
        }),
        ("has a name that no repository holds", |metadata| {
            fs::write(metadata.join("a name"), "").unwrap();
        }),
        ("is larger than 2 MiB", |metadata| {
            let long = vec![b' '; 3 << 20];
            fs::write(metadata.join("long.json"), long).unwrap();
        }),
    ];
    for (words, make) in make {
        let tree = tempfile::tempdir().unwrap();
        let metadata = tree.path().join("metadata");
        fs::create_dir(&metadata).unwrap();
        fs::write(metadata.join("root.json"), "{}").unwrap();
        make(&metadata);
        let Err(Failure::Violated(faults)) = read_tree(tree.path()) else {
            panic!("read, although a file {words}");
        };
        assert!(faults[0].detail.contains(words), "{faults:?}");
        for text in [&faults[0].detail, &faults[0].next] {
            assert!(!text.contains("bundle"), "{faults:?}");
        }
    }
}

#[test]
fn the_mark_of_an_open_signing_event_is_named_as_one() {
    for mark in [".signing-event-state", ".signing-event.json"] {
        let tree = tempfile::tempdir().unwrap();
        let metadata = tree.path().join("metadata");
        fs::create_dir(&metadata).unwrap();
        fs::write(metadata.join(mark), "{}").unwrap();
        let Err(Failure::Violated(faults)) = read_tree(tree.path()) else {
            panic!("{mark} was read");
        };
        let detail = &faults[0].detail;
        assert!(detail.contains("marks an open signing event"), "{detail}");
    }
}

#[test]
fn files_are_read_by_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    fs::write(folder.path().join("a/b/c.txt"), "text").unwrap();
    let bundle = read(folder.path()).unwrap();
    assert_eq!(bundle.files()["a/b/c.txt"], b"text");
}

#[test]
fn a_symbolic_link_to_any_target_is_refused() {
    for target in ["good.txt", "/etc/passwd", "nowhere", "."] {
        let fault = refused(|folder| symlink(target, folder.join("link")).unwrap());
        assert_eq!(fault.rule, Rule::BundleFiles);
        assert!(fault.detail.contains("\"link\""), "{fault:?}");
    }
}

#[test]
fn a_file_with_another_name_elsewhere_is_refused() {
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = elsewhere.path().join("outside");
    fs::write(&outside, "text").unwrap();
    let fault = refused(|folder| fs::hard_link(&outside, folder.join("hard")).unwrap());
    assert!(fault.detail.contains("\"hard\" is a link"), "{fault:?}");
}

#[test]
fn settings_of_a_ceremony_in_a_bundle_or_that_are_no_file_name_no_other_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    fs::write(&settings, "{\"out\": \"/elsewhere\"}").unwrap();
    let Err(Failure::Host(error)) = read(folder.path()) else {
        panic!("read as a bundle");
    };
    assert!(error.next.contains("/elsewhere"), "{error}");
    fs::write(folder.path().join(MANIFEST), "{}").unwrap();
    assert!(violated(folder.path()).is_empty());
    let fault = refused(|folder| drop(UnixListener::bind(folder.join("settings.json")).unwrap()));
    assert!(fault.detail.contains("no ordinary file"), "{fault:?}");
}

#[test]
fn what_is_no_ordinary_file_is_refused_and_not_opened() {
    let fault = refused(|folder| drop(UnixListener::bind(folder.join("socket")).unwrap()));
    assert!(fault.detail.contains("no ordinary file"), "{fault:?}");
}

#[test]
fn names_that_no_bundle_holds_are_refused_and_shown_safely() {
    for name in [".hidden", "a b", "\u{1b}[2J", "ü", &"x".repeat(129)] {
        let fault = refused(|folder| fs::write(folder.join(name), "text").unwrap());
        assert!(fault.detail.contains("has a name"), "{fault:?}");
        assert!(!fault.detail.contains('\u{1b}'));
    }
}

#[test]
fn empty_folders_and_folders_too_deep_are_refused() {
    let fault = refused(|folder| fs::create_dir(folder.join("empty")).unwrap());
    assert!(fault.detail.contains("empty folder"), "{fault:?}");
    let deep = "d/".repeat(DEEPEST + 1);
    let fault = refused(|folder| {
        fs::create_dir_all(folder.join(&deep)).unwrap();
        fs::write(folder.join(&deep).join("file"), "text").unwrap();
    });
    assert!(fault.detail.contains("deeper folders"), "{fault:?}");
}

#[test]
fn more_than_a_bundle_may_hold_is_refused_before_it_is_read() {
    let fault = refused(|folder| {
        let file = fs::File::create(folder.join("large")).unwrap();
        file.set_len(MOST_OF_ONE + 1).unwrap();
    });
    assert!(fault.detail.contains("larger than 2 MiB"), "{fault:?}");
    let fault = refused(|folder| {
        for name in ["1", "2", "3", "4"] {
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_len(MOST_OF_ONE).unwrap();
        }
    });
    assert!(fault.detail.contains("larger than 8 MiB"), "{fault:?}");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let fault = refused(|folder| {
        let mode = Mode::from_raw_mode(0o644);
        mknodat(CWD, folder.join("pipe"), FileType::Fifo, mode, 0).unwrap();
    });
    assert!(fault.detail.contains("no ordinary file"), "{fault:?}");
}

#[test]
fn names_that_are_one_on_other_systems_are_refused() {
    let fault = refused(|folder| fs::write(folder.join("GOOD.txt"), "text").unwrap());
    assert!(fault.detail.contains("letters' case"), "{fault:?}");
}

#[test]
fn of_more_entries_than_a_bundle_has_no_more_are_looked_at() {
    let fault = refused(|folder| {
        for n in 0..=MOST_ENTRIES {
            fs::write(folder.join(n.to_string()), "").unwrap();
        }
    });
    assert!(fault.detail.contains("more files"), "{fault:?}");
}

#[test]
fn no_more_than_the_most_faults_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..100 {
        fs::create_dir(folder.path().join(format!("d{n}"))).unwrap();
        fs::write(folder.path().join(format!("d{n}/ü")), "").unwrap();
    }
    assert_eq!(violated(folder.path()).len(), MOST_FAULTS);
}

#[test]
fn a_bundle_that_is_not_there_is_unread_and_not_violated() {
    match read(Path::new("/nonexistent/bundle")).unwrap_err() {
        Failure::Host(error) => assert!(error.what.contains("/nonexistent/bundle")),
        violated => panic!("{violated:?}"),
    }
}
