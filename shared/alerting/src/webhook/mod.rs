//! Webhooks: one POST for each parcel, signed.

mod body;
mod sign;

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncWrite};
use underpass_runtime::clock;
use underpass_shared::config::Webhook;
use underpass_shared::secret::Secret;

use crate::dial;
use crate::failure::{Failure, Outcome, within};
use crate::parcel::Parcel;
use crate::settings::Route;
use crate::surroundings::{Receiver, Surroundings};
use crate::tempo::Tempo;
use crate::trust::{Inside, Trust};

/// The header with the parcel's id, by which a receiver can tell a repetition.
const NOTICE: &str = "underpass-notice";
/// The header with time and signature.
const SIGNATURE: &str = "underpass-signature";
/// Bytes of an answer that are read; they say at most why.
const ANSWER_LEN_MAX: usize = 4 * 1024;
/// Shorter parts of a path are no secrets, and are in many words.
const WORD_LEN: usize = 3;
/// The longest wait that a receiver may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10 * 60);

/// Posts a parcel.
pub(crate) async fn send(
    webhook: &Webhook,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Outcome {
    match attempt(webhook, route, parcel, surroundings, tempo).await {
        Ok(()) => Outcome::Delivered { remark: None },
        Err(failure) => failure.into(),
    }
}

async fn attempt(
    webhook: &Webhook,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Result<(), Failure> {
    let secret = |what: &str, id| {
        let value = (surroundings.secrets)(id);
        value.map_err(|why| Failure::at(format!("reading the {what} from the secret store"), why))
    };
    let path = secret("URL", webhook.path)?;
    let key = webhook.secret.map(|id| secret("secret", id)).transpose()?;
    let body = body::write(webhook.form, parcel, &route.sender)
        .map_err(|error| Failure::at("writing the message", error))?;
    let request = request(webhook, &path, key.as_ref(), parcel, body)?;
    let origin = &webhook.origin;
    let (host, port) = (origin.host().as_str(), origin.port().get());
    let stream = dial::connect(host, port, Receiver::Webhook, surroundings, tempo.connect).await?;
    let step = format!("POST to {origin}");
    if !origin.is_tls() {
        return within(tempo.answer, &step, post(&step, request, stream)).await?;
    }
    let trust = Trust::from(webhook.trust);
    let stream = trust
        .connect(&route.trusted, host, stream, Inside::Http, tempo.connect)
        .await?;
    within(tempo.answer, &step, post(&step, request, stream)).await?
}

fn request(
    webhook: &Webhook,
    path: &Secret,
    key: Option<&Secret>,
    parcel: &Parcel,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::post(path.expose())
        .header(HOST, webhook.origin.authority())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("underpass/", env!("CARGO_PKG_VERSION")))
        .header(NOTICE, &parcel.id);
    if let Some(key) = key {
        let seconds = clock::wall_ms() / 1_000;
        request = request.header(SIGNATURE, sign::header(key, seconds, &body));
    }
    let request = request.body(Full::new(body));
    // The error may name the path, which is a secret.
    request.map_err(|_secret| Failure::at("writing the request", "the URL cannot be posted to"))
}

/// Sends a request and judges the answer.
async fn post<S>(step: &str, request: Request<Full<Bytes>>, stream: S) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let broken = |error: hyper::Error| Failure::at(step, error);
    let path = request.uri().to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        judge(step, &path, response).await
    };
    let (mut exchange, mut connection) = (pin!(exchange), pin!(connection));
    tokio::select! {
        judged = &mut exchange => judged,
        _ended = &mut connection => exchange.await,
    }
}

async fn judge(step: &str, path: &str, response: Response<Incoming>) -> Result<(), Failure> {
    let (head, body) = response.into_parts();
    let status = head.status;
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() {
        let why =
            format!("answered {status}; redirects are not followed: set the URL to where it leads");
        return Err(Failure::at(step, why));
    }
    let wait = head.headers.get(RETRY_AFTER);
    let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
    let wait = wait.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    let said = Limited::new(body, ANSWER_LEN_MAX).collect().await;
    let said = said.map(|body| body.to_bytes()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let why = match repeats(&said, path) {
        true => format!("answered {status} and what names the URL"),
        false => format!("answered {status} {said}"),
    };
    Err(Failure::at(step, why).retry_after(wait))
}

/// Whether a text has a word of a path, which is a secret, in whatever way it is written.
fn repeats(said: &str, path: &str) -> bool {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    let (path, said) = (plain(path), [said.to_lowercase(), plain(said)]);
    let mut words = path.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.len() >= WORD_LEN && said.iter().any(|said| said.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_repeats_the_path_is_known() {
        let path = "/svc/T0/B%2D7/Geheim-wort?sig=a9x";
        for said in [
            "Cannot POST /svc/T0/B%2D7/Geheim-wort",
            r#"{"path":"\/svc\/T0"}"#,
            "no hook geheim\\u002dwort",
            "<p>%67eheim</p>",
            "bad signature A9X",
        ] {
            assert!(repeats(said, path), "{said}");
        }
        for said in ["", "invalid_payload", "no such hook: T0"] {
            assert!(!repeats(said, path), "{said}");
        }
    }
}
