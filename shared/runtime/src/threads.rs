//! Data threads: one single-threaded runtime each, so that a connection never changes its core.

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::tasks::Tasks;

/// How long blocking work that nobody waits for any more may take at the end.
const LEFT_OVER: Duration = Duration::from_secs(2);

/// Ends a runtime, also where a file or a name on the network hangs in one of its threads.
pub fn end(runtime: Runtime) {
    runtime.shutdown_timeout(LEFT_OVER);
}

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
                .spawn(move || {
                    runtime.block_on(tasks.ended());
                    end(runtime);
                })?;
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn what_hangs_in_a_file_keeps_no_thread_from_its_end() {
        let tasks = Tasks::new();
        let threads = DataThreads::start(1, &tasks).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        threads.handles()[0].spawn_blocking(move || {
            tell.send(()).unwrap();
            assert!(held.recv().is_err());
        });
        told.recv().unwrap();
        let begun = clock::monotonic();
        assert!(tasks.join(LEFT_OVER).await);
        threads.join();
        assert!(clock::monotonic() - begun < LEFT_OVER * 2);
        drop(release);
    }
}
