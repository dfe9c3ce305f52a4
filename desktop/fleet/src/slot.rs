//! A place for one answer, which a screen holds and the executor fills.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use serde::de::DeserializeOwned;
use underpass_shared::api::management::{Query, Target};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::command::{Command, Read};
use crate::remote::{Remote, Stamped};
use crate::snapshot::Configuration;
use crate::{FleetError, Reply};

/// What an answer can be read as.
pub trait FromReply: Sized + Send + Sync + 'static {
    /// Reads it.
    ///
    /// # Errors
    /// When it is something else.
    fn from_reply(reply: &Reply) -> Result<Self, FleetError>;
}

impl<T: DeserializeOwned + Send + Sync + 'static> FromReply for T {
    fn from_reply(reply: &Reply) -> Result<Self, FleetError> {
        reply.read()
    }
}

impl FromReply for Reply {
    fn from_reply(reply: &Reply) -> Result<Self, FleetError> {
        Ok(reply.clone())
    }
}

impl FromReply for Configuration {
    fn from_reply(reply: &Reply) -> Result<Self, FleetError> {
        let text = std::str::from_utf8(&reply.body).map_err(|_utf8| FleetError::NoText)?;
        Ok(Self {
            revision: reply.revision.ok_or(FleetError::NoRevision)?,
            document: Arc::new(Document::from_json(text)?),
        })
    }
}

/// Where an answer goes, whatever it is read as.
pub trait Sink: Send + Sync {
    /// Puts an answer, or why there is none. What was asked before `ticket` is dropped.
    fn put(&self, ticket: u64, answer: Result<&Reply, &FleetError>, at_ms: i64);
}

/// What was asked for last.
#[derive(Debug, Default)]
struct Asked {
    ticket: u64,
    what: Option<(AgentId, Target, Query)>,
}

#[derive(Debug)]
struct Inner<T> {
    value: ArcSwap<Remote<T>>,
    asked: Mutex<Asked>,
}

/// A place for one answer. Clones are the same.
#[derive(Debug)]
pub struct Slot<T>(Arc<Inner<T>>);

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Arc::new(Inner {
            value: ArcSwap::from_pointee(Remote::NotRequested),
            asked: Mutex::default(),
        }))
    }
}

