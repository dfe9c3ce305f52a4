//! What the running process is told to do: take no requests until it is told to, or start anew.

use std::sync::Arc;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_shared::api::management::Drain;

/// How a run of the agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to stop.
    Stopped,
    /// It is to be started again.
    Restart,
}

/// Where the process is told. Clones are the same.
#[derive(Clone, Debug)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    drain: watch::Sender<Option<Drain>>,
    restart: watch::Sender<bool>,
    is_restarted: bool,
}

impl Control {
    /// Of a process that a service manager starts again after its end, or of one that ends for good.
    pub fn new(is_restarted: bool) -> Self {
        Self(Arc::new(Inner {
            drain: watch::Sender::new(None),
            restart: watch::Sender::new(false),
            is_restarted,
        }))
    }

    /// Whether somebody starts this process again after its end.
    pub fn is_restarted(&self) -> bool {
        self.0.is_restarted
    }

    /// The drain that keeps the tunnels closed.
    pub fn drain(&self) -> watch::Receiver<Option<Drain>> {
        self.0.drain.subscribe()
    }

    /// Has the tunnels closed; false where they are already.
    pub fn close(&self, author: &str) -> bool {
        self.0.drain.send_if_modified(|drain| {
            let is_new = drain.is_none();
            drain.get_or_insert_with(|| Drain {
                since_ms: clock::wall_ms(),
                author: author.to_owned(),
            });
            is_new
        })
    }

    /// Has the tunnels opened again; false where they are not closed.
    pub fn open(&self) -> bool {
        self.0
            .drain
            .send_if_modified(|drain| drain.take().is_some())
    }

    /// Has the process end and started again.
    pub fn restart(&self) {
        self.0.restart.send_replace(true);
    }

    /// Resolves when it is to be started again.
    pub async fn restarting(&self) {
        let mut restart = self.0.restart.subscribe();
        // The sender lives as long as this.
        drop(restart.wait_for(|wanted| *wanted).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_is_of_whoever_asked_first_until_it_ends() {
        let control = Control::new(false);
        let drain = control.drain();
        assert!(control.close("anna"));
        assert!(!control.close("ben"));
        assert_eq!(drain.borrow().as_ref().unwrap().author, "anna");
        assert!(control.open());
        assert!(!control.open());
        assert_eq!(*drain.borrow(), None);
        control.restart();
        control.restarting().await;
    }
}
