//! Which traces there are, and how far each is.

use std::path::Path;
use std::time::Duration;

use underpass_shared::api::management::{TraceShown, TraceState};

use super::file::{self, Counts};
use super::{TRACES_MAX, TraceError};
use crate::admin::Caller;

/// The traces of an agent, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    last_id: u64,
}

#[derive(Debug)]
struct Entry {
    shown: TraceShown,
    /// Who asked, while it waits.
    by: Option<Caller>,
}

impl Book {
    /// Those of former processes, of which none runs any more.
    pub(super) fn load(dir: &Path, now_ms: i64) -> Self {
        let mut entries: Vec<Entry> = vec![];
        for mut shown in file::kept(dir) {
            if shown.state == TraceState::Running {
                shown.state = TraceState::Ended;
                shown.ended_ms = Some(file::written_ms(dir, shown.id).unwrap_or(now_ms));
                shown.ended_because = Some("the agent ended".to_owned());
                shown.bytes = file::len(dir, shown.id);
                // Else it would end anew with each start, and never be old.
                if let Err(error) = file::keep(dir, &shown) {
                    tracing::warn!(trace = shown.id, %error, "the end of a trace was not kept");
                }
            }
            entries.push(Entry { shown, by: None });
        }
        entries.sort_by_key(|one| one.shown.id);
        let last_id = entries.last().map_or(0, |one| one.shown.id);
        Self { entries, last_id }
    }

    pub(super) fn list(&self) -> Vec<TraceShown> {
        let newest = self.entries.iter().rev();
        newest.map(|one| one.shown.clone()).collect()
    }

    pub(super) fn ids(&self, state: TraceState) -> Vec<u64> {
        let of = self.entries.iter().filter(|one| one.shown.state == state);
        of.map(|one| one.shown.id).collect()
    }

    pub(super) fn running(&self) -> usize {
        self.ids(TraceState::Running).len()
    }

    /// Whether no time runs out.
    pub(super) fn is_idle(&self) -> bool {
        self.running() == 0 && self.ids(TraceState::Requested).is_empty()
    }

    pub(super) fn shown(&self, id: u64) -> Result<TraceShown, TraceError> {
        let found = self.entries.iter().find(|one| one.shown.id == id);
        found
            .map(|one| one.shown.clone())
            .ok_or(TraceError::Missing(id))
    }

    fn entry(&mut self, id: u64, state: TraceState) -> Result<&mut Entry, TraceError> {
        let found = self.entries.iter_mut().find(|one| one.shown.id == id);
        let found = found.ok_or(TraceError::Missing(id))?;
        if found.shown.state == state {
            return Ok(found);
        }
        Err(TraceError::State(id, found.shown.state))
    }

    pub(super) fn request(
        &mut self,
        wanted: TraceShown,
        by: &Caller,
        now_ms: i64,
    ) -> Result<TraceShown, TraceError> {
        let is_open = |one: &&Entry| {
            let state = one.shown.state;
            let open = matches!(state, TraceState::Requested | TraceState::Running);
            open && one.shown.scope() == wanted.scope()
        };
        if let Some(same) = self.entries.iter().find(is_open) {
            return Err(TraceError::Same(same.shown.id));
        }
        if let Some(refused) = self.room()? {
            self.entries.remove(refused);
        }
        // Numbers are never used again, over restarts too.
        let now = u64::try_from(now_ms).unwrap_or(0);
        self.last_id = now.max(self.last_id + 1);
        let shown = TraceShown {
            id: self.last_id,
            state: TraceState::Requested,
            requested_by: by.to_string(),
            requested_ms: now_ms,
            ..wanted
        };
        self.entries.push(Entry {
            shown: shown.clone(),
            by: Some(by.clone()),
        });
        Ok(shown)
    }

    /// Whether there is room for one more, and which gives way for it.
    pub(super) fn room(&self) -> Result<Option<usize>, TraceError> {
        if self.entries.len() < TRACES_MAX {
            return Ok(None);
        }
        // Those have no file.
        let mut all = self.entries.iter();
        let refused = all.position(|one| one.shown.state == TraceState::Refused);
        refused.map(Some).ok_or(TraceError::TooMany)
    }

