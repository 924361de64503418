//! The screens, drawn onto a terminal in memory and driven by keys.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apart;
mod bags;
mod calling;
mod confirming;
mod contrast;
mod diagnoses;
mod face;
mod hostile;
mod interrupting;
mod key_names;
mod lines;
mod looking;
mod pictures;
mod printed;
mod refusing;
mod rehearsing;
mod secrets;
mod story;
mod stray;
mod table;
mod talking;
