//! Reads bundles and working trees from the disk, strictly and within bounds, to be verified.
#![forbid(unsafe_code)]

pub mod files;
mod read;

pub use read::{read, read_tree};
