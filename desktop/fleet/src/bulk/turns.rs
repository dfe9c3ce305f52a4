//! Who is next: decided from what came of the others.

use std::collections::VecDeque;

use super::{Act, Options};

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Begin with this part.
    Begin(usize),
    /// Wait for a part that runs.
    Wait,
    /// Wait for the time behind the first agents.
    Pause,
    /// Nothing further is to be begun, and nothing runs.
    Over,
}

/// Why no further agent was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// One of the first ones failed.
    Canary,
    /// Too many failed.
    Failures,
}

/// The order of parts. The first ones of a change are alone until it went well with all of them.
#[derive(Debug)]
pub(super) struct Turns {
    queue: VecDeque<usize>,
    running: usize,
    at_once: usize,
    /// Of the first ones, how many still have to end well.
    canaries: usize,
    is_paused: bool,
    pause: bool,
    failures: usize,
    failures_max: usize,
    halt: Option<Halt>,
}

impl Turns {
    /// `done` agents have the change already, from before a break.
    pub(super) fn new(act: Act, options: &Options, queue: Vec<usize>, done: usize) -> Self {
        let is_change = act == Act::Apply;
        let canaries = options.canary.saturating_sub(done).min(queue.len());
        Self {
            queue: queue.into(),
            running: 0,
            at_once: options.at_once,
            canaries: if is_change { canaries } else { 0 },
            is_paused: false,
            pause: options.pause_seconds > 0,
            failures: 0,
            // Questions and steps back are for all, whatever comes of one.
            failures_max: if is_change {
                options.failures
            } else {
                usize::MAX
            },
            halt: None,
        }
    }

    pub(super) fn next(&mut self) -> Next {
        if self.halt.is_some() {
            self.queue.clear();
        }
        let room = if self.canaries > 0 {
            self.at_once.min(self.canaries)
        } else {
            self.at_once
        };
        if self.is_paused && !self.queue.is_empty() {
            return Next::Pause;
        }
        if self.running < room
            && let Some(part) = self.queue.pop_front()
        {
            self.running += 1;
            return Next::Begin(part);
        }
        match self.running {
            0 => Next::Over,
            _ => Next::Wait,
        }
    }

    /// A part ended.
    pub(super) fn ended(&mut self, well: bool) {
        self.running -= 1;
        if well && self.canaries > 0 {
            self.canaries -= 1;
            self.is_paused = self.canaries == 0 && self.pause;
        }
        if well {
            return;
        }
        self.failures += 1;
        if self.canaries > 0 {
            self.halt = Some(Halt::Canary);
        } else if self.failures > self.failures_max && self.halt.is_none() {
            self.halt = Some(Halt::Failures);
        }
    }

    /// The time behind the first agents is over.
    pub(super) const fn go_on(&mut self) {
        self.is_paused = false;
    }

    /// Nothing further is begun.
    pub(super) fn stop(&mut self) {
        self.queue.clear();
    }

    pub(super) const fn halt(&self) -> Option<Halt> {
        self.halt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(canary: usize, at_once: usize, failures: usize, parts: usize) -> Turns {
        let options = Options {
            canary,
            at_once,
            failures,
            ..Options::default()
        };
        Turns::new(Act::Apply, &options, (0..parts).collect(), 0)
    }

    /// Begins all that may begin.
    fn begin(turns: &mut Turns) -> (Vec<usize>, Next) {
        let mut begun = vec![];
        loop {
            match turns.next() {
                Next::Begin(part) => begun.push(part),
                next @ (Next::Wait | Next::Pause | Next::Over) => return (begun, next),
            }
        }
    }

    #[test]
    fn the_first_ones_are_alone_until_all_of_them_are_well() {
        let mut turns = turns(2, 4, 0, 9);
        assert_eq!(begin(&mut turns), (vec![0, 1], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![2, 3, 4, 5], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![6], Next::Wait));
    }

    #[test]
    fn one_of_the_first_that_fails_ends_it_whatever_may_fail() {
        let mut turns = turns(2, 4, 100, 9);
        assert_eq!(begin(&mut turns).0, [0, 1]);
        turns.ended(false);
        // The other one still runs.
        assert_eq!(begin(&mut turns), (vec![], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![], Next::Over));
        assert_eq!(turns.halt(), Some(Halt::Canary));
    }

    #[test]
    fn no_further_one_is_begun_when_more_failed_than_may() {
        let mut turns = turns(0, 2, 1, 9);
        assert_eq!(begin(&mut turns).0, [0, 1]);
        turns.ended(false);
        assert_eq!(begin(&mut turns).0, [2]);
        turns.ended(false);
        assert_eq!(begin(&mut turns), (vec![], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![], Next::Over));
        assert_eq!(turns.halt(), Some(Halt::Failures));
    }

    #[test]
    fn behind_the_first_ones_there_is_a_pause() {
        let options = Options {
            pause_seconds: 9,
            ..Options::default()
        };
        let mut turns = Turns::new(Act::Apply, &options, vec![0, 1], 0);
        assert_eq!(begin(&mut turns).0, [0]);
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![], Next::Pause));
        turns.go_on();
        assert_eq!(begin(&mut turns), (vec![1], Next::Wait));
        turns.ended(true);
        assert_eq!(begin(&mut turns), (vec![], Next::Over));
    }

    #[test]
    fn after_a_break_those_that_are_done_count_as_the_first() {
        let options = Options {
            canary: 2,
            ..Options::default()
        };
        let mut turns = Turns::new(Act::Apply, &options, vec![5, 6, 7], 2);
        assert_eq!(begin(&mut turns).0, [5, 6, 7]);
        // Taking back and asking know no first ones, and end with nobody.
        for act in [Act::Undo, Act::Plan { again: false }] {
            let mut turns = Turns::new(act, &options, vec![0, 1, 2], 0);
            assert_eq!(begin(&mut turns).0, [0, 1, 2]);
            turns.ended(false);
            turns.ended(false);
            assert_eq!(turns.halt(), None);
        }
    }
}
