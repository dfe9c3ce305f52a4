//! The way of a command to its agent: over the socket, or in this process while the agent is
//! stopped. The handlers are the same.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, HOST, IF_MATCH};
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use underpass_runtime::form::Ends;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, file};
use underpass_shared::api::management::{ErrorBody, Query, Target, Verb};
use underpass_shared::audit::{Category, Record};

use crate::admin::socket::{self, REMEDY, Stream};
use crate::admin::{Admin, Caller, Coming, OsUser, Payload, REVERTS_AT};
use crate::audit::{Audit, Present};
use crate::backup::Spool;
use crate::restore;
use crate::store::{OpenError, STATE_FILE, Store};

/// How long an agent that just started may take to open its socket.
const START_TIME: Duration = Duration::from_secs(5);
/// How often it is looked whether it did.
const START_LOOK: Duration = Duration::from_millis(50);

/// Said where an answer does not come.
const LOST: &str = "the agent ended the connection; see its log";

/// What of an agent has to be there for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// One that runs.
    Running,
    /// One, whether it runs or not.
    Agent,
    /// Nothing: the command may be the first in its directory.
    Nothing,
}

/// A way to an agent.
pub(super) struct Client {
    data_dir: PathBuf,
    /// None where the agent runs.
    stopped: Option<Admin>,
    /// The folder of an agent that stands in for one that is not begun yet.
    aside: Option<TempDir>,
    tasks: Tasks,
}

/// An answer that went to a file.
pub(super) struct Saved {
    /// Number of the configuration's revision.
    pub(super) revision: Option<u64>,
    /// Bytes of the file.
    pub(super) bytes: u64,
}

/// What an agent answered.
pub(super) struct Reply {
    /// Number of the configuration's revision.
    pub(super) revision: Option<u64>,
    /// When a change is taken back unless it is confirmed, milliseconds UTC.
    pub(super) reverts_at_ms: Option<i64>,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body).context("the agent's answer does not parse")
    }
}

