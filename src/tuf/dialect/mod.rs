//! How a neutral document is written: key ids, extra members, signed bytes and
//! the place of files. One file each.

pub mod tuf_on_ci;
