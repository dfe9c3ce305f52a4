//! Enrolment and renewal: the requests that agents make of the gateway.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use underpass_runtime::pki::{CertificateInfo, proof_holds, request_key_hash};
use underpass_runtime::tls::ServerTls;
use underpass_runtime::tunnel::{Handler, Inbound, Responder};
use underpass_runtime::{clock, random};
use underpass_shared::api::enrol::{
    ENROL, EnrolRequest, Enrolled, LateRenewRequest, RENEW, RenewRequest,
};
use underpass_shared::api::error::{ApiError, ErrorKind};
use underpass_shared::api::handover;
use underpass_shared::id::InstanceId;
use underpass_shared::pki::identity::AgentIdentity;

use super::places::Places;
use crate::alerts::Incidents;
use crate::certificates::{AGENT_LIFE, Certificates, LATE_RENEWAL, lifetime};
use crate::directory::{Directory, RedeemError};
use crate::metrics::{EnrolmentOutcome, Metrics};

/// Largest body of a request here.
const BODY_MAX: usize = 64 * 1024;
/// How long a request may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// What the agent proved in its handshake.
pub(super) enum Presented {
    /// A valid client certificate.
    Certificate(CertificateInfo),
    /// Nothing yet; late renewals sign this.
    Exporter([u8; 32]),
}

/// Answers one agent's requests.
pub(super) struct Enrolment {
    pub(super) presented: Presented,
    pub(super) tls: ServerTls,
    pub(super) certificates: Arc<Certificates>,
    pub(super) directory: Directory,
    pub(super) metrics: Arc<Metrics>,
    pub(super) incidents: Incidents,
    pub(super) places: Places,
    /// Who asks.
    pub(super) from: Option<IpAddr>,
}

type Answer = Result<Enrolled, ApiError>;
/// What is sent: some type of the API.
type Sent = Result<Value, ApiError>;

impl Handler for Enrolment {
    async fn handle(self: Arc<Self>, request: Request<Inbound>, responder: Responder) {
        let answer = self.answer(request).await;
        if let Err(error) = responder.send(to_response(&answer)).await {
            tracing::info!(%error, "an agent left before its answer");
        }
    }
}

impl Enrolment {
    async fn answer(&self, request: Request<Inbound>) -> Sent {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let is_post = head.method == Method::POST;
        if let (Presented::Certificate(own), true, false) =
            (&self.presented, is_post, path == RENEW)
        {
            let answer = self.asked(path, own, body).await;
            if let Err(error) = &answer {
                tracing::warn!(kind = ?error.kind, reason = error.message, from = ?self.from, path, "request of an agent refused");
            }
            return answer;
        }
        let answer = if is_post {
            self.certificate(path, body).await
        } else {
            Err(error(ErrorKind::NotFound, "only POST is known here"))
        };
        self.metrics.enrolments.count(outcome(&answer));
        if let Err(error) = &answer {
            tracing::warn!(kind = ?error.kind, reason = error.message, from = ?self.from, "enrolment refused");
            self.incidents
                .refused(clock::now(), self.from, &error.message);
        }
        sent(answer)
    }

    /// What an agent asks for beside its own certificate.
    async fn asked(&self, path: &str, own: &CertificateInfo, body: Inbound) -> Sent {
        match path {
            handover::VOUCH => sent(self.vouch(own, read(body).await?).await),
            handover::READY => sent(self.ready(own, read(body).await?).await),
            handover::COMPLETE => sent(self.complete(own, read(body).await?).await),
            handover::ABORT => sent(self.abort(own, read(body).await?).await),
            handover::STANDING => sent(self.standing(own, read(body).await?)),
            handover::PRESENCE => sent(self.presence(own, read(body).await?)),
            _ => Err(error(
                ErrorKind::NotFound,
                "no such path on this connection",
            )),
        }
    }

    async fn certificate(&self, path: &str, body: Inbound) -> Answer {
        match (path, &self.presented) {
            (ENROL, Presented::Exporter(_)) => self.enrol(read(body).await?).await,
            (RENEW, Presented::Certificate(old)) => self.renew(old, read(body).await?).await,
            (RENEW, Presented::Exporter(exporter)) => {
                self.renew_late(exporter, read(body).await?).await
            }
            _ => Err(error(
                ErrorKind::NotFound,
                "no such path on this connection",
            )),
        }
    }

