//! The agent's own certificates: the system certificate, the CA for principal propagation and the
//! certificate of the management API.

mod import;

pub(super) use self::import::certificates;

use underpass_runtime::pki::{KeyType, OwnKey, OwnKeyError, Subject};
use underpass_runtime::{clock, random};
use underpass_shared::api::management::{
    CertificateInput, CertificateOrigin, CertificateShown, KeySize, Refusal, SignedInput, Verb,
};
use underpass_shared::config::{
    Certificate, Connector, ConnectorFields, Document, OwnCertificateFields, OwnCertificates,
};
use underpass_shared::id::CredentialId;
use underpass_shared::pki::chain::{self, CertificateUse, ChainError};

use super::accept::{self, Accept};
use super::call::Call;
use super::kept::unusable;
use super::multipart::{Form, is_form};
use super::{Admin, Answer, answer};
use crate::secrets::SecretStore;

pub(super) const PEM: &str = "application/x-pem-file";
pub(super) const DER: &str = "application/pkix-cert";
/// The field of a signed certificate, in forms as in JSON.
const SIGNED: &str = "signedCertificate";

/// A change of one of the certificates.
fn edit(
    one: CertificateUse,
    change: impl FnOnce(OwnCertificateFields) -> Result<OwnCertificateFields, Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    move |document| {
        let connector = Connector::clone(document.connector());
        let own = &connector.certificates;
        let new = change(own.get(one).clone().into())?;
        let fields = ConnectorFields {
            certificates: own.with(one, new)?,
            ..connector.into()
        };
        Ok(document.with_connector(fields.try_into()?)?)
    }
}

fn refused(error: &OwnKeyError) -> Refusal {
    Refusal::failure(format!("{error:#}"))
}

fn unfit(error: &ChainError, field: &str) -> Refusal {
    Refusal::invalid(field, error.to_string())
}

/// Checks a chain that is about to be used; answers its certificates in order.
fn checked(
    found: Result<Vec<Certificate>, ChainError>,
    one: CertificateUse,
    field: &str,
) -> Result<Vec<Certificate>, Refusal> {
    let chain = found.and_then(|chain| {
        chain::check(&chain, one)?;
        chain::check_time(&chain, clock::wall_ms())?;
        Ok(chain)
    });
    chain.map_err(|error| unfit(&error, field))
}

/// Makes keys beside the other requests: RSA takes up to seconds.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_panic| {
        let message = "the request ended in a panic; this is a defect of this program";
        Err(Refusal::failure(message))
    })
}

/// Refuses certificates whose keys are not in the secret store, or are others.
pub(super) fn check_keys(
    secrets: &SecretStore,
    old: &OwnCertificates,
    new: &OwnCertificates,
) -> Result<(), Refusal> {
    for one in CertificateUse::ALL {
        let (before, after) = (old.get(one), new.get(one));
        if before == after {
            continue;
        }
        let gone = |field: &str, error: anyhow::Error| {
            let rule = format!("the private key of the {one} is not there: {error:#}");
            let field = format!("certificates.{}.{field}", one.as_str());
            Refusal::illegal_state(rule).at(field)
        };
        if let Some(id) = after.pending_key()
            && before.pending_key() != Some(id)
        {
            secrets
                .load_key(id)
                .map_err(|error| gone("pendingKey", error))?;
        }
        if let Some((certificates, id)) = after.certificate() {
            let pem = secrets.load_key(id).map_err(|error| gone("key", error))?;
            let key = OwnKey::from_pem(&pem).map_err(|error| refused(&error))?;
            let first = certificates.first();
            if !first.is_some_and(|first| chain::is_of_key(first, &key.public())) {
                let field = format!("certificates.{}.chain", one.as_str());
                return Err(unfit(&ChainError::OtherKey, &field));
            }
        }
    }
    Ok(())
}

impl Admin {
    pub(super) async fn own_certificate(
        &self,
        call: Call,
        verb: Verb,
        one: CertificateUse,
    ) -> Answer {
        match verb {
            Verb::Get => self.show_certificate(&call, one),
            Verb::Post => self.make_certificate(&call, one).await,
            Verb::Patch => self.take_signed(&call, one).await,
            Verb::Put => self.import_certificate(&call, one).await,
            Verb::Delete => {
                let reason = format!("removed the {one}");
                let edit = edit(one, |_old| Ok(OwnCertificateFields::default()));
                self.change(&call, &reason, edit, answer::done).await
            }
        }
    }

