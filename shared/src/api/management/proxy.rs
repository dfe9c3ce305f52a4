//! The HTTP proxy on the way out, as the API shows and takes it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::lenient::{PortText, ReadOnly};
use crate::config::limits::PROXY_USER_LEN_MAX;
use crate::config::{Proxy, Text};
use crate::host::InternalHost;
use crate::schema::PRINTABLE;

/// What stands for a password where it is shown, and for the present one where it is taken.
pub const MASKED: &str = "***";

/// The proxy as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyShown {
    /// Its name or address.
    pub host: InternalHost,
    /// Its port.
    pub port: PortText,
    /// Who the agent is for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `***` where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl ProxyShown {
    /// Shows a proxy without its secret.
    pub fn show(proxy: &Proxy) -> Self {
        let login = proxy.login();
        Self {
            host: proxy.host().clone(),
            port: PortText(proxy.port()),
            user: login.map(|(user, _)| user.to_owned()),
            password: login.map(|_| MASKED.to_owned()),
        }
    }
}

/// The proxy as it is taken.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyInput {
    /// Its name or address.
    pub host: InternalHost,
    /// Its port.
    pub port: PortText,
    /// Who the agent is for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "user_schema")]
    pub user: Option<Text<PROXY_USER_LEN_MAX>>,
    /// The user's password; `***` keeps the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "password_schema")]
    pub password: Option<String>,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

/// Basic authentication ends the user at the first colon.
fn user_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "pattern": "^[^:\\u0000-\\u001f\\u007f-\\u009f]+$",
        "maxLength": PROXY_USER_LEN_MAX,
    })
}

fn password_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "pattern": PRINTABLE, "minLength": 1 })
}

impl fmt::Debug for ProxyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyInput")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
