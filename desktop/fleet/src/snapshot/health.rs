//! How an agent is, decided from what is known of it.

use underpass_shared::api::management::{Connection, LinkStatus, PendingConfirm, Status};
use underpass_shared::pki::expiry::Expiry;

use super::Link;
use crate::author;
use crate::remote::Stamped;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// A certificate that ends within so many days makes an agent unwell: it is high time.
const CERTIFICATE_DAYS: i64 = 7;
/// Clocks that differ by more are told: plots, logs and ends of certificates mean something else.
const CLOCKS_APART_MS: i64 = 120_000;

/// How an agent is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// It cannot be reached, or must not be.
    Offline,
    /// It answers, and something of it does not work.
    Degraded,
    /// Changes wait for their confirmation.
    Applying,
    /// Nothing is known yet.
    Unknown,
    /// All is well.
    Online,
}

impl Health {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::Offline,
        Self::Degraded,
        Self::Applying,
        Self::Unknown,
        Self::Online,
    ];
}

/// What health is decided from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whether it can be reached.
    pub link: &'a Link,
    /// What it told last, and when.
    pub status: Option<&'a Stamped<Status>>,
    /// Changes that wait for their confirmation.
    pub pending: Option<&'a PendingConfirm>,
    /// The end of the certificate that this program shows it, milliseconds UTC.
    pub certificate_until_ms: Option<i64>,
    /// The time.
    pub now_ms: i64,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How it is.
    pub health: Health,
    /// Why, or what it needs, as one sentence.
    pub problem: Option<String>,
}

impl Judged {
    fn new(health: Health, problem: impl Into<String>) -> Self {
        let problem = Some(problem.into());
        Self { health, problem }
    }
}

/// Decides. The worst that is true is told.
pub fn judge(facts: &Facts<'_>) -> Judged {
    match facts.link {
        Link::Connecting { attempt: 0, .. } => Judged {
            health: Health::Unknown,
            problem: None,
        },
        Link::Connecting { .. } => Judged::new(Health::Offline, "It is being called again"),
        Link::Away { reason, .. } | Link::Refused { reason } | Link::KeyChanged { reason } => {
            Judged::new(Health::Offline, &**reason)
        }
        Link::Online { .. } => answering(facts),
    }
}

fn answering(facts: &Facts<'_>) -> Judged {
    let Some(told) = facts.status else {
        return Judged {
            health: Health::Unknown,
            problem: None,
        };
    };
    let status = &told.value;
    if let Some(problem) = &status.problem {
        return Judged::new(Health::Degraded, problem);
    }
    let down = status.links.iter().filter_map(broken);
    if let Some((_, problem)) = down.min_by_key(|(up, _)| *up) {
        return Judged::new(Health::Degraded, problem);
    }
    if let Some(problem) = clocks(told) {
        return Judged::new(Health::Degraded, problem);
    }
    let soonest = status
        .expiring
        .iter()
        .min_by_key(|one| one.not_after_time_stamp);
    let own = facts
        .certificate_until_ms
        .map(|until| days(until, facts.now_ms));
    if let Some(one) = soonest
        && one.days_left <= CERTIFICATE_DAYS
    {
        return Judged::new(Health::Degraded, ending(one));
    }
    if let Some(left) = own
        && left <= CERTIFICATE_DAYS
    {
        let problem = match left {
            ..0 => "The certificate of this program for it is expired".to_owned(),
            more => format!("The certificate of this program for it ends in {more} days"),
        };
        return Judged::new(Health::Degraded, problem);
    }
    if let Some(pending) = facts.pending {
        let author = author::shown(&pending.author);
        let problem = format!("Changes of {author} wait for their confirmation");
        return Judged::new(Health::Applying, problem);
    }
    let (listening, mut refused) = (
        &status.management.listening,
        status.management.problems.iter(),
    );
    if let (true, Some((address, why))) = (listening.is_empty(), refused.next()) {
        return Judged::new(
            Health::Degraded,
            format!("It cannot listen on {address}: {why}"),
        );
    }
    let problem = soonest.map(ending);
    Judged {
        health: Health::Online,
        problem: problem.or_else(|| status.warnings.first().cloned()),
    }
}