impl Client {
    /// The way to an agent.
    pub(super) async fn open(data_dir: &Path, needs: Needs) -> anyhow::Result<Self> {
        let start = clock::monotonic();
        loop {
            if connect(data_dir).await?.is_some() {
                return Ok(Self::over_socket(data_dir));
            }
            if needs == Needs::Running {
                bail!(
                    "the agent of {} does not run; start it with `underpass-agent run`",
                    data_dir.display()
                );
            }
            if needs == Needs::Agent && !data_dir.join(STATE_FILE).exists() {
                bail!(
                    "there is no agent in {}; give its --data-dir, or enrol one with `underpass-agent enrol TOKEN`",
                    data_dir.display()
                );
            }
            socket::check_owner(data_dir).map_err(anyhow::Error::msg)?;
            match Store::open(data_dir, clock::wall_ms) {
                Ok(store) => {
                    let recovered = restore::recover(data_dir, &store).await;
                    Spool::clear(data_dir);
                    let present = Present::following(store.snapshot());
                    let audit = Audit::open(data_dir, clock::wall_ms, present)?;
                    if let Some(told) = recovered.told() {
                        let (time_ms, category) = (audit.now_ms(), Category::Configuration);
                        audit.record(Record::of_agent(time_ms, category, told));
                    }
                    let admin = Admin::stopped(data_dir, store, audit);
                    admin.clean_up().await;
                    return Ok(Self {
                        data_dir: data_dir.to_owned(),
                        stopped: Some(admin),
                        aside: None,
                        tasks: Tasks::new(),
                    });
                }
                // It may be starting, or another command may be at work.
                Err(OpenError::Locked { .. }) if clock::monotonic() - start < START_TIME => {
                    tokio::time::sleep(START_LOOK).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The way to an agent that is looked at before anything is done. Where there is none yet, an
    /// empty one elsewhere stands in for it, so that looking leaves nothing behind.
    pub(super) async fn look(data_dir: &Path) -> anyhow::Result<Self> {
        if data_dir.join(STATE_FILE).exists() || connect(data_dir).await?.is_some() {
            return Self::open(data_dir, Needs::Agent).await;
        }
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let client = Self::open(folder.path(), Needs::Nothing).await?;
        Ok(Self {
            data_dir: data_dir.to_owned(),
            aside: Some(folder),
            ..client
        })
    }

    /// The way to the agent that another one stands in for, which begins now.
    pub(super) async fn begun(&self) -> anyhow::Result<Option<Self>> {
        match self.aside {
            Some(_) => Ok(Some(Self::open(&self.data_dir, Needs::Nothing).await?)),
            None => Ok(None),
        }
    }

    fn over_socket(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            stopped: None,
            aside: None,
            tasks: Tasks::new(),
        }
    }

    /// Whether the agent runs.
    pub(super) const fn runs(&self) -> bool {
        self.stopped.is_none()
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        target: Target,
        query: &Query,
    ) -> anyhow::Result<T> {
        self.call(Verb::Get, target, query, Bytes::new())
            .await?
            .read()
    }

    /// A request with a JSON body.
    pub(super) async fn send(
        &self,
        verb: Verb,
        target: Target,
        query: &Query,
        body: &impl Serialize,
    ) -> anyhow::Result<Reply> {
        let json = serde_json::to_vec(body)?;
        self.call(verb, target, query, json.into()).await
    }

    /// A request with a JSON body that is meant for a revision.
    pub(super) async fn send_if(
        &self,
        revision: Option<u64>,
        verb: Verb,
        target: Target,
        query: &Query,
        body: &impl Serialize,
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{target}{}", query.to_text()));
        if let Some(revision) = revision {
            request = request.header(IF_MATCH, format!("\"{revision}\""));
        }
        let request = request.body(Bytes::from(serde_json::to_vec(body)?))?;
        self.ask(request, "application/json").await
    }

    /// A request with any body.
    pub(super) async fn call(
        &self,
        verb: Verb,
        target: Target,
        query: &Query,
        body: Bytes,
    ) -> anyhow::Result<Reply> {
        let request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{target}{}", query.to_text()))
            .body(body)?;
        self.ask(request, "application/json").await
    }

    /// A request with a form around a file, which is read as it is sent.
    pub(super) async fn send_form(
        &self,
        target: Target,
        form: Ends,
        (file, len): (File, u64),
    ) -> anyhow::Result<Reply> {
        let body = form.body(file, len);
        let body = body.map_err(|never| match never {}).boxed_unsync();
        let request = Request::builder()
            .method(Verb::Post.as_str())
            .uri(target.to_string())
            .header(CONTENT_TYPE, form.content_type)
            .body(Payload::Coming(body))?;
        self.ask(request, "application/json").await
    }

    /// A request with a JSON body whose answer goes to a file: all of it or nothing.
    pub(super) async fn save(
        &self,
        target: Target,
        body: &impl Serialize,
        path: &Path,
    ) -> anyhow::Result<Saved> {
        let request = Request::builder()
            .method(Verb::Post.as_str())
            .uri(target.to_string())
            .body(Payload::Whole(serde_json::to_vec(body)?.into()))?;
        let response = self.respond(request, "application/json").await?;
        if !response.status().is_success() {
            return Err(refusal(&collected(response).await?));
        }
        let unwritten = || format!("cannot write {}", path.display());
        let revision = revision(&response);
        let mut body = response.into_body();
        let wanted = body.size_hint().exact();
        let mut fresh = file::Fresh::beside(path).with_context(unwritten)?;
        let mut bytes: u64 = 0;
        while let Some(frame) = body.frame().await {
            if let Ok(piece) = frame.map_err(lost)?.into_data() {
                fresh.file().write_all(&piece).with_context(unwritten)?;
                bytes += u64::try_from(piece.len())?;
            }
        }
        ensure!(wanted.is_none_or(|wanted| wanted == bytes), LOST);
        fresh.keep().with_context(unwritten)?;
        Ok(Saved { revision, bytes })
    }

    /// What is there, in another form than JSON.
    pub(super) async fn get_as(
        &self,
        target: Target,
        accept: &'static str,
    ) -> anyhow::Result<Bytes> {
        let request = Request::builder().uri(target.to_string());
        let reply = self.ask(request.body(Bytes::new())?, accept);
        Ok(reply.await?.body)
    }

    async fn ask(
        &self,
        request: Request<impl Into<Payload>>,
        accept: &'static str,
    ) -> anyhow::Result<Reply> {
        let response = collected(self.respond(request, accept).await?).await?;
        if !response.status().is_success() {
            return Err(refusal(&response));
        }
        let reverts_at = response.headers().get(REVERTS_AT);
        let reverts_at = reverts_at.and_then(|value| value.to_str().ok());
        Ok(Reply {
            revision: revision(&response),
            reverts_at_ms: reverts_at.and_then(|ms| ms.parse().ok()),
            body: response.into_body(),
        })
    }

    /// The answer as it comes.
    async fn respond(
        &self,
        request: Request<impl Into<Payload>>,
        accept: &'static str,
    ) -> anyhow::Result<Response<Coming>> {
        let mut request = request.map(Into::into);
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let json = HeaderValue::from_static("application/json");
        headers.entry(CONTENT_TYPE).or_insert(json);
        match &self.stopped {
            Some(admin) => {
                let caller = Caller::Local(OsUser::current());
                let response = admin.handle(&caller, request).await;
                Ok(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()))
            }
            None => {
                let response = self.begin(request).await?;
                Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
            }
        }
    }

    /// Hands the data of each event to `each`, until the agent ends the stream; from behind the
    /// event `last` on or from now on.
    pub(super) async fn follow(
        &self,
        target: Target,
        query: &Query,
        last: Option<u64>,
        mut each: impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        ensure!(
            self.runs(),
            "the agent of {} does not run; start it with `underpass-agent run`",
            self.data_dir.display()
        );
        let mut request = Request::get(format!("{target}{}", query.to_text()))
            .header(HOST, HeaderValue::from_static("localhost"))
            .body(Payload::Whole(Bytes::new()))?;
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.into());
        }
        let mut response = self.begin(request).await?;
        let success = response.status().is_success();
        let mut text = vec![];
        while let Some(frame) = response.frame().await {
            let Ok(data) = frame.context(LOST)?.into_data() else {
                continue;
            };
            text.extend_from_slice(&data);
            while let Some(end) = text
                .iter()
                .position(|&byte| byte == b'\n')
                .filter(|_| success)
            {
                let line: Vec<u8> = text.drain(..=end).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    each(std::str::from_utf8(data)?.trim_end())?;
                }
            }
        }
        if success {
            return Ok(());
        }
        let body: ErrorBody = serde_json::from_slice(&text)?;
        bail!(body.message)
    }

    async fn begin(&self, request: Request<Payload>) -> anyhow::Result<Response<Incoming>> {
        let stream = connect(&self.data_dir).await?;
        let stream = stream.context("the agent stopped meanwhile; run the command again")?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        self.tasks.spawn("admin-client", connection);
        let response = sender.send_request(request.map(Payload::into_body)).await;
        response.context(LOST)
    }
}

