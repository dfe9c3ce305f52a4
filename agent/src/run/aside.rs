//! The thread beside those that carry requests.

use std::io;

use tokio::runtime::Handle;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::threads::DataThreads;

use super::END_MARGIN;

/// The thread of everything but requests: what waits for a disk or looks at the whole document
/// must not hold them up.
pub(super) struct Aside {
    pub(super) tasks: Tasks,
    threads: DataThreads,
    pub(super) runtime: Handle,
}

impl Aside {
    pub(super) fn start() -> io::Result<Self> {
        let tasks = Tasks::new();
        let threads = DataThreads::start_as("admin", 1, &tasks)?;
        let runtime = threads.handles().first().cloned();
        Ok(Self {
            runtime: runtime.ok_or_else(|| io::Error::other("the thread did not start"))?,
            tasks,
            threads,
        })
    }

    pub(super) fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.tasks.spawn_on(&self.runtime, name, task);
    }

    pub(super) async fn end(self) {
        if self.tasks.join(END_MARGIN).await {
            self.threads.join();
        }
    }
}
