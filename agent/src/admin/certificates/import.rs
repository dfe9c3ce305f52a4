//! Certificates that operators bring with their keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use underpass_runtime::pki::{OwnKey, Pkcs12Error, read_pkcs12};
use underpass_shared::api::management::{ImportInput, Refusal};
use underpass_shared::config::{Certificate, OwnCertificateFields};
use underpass_shared::pki::chain::{self, CertificateUse};
use underpass_shared::secret::Secret;

use super::{Admin, Answer, beside, checked};
use crate::admin::answer;
use crate::admin::call::Call;
use crate::admin::multipart::{Form, is_form};

const PKCS12: &str = "pkcs12";
const PASSWORD: &str = "password";
const KEY_PASSWORD: &str = "keyPassword";
const CERTIFICATE: &str = "certificate";
const PRIVATE_KEY: &str = "privateKey";

/// What an operator brings.
enum Import {
    KeyStore { file: Vec<u8>, password: Secret },
    Pem { certificate: String, key: Secret },
}

/// Certificates as PEM, one or more, or a single one as DER.
pub(in crate::admin) fn certificates(
    content: &[u8],
    field: &str,
) -> Result<Vec<Certificate>, Refusal> {
    let invalid = |rule: String| Refusal::invalid(field, rule);
    match std::str::from_utf8(content) {
        Ok(text) if text.contains("-----BEGIN PKCS7") => Err(invalid(
            "PKCS #7 is not read; make PEM of it: openssl pkcs7 -print_certs -in FILE".to_owned(),
        )),
        Ok(text) => Certificate::list(text).map_err(|rule| invalid(rule.to_string())),
        Err(_) => {
            let one = Certificate::from_der(content);
            Ok(vec![one.map_err(|rule| invalid(rule.to_string()))?])
        }
    }
}

impl Import {
    async fn read(call: &Call) -> Result<Self, Refusal> {
        if !is_form(call) {
            let mut input: ImportInput = call.read()?;
            let file = input.pkcs12.take().map(|text| {
                let file = STANDARD.decode(text.trim());
                file.or(Err(Refusal::invalid(PKCS12, "must be base64")))
            });
            return Self::of(input, file.transpose()?);
        }
        let known = &[PKCS12, PASSWORD, KEY_PASSWORD, CERTIFICATE, PRIVATE_KEY];
        let mut form = Form::read(call, known).await?;
        let file = form.one(PKCS12)?.map(|part| part.content.to_vec());
        let input = ImportInput {
            pkcs12: None,
            password: form.text(PASSWORD)?,
            key_password: form.text(KEY_PASSWORD)?,
            certificate: form.text(CERTIFICATE)?,
            private_key: form.text(PRIVATE_KEY)?,
        };
        Self::of(input, file)
    }

    fn of(input: ImportInput, file: Option<Vec<u8>>) -> Result<Self, Refusal> {
        let missing = |field: &str| Refusal::invalid(field, "is missing");
        let ImportInput {
            pkcs12: _,
            password,
            key_password,
            certificate,
            private_key,
        } = input;
        match (file, certificate, private_key) {
            (Some(file), None, None) => {
                let password = password.unwrap_or_default();
                if key_password.is_some_and(|own| !own.is_empty() && own != password) {
                    let rule = "must be the password of the file; key stores with two passwords are not read";
                    return Err(Refusal::invalid(KEY_PASSWORD, rule));
                }
                let password = Secret::new(password);
                Ok(Self::KeyStore { file, password })
            }
            (Some(_), _, _) => {
                let rule = "must stand alone, without certificate and privateKey";
                Err(Refusal::invalid(PKCS12, rule))
            }
            (None, None, None) => Err(missing(PKCS12)),
            (None, None, Some(_)) => Err(missing(CERTIFICATE)),
            (None, Some(_), None) => Err(missing(PRIVATE_KEY)),
            (None, Some(certificate), Some(key)) => {
                let key = Secret::new(key);
                Ok(Self::Pem { certificate, key })
            }
        }
    }

    /// The key and the chain of its certificate, ready for use.
    fn open(self, one: CertificateUse) -> Result<(OwnKey, Vec<Certificate>), Refusal> {
        match self {
            Self::KeyStore { file, password } => {
                let opened = read_pkcs12(&file, &password);
                let (key, found) = opened.map_err(|error| {
                    let field = match &error {
                        Pkcs12Error::Password => PASSWORD,
                        Pkcs12Error::Format(_)
                        | Pkcs12Error::Encryption
                        | Pkcs12Error::Keys(_)
                        | Pkcs12Error::Key(_)
                        | Pkcs12Error::Certificate(_) => PKCS12,
                    };
                    Refusal::invalid(field, error.to_string())
                })?;
                let found = chain::of_key(&key.public(), found);
                Ok((key, checked(found, one, PKCS12)?))
            }
            Self::Pem { certificate, key } => {
                let found = certificates(certificate.as_bytes(), CERTIFICATE)?;
                // A weak certificate is named as such, although its key cannot be read either.
                let key = OwnKey::from_pem(&key);
                let key = key.map_err(|error| {
                    let weak = chain::check(&found, one).err();
                    match weak {
                        Some(weak @ chain::ChainError::WeakKey { .. }) => {
                            Refusal::invalid(CERTIFICATE, weak.to_string())
                        }
                        Some(_) | None => Refusal::invalid(PRIVATE_KEY, error.to_string()),
                    }
                })?;
                let found = chain::ordered(&key.public(), found);
                Ok((key, checked(found, one, CERTIFICATE)?))
            }
        }
    }
}

impl Admin {
    /// Takes a certificate with its key. A request that waits goes on waiting.
    pub(super) async fn import_certificate(&self, call: &Call, one: CertificateUse) -> Answer {
        let import = Import::read(call).await?;
        let (key, chain) = beside(move || import.open(one)).await?;
        let put = move |old, id| OwnCertificateFields {
            chain,
            key: Some(id),
            ..old
        };
        let reason = format!("imported the {one}");
        self.with_key(call, &key, (one, &reason), put, answer::done)
            .await
    }
}
