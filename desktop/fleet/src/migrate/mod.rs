//! Moving what an agent serves to another one, or copying it there, while requests go on.
//!
//! The plan and the order of steps are decided without IO; the engine does one step after the other
//! by the APIs of the agents, and writes down what it is about to do before it does it. So a
//! migration that was cut off anywhere can go on, or be taken back.

mod acts;
mod calls;
pub mod desk;
pub mod engine;
mod handover;
pub mod journal;
pub mod machine;
pub mod plan;
pub mod reach;
pub mod rehearsal;
pub mod report;
pub mod step;
mod transfer;
pub mod tried;

pub use self::calls::Agents;
