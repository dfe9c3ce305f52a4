//! Ctrl-C and SIGTERM as a flag that every wait looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::clock::Stopwatch;

/// Short enough for a human not to notice, long enough to cost nothing.
const POLL: Duration = Duration::from_millis(20);

/// Whether somebody asked this process to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Takes over SIGINT, SIGTERM and SIGHUP, so that destructors run.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let raised = Arc::clone(&flag);
        ctrlc::set_handler(move || raised.store(true, Ordering::SeqCst))
            .context("cannot handle signals")?;
        Ok(Self(flag))
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Fails once somebody asked to end.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.is_set(), "stopped");
        Ok(())
    }

    /// Asks `probe` again and again until it has an answer, or `limit` is over.
    pub(crate) fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let watch = Stopwatch::start();
        loop {
            self.check()?;
            if let Some(found) = probe()? {
                return Ok(found);
            }
            if watch.elapsed() > limit {
                bail!("{what}: not within {} s", limit.as_secs());
            }
            thread::sleep(POLL);
        }
    }

    /// Waits for `time`, unless somebody asks to end before.
    pub(crate) fn sleep(&self, time: Duration) -> anyhow::Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < time {
            self.check()?;
            thread::sleep(POLL.min(time));
        }
        Ok(())
    }
}
