//! What matters for the security of the management API: what it shows, and whom it lets in.

use underpass_shared::api::management::{Rating, SecurityEntry};
use underpass_shared::config::{Certificate, Document, OrganisationFields};
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::expiry::EXPIRING_DAYS;
use underpass_shared::rights::Role;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What the management API comes to at the time `now_ms` (UTC); `made` is the chain that the agent
/// made for it, empty where it shows none.
pub fn of_management(
    document: &Document,
    made: &[Certificate],
    tls12: bool,
    now_ms: i64,
) -> Vec<SecurityEntry> {
    let tls = if tls12 {
        SecurityEntry::bad(
            "managementTls12",
            Rating::Warning,
            "the management API also speaks TLS 1.2",
            "start the agent without --management-tls12 as soon as no old automation needs it",
        )
    } else {
        SecurityEntry::ok("managementTls12", "the management API speaks TLS 1.3 alone")
    };
    vec![
        server_certificate(document, made, now_ms),
        tls,
        monitoring_users(document),
        organisation(document),
    ]
}

fn server_certificate(document: &Document, made: &[Certificate], now_ms: i64) -> SecurityEntry {
    const ID: &str = "serverCertificate";
    const RENEW: &str = "import a new one with `underpass-agent certificate import ui`";
    let given = document.connector().certificates.get(CertificateUse::Ui);
    let Some((chain, _key)) = given.certificate() else {
        return self_made(ID, made, now_ms);
    };
    let Some(summary) = chain.first().map(Certificate::summary) else {
        return self_made(ID, made, now_ms);
    };
    let days = (summary.not_after_ms - now_ms).div_euclid(DAY_MS);
    let issuer = summary.issuer;
    if summary.not_after_ms <= now_ms {
        let text = format!("the certificate of the management API, issued by {issuer}, is expired");
        return SecurityEntry::bad(ID, Rating::Risk, text, RENEW);
    }
    let text = format!(
        "the certificate of the management API was issued by {issuer} and ends in {days} days"
    );
    if issuer == summary.subject {
        let text = format!(
            "the certificate of the management API is self-signed, so that clients have to know \
             it, and ends in {days} days"
        );
        let remedy = "have it signed by a CA that your clients trust: `underpass-agent certificate \
                      csr ui`";
        return SecurityEntry::bad(ID, Rating::Warning, text, remedy);
    }
    if days < EXPIRING_DAYS {
        return SecurityEntry::bad(ID, Rating::Warning, text, RENEW);
    }
    SecurityEntry::ok(ID, text)
}

fn self_made(id: &str, made: &[Certificate], now_ms: i64) -> SecurityEntry {
    let age = made.first().map(|first| {
        let summary = first.summary();
        let age = (now_ms - summary.not_before_ms).div_euclid(DAY_MS);
        let left = (summary.not_after_ms - now_ms).div_euclid(DAY_MS);
        format!("; it is {age} days old, ends in {left} days and is renewed before")
    });
    let text = format!(
        "the management API shows a certificate that the agent made, which paired clients alone \
         can verify{}",
        age.unwrap_or_default()
    );
    let remedy = "give it one of your organisation: `underpass-agent certificate csr ui`";
    SecurityEntry::bad(id, Rating::Warning, text, remedy)
}

fn monitoring_users(document: &Document) -> SecurityEntry {
    let users = document.connector().monitoring_users.as_slice();
    if users.is_empty() {
        return SecurityEntry::ok("monitoringUsers", "nobody is let in by a password");
    }
    let names: Vec<&str> = users.iter().map(|one| one.name.as_str()).collect();
    SecurityEntry::bad(
        "monitoringUsers",
        Rating::Warning,
        format!("these users may read by a password: {}", names.join(", ")),
        "give them certificates with `underpass-agent operator issue --role Monitoring`, and remove \
         these users",
    )
}

fn organisation(document: &Document) -> SecurityEntry {
    const ID: &str = "organisation";
    let fields: OrganisationFields = document.connector().organisation.clone().into();
    if fields.authorities.is_empty() {
        return SecurityEntry::ok(ID, "only operators whom the agent knows are let in");
    }
    let names: Vec<&str> = fields
        .authorities
        .iter()
        .map(|one| one.alias.as_str())
        .collect();
    let names = names.join(", ");
    let mut rules = fields.rules.iter();
    if rules.any(|rule| rule.role == Role::Administrator) {
        let text = format!("whom these CAs vouch for may become Administrator: {names}");
        let remedy = "have Administrators paired with `underpass-agent pair`, and take the role \
                      from the rules: `underpass-agent operator trust --help`";
        return SecurityEntry::bad(ID, Rating::Warning, text, remedy);
    }
    let text = format!("these CAs vouch for operators, none of whom is Administrator: {names}");
    SecurityEntry::ok(ID, text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CA: &str = include_str!("../admin/tests/old.pem");
    const ISSUED: &str = include_str!("issued.pem");

    fn rated(connector: &Value, tls12: bool, now_ms: i64) -> Vec<(String, Rating)> {
        let json = json!({"schema": 1, "connector": connector, "subaccounts": []});
        let document = Document::from_json(&json.to_string()).unwrap();
        let entries = of_management(&document, &[], tls12, now_ms);
        for one in &entries {
            assert_eq!(one.remedy.is_none(), one.rating == Rating::Ok, "{one:?}");
        }
        entries
            .into_iter()
            .map(|one| (one.id, one.rating))
            .collect()
    }

    fn rating(all: &[(String, Rating)], id: &str) -> Rating {
        all.iter().find(|(one, _)| one == id).unwrap().1
    }

    #[test]
    fn what_lets_somebody_in_is_rated() {
        let none = rated(&json!({}), false, 0);
        assert_eq!(rating(&none, "managementTls12"), Rating::Ok);
        assert_eq!(rating(&none, "monitoringUsers"), Rating::Ok);
        assert_eq!(rating(&none, "organisation"), Rating::Ok);
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let organisation = |role: &str| {
            json!({"monitoringUsers": [{"name": "probe", "password": id}], "organisation": {
                "authorities": [{"alias": "corp", "certificate": CA}],
                "rules": [{"authority": "corp", "match": {"OU": "IT"}, "role": role}]}})
        };
        let some = rated(&organisation("Support"), true, 0);
        assert_eq!(rating(&some, "managementTls12"), Rating::Warning);
        assert_eq!(rating(&some, "monitoringUsers"), Rating::Warning);
        assert_eq!(rating(&some, "organisation"), Rating::Ok);
        let mighty = rated(&organisation("Administrator"), true, 0);
        assert_eq!(rating(&mighty, "organisation"), Rating::Warning);
    }

    #[test]
    fn the_certificate_is_rated_by_its_kind_and_its_end() {
        assert_eq!(
            rating(&rated(&json!({}), false, 0), "serverCertificate"),
            Rating::Warning
        );
        let certificate: Certificate = ISSUED.parse().unwrap();
        let end = certificate.summary().not_after_ms;
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let given = |chain: &str| json!({"certificates": {"ui": {"chain": [chain], "key": id}}});
        let self_signed = rated(&given(CA), false, 0);
        assert_eq!(rating(&self_signed, "serverCertificate"), Rating::Warning);
        for (left_days, expected) in [
            (EXPIRING_DAYS + 1, Rating::Ok),
            (EXPIRING_DAYS - 1, Rating::Warning),
            (0, Rating::Risk),
        ] {
            let all = rated(&given(ISSUED), false, end - left_days * DAY_MS);
            assert_eq!(rating(&all, "serverCertificate"), expected, "{left_days}");
        }
    }
}
