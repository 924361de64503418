//! The seats and their keys: the roster and the previous state,
//! put together.

use super::{enrolment::Enrolment, previous::Previous};
use crate::rules::roster::{self, Handle, Roster};

/// A person's relation to the previous root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Holds a key of the previous root, and keeps it.
    Stays,
    /// Holds no key of the previous root.
    Joins,
    /// Holds a key of the previous root, and leaves with this ceremony.
    Leaves,
}

/// One person's seat at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The handle.
    pub handle: Handle,
    /// The person's relation to the previous root.
    pub standing: Standing,
    /// Whether this person changes to another device than the one whose key is
    /// in the previous root.
    pub changes_device: bool,
    /// The key for the next root, if it is known: otherwise it is made here.
    pub current: Option<Enrolment>,
    /// A key of the previous root that has no place in the next. It signs the next
    /// root once more.
    pub outgoing: Option<Enrolment>,
    /// Other keys of this person that are proven and are in no root.
    pub spares: Vec<Enrolment>,
    /// The name and the key of the previous root, where the holder was renamed. The key is for the
    /// next root, once it has signed that its holder has another name.
    pub renamed: Option<Renaming>,
}

/// Another name for the holder of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// The handle in the previous root.
    pub from: Handle,
    /// The key, as it was enrolled under that handle.
    pub key: Enrolment,
}

impl Renaming {
    /// The key, before its statement under the new name.
    #[must_use]
    pub fn unproven(&self) -> Enrolment {
        Enrolment {
            statement: None,
            escrow: None,
            ..self.key.clone()
        }
    }

    /// Whether an enrolment is of this key, with the evidence that was published under the old
    /// name.
    #[must_use]
    pub fn is_of(&self, enrolment: &Enrolment) -> bool {
        let unproven = Enrolment {
            statement: None,
            ..enrolment.clone()
        };
        unproven == self.unproven()
    }
}

/// The seats: the holders of the roster, then those who leave.
#[must_use]
pub fn places(roster: &Roster, previous: Option<&Previous>) -> Vec<Place> {
    let holders = roster
        .holders
        .iter()
        .map(|holder| place(holder, roster, previous));
    let leavers = roster.leavers.iter().map(|leaver| Place {
        handle: leaver.handle.clone(),
        standing: Standing::Leaves,
        changes_device: false,
        current: None,
        outgoing: Keys::of(&leaver.handle, roster, previous).in_root,
        spares: Vec::new(),
        renamed: None,
    });
    holders.chain(leavers).collect()
}

fn place(holder: &roster::Holder, roster: &Roster, previous: Option<&Previous>) -> Place {
    if let Some(from) = roster.formerly(&holder.handle)
        && let Some(key) = Keys::of(from, roster, previous).in_root
    {
        let from = from.clone();
        return Place {
            handle: holder.handle.clone(),
            standing: Standing::Stays,
            changes_device: false,
            current: None,
            outgoing: None,
            spares: Vec::new(),
            renamed: Some(Renaming { from, key }),
        };
    }
    let Keys {
        in_root,
        mut spares,
        listed,
    } = Keys::of(&holder.handle, roster, previous);
    let stays = in_root.is_some() && !holder.renews;
    let (current, outgoing) = match stays {
        true => (in_root, None),
        false => {
            // The roster may say which of the spares takes the place.
            let named = |spare: &Enrolment| {
                holder.devices.is_empty() || holder.devices.contains(&spare.serial)
            };
            let chosen = spares.iter().position(named);
            (chosen.map(|place| spares.remove(place)), in_root)
        }
    };
    Place {
        handle: holder.handle.clone(),
        standing: if listed {
            Standing::Stays
        } else {
            Standing::Joins
        },
        changes_device: listed && !stays,
        current,
        outgoing,
        spares,
        renamed: None,
    }
}

/// The keys of one person that earlier ceremonies published and nobody revoked.
struct Keys {
    in_root: Option<Enrolment>,
    spares: Vec<Enrolment>,
    /// Whether the previous root names this person, also by a revoked key.
    listed: bool,
}

impl Keys {
    fn of(handle: &Handle, roster: &Roster, previous: Option<&Previous>) -> Self {
        let fingerprint = previous.and_then(|p| p.holders().get(handle).copied());
        let mut keys = Self {
            in_root: None,
            spares: Vec::new(),
            listed: fingerprint.is_some(),
        };
        let published = previous.map(Previous::enrolments).unwrap_or_default();
        for published in published.iter().filter(|p| p.handle == *handle) {
            let enrolment = &published.enrolment;
            let thrown_out = |revocation: &roster::Revocation| {
                revocation.handle == *handle && revocation.serial == enrolment.serial
            };
            let revoked = previous
                .and_then(|p| p.revoked().find(Some(&enrolment.key()), enrolment.serial))
                .is_some();
            if revoked || roster.revocations.iter().any(thrown_out) {
                continue;
            }
            match Some(enrolment.key()) == fingerprint {
                true => keys.in_root = Some(enrolment.clone()),
                false => keys.spares.push(enrolment.clone()),
            }
        }
        keys
    }
}
