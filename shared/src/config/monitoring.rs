//! Users with a password, for programs that read metrics and know no client certificates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::MONITORING_USERS_MAX;
use super::trust::Alias;
use crate::id::CredentialId;
use crate::schema::schema_like;

/// Somebody who shows a password. He has the role Monitoring and can get no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MonitoringUser {
    /// His name.
    pub name: Alias,
    /// The hash of his password in the secret store; another password has another id.
    pub password: CredentialId,
}

/// Such users, sorted by name, each once; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<MonitoringUser>", into = "Vec<MonitoringUser>")]
pub struct MonitoringUsers(Vec<MonitoringUser>);

schema_like!(MonitoringUsers = Vec<MonitoringUser>);

impl TryFrom<Vec<MonitoringUser>> for MonitoringUsers {
    type Error = Invalid;

    fn try_from(mut users: Vec<MonitoringUser>) -> Result<Self, Invalid> {
        let wrong = |rule: String| Err(Invalid::new("monitoringUsers", rule));
        if users.len() > MONITORING_USERS_MAX {
            return wrong(format!("at most {MONITORING_USERS_MAX} users are allowed"));
        }
        users.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some([one, _]) = users.array_windows().find(|[a, b]| a.name == b.name) {
            return wrong(format!("{} occurs twice", one.name));
        }
        Ok(Self(users))
    }
}

impl From<MonitoringUsers> for Vec<MonitoringUser> {
    fn from(users: MonitoringUsers) -> Self {
        users.0
    }
}

impl MonitoringUsers {
    /// All of them, by name.
    pub fn as_slice(&self) -> &[MonitoringUser] {
        &self.0
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&MonitoringUser> {
        self.0.iter().find(|one| one.name.as_str() == name)
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}
