//! Which certificates of others are trusted, and the way to the agent's own.

use underpass_shared::api::management::{
    CertificateTarget, ConnectorTarget, MailTrustShown, Refusal, Target, TrustedInput,
    TrustedShown, TruststoreInput, TruststoreShown, Verb,
};
use underpass_shared::config::limits::ALIAS_LEN_MAX;
use underpass_shared::config::{
    Alias, BackendTrust, Certificate, ConnectorFields, Document, Invalid, TrustedCertificate,
};

use super::accept::{self, Accept};
use super::call::Call;
use super::certificates::certificates;
use super::connector;
use super::multipart::{Form, is_form};
use super::{Admin, Answer, answer};

const PEM: &str = "application/x-pem-file";
const DER: &str = "application/pkix-cert";
/// The field of the files in a form.
const CERTIFICATES: &str = "certificates";
/// Characters that the number behind an alias may take.
const NUMBER_LEN_MAX: usize = 11;

type Entries = Vec<TrustedCertificate>;

/// Whose certificates.
#[derive(Clone, Copy, Debug)]
pub(super) enum Truststore {
    Backends,
    Mail,
}

impl Truststore {
    fn entries(self, fields: &ConnectorFields) -> &[TrustedCertificate] {
        match self {
            Self::Backends => fields.backend_trust.certificates(),
            Self::Mail => fields.email_trust.as_slice(),
        }
    }

    fn replace(self, fields: &mut ConnectorFields, entries: Entries) -> Result<(), Invalid> {
        match self {
            Self::Backends => {
                let all = fields.backend_trust.trust_all_backends();
                fields.backend_trust = BackendTrust::new(all, entries)?;
            }
            Self::Mail => fields.email_trust = entries.try_into()?,
        }
        Ok(())
    }

    /// A change of what is in it.
    fn edit(
        self,
        change: impl FnOnce(&mut Entries) -> Result<(), Refusal> + Send + 'static,
    ) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
        connector::edit(move |fields| {
            let mut entries = self.entries(fields).to_vec();
            change(&mut entries)?;
            Ok(self.replace(fields, entries)?)
        })
    }

    const fn all(self) -> Target {
        match self {
            Self::Backends => Target::Certificates(CertificateTarget::Trusted),
            Self::Mail => Target::Connector(ConnectorTarget::EmailCertificates),
        }
    }

    const fn one(self, alias: String) -> Target {
        match self {
            Self::Backends => Target::Certificates(CertificateTarget::TrustedOne(alias)),
            Self::Mail => Target::Connector(ConnectorTarget::EmailCertificate(alias)),
        }
    }

    /// Whose they are, for reasons.
    const fn whose(self) -> &'static str {
        match self {
            Self::Backends => "back ends",
            Self::Mail => "mail servers",
        }
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
    pub(super) async fn of_certificates(
        &self,
        call: Call,
        verb: Verb,
        target: CertificateTarget,
    ) -> Answer {
        let store = Truststore::Backends;
        match target {
            CertificateTarget::Own(one) => self.own_certificate(call, verb, one).await,
            CertificateTarget::Truststore => self.truststore(call, verb).await,
            CertificateTarget::Trusted => self.trusted_certificates(call, verb, store).await,
            CertificateTarget::TrustedOne(alias) => {
                self.trusted_certificate(call, verb, store, alias).await
            }
        }
    }

    async fn truststore(&self, call: Call, verb: Verb) -> Answer {
        if verb != Verb::Patch {
            let current = self.readable()?;
            let shown = TruststoreShown::show(current.document().connector().backend_trust());
            return answer::ok(&shown, current.revision().number);
        }
        let input: TruststoreInput = call.read()?;
        let wanted = input.trust_all_backends.0;
        let reason = format!("set trustAllBackends to {wanted}");
        let edit = connector::edit(move |fields| {
            let entries = fields.backend_trust.certificates().to_vec();
            fields.backend_trust = BackendTrust::new(wanted, entries)?;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) fn email_truststore(&self) -> Answer {
        let current = self.readable()?;
        let shown = MailTrustShown::show(&current.document().connector().email_trust);
        answer::ok(&shown, current.revision().number)
    }

    pub(super) async fn trusted_certificates(
        &self,
        call: Call,
        verb: Verb,
        store: Truststore,
    ) -> Answer {
        match verb {
            Verb::Post if is_form(&call) => self.trust_files(&call, store).await,
            Verb::Post => {
                let TrustedInput { alias, certificate } = call.read()?;
                let reason = format!("trusted certificate {alias} of {}", store.whose());
                let target = store.one(alias.to_string());
                let edit = store.edit(move |entries| {
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
                let edit = store.edit(|entries| {
                    entries.clear();
                    Ok(())
                });
                let reason = format!("removed all trusted certificates of {}", store.whose());
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let entries = store.entries(current.document().connector());
                let number = current.revision().number;
                let all = entries.iter().map(|one| &one.certificate);
                match Accept::of(call.accept()) {
                    Accept::Json => {
                        let shown: Vec<_> = entries.iter().map(TrustedShown::show).collect();
                        answer::ok(&shown, number)
                    }
                    Accept::Pem => Ok(answer::bytes(accept::pem(all), PEM, number)),
                    Accept::Der => Ok(answer::bytes(accept::der(all), DER, number)),
                }
            }
        }
    }

    /// Trusts the certificates of files, each PEM with one or more, or DER with one. Those that are
    /// trusted already stay under their names.
    async fn trust_files(&self, call: &Call, store: Truststore) -> Answer {
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
        let reason = format!("trusted {} certificates of {}", found.len(), store.whose());
        let edit = store.edit(move |entries| {
            for (file, certificate) in found {
                if entries.iter().any(|one| one.certificate == certificate) {
                    continue;
                }
                let alias = free_alias(&file, &certificate, entries);
                entries.push(TrustedCertificate { alias, certificate });
            }
            Ok(())
        });
        let created = |revision| answer::created(&store.all(), revision);
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn trusted_certificate(
        &self,
        call: Call,
        verb: Verb,
        store: Truststore,
        alias: String,
    ) -> Answer {
        if verb == Verb::Delete {
            let reason = format!("removed trusted certificate {alias} of {}", store.whose());
            let edit = store.edit(move |entries| {
                let at = position(entries, &alias)?;
                entries.remove(at);
                Ok(())
            });
            return self.change(&call, &reason, edit, answer::done).await;
        }
        let current = self.readable()?;
        let entries = store.entries(current.document().connector());
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