impl<T: Send + Sync + 'static> Slot<T> {
    /// What is known.
    pub fn get(&self) -> Arc<Remote<T>> {
        self.0.value.load_full()
    }

    /// Whether somebody beside the caller holds it, and so sees what comes.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Puts a value that came by another way than a request.
    pub fn set(&self, value: Remote<T>) {
        self.0.value.store(Arc::new(value));
    }

    /// Takes a value that is here, and leaves the slot empty: for what is to be acted on once.
    pub fn take(&self) -> Option<Stamped<T>> {
        let is_here = matches!(**self.0.value.load(), Remote::Ready(_));
        if !is_here {
            return None;
        }
        match &*self.0.value.swap(Arc::new(Remote::NotRequested)) {
            Remote::Ready(stamped) => Some(stamped.clone()),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Unavailable { .. } => None,
        }
    }

    /// Empties it; an answer that is still on its way is dropped.
    pub fn clear(&self) {
        let mut asked = self.asked();
        asked.ticket += 1;
        asked.what = None;
        self.set(Remote::NotRequested);
    }

    /// The next [`Slot::request`] asks anew, whatever is known.
    pub fn refresh(&self) {
        self.asked().what = None;
        self.set(self.get().loading());
    }

    /// Begins to wait for an answer that a command brings; what it brings is put by this ticket.
    pub(crate) fn begin(&self) -> u64 {
        let mut asked = self.asked();
        asked.ticket += 1;
        self.set(self.get().loading());
        asked.ticket
    }

    /// Puts a value for a ticket, unless something else was asked for since.
    pub(crate) fn finish(&self, ticket: u64, value: Result<T, String>, at_ms: i64) {
        let asked = self.asked();
        if asked.ticket == ticket {
            let value = match value {
                Ok(value) => Remote::ready(value, at_ms),
                Err(reason) => self.get().failed(reason),
            };
            self.set(value);
        }
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: FromReply> Slot<T> {
    /// Asks for an answer, unless that was done already; cheap enough for every frame. Asking for
    /// something else forgets what is known.
    pub fn request(
        &self,
        commands: &mut Vec<Command>,
        agent: AgentId,
        target: &Target,
        query: &Query,
    ) {
        let mut asked = self.asked();
        if let Some((known, at, by)) = &asked.what
            && (*known, at, by) == (agent, target, query)
        {
            return;
        }
        let is_other = asked.what.is_some();
        asked.ticket += 1;
        asked.what = Some((agent, target.clone(), query.clone()));
        let before = if is_other {
            Remote::NotRequested
        } else {
            (*self.get()).clone()
        };
        self.set(before.loading());
        commands.push(Command::Read(Read {
            agent,
            target: target.clone(),
            query: query.clone(),
            ticket: asked.ticket,
            into: Arc::new(self.clone()),
        }));
    }
}

impl<T: FromReply> Sink for Slot<T> {
    fn put(&self, ticket: u64, answer: Result<&Reply, &FleetError>, at_ms: i64) {
        let value = match answer {
            Ok(reply) => T::from_reply(reply).map_err(|error| error.reason()),
            Err(error) => Err(error.reason()),
        };
        self.finish(ticket, value, at_ms);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use underpass_shared::api::management::Version;

    use super::*;

    fn agent(n: u8) -> AgentId {
        AgentId::of_authority(&[n; 32])
    }

    fn reply(body: &'static str) -> Reply {
        Reply {
            status: StatusCode::OK,
            revision: None,
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    /// The only read of some commands.
    fn read(commands: Vec<Command>) -> Read {
        let Ok([Command::Read(read)]) = <[Command; 1]>::try_from(commands) else {
            panic!("it is not one read");
        };
        read
    }

    #[test]
    fn a_screen_asks_once_and_again_after_a_refresh() {
        let slot = Slot::<Version>::default();
        let query = Query::default();
        let mut commands = vec![];
        for _frame in 0..3 {
            slot.request(&mut commands, agent(1), &Target::Version, &query);
        }
        let first = read(std::mem::take(&mut commands));
        assert!(slot.get().is_loading());
        first
            .into
            .put(first.ticket, Ok(&reply(r#"{"version":"1"}"#)), 5);
        assert_eq!(slot.get().value().unwrap().version, "1");
        slot.request(&mut commands, agent(1), &Target::Version, &query);
        assert!(commands.is_empty());
        slot.refresh();
        slot.request(&mut commands, agent(1), &Target::Version, &query);
        let second = read(std::mem::take(&mut commands));
        assert!(slot.get().is_stale());
        // The answer to the first question came late, and is not the answer to the second.
        first
            .into
            .put(first.ticket, Ok(&reply(r#"{"version":"0"}"#)), 6);
        assert!(slot.get().is_loading());
        second.into.put(second.ticket, Ok(&reply("<html>")), 7);
        assert_eq!(slot.get().value().unwrap().version, "1");
        let told = slot.get();
        assert!(
            told.reason().unwrap().contains("does not parse"),
            "{told:?}"
        );
        // Another agent's version is another thing.
        slot.request(&mut commands, agent(2), &Target::Version, &query);
        assert!(slot.get().is_loading() && slot.get().value().is_none());
    }

    #[test]
    fn a_result_is_taken_once() {
        let slot = Slot::<u8>::default();
        let ticket = slot.begin();
        assert!(slot.take().is_none());
        slot.finish(ticket, Ok(7), 1);
        assert_eq!(slot.take().map(|stamped| *stamped.value), Some(7));
        assert!(slot.take().is_none());
        slot.clear();
        slot.finish(ticket, Ok(8), 1);
        assert!(slot.take().is_none());
    }
}