    fn show_certificate(&self, call: &Call, one: CertificateUse) -> Answer {
        let current = self.readable()?;
        let number = current.revision().number;
        let own = current.document().connector().certificates.get(one);
        let missing = || Refusal::not_found(format!("there is no {one}"));
        let made = match one {
            CertificateUse::Ui => self.operators.shown(),
            CertificateUse::System | CertificateUse::PpCa => vec![],
        };
        let certificates = own
            .certificate()
            .map_or(made.as_slice(), |(chain, _key)| chain);
        if certificates.is_empty() {
            return Err(missing());
        }
        match Accept::of(call.accept()) {
            Accept::Json => {
                let shown = CertificateShown::of_chain(certificates, own, one);
                let shown = shown.ok_or_else(missing)?;
                answer::ok(&shown, number)
            }
            Accept::Pem => Ok(answer::bytes(accept::pem(certificates), PEM, number)),
            Accept::Der => {
                let first = accept::der(certificates.first());
                Ok(answer::bytes(first, DER, number))
            }
        }
    }

    /// A self-signed certificate, or a request whose key waits. A request before it is dropped
    /// with its key.
    async fn make_certificate(&self, call: &Call, one: CertificateUse) -> Answer {
        let input: CertificateInput = call.read()?;
        input.check()?;
        let origin = input.origin;
        let (key, pem) = beside(move || {
            let key = OwnKey::generate(match input.key_size {
                KeySize::Ecdsa256 => KeyType::EcdsaP256,
                KeySize::Rsa2048 => KeyType::Rsa2048,
                KeySize::Rsa4096 => KeyType::Rsa4096,
            });
            let key = key.map_err(|error| refused(&error))?;
            let subject = Subject {
                name: input.subject_dn,
                alt_names: input.subject_alt_names,
            };
            let made = match origin {
                CertificateOrigin::Csr => key.request(&subject, one),
                CertificateOrigin::SelfSigned => key.self_signed(&subject, one, clock::wall_ms()),
            };
            Ok((key, made.map_err(|error| refused(&error))?))
        })
        .await?;
        match origin {
            CertificateOrigin::Csr => {
                let reason = format!("made a request for the {one}");
                let put = |old, id| OwnCertificateFields {
                    pending_key: Some(id),
                    ..old
                };
                let give = |revision| answer::bytes(pem.into_bytes(), PEM, revision);
                self.with_key(call, &key, (one, &reason), put, give).await
            }
            CertificateOrigin::SelfSigned => {
                let certificates = Certificate::list(&pem);
                let certificates =
                    certificates.map_err(|error| Refusal::failure(error.to_string()))?;
                let chain = checked(Ok(certificates), one, "subjectDN")?;
                let reason = format!("made a self-signed {one}");
                let put = move |old, id| OwnCertificateFields {
                    chain,
                    key: Some(id),
                    ..old
                };
                let give = |revision| answer::bytes(pem.into_bytes(), PEM, revision);
                self.with_key(call, &key, (one, &reason), put, give).await
            }
        }
    }

    /// Keeps a key, then changes the document so that it has it; without the one not the other.
    async fn with_key(
        &self,
        call: &Call,
        key: &OwnKey,
        (one, reason): (CertificateUse, &str),
        put: impl FnOnce(OwnCertificateFields, CredentialId) -> OwnCertificateFields + Send + 'static,
        give: impl FnOnce(u64) -> http::Response<bytes::Bytes>,
    ) -> Answer {
        let id = CredentialId::from_uuid(random::id());
        let saved = self.secrets.save_key(id, key.pem());
        saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        let edit = edit(one, move |old| Ok(put(old, id)));
        let changed = self.change(call, reason, edit, give).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(Some(id));
        }
        changed
    }

    /// Takes the certificate for the request that waits.
    async fn take_signed(&self, call: &Call, one: CertificateUse) -> Answer {
        let certificates = if is_form(call) {
            let mut form = Form::read(call, &[SIGNED]).await?;
            let part = form.one(SIGNED)?;
            let part = part.ok_or_else(|| Refusal::invalid(SIGNED, "is missing"))?;
            certificates(&part.content, SIGNED)?
        } else {
            let input: SignedInput = call.read()?;
            certificates(input.signed_certificate.as_bytes(), SIGNED)?
        };
        let current = self.readable()?;
        let own = current.document().connector().certificates.get(one);
        let none = || {
            let message = format!(
                "no request for the {one} waits; make one first, or import the certificate with its key"
            );
            Refusal::illegal_state(message)
        };
        let pending = own.pending_key().ok_or_else(none)?;
        let pem = self.secrets.load_key(pending);
        let gone = || {
            let message = format!(
                "the private key of the request for the {one} is not on this host; make a new \
                 request, or import the certificate with its key"
            );
            Refusal::illegal_state(message)
        };
        let pem = pem.map_err(|error| unusable(&error, gone))?;
        let key = OwnKey::from_pem(&pem).map_err(|error| refused(&error))?;
        let found = chain::ordered(&key.public(), certificates);
        let chain = checked(found, one, SIGNED)?;
        let edit = edit(one, move |old| {
            if old.pending_key != Some(pending) {
                let message = "another request was made meanwhile";
                return Err(Refusal::illegal_state(message));
            }
            Ok(OwnCertificateFields {
                chain,
                key: Some(pending),
                pending_key: None,
            })
        });
        let reason = format!("took the signed {one}");
        self.change(call, &reason, edit, answer::done).await
    }
}
