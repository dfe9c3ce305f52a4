//! Syslog servers that alerts are sent to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::{DeliveryTrust, named};
use super::invalid::Invalid;
use super::limits::SYSLOG_SERVERS_MAX;
use super::loose::{Number, Truth, flag};
use super::trust::Alias;
use crate::host::{InternalHost, Port};
use crate::schema::schema_like;

/// The facility of messages where none is chosen: `daemon`.
const DAEMON: Number<0, 23> = Number::constant(3);

/// How messages travel; both count their bytes (RFC 6587).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SyslogTransport {
    /// By TLS (RFC 5425).
    #[default]
    Tls,
    /// By plain TCP: everybody on the way can read and change them.
    Tcp,
}

/// A server that takes messages of RFC 5424.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyslogServer {
    /// Its name.
    pub name: Alias,
    /// Whether alerts are sent to it.
    #[serde(deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub enabled: bool,
    /// The server.
    pub host: InternalHost,
    /// Its port; where it is left out 6514 with TLS, else 601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// How messages travel.
    #[serde(default)]
    pub transport: SyslogTransport,
    /// The facility that messages name, 3 (`daemon`) where it is left out.
    #[serde(default = "daemon", skip_serializing_if = "is_daemon")]
    pub facility: Number<0, 23>,
    /// Which certificates of the server are trusted.
    #[serde(default, skip_serializing_if = "DeliveryTrust::is_default")]
    pub trust: DeliveryTrust,
}

const fn daemon() -> Number<0, 23> {
    DAEMON
}

fn is_daemon(facility: &Number<0, 23>) -> bool {
    *facility == DAEMON
}

impl SyslogServer {
    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port.map_or(
            match self.transport {
                SyslogTransport::Tls => 6514,
                SyslogTransport::Tcp => 601,
            },
            Port::get,
        )
    }
}

/// Such servers, sorted by name, each once; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<SyslogServer>", into = "Vec<SyslogServer>")]
pub struct SyslogServers(Vec<SyslogServer>);

schema_like!(SyslogServers = Vec<SyslogServer>);

impl TryFrom<Vec<SyslogServer>> for SyslogServers {
    type Error = Invalid;

    fn try_from(mut list: Vec<SyslogServer>) -> Result<Self, Invalid> {
        named(&mut list, "syslog", SYSLOG_SERVERS_MAX, |one| &one.name)?;
        Ok(Self(list))
    }
}

impl From<SyslogServers> for Vec<SyslogServer> {
    fn from(list: SyslogServers) -> Self {
        list.0
    }
}

impl SyslogServers {
    /// All of them, by name.
    pub fn as_slice(&self) -> &[SyslogServer] {
        &self.0
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_its_usual_value_and_is_not_written() {
        let short = r#"[{"name":"s","enabled":true,"host":"log.corp","transport":"tls"}]"#;
        let list: SyslogServers = serde_json::from_str(short).unwrap();
        let server = &list.as_slice()[0];
        assert_eq!((server.port(), server.facility.get()), (6514, 3));
        assert_eq!(serde_json::to_string(&list).unwrap(), short);
        let plain = short.replace("\"tls\"", "\"tcp\",\"facility\":16");
        let list: SyslogServers = serde_json::from_str(&plain).unwrap();
        assert_eq!(
            (list.as_slice()[0].port(), list.as_slice()[0].facility.get()),
            (601, 16)
        );
        let wrong = short.replace("\"tls\"", "\"tls\",\"facility\":24");
        assert!(serde_json::from_str::<SyslogServers>(&wrong).is_err());
    }
}