    async fn enrol(&self, request: EnrolRequest) -> Answer {
        let secret = from_hex(&request.secret)
            .ok_or_else(|| error(ErrorKind::InvalidToken, INVALID_TOKEN))?;
        let key = csr_key(&request.csr)?;
        let redeemed = self
            .directory
            .redeem(
                Sha256::digest(secret).into(),
                key,
                request.location_id,
                InstanceId::from_uuid(random::id()),
                clock::wall_ms(),
            )
            .await
            .map_err(|refused| {
                if let RedeemError::LocationTaken { key, .. } = &refused {
                    self.incidents.claimed(clock::now(), key, self.from, None);
                }
                redeem_error(&refused)
            })?;
        let identity = AgentIdentity {
            subaccount: redeemed.subaccount,
            instance: redeemed.instance,
        };
        self.issue(&request.csr, key, &identity, None).await
    }

    async fn renew(&self, old: &CertificateInfo, request: RenewRequest) -> Answer {
        let key = csr_key(&request.csr)?;
        let identity = self.newest(old)?;
        self.issue(&request.csr, key, &identity, Some(old)).await
    }

    async fn renew_late(&self, exporter: &[u8; 32], request: LateRenewRequest) -> Answer {
        let invalid = |message| error(ErrorKind::InvalidCertificate, message);
        let key = csr_key(&request.csr)?;
        let der = CertificateDer::from_pem_slice(request.certificate.as_bytes())
            .map_err(|_pem| invalid("the certificate is no PEM"))?;
        let old = CertificateInfo::from_der(&der)
            .map_err(|_der| invalid("the certificate cannot be read"))?;
        if !self.tls.issued(&der, old.not_after_ms - 1_000) {
            return Err(invalid("the certificate was not issued here"));
        }
        let latest = i64::try_from(LATE_RENEWAL.as_millis()).unwrap_or(0);
        if clock::wall_ms() > old.not_after_ms + latest {
            return Err(invalid(
                "the certificate expired too long ago; enrol the agent anew",
            ));
        }
        let statement = Sha256::new()
            .chain_update(exporter)
            .chain_update(request.csr.as_bytes())
            .finalize();
        if !proof_holds(&request.proof, &old, &statement.into()) {
            return Err(invalid("the proof of the old key does not hold"));
        }
        let identity = self.newest(&old)?;
        self.issue(&request.csr, key, &identity, Some(&old)).await
    }

    /// The identity of a certificate, if it is not revoked and has one of the agent's newest keys.
    pub(super) fn newest(&self, old: &CertificateInfo) -> Result<AgentIdentity, ApiError> {
        let index = self.directory.index();
        let identity = old
            .identity
            .filter(|identity| {
                index
                    .identity(&identity.instance)
                    .is_some_and(|known| known.accepts(&old.spki_hash))
            })
            .filter(|identity| index.subaccount(&identity.subaccount).is_some());
        identity.ok_or_else(|| {
            error(
                ErrorKind::InvalidCertificate,
                "the certificate is revoked or no longer the agent's newest; enrol the agent anew",
            )
        })
    }

    /// Signs a certificate and remembers its key; the key counts from the moment it is remembered.
    ///
    /// A renewal keeps the `old` key that asked for it, so that a lost answer locks nobody out.
    pub(super) async fn issue(
        &self,
        csr: &str,
        key: [u8; 32],
        identity: &AgentIdentity,
        old: Option<&CertificateInfo>,
    ) -> Answer {
        let unavailable = |failed: anyhow::Error| {
            tracing::error!(error = format!("{failed:#}"), "cannot issue a certificate");
            let text = "the gateway cannot issue a certificate now; try again";
            error(ErrorKind::Unavailable, text)
        };
        let authority = self.certificates.authority();
        let certificate = authority
            .agent(csr, identity, lifetime(AGENT_LIFE))
            .map_err(|failed| unavailable(failed.into()))?;
        let end = CertificateInfo::from_pem(&certificate)
            .map_err(|failed| unavailable(failed.into()))?
            .not_after_ms;
        let (directory, instance) = (&self.directory, identity.instance);
        let recorded = match old {
            None => directory.record_certificate(instance, key, end).await,
            Some(old) => {
                let proven = old.spki_hash;
                directory
                    .renew_certificate(instance, proven, key, end)
                    .await
            }
        };
        recorded.map_err(|failed| unavailable(failed.into()))?;
        let index = self.directory.index();
        let known = index.identity(&identity.instance);
        Ok(Enrolled {
            subaccount: identity.subaccount,
            subaccount_name: index
                .subaccount(&identity.subaccount)
                .map(|subaccount| subaccount.name.clone())
                .unwrap_or_default(),
            location_id: known
                .map(|known| known.location.clone())
                .unwrap_or_default(),
            instance: identity.instance,
            certificate,
            ca_bundle: self.certificates.bundle(),
        })
    }
}

