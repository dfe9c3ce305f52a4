//! How alerts leave the agent.

use underpass_shared::api::management::{Rating, SecurityEntry};
use underpass_shared::config::{DeliveryTrust, Document, SyslogTransport, TrustOption};

/// The id of the entry.
const ID: &str = "alertDelivery";

/// Whether somebody on the way could read alerts, or take a receiver's place. Only channels that
/// are on count.
pub(super) fn entry(document: &Document) -> SecurityEntry {
    let fields = document.connector();
    let (mut blind, mut plain) = (vec![], vec![]);
    if fields.email.enabled {
        match fields.email.trust_option {
            TrustOption::TrustAll => blind.push("mail".to_owned()),
            TrustOption::TlsDisabled => plain.push("mail".to_owned()),
            TrustOption::EmailTrustStore | TrustOption::JdkAndEmailTrustStore => {}
        }
    }
    for webhook in fields.webhooks.as_slice().iter().filter(|one| one.enabled) {
        let name = format!("webhook:{}", webhook.name);
        if !webhook.origin.is_tls() {
            plain.push(name);
        } else if webhook.trust == DeliveryTrust::TrustAll {
            blind.push(name);
        }
    }
    for server in fields.syslog.as_slice().iter().filter(|one| one.enabled) {
        let name = format!("syslog:{}", server.name);
        match server.transport {
            SyslogTransport::Tcp => plain.push(name),
            SyslogTransport::Tls if server.trust == DeliveryTrust::TrustAll => blind.push(name),
            SyslogTransport::Tls => {}
        }
    }
    if !blind.is_empty() {
        let text = format!(
            "alerts go to receivers whose certificates are not checked: {}",
            blind.join(", ")
        );
        let remedy = "add the receivers' CAs to the trust store of mail, and trust by it";
        return SecurityEntry::bad(ID, Rating::Risk, text, remedy);
    }
    if !plain.is_empty() {
        let text = format!("alerts leave without TLS: {}", plain.join(", "));
        let remedy = "use TLS where the network between is not yours alone";
        return SecurityEntry::bad(ID, Rating::Warning, text, remedy);
    }
    SecurityEntry::ok(ID, "alerts leave by TLS alone")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rating(connector: &Value) -> Rating {
        let json = json!({"schema": 1, "connector": connector, "subaccounts": []});
        entry(&Document::from_json(&json.to_string()).unwrap()).rating
    }

    #[test]
    fn channels_without_tls_and_without_checks_are_named() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let mail = |trust: &str, enabled: bool| {
            json!({"email": {"enabled": enabled, "trustOption": trust, "sendTo": "a@x",
                             "sendFrom": "b@x", "smtpHost": "mail"}})
        };
        let webhook = |origin: &str, trust: &str| {
            json!({"webhooks": [{"name": "w", "enabled": true, "origin": origin, "path": id,
                                 "trust": trust}]})
        };
        let syslog = |transport: &str, trust: &str| {
            json!({"syslog": [{"name": "s", "enabled": true, "host": "log",
                               "transport": transport, "trust": trust}]})
        };
        for (connector, expected) in [
            (json!({}), Rating::Ok),
            (mail("emailTrustStore", true), Rating::Ok),
            (mail("trustAll", false), Rating::Ok),
            (mail("tlsDisabled", true), Rating::Warning),
            (mail("trustAll", true), Rating::Risk),
            (webhook("https://h", "systemAndTrustStore"), Rating::Ok),
            (webhook("http://h", "trustAll"), Rating::Warning),
            (webhook("https://h", "trustAll"), Rating::Risk),
            (syslog("tls", "trustStore"), Rating::Ok),
            (syslog("tcp", "trustStore"), Rating::Warning),
            (syslog("tls", "trustAll"), Rating::Risk),
        ] {
            assert_eq!(rating(&connector), expected, "{connector}");
        }
    }
}
