//! The client's side of a pairing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use underpass_runtime::pki::{CertificateInfo, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::ClientTls;
use underpass_shared::api::management::{
    OperatorShown, OperatorTarget, PairRequest, Paired, Target,
};
use underpass_shared::config::OperatorName;
use underpass_shared::pairing::{EXPORTER_LABEL, Handshake, PairingLink};
use underpass_shared::secret::Secret;

use crate::FleetError;
use crate::client::Known;
use crate::connection::Connection;

/// What came of a pairing.
#[derive(Clone, Debug)]
pub struct Pairing {
    /// What to keep.
    pub known: Known,
    /// Whom the agent knows this client as.
    pub operator: OperatorShown,
    /// What both sides show for the human eye.
    pub words: Vec<String>,
}

/// Why a pairing failed, and what to do about it, as one line for people.
pub fn complaint(error: &FleetError) -> String {
    use FleetError::{Broken, Handshake, Imposter, Late, Refused, Unreachable};
    let remedy = if let Unreachable { .. } | Late { .. } = error {
        "check that the agent runs, and that this computer may reach the host and port of the pairing string"
    } else if let Handshake { .. } | Broken(_) = error {
        "another program may answer there; make a new pairing string on the agent's host"
    } else if let Imposter = error {
        "somebody may sit between you and the agent; do not try again from this network"
    } else if let Refused { status, .. } = error
        && *status == StatusCode::UNAUTHORIZED
    {
        return "the pairing string was used already, or is older than ten minutes; make a new one with `underpass-agent pair`".to_owned();
    } else {
        return error.reason();
    };
    format!("{}; {remedy}", error.reason())
}

/// A connection to an agent that was verified by nothing but the hash of its identity.
pub struct Door {
    connection: Connection,
    exporter: [u8; 32],
}

impl Door {
    /// Connects to the agent of a pairing string, and to no other.
    ///
    /// # Errors
    /// When it cannot be reached, or has another identity.
    pub async fn find(link: &PairingLink, tasks: &Tasks) -> Result<Self, FleetError> {
        let tls = ClientTls::management_pinned(&link.identity)?;
        let label = Some(EXPORTER_LABEL);
        let connection = Connection::open(&link.address, link.agent(), &tls, label, tasks).await?;
        let exporter = connection.exporter.unwrap_or_default();
        Ok(Self {
            connection,
            exporter,
        })
    }

    /// What the proofs on this connection are about.
    pub const fn handshake<'a>(&'a self, csr: &'a str) -> Handshake<'a> {
        Handshake {
            exporter: &self.exporter,
            csr,
        }
    }

    /// Asks to be let in.
    ///
    /// # Errors
    /// When the agent refuses.
    pub async fn knock(&mut self, request: &PairRequest) -> Result<Paired, FleetError> {
        let body = serde_json::to_vec(request)?.into();
        let path = Target::Operators(OperatorTarget::Pair).to_string();
        let reply = self.connection.call(Method::POST, &path, body).await?;
        reply.read()
    }
}

/// Pairs with the agent of a pairing string; `name` is how this client calls itself where the
/// string names nobody.
///
/// # Errors
/// When the agent is another, refuses, or cannot prove that it knows the string.
pub async fn pair(
    link: &PairingLink,
    name: Option<OperatorName>,
    tasks: &Tasks,
) -> Result<Pairing, FleetError> {
    let key = PrivateKey::generate()?;
    let csr = key.request()?;
    let mut door = Door::find(link, tasks).await?;
    let proof = door.handshake(&csr).client(&link.secret);
    let request = PairRequest {
        csr: csr.clone(),
        proof: STANDARD.encode(proof),
        name,
    };
    let Paired { issued, proof } = door.knock(&request).await?;
    let handshake = door.handshake(&csr);
    let proof = STANDARD.decode(&proof).unwrap_or_default();
    let identity = CertificateInfo::from_pem(&issued.ca_cert)?.fingerprint;
    let proven = handshake.is_agent(&link.secret, &issued.certificate, &proof);
    if !proven || identity != link.identity {
        return Err(FleetError::Imposter);
    }
    let words = handshake.words(&link.secret);
    Ok(Pairing {
        known: Known {
            agent: link.agent(),
            ca_cert: issued.ca_cert,
            certificate: issued.certificate,
            key: Secret::new(key.to_pem()),
        },
        operator: issued.operator,
        words: words.map(str::to_owned).to_vec(),
    })
}
