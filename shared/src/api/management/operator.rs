//! Operators and pairing, as the API shows and takes them. What the calls of SAP Cloud Connector lack.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use crate::config::limits::{MONITORING_PASSWORD_LEN_MAX, MONITORING_PASSWORD_LEN_MIN};
use crate::config::{Alias, Comment, Operator, OperatorName};
use crate::host::InternalHost;
use crate::id::{AgentId, OperatorId};
use crate::rights::Role;
use crate::schema::PRINTABLE;
use crate::secret::Secret;

/// An operator as he is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorShown {
    /// What his certificate says.
    pub id: OperatorId,
    /// His name for people.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// Since when he is one, milliseconds UTC.
    pub created_time_stamp: i64,
    /// For people.
    #[serde(default)]
    pub comment: String,
    /// When his newest certificate ends, milliseconds UTC, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_not_after_time_stamp: Option<i64>,
    /// When he last asked for something, milliseconds UTC, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_time_stamp: Option<i64>,
}

impl OperatorShown {
    /// Shows what the document has of an operator.
    pub fn show(operator: &Operator) -> Self {
        Self {
            id: operator.id,
            name: operator.name.to_string(),
            role: operator.role,
            created_time_stamp: operator.created_ms,
            comment: operator.comment.to_string(),
            certificate_not_after_time_stamp: None,
            last_seen_time_stamp: None,
        }
    }
}

/// A new operator with a signing request of his own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorInput {
    /// His name for people.
    pub name: OperatorName,
    /// What he may do.
    pub role: Role,
    /// For people.
    #[serde(default)]
    pub comment: Comment,
    /// PKCS#10 request as PEM. Only its key is used; every name in it is ignored.
    pub csr: String,
}

/// A change of an operator; what is not named stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorChange {
    /// His name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<OperatorName>,
    /// What he may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

/// A certificate with what its owner needs to know of the agent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// Whom it is for.
    pub operator: OperatorShown,
    /// The client certificate as PEM.
    pub certificate: String,
    /// The agent.
    pub agent_id: AgentId,
    /// The TLS server name that asks for the certificate of the agent's identity.
    pub server_name: String,
    /// The agent's identity, a CA certificate as PEM.
    pub ca_cert: String,
}

/// A request for a new certificate of the caller's own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// PKCS#10 request as PEM. Only its key is used; every name in it is ignored.
    pub csr: String,
}

/// Who the caller is for the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Own {
    /// As he stands in the history.
    pub author: String,
    /// What he may do.
    pub role: Role,
    /// The entry among the operators, if he is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorShown>,
}

/// A pairing string is wanted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairingInput {
    /// What the new operator may do.
    pub role: Role,
    /// His name; the client may give one where there is none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<OperatorName>,
    /// How the client finds this agent; the name of its host where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<InternalHost>,
}

/// A pairing string. Secret until it is used.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairingCreated {
    /// The string.
    pub pairing: String,
    /// Until when it is good, milliseconds UTC.
    pub expires_time_stamp: i64,
}

/// What became of the newest pairing string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PairingState {
    /// A client may come.
    Open,
    /// A client came.
    Used,
    /// Its time or its tries are over.
    Closed,
}

/// The newest pairing string, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairingShown {
    /// What became of it.
    pub state: PairingState,
    /// What the new operator may do.
    pub role: Role,
    /// Who asked for it.
    pub author: String,
    /// How many wrong proofs it bears.
    pub tries_left: u8,
    /// Who came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorShown>,
    /// What the client shows too, where all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

/// The call of a client that knows the pairing string.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    /// PKCS#10 request as PEM. Only its key is used; every name in it is ignored.
    pub csr: String,
    /// The proof of the secret over this connection and the request, in base64.
    pub proof: String,
    /// How the client calls itself; only where the pairing string names nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<OperatorName>,
}

/// The agent's answer to it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Paired {
    /// The certificate and who the agent is.
    #[serde(flatten)]
    pub issued: Issued,
    /// The agent's own proof of the secret, over the certificate too, in base64.
    pub proof: String,
}

/// A user with a password, without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonitoringUserShown {
    /// The name.
    pub name: Alias,
    /// What he may do.
    pub role: Role,
}

impl MonitoringUserShown {
    /// Shows a user.
    pub fn show(name: &Alias) -> Self {
        Self {
            name: name.clone(),
            role: Role::Monitoring,
        }
    }
}

/// A new user with a password.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringUserInput {
    /// The name.
    pub name: Alias,
    /// The password, of which only a hash is kept.
    #[schemars(schema_with = "password_schema")]
    pub password: String,
}

/// Another password of a user.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringPassword {
    /// The password, of which only a hash is kept.
    #[schemars(schema_with = "password_schema")]
    pub password: String,
}

fn password_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": PRINTABLE,
        "minLength": MONITORING_PASSWORD_LEN_MIN,
        "maxLength": MONITORING_PASSWORD_LEN_MAX,
    })
}

impl MonitoringUserInput {
    /// Name and password.
    ///
    /// # Errors
    /// When the password breaks a rule.
    pub fn into_parts(self) -> Result<(Alias, Secret), Refusal> {
        let Self { name, password } = self;
        Ok((name, MonitoringPassword { password }.checked()?))
    }
}

impl MonitoringPassword {
    /// The password.
    ///
    /// # Errors
    /// When it breaks a rule.
    pub fn checked(self) -> Result<Secret, Refusal> {
        let password = Secret::new(self.password);
        let text = password.expose();
        let fits = MONITORING_PASSWORD_LEN_MIN..=MONITORING_PASSWORD_LEN_MAX;
        if fits.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            return Ok(password);
        }
        let rule = format!(
            "must have {MONITORING_PASSWORD_LEN_MIN} to {MONITORING_PASSWORD_LEN_MAX} characters and no control characters"
        );
        Err(Refusal::invalid("password", rule))
    }
}

impl fmt::Debug for MonitoringUserInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MonitoringUserInput");
        shown.field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for MonitoringPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitoringPassword").finish_non_exhaustive()
    }
}
