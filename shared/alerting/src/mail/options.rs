//! How a mail server is spoken to: from the settings and from those of the mail library of Java
//! that mean something here.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::Mechanism;
use underpass_shared::config::MailFields;
use underpass_shared::config::mail_property::{
    ANSWER, AUTH, CONNECT, FROM, HELLO, IMPLICIT_TLS, MECHANISMS,
};

use super::message;
use crate::failure::Failure;
use crate::tempo::Tempo;
use crate::trust::Trust;

/// Where servers are that speak TLS from the first byte.
const IMPLICIT_TLS_PORT: u16 = 465;
/// Where the others are.
const SMTP_PORT: u16 = 25;

/// When TLS begins, and whom it believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// No TLS.
    None,
    /// After STARTTLS; a server that does not offer it gets no mail.
    StartTls(Trust),
    /// From the first byte.
    Implicit(Trust),
}

#[derive(Debug)]
pub(super) struct Options {
    pub(super) security: Security,
    pub(super) port: u16,
    /// What the agent calls itself.
    pub(super) hello: Option<String>,
    /// Whether there is a login.
    pub(super) login: bool,
    pub(super) mechanisms: Vec<Mechanism>,
    from: Option<String>,
    connect: Option<Duration>,
    answer: Option<Duration>,
}

impl Options {
    /// Reads them.
    pub(super) fn of(mail: &MailFields) -> Result<Self, Failure> {
        let value = |wanted: &str| mail.property(wanted).map(str::to_owned);
        let implicit = truth(IMPLICIT_TLS, value(IMPLICIT_TLS))?;
        let named = mail.smtp_port.map(|port| port.get());
        let security = match Trust::of_mail(mail.trust_option) {
            None => Security::None,
            Some(trust) => {
                if implicit.unwrap_or(named == Some(IMPLICIT_TLS_PORT)) {
                    Security::Implicit(trust)
                } else {
                    Security::StartTls(trust)
                }
            }
        };
        let usual = match security {
            Security::Implicit(_) => IMPLICIT_TLS_PORT,
            Security::None | Security::StartTls(_) => SMTP_PORT,
        };
        let user = mail.smtp_username.is_some();
        Ok(Self {
            security,
            port: named.unwrap_or(usual),
            hello: value(HELLO).map(hello).transpose()?,
            login: truth(AUTH, value(AUTH))?.unwrap_or(true) && user,
            mechanisms: mechanisms(value(MECHANISMS))?,
            from: value(FROM),
            connect: time(CONNECT, value(CONNECT))?,
            answer: time(ANSWER, value(ANSWER))?,
        })
    }

    /// How long a connection may take to come up.
    pub(super) fn connect(&self, tempo: &Tempo) -> Duration {
        self.connect.unwrap_or(tempo.connect)
    }

    /// How long an answer may take.
    pub(super) fn answer(&self, tempo: &Tempo) -> Duration {
        self.answer.unwrap_or(tempo.answer)
    }

    /// Who gets what cannot be delivered.
    pub(super) fn from(&self, mail: &MailFields) -> Result<Address, Failure> {
        match &self.from {
            Some(address) => address.parse().map_err(|error| wrong(FROM, error)),
            None => Ok(message::sender(mail)?.email),
        }
    }
}

fn wrong(name: &str, rule: impl ToString) -> Failure {
    Failure::at(format!("reading additionalProperties.{name}"), rule)
}

fn truth(name: &str, value: Option<String>) -> Result<Option<bool>, Failure> {
    let parse = |text: String| text.to_ascii_lowercase().parse();
    let value = value.map(parse).transpose();
    value.map_err(|_neither| wrong(name, "must be true or false"))
}

fn time(name: &str, value: Option<String>) -> Result<Option<Duration>, Failure> {
    let parse = |text: String| text.parse().ok().filter(|ms| (1..=600_000).contains(ms));
    match value.map(parse) {
        None => Ok(None),
        Some(Some(ms)) => Ok(Some(Duration::from_millis(ms))),
        Some(None) => Err(wrong(name, "must be milliseconds between 1 and 600000")),
    }
}

fn hello(name: String) -> Result<String, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'[' | b']' | b':');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(wrong(
            HELLO,
            "must be a host name or an address in brackets",
        ));
    }
    Ok(name)
}

fn mechanisms(value: Option<String>) -> Result<Vec<Mechanism>, Failure> {
    let Some(names) = value else {
        return Ok(vec![Mechanism::Plain, Mechanism::Login]);
    };
    let each = names.split_ascii_whitespace();
    let each = each.map(|name| match name.to_ascii_uppercase().as_str() {
        "PLAIN" => Ok(Mechanism::Plain),
        "LOGIN" => Ok(Mechanism::Login),
        "XOAUTH2" => Ok(Mechanism::Xoauth2),
        _ => Err(wrong(
            MECHANISMS,
            "only PLAIN, LOGIN and XOAUTH2 are spoken",
        )),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(json: &str) -> MailFields {
        serde_json::from_str(json).unwrap()
    }

    fn options(json: &str) -> Options {
        Options::of(&mail(json)).unwrap()
    }

    #[test]
    fn tls_begins_by_port_and_property_and_is_never_optional() {
        let implicit = Security::Implicit(Trust::Store);
        let start = Security::StartTls(Trust::Store);
        let on = r#""trustOption":"emailTrustStore""#;
        let with =
            |name: &str, value: &str| format!(r#""additionalProperties":{{"{name}":"{value}"}}"#);
        for (json, security, port) in [
            ("{}".to_owned(), Security::None, 25),
            (r#"{"smtpPort":465}"#.to_owned(), Security::None, 465),
            (format!("{{{on}}}"), start, 25),
            (format!(r#"{{{on},"smtpPort":587}}"#), start, 587),
            (format!(r#"{{{on},"smtpPort":465}}"#), implicit, 465),
            (
                format!("{{{on},{}}}", with(IMPLICIT_TLS, "true")),
                implicit,
                465,
            ),
            (
                format!("{{{on},{}}}", with("mail.smtps.ssl.enable", "TRUE")),
                implicit,
                465,
            ),
            (
                format!(r#"{{{on},"smtpPort":465,{}}}"#, with(IMPLICIT_TLS, "false")),
                start,
                465,
            ),
            (
                format!("{{{on},{}}}", with("mail.smtp.starttls.enable", "false")),
                start,
                25,
            ),
        ] {
            let found = options(&json);
            assert_eq!((found.security, found.port), (security, port), "{json}");
        }
        let all = options(r#"{"trustOption":"jdkAndEmailTrustStore"}"#).security;
        assert_eq!(all, Security::StartTls(Trust::SystemAndStore));
        let any = options(r#"{"trustOption":"trustAll"}"#).security;
        assert_eq!(any, Security::StartTls(Trust::All));
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        let some = r#"{"additionalProperties":{"mail.smtp.timeout":"5000"}}"#;
        assert_eq!(
            options(some).answer(&Tempo::default()),
            Duration::from_secs(5)
        );
        for (name, value) in [
            (AUTH, "yes"),
            (CONNECT, "0"),
            (ANSWER, "1s"),
            (HELLO, "a b"),
            (MECHANISMS, "NTLM"),
        ] {
            let json = format!(r#"{{"additionalProperties":{{"{name}":"{value}"}}}}"#);
            let refused = Options::of(&mail(&json)).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
        }
    }
}
