//! Notices in words.

use time::OffsetDateTime;
use underpass_shared::alert::{Alert, Happening, Notice, Severity};

use crate::parcel::Parcel;
use crate::settings::Sender;

/// Characters of a subject; mail programs show fewer.
const SUBJECT_LEN_MAX: usize = 200;
/// Characters of each text of a notice.
const TEXT_LEN_MAX: usize = 2_000;
/// Notices that a message tells in full; the rest is counted.
const TOLD_MAX: usize = 20;

/// The text without control characters and those that turn the direction of writing, cut to `most`
/// characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut kept = kept.filter(|c| !turns(*c));
    let mut cut: String = kept.by_ref().take(most).collect();
    if kept.next().is_some() {
        cut.pop();
        cut.push('…');
    }
    cut.trim().to_owned()
}

/// A time such as `2026-11-21T20:04:05.006Z`.
pub(crate) fn timestamp(ms: i64) -> String {
    let nanos = i128::from(ms) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// What happened, in a word or two.
pub(crate) fn label(notice: &Notice) -> &'static str {
    let severity = match notice.alert.severity {
        Severity::Info => "INFO",
        Severity::Warning => "WARNING",
        Severity::Error => "ERROR",
    };
    match notice.happening {
        Happening::Raised => severity,
        Happening::Reminded => "REMINDER",
        Happening::Resolved => "RESOLVED",
        Happening::Test => "TEST",
    }
}

/// How much a notice matters, for the one that gives a message its subject.
const fn weight(notice: &Notice) -> u8 {
    match (notice.happening, notice.alert.severity) {
        (Happening::Raised, Severity::Error) => 5,
        (Happening::Reminded, Severity::Error) => 4,
        (Happening::Raised | Happening::Reminded, Severity::Warning) => 3,
        (Happening::Raised | Happening::Reminded, Severity::Info) => 2,
        (Happening::Resolved, _) => 1,
        (Happening::Test, _) => 0,
    }
}

/// Whose alert it is, in a line: title and entity.
pub(crate) fn headline(alert: &Alert) -> String {
    let title = clean(&alert.title, SUBJECT_LEN_MAX);
    match clean(&alert.id.entity, SUBJECT_LEN_MAX) {
        entity if entity.is_empty() => title,
        entity => format!("{title}: {entity}"),
    }
}

/// The subject of a parcel: what matters most in it, and how much more there is.
pub(crate) fn subject(parcel: &Parcel, sender: &Sender) -> String {
    let host = clean(&sender.host, SUBJECT_LEN_MAX);
    // The first of those that matter most.
    let first = parcel.notices.iter().rev().max_by_key(|one| weight(one));
    let Some(first) = first else {
        return format!("[Underpass] {host}");
    };
    let title = clean(&first.alert.title, SUBJECT_LEN_MAX);
    let more = match total(parcel) - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let subject = format!("[Underpass] {} {title}{more} – {host}", label(first));
    clean(&subject, SUBJECT_LEN_MAX)
}

fn total(parcel: &Parcel) -> u64 {
    parcel.notices.len() as u64 + parcel.dropped
}

/// The notices that a message tells in full, and in words what it does not.
pub(crate) fn told(parcel: &Parcel) -> (&[Notice], Option<String>) {
    let (told, rest) = parcel.notices.split_at(parcel.notices.len().min(TOLD_MAX));
    let mut more = vec![];
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for notice in rest {
        *counts.entry(notice.alert.category.name()).or_default() += 1;
    }
    more.extend(
        counts
            .iter()
            .map(|(name, count)| format!("{count} of {name}")),
    );
    if parcel.dropped > 0 {
        more.push(format!(
            "{} older ones that were dropped because too many waited",
            parcel.dropped
        ));
    }
    let count = rest.len() as u64 + parcel.dropped;
    let more = (count > 0).then(|| format!("And {count} more: {}.", more.join(", ")));
    (told, more)
}

/// A parcel as plain text.
pub(crate) fn body(parcel: &Parcel, sender: &Sender) -> String {
    let (told, more) = told(parcel);
    let mut text: String = told.iter().map(paragraph).collect();
    if let Some(more) = more {
        text.push_str(&more);
        text.push_str("\n\n");
    }
    let description = clean(&sender.description, TEXT_LEN_MAX);
    let behind = if description.is_empty() {
        String::new()
    } else {
        format!(" ({description})")
    };
    let (product, host) = (&sender.product, clean(&sender.host, SUBJECT_LEN_MAX));
    text.push_str(&format!("-- \n{product} on {host}{behind}\n"));
    text
}

