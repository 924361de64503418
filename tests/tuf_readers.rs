//! Others read what we write, and we read what others wrote: python-tuf and
//! securesystemslib, the `tuf` crate, and the roots that sigstore published.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod tuf_readers {
    mod awkward;
    mod command;
    mod crate_tuf;
    mod fixture;
    mod published;
    mod python;
}
