//! A parcel as the JSON that a receiver understands.

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use underpass_shared::alert::{Happening, Notice, Severity};
use underpass_shared::config::WebhookForm;

use crate::parcel::Parcel;
use crate::settings::Sender;
use crate::text;

/// Characters of a notice's text in a chat.
const CHAT_LEN_MAX: usize = 500;

/// What programs get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: &'a str,
    time_ms: i64,
    sender: &'a Sender,
    /// Notices that were dropped before these because too many waited.
    dropped: u64,
    notices: &'a [Notice],
}

pub(super) fn write(
    form: WebhookForm,
    parcel: &Parcel,
    sender: &Sender,
) -> serde_json::Result<Bytes> {
    let json = match form {
        WebhookForm::Json => serde_json::to_vec(&Message {
            id: &parcel.id,
            time_ms: parcel.made_ms,
            sender,
            dropped: parcel.dropped,
            notices: &parcel.notices,
        }),
        WebhookForm::Slack => serde_json::to_vec(&slack(parcel, sender)),
        WebhookForm::Teams => serde_json::to_vec(&teams(parcel, sender)),
    };
    json.map(Bytes::from)
}

/// The text of a notice below its headline.
fn detail(notice: &Notice) -> String {
    let alert = &notice.alert;
    let mut text = text::clean(&alert.text, CHAT_LEN_MAX);
    if notice.happening != Happening::Resolved {
        text.push(' ');
        text.push_str(&text::clean(&alert.remedy, CHAT_LEN_MAX));
    }
    text
}

/// What Slack would take for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn slack(parcel: &Parcel, sender: &Sender) -> serde_json::Value {
    let (told, more) = text::told(parcel);
    let lines = told.iter().map(|notice| {
        let headline = format!("{} {}", text::label(notice), text::headline(&notice.alert));
        // Stars would end the bold face.
        let headline = escaped(&headline).replace('*', "∗");
        format!("*{headline}*\n{}", escaped(&detail(notice)))
    });
    let first = escaped(&text::subject(parcel, sender));
    let all: Vec<String> = std::iter::once(first)
        .chain(lines)
        .chain(more.as_deref().map(escaped))
        .collect();
    json!({ "text": all.join("\n") })
}

fn teams(parcel: &Parcel, sender: &Sender) -> serde_json::Value {
    let (told, more) = text::told(parcel);
    let block =
        |text: String| json!({ "type": "TextBlock", "wrap": true, "text": unmarked(&text) });
    let mut blocks = vec![json!({
        "type": "TextBlock",
        "wrap": true,
        "size": "medium",
        "weight": "bolder",
        "text": unmarked(&text::subject(parcel, sender)),
    })];
    for notice in told {
        let headline = format!("{} {}", text::label(notice), text::headline(&notice.alert));
        blocks.push(json!({
            "type": "TextBlock",
            "wrap": true,
            "weight": "bolder",
            "color": colour(notice),
            "text": unmarked(&headline),
        }));
        blocks.push(block(detail(notice)));
    }
    blocks.extend(more.map(block));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": blocks,
            },
        }],
    })
}

/// What a card would take for markup.
fn unmarked(text: &str) -> String {
    text.replace(['*', '_', '[', ']', '`', '#'], " ")
}

const fn colour(notice: &Notice) -> &'static str {
    match (notice.happening, notice.alert.severity) {
        (Happening::Resolved, _) => "good",
        (Happening::Test, _) | (_, Severity::Info) => "default",
        (Happening::Raised | Happening::Reminded, Severity::Warning) => "warning",
        (Happening::Raised | Happening::Reminded, Severity::Error) => "attention",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use underpass_shared::alert::Code;

    use super::*;
    use crate::text::tests::notice;

    fn written(form: WebhookForm, parcel: &Parcel) -> Value {
        let sender = Sender {
            product: "underpass-agent".to_owned(),
            host: "host".to_owned(),
            description: String::new(),
        };
        serde_json::from_slice(&write(form, parcel, &sender).unwrap()).unwrap()
    }

    #[test]
    fn programs_get_all_fields_and_people_get_words() {
        let notices = vec![
            notice(1, Code::TunnelDown, "<!channel> *a*&b"),
            notice(2, Code::CpuLoad, ""),
        ];
        let parcel = Parcel::new(notices, 3, 17);
        let program = written(WebhookForm::Json, &parcel);
        assert_eq!(program["id"], parcel.id.as_str());
        assert_eq!(program["dropped"], 3);
        assert_eq!(program["sender"]["product"], "underpass-agent");
        assert_eq!(program["notices"][0]["alert"]["code"], "Tunnel");
        assert_eq!(program["notices"][1]["number"], 2);

        let slack = written(WebhookForm::Slack, &parcel);
        let text = slack["text"].as_str().unwrap();
        assert!(
            text.starts_with("[Underpass] ERROR Tunnel is down and 4 more"),
            "{text}"
        );
        assert!(text.contains("&lt;!channel&gt; ∗a∗&amp;b"), "{text}");
        assert!(text.contains("And 3 more"), "{text}");

        let teams = written(WebhookForm::Teams, &parcel);
        let card = &teams["attachments"][0]["content"];
        assert_eq!(card["type"], "AdaptiveCard");
        assert_eq!(card["body"][1]["color"], "attention");
        assert_eq!(card["body"].as_array().unwrap().len(), 6);
    }
}
