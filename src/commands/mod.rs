//! The subcommands, one file each.

pub mod conduct;
pub mod device;
pub mod export;
pub mod inputs;
pub mod rehearse;
pub mod report;
pub mod resume;
pub mod run;
pub mod script;
pub mod status;
mod story;
pub mod version;

pub use keymoot_verify::Failure;
