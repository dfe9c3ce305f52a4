//! Further settings by the names that the mail library of Java has for them: those that mean
//! something here.

use super::{MailFields, TrustOption};

/// Whether there is a login.
pub const AUTH: &str = "mail.smtp.auth";
/// How the agent proves who it is, the first first.
pub const MECHANISMS: &str = "mail.smtp.auth.mechanisms";
/// Milliseconds that a connection may take.
pub const CONNECT: &str = "mail.smtp.connectiontimeout";
/// Who gets what cannot be delivered.
pub const FROM: &str = "mail.smtp.from";
/// What the agent calls itself.
pub const HELLO: &str = "mail.smtp.localhost";
/// Whether TLS begins with the first byte.
pub const IMPLICIT_TLS: &str = "mail.smtp.ssl.enable";
/// Milliseconds that an answer may take.
pub const ANSWER: &str = "mail.smtp.timeout";

/// All of them; the same ones may be written with `smtps`.
const HONOURED: [&str; 7] = [AUTH, MECHANISMS, CONNECT, FROM, HELLO, IMPLICIT_TLS, ANSWER];

impl MailFields {
    /// The value of one of these settings.
    pub fn property(&self, wanted: &str) -> Option<&str> {
        let mut all = self.additional_properties.iter();
        let found = all.find(|(name, _)| plain(name) == wanted);
        found.map(|(_, value)| value.trim())
    }

    /// The names of those that change nothing, in order.
    pub fn without_effect(&self) -> Vec<String> {
        let dead = self.additional_properties.keys().filter(|name| {
            let name = plain(name);
            // Without TLS there is none from the first byte either.
            let moot = self.trust_option == TrustOption::TlsDisabled && name == IMPLICIT_TLS;
            moot || !HONOURED.contains(&name.as_str())
        });
        dead.map(ToString::to_string).collect()
    }
}

fn plain(name: &str) -> String {
    match name.strip_prefix("mail.smtps.") {
        Some(rest) => format!("mail.smtp.{rest}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_named() {
        let json = r#"{"additionalProperties":{"mail.debug":"true","mail.smtps.timeout":" 5000 ",
            "mail.smtp.ssl.enable":"true","mail.smtp.ssl.protocols":"TLSv1"}}"#;
        let mut mail: MailFields = serde_json::from_str(json).unwrap();
        let dead = [
            "mail.debug",
            "mail.smtp.ssl.enable",
            "mail.smtp.ssl.protocols",
        ];
        assert_eq!(mail.without_effect(), dead);
        assert_eq!(mail.property(ANSWER), Some("5000"));
        mail.trust_option = TrustOption::TrustAll;
        assert_eq!(mail.without_effect().len(), 2);
    }
}
