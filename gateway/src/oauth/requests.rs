//! Keeps one client from having all the signing.

use std::collections::BTreeMap;
use std::time::Duration;

/// Tokens that a client gets at once. Applications keep a token for hours, and many instances of
/// one application may start together.
pub const BURST: u32 = 600;
/// After them, one more each time this has passed.
pub const REFILL: Duration = Duration::from_millis(REFILL_MS.unsigned_abs());
/// Clients remembered at once, about half a megabyte; beyond it the one with most left is forgotten.
pub const CLIENTS_MAX: usize = 4096;

const REFILL_MS: i64 = 100;
const BURST_MS: i64 = BURST as i64 * REFILL_MS;

/// What clients have left. Only who proved to be a client is counted, so nobody can use up what is
/// another's.
#[derive(Debug, Default)]
pub struct RequestLimit {
    /// When each will have all of its burst again.
    full_at_ms: BTreeMap<String, i64>,
}

impl RequestLimit {
    /// Takes one token for a client.
    ///
    /// # Errors
    /// How long it has to wait when it has none left.
    pub fn take(&mut self, client: &str, now_ms: i64) -> Result<(), Duration> {
        let known = self.full_at_ms.get(client).copied();
        // A clock that went back must not lock anybody out for longer.
        let full_at = known.unwrap_or(now_ms).clamp(now_ms, now_ms + BURST_MS);
        let over = full_at + REFILL_MS - (now_ms + BURST_MS);
        if let Some(wait) = u64::try_from(over).ok().filter(|&wait| wait > 0) {
            return Err(Duration::from_millis(wait));
        }
        if known.is_none() && self.full_at_ms.len() >= CLIENTS_MAX {
            self.make_room(now_ms);
        }
        self.full_at_ms
            .insert(client.to_owned(), full_at + REFILL_MS);
        Ok(())
    }

    fn make_room(&mut self, now_ms: i64) {
        self.full_at_ms.retain(|_, full_at| *full_at > now_ms);
        if self.full_at_ms.len() < CLIENTS_MAX {
            return;
        }
        let fullest = self.full_at_ms.iter().min_by_key(|(_, full_at)| **full_at);
        if let Some(client) = fullest.map(|(client, _)| client.clone()) {
            self.full_at_ms.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn a_burst_is_free_and_then_tokens_come_one_by_one() {
        let mut limit = RequestLimit::default();
        for _ in 0..BURST {
            limit.take("a", NOW_MS).unwrap();
        }
        assert_eq!(limit.take("a", NOW_MS), Err(REFILL));
        assert_eq!(limit.take("a", NOW_MS + 60), Err(Duration::from_millis(40)));
        limit.take("b", NOW_MS).unwrap();
        limit.take("a", NOW_MS + REFILL_MS).unwrap();
        assert_eq!(limit.take("a", NOW_MS + REFILL_MS), Err(REFILL));
        // Whoever rests long enough has the whole burst again, and no more.
        let later = NOW_MS + 10 * BURST_MS;
        let taken = (0..2 * BURST).filter(|_| limit.take("a", later).is_ok());
        assert_eq!(taken.count(), BURST as usize);
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let mut limit = RequestLimit::default();
        for _ in 0..BURST {
            limit.take("a", NOW_MS).unwrap();
        }
        let before = NOW_MS - 1_000_000_000;
        assert_eq!(limit.take("a", before), Err(REFILL));
        assert_eq!(limit.take("b", before), Ok(()));
    }

    #[test]
    fn it_remembers_a_bounded_number_of_clients() {
        let mut limit = RequestLimit::default();
        for _ in 0..BURST {
            limit.take("busy", NOW_MS).unwrap();
        }
        for number in 0..2 * CLIENTS_MAX {
            limit.take(&number.to_string(), NOW_MS).unwrap();
        }
        assert_eq!(limit.full_at_ms.len(), CLIENTS_MAX);
        // Not the one that would gain by it was forgotten.
        assert_eq!(limit.take("busy", NOW_MS), Err(REFILL));
        limit.take("late", NOW_MS + 2 * BURST_MS).unwrap();
        assert_eq!(limit.full_at_ms.len(), 1);
    }
}
