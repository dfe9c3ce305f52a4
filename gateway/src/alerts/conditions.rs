//! What is wrong right now, as conditions. Pure: what was looked at comes in.

use std::net::IpAddr;
use std::time::Duration;

use underpass_shared::alert::{AlertId, Code, Condition};
use underpass_shared::id::TunnelKey;
use underpass_shared::instant::Now;

use super::incidents::{Claim, FRESH, Refusal};
use crate::presence::Presence;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// From how many days before its end on a certificate is told of; the gateway's own are renewed
/// earlier by far.
const CERTIFICATE_DAYS: i64 = 30;
const MIB: u64 = 1024 * 1024;

fn condition(code: Code, entity: String, text: String) -> Condition {
    Condition {
        id: AlertId { code, entity },
        text,
        because_of: None,
        days_left: None,
    }
}

/// A location ID whose agent is away for longer than it may be.
pub(super) fn absent(
    (key, presence): &(TunnelKey, Presence),
    name: &str,
    now: Now,
    after: Duration,
) -> Option<Condition> {
    let away = now.since(presence.since);
    if presence.is_there || away < after {
        return None;
    }
    let text = format!(
        "The agent of subaccount {name} ({}) with location ID \"{}\" has no tunnel for {}; its \
         instance is {}.",
        key.subaccount,
        key.location,
        spoken(away),
        presence.instance
    );
    Some(condition(Code::AgentAbsent, key.to_string(), text))
}

/// A location ID that a second agent wants.
pub(super) fn claimed((key, claim): &(TunnelKey, Claim)) -> Condition {
    let who = match claim.instance {
        Some(instance) => format!("Another process of instance {instance}"),
        None => "Somebody who enrols".to_owned(),
    };
    let text = format!(
        "{who}{} wants location ID \"{}\" of subaccount {}, which has an agent.",
        from(claim.from),
        key.location,
        key.subaccount
    );
    condition(Code::LocationTaken, key.to_string(), text)
}

/// Enrolments that are refused again and again.
pub(super) fn refused(
    count: usize,
    last: Option<&Refusal>,
    from_count: usize,
) -> Option<Condition> {
    let last = last.filter(|_| count >= from_count)?;
    let text = format!(
        "{count} requests for a certificate were refused within {}; the last one{}: {}",
        spoken(FRESH),
        from(last.from),
        last.message
    );
    Some(condition(Code::EnrolmentRefused, String::new(), text))
}

/// A certificate that ends soon.
pub(super) fn ends(name: &str, not_after_ms: i64, now_ms: i64) -> Option<Condition> {
    let left = not_after_ms.saturating_sub(now_ms).div_euclid(DAY_MS);
    if left > CERTIFICATE_DAYS {
        return None;
    }
    let text = if not_after_ms <= now_ms {
        format!("The certificate \"{name}\" has ended.")
    } else {
        format!("The certificate \"{name}\" ends in {left} days.")
    };
    let mut condition = condition(Code::GatewayCertificate, name.to_owned(), text);
    condition.days_left = Some(left);
    Some(condition)
}

/// A disk with too little room.
pub(super) fn disk(data_dir: String, free: u64, least: u64) -> Option<Condition> {
    let text = format!(
        "{} MiB are free below {data_dir}; {} MiB should be.",
        free / MIB,
        least / MIB
    );
    (free < least).then(|| condition(Code::DiskSpace, data_dir, text))
}

/// A state store that fails.
pub(super) fn store(error: &str) -> Condition {
    let text = format!("The state store fails: {error}.");
    condition(Code::GatewayStore, String::new(), text)
}

fn from(address: Option<IpAddr>) -> String {
    address
        .map(|one| format!(" from {one}"))
        .unwrap_or_default()
}

/// A time in its largest unit, in words.
fn spoken(time: Duration) -> String {
    let s = time.as_secs();
    match (s / 86_400, s / 3_600, s / 60) {
        (0, 0, 0) => format!("{s} seconds"),
        (0, 0, minutes) => format!("{minutes} minutes"),
        (0, hours, _) => format!("{hours} hours"),
        (days, ..) => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::id::InstanceId;
    use uuid::Uuid;

    use super::*;

    fn key() -> TunnelKey {
        TunnelKey {
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: "site".parse().unwrap(),
        }
    }

    fn at(s: u64) -> Now {
        Now {
            monotonic: Duration::from_secs(s),
            wall_ms: 0,
        }
    }

    #[test]
    fn an_agent_is_absent_from_its_time_on_and_only_while_it_is_away() {
        let mut presence = Presence {
            instance: InstanceId::from_uuid(Uuid::from_u128(7)),
            is_there: false,
            since: at(100),
        };
        let absent =
            |presence, s| absent(&(key(), presence), "acme", at(s), Duration::from_secs(300));
        assert_eq!(absent(presence, 399), None);
        let found = absent(presence, 400).unwrap();
        assert_eq!(found.id.entity, key().to_string());
        for part in [
            "acme",
            "\"site\"",
            "for 5 minutes",
            &presence.instance.to_string(),
        ] {
            assert!(found.text.contains(part), "{part}: {}", found.text);
        }
        presence.is_there = true;
        assert_eq!(absent(presence, 400), None);
    }

    #[test]
    fn refusals_count_from_a_number_on() {
        let last = Refusal {
            at: at(0),
            from: Some([10, 0, 0, 7].into()),
            message: "used".to_owned(),
        };
        assert_eq!(refused(4, Some(&last), 5), None);
        let text = refused(5, Some(&last), 5).unwrap().text;
        assert!(
            text.starts_with("5 requests") && text.ends_with("from 10.0.0.7: used"),
            "{text}"
        );
    }

    #[test]
    fn certificates_are_told_of_thirty_days_before_their_end() {
        let ends = |days: i64| ends("ca", days * DAY_MS, 0);
        assert_eq!(ends(31), None);
        assert_eq!(ends(30).unwrap().days_left, Some(30));
        assert!(ends(3).unwrap().text.contains("in 3 days"));
        assert!(ends(0).unwrap().text.contains("has ended"));
    }

    #[test]
    fn a_disk_is_short_below_the_bound_only() {
        assert_eq!(disk("/d".to_owned(), 512 * MIB, 512 * MIB), None);
        let text = disk("/d".to_owned(), 511 * MIB, 512 * MIB).unwrap().text;
        assert!(text.starts_with("511 MiB are free below /d; 512"), "{text}");
    }
}