    pub(super) fn requester(&mut self, id: u64) -> Result<Caller, TraceError> {
        let entry = self.entry(id, TraceState::Requested)?;
        entry.by.clone().ok_or(TraceError::Missing(id))
    }

    pub(super) fn may_approve(&mut self, id: u64, by: &Caller) -> Result<(), TraceError> {
        if self.requester(id)?.is_same_as(by) {
            return Err(TraceError::SameOperator(by.to_string()));
        }
        Ok(())
    }

    pub(super) fn started(
        &mut self,
        id: u64,
        by: &Caller,
        now_ms: i64,
    ) -> Result<TraceShown, TraceError> {
        let Entry { shown, .. } = self.entry(id, TraceState::Requested)?;
        shown.state = TraceState::Running;
        shown.decided_by = Some(by.to_string());
        shown.started_ms = Some(now_ms);
        Ok(shown.clone())
    }

    pub(super) fn refused(
        &mut self,
        id: u64,
        by: &str,
        why: &str,
        now_ms: i64,
    ) -> Result<TraceShown, TraceError> {
        let Entry { shown, .. } = self.entry(id, TraceState::Requested)?;
        shown.state = TraceState::Refused;
        shown.decided_by = Some(by.to_owned());
        shown.ended_ms = Some(now_ms);
        shown.ended_because = Some(why.to_owned());
        Ok(shown.clone())
    }

    pub(super) fn ended(&mut self, id: u64, why: &str, counts: Option<Counts>, now_ms: i64) {
        let Ok(Entry { shown, .. }) = self.entry(id, TraceState::Running) else {
            return;
        };
        shown.state = TraceState::Ended;
        shown.ended_ms = Some(now_ms);
        shown.ended_because = Some(why.to_owned());
        if let Some(counts) = counts {
            count(shown, counts);
        }
    }

    /// What a running one has come to.
    pub(super) fn counted(&mut self, id: u64, counts: Counts) {
        if let Ok(Entry { shown, .. }) = self.entry(id, TraceState::Running) {
            count(shown, counts);
        }
    }

    /// Refuses those that waited for too long.
    pub(super) fn forgotten(&mut self, now_ms: i64, patience: Duration) -> Vec<u64> {
        let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let mut forgotten = vec![];
        for Entry { shown, .. } in &mut self.entries {
            let waited = now_ms.saturating_sub(shown.requested_ms);
            if shown.state == TraceState::Requested && waited > patience {
                shown.state = TraceState::Refused;
                shown.ended_ms = Some(now_ms);
                shown.ended_because = Some("nobody approved it within an hour".to_owned());
                forgotten.push(shown.id);
            }
        }
        forgotten
    }

    /// Those that ended before a time.
    pub(super) fn ended_before(&self, ms: i64) -> Vec<u64> {
        let ended = self.entries.iter().filter(|one| {
            let state = one.shown.state;
            let over = matches!(state, TraceState::Ended | TraceState::Refused);
            over && one.shown.ended_ms.is_some_and(|ended| ended < ms)
        });
        ended.map(|one| one.shown.id).collect()
    }

    /// Writes what is known of one beside its file.
    pub(super) fn keep(&self, dir: &Path, id: u64) {
        let Ok(shown) = self.shown(id) else { return };
        if let Err(error) = file::keep(dir, &shown) {
            tracing::warn!(trace = id, %error, "cannot write what is known of a trace");
        }
    }

    pub(super) fn delete(&mut self, dir: &Path, id: u64) -> Result<(), TraceError> {
        let shown = self.shown(id)?;
        if shown.state == TraceState::Running {
            return Err(TraceError::State(id, shown.state));
        }
        file::remove(dir, id)?;
        self.entries.retain(|one| one.shown.id != id);
        Ok(())
    }
}

const fn count(shown: &mut TraceShown, counts: Counts) {
    shown.bytes = counts.bytes;
    shown.requests = counts.requests;
    shown.dropped = counts.dropped;
}
