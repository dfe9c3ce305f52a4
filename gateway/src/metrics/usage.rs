//! What each subaccount uses: requests and bytes of its consumers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use underpass_shared::id::SubaccountId;

use super::label::{Label as _, RequestOutcome};
use super::{Counters, Traffic};

/// Subaccounts that are told apart; what further ones use is summed up. In the text of metrics each
/// is 13 lines, so that this many are 150 KiB.
pub const SUBACCOUNTS_MAX: usize = 100;

/// What one subaccount uses on one data thread. On cache lines of its own, as [`Traffic`] is.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Usage {
    requests: Counters<RequestOutcome, { RequestOutcome::COUNT }>,
    received: AtomicU64,
    sent: AtomicU64,
}

/// What one subaccount used since the gateway started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    requests: [u64; RequestOutcome::COUNT],
    /// Bytes from its consumers.
    pub received: u64,
    /// Bytes to its consumers.
    pub sent: u64,
}

impl Used {
    /// How many requests ended so.
    pub fn requests(&self, outcome: RequestOutcome) -> u64 {
        self.requests.get(outcome.index()).copied().unwrap_or(0)
    }

    /// All requests.
    pub fn all_requests(&self) -> u64 {
        self.requests.iter().sum()
    }
}

/// One copy for each data thread.
type Threads = Box<[Arc<Usage>]>;

/// What all subaccounts use.
#[derive(Debug)]
pub struct Subaccounts {
    known: RwLock<BTreeMap<SubaccountId, Threads>>,
    others: Threads,
}

impl Subaccounts {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            known: RwLock::default(),
            others: copies(threads),
        }
    }

    /// Where the requests of a subaccount are counted that arrive on a data thread.
    pub(crate) fn usage(&self, subaccount: SubaccountId, thread: usize) -> Arc<Usage> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(threads) = known.get(&subaccount) {
            return of(threads, thread);
        }
        let full = known.len() >= SUBACCOUNTS_MAX;
        drop(known);
        if full {
            return of(&self.others, thread);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let threads = known.entry(subaccount);
        of(threads.or_insert_with(|| copies(self.others.len())), thread)
    }

    /// Sums up what subaccounts have used that are gone, so that others have their place.
    pub(super) fn keep(&self, is_there: impl Fn(&SubaccountId) -> bool) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|id, threads| {
            let stays = is_there(id);
            if !stays {
                add(&self.others, &used(threads));
            }
            stays
        });
    }

    /// What each has used, and at last the others.
    pub fn used(&self) -> Vec<(Option<SubaccountId>, Used)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let each = known.iter().map(|(id, threads)| (Some(*id), used(threads)));
        each.chain([(None, used(&self.others))]).collect()
    }
}

fn copies(threads: usize) -> Threads {
    (0..threads.max(1)).map(|_| Arc::default()).collect()
}

fn of(threads: &Threads, thread: usize) -> Arc<Usage> {
    threads.get(thread).cloned().unwrap_or_default()
}

fn used(threads: &Threads) -> Used {
    let mut sum = Used::default();
    for usage in threads {
        for (count, outcome) in sum.requests.iter_mut().zip(RequestOutcome::ALL) {
            *count += usage.requests.get(*outcome);
        }
        sum.received += usage.received.load(Ordering::Relaxed);
        sum.sent += usage.sent.load(Ordering::Relaxed);
    }
    sum
}

fn add(threads: &Threads, gone: &Used) {
    let Some(usage) = threads.first() else {
        return;
    };
    for outcome in RequestOutcome::ALL {
        usage.requests.add(*outcome, gone.requests(*outcome));
    }
    usage.received.fetch_add(gone.received, Ordering::Relaxed);
    usage.sent.fetch_add(gone.sent, Ordering::Relaxed);
}

/// Whose bytes a consumer's connection carries: those of the subaccount of its latest token. What
/// came in before the first one is counted with it, for the token stands in it.
#[derive(Debug, Default)]
pub(crate) struct Account {
    payer: Mutex<Option<(SubaccountId, Arc<Usage>)>>,
    unpaid: AtomicU64,
}

impl Account {
    /// The connection has shown a good token.
    pub(crate) fn claim(&self, subaccount: SubaccountId, traffic: &Traffic) -> Arc<Usage> {
        let mut payer = self.payer.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = match &*payer {
            Some((same, usage)) if *same == subaccount => Arc::clone(usage),
            Some(_) | None => traffic.usage(subaccount),
        };
        let unpaid = self.unpaid.swap(0, Ordering::Relaxed);
        usage.received.fetch_add(unpaid, Ordering::Relaxed);
        *payer = Some((subaccount, Arc::clone(&usage)));
        usage
    }

    pub(super) fn add_received(&self, bytes: u64) {
        let payer = self.payer.lock().unwrap_or_else(PoisonError::into_inner);
        let count = payer.as_ref().map(|(_, usage)| &usage.received);
        count
            .unwrap_or(&self.unpaid)
            .fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_sent(&self, bytes: u64) {
        let payer = self.payer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, usage)) = &*payer {
            usage.sent.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Usage {
    /// Counts a request when it has its answer.
    pub(crate) fn request(&self, outcome: RequestOutcome) {
        self.requests.count(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;

    fn id(number: usize) -> SubaccountId {
        format!("0190a5a2-6d0e-7cc0-8000-{number:012}")
            .parse()
            .unwrap()
    }

    #[test]
    fn a_connection_pays_for_all_bytes_since_it_came() {
        let metrics = Metrics::new(2);
        let traffic = metrics.traffic(1);
        let account = Account::default();
        account.add_received(100);
        account.add_sent(7);
        account
            .claim(id(1), &traffic)
            .request(RequestOutcome::Succeeded);
        account.add_received(20);
        account.add_sent(3);
        account
            .claim(id(2), &traffic)
            .request(RequestOutcome::NoTunnel);
        account.add_received(5);
        let used = metrics.subaccounts.used();
        let [(first, one), (second, two), (None, others)] = &used[..] else {
            panic!("{used:?}")
        };
        assert_eq!((*first, *second), (Some(id(1)), Some(id(2))));
        assert_eq!((one.received, one.sent, one.all_requests()), (120, 3, 1));
        assert_eq!(one.requests(RequestOutcome::Succeeded), 1);
        assert_eq!((two.received, two.sent), (5, 0));
        assert_eq!(*others, Used::default());
    }

    #[test]
    fn more_subaccounts_than_the_bound_are_summed_up_until_some_are_gone() {
        let metrics = Metrics::new(1);
        let traffic = metrics.traffic(0);
        let count = |number| {
            let usage = traffic.usage(id(number));
            usage.request(RequestOutcome::Succeeded);
        };
        (0..SUBACCOUNTS_MAX + 2).for_each(count);
        let others = || metrics.subaccounts.used().pop().unwrap().1.all_requests();
        assert_eq!(metrics.subaccounts.used().len(), SUBACCOUNTS_MAX + 1);
        assert_eq!(others(), 2);
        metrics.subaccounts.keep(|one| *one != id(0));
        assert_eq!(metrics.subaccounts.used().len(), SUBACCOUNTS_MAX);
        assert_eq!(others(), 3);
        count(SUBACCOUNTS_MAX);
        assert_eq!(
            (metrics.subaccounts.used().len(), others()),
            (SUBACCOUNTS_MAX + 1, 3)
        );
    }
}
