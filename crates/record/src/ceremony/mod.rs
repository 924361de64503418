//! The engine: from script and events it says what comes next.
//!
//! `state = fold(events)`; [`State::next`] is a question for a person or an effect
//! for the world. Nothing here does input or output, knows a clock, a device or a
//! screen.

mod advance;
pub mod algorithms;
pub mod amend;
mod answer;
pub mod apart;
pub mod asked;
mod attendance;
pub mod audited;
mod authorised;
pub mod bags;
pub mod carried;
mod continuity;
mod crates_root;
pub mod draft;
pub mod ended;
mod ending;
pub mod enrolment;
mod examination;
mod fold;
mod given;
pub mod latency;
mod live;
pub mod machine;
mod next;
pub mod opening;
mod order;
pub mod outside;
mod plan;
mod plan_read;
pub mod presence;
pub mod previous;
pub mod propose;
pub mod question;
pub mod requests;
pub mod schedule;
pub mod script;
pub mod seat;
pub mod seating;
pub mod shipped;
pub mod state;
pub mod statement;
pub mod status;
pub mod summary;
mod taking_part;
mod tally;
pub mod trial;
pub mod trust;
pub mod turn;
pub mod verify;
pub mod why;

pub use answer::{Answer, Refusal, Said};
pub use fold::Illegal;
pub use next::{Effect, Next};
pub use plan::{FileNames, Plan, PlanFiles};
pub use question::Question;
pub use state::State;
pub use tally::Tally;
