//! Enrolment and renewal: the requests that the agent makes of a gateway.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::header::DATE;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::pki::PrivateKey;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::ClientTls;
use underpass_runtime::tunnel::Caller;
use underpass_shared::api::enrol::{
    ENROL, EnrolRequest, Enrolled, LateRenewRequest, RENEW, RENEW_EXPORTER_LABEL, RenewRequest,
};
use underpass_shared::api::error::ApiError;
use underpass_shared::id::{LocationId, RegionHost};
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::{AUTHORITY, Hello};
use underpass_shared::protocol::role::Role;

use super::dial::{GatewayStream, dial};
use super::proxy::Route;
use crate::credentials::Credentials;
use underpass_runtime::tunnel::io::Wire;

/// How long a gateway may take for an answer; signing a certificate takes it milliseconds.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Largest answer of a gateway.
const ANSWER_MAX: usize = 256 * 1024;

/// Redeems an enrolment token with a fresh key.
///
/// # Errors
/// When the gateway cannot be reached, is not the pinned one, or refuses the token.
pub async fn enrol(
    token: &EnrolToken,
    location: Option<LocationId>,
    route: &Route,
    tasks: &Tasks,
) -> anyhow::Result<(Enrolled, Credentials)> {
    let key = PrivateKey::generate()?;
    let tls = ClientTls::pinned(&token.ca_fingerprint, Role::Enrol)?;
    let (stream, wire) = dial(&token.region_host, route, &tls).await?;
    let request = EnrolRequest {
        secret: hex(&token.secret),
        location_id: location,
        csr: key.request()?,
    };
    let enrolled = ask(stream, wire, ENROL, &request, tasks).await?;
    ensure!(
        enrolled.subaccount == token.subaccount,
        "the gateway enrolled another subaccount than the token names"
    );
    Ok((enrolled.clone(), credentials(&key, &enrolled)))
}

/// Renews with a new key: with the present certificate, or after its expiry by proof of its key.
///
/// # Errors
/// When the gateway cannot be reached or refuses.
pub async fn renew(
    host: &RegionHost,
    route: &Route,
    old: &Credentials,
    tasks: &Tasks,
) -> anyhow::Result<Credentials> {
    let key = PrivateKey::generate()?;
    let csr = key.request()?;
    let enrolled = if clock::wall_ms() < old.info()?.not_after_ms {
        let (stream, wire) = dial(host, route, &old.tls(Role::Control)?).await?;
        ask(stream, wire, RENEW, &RenewRequest { csr }, tasks).await?
    } else {
        let (stream, wire) = dial(host, route, &old.tls(Role::Enrol)?).await?;
        let exporter: [u8; 32] =
            stream
                .get_ref()
                .1
                .export_keying_material([0; 32], RENEW_EXPORTER_LABEL, None)?;
        let statement = Sha256::new()
            .chain_update(exporter)
            .chain_update(csr.as_bytes())
            .finalize();
        let request = LateRenewRequest {
            csr,
            certificate: old.certificate.clone(),
            proof: PrivateKey::from_pem(&old.key)?.proof(&statement.into())?,
        };
        ask(stream, wire, RENEW, &request, tasks).await?
    };
    Ok(credentials(&key, &enrolled))
}

fn credentials(key: &PrivateKey, enrolled: &Enrolled) -> Credentials {
    Credentials {
        key: key.to_pem(),
        certificate: enrolled.certificate.clone(),
        ca_bundle: enrolled.ca_bundle.clone(),
    }
}

async fn ask(
    stream: GatewayStream,
    wire: Wire,
    path: &str,
    message: &impl Serialize,
    tasks: &Tasks,
) -> anyhow::Result<Enrolled> {
    let (status, json) = exchange(stream, wire, path, message, tasks).await?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&json).context("the gateway's answer does not parse");
    }
    match serde_json::from_slice::<ApiError>(&json) {
        Ok(error) => bail!("the gateway refused: {}", error.message),
        Err(_) => bail!("the gateway refused with status {status}"),
    }
}

/// One request on a connection of its own, and its answer.
pub(super) async fn exchange(
    stream: GatewayStream,
    wire: Wire,
    path: &str,
    message: &impl Serialize,
    tasks: &Tasks,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let caller = Caller::establish(stream, wire, &hello(), tasks)
        .await
        .context("the gateway did not answer; is the clock of this host right?")?;
    let answered = timeout(ANSWER_TIME, answer(&caller, path, message)).await;
    caller.close();
    answered.context("the gateway took the request and did not answer it in time")?
}

async fn answer(
    caller: &Caller,
    path: &str,
    message: &impl Serialize,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://gateway.{AUTHORITY}{path}"))
        .body(())?;
    let (stream, mut upload) = caller.open(request, false)?;
    let body = Full::new(Bytes::from(serde_json::to_vec(message)?));
    upload.send_body(body).await?;
    let (head, body) = stream.response().await?.into_parts();
    let collected = Limited::new(body, ANSWER_MAX).collect().await;
    let Ok(collected) = collected else {
        bail!("the gateway's answer did not arrive whole");
    };
    Ok((head.status, collected.to_bytes()))
}

/// The gateway's time, milliseconds UTC in whole seconds, on a connection that is verified.
///
/// # Errors
/// When the gateway does not answer, or does not tell it.
pub async fn gateway_time(stream: GatewayStream, wire: Wire, tasks: &Tasks) -> anyhow::Result<i64> {
    let caller = Caller::establish(stream, wire, &hello(), tasks).await?;
    let request = Request::builder()
        .uri(format!("http://gateway.{AUTHORITY}/"))
        .body(())?;
    let (stream, _upload) = caller.open(request, true)?;
    let response = stream.response().await?;
    caller.close();
    let date = response.headers().get(DATE).context("no date came")?;
    let time = httpdate::parse_http_date(date.to_str()?)?;
    let since = time.duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}

fn hello() -> Hello {
    Hello {
        capability: CAPABILITY,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        connections: 0,
        time_ms: None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
