//! How often somebody may try: so many failures in a time, then a wait.

use std::collections::BTreeMap;
use std::time::Duration;

/// Who tried is remembered for at most so many, so that a crowd takes no memory.
const KNOWN_MAX: usize = 1_024;

/// Tries by who made them. Times are of a clock that never goes back.
#[derive(Debug)]
pub struct Throttle<K> {
    most: u32,
    window: Duration,
    known: BTreeMap<K, Tries>,
}

#[derive(Debug)]
struct Tries {
    since: Duration,
    count: u32,
}

impl<K: Ord + Clone> Throttle<K> {
    /// At most so many failed tries in a window.
    pub const fn new(most: u32, window: Duration) -> Self {
        Self {
            most,
            window,
            known: BTreeMap::new(),
        }
    }

    /// Counts a try before it is known how it ends, so that many at once are counted too.
    ///
    /// # Errors
    /// How long to wait, where there were too many.
    pub fn begin(&mut self, who: &K, now: Duration) -> Result<(), Duration> {
        let window = self.window;
        let left = |tries: &Tries| (tries.since + window).saturating_sub(now);
        if !self.known.contains_key(who) && self.known.len() >= KNOWN_MAX {
            self.known.retain(|_, tries| !left(tries).is_zero());
            let oldest = self.known.iter().min_by_key(|(_, tries)| tries.since);
            let oldest = oldest.map(|(who, _)| who.clone());
            if let Some(oldest) = oldest.filter(|_| self.known.len() >= KNOWN_MAX) {
                self.known.remove(&oldest);
            }
        }
        let fresh = || Tries {
            since: now,
            count: 0,
        };
        let tries = self.known.entry(who.clone()).or_insert_with(fresh);
        if left(tries).is_zero() {
            *tries = fresh();
        }
        if tries.count >= self.most {
            return Err(left(tries));
        }
        tries.count += 1;
        Ok(())
    }

    /// A try ended well and does not count.
    pub fn succeeded(&mut self, who: &K) {
        if let Some(tries) = self.known.get_mut(who) {
            tries.count = tries.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn failures_run_out_and_come_back() {
        let mut throttle = Throttle::new(2, MINUTE);
        let at = Duration::from_secs;
        assert_eq!(throttle.begin(&"a", at(100)), Ok(()));
        assert_eq!(throttle.begin(&"a", at(110)), Ok(()));
        assert_eq!(throttle.begin(&"a", at(120)), Err(at(40)));
        assert_eq!(throttle.begin(&"b", at(120)), Ok(()));
        assert_eq!(throttle.begin(&"a", at(160)), Ok(()));
        // What ends well costs nothing.
        for _ in 0..9 {
            assert_eq!(throttle.begin(&"a", at(161)), Ok(()));
            throttle.succeeded(&"a");
        }
    }

    #[test]
    fn a_crowd_takes_no_memory_and_pushes_out_the_oldest() {
        let mut throttle = Throttle::new(1, MINUTE);
        let at = |n: usize| Duration::from_millis(n as u64);
        for n in 0..KNOWN_MAX {
            assert_eq!(throttle.begin(&n, at(n)), Ok(()));
        }
        assert_eq!(throttle.begin(&KNOWN_MAX, at(KNOWN_MAX)), Ok(()));
        assert_eq!(throttle.known.len(), KNOWN_MAX);
        assert!(throttle.begin(&1, at(KNOWN_MAX)).is_err());
        assert_eq!(throttle.begin(&0, at(KNOWN_MAX)), Ok(()));
    }
}
