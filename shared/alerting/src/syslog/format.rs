//! Messages of RFC 5424 with their lengths in front (RFC 6587, RFC 5425).

use underpass_shared::alert::{Happening, Notice, Severity};

use crate::parcel::Parcel;
use crate::settings::Sender;
use crate::text;

/// Characters of the text of a message: with everything else it stays below the 8,192 bytes that
/// each server takes.
const TEXT_LEN_MAX: usize = 1_000;
/// Characters of a value in the structured data.
const VALUE_LEN_MAX: usize = 256;
/// Characters of the names in the head of a message.
const HOST_LEN_MAX: usize = 255;
const APP_LEN_MAX: usize = 48;
/// The name of our data; the number is the one that RFC 5612 leaves to whoever has none.
const DATA: &str = "underpass@32473";
/// What stands for nothing.
const NIL: &str = "-";

/// Severities of syslog.
const ERROR: u32 = 3;
const WARNING: u32 = 4;
const NOTICE: u32 = 5;
const INFO: u32 = 6;

/// All notices of a parcel, one message each.
pub(super) fn frames(facility: u32, parcel: &Parcel, sender: &Sender) -> Vec<u8> {
    let mut frames = vec![];
    if parcel.dropped > 0 {
        let text = format!(
            "{} older notices were dropped because too many waited",
            parcel.dropped
        );
        let data = format!("[{DATA} dropped=\"{}\"]", parcel.dropped);
        let head = head(facility, WARNING, parcel.made_ms, sender, "Dropped");
        put(&mut frames, &format!("{head} {data} \u{feff}{text}"));
    }
    for notice in &parcel.notices {
        put(&mut frames, &message(facility, notice, parcel, sender));
    }
    frames
}

fn put(frames: &mut Vec<u8>, message: &str) {
    frames.extend(format!("{} {message}", message.len()).into_bytes());
}

fn head(facility: u32, severity: u32, time_ms: i64, sender: &Sender, kind: &str) -> String {
    let priority = facility * 8 + severity;
    let time = text::timestamp(time_ms);
    let host = name(&sender.host, HOST_LEN_MAX);
    let app = name(&sender.product, APP_LEN_MAX);
    format!("<{priority}>1 {time} {host} {app} {} {kind}", NIL)
}

/// A name of visible ASCII characters.
fn name(text: &str, most: usize) -> String {
    let kept = text.chars().filter(char::is_ascii_graphic).take(most);
    match kept.collect::<String>() {
        empty if empty.is_empty() => NIL.to_owned(),
        name => name,
    }
}

fn message(facility: u32, notice: &Notice, parcel: &Parcel, sender: &Sender) -> String {
    let alert = &notice.alert;
    let severity = match (notice.happening, alert.severity) {
        (Happening::Raised | Happening::Reminded, Severity::Error) => ERROR,
        (Happening::Raised | Happening::Reminded, Severity::Warning) => WARNING,
        (Happening::Resolved, _) => NOTICE,
        (Happening::Test, _) | (_, Severity::Info) => INFO,
    };
    let happening = match notice.happening {
        Happening::Raised => "raised",
        Happening::Reminded => "reminded",
        Happening::Resolved => "resolved",
        Happening::Test => "test",
    };
    let head = head(
        facility,
        severity,
        notice.time_ms,
        sender,
        alert.id.code.name(),
    );
    let mut data = format!("[{DATA}");
    for (key, value) in [
        ("parcel", parcel.id.as_str()),
        ("notice", &notice.number.to_string()),
        ("alert", &alert.number.to_string()),
        ("happening", happening),
        ("category", alert.category.name()),
        ("entity", &alert.id.entity),
    ] {
        data.push_str(&format!(" {key}=\"{}\"", value_of(value)));
    }
    data.push(']');
    let headline = text::headline(alert);
    let words = text::clean(&alert.text, TEXT_LEN_MAX);
    format!(
        "{head} {data} \u{feff}{} {headline}: {words}",
        text::label(notice)
    )
}

fn value_of(text: &str) -> String {
    let text = text::clean(text, VALUE_LEN_MAX);
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use underpass_shared::alert::Code;

    use super::*;
    use crate::text::tests::notice;

    fn sender() -> Sender {
        Sender {
            product: "underpass-agent".to_owned(),
            host: "agent corp".to_owned(),
            description: String::new(),
        }
    }

    #[test]
    fn messages_are_counted_in_bytes_and_nothing_in_them_ends_their_data() {
        let parcel = Parcel::new(vec![notice(7, Code::TunnelDown, "ä\"]\\\n")], 2, 0);
        let frames = String::from_utf8(frames(3, &parcel, &sender())).unwrap();
        let (length, rest) = frames.split_once(' ').unwrap();
        let (first, rest) = rest.split_at(length.parse().unwrap());
        assert!(
            first.starts_with("<28>1 1970-01-01T00:00:00.000Z agentcorp underpass-agent - Dropped [underpass@32473 dropped=\"2\"] \u{feff}"),
            "{first}"
        );
        let (length, second) = rest.split_once(' ').unwrap();
        assert_eq!(second.len(), length.parse::<usize>().unwrap());
        let head = "<27>1 2026-11-21T20:04:05.006Z agentcorp underpass-agent - Tunnel [underpass@32473 parcel=";
        assert!(second.starts_with(head), "{second}");
        assert!(second.contains(r#"entity="ä\"\]\\"] "#), "{second}");
        assert!(!second.contains('\n'));
    }

    #[test]
    fn the_longest_message_is_taken_by_each_server() {
        let mut long = notice(u64::MAX, Code::TunnelDown, &"]".repeat(5_000));
        long.alert.text = "😀".repeat(5_000);
        let parcel = Parcel::new(vec![long], 0, 0);
        let frames = frames(23, &parcel, &sender());
        assert!(frames.len() < 8_192, "{}", frames.len());
    }
}
