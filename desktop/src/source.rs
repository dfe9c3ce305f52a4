//! Where the app's data comes from: the fleet's engine, or whatever a test gives.

use std::sync::Arc;

use underpass_fleet::command::{Command, NotSent};
use underpass_fleet::snapshot::FleetSnapshot;

/// Gives snapshots and takes commands; neither ever waits.
pub trait Source {
    /// What is known now.
    fn snapshot(&self) -> Arc<FleetSnapshot>;

    /// Gives a command.
    ///
    /// # Errors
    /// When too many wait, or nobody works on them any more.
    fn send(&self, command: Command) -> Result<(), NotSent>;
}

/// A fleet that stays as it is and remembers nothing: for tests of pictures.
#[derive(Debug)]
pub struct Still(pub Arc<FleetSnapshot>);

impl Source for Still {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        Arc::clone(&self.0)
    }

    fn send(&self, _command: Command) -> Result<(), NotSent> {
        Ok(())
    }
}
