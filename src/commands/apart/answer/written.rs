//! Writes the signatures into the checkout, and the receipt: all of it, or nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    commands::arguments,
    host::whole::{self, Staged},
};
use keymoot_core::{
    HostError,
    text::{escape, escape_path, quoted_path, several},
};
use keymoot_record::bundle::Files;

/// The bytes that are tried for the receipt, in which the evidence about the key is the longest.
const RECEIPT: usize = 64 * 1024;

/// The bytes that are tried for the signatures in each file, beside its present content.
const SIGNATURES: usize = 4096;

/// Where a turn writes.
pub(super) struct Destination<'d> {
    /// The checkout
    pub(super) tree: &'d Path,
    /// Its files, as they were reviewed
    pub(super) before: &'d Files,
    /// The place of the receipt, which is free
    pub(super) receipt: &'d Path,
}

impl Destination<'_> {
    /// Writes as much as the turn will write beside each of its places, and removes it again.
    ///
    /// # Errors
    /// [`HostError`] that names the first place that cannot be written.
    pub(super) fn try_out(&self, paths: impl Iterator<Item = String>) -> Result<(), HostError> {
        const UNSIGNED: &str = "nothing is signed yet; see that the place can be written, or name another, and run the command again";
        let unwritten = |error: HostError| HostError::new(error.what, UNSIGNED);
        let mut staged = Vec::new();
        for path in paths {
            let before = self.before.get(&path).ok_or_else(|| {
                HostError::new(
                    format!(
                        "{} is missing in the checkout, and a signature is put there",
                        escape(&path)
                    ),
                    "make a fresh checkout of the branch",
                )
            })?;
            let signed = [before.as_slice(), &[0; SIGNATURES]].concat();
            staged.push(Staged::publish(&self.tree.join(path), &signed).map_err(unwritten)?);
        }
        staged.push(Staged::publish(self.receipt, &[0; RECEIPT]).map_err(unwritten)?);
        Ok(())
    }

    /// Writes the files with the signatures, and the receipt. Each is whole and synced beside its
    /// place before the first is renamed, and the receipt is renamed last.
    ///
    /// # Errors
    /// [`HostError`] that says whether the checkout is as before.
    pub(super) fn write(&self, placed: &Files, receipt: &[u8]) -> Result<(), HostError> {
        let receipt = Staged::publish(self.receipt, receipt).map_err(unchanged)?;
        let staged = placed
            .iter()
            .map(|(path, bytes)| Staged::publish(&self.tree.join(path), bytes));
        let staged: Vec<_> = staged.collect::<Result<_, _>>().map_err(unchanged)?;
        match staged.into_iter().try_for_each(Staged::replace) {
            Ok(()) => receipt
                .settle()
                .map_err(|(error, receipt)| self.put_back(placed, error, receipt)),
            Err(error) => Err(self.put_back(placed, error, receipt)),
        }
    }

    /// Puts the old bytes back into the checkout. If that fails, the receipt is left: it is the
    /// only trace of the signatures.
    fn put_back(&self, placed: &Files, error: HostError, receipt: Staged) -> HostError {
        let put = |path: &String| {
            let (target, bytes) = (self.tree.join(path), self.before.get(path)?);
            match whole::is_there(&target, Some(bytes), whole::UNTAKEN) {
                Ok(true) => None,
                _ => whole::publish_durably(&target, bytes).err(),
            }
        };
        let failed: Vec<_> = placed.keys().filter_map(put).map(|e| e.what).collect();
        if failed.is_empty() {
            return unchanged(error);
        }
        HostError::new(
            format!(
                "{}; the checkout could not be put back: {}. Your receipt is {}",
                error.what,
                several(&failed, "; "),
                escape_path(&receipt.leave())
            ),
            format!(
                "put it back with `git -C {} checkout -- metadata`, then run the same command again",
                quoted_path(self.tree)
            ),
        )
    }
}

/// A failure after which the checkout is as before.
fn unchanged(error: HostError) -> HostError {
    HostError::new(
        format!("{}; the checkout is as before", error.what),
        "your signatures were dropped; see that the place can be written, then run the same command again",
    )
}

