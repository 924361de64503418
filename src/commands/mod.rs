//! The subcommands, one file each.

mod amend;
pub(crate) mod apart;
mod arguments;
mod begin;
mod child;
pub(crate) mod conduct;
pub(crate) mod device;
mod dress;
pub(crate) mod escrow;
mod expect;
pub(crate) mod export;
pub(crate) mod inputs;
mod operate;
pub(crate) mod plan;
pub(crate) mod rehearse;
pub(crate) mod report;
mod resets;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod script;
pub(crate) mod shell;
pub(crate) mod status;
mod trial;
pub(crate) mod version;

pub(crate) use keymoot_verify::Failure;
