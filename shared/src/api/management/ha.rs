//! High availability as the API shows and takes it: in this version every agent is a master alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::{Flag, Number, PortText, ReadOnly};
use crate::backup::KeptSecret;
use crate::config::Text;
use crate::config::limits::CLOUD_USER_LEN_MAX;
use crate::host::{InternalHost, InvalidAddress, Port};
use crate::schema::{INTERNAL_HOST, schema};

/// Which of two agents that stand in for each other this one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum HaRole {
    /// It does the work.
    Master,
    /// It waits.
    Shadow,
}

/// A host that there need not be; without one the text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostText(pub Option<InternalHost>);

schema!(HostText = {
    "description": "A host name or IP address, or the empty text for none.",
    "anyOf": [{ "const": "" }, { "type": "string", "pattern": INTERNAL_HOST }],
});

impl TryFrom<String> for HostText {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host = (!text.is_empty()).then(|| text.parse());
        host.transpose().map(Self)
    }
}

impl From<HostText> for String {
    fn from(HostText(host): HostText) -> Self {
        host.map(|host| host.to_string()).unwrap_or_default()
    }
}

/// Whether a shadow may connect, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MasterConfigShown {
    /// Whether one may.
    pub ha_enabled: bool,
    /// The port of the management API; none while it does not listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_port: Option<PortText>,
    /// The only host that may be one; empty where no host is named.
    pub allowed_shadow_host: HostText,
}

impl MasterConfigShown {
    /// Of an agent that is alone; `port` is that of its management API.
    pub fn alone(port: Option<Port>) -> Self {
        Self {
            ha_enabled: false,
            ha_port: port.map(PortText),
            allowed_shadow_host: HostText::default(),
        }
    }
}

/// Whether a shadow may connect, as it is taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MasterConfigInput {
    /// Whether one may.
    pub ha_enabled: Flag,
    /// The port that it would come to.
    #[serde(default)]
    pub ha_port: Option<PortText>,
    /// The only host that may be one; empty for any.
    #[serde(default)]
    pub allowed_shadow_host: Option<HostText>,
    /// Of answers.
    #[serde(rename = "_links", default)]
    pub links: ReadOnly,
}

/// How a master and its shadow are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MasterState {
    /// There is no shadow.
    Alone,
    /// A shadow joins.
    Binding,
    /// The shadow is there.
    Connected,
    /// The shadow is not heard any more.
    Broken,
}

/// The state of a master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MasterStateShown {
    /// How it is.
    pub state: MasterState,
    /// The shadow's host; empty where there is no shadow.
    pub shadow_host: HostText,
}

impl MasterStateShown {
    /// Of an agent that is alone.
    pub fn alone() -> Self {
        Self {
            state: MasterState::Alone,
            shadow_host: HostText::default(),
        }
    }
}

/// What a master can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MasterOp {
    /// To change roles with its shadow.
    Switch,
    /// To become a shadow, even if its shadow does not answer.
    ForceSwitch,
}

/// A switch of roles.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MasterStateInput {
    /// Which.
    pub op: MasterOp,
}

/// How a shadow finds its master and when it takes over.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShadowConfig {
    /// The master's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_host: Option<HostText>,
    /// The master's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_port: Option<PortText>,
    /// The shadow's own host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_host: Option<HostText>,
    /// The shadow's own port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_port: Option<PortText>,
    /// Between two looks at the master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_interval_in_seconds: Option<Number<1, 86_400>>,
    /// How long the master may be away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover_delay_in_seconds: Option<Number<0, 86_400>>,
    /// Of a connection to the master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout_in_millis: Option<Number<1, 3_600_000>>,
    /// Of a request to the master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_timeout_in_millis: Option<Number<1, 3_600_000>>,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

/// How a shadow is to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ShadowState {
    /// It never was connected.
    Initial,
    /// It is not connected.
    Disconnected,
    /// It leaves.
    Disconnecting,
    /// It shows who it is.
    Handshake,
    /// It gets the whole configuration.
    InitSync,
    /// It stands by.
    Ready,
    /// The master is out of reach.
    Lost,
}

/// The state of a shadow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShadowStateShown {
    /// How it is.
    pub state: ShadowState,
    /// By which names its host goes.
    pub own_hosts: Vec<InternalHost>,
    /// Why it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_message: Option<String>,
}

/// What a shadow can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ShadowOp {
    /// To join its master.
    Connect,
    /// To leave it.
    Disconnect,
}

