//! How the agent sends mail, as the API shows and takes it.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::{Flag, PortText, ReadOnly};
use super::proxy::MASKED;
use crate::config::limits::{
    MAIL_ADDRESSES_LEN_MAX, MAIL_PROPERTY_LEN_MAX, MAIL_PROPERTY_NAME_LEN_MAX, MAIL_USER_LEN_MAX,
};
use crate::config::{Mail, MailFields, Text, TrustOption};
use crate::host::{HOST_LEN_MAX, Port};

type Properties = BTreeMap<Text<MAIL_PROPERTY_NAME_LEN_MAX>, Text<MAIL_PROPERTY_LEN_MAX>>;

/// Mail as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailShown {
    /// Whether alerts are sent.
    pub enabled: bool,
    /// Which certificates of the mail server are trusted.
    pub trust_option: TrustOption,
    /// To whom.
    pub send_to: String,
    /// Who gets a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_cc: Option<String>,
    /// From whom.
    pub send_from: String,
    /// The mail server.
    pub smtp_host: String,
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_port: Option<Port>,
    /// Who the agent is for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_username: Option<String>,
    /// [`MASKED`] where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_password: Option<String>,
    /// More settings of the mail library, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub additional_properties: Properties,
    /// Which of these change nothing in this version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_effect: Vec<String>,
}

impl MailShown {
    /// Shows mail without its secret.
    pub fn show(mail: &Mail) -> Self {
        let password = mail.login().map(|_| MASKED.to_owned());
        let fields: MailFields = mail.clone().into();
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            enabled: fields.enabled,
            trust_option: fields.trust_option,
            send_to: fields.send_to.to_string(),
            send_cc: text(fields.send_cc.as_deref()),
            send_from: fields.send_from.to_string(),
            smtp_host: fields.smtp_host.to_string(),
            smtp_port: fields.smtp_port,
            smtp_username: text(fields.smtp_username.as_deref()),
            smtp_password: password,
            without_effect: fields.without_effect(),
            additional_properties: fields.additional_properties,
        }
    }
}

/// Mail as it is taken. Unless it is enabled, all may be left out.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailInput {
    /// Whether alerts are sent.
    pub enabled: Flag,
    /// Which certificates of the mail server are trusted.
    #[serde(default)]
    pub trust_option: TrustOption,
    /// To whom.
    #[serde(default)]
    pub send_to: Text<MAIL_ADDRESSES_LEN_MAX>,
    /// Who gets a copy.
    #[serde(default)]
    pub send_cc: Option<Text<MAIL_ADDRESSES_LEN_MAX>>,
    /// From whom.
    #[serde(default)]
    pub send_from: Text<MAIL_ADDRESSES_LEN_MAX>,
    /// The mail server.
    #[serde(default)]
    pub smtp_host: Text<HOST_LEN_MAX>,
    /// Its port.
    #[serde(default)]
    pub smtp_port: Option<PortText>,
    /// Who the agent is for it.
    #[serde(default)]
    pub smtp_username: Option<Text<MAIL_USER_LEN_MAX>>,
    /// The user's password; [`MASKED`], or nothing beside the same user, keeps the present one, and
    /// an empty one removes it.
    #[serde(default)]
    pub smtp_password: Option<String>,
    /// More settings of the mail library, by name.
    #[serde(default)]
    pub additional_properties: Properties,
    /// Of answers.
    #[serde(default)]
    pub without_effect: ReadOnly,
}

impl fmt::Debug for MailInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailInput")
            .field("enabled", &self.enabled)
            .field("smtp_host", &self.smtp_host)
            .field("smtp_username", &self.smtp_username)
            .finish_non_exhaustive()
    }
}

impl MailInput {
    /// Takes it apart: mail without a password for the document, and the password.
    pub fn into_parts(self) -> (MailFields, Option<String>) {
        let fields = MailFields {
            enabled: self.enabled.0,
            trust_option: self.trust_option,
            send_to: self.send_to,
            send_cc: self.send_cc.filter(|list| !list.is_empty()),
            send_from: self.send_from,
            smtp_host: self.smtp_host,
            smtp_port: self.smtp_port.map(|port| port.0),
            smtp_username: self.smtp_username.filter(|user| !user.is_empty()),
            credential: None,
            additional_properties: self.additional_properties,
        };
        (fields, self.smtp_password)
    }
}
