//! Which of the waiting notices are sent now, so that a storm of alerts is no storm of mails.

use std::collections::BTreeMap;
use std::time::Duration;

use underpass_shared::alert::Category;

/// The rules of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long the first waiting notice waits for others.
    pub(crate) gather: Duration,
    /// How long after a parcel the next one may follow.
    pub(crate) between: Duration,
    /// How long after a parcel with a category the next one with it may follow; None is no limit.
    pub(crate) per_category: Option<Duration>,
    /// Notices of one parcel.
    pub(crate) most: usize,
}

/// What is to be done with what waits. Times are monotonic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing waits.
    Idle,
    /// Nothing before this time.
    Until(Duration),
    /// The notices at these places are sent now.
    Take(Vec<usize>),
}

/// Applies the rules as time goes by.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    since: Option<Duration>,
    last: Option<Duration>,
    categories: BTreeMap<Category, Duration>,
}

impl Pacer {
    pub(crate) const fn new(pace: Pace) -> Self {
        Self {
            pace,
            since: None,
            last: None,
            categories: BTreeMap::new(),
        }
    }

    /// Decides about notices of these categories, which wait in this order.
    pub(crate) fn next(&mut self, now: Duration, waiting: &[Category]) -> Next {
        if waiting.is_empty() {
            self.since = None;
            return Next::Idle;
        }
        let free = waiting.iter().map(|category| self.free_at(*category));
        let free: Vec<Duration> = free.collect();
        let due = free.iter().enumerate().filter(|(_, at)| **at <= now);
        let due: Vec<usize> = due.map(|(place, _)| place).collect();
        if due.is_empty() {
            self.since = None;
            let first = free.into_iter().min().unwrap_or(now);
            return Next::Until(first);
        }
        let gathered = *self.since.get_or_insert(now) + self.pace.gather;
        let rested = self.last.map_or(now, |last| last + self.pace.between);
        let ready = gathered.max(rested);
        if now < ready {
            return Next::Until(ready);
        }
        self.since = None;
        Next::Take(due.into_iter().take(self.pace.most).collect())
    }

    /// A parcel with these categories was taken.
    pub(crate) fn sent(&mut self, now: Duration, categories: impl IntoIterator<Item = Category>) {
        self.last = Some(now);
        for category in categories {
            self.categories.insert(category, now);
        }
    }

    /// From when on a category may be sent.
    fn free_at(&self, category: Category) -> Duration {
        let last = self.categories.get(&category);
        match (last, self.pace.per_category) {
            (Some(last), Some(wait)) => *last + wait,
            (None, _) | (_, None) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    const MAIL: Pace = Pace {
        gather: seconds(2),
        between: Duration::ZERO,
        per_category: Some(seconds(60)),
        most: 1_000,
    };

    #[test]
    fn what_comes_together_is_sent_together_and_each_category_once_a_minute() {
        use Category::{Cpu, Tunnels};
        let mut pacer = Pacer::new(MAIL);
        assert_eq!(pacer.next(seconds(0), &[]), Next::Idle);
        assert_eq!(
            pacer.next(seconds(10), &[Tunnels]),
            Next::Until(seconds(12))
        );
        let both = [Tunnels, Cpu, Tunnels];
        assert_eq!(pacer.next(seconds(11), &both), Next::Until(seconds(12)));
        assert_eq!(pacer.next(seconds(12), &both), Next::Take(vec![0, 1, 2]));
        pacer.sent(seconds(13), [Tunnels]);
        // Another category is not held up, and order stays within each.
        assert_eq!(
            pacer.next(seconds(14), &[Tunnels]),
            Next::Until(seconds(73))
        );
        let more = [Tunnels, Cpu, Tunnels, Cpu];
        assert_eq!(pacer.next(seconds(20), &more), Next::Until(seconds(22)));
        assert_eq!(pacer.next(seconds(22), &more), Next::Take(vec![1, 3]));
        pacer.sent(seconds(22), [Cpu]);
        let rest = [Tunnels, Tunnels];
        assert_eq!(pacer.next(seconds(72), &rest), Next::Until(seconds(73)));
        assert_eq!(pacer.next(seconds(73), &rest), Next::Until(seconds(75)));
        assert_eq!(pacer.next(seconds(75), &rest), Next::Take(vec![0, 1]));
    }

    /// Lets 10,000 notices of all categories come within a second and counts the parcels of the
    /// next hour.
    fn parcels_of_storm(pace: Pace) -> usize {
        let mut pacer = Pacer::new(pace);
        let mut waiting: Vec<Category> = vec![];
        let mut parcels = 0;
        let mut coming = (0..10_000_usize).map(|n| Category::ALL[n % Category::ALL.len()]);
        for tenth in 0..36_000_u64 {
            let now = Duration::from_millis(tenth * 100);
            waiting.extend(coming.by_ref().take(1_000));
            let excess = waiting.len().saturating_sub(1_000);
            waiting.drain(..excess);
            if let Next::Take(places) = pacer.next(now, &waiting) {
                parcels += 1;
                pacer.sent(now, places.iter().map(|place| waiting[*place]));
                let mut place = 0;
                waiting.retain(|_| {
                    place += 1;
                    !places.contains(&(place - 1))
                });
            }
        }
        assert!(waiting.is_empty());
        parcels
    }

    #[test]
    fn a_storm_is_a_few_parcels() {
        assert_eq!(parcels_of_storm(MAIL), 1);
        let program = Pace {
            gather: Duration::ZERO,
            between: seconds(1),
            per_category: None,
            most: 100,
        };
        assert!(parcels_of_storm(program) <= 11);
        // Without gathering, what began the storm goes first; still few.
        let hasty = Pace {
            gather: Duration::ZERO,
            ..MAIL
        };
        assert!(parcels_of_storm(hasty) <= 3);
    }
}
