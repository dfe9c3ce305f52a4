//! What the program tells the service manager that started it, if one did.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::tasks::Tasks;

/// Pings within the time that the manager allows; one may be late without harm.
const PINGS_PER_LIMIT: u32 = 3;

/// The service works. Call it when requests would be answered.
pub fn ready() {
    platform::notify(platform::State::Ready);
}

/// The service ends and may take until its drain is over.
pub fn stopping() {
    platform::notify(platform::State::Stopping);
}

/// Proves to the manager that all of `runtimes` and the calling one still turn, where it asks for
/// that; it restarts a program that hangs.
pub fn watchdog(tasks: &Tasks, runtimes: &[Handle]) {
    let Some(limit) = platform::watchdog_limit() else {
        return;
    };
    let (own, runtimes) = (tasks.clone(), runtimes.to_vec());
    tasks.spawn("watchdog", async move {
        while !own.is_stopped() {
            if turn(&own, &runtimes, limit).await {
                platform::notify(platform::State::Alive);
            } else {
                tracing::error!("a data thread hangs");
            }
            tokio::select! {
                () = tokio::time::sleep(limit / PINGS_PER_LIMIT) => {}
                () = own.stopped() => {}
            }
        }
    });
}

/// Whether every runtime comes to a new task in time.
async fn turn(tasks: &Tasks, runtimes: &[Handle], limit: Duration) -> bool {
    for runtime in runtimes {
        let ping = tasks.spawn_on(runtime, "watchdog-ping", async {});
        if tokio::time::timeout(limit, ping).await.is_err() {
            return false;
        }
    }
    true
}

#[cfg(target_os = "linux")]
mod platform {
    use std::time::Duration;

    use sd_notify::NotifyState;

    /// What there is to tell.
    #[derive(Clone, Copy)]
    pub(super) enum State {
        Ready,
        Stopping,
        Alive,
    }

    /// Without systemd nobody listens.
    pub(super) fn notify(state: State) {
        let state = match state {
            State::Ready => NotifyState::Ready,
            State::Stopping => NotifyState::Stopping,
            State::Alive => NotifyState::Watchdog,
        };
        if let Err(error) = sd_notify::notify(&[state]) {
            tracing::warn!(%error, "cannot tell the service manager");
        }
    }

    pub(super) fn watchdog_limit() -> Option<Duration> {
        sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;

    /// What there is to tell.
    #[derive(Clone, Copy)]
    pub(super) enum State {
        Ready,
        Stopping,
        Alive,
    }

    pub(super) fn notify(_state: State) {}

    pub(super) fn watchdog_limit() -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::DataThreads;

    #[tokio::test]
    async fn a_thread_that_hangs_is_found() {
        let tasks = Tasks::new();
        let threads = DataThreads::start(2, &tasks).unwrap();
        let limit = Duration::from_secs(10);
        assert!(turn(&tasks, threads.handles(), limit).await);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let last = threads.handles().last().unwrap();
        tasks.spawn_on(last, "hangs", async move {
            let _ended = wait.recv();
        });
        let limit = Duration::from_millis(50);
        assert!(!turn(&tasks, threads.handles(), limit).await);
        drop(go);
        assert!(tasks.join(Duration::from_secs(10)).await);
        threads.join();
    }
}
