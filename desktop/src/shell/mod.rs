//! What is around each page: rail, bars, palette, toasts.

mod leave;
pub mod palette;
mod rail;
mod results;
mod sheet;
mod status;
pub mod toasts;
mod top;
mod unlock;

pub use leave::Leave;
pub use rail::{Rail, rail};
pub use results::results;
pub use sheet::sheet;
pub use status::status;
pub use top::{Pending, top};
pub use unlock::Unlock;
