//! The fleet's engine for the time of one command.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use anyhow::{Context as _, bail};
use underpass_fleet::command::Command;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Keys};
use underpass_fleet::{Fleet, Source, demo};
use underpass_runtime::clock;

use super::Common;
use crate::text;

/// How long the keys may take: the system may ask somebody.
const KEYS_TIME: Duration = Duration::from_secs(60);
/// How long an answer may take; longer than the engine itself waits for one.
const ANSWER_TIME: Duration = Duration::from_secs(150);
/// How often is looked without being woken.
const LOOK: Duration = Duration::from_millis(100);

/// An engine whose agents are known and whose keys are open.
pub(super) struct Engine {
    fleet: Fleet,
    woken: Receiver<()>,
}

impl Engine {
    pub(super) fn open(common: &Common) -> anyhow::Result<Self> {
        let source = if common.demo {
            Source::Demo {
                seed: demo::SEED,
                clock: Arc::new(clock::wall_ms),
            }
        } else {
            Source::Profile {
                folder: common.folder()?,
                keys: common.keys()?,
            }
        };
        // One wake is enough for many: whoever is woken looks at everything.
        let (wake, woken) = sync_channel(1);
        let wake = Arc::new(move || wake.try_send(()).unwrap_or_default());
        let fleet = Fleet::start(source, wake).context("cannot start")?;
        let engine = Self { fleet, woken };
        engine.wait("the keys", KEYS_TIME, |fleet| match &fleet.keys {
            Keys::Opening => Ok(None),
            Keys::Open(_) => Ok(Some(())),
            Keys::Locked { reason, .. } => bail!("{}", text::clean(reason)),
        })?;
        Ok(engine)
    }

    /// What is known now.
    pub(super) fn snapshot(&self) -> Arc<FleetSnapshot> {
        self.fleet.snapshot()
    }

    /// Waits for something to come true.
    pub(super) fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&FleetSnapshot) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let end = clock::monotonic().saturating_add(limit);
        loop {
            if let Some(found) = look(&self.fleet.snapshot())? {
                return Ok(found);
            }
            let left = end.saturating_sub(clock::monotonic());
            if left.is_zero() {
                bail!("waited {} s for {what}", limit.as_secs());
            }
            // Whether it was woken or not, it looks again.
            self.woken.recv_timeout(left.min(LOOK)).unwrap_or_default();
        }
    }

    /// Has something done, and waits for what it brings.
    pub(super) fn act<T: Send + Sync + 'static>(
        &self,
        what: &str,
        command: Command,
        done: &Slot<T>,
    ) -> anyhow::Result<Arc<T>> {
        self.fleet.send(command)?;
        self.wait(what, ANSWER_TIME, |_| match &*done.get() {
            Remote::NotRequested | Remote::Loading { .. } => Ok(None),
            Remote::Ready(stamped) => Ok(Some(Arc::clone(&stamped.value))),
            Remote::Unavailable { reason, .. } => bail!("{}", text::clean(reason)),
        })
    }

    /// Waits for a job that may take as long as it takes, telling people how far it is.
    pub(super) fn follow<T: Send + Sync + 'static>(
        &self,
        done: &Slot<T>,
    ) -> anyhow::Result<Arc<T>> {
        let is_attended = super::output::is_attended();
        let mut told = 0;
        loop {
            match &*done.get() {
                Remote::NotRequested | Remote::Loading { .. } => {}
                Remote::Ready(stamped) => return Ok(Arc::clone(&stamped.value)),
                Remote::Unavailable { reason, .. } => bail!("{}", text::clean(reason)),
            }
            let fleet = self.fleet.snapshot();
            if let Some(job) = fleet.jobs.first().filter(|_| is_attended) {
                let (finished, all) = (job.finished(), job.parts.len());
                if finished != told {
                    told = finished;
                    super::output::progress(finished, all)?;
                }
            }
            // Whether it was woken or not, it looks again.
            self.woken.recv_timeout(LOOK).unwrap_or_default();
        }
    }

    pub(super) fn send(&self, command: Command) -> anyhow::Result<()> {
        Ok(self.fleet.send(command)?)
    }

    /// The one agent that somebody means.
    pub(super) fn agent(&self, name: &str) -> anyhow::Result<Arc<AgentSnapshot>> {
        let fleet = self.snapshot();
        let names: Vec<(String, &str)> = fleet
            .agents
            .iter()
            .map(|agent| (agent.id.to_string(), &*agent.label))
            .collect();
        Ok(Arc::clone(&fleet.agents[find(&names, name)?]))
    }

    /// Ends it, after all was written.
    pub(super) fn stop(self) {
        self.fleet.stop();
    }
}

/// The place of the one agent, of ids and labels, that a label or the beginning of an id means.
pub(super) fn find(agents: &[(String, &str)], name: &str) -> anyhow::Result<usize> {
    let all = |is: &dyn Fn(&(String, &str)) -> bool| -> Vec<usize> {
        let places = agents.iter().enumerate().filter(|(_, one)| is(one));
        places.map(|(place, _)| place).collect()
    };
    let mut found = all(&|(id, label)| *label == name || id == name);
    if found.is_empty() && !name.is_empty() {
        found = all(&|(id, _)| id.starts_with(name));
    }
    match found[..] {
        [one] => Ok(one),
        [] => bail!("no agent is called {name:?}; `underpass fleet list` shows all"),
        [..] => {
            let ids: Vec<&str> = found.iter().map(|place| &*agents[*place].0).collect();
            bail!(
                "{name:?} means several agents; name one by its id: {}",
                ids.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_found_by_label_or_the_beginning_of_an_id() {
        let agents = [
            ("abc1", "plant"),
            ("abc2", "plant"),
            ("b3", "abc1"),
            ("c4", "north"),
        ];
        let agents = agents.map(|(id, label)| (id.to_owned(), label));
        assert_eq!(find(&agents, "north").unwrap(), 3);
        assert_eq!(find(&agents, "abc2").unwrap(), 1);
        assert_eq!(find(&agents, "b").unwrap(), 2);
        for (name, words) in [
            ("plant", "abc1, abc2"),
            // A label of one is the id of another.
            ("abc1", "abc1, b3"),
            ("ab", "abc1, abc2"),
            ("south", "no agent"),
            ("", "no agent"),
        ] {
            let told = find(&agents, name).unwrap_err().to_string();
            assert!(told.contains(words), "{name}: {told}");
        }
    }
}
