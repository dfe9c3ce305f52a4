//! How the agent sends mail.

mod address;
pub mod property;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{
    MAIL_ADDRESSES_LEN_MAX, MAIL_PROPERTIES_MAX, MAIL_PROPERTY_LEN_MAX, MAIL_PROPERTY_NAME_LEN_MAX,
    MAIL_USER_LEN_MAX,
};
use super::text::Text;
use crate::host::{HOST_LEN_MAX, InternalHost, Port};
use crate::id::CredentialId;
use crate::schema::schema_like;

/// Which certificates of the mail server are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TrustOption {
    /// No TLS.
    #[default]
    TlsDisabled,
    /// Those of the mail's trust store.
    EmailTrustStore,
    /// Those too that the host's system trusts.
    JdkAndEmailTrustStore,
    /// All. Dangerous.
    TrustAll,
}

/// Mail before its checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "Mail")]
pub struct MailFields {
    /// Whether alerts are sent. Until then settings may be incomplete.
    pub enabled: bool,
    /// Which certificates of the mail server are trusted.
    pub trust_option: TrustOption,
    /// To whom.
    pub send_to: Text<MAIL_ADDRESSES_LEN_MAX>,
    /// Who gets a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_cc: Option<Text<MAIL_ADDRESSES_LEN_MAX>>,
    /// From whom.
    pub send_from: Text<MAIL_ADDRESSES_LEN_MAX>,
    /// The mail server.
    pub smtp_host: Text<HOST_LEN_MAX>,
    /// Its port, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_port: Option<Port>,
    /// Who the agent is for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_username: Option<Text<MAIL_USER_LEN_MAX>>,
    /// The user's password in the secret store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// More settings of the mail library, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub additional_properties:
        BTreeMap<Text<MAIL_PROPERTY_NAME_LEN_MAX>, Text<MAIL_PROPERTY_LEN_MAX>>,
}

/// How the agent sends mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MailFields", into = "MailFields")]
pub struct Mail(MailFields);

schema_like!(Mail = MailFields);

impl TryFrom<MailFields> for Mail {
    type Error = Invalid;

    fn try_from(fields: MailFields) -> Result<Self, Self::Error> {
        if fields.credential.is_some() && fields.smtp_username.is_none() {
            let rule = "is missing beside the password";
            return Err(Invalid::new("smtpUsername", rule));
        }
        let count = fields.additional_properties.len();
        let named = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        let names = fields.additional_properties.keys();
        if count > MAIL_PROPERTIES_MAX || !names.into_iter().all(|name| named(name)) {
            let rule = format!(
                "must have at most {MAIL_PROPERTIES_MAX} entries with names of A-Z a-z 0-9 . _ -"
            );
            return Err(Invalid::new("additionalProperties", rule));
        }
        if fields.enabled {
            complete(&fields)?;
        }
        Ok(Self(fields))
    }
}

/// What only mail that is sent needs.
fn complete(fields: &MailFields) -> Result<(), Invalid> {
    let addresses = |field: &str, list: &str, most: usize| {
        if list.trim().is_empty() {
            return Err(Invalid::new(field, "is missing"));
        }
        let count = address::check(list);
        let count = count.map_err(|rule| Invalid::new(field, rule.to_string()))?;
        if count > most {
            return Err(Invalid::new(field, "must be a single address"));
        }
        Ok(())
    };
    addresses("sendTo", &fields.send_to, usize::MAX)?;
    if let Some(copy) = fields.send_cc.as_deref().filter(|copy| !copy.is_empty()) {
        addresses("sendCc", copy, usize::MAX)?;
    }
    addresses("sendFrom", &fields.send_from, 1)?;
    if fields.smtp_host.is_empty() {
        return Err(Invalid::new("smtpHost", "is missing"));
    }
    let host = fields.smtp_host.parse::<InternalHost>();
    host.map_err(|rule| Invalid::new("smtpHost", rule.to_string()))?;
    Ok(())
}

impl From<Mail> for MailFields {
    fn from(mail: Mail) -> Self {
        mail.0
    }
}

impl std::ops::Deref for Mail {
    type Target = MailFields;

    fn deref(&self) -> &MailFields {
        &self.0
    }
}

impl Mail {
    /// The user and the id of the password, if there are.
    pub fn login(&self) -> Option<(&str, CredentialId)> {
        Some((self.0.smtp_username.as_deref()?, self.0.credential?))
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_may_be_incomplete_until_it_is_sent() {
        let read = |json: &str| serde_json::from_str::<Mail>(json);
        let complete = r#"{"enabled":true,"sendTo":"a@x, b@x","sendFrom":"c@x","smtpHost":"mail"}"#;
        read(complete).unwrap();
        for (from, to, rule) in [
            (r#""sendTo":"a@x, b@x","#, "", "sendTo: is missing"),
            ("b@x", "b", "sendTo: \"b\" is no mail address"),
            ("c@x", "c@x,d@x", "sendFrom: must be a single address"),
            ("\"mail\"", "\"a b\"", "smtpHost: host must be"),
            ("\"mail\"", "\"\"", "smtpHost: is missing"),
            ("\"mail\"", "\"mail\",\"sendCc\":\"z\"", "sendCc: \"z\""),
        ] {
            let wrong = complete.replace(from, to);
            let refused = read(&wrong).unwrap_err().to_string();
            assert!(refused.starts_with(rule), "{wrong}: {refused}");
            read(&wrong.replace("true", "false")).unwrap();
        }
        for (json, rule) in [
            (
                r#"{"credential":"0190a5a2-6d0e-7cc0-8000-000000000001"}"#,
                "smtpUsername: is missing",
            ),
            (
                r#"{"additionalProperties":{"a b":"c"}}"#,
                "additionalProperties: must have",
            ),
            (r#"{"smtpPort":0}"#, "invalid value"),
        ] {
            let refused = read(json).unwrap_err().to_string();
            assert!(refused.contains(rule), "{json}: {refused}");
        }
    }
}
