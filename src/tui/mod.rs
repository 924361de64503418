//! The screens: an administrator at a keyboard, holders coming up in turn,
//! witnesses looking at a projector.
//!
//! The screens hold no ceremony logic. The driver runs on a thread of its own and asks through an
//! [`Operator`](crate::driver::Operator). Everything that can happen here comes through one channel, changes the model, and
//! is drawn. Such events are a key, a request of the driver, a change in the room of a rehearsal,
//! or a second passing. Nothing here waits for a device.
//!
//! What confirms, erases, ends or leaves is a word that is typed out. Keys pressed
//! before a question was on the screen were not meant for it and are dropped;
//! text that the terminal marks as pasted is ignored.

mod full_screen;
mod give_back;
mod input;
mod interface;
mod link;
mod model;
mod news;
mod overlay;
mod page;
mod plain;
mod room;
mod screen;
mod screens;
mod seats;
mod stage;
#[cfg(test)]
mod tests;
mod upcoming;

pub(crate) use self::plain::hidden_line;

pub use full_screen::run;
pub use plain::run as run_plain;
pub use room::{Room, RoomChanged, RoomDevice};
