//! What mappings for RFC have beside others: the way to the system, and who may log on to it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::invalid::Invalid;
use super::limits::{
    ALLOWED_CLIENTS_MAX, BLOCKED_USERS_MAX, SAP_ROUTER_LEN_MAX, SAP_USER_LEN_MAX, SNC_NAME_LEN_MAX,
};
use super::port_name::PortName;
use super::text::Text;
use crate::id::serde_as_text;
use crate::schema::{PRINTABLE, schema};

/// Characters of a client.
const CLIENT_LEN: usize = 3;

/// A client of an ABAP system, such as `100`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client([u8; CLIENT_LEN]);

/// A text that names no client, or no user of one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidClient {
    /// Not a client.
    #[error("client must have 3 characters of A-Z 0-9, such as 100")]
    Client,
    /// Not a user.
    #[error("user must have 1 to {SAP_USER_LEN_MAX} characters, no control characters")]
    User,
    /// Not both.
    #[error("must be a client and a user with a colon between them, such as 100:DDIC")]
    Pair,
}

impl FromStr for Client {
    type Err = InvalidClient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes().try_into();
        let bytes: [u8; CLIENT_LEN] = bytes.or(Err(InvalidClient::Client))?;
        let fits = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if bytes.iter().all(fits) {
            Ok(Self(bytes))
        } else {
            Err(InvalidClient::Client)
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a user of an ABAP system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SapUser(Box<str>);

impl FromStr for SapUser {
    type Err = InvalidClient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let len = (1..=SAP_USER_LEN_MAX).contains(&text.chars().count());
        if !len || text.chars().any(char::is_control) {
            return Err(InvalidClient::User);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for SapUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Client, SapUser);

schema!(
    Client = { "type": "string", "pattern": "^[0-9A-Z]{3}$" },
    SapUser = {
        "type": "string",
        "pattern": PRINTABLE,
        "minLength": 1,
        "maxLength": SAP_USER_LEN_MAX,
    },
);

/// A user of one client.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ClientUser {
    /// The client.
    pub client: Client,
    /// The user. ABAP systems do not tell names apart by case.
    pub user: SapUser,
}

impl FromStr for ClientUser {
    type Err = InvalidClient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (client, user) = text.split_once(':').ok_or(InvalidClient::Pair)?;
        Ok(Self {
            client: client.parse()?,
            user: user.parse()?,
        })
    }
}

impl fmt::Display for ClientUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.client, self.user)
    }
}

/// What mappings for RFC have beside others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RfcOptions {
    /// The virtual port by its name, where it is written so. It stands for the same number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_port_name: Option<PortName>,
    /// The internal port by its name, where it is written so. It stands for the same number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_port_name: Option<PortName>,
    /// The route string to the system.
    #[serde(skip_serializing_if = "is_empty")]
    pub sap_router: Text<SAP_ROUTER_LEN_MAX>,
    /// Who the system is for SNC.
    #[serde(skip_serializing_if = "is_empty")]
    pub snc_partner_name: Text<SNC_NAME_LEN_MAX>,
    /// The only clients that may be logged on to; all where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = ALLOWED_CLIENTS_MAX))]
    pub allowed_clients: Vec<Client>,
    /// Who may not log on, even to an allowed client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = BLOCKED_USERS_MAX))]
    pub blocked_users: Vec<ClientUser>,
}

fn is_empty<const MAX: usize>(text: &Text<MAX>) -> bool {
    text.is_empty()
}

impl RfcOptions {
    /// Sorts the lists and drops what stands twice.
    pub(super) fn check(mut self: Box<Self>) -> Result<Option<Box<Self>>, Invalid> {
        self.allowed_clients.sort_unstable();
        self.allowed_clients.dedup();
        self.blocked_users.sort_unstable();
        self.blocked_users.dedup();
        for (field, len, most) in [
            (
                "allowedClients",
                self.allowed_clients.len(),
                ALLOWED_CLIENTS_MAX,
            ),
            ("blockedUsers", self.blocked_users.len(), BLOCKED_USERS_MAX),
        ] {
            if len > most {
                let rule = format!("at most {most} entries are allowed");
                return Err(Invalid::new(format!("rfcOptions.{field}"), rule));
            }
        }
        Ok((*self != Self::default()).then_some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_users_keep_to_their_characters() {
        for text in ["000", "100", "A1Z"] {
            assert_eq!(text.parse::<Client>().unwrap().to_string(), text);
        }
        for text in ["", "10", "1000", "1 0", "ä0", "a00"] {
            assert_eq!(text.parse::<Client>(), Err(InvalidClient::Client), "{text}");
        }
        let pair: ClientUser = "100:RFC:USER".parse().unwrap();
        assert_eq!(pair.user.to_string(), "RFC:USER");
        assert_eq!(pair.to_string(), "100:RFC:USER");
        let long = format!("100:{}", "U".repeat(SAP_USER_LEN_MAX + 1));
        for (text, rule) in [
            ("100", InvalidClient::Pair),
            ("1:U", InvalidClient::Client),
            ("100:", InvalidClient::User),
            ("100:a\n", InvalidClient::User),
            (&long, InvalidClient::User),
        ] {
            assert_eq!(text.parse::<ClientUser>(), Err(rule), "{text}");
        }
    }

    #[test]
    fn lists_are_sorted_once_each_and_bounded() {
        let read = |json: &str| {
            serde_json::from_str::<Box<RfcOptions>>(json)
                .unwrap()
                .check()
        };
        let json = r#"{"allowedClients": ["200", "100", "200"],
                       "blockedUsers": [{"client": "100", "user": "B"}, {"client": "100", "user": "A"}]}"#;
        let options = read(json).unwrap().unwrap();
        assert_eq!(
            serde_json::to_string(&options).unwrap(),
            r#"{"allowedClients":["100","200"],"blockedUsers":[{"client":"100","user":"A"},{"client":"100","user":"B"}]}"#
        );
        assert_eq!(read("{}"), Ok(None));
        let user = |n: usize| format!(r#"{{"client": "100", "user": "U{n}"}}"#);
        let many: Vec<String> = (0..=BLOCKED_USERS_MAX).map(user).collect();
        let refused = read(&format!(r#"{{"blockedUsers": [{}]}}"#, many.join(","))).unwrap_err();
        assert_eq!(refused.field, "rfcOptions.blockedUsers");
    }
}
