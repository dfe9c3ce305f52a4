//! SAP Cloud Connectors that are read.

use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::scc::Reading;

use super::super::Message;
use super::super::shelf::reason;
use super::Hub;
use crate::command::Scc;
use crate::remote::Remote;
use crate::scc::{self, Connector, Progress, SccUrl, Shown};
use crate::slot::Slot;

impl Hub {
    pub(super) fn scc(&self, act: Scc) {
        match act {
            Scc::Look { url, done } => self.look_at(url, done),
            Scc::Read {
                connector,
                stop,
                progress,
                done,
            } => self.read(connector, stop, progress, done),
        }
    }

    fn look_at(&self, url: SccUrl, done: Slot<Shown>) {
        let ticket = done.begin();
        if self.is_demo {
            return done.finish(ticket, Ok(crate::demo::scc::shown()), clock::wall_ms());
        }
        let (hub, tasks) = (self.told.clone(), self.tasks.child());
        self.tasks.spawn("fleet-scc-look", async move {
            let shown = scc::look(&url, &tasks).await;
            let shown = shown.map_err(|error| reason(&error));
            tasks.stop();
            done.finish(ticket, shown, clock::wall_ms());
            drop(hub.send(Message::Filled).await);
        });
    }

    fn read(
        &self,
        connector: Box<Connector>,
        stop: CancellationToken,
        progress: Slot<Progress>,
        done: Slot<Reading>,
    ) {
        let ticket = done.begin();
        progress.set(Remote::Loading { previous: None });
        if self.is_demo {
            let reading = crate::demo::scc::reading(&connector.url, clock::wall_ms());
            return done.finish(ticket, Ok(reading), clock::wall_ms());
        }
        let (hub, tasks, wake) = (self.told.clone(), self.tasks.child(), self.wake.clone());
        self.tasks.spawn("fleet-scc-read", async move {
            let tell = |now: Progress| {
                progress.set(Remote::ready(now, clock::wall_ms()));
                wake();
            };
            let reading = tokio::select! {
                () = stop.cancelled() => Err("it was stopped".to_owned()),
                reading = scc::read(&connector, &tasks, &tell) => {
                    reading.map_err(|error| reason(&error))
                }
            };
            tasks.stop();
            done.finish(ticket, reading, clock::wall_ms());
            drop(hub.send(Message::Filled).await);
        });
    }
}
