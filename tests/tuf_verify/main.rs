//! `keymoot tuf verify`, on documents made here: good, old, broken and hostile.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod agreement;
mod audit;
mod audited;
mod below_root;
mod fixture;
mod history;
mod hostile;
mod memory;
mod old_roots;
mod published;
mod tree;
mod vector;
mod wild;
