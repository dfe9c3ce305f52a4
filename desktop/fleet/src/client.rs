//! Calls of an agent's management API by somebody whom it knows.

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use underpass_runtime::pki::{CertificateInfo, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_shared::api::management::{
    CertificateRequest, Issued, OperatorTarget, Query, Target, Verb,
};
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

use crate::connection::Connection;
use crate::{FleetError, Reply};

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
    tls: ClientTls,
    tasks: Tasks,
    connection: Mutex<Option<Connection>>,
}

impl AgentClient {
    /// A client of a known agent at `address`. Connections are tasks of `tasks`.
    ///
    /// # Errors
    /// When the key or a certificate cannot be used.
    pub fn new(address: InternalAddress, known: &Known, tasks: &Tasks) -> Result<Self, FleetError> {
        let credential = Credential {
            chain: &known.certificate,
            key: known.key.expose(),
        };
        Ok(Self {
            address,
            agent: known.agent,
            tls: ClientTls::management(&known.ca_cert, credential)?,
            tasks: tasks.clone(),
            connection: Mutex::new(None),
        })
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
        let path = format!("{target}{}", query.to_text());
        let method = match verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let mut slot = self.connection.lock().await;
        let mut connection = match slot.take().filter(Connection::is_open) {
            Some(connection) => connection,
            None => {
                Connection::open(&self.address, self.agent, &self.tls, None, &self.tasks).await?
            }
        };
        let called = connection.call(method, &path, body).await;
        *slot = Some(connection);
        called
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
