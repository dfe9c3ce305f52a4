//! Calls of an agent's management API by somebody whom it knows.

mod figures;

use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use underpass_runtime::clock;
use underpass_runtime::pki::{CertificateInfo, PkiError, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_shared::api::management::{
    AuditTarget, BackupTarget, CertificateRequest, DocumentTarget, Issued, OperatorTarget, Query,
    RunningTarget, SubaccountTarget, Target, TroubleTarget, Verb,
};
use underpass_shared::config::Certificate;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

use crate::api::{Api, Call, Came, Events, Lines};
use crate::connection::{Connection, Sink};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// Most requests to one agent at once, each on a connection of its own: a check that takes its time
/// is in nobody's way, and one program does not crowd out others.
const CONNECTIONS_MAX: usize = 3;
/// Most bytes of an answer that holds whole documents or logs.
const LARGE_LEN_MAX: usize = 128 * 1024 * 1024;
/// Most bytes of any other answer; lists of a few thousand things have one or two megabytes.
const ANSWER_LEN_MAX: usize = 16 * 1024 * 1024;

/// What a program keeps of an agent that it was paired with. The key is secret.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who the agent is.
    pub agent: AgentId,
    /// Its identity, a CA certificate as PEM.
    pub ca_cert: String,
    /// The program's own certificate, PEM.
    pub certificate: String,
    /// The private key to it, PKCS#8 PEM.
    pub key: Secret,
}

impl Known {
    /// What somebody was given who was not paired: the agent's CA, a certificate of it, and the key
    /// (all PEM).
    ///
    /// # Errors
    /// When they do not parse, or the key is not that of the certificate.
    pub fn given(ca_cert: String, certificate: String, key: Secret) -> Result<Self, FleetError> {
        let authority = CertificateInfo::from_pem(&ca_cert)?;
        let known = Self {
            agent: AgentId::of_authority(&authority.fingerprint),
            ca_cert,
            certificate,
            key,
        };
        known.check()?;
        Ok(known)
    }

    /// Whether its parts belong together.
    ///
    /// # Errors
    /// When the agent is another than that of the CA, the certificate is of another agent, or the key
    /// is not that of the certificate.
    pub fn check(&self) -> Result<(), FleetError> {
        let authority = CertificateInfo::from_pem(&self.ca_cert)?;
        let own = CertificateInfo::from_pem(&self.certificate)?;
        let key = PrivateKey::from_pem(self.key.expose())?;
        if AgentId::of_authority(&authority.fingerprint) != self.agent {
            return Err(FleetError::OtherAgent(self.agent));
        }
        if key.spki_hash() != own.spki_hash {
            return Err(FleetError::OtherKey);
        }
        // Certificates of organisations come from CAs that the agent tells nobody of.
        if own.operator.is_some() && !self.is_issued()? {
            return Err(FleetError::OtherIssuer(self.agent));
        }
        Ok(())
    }

    /// Whether the certificate names the agent's CA as its issuer; each agent's has a name of its
    /// own. The agent looks at the signature.
    fn is_issued(&self) -> Result<bool, FleetError> {
        let read = |pem: &str| -> Result<Certificate, FleetError> {
            Ok(pem.parse().or(Err(PkiError::Certificate))?)
        };
        let (authority, own) = (read(&self.ca_cert)?, read(&self.certificate)?);
        Ok(own.summary().issuer == authority.summary().subject)
    }

    /// Whether the certificate should be renewed: from half of its life on.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn renewal_is_due(&self, now_ms: i64) -> Result<bool, FleetError> {
        let info = CertificateInfo::from_pem(&self.certificate)?;
        Ok(now_ms >= info.renew_at_ms())
    }
}

/// A client of one agent. Its connection is kept between calls.
#[derive(Debug)]
pub struct AgentClient {
    address: InternalAddress,
    agent: AgentId,
    tls: ArcSwap<ClientTls>,
    tasks: Tasks,
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
    /// How long the last answer took, in milliseconds.
    took_ms: AtomicU32,
}

impl AgentClient {
    /// A client of a known agent at `address`. Connections are tasks of `tasks`.
    ///
    /// # Errors
    /// When the key or a certificate cannot be used.
    pub fn new(address: InternalAddress, known: &Known, tasks: &Tasks) -> Result<Self, FleetError> {
        Ok(Self {
            address,
            agent: known.agent,
            tls: ArcSwap::from_pointee(tls(known)?),
            tasks: tasks.clone(),
            turns: Semaphore::new(CONNECTIONS_MAX),
            idle: Mutex::default(),
            took_ms: AtomicU32::new(0),
        })
    }

    /// Shows another certificate from the next connection on.
    ///
    /// # Errors
    /// When the key or a certificate cannot be used.
    pub fn adopt(&self, known: &Known) -> Result<(), FleetError> {
        self.tls.store(Arc::new(tls(known)?));
        self.idle().clear();
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request without a body.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn get<T: DeserializeOwned>(&self, target: &Target) -> Result<T, FleetError> {
        let query = Query::default();
        let reply = self.call(Verb::Get, target, &query, Bytes::new());
        reply.await?.read()
    }

    /// A request with a JSON body.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn send(
        &self,
        verb: Verb,
        target: &Target,
        query: &Query,
        body: &impl Serialize,
    ) -> Result<Reply, FleetError> {
        let json = serde_json::to_vec(body)?;
        self.call(verb, target, query, json.into()).await
    }