fn outcome(answer: &Answer) -> EnrolmentOutcome {
    match answer {
        Ok(_) => EnrolmentOutcome::Issued,
        Err(error) if error.kind == ErrorKind::LocationTaken => EnrolmentOutcome::LocationTaken,
        Err(_) => EnrolmentOutcome::Refused,
    }
}

const INVALID_TOKEN: &str = "the enrolment token is unknown, used or expired; create a new one with `underpass-gateway enrol-token create`";

fn redeem_error(refused: &RedeemError) -> ApiError {
    match refused {
        RedeemError::Refused => error(ErrorKind::InvalidToken, INVALID_TOKEN),
        RedeemError::LocationNotAllowed { .. } => {
            error(ErrorKind::InvalidRequest, &refused.to_string())
        }
        RedeemError::LocationTaken { .. } => error(ErrorKind::LocationTaken, &refused.to_string()),
        RedeemError::Store(failed) => {
            tracing::error!(error = %failed, "cannot redeem an enrolment token");
            error(
                ErrorKind::Unavailable,
                "the gateway's state cannot be written now; try again",
            )
        }
    }
}

pub(super) fn csr_key(csr: &str) -> Result<[u8; 32], ApiError> {
    request_key_hash(csr).map_err(|_wrong| {
        error(
            ErrorKind::InvalidRequest,
            "csr must be a PKCS#10 request in PEM with an ECDSA P-256 key and a valid signature",
        )
    })
}

pub(super) fn error(kind: ErrorKind, message: &str) -> ApiError {
    ApiError {
        kind,
        message: message.to_owned(),
    }
}

async fn read<T: DeserializeOwned>(body: Inbound) -> Result<T, ApiError> {
    let invalid = |message: &str| error(ErrorKind::InvalidRequest, message);
    let collected = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_MAX).collect()).await;
    let Ok(Ok(collected)) = collected else {
        return Err(invalid("the body is too long or did not arrive"));
    };
    serde_json::from_slice(&collected.to_bytes()).map_err(|wrong| invalid(&unexpected(&wrong)))
}

/// Where the body is wrong, without a word of it: strangers send it, and it is logged.
fn unexpected(wrong: &serde_json::Error) -> String {
    let (line, column) = (wrong.line(), wrong.column());
    let kind = match wrong.classify() {
        serde_json::error::Category::Data => "a field is missing, wrong or unknown",
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => "it is no JSON",
    };
    format!("the body is not what is expected: {kind} at line {line} column {column}")
}

fn sent(answer: Result<impl Serialize, ApiError>) -> Sent {
    serde_json::to_value(answer?).map_err(|_own| {
        error(
            ErrorKind::Unavailable,
            "the answer cannot be written; try again",
        )
    })
}

fn to_response(answer: &Sent) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Ok(enrolled) => (StatusCode::OK, serde_json::to_vec(enrolled)),
        Err(error) => (status(error.kind), serde_json::to_vec(error)),
    };
    // Our own types always serialise.
    let mut response = Response::new(Full::new(body.unwrap_or_default().into()));
    *response.status_mut() = status;
    // Agents compare their clocks with it.
    let now = UNIX_EPOCH + Duration::from_millis(clock::wall_ms().unsigned_abs());
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorKind::InvalidToken | ErrorKind::InvalidCertificate => StatusCode::FORBIDDEN,
        ErrorKind::LocationTaken | ErrorKind::IllegalState => StatusCode::CONFLICT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
    }
}

/// 64 hexadecimal digits.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::enrol::EnrolRequest;

    use super::*;

    #[test]
    fn what_a_stranger_sends_is_not_repeated() {
        for (body, told) in [
            (
                "{\"forged\": 1}",
                "a field is missing, wrong or unknown at line 1 column 9",
            ),
            ("\n forged", "it is no JSON at line 2 column 3"),
            ("{", "it is no JSON at line 1 column 1"),
        ] {
            let wrong = serde_json::from_str::<EnrolRequest>(body).err().unwrap();
            let text = unexpected(&wrong);
            assert_eq!(text, format!("the body is not what is expected: {told}"));
        }
    }
}
