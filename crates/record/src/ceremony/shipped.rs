//! The scripts that keymoot ships: `ceremony-scripts/`, compiled in.

/// A script by its name in `ceremony-scripts/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its name, such as `annual-resign`.
    pub name: &'static str,
    /// The script's file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../../../ceremony-scripts/", $name, ".toml")),
        }),*]
    };
}

/// The shipped policy. It names no online key, so that a ceremony adds one.
pub const POLICY: &str = include_str!("../../../../ceremony-scripts/policy.toml");

/// The shipped policy for rehearsals of [`FEW`] holders, with a simulated online key.
pub const SMALL_POLICY: &str = include_str!("../../../../ceremony-scripts/policy-small.toml");

/// How many holders [`SMALL_POLICY`] has.
pub const FEW: usize = 3;

/// Every shipped script.
pub const SHIPPED: &[Shipped] = shipped![
    "initial-root",
    "annual-resign",
    "onboard-member",
    "emergency-revocation",
    "change-policy",
    "crates-root-change",
    "heartbeat",
    "quorum-lost",
];

/// The shipped script with this name.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}