fn paragraph(notice: &Notice) -> String {
    let alert = &notice.alert;
    let mut lines = vec![
        format!("{} {}", label(notice), headline(alert)),
        format!("  {}", clean(&alert.text, TEXT_LEN_MAX)),
    ];
    if notice.happening != Happening::Resolved {
        lines.push(format!("  {}", clean(&alert.remedy, TEXT_LEN_MAX)));
    }
    lines.push(format!("  Since:    {}", timestamp(alert.since_ms)));
    if let Some(resolved) = alert.resolved_ms {
        lines.push(format!("  Resolved: {}", timestamp(resolved)));
    }
    lines.push(format!(
        "  Alert {}, notice {}, category {}",
        alert.number, notice.number, alert.category
    ));
    lines.join("\n") + "\n\n"
}

#[cfg(test)]
pub(crate) mod tests {
    use underpass_shared::alert::{AlertId, Code};

    use super::*;

    pub(crate) fn notice(number: u64, code: Code, entity: &str) -> Notice {
        let alert = Alert {
            number,
            id: AlertId {
                code,
                entity: entity.to_owned(),
            },
            category: code.category(),
            severity: code.severity(),
            title: code.title().to_owned(),
            text: format!("{code} of {entity} is wrong."),
            remedy: code.remedy().to_owned(),
            since_ms: 1_795_291_445_006,
            resolved_ms: None,
            acknowledged: None,
            silenced_until_ms: None,
            hides: 0,
        };
        Notice {
            number,
            happening: Happening::Raised,
            time_ms: 1_795_291_445_006,
            alert,
        }
    }

    fn sender() -> Sender {
        Sender {
            product: "underpass-agent".to_owned(),
            host: "agent.corp".to_owned(),
            description: "Plant 7".to_owned(),
        }
    }

    #[test]
    fn one_notice_gives_its_title_and_the_worst_of_several_gives_theirs() {
        let one = Parcel::new(vec![notice(1, Code::TunnelDown, "a@b")], 0, 0);
        let subject = subject(&one, &sender());
        assert_eq!(subject, "[Underpass] ERROR Tunnel is down – agent.corp");
        let several = vec![
            notice(1, Code::CpuLoad, ""),
            notice(2, Code::TunnelDown, "x"),
            notice(3, Code::DiskSpace, "/"),
        ];
        let several = Parcel::new(several, 7, 0);
        let subject = super::subject(&several, &sender());
        let expected = "[Underpass] ERROR Tunnel is down and 9 more – agent.corp";
        assert_eq!(subject, expected);
        let body = body(&several, &sender());
        let dropped = "And 7 more: 7 older ones that were dropped because too many waited.";
        for part in [
            "WARNING Processors are busy\n",
            "ERROR Tunnel is down: x\n",
            "Since:    2026-11-21T20:04:05.006Z",
            dropped,
            "-- \nunderpass-agent on agent.corp (Plant 7)\n",
        ] {
            assert!(body.contains(part), "{part} in {body}");
        }
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let many = (0..100).map(|n| notice(n, Code::TunnelDown, &format!("t{n}")));
        let parcel = Parcel::new(many.collect(), 0, 0);
        let body = body(&parcel, &sender());
        assert_eq!(body.matches("ERROR Tunnel is down").count(), TOLD_MAX);
        assert!(body.contains("And 80 more: 80 of tunnels."), "{body}");
    }

    #[test]
    fn no_text_makes_lines_or_turns_the_writing() {
        let mut wild = notice(1, Code::TunnelDown, "a\r\nBcc: evil@x");
        wild.alert.title = "Title\r\nX-Evil: 1\u{202e}".to_owned();
        wild.alert.text = "x".repeat(10_000) + "\r\n.\r\n";
        let parcel = Parcel::new(vec![wild], 0, 0);
        let sender = Sender {
            host: "host\nX: y".to_owned(),
            ..sender()
        };
        let subject = subject(&parcel, &sender);
        assert!(!subject.contains(['\r', '\n', '\u{202e}']), "{subject:?}");
        let body = body(&parcel, &sender);
        assert!(!body.contains('\r') && !body.contains("\n.\n"));
        assert!(
            !body.contains("\nBcc") && !body.contains("\nX-Evil"),
            "{body}"
        );
        assert!(body.len() < 5_000);
        assert_eq!(clean("äöüx", 3), "äö…");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(timestamp(i64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
