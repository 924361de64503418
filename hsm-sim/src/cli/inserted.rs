//! Which devices are plugged in from the start.

use std::str::FromStr;

/// All devices, or those with these numbers.
#[derive(Clone)]
pub(super) enum Inserted {
    All,
    These(Vec<usize>),
}

impl FromStr for Inserted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::These(Vec::new())),
            numbers => numbers
                .split(',')
                .map(|n| {
                    n.trim().parse().map_err(|_| {
                        format!("{n:?} is not a device number; give all, none, or numbers from 1")
                    })
                })
                .collect::<Result<_, _>>()
                .map(Self::These),
        }
    }
}