    /// Any request.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn call(
        &self,
        verb: Verb,
        target: &Target,
        query: &Query,
        body: Bytes,
    ) -> Result<Reply, FleetError> {
        let call = Call {
            query: query.clone(),
            body,
            ..Call::new(verb, target.clone())
        };
        self.execute(&call).await
    }

    /// A request and its answer. One that found its connection closed, and did nothing, is made
    /// once more.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn execute(&self, call: &Call) -> Result<Reply, FleetError> {
        self.exchange(call, None, &|_received, _total| {}).await
    }

    async fn exchange(
        &self,
        call: &Call,
        mut file: Option<&mut tokio::fs::File>,
        came: &Came<'_>,
    ) -> Result<Reply, FleetError> {
        let _turn = self.turns.acquire().await;
        let started = clock::monotonic();
        let kept = self.idle().pop();
        let answered = match kept.filter(Connection::is_open) {
            Some(connection) => {
                match self.on(connection, call, file.as_deref_mut(), came).await {
                    // A GET that goes to a file has written some of it already.
                    Err(FleetError::Broken(error))
                        if error.is_canceled() || (call.verb == Verb::Get && file.is_none()) =>
                    {
                        self.on(self.open().await?, call, file, came).await
                    }
                    answered => answered,
                }
            }
            None => self.on(self.open().await?, call, file, came).await,
        };
        let took = clock::monotonic().saturating_sub(started).as_millis();
        let took = u32::try_from(took).unwrap_or(u32::MAX);
        self.took_ms.store(took, Ordering::Relaxed);
        answered
    }

    async fn open(&self) -> Result<Connection, FleetError> {
        let tls = self.tls.load_full();
        Connection::open(&self.address, self.agent, &tls, None, &self.tasks).await
    }

    async fn on(
        &self,
        mut connection: Connection,
        call: &Call,
        file: Option<&mut tokio::fs::File>,
        came: &Came<'_>,
    ) -> Result<Reply, FleetError> {
        let limit = limit(&call.target);
        let sink = match file {
            Some(file) => Sink::File(file, limit),
            None => Sink::Reply(limit),
        };
        let answered = connection
            .execute(call, method(call.verb), sink, came)
            .await;
        let is_whole = matches!(answered, Ok(_) | Err(FleetError::Refused { .. }));
        if is_whole && connection.is_open() {
            self.idle().push(connection);
        }
        answered
    }

    /// A new certificate with a new key, to be kept in place of the old one, which stays good until
    /// it ends.
    ///
    /// # Errors
    /// When the key cannot be made, or the agent refuses.
    pub async fn renewed(&self) -> Result<Known, FleetError> {
        let key = PrivateKey::generate()?;
        let body = CertificateRequest {
            csr: key.request()?,
        };
        let query = Query::default();
        let reply = self.send(
            Verb::Post,
            &Target::Operators(OperatorTarget::Certificate),
            &query,
            &body,
        );
        let issued: Issued = reply.await?.read()?;
        Ok(Known {
            agent: self.agent,
            ca_cert: issued.ca_cert,
            certificate: issued.certificate,
            key: Secret::new(key.to_pem()),
        })
    }
}

impl Api for AgentClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        self.execute(call).boxed()
    }

    fn save<'a>(
        &'a self,
        call: &'a Call,
        file: &'a mut File,
        came: &'a Came<'a>,
    ) -> BoxFuture<'a, Result<Reply, FleetError>> {
        async move {
            let handle = file.try_clone().map_err(FleetError::File)?;
            let mut handle = tokio::fs::File::from_std(handle);
            self.exchange(call, Some(&mut handle), came).await
        }
        .boxed()
    }

    fn events(&self, after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        async move { self.open().await?.listen(&Target::Events, after).await }.boxed()
    }

    fn lines(&self, after: Option<u64>) -> BoxFuture<'_, Result<Lines, FleetError>> {
        const LOG: Target = Target::Running(RunningTarget::LogStream);
        async move { self.open().await?.listen(&LOG, after).await }.boxed()
    }

    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        let now_ms = clock::wall_ms();
        async move {
            let known = Sample {
                at_ms: now_ms,
                answer_ms: Some(self.took_ms.load(Ordering::Relaxed)),
                ..Sample::default()
            };
            // An agent that keeps no figures still tells how long it takes to answer.
            let mut samples = figures::hour(self, since_ms, now_ms).await;
            match samples.last_mut() {
                Some(newest) => newest.answer_ms = known.answer_ms,
                None if now_ms - since_ms > figures::LATE_MS => samples.push(known),
                None => {}
            }
            Ok(samples)
        }
        .boxed()
    }
}

fn tls(known: &Known) -> Result<ClientTls, FleetError> {
    let credential = Credential {
        chain: &known.certificate,
        key: known.key.expose(),
    };
    Ok(ClientTls::management(&known.ca_cert, credential)?)
}

const fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

/// How long an answer may be: a hostile agent is not to fill the memory of its manager.
#[expect(clippy::wildcard_enum_match_arm, reason = "few answers are large")]
const fn limit(target: &Target) -> usize {
    match target {
        Target::Backup(BackupTarget::Archive)
        | Target::Document(
            DocumentTarget::Whole
            | DocumentTarget::AsOf(_)
            | DocumentTarget::RevisionDiff(_)
            | DocumentTarget::Revision(_),
        )
        | Target::Audit(AuditTarget::Csv | AuditTarget::Lines)
        | Target::Trouble(TroubleTarget::TraceContent(_))
        | Target::Of(_, SubaccountTarget::ExportMappings) => LARGE_LEN_MAX,
        _ => ANSWER_LEN_MAX,
    }
}
