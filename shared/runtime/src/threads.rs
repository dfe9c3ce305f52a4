//! Data threads: one single-threaded runtime each, so that a connection never changes its core.

use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};

use crate::tasks::Tasks;

/// The threads of the data path. They end when their [`Tasks`] are told to stop.
#[derive(Debug)]
pub struct DataThreads {
    handles: Vec<Handle>,
    joins: Vec<JoinHandle<()>>,
}

impl DataThreads {
    /// Starts `count` threads (at least one).
    ///
    /// # Errors
    /// When the operating system refuses a thread or an event queue.
    pub fn start(count: usize, tasks: &Tasks) -> io::Result<Self> {
        Self::start_as("data", count, tasks)
    }

    /// Starts threads for other work that shall not hold up the data path.
    ///
    /// # Errors
    /// When the operating system refuses a thread or an event queue.
    pub fn start_as(name: &str, count: usize, tasks: &Tasks) -> io::Result<Self> {
        let mut threads = Self {
            handles: Vec::new(),
            joins: Vec::new(),
        };
        for index in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            threads.handles.push(runtime.handle().clone());
            let tasks = tasks.clone();
            let join = std::thread::Builder::new()
                .name(format!("{name}-{index}"))
                .spawn(move || runtime.block_on(tasks.ended()))?;
            threads.joins.push(join);
        }
        Ok(threads)
    }

    /// The runtimes, by thread.
    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// Waits for the end of all threads; call it after the tasks were joined.
    pub fn join(self) {
        for join in self.joins {
            // A panic of the thread itself was reported by its own hook.
            drop(join.join());
        }
    }
}