/// Days until a time, counted down: what ends in an hour ends in 0 days.
pub(crate) const fn days(until_ms: i64, now_ms: i64) -> i64 {
    until_ms.saturating_sub(now_ms).div_euclid(DAY_MS)
}

/// What is to be told of the clock of an agent, where it is not that of this computer.
pub fn clocks(told: &Stamped<Status>) -> Option<String> {
    let ahead_ms = told.value.time_ms.saturating_sub(told.at_ms);
    let apart = ahead_ms.unsigned_abs();
    if apart <= CLOCKS_APART_MS.unsigned_abs() {
        return None;
    }
    // Rounded: it took a moment to tell.
    let rounded = |unit_ms: u64| apart.saturating_add(unit_ms / 2) / unit_ms;
    let time = match rounded(3_600_000) {
        ..2 => format!("{} minutes", rounded(60_000)),
        hours @ 2..48 => format!("{hours} hours"),
        _ => format!("{} days", rounded(DAY_MS.unsigned_abs())),
    };
    let side = if ahead_ms > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "Its clock is {time} {side} that of this computer; set both by a time server"
    ))
}

fn ending(one: &Expiry) -> String {
    let text = one.to_string();
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

/// How many connections of a link are up, and what is wrong where not all are.
fn broken(link: &LinkStatus) -> Option<(usize, String)> {
    let is_up = |one: &&Connection| matches!(one, Connection::Up);
    let up = link.connections.iter().filter(is_up).count();
    let total = link.connections.len();
    if up == total && total > 0 {
        return None;
    }
    let mut reasons = link.connections.iter().filter_map(|one| match one {
        Connection::Failed(reason) => Some(reason.as_str()),
        Connection::Connecting | Connection::Up => None,
    });
    let reason = reasons.next_back().map(|reason| format!(": {reason}"));
    let reason = reason.unwrap_or_default();
    let host = &link.region_host;
    let text = if up == 0 {
        format!("No tunnel to {host}{reason}")
    } else {
        format!("{up} of {total} tunnels to {host}{reason}")
    };
    Some((up, text))
}

#[cfg(test)]
mod tests {
    use underpass_shared::id::{InstanceId, LocationId, SubaccountId};
    use underpass_shared::pki::expiry::{CertificateKind, ExpiryLevel};

    use super::*;

    const NOW: i64 = 1_700_000_000_000;
    const ONLINE: Link = Link::Online { since_ms: NOW };

    fn link(connections: Vec<Connection>) -> LinkStatus {
        LinkStatus {
            region_host: "eu.example.com".parse().unwrap(),
            subaccount: SubaccountId::from_uuid(uuid::Uuid::nil()),
            location_id: LocationId::default(),
            instance: InstanceId::from_uuid(uuid::Uuid::nil()),
            connected_since_ms: None,
            gateway_version: None,
            connections,
        }
    }

    fn status(connections: Vec<Connection>) -> Status {
        Status {
            drain: None,
            trial: None,
            heartbeat: None,
            history_problem: None,
            pid: 1,
            version: "1.0.0".to_owned(),
            time_ms: NOW,
            revision: 1,
            problem: None,
            warnings: vec![],
            expiring: vec![],
            management: underpass_shared::api::management::ManagementStatus::default(),
            links: vec![link(connections)],
        }
    }

    fn judged(link: &Link, status: Option<&Status>) -> (Health, Option<String>) {
        let status = status.map(|status| Stamped::new(status.clone(), NOW));
        let judged = judge(&Facts {
            link,
            status: status.as_ref(),
            pending: None,
            certificate_until_ms: None,
            now_ms: NOW,
        });
        (judged.health, judged.problem)
    }

    fn expiring(days: i64) -> Status {
        let mut status = status(vec![Connection::Up]);
        status.expiring.push(Expiry {
            kind: CertificateKind::Trusted,
            name: "x".to_owned(),
            subject_dn: "CN=a".to_owned(),
            not_after_time_stamp: NOW + days * DAY_MS,
            days_left: days,
            level: match days {
                ..0 => ExpiryLevel::Expired,
                _ => ExpiryLevel::Expiring,
            },
        });
        status
    }

    #[test]
    fn who_is_not_there_is_offline_with_the_reason() {
        let away = Link::Away {
            since_ms: NOW,
            reason: "cannot reach it".into(),
            next_try_ms: NOW,
        };
        let well = status(vec![Connection::Up]);
        let told = judged(&away, Some(&well));
        assert_eq!(told, (Health::Offline, Some("cannot reach it".to_owned())));
        let new = Link::Connecting {
            since_ms: NOW,
            attempt: 0,
        };
        assert_eq!(judged(&new, None), (Health::Unknown, None));
        assert_eq!(judged(&ONLINE, None), (Health::Unknown, None));
    }

    #[test]
    fn clocks_that_differ_are_told() {
        let ahead = |ms: i64| {
            let time_ms = NOW + ms;
            let status = status(vec![Connection::Up]);
            judged(&ONLINE, Some(&Status { time_ms, ..status }))
        };
        for ms in [0, 119_999, -120_000] {
            assert_eq!(ahead(ms), (Health::Online, None));
        }
        for (ms, words) in [
            (180_000, "3 minutes ahead of"),
            (-7_200_000, "2 hours behind"),
            (3 * DAY_MS, "3 days ahead of"),
        ] {
            let (health, problem) = ahead(ms);
            let problem = problem.unwrap();
            assert_eq!(health, Health::Degraded);
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn tunnels_that_are_down_are_told() {
        let up = || Connection::Up;
        let failed = || Connection::Failed("refused".to_owned());
        for (connections, health, problem) in [
            (vec![up(), up()], Health::Online, None),
            (
                vec![up(), failed()],
                Health::Degraded,
                Some("1 of 2 tunnels to eu.example.com: refused"),
            ),
            (
                vec![failed(), failed()],
                Health::Degraded,
                Some("No tunnel to eu.example.com: refused"),
            ),
            (
                vec![Connection::Connecting],
                Health::Degraded,
                Some("No tunnel to eu.example.com"),
            ),
        ] {
            let told = judged(&ONLINE, Some(&status(connections)));
            assert_eq!(told, (health, problem.map(str::to_owned)));
        }
    }

    #[test]
    fn certificates_count_down() {
        for (days, health, text) in [
            (
                20,
                Health::Online,
                "The trusted certificate x ends in 20 days",
            ),
            (
                7,
                Health::Degraded,
                "The trusted certificate x ends in 7 days",
            ),
            (-1, Health::Degraded, "The trusted certificate x is expired"),
        ] {
            let told = judged(&ONLINE, Some(&expiring(days)));
            assert_eq!(told, (health, Some(text.to_owned())), "{days}");
        }
    }

    #[test]
    fn what_lets_nothing_through_comes_first_and_what_weakens_last() {
        let mut broken = status(vec![Connection::Connecting]);
        broken.problem = Some("the disk is full".to_owned());
        assert_eq!(
            judged(&ONLINE, Some(&broken)).1.as_deref(),
            Some("the disk is full")
        );
        let mut weak = status(vec![Connection::Up]);
        weak.warnings
            .push("every certificate is trusted".to_owned());
        let told = judged(&ONLINE, Some(&weak));
        assert_eq!(told.0, Health::Online);
        assert_eq!(told.1.as_deref(), Some("every certificate is trusted"));
        assert!(Health::ALL.is_sorted());
    }
}
