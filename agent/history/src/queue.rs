//! What waits for the thread of the history. Whoever gives something never waits.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use underpass_shared::monitor::{Entity, Sample};

use crate::tier::Retention;
use crate::usage::ResourceUse;

/// Jobs that may wait: a quarter of an hour of samples, for a disk that hangs.
const LEN_MAX: usize = 64;

/// Something to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Keep this.
    Keep(Arc<Sample>, Vec<ResourceUse>),
    /// Forget the usage of an entity, or of all; answered when that is done.
    Forget(Option<Entity>, i64, SyncSender<()>),
    /// Keep for so long from now on.
    Retain(Retention),
    /// Answered when all before is done.
    Flush(SyncSender<()>),
}

/// How it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Why nothing is kept, while nothing is.
    pub failure: Option<String>,
    /// Samples that were not kept since the start.
    pub dropped: u64,
    /// Bytes of the file that are in use.
    pub bytes: u64,
    /// Damaged files that were put aside since the start.
    pub put_aside: u64,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
    state: State,
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job, unless too many wait; a sample that finds no place is counted.
    pub(crate) fn give(&self, job: Job) {
        let mut waiting = self.lock();
        if waiting.closed {
            // Its asker sees that nobody answers.
            return;
        }
        if waiting.jobs.len() >= LEN_MAX {
            if matches!(job, Job::Keep(..)) {
                waiting.state.dropped += 1;
            }
            return;
        }
        waiting.jobs.push_back(job);
        self.more.notify_one();
    }

    /// The next job; none when all are done and no more come.
    pub(crate) fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            let woken = self.more.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.more.notify_all();
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// Tells how it goes.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock().state);
    }
}
