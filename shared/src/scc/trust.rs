//! Trust: certificates of back ends and mail servers, and whose word on users counts.

use serde_json::Value;

use super::address::{self, SourceSubaccount};
use super::fields::Fields;
use super::findings::{Decision, Kind, Topic, shown};
use super::plan::Work;
use super::reading::{ENTRIES, entries_of, list};
use crate::config::limits::ALIAS_LEN_MAX;
use crate::config::{
    Alias, BackendTrust, IdentityProvider, IdentityTrust, TrustedApp, TrustedCertificate,
    TrustedCertificates,
};
use crate::policy::effective::NotOffered;

/// Room for a number behind a name that is taken.
const NUMBER_LEN_MAX: usize = 6;

/// The trust store of back ends.
pub(super) fn backends(work: &mut Work<'_>, present: &BackendTrust) -> BackendTrust {
    let reading = work.reading;
    let Some(told) = reading.on_premises("truststore") else {
        return present.clone();
    };
    let place = "trust store of back ends";
    let mut fields = Fields::of(told, place);
    let mut all = present.trust_all_backends();
    if let Some(trusts) = fields.flag("trustAllBackends") {
        all = trust_all(work, all, trusts);
    }
    let old = reading.is_missing("truststore");
    let path = |alias: &str| address::trusted(alias, old);
    let entries = store(work, place, told, present.certificates(), path);
    drop(fields.take(&ENTRIES));
    fields.finish(&mut work.findings);
    BackendTrust::new(all, entries).unwrap_or_else(|invalid| {
        work.findings.left(place, "", None, invalid.to_string());
        present.clone()
    })
}

fn trust_all(work: &mut Work<'_>, present: bool, wanted: bool) -> bool {
    let carried = !wanted || present || work.choice.trust_all;
    work.counts.settings.count(carried);
    if wanted {
        let taken = if carried {
            "carried: certificates of back ends are not checked"
        } else {
            "left behind: only back ends with a certificate of the trust store are reached by TLS"
        };
        work.findings.decide(Decision {
            topic: Topic::TrustAll,
            key: String::new(),
            about: "the connector trusts all back ends".to_owned(),
            taken: taken.to_owned(),
            instead: "better trust the CAs of your back ends; --trust-all carries it".to_owned(),
            open: !carried,
            places: vec![],
        });
    }
    present || (wanted && work.choice.trust_all)
}

/// The trust store of mail servers.
pub(super) fn mail(work: &mut Work<'_>, present: &TrustedCertificates) -> TrustedCertificates {
    let Some(told) = work.reading.connector("/email/truststore") else {
        return present.clone();
    };
    let place = "trust store of mail servers";
    let entries = store(work, place, told, present.as_slice(), address::trusted_mail);
    let mut fields = Fields::of(told, place);
    drop(fields.take(&ENTRIES));
    fields.finish(&mut work.findings);
    entries
        .try_into()
        .unwrap_or_else(|invalid: crate::config::Invalid| {
            work.findings.left(place, "", None, invalid.to_string());
            present.clone()
        })
}

/// The entries that are there, and those of the connector behind them.
fn store(
    work: &mut Work<'_>,
    place: &str,
    told: &Value,
    present: &[TrustedCertificate],
    path: impl Fn(&str) -> String,
) -> Vec<TrustedCertificate> {
    let reading = work.reading;
    let mut entries = present.to_vec();
    for value in list(entries_of(told)) {
        let mut fields = Fields::of(value, place);
        let name = fields.text("alias").unwrap_or_default();
        let place = format!("{place}, {name}");
        let why = "follows from the certificate";
        let names = [
            "subjectDN",
            "issuer",
            "notAfterTimeStamp",
            "notBeforeTimeStamp",
        ];
        fields.states(&names, why, &mut work.findings);
        fields.finish(&mut work.findings);
        let certificate = reading.certificate(&path(&name));
        work.counts
            .trusted_certificates
            .count(certificate.is_some());
        let Some(certificate) = certificate else {
            let why = "the connector did not tell the certificate; versions before 2.18 cannot. Add it by `underpass-agent trust add`";
            work.findings.left(
                &place,
                "certificate",
                value.get("subjectDN").map(shown),
                why,
            );
            continue;
        };
        if entries.iter().any(|one| one.certificate == certificate) {
            continue;
        }
        let Some(alias) = free(&name, &entries) else {
            work.findings
                .left(&place, "alias", Some(name), "no name is free");
            continue;
        };
        if alias.as_str() != name {
            let why = format!(
                "names have 1 to {ALIAS_LEN_MAX} characters of A-Z a-z 0-9 . _ -, each once"
            );
            let value = Some(format!("{name} → {alias}"));
            work.findings
                .note(Kind::Changed, &place, "alias", value, why);
        }
        entries.push(TrustedCertificate { alias, certificate });
    }
    entries
}

