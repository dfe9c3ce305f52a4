//! What agents measured, on its way from their answers to plots.

mod export;
mod happened;
mod plan;
mod reads;
mod window;

pub use self::export::Exports;
pub use self::happened::{Happened, state_of};
pub use self::plan::{Line, Spec};
pub use self::reads::{Aspect, Key, Reads};
pub use self::window::{Span, Window, WindowBar};
