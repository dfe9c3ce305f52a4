//! Whether this agent reaches what it is to serve: systems as mappings would, gateways as tunnels.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tls::ClientTls;
use underpass_shared::api::management::{
    CheckOutcome, CheckStep, CheckedStep, ConnectionCheck, ConnectionCheckInput, GatewayPreflight,
    PREFLIGHT_MAX, PreflightInput, PreflightShown, Refusal, SystemPreflight,
};
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::role::Role;
use underpass_shared::protocol::timers::HANDSHAKE;

use crate::admin::call::Call;
use crate::admin::checks::unsaved;
use crate::admin::{Admin, Answer, answer};
use crate::credentials::Credentials;
use crate::forward::{Wanted, check};
use crate::store::Snapshot;
use crate::tunnel::{DialError, Route, open, shake_hands};

/// Ways that are gone at a time.
const WAYS: usize = 16;

impl Admin {
    pub(super) async fn preflight(&self, call: &Call) -> Answer {
        let input: PreflightInput = call.read()?;
        let asked = input.systems.len() + input.gateways.len() + input.renamed.len();
        if asked > PREFLIGHT_MAX {
            let rule = format!("must not have more than {PREFLIGHT_MAX} entries with the gateways");
            return Err(Refusal::invalid("systems", rule));
        }
        let Ok(_place) = self.checks.try_acquire() else {
            let message = "other checks are under way; wait for their end";
            return Err(Refusal::illegal_state(message));
        };
        let current = self.readable()?;
        let route = self.route(current.document())?;
        let systems = input
            .systems
            .into_iter()
            .map(|one| self.system(&current, one));
        let systems: Vec<Result<SystemPreflight, Refusal>> =
            stream::iter(systems).buffered(WAYS).collect().await;
        let own = input.gateways.into_iter().map(|host| (host.clone(), host));
        let renamed = input.renamed.into_iter();
        let renamed = renamed.map(|one| (one.region_host, one.known_as));
        let gateways = own.chain(renamed).map(|(host, known_as)| {
            let (credentials, route) = (self.credentials_of(&current, &known_as), &route);
            async move {
                let check = to_gateway(&host, route, credentials.as_ref()).await;
                GatewayPreflight {
                    region_host: host,
                    check,
                }
            }
        });
        let gateways = stream::iter(gateways).buffered(WAYS).collect().await;
        let shown = PreflightShown {
            systems: systems.into_iter().collect::<Result<_, _>>()?,
            gateways,
        };
        answer::ok(&shown, current.revision().number)
    }

    async fn system(
        &self,
        current: &Snapshot,
        asked: ConnectionCheckInput,
    ) -> Result<SystemPreflight, Refusal> {
        let (local_host, local_port) = (asked.local_host.clone(), asked.local_port.0);
        let protocol = asked.protocol;
        let mapping = unsaved(asked)?;
        let own = self.live.as_ref().map(|live| live.own.clone());
        let wanted = Wanted {
            mapping: &mapping,
            connector: current.document().connector(),
            secrets: &self.secrets,
            own: &own.unwrap_or_default(),
            path: None,
        };
        Ok(SystemPreflight {
            local_host,
            local_port,
            protocol,
            check: check(wanted, &self.tasks).await,
        })
    }

    /// Credentials of this agent that pin the gateway's CA, if it has any.
    fn credentials_of(&self, current: &Snapshot, host: &RegionHost) -> Option<Credentials> {
        let own = current.document().subaccounts().iter();
        let mut own = own.filter(|one| one.key().region_host == *host);
        own.find_map(|one| self.credentials.load(one.own().instance).ok())
    }
}

fn step(step: CheckStep, began: Duration, went: Result<String, (String, &str)>) -> CheckedStep {
    let millis = clock::monotonic().saturating_sub(began).as_millis();
    let (outcome, seen, advice) = match went {
        Ok(seen) => (CheckOutcome::Ok, seen, None),
        Err((seen, advice)) => (CheckOutcome::Failed, seen, Some(advice.to_owned())),
    };
    CheckedStep {
        step,
        outcome,
        millis: u64::try_from(millis).unwrap_or(u64::MAX),
        seen,
        advice,
    }
}

/// The way of a tunnel, as far as it leads. Without a CA that is known, only that TLS is spoken and
/// what is presented can be told: what the handover brings verifies it.
async fn to_gateway(
    host: &RegionHost,
    route: &Route,
    credentials: Option<&Credentials>,
) -> ConnectionCheck {
    let began = clock::monotonic();
    let opened = timeout(HANDSHAKE, open(host, route)).await;
    let opened = opened.unwrap_or_else(|_elapsed| Err(DialError::Timeout { host: host.clone() }));
    let stream = match opened {
        Ok(stream) => stream,
        Err(error) => {
            let failed = match error {
                DialError::Resolve { .. } | DialError::ResolveProxy { .. } => {
                    CheckStep::NameResolution
                }
                DialError::Connect { .. }
                | DialError::ConnectProxy { .. }
                | DialError::Proxy { .. }
                | DialError::Tls { .. }
                | DialError::Timeout { .. } => CheckStep::Connection,
            };
            let seen = format!("{:#}", anyhow::Error::from(error));
            let advice = "check DNS, firewall and the agent's proxy";
            return ConnectionCheck {
                reachable: false,
                steps: vec![step(failed, began, Err((seen, advice)))],
            };
        }
    };
    let way = match route {
        Route::Direct => format!("connected to {host}"),
        Route::Proxy(proxy) => format!("connected to {host} through the proxy {proxy}"),
    };
    let mut steps = vec![step(CheckStep::Connection, began, Ok(way))];
    let began = clock::monotonic();
    let went = match timeout(HANDSHAKE, shake(stream, host, credentials)).await {
        Ok(went) => went,
        Err(_elapsed) => Err("no answer within 10 s".to_owned()),
    };
    let reachable = went.is_ok();
    let advice = "what answers may be no gateway, or something on the way looks into TLS";
    let went = went.map_err(|seen| (seen, advice));
    steps.push(step(CheckStep::Tls, began, went));
    ConnectionCheck { reachable, steps }
}

async fn shake(
    stream: tokio::net::TcpStream,
    host: &RegionHost,
    credentials: Option<&Credentials>,
) -> Result<String, String> {
    let told = |error: anyhow::Error| format!("{error:#}");
    if let Some(credentials) = credentials {
        let tls = credentials.tls(Role::Enrol).map_err(told)?;
        let shaken = shake_hands(stream, host, &tls).await;
        return match shaken {
            Ok(_) => Ok("it is the gateway that this agent knows".to_owned()),
            Err(error) => Err(told(error.into())),
        };
    }
    let (tls, seen) = ClientTls::looking(Role::Enrol).map_err(|error| told(error.into()))?;
    // It is refused in any case; what counts is what was presented.
    let shaken = shake_hands(stream, host, &tls).await;
    match (seen.describe(), shaken) {
        (Some(shown), _) => Ok(format!("TLS is spoken, not verified yet; {shown}")),
        (None, Err(error)) => Err(told(error.into())),
        (None, Ok(_)) => Err("no certificate was presented".to_owned()),
    }
}
