//! What agents tried in vain, for as long as it is fresh.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use underpass_shared::id::{InstanceId, TunnelKey};
use underpass_shared::instant::Now;

/// How long an incident is remembered: longer than an agent waits before it tries again.
pub(super) const FRESH: Duration = Duration::from_secs(10 * 60);
/// Refused enrolments that are remembered; nobody needs a larger number.
const REFUSALS_MAX: usize = 1_000;
/// Location IDs that are remembered as claimed twice.
const CLAIMS_MAX: usize = 1_000;

/// An enrolment that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// When.
    pub(super) at: Now,
    /// Who asked.
    pub(super) from: Option<IpAddr>,
    /// What it was told.
    pub(super) message: String,
}

/// Somebody wanted a location ID that another has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// When it was last tried.
    pub(super) at: Now,
    /// Who asked.
    pub(super) from: Option<IpAddr>,
    /// Who it is: another process of the same instance, or none yet, at an enrolment.
    pub(super) instance: Option<InstanceId>,
}

#[derive(Debug, Default)]
struct Inner {
    refusals: VecDeque<Refusal>,
    claims: BTreeMap<TunnelKey, Claim>,
}

/// Remembers incidents. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Incidents(Arc<Mutex<Inner>>);

impl Incidents {
    /// An enrolment or a renewal was refused.
    pub(crate) fn refused(&self, now: Now, from: Option<IpAddr>, message: &str) {
        let mut inner = self.inner();
        if inner.refusals.len() == REFUSALS_MAX {
            inner.refusals.pop_front();
        }
        inner.refusals.push_back(Refusal {
            at: now,
            from,
            message: message.to_owned(),
        });
    }

    /// Somebody wanted a location ID that another has.
    pub(crate) fn claimed(
        &self,
        now: Now,
        key: &TunnelKey,
        from: Option<IpAddr>,
        instance: Option<InstanceId>,
    ) {
        let mut inner = self.inner();
        if inner.claims.len() >= CLAIMS_MAX && !inner.claims.contains_key(key) {
            return;
        }
        let at = now;
        inner
            .claims
            .insert(key.clone(), Claim { at, from, instance });
    }

    /// What is fresh: how many enrolments were refused and the last one, and the claims.
    pub(super) fn fresh(&self, now: Now) -> (usize, Option<Refusal>, Vec<(TunnelKey, Claim)>) {
        let mut inner = self.inner();
        inner.refusals.retain(|one| now.since(one.at) < FRESH);
        inner.claims.retain(|_, one| now.since(one.at) < FRESH);
        let claims = inner.claims.iter();
        let claims = claims.map(|(key, claim)| (key.clone(), claim.clone()));
        (
            inner.refusals.len(),
            inner.refusals.back().cloned(),
            claims.collect(),
        )
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_forgotten_in_time_and_bounded() {
        let incidents = Incidents::default();
        let at = |s: u64| Now {
            monotonic: Duration::from_secs(s),
            wall_ms: 0,
        };
        let key = |location: &str| TunnelKey {
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: location.parse().unwrap(),
        };
        for second in 0..1_100 {
            incidents.refused(at(second / 1_000), None, &format!("number {second}"));
        }
        incidents.claimed(at(0), &key("a"), None, None);
        incidents.claimed(at(300), &key("a"), None, None);
        let (count, last, claims) = incidents.fresh(at(599));
        assert_eq!(count, REFUSALS_MAX);
        assert_eq!(last.unwrap().message, "number 1099");
        assert_eq!(claims.len(), 1);
        let (count, _, claims) = incidents.fresh(at(600));
        assert_eq!((count, claims.len()), (100, 1));
        let (count, last, claims) = incidents.fresh(at(900));
        assert_eq!((count, last, claims.len()), (0, None, 0));
        for number in 0..CLAIMS_MAX + 5 {
            incidents.claimed(at(900), &key(&number.to_string()), None, None);
        }
        assert_eq!(incidents.fresh(at(900)).2.len(), CLAIMS_MAX);
    }
}
