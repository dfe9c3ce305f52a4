//! Where the app's data comes from: the fleet's engine, or whatever a test gives.

use std::cell::RefCell;
use std::sync::Arc;

use underpass_fleet::Fleet;
use underpass_fleet::command::{Command, NotSent};
use underpass_fleet::demo::Still;
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

impl Source for Fleet {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        Self::snapshot(self)
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        Self::send(self, command)
    }
}

/// A made-up fleet without tasks, which does commands at once.
pub struct Staged {
    still: RefCell<Still>,
    shown: RefCell<Arc<FleetSnapshot>>,
}

impl Staged {
    /// A source over a still.
    pub fn new(still: Still) -> Self {
        let shown = RefCell::new(still.snapshot());
        let still = RefCell::new(still);
        Self { still, shown }
    }
}

impl Source for Staged {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        Arc::clone(&self.shown.borrow())
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        let mut still = self.still.borrow_mut();
        still.run(command);
        *self.shown.borrow_mut() = still.snapshot();
        Ok(())
    }
}

/// A snapshot that stays as it is.
pub struct Frozen(pub Arc<FleetSnapshot>);

impl Source for Frozen {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        Arc::clone(&self.0)
    }

    fn send(&self, _command: Command) -> Result<(), NotSent> {
        Ok(())
    }
}
