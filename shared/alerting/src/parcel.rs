//! What is sent at once: some notices under one id.

use serde::{Deserialize, Serialize};
use underpass_runtime::random;
use underpass_shared::alert::{Alert, AlertId, Code, Happening, Notice, Severity};

/// Notices that are sent together. Written down before the first attempt, it is the same in all
/// further ones, also after a restart, so that a receiver can tell a repetition by the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    /// Never used again.
    pub(crate) id: String,
    /// When it was packed, milliseconds UTC.
    pub(crate) made_ms: i64,
    /// In their order; never empty.
    pub(crate) notices: Vec<Notice>,
    /// Notices before these that were dropped because too many waited.
    pub(crate) dropped: u64,
    /// The recipients who do not have it yet; None is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<Vec<String>>,
    /// What was said of recipients who were refused for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<String>,
    /// When the first recipients took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partly_ms: Option<i64>,
}

impl Parcel {
    pub(crate) fn new(notices: Vec<Notice>, dropped: u64, now_ms: i64) -> Self {
        Self {
            id: random::id().to_string(),
            made_ms: now_ms,
            notices,
            dropped,
            left: None,
            refused: vec![],
            partly_ms: None,
        }
    }

    /// What somebody sends to see whether it arrives.
    pub(crate) fn test(channel: &str, now_ms: i64) -> Self {
        let (code, entity) = (Code::DeliveryFailing, channel.to_owned());
        let alert = Alert {
            number: 0,
            id: AlertId { code, entity },
            category: code.category(),
            severity: Severity::Info,
            title: "Test of the delivery of alerts".to_owned(),
            text: format!("This is a test of {channel}. Nothing is wrong."),
            remedy: "Nothing is to be done.".to_owned(),
            since_ms: now_ms,
            resolved_ms: None,
            acknowledged: None,
            silenced_until_ms: None,
            hides: 0,
        };
        let notice = Notice {
            number: 0,
            happening: Happening::Test,
            time_ms: now_ms,
            alert,
        };
        Self::new(vec![notice], 0, now_ms)
    }
}
