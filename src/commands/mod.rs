//! One file per subcommand.

pub mod attest;