/// Where the receipt is written: a new file, outside of the checkout.
///
/// # Errors
/// [`HostError`] when the path names no file, a file of the checkout, or one that exists.
pub(super) fn place_of_receipt(out: &Path, tree: &Path) -> Result<PathBuf, HostError> {
    let is_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
    let (out, tree) = (arguments::absolute(out)?, arguments::absolute(tree)?);
    let name = out.file_name().filter(|_| !is_folder);
    let Some(out) = name.map(|name| out.with_file_name(name)) else {
        return Err(HostError::new(
            format!("{} names no file", escape_path(&out)),
            whole::UNTAKEN,
        ));
    };
    if out.starts_with(&tree) {
        return Err(HostError::new(
            format!("{} lies in the checkout", escape_path(&out)),
            "name a place outside of it with -o: the receipt is yours to keep",
        ));
    }
    match fs::symlink_metadata(&out).is_ok() {
        true => Err(HostError::new(
            format!("{} exists already", escape_path(&out)),
            whole::UNTAKEN,
        )),
        false => Ok(out),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CURRENT: &str = "metadata/root.json";
    const KEPT: &str = "metadata/root_history/2.root.json";

    fn files(text: &str) -> Files {
        let of = |path: &str| (path.to_owned(), text.as_bytes().to_vec());
        [of(CURRENT), of(KEPT)].into()
    }

    /// A folder with a checkout of two files, and a place for the receipt.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            for (path, bytes) in files("before") {
                let path = place.tree().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            place
        }

        fn tree(&self) -> PathBuf {
            self.0.path().join("tree")
        }

        fn receipt(&self) -> PathBuf {
            self.0.path().join("receipt")
        }

        /// What the turn does in it, with the receipt at this place.
        fn with<T>(&self, receipt: &Path, act: impl FnOnce(&Destination<'_>) -> T) -> T {
            act(&Destination {
                tree: &self.tree(),
                before: &files("before"),
                receipt,
            })
        }

        fn written(&self) -> Result<(), HostError> {
            let write = |at: &Destination<'_>| at.write(&files("signed"), b"receipt");
            self.with(&self.receipt(), write)
        }

        /// Whether nothing but these files is in the checkout, with this content.
        fn has(&self, text: &str) -> bool {
            let same = |(path, bytes): (String, Vec<u8>)| {
                let path = self.tree().join(path);
                // Another entry would be what an attempt left.
                let folder = fs::read_dir(path.parent().unwrap()).unwrap();
                let mut names = folder.map(|entry| entry.unwrap().file_name());
                let left = names.any(|name| name.to_string_lossy().ends_with(".part"));
                !left && fs::read(path).unwrap() == bytes
            };
            files(text).into_iter().all(same)
        }
    }

    #[test]
    fn signatures_and_receipt_are_written_after_a_trial_that_leaves_nothing() {
        let place = Place::new();
        let paths = || files("").into_keys();
        place
            .with(&place.receipt(), |at| at.try_out(paths()))
            .unwrap();
        assert!(place.has("before") && !place.receipt().exists());
        assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 1);
        place.written().unwrap();
        assert!(place.has("signed"));
        assert_eq!(fs::read(place.receipt()).unwrap(), b"receipt");
        assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_trial_names_the_place_that_cannot_be_written() {
        let place = Place::new();
        fs::write(place.0.path().join("file"), "").unwrap();
        for receipt in ["missing/receipt", "file/receipt"] {
            let receipt = place.0.path().join(receipt);
            let tried = place.with(&receipt, |at| at.try_out(files("").into_keys()));
            let error = tried.unwrap_err();
            assert!(error.what.contains("cannot write"), "{error}");
            assert!(error.next.contains("nothing is signed yet"), "{error}");
            assert!(place.has("before"));
        }
        fs::create_dir(place.tree().join(format!("{KEPT}.part"))).unwrap();
        let tried = place.with(&place.receipt(), |at| at.try_out(files("").into_keys()));
        assert!(tried.unwrap_err().what.contains("2.root.json"));
        let missing = ["metadata/missing.json".to_owned()];
        let tried = place.with(&place.receipt(), |at| at.try_out(missing.into_iter()));
        assert!(tried.unwrap_err().what.contains("is missing"));
    }

    #[test]
    fn a_file_that_cannot_be_made_whole_leaves_everything_as_before() {
        let place = Place::new();
        let obstacle = place.tree().join(format!("{KEPT}.part"));
        fs::create_dir(&obstacle).unwrap();
        let error = place.written().unwrap_err();
        assert!(error.what.contains("the checkout is as before"), "{error}");
        fs::remove_dir(obstacle).unwrap();
        assert!(place.has("before"));
        assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_receipt_whose_place_was_taken_puts_the_old_bytes_back() {
        let place = Place::new();
        fs::write(place.receipt(), "another").unwrap();
        let error = place.written().unwrap_err();
        assert!(error.what.contains("the checkout is as before"), "{error}");
        assert!(place.has("before"));
        assert_eq!(fs::read(place.receipt()).unwrap(), b"another");
    }

    #[test]
    fn a_checkout_that_cannot_be_put_back_leaves_the_receipt_whole() {
        let place = Place::new();
        let obstacle = place.tree().join(KEPT);
        fs::remove_file(&obstacle).unwrap();
        fs::create_dir(&obstacle).unwrap();
        let error = place.written().unwrap_err();
        assert!(error.next.contains("checkout -- metadata"), "{error}");
        assert!(error.what.contains("receipt.part"), "{error}");
        let left = place.receipt().with_file_name("receipt.part");
        assert_eq!(fs::read(left).unwrap(), b"receipt");
        assert_eq!(fs::read(place.tree().join(CURRENT)).unwrap(), b"before");
    }

    #[test]
    fn a_receipt_is_a_new_file_outside_of_the_checkout() {
        let place = Place::new();
        let of = |out: &str| place_of_receipt(&place.0.path().join(out), &place.tree());
        assert_eq!(of("receipt").unwrap(), place.receipt());
        for (out, words) in [
            ("folder/", "names no file"),
            ("folder/..", "names no file"),
            ("tree/receipt", "lies in the checkout"),
            ("tree", "lies in the checkout"),
        ] {
            let error = of(out).unwrap_err();
            assert!(error.what.contains(words), "{out}: {error}");
        }
        fs::write(place.receipt(), "").unwrap();
        assert!(of("receipt").unwrap_err().what.contains("exists already"));
    }
}
