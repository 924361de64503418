//! The engine: from script and events it says what comes next.
//!
//! `state = fold(events)`; [`State::next`] is a question for a person or an effect
//! for the world. Nothing here does input or output, knows a clock, a device or a
//! screen.

mod advance;
pub mod algorithms;
pub mod amend;
pub mod apart;
pub mod asked;
mod attendance;
pub mod audited;
pub mod authorised;
pub mod carried;
mod continuity;
mod crates_root;
pub mod ended;
pub mod enrolment;
mod given;
pub mod latency;
mod live;
pub mod machine;
mod next;
pub mod opening;
mod order;
pub mod outside;
mod plan;
pub mod plan_part;
pub mod presence;
pub mod previous;
pub mod propose;
pub mod question;
pub mod schedule;
pub mod script;
pub mod seating;
pub mod shipped;
pub mod state;
pub mod statement;
pub mod status;
pub mod summary;
mod tally;
pub mod trial;
pub mod trust;
pub mod turn;
pub mod verify;
pub mod why;

pub use next::{Effect, Next};
pub use plan::{FileNames, Plan, PlanFiles};
pub use plan_part::PlanPart;
pub use question::{Answer, Question, Refusal, Said};
pub use state::State;
pub use tally::Tally;