/// A shadow that is to join or leave.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowStateInput {
    /// Which.
    pub op: ShadowOp,
    /// Who it is for the master, the first time.
    #[serde(default)]
    pub user: Option<Text<CLOUD_USER_LEN_MAX>>,
    /// The user's password.
    #[serde(default)]
    pub password: Option<KeptSecret>,
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::super::read;
    use super::*;

    fn is_refused<T: DeserializeOwned + Debug>(cases: &[(&str, Option<&str>, &str)]) {
        for (json, field, rule) in cases {
            let refusal = read::<T>(json.as_bytes()).unwrap_err();
            assert_eq!(refusal.status, 400, "{json}");
            let body = refusal.body;
            assert_eq!(body.field.as_deref(), *field, "{json}: {body:?}");
            assert!(body.message.contains(rule), "{json}: {body:?}");
        }
    }

    #[test]
    fn an_agent_that_is_alone_says_so_and_takes_its_answer_back() {
        let port = "8443".parse().ok();
        let shown = json!(MasterConfigShown::alone(port));
        let wanted = json!({"haEnabled": false, "haPort": "8443", "allowedShadowHost": ""});
        assert_eq!(shown, wanted);
        read::<MasterConfigInput>(shown.to_string().as_bytes()).unwrap();
        let silent = json!(MasterConfigShown::alone(None));
        assert_eq!(silent, json!({"haEnabled": false, "allowedShadowHost": ""}));
        let state = json!(MasterStateShown::alone());
        assert_eq!(state, json!({"state": "ALONE", "shadowHost": ""}));
    }

    #[test]
    fn settings_of_a_master_are_read_in_both_spellings_and_nothing_else() {
        for json in [
            r#"{"haEnabled":false}"#,
            r#"{"haEnabled":"false","haPort":8443,"allowedShadowHost":""}"#,
            r#"{"haEnabled":false,"haPort":"9443","allowedShadowHost":"b.corp","_links":{}}"#,
        ] {
            let input: MasterConfigInput = read(json.as_bytes()).unwrap();
            assert!(!input.ha_enabled.0, "{json}");
        }
        let host = r#"{"haEnabled":"true","allowedShadowHost":"B.corp"}"#;
        let input: MasterConfigInput = read(host.as_bytes()).unwrap();
        let host = input.allowed_shadow_host.map(String::from);
        assert_eq!(
            (input.ha_enabled.0, host.as_deref()),
            (true, Some("b.corp"))
        );
        is_refused::<MasterConfigInput>(&[
            ("{}", None, "missing field `haEnabled`"),
            (r#"{"haEnabled":1}"#, Some("haEnabled"), "true or false"),
            (
                r#"{"haEnabled":false,"haPort":0}"#,
                Some("haPort"),
                "between 1 and 65535",
            ),
            (
                r#"{"haEnabled":false,"allowedShadowHost":"a b"}"#,
                Some("allowedShadowHost"),
                "host",
            ),
            (
                r#"{"haEnabled":false,"shadowHost":"b"}"#,
                Some("shadowHost"),
                "unknown field",
            ),
        ]);
        is_refused::<MasterStateInput>(&[
            ("{}", None, "missing field `op`"),
            (r#"{"op":"switch"}"#, Some("op"), "unknown variant"),
            (r#"{"op":"SWITCH","force":true}"#, Some("force"), "unknown"),
        ]);
        let force: MasterStateInput = read(br#"{"op":"FORCE_SWITCH"}"#).unwrap();
        assert_eq!(force.op, MasterOp::ForceSwitch);
    }

    #[test]
    fn settings_of_a_shadow_are_read_as_they_are_documented() {
        let whole = json!({"masterHost": "a.corp", "masterPort": "8443", "ownHost": "b.corp",
                           "haPort": 8443, "checkIntervalInSeconds": 30,
                           "takeoverDelayInSeconds": "10", "connectTimeoutInMillis": 1000,
                           "requestTimeoutInMillis": 12000});
        let config: ShadowConfig = read(whole.to_string().as_bytes()).unwrap();
        assert_eq!(json!(config)["takeoverDelayInSeconds"], 10);
        is_refused::<ShadowConfig>(&[
            (
                r#"{"checkIntervalInSeconds":0}"#,
                Some("checkIntervalInSeconds"),
                "between 1 and 86400",
            ),
            (r#"{"masterHost":"/"}"#, Some("masterHost"), "host"),
            (r#"{"masterPort":65536}"#, Some("masterPort"), "65535"),
            (r#"{"haEnabled":true}"#, Some("haEnabled"), "unknown field"),
        ]);
        let connect = r#"{"op":"CONNECT","user":"Administrator","password":"manage"}"#;
        let connect: ShadowStateInput = read(connect.as_bytes()).unwrap();
        assert!(!format!("{connect:?}").contains("manage"), "{connect:?}");
        read::<ShadowStateInput>(br#"{"op":"DISCONNECT"}"#).unwrap();
        is_refused::<ShadowStateInput>(&[
            (r#"{"op":"JOIN"}"#, Some("op"), "unknown variant"),
            (
                r#"{"op":"CONNECT","user":"a\nb"}"#,
                Some("user"),
                "control characters",
            ),
            (
                r#"{"op":"CONNECT","password":1}"#,
                Some("password"),
                "invalid type",
            ),
        ]);
    }
}
