//! A parcel as a message.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, MessageBuilder, SinglePart};
use underpass_shared::config::MailFields;

use crate::failure::Failure;
use crate::parcel::Parcel;
use crate::settings::Sender;
use crate::text;

/// Reads a list of addresses that the configuration has let pass.
pub(super) fn mailboxes(field: &str, list: &str) -> Result<Mailboxes, Failure> {
    list.trim()
        .parse()
        .map_err(|error| Failure::at(format!("reading {field}"), error))
}

/// The address that mail is from.
pub(super) fn sender(mail: &MailFields) -> Result<Mailbox, Failure> {
    let single = mailboxes("sendFrom", &mail.send_from)?.into_single();
    single.ok_or_else(|| Failure::at("reading sendFrom", "must be a single address"))
}

/// The message; the same for each attempt.
pub(super) fn build(mail: &MailFields, from: &Sender, parcel: &Parcel) -> Result<Vec<u8>, Failure> {
    let sender = sender(mail)?;
    let id = format!("<{}@{}>", parcel.id, sender.email.domain());
    let made = u64::try_from(parcel.made_ms).unwrap_or(0);
    let mut message = MessageBuilder::new()
        .from(sender)
        .subject(text::subject(parcel, from))
        .date(UNIX_EPOCH + Duration::from_millis(made))
        .message_id(Some(id))
        // So that no absence note comes back.
        .raw_header(plain("Auto-Submitted", "auto-generated"))
        .raw_header(plain("Underpass-Notice", &parcel.id));
    for one in mailboxes("sendTo", &mail.send_to)? {
        message = message.to(one);
    }
    if let Some(copy) = mail.send_cc.as_deref().filter(|list| !list.is_empty()) {
        for one in mailboxes("sendCc", copy)? {
            message = message.cc(one);
        }
    }
    let body = SinglePart::plain(text::body(parcel, from));
    let message = message.singlepart(body);
    let message = message.map_err(|error| Failure::at("writing the message", error))?;
    Ok(message.formatted())
}

fn plain(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use underpass_shared::alert::Code;

    use super::*;
    use crate::text::tests::notice;

    #[test]
    fn the_same_parcel_is_the_same_message_and_no_field_makes_a_header() {
        let mail: MailFields = serde_json::from_str(
            r#"{"sendTo":"a@x, \"Doe, Jane\" <jane@y.org>","sendCc":"Jäne <c@x>","sendFrom":"Agent <agent@corp>"}"#,
        )
        .unwrap();
        let mut alert = notice(7, Code::TunnelDown, "e\r\nBcc: evil@x");
        alert.alert.title = "Tünnel\r\nBcc: evil@x".to_owned();
        alert.alert.text = "Line\r\n.\r\nQUIT".to_owned();
        let parcel = Parcel::new(vec![alert], 0, 1_795_291_445_006);
        let from = Sender {
            host: "host\r\nBcc: evil@x".to_owned(),
            ..Sender::default()
        };
        let message = build(&mail, &from, &parcel).unwrap();
        assert_eq!(message, build(&mail, &from, &parcel).unwrap());
        let message = String::from_utf8(message).unwrap();
        let (head, _body) = message.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("\r\nBcc"), "{head}");
        for line in [
            format!("Message-ID: <{}@corp>", parcel.id),
            format!("Underpass-Notice: {}", parcel.id),
            "Date: Sat, 21 Nov 2026 20:04:05 +0000".to_owned(),
            "From: Agent <agent@corp>".to_owned(),
        ] {
            assert!(head.contains(&line), "{line} in {head}");
        }
    }

    #[test]
    fn what_the_configuration_takes_the_library_takes_too() {
        for (list, count) in [
            ("a@x", 1),
            ("a.b+c@x.org", 1),
            ("a@x, John Doe <j.doe@company.com>,b@y", 3),
            (r#""Doe, Jane" <jane@x.org>"#, 1),
            ("<a@x>", 1),
            ("Jäne <a@x>", 1),
            ("ops@mail_relay.corp", 1),
            (" a@x ", 1),
        ] {
            let read = mailboxes("sendTo", list).map(|all| all.iter().count());
            assert_eq!(read, Ok(count), "{list}");
        }
    }
}
