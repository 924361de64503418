//! The screens: an administrator at a keyboard, holders coming up in turn,
//! witnesses looking at a projector.
//!
//! The screens hold no ceremony logic. The driver runs on a thread of its own and asks through an
//! [`Operator`]. Everything that can happen here comes through one channel, changes the model, and
//! is drawn. Such events are a key, a request of the driver, a change in the room of a rehearsal,
//! or a second passing. Nothing here waits for a device.
//!
//! What confirms, erases, ends or leaves is a word that is typed out. Keys pressed
//! before a question was on the screen were not meant for it and are dropped;
//! pasted text is ignored.

mod apart;
mod compare;
mod draw;
mod end_without;
mod field;
mod form;
mod frames;
mod give_back;
mod hands;
mod help;
mod in_sight;
mod interface;
mod intermission;
mod key_names;
mod keyboard;
mod large;
mod layout;
mod link;
mod model;
mod numbers;
mod overlay;
mod page;
mod people;
mod plain;
mod qr;
mod room;
mod scene;
mod screen;
mod screens;
mod seats;
mod side_pane;
mod stage;
mod style;
mod terminal;
#[cfg(test)]
mod tests;
mod upcoming;
mod words;

pub(crate) use self::plain::hidden_line;
use crate::driver::Operator;

pub use plain::run as run_plain;
pub use room::{Room, RoomChanged, RoomDevice};
pub use terminal::run;
