//! One file per subcommand.

pub mod tuf;
