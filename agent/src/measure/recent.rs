//! The requests that are remembered: the last ones, and those that took longest.

use std::collections::VecDeque;
use std::sync::Arc;

use underpass_shared::monitor::Request;

use super::cell::is_timed;
use super::figures::Remembered;

/// Requests that are remembered; some MiB once so many came.
pub(crate) const RECENT_MAX: usize = 10_000;
/// Of those that took longest; each may hold a request that is long gone.
pub(crate) const TOP_MAX: usize = 100;

/// What is remembered. It takes no memory before the first request.
#[derive(Debug)]
pub(super) struct Recent {
    last: VecDeque<Arc<Request>>,
    last_dropped: u64,
    last_since_ms: i64,
    /// The longest first.
    top: Vec<Arc<Request>>,
    top_dropped: u64,
    top_since_ms: i64,
}

impl Recent {
    pub(super) const fn since(now_ms: i64) -> Self {
        Self {
            last: VecDeque::new(),
            last_dropped: 0,
            last_since_ms: now_ms,
            top: vec![],
            top_dropped: 0,
            top_since_ms: now_ms,
        }
    }

    /// Remembers a request; answers those that it takes the place of, to be freed by the caller.
    pub(super) fn push(&mut self, request: Arc<Request>) -> [Option<Arc<Request>>; 2] {
        let mut freed = [None, None];
        if is_timed(request.outcome) {
            let total = request.split.total;
            let at = self.top.partition_point(|one| one.split.total >= total);
            if self.top.len() == TOP_MAX {
                self.top_dropped += 1;
            }
            if at < TOP_MAX {
                if self.top.len() == TOP_MAX {
                    freed[0] = self.top.pop();
                }
                self.top.insert(at, Arc::clone(&request));
            }
        }
        if self.last.len() == RECENT_MAX {
            self.last_dropped += 1;
            freed[1] = self.last.pop_front();
        }
        self.last.push_back(request);
        freed
    }

    /// The newest first.
    pub(super) fn last(&self, limit: usize, wanted: impl Fn(&Request) -> bool) -> Remembered {
        let found = self.last.iter().rev().filter(|one| wanted(one));
        Remembered {
            requests: found.take(limit).map(Arc::clone).collect(),
            dropped: self.last_dropped,
            since_ms: self.last_since_ms,
        }
    }

    pub(super) fn top(&self) -> Remembered {
        Remembered {
            requests: self.top.clone(),
            dropped: self.top_dropped,
            since_ms: self.top_since_ms,
        }
    }

    /// Forgets the last ones.
    pub(super) fn delete_last(&mut self, now_ms: i64) {
        (self.last, self.last_dropped) = (VecDeque::new(), 0);
        self.last_since_ms = now_ms;
    }

    /// Forgets the longest ones.
    pub(super) fn delete_top(&mut self, now_ms: i64) {
        (self.top, self.top_dropped) = (vec![], 0);
        self.top_since_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::config::SubaccountKey;
    use underpass_shared::monitor::{Outcome, Split};

    use super::*;

    fn request(total: u64, outcome: Outcome) -> Arc<Request> {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let key = SubaccountKey {
            region_host: "gw.example".parse().unwrap(),
            subaccount: id.parse().unwrap(),
            location_id: "".parse().unwrap(),
        };
        Arc::new(Request {
            begun_ms: 0,
            subaccount: Arc::new(key),
            virtual_host: "erp".into(),
            virtual_port: 80,
            internal: "".into(),
            method: "GET".into(),
            path: "/".into(),
            resource: "/".into(),
            user: None,
            received: 0,
            sent: 0,
            outcome,
            split: Split {
                total,
                ..Split::default()
            },
        })
    }

    #[test]
    fn the_last_and_the_longest_are_remembered_and_no_more() {
        let mut recent = Recent::since(5);
        let mut freed = 0;
        for at in 0..RECENT_MAX as u64 + 7 {
            // In an order of its own.
            let total = at * 7_919 % (RECENT_MAX as u64 + 7);
            let gone = recent.push(request(total, Outcome::Answered(200)));
            freed += usize::from(gone[1].is_some());
        }
        recent.push(request(99_999, Outcome::Denied));
        recent.push(request(99_999, Outcome::Answered(101)));
        let last = recent.last(3, |one| one.outcome != Outcome::Denied);
        let totals: Vec<u64> = last.requests.iter().map(|one| one.split.total).collect();
        let before = (RECENT_MAX as u64 + 6) * 7_919 % (RECENT_MAX as u64 + 7);
        assert_eq!(totals[..2], [99_999, before]);
        assert_eq!((freed, last.dropped, last.since_ms), (7, 9, 5));
        assert_eq!(recent.last(usize::MAX, |_| true).requests.len(), RECENT_MAX);

        let top = recent.top();
        let totals: Vec<u64> = top.requests.iter().map(|one| one.split.total).collect();
        let longest: Vec<u64> = (0..RECENT_MAX as u64 + 7).rev().take(TOP_MAX).collect();
        assert_eq!(totals, longest);
        assert_eq!(top.dropped, (RECENT_MAX + 7 - TOP_MAX) as u64);

        recent.delete_last(8);
        assert_eq!(
            (recent.last(1, |_| true).since_ms, recent.last.len()),
            (8, 0)
        );
        assert_eq!(recent.top().requests.len(), TOP_MAX);
        recent.delete_top(9);
        assert_eq!((recent.top().since_ms, recent.top().dropped), (9, 0));
    }
}
