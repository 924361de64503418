//! Other programs read keymoot's metadata, and keymoot reads theirs: python-tuf and
//! securesystemslib, tuf-js, the `tuf` crate, and the roots that sigstore and
//! tuf-ci published.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod tuf_readers {
    mod awkward;
    mod command;
    mod crate_tuf;
    mod fixture;
    mod node;
    mod published;
    mod python;
}
