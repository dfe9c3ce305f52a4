//! Which certificates of back ends are trusted.

use underpass_shared::api::management::{
    Refusal, Target, TrustedInput, TrustedShown, TruststoreInput, TruststoreShown, Verb,
};
use underpass_shared::config::limits::ALIAS_LEN_MAX;
use underpass_shared::config::{
    Alias, BackendTrust, Certificate, Connector, ConnectorFields, Document, TrustedCertificate,
};

use super::accept::{self, Accept};
use super::call::Call;
use super::certificates::certificates;
use super::multipart::{Form, is_form};
use super::{Admin, Answer, answer};

const PEM: &str = "application/x-pem-file";
const DER: &str = "application/pkix-cert";
/// The field of the files in a form.
const CERTIFICATES: &str = "certificates";
/// Characters that the number behind an alias may take.
const NUMBER_LEN_MAX: usize = 11;

type Entries = Vec<TrustedCertificate>;

/// A change of the trust store: whether all are trusted, and the entries.
fn edit(
    change: impl FnOnce(&mut bool, &mut Entries) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    move |document| {
        let connector = Connector::clone(document.connector());
        let trust = connector.backend_trust();
        let (mut all, mut entries) = (trust.trust_all_backends(), trust.certificates().to_vec());
        change(&mut all, &mut entries)?;
        let fields = ConnectorFields {
            backend_trust: BackendTrust::new(all, entries)?,
            ..connector.into()
        };
        Ok(document.with_connector(fields.try_into()?)?)
    }
}

fn position(entries: &[TrustedCertificate], alias: &str) -> Result<usize, Refusal> {
    let found = entries.iter().position(|one| one.alias.as_str() == alias);
    found.ok_or_else(|| Refusal::not_found(format!("there is no trusted certificate {alias}")))
}

/// A name for a certificate that came without one: that of its file, else of its subject; with a
/// number where that is taken.
fn free_alias(file: &str, certificate: &Certificate, entries: &Entries) -> Alias {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let subject = certificate.summary().subject;
    let name = if stem.is_empty() {
        subject
    } else {
        stem.to_owned()
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(ALIAS_LEN_MAX - NUMBER_LEN_MAX)
        .collect();
    let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let free = names.find_map(|name| {
        let alias: Alias = name.parse().ok()?;
        position(entries, alias.as_str()).is_err().then_some(alias)
    });
    free.expect("one of so many numbers is free")
}

impl Admin {
    pub(super) async fn truststore(&self, call: Call, verb: Verb) -> Answer {
        if verb != Verb::Patch {
            let current = self.readable()?;
            let shown = TruststoreShown::show(current.document().connector().backend_trust());
            return answer::ok(&shown, current.revision().number);
        }
        let input: TruststoreInput = call.read()?;
        let wanted = input.trust_all_backends.0;
        let reason = format!("set trustAllBackends to {wanted}");
        let edit = edit(move |all, _entries| {
            *all = wanted;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn trusted_certificates(&self, call: Call, verb: Verb) -> Answer {
        match verb {
            Verb::Post if is_form(&call) => self.trust_files(&call).await,
            Verb::Post => {
                let TrustedInput { alias, certificate } = call.read()?;
                let reason = format!("trusted certificate {alias}");
                let target = Target::TrustedCertificate(alias.to_string());
                let edit = edit(move |_all, entries| {
                    if position(entries, alias.as_str()).is_ok() {
                        let message = format!("there is a trusted certificate {alias} already");
                        return Err(Refusal::illegal_state(message).at("alias"));
                    }
                    entries.push(TrustedCertificate { alias, certificate });
                    Ok(())
                });
                let created = |revision| answer::created(&target, revision);
                self.change(&call, &reason, edit, created).await
            }
            Verb::Delete => {
                let edit = edit(|_all, entries| {
                    entries.clear();
                    Ok(())
                });
                let reason = "removed all trusted certificates";
                self.change(&call, reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let trust = current.document().connector().backend_trust();
                let number = current.revision().number;
                let all = trust.certificates().iter().map(|one| &one.certificate);
                match Accept::of(call.accept()) {
                    Accept::Json => {
                        answer::ok(&TruststoreShown::show(trust).trusted_backends, number)
                    }
                    Accept::Pem => Ok(answer::bytes(accept::pem(all), PEM, number)),
                    Accept::Der => Ok(answer::bytes(accept::der(all), DER, number)),
                }
            }
        }
    }

    /// Trusts the certificates of files, each PEM with one or more, or DER with one. Those that are
    /// trusted already stay under their names.
    async fn trust_files(&self, call: &Call) -> Answer {
        let mut form = Form::read(call, &[CERTIFICATES]).await?;
        let mut found: Vec<(String, Certificate)> = vec![];
        for part in form.all(CERTIFICATES) {
            let name = part.file_name.unwrap_or_default();
            for one in certificates(&part.content, CERTIFICATES)? {
                found.push((name.clone(), one));
            }
        }
        if found.is_empty() {
            return Err(Refusal::invalid(CERTIFICATES, "is missing"));
        }
        let reason = format!("trusted {} certificates", found.len());
        let edit = edit(move |_all, entries| {
            for (file, certificate) in found {
                if entries.iter().any(|one| one.certificate == certificate) {
                    continue;
                }
                let alias = free_alias(&file, &certificate, entries);
                entries.push(TrustedCertificate { alias, certificate });
            }
            Ok(())
        });
        let created = |revision| answer::created(&Target::TrustedCertificates, revision);
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn trusted_certificate(
        &self,
        call: Call,
        verb: Verb,
        alias: String,
    ) -> Answer {
        if verb == Verb::Delete {
            let reason = format!("removed trusted certificate {alias}");
            let edit = edit(move |_all, entries| {
                let at = position(entries, &alias)?;
                entries.remove(at);
                Ok(())
            });
            return self.change(&call, &reason, edit, answer::done).await;
        }
        let current = self.readable()?;
        let entries = current
            .document()
            .connector()
            .backend_trust()
            .certificates();
        let at = position(entries, &alias)?;
        let shown: Vec<TrustedShown> = entries
            .iter()
            .skip(at)
            .take(1)
            .map(TrustedShown::show)
            .collect();
        answer::ok(&shown.first(), current.revision().number)
    }
}