/// All of an answer.
async fn collected(response: Response<Coming>) -> anyhow::Result<Response<Bytes>> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(lost)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

fn lost(error: Box<dyn std::error::Error + Send + Sync>) -> anyhow::Error {
    anyhow::Error::from_boxed(error).context(LOST)
}

/// The revision that an answer is about.
fn revision<B>(response: &Response<B>) -> Option<u64> {
    let tag = response.headers().get(ETAG)?.to_str().ok()?;
    tag.trim_matches('"').parse().ok()
}

/// What an agent says against a request.
fn refusal(response: &Response<Bytes>) -> anyhow::Error {
    match serde_json::from_slice(response.body()) {
        Ok(ErrorBody { message, field, .. }) => match field {
            Some(field) => anyhow::anyhow!("{}: {message}", argument(&field)),
            None => anyhow::Error::msg(message),
        },
        Err(_) => anyhow::anyhow!("the agent answered {}", response.status()),
    }
}

/// What commands call a field of the API, where that is not its name.
fn argument(field: &str) -> &str {
    match field {
        "authenticationData" => "TOKEN",
        "virtualHost" | "virtualPort" | "virtualHost:virtualPort" => "VIRTUAL_HOST:PORT",
        "localHost" | "localPort" => "INTERNAL_HOST:PORT",
        "confirmWithin" => "--confirm-within",
        "locationID" => "--location-id",
        field => field,
    }
}

/// A connection to the agent, or nothing where it does not run.
async fn connect(data_dir: &Path) -> anyhow::Result<Option<Stream>> {
    let error = match socket::connect(data_dir).await {
        Ok(stream) => return Ok(Some(stream)),
        Err(error) => error,
    };
    let kind = error.kind();
    if kind == ErrorKind::PermissionDenied {
        let (user, dir) = (OsUser::current(), data_dir.display());
        return Err(error).with_context(|| {
            format!("user {user} may not administer the agent of {dir}; {REMEDY}")
        });
    }
    let nobody = matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused);
    if nobody || !Store::is_in_use(data_dir) {
        return Ok(None);
    }
    Err(error).context("the agent cannot be reached")
}
