//! The access decision: decided, counted, logged when denied, and recorded, at this one place.

use std::sync::Arc;

use http::Request;
use http::uri::Authority;
use underpass_shared::audit::Forwarded;
use underpass_shared::config::{Protocol, Subaccount, SubaccountKey};
use underpass_shared::host::{VirtualAddress, host_and_port};
use underpass_shared::policy::{Access, Denial, Permit};
use underpass_shared::protocol::upgrade::is_marked;

use super::answer::Answer;
use crate::audit::Audit;
use crate::diagnosis::Diagnoses;
use crate::measure::Measured;
use crate::store::Snapshot;

/// A request that is not forwarded.
pub(super) struct Refused {
    denial: Option<Denial>,
    host: String,
    port: u16,
    path: String,
}

/// Decides whether a request may go on, and by which subaccount's rules. No policy, no permit.
pub(super) fn decide<'a, B>(
    snapshot: &'a Snapshot,
    key: &Arc<SubaccountKey>,
    request: &Request<B>,
    audit: &Audit,
    measured: &mut Measured,
) -> Result<(&'a Arc<Subaccount>, Permit), Refused> {
    let uri = request.uri();
    let (host, port) = asked_for(uri.authority());
    let access = Access {
        protocol: Protocol::Http,
        host,
        port,
        path: uri.path().as_bytes(),
        websocket: is_marked(request.headers()),
    };
    let policy = snapshot.policy(key);
    let level = match policy {
        Some(policy) => policy.subaccount().own().audit_level,
        None => snapshot.document().connector().audit.level,
    };
    let recorded = || {
        Forwarded::new(
            request.method().as_str(),
            access.host,
            access.port,
            uri.path(),
        )
    };
    let denial = match policy {
        Some(policy) => match policy.decide(&access) {
            Ok(permit) => {
                measured.permitted(access.port, &permit);
                if level.records_all() {
                    audit.request(key, recorded(), None);
                }
                return Ok((policy.subaccount(), permit));
            }
            Err(denial) => Some(denial),
        },
        None => None,
    };
    let mapping = policy.and_then(|one| one.subaccount().mapping(access.host, access.port));
    let mapping = mapping.map(|one| &one.virtual_address);
    measured.denied(access.host, access.port, mapping);
    let refused = Refused {
        denial,
        host: access.host.to_owned(),
        port: access.port,
        path: uri.path().to_owned(),
    };
    let reason = refused.reason();
    refused.log(key, request.method(), &reason);
    if level.records_security() {
        audit.request(key, recorded(), Some(reason));
    }
    Err(refused)
}

/// The virtual host and port that a request names. No mapping has port 0, so what is no port leads
/// nowhere.
pub(super) fn asked_for(authority: Option<&Authority>) -> (&str, u16) {
    let Some(authority) = authority else {
        return ("", 0);
    };
    host_and_port(authority.as_str()).unwrap_or_else(|_rule| (authority.host(), 0))
}

impl Refused {
    fn reason(&self) -> String {
        match &self.denial {
            Some(denial) => denial.to_string(),
            None => "the subaccount has no access control".to_owned(),
        }
    }

    fn log(&self, key: &SubaccountKey, method: &http::Method, reason: &str) {
        let Self {
            host, port, path, ..
        } = self;
        tracing::info!(%key, %method, host, port, reason, "request denied");
        // A path may speak of customers.
        tracing::debug!(path, "path of the denied request");
    }

    /// Tells where applications want more of a system than is open. What is denied of systems that
    /// nobody mapped says nothing about this agent.
    pub(super) fn diagnose(&self, key: &SubaccountKey, diagnoses: &Diagnoses) {
        let Some(Denial::UnknownResource(_)) = self.denial else {
            return;
        };
        let address = format!("{}:{}", self.host, self.port).parse::<VirtualAddress>();
        if let Ok(address) = address {
            diagnoses.path_denied(key, address);
        }
    }

    pub(super) fn into_answer(self) -> Answer {
        let Self {
            host, port, path, ..
        } = self;
        match self.denial {
            Some(Denial::AmbiguousPath(rule, _)) => Answer::AmbiguousPath(rule),
            Some(Denial::UnknownResource(_) | Denial::WebsocketNotAllowed(_)) => {
                Answer::ResourceDenied { path, host, port }
            }
            Some(Denial::UnknownSystem(_) | Denial::NotEffective(..)) | None => {
                Answer::SystemDenied { host, port }
            }
        }
    }
}