fn fitting(name: &str) -> String {
    let fits = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '_' | '-');
    let plain = name.chars().map(|one| if fits(one) { one } else { '-' });
    let plain: String = plain.take(ALIAS_LEN_MAX - NUMBER_LEN_MAX).collect();
    if plain.is_empty() {
        return "certificate".to_owned();
    }
    plain
}

/// The name, made to fit and with a number where it is taken.
fn free(name: &str, entries: &[TrustedCertificate]) -> Option<Alias> {
    let name = fitting(name);
    let numbered = (2..=entries.len() + 2).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find_map(|name| {
        let alias: Alias = name.parse().ok()?;
        let is_free = entries.iter().all(|one| one.alias != alias);
        is_free.then_some(alias)
    })
}

/// Whose word on users a subaccount takes.
pub(super) fn identity(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    present: Option<&IdentityTrust>,
) -> IdentityTrust {
    let present = present.cloned().unwrap_or_default();
    let reading = work.reading;
    let place = format!("{whose} trust");
    let mut auto_sync = present.auto_sync();
    if let Some(told) = reading.answer(&whose.below("trust")) {
        let mut fields = Fields::of(told, &place);
        auto_sync |= fields.flag("autoSyncTrustEnabled").unwrap_or_default();
        fields.finish(&mut work.findings);
    }
    let mut providers = present.providers().to_vec();
    for value in list(reading.answer(&whose.below("trust/idps"))) {
        let provider = provider(work, &place, value);
        work.counts.identity_providers.count(provider.is_some());
        let new = provider.filter(|new| providers.iter().all(|one| one.id != new.id));
        providers.extend(new);
    }
    let mut apps = present.apps().to_vec();
    for value in list(reading.answer(&whose.below("trust/apps"))) {
        let app = app(work, &place, value);
        work.counts.applications.count(app.is_some());
        let new = app.filter(|new| apps.iter().all(|one| one.id != new.id));
        apps.extend(new);
    }
    let trust = IdentityTrust::new(auto_sync, providers, apps).unwrap_or_else(|invalid| {
        work.findings.left(&place, "", None, invalid.to_string());
        present.clone()
    });
    if trust != IdentityTrust::default() {
        let why = NotOffered::IdentityTrust.to_string();
        work.findings
            .note(Kind::WithoutEffect, &place, "", None, why);
    }
    trust
}

/// Counts the sources of a subaccount that stays behind.
pub(super) fn leave(work: &mut Work<'_>, whose: &SourceSubaccount) {
    let count = |what: &str| list(work.reading.answer(&whose.below(what))).len();
    let (providers, apps) = (count("trust/idps"), count("trust/apps"));
    work.counts.identity_providers.found += providers;
    work.counts.applications.found += apps;
}

fn id(work: &mut Work<'_>, fields: &mut Fields) -> Option<Alias> {
    let told = fields.text("id").unwrap_or_default();
    match told.parse() {
        Ok(id) => Some(id),
        Err(rule) => {
            let rule = format!("{rule}");
            work.findings.left(fields.place(), "id", Some(told), rule);
            None
        }
    }
}

fn provider(work: &mut Work<'_>, place: &str, value: &Value) -> Option<IdentityProvider> {
    let name = value.get("name").map(shown).unwrap_or_default();
    let mut fields = Fields::of(value, format!("{place}, identity provider {name}"));
    let id = id(work, &mut fields);
    let name = fields.fit("name", &mut work.findings);
    let description = fields.fit("description", &mut work.findings);
    let told = fields.value("certificate");
    let certificate = told.as_ref().and_then(Value::as_str);
    let certificate = certificate.and_then(|pem| pem.parse().ok());
    if let (Some(told), None) = (&told, &certificate) {
        let why = "the connector tells the names in the certificate, not the certificate";
        work.findings
            .left(fields.place(), "certificate", Some(shown(told)), why);
    }
    let enabled = fields.flag("enabled").unwrap_or_default();
    fields.finish(&mut work.findings);
    Some(IdentityProvider {
        id: id?,
        name,
        description,
        certificate,
        enabled,
    })
}

fn app(work: &mut Work<'_>, place: &str, value: &Value) -> Option<TrustedApp> {
    let name = value.get("name").map(shown).unwrap_or_default();
    let mut fields = Fields::of(value, format!("{place}, application {name}"));
    let id = id(work, &mut fields);
    let name = fields.fit("name", &mut work.findings);
    let application_type = fields.fit("applicationType", &mut work.findings);
    let enabled = fields.flag("enabled").unwrap_or_default();
    fields.finish(&mut work.findings);
    Some(TrustedApp {
        id: id?,
        name,
        application_type,
        enabled,
    })
}
