//! How operators show who they are, and the body of calls that would change a user of SAP's kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use crate::backup::KeptSecret;
use crate::config::Text;
use crate::config::limits::CLOUD_USER_LEN_MAX;

/// By what operators are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticationType {
    /// Client certificates.
    Certificate,
}

/// How operators show who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthenticationShown {
    /// By what; SAP Cloud Connector knows `basic` and `ldap`, an agent neither.
    #[serde(rename = "type")]
    pub kind: AuthenticationType,
}

/// Another name of the one user, or another password of his.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasicInput {
    /// The new name; with the password.
    #[serde(default)]
    pub user: Option<Text<CLOUD_USER_LEN_MAX>>,
    /// The present password.
    #[serde(default)]
    pub password: Option<KeptSecret>,
    /// The present password; with the new one.
    #[serde(default)]
    pub old_password: Option<KeptSecret>,
    /// The new password.
    #[serde(default)]
    pub new_password: Option<KeptSecret>,
}

/// Which of both is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicChange {
    /// Another name.
    User,
    /// Another password.
    Password,
}

impl TryFrom<BasicInput> for BasicChange {
    type Error = Refusal;

    fn try_from(input: BasicInput) -> Result<Self, Refusal> {
        let BasicInput {
            user,
            password,
            old_password,
            new_password,
        } = input;
        let user = user.filter(|text| !text.is_empty());
        let given = |secret: Option<KeptSecret>| secret.filter(|text| !text.expose().is_empty());
        let (old, new) = (given(old_password), given(new_password));
        let missing = |field: &str, beside: &str| {
            Err(Refusal::invalid(
                field,
                format!("is missing beside {beside}"),
            ))
        };
        match (user, given(password), old, new) {
            (Some(_), Some(_), None, None) => Ok(Self::User),
            (None, None, Some(old), Some(new)) if old == new => {
                let rule = "must be another one than oldPassword";
                Err(Refusal::invalid("newPassword", rule))
            }
            (None, None, Some(_), Some(_)) => Ok(Self::Password),
            (Some(_), None, None, None) => missing("password", "user"),
            (None, Some(_), None, None) => missing("user", "password"),
            (None, None, Some(_), None) => missing("newPassword", "oldPassword"),
            (None, None, None, Some(_)) => missing("oldPassword", "newPassword"),
            _ => {
                let rule = "takes either user and password, or oldPassword and newPassword";
                Err(Refusal::invalid("", rule))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::read;
    use super::*;

    fn change(json: &str) -> Result<BasicChange, Refusal> {
        read::<BasicInput>(json.as_bytes())?.try_into()
    }

    #[test]
    fn the_type_is_none_of_saps_and_changes_are_of_one_kind() {
        let kind = AuthenticationType::Certificate;
        let shown = json!(AuthenticationShown { kind });
        assert_eq!(shown, json!({"type": "certificate"}));
        let rename = r#"{"user":"admin","password":"manage"}"#;
        assert_eq!(change(rename), Ok(BasicChange::User));
        let password = r#"{"oldPassword":"manage","newPassword":"other"}"#;
        assert_eq!(change(password), Ok(BasicChange::Password));
        for (json, field, rule) in [
            ("{}", None, "either user and password"),
            (r#"{"user":"a"}"#, Some("password"), "is missing"),
            (r#"{"user":"","password":"a"}"#, Some("user"), "is missing"),
            (
                r#"{"oldPassword":"a"}"#,
                Some("newPassword"),
                "beside oldPassword",
            ),
            (
                r#"{"newPassword":"a"}"#,
                Some("oldPassword"),
                "beside newPassword",
            ),
            (
                r#"{"oldPassword":"a","newPassword":"a"}"#,
                Some("newPassword"),
                "another one",
            ),
            (
                r#"{"user":"u","oldPassword":"a","newPassword":"b"}"#,
                None,
                "either user and password",
            ),
            (r#"{"password":1}"#, Some("password"), "invalid type"),
            (r#"{"role":"a"}"#, Some("role"), "unknown field"),
        ] {
            let refusal = change(json).unwrap_err();
            assert_eq!(refusal.status, 400, "{json}");
            let body = refusal.body;
            assert_eq!(body.field.as_deref(), field, "{json}: {body:?}");
            assert!(body.message.contains(rule), "{json}: {body:?}");
        }
        let input: BasicInput = read(password.as_bytes()).unwrap();
        assert!(!format!("{input:?}").contains("manage"), "{input:?}");
    }
}
