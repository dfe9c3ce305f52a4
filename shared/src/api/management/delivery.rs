//! Webhooks, and the delivery of alerts, as the API shows and takes them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::Flag;
use super::proxy::MASKED;
use crate::alert::DeliveryState;
use crate::config::limits::{WEBHOOK_SECRET_LEN_MIN, WEBHOOK_URL_LEN_MAX};
use crate::config::{Alias, DeliveryTrust, Text, Webhook, WebhookForm};

/// A webhook as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookShown {
    /// Its name.
    pub name: Alias,
    /// Whether alerts are posted to it.
    pub enabled: bool,
    /// What the receiver understands.
    pub form: WebhookForm,
    /// Where it is; [`MASKED`] stands for the path, which is a secret.
    pub url: String,
    /// [`MASKED`] where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Which certificates of the receiver are trusted.
    pub trust: DeliveryTrust,
}

impl WebhookShown {
    /// Shows a webhook without its secrets.
    pub fn show(webhook: &Webhook) -> Self {
        Self {
            name: webhook.name.clone(),
            enabled: webhook.enabled,
            form: webhook.form,
            url: format!("{}/{MASKED}", webhook.origin),
            secret: webhook.secret.map(|_| MASKED.to_owned()),
            trust: webhook.trust,
        }
    }
}

/// A webhook as it is taken.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// Its name.
    pub name: Alias,
    /// Whether alerts are posted to it.
    pub enabled: Flag,
    /// What the receiver understands.
    #[serde(default)]
    pub form: WebhookForm,
    /// The URL. As it is shown it keeps the present path, and then host and port must stay too.
    pub url: Text<WEBHOOK_URL_LEN_MAX>,
    /// What messages are signed with; [`MASKED`], or nothing, keeps the present one, and an empty
    /// one removes it.
    #[serde(default)]
    #[schemars(extend("description" = format!(
        "What messages are signed with, at least {WEBHOOK_SECRET_LEN_MIN} characters; ***, or \
         nothing, keeps the present one, and an empty one removes it.")))]
    pub secret: Option<String>,
    /// Which certificates of the receiver are trusted.
    #[serde(default)]
    pub trust: DeliveryTrust,
}

impl fmt::Debug for WebhookInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookInput")
            .field("name", &self.name)
            .field("enabled", &self.enabled)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// How the channels are doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryShown {
    /// Those that are on.
    pub channels: Vec<DeliveryState>,
}

/// Which channel is to be tested.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryTestInput {
    /// `mail`, `webhook:NAME` or `syslog:NAME`.
    pub channel: String,
}

/// How a test of a channel ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryTested {
    /// The channel.
    pub channel: String,
    /// Whether the receiver took the message.
    pub delivered: bool,
    /// What happened; of a failure the step, and why.
    pub outcome: String,
}
