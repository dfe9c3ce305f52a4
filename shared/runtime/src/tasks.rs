//! Tasks with a name, an owner and an end: the only place that spawns.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks that ends together. Clones are the same group.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// A group of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// A group that is told to stop when this one is; it is waited for on its own.
    pub fn child(&self) -> Self {
        Self {
            tracker: self.tracker.clone(),
            stop: self.stop.child_token(),
        }
    }

    /// Spawns on the current runtime. A panic is logged and ends this task alone.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_on(&Handle::current(), name, future)
    }

    /// Spawns on another thread's runtime.
    pub fn spawn_on<F>(
        &self,
        runtime: &Handle,
        name: &'static str,
        future: F,
    ) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn_on(guarded(name, future), runtime)
    }

    /// Tells every task of the group to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Resolves when the group is told to stop.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Resolves when the group was told to stop and its last task ended.
    pub async fn ended(&self) {
        self.stopped().await;
        self.tracker.wait().await;
    }

    /// Whether the group was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Tells all to stop and waits for their end. False when `limit` passed first.
    pub async fn join(&self, limit: Duration) -> bool {
        self.stop();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait())
            .await
            .is_ok()
    }
}

async fn guarded<F: Future>(name: &'static str, future: F) -> Option<F::Output> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(output) => Some(output),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            tracing::error!(task = name, panic = text, "task panicked");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    /// Takes log lines.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_panic_is_logged_with_the_name_of_its_task() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber.with_ansi(false).finish());
        let tasks = Tasks::new();
        let number = 7;
        let panicking = tasks.spawn("doomed", async move { panic!("number {number}") });
        assert!(matches!(panicking.await, Ok(None)));
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let told = log.contains("ERROR") && log.contains("doomed") && log.contains("number 7");
        assert!(told, "{log}");
    }

    #[tokio::test]
    async fn a_panic_ends_one_task_and_join_ends_all() {
        let tasks = Tasks::new();
        let panicking = tasks.spawn("panics", async { panic!("for the test") });
        assert!(matches!(panicking.await, Ok(None)));
        let waiting = tasks.clone();
        tasks.spawn("waits", async move { waiting.stopped().await });
        assert!(tasks.join(Duration::from_secs(5)).await);
    }
}
