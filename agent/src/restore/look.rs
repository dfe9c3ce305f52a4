//! Finds out how the state of a plan fits this host: names, ports, gateways.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::error::ErrorKind;
use underpass_shared::api::handover::{PRESENCE, Presence, Present};
use underpass_shared::backup::{Content, Enrolment};
use underpass_shared::host::InternalHost;
use underpass_shared::id::{InstanceId, RegionHost};
use underpass_shared::protocol::role::Role;
use underpass_shared::restore::{Draft, Facts, Questions};

use crate::credentials::Credentials;
use crate::secrets::SecretStore;
use crate::tunnel::control::{ControlError, Gateway};
use crate::tunnel::dial::{dial, resolve};
use crate::tunnel::{Route, open, process};

/// How long one name may take.
const NAME_TIME: Duration = Duration::from_secs(3);
/// Names and gateways at a time.
const AT_A_TIME: usize = 32;
/// Names that are looked up; with 3 s each and 32 at a time these take half of the time that a
/// request has.
const NAMES_MAX: usize = 600;
/// Gateways that are dialled; an agent has some few.
const GATEWAYS_MAX: usize = 64;

/// Answers the questions of a draft.
pub(crate) async fn look(
    questions: Questions,
    draft: &Draft,
    content: &Content,
    secrets: &SecretStore,
    tasks: &Tasks,
) -> Facts {
    let (names, gateways) = (questions.hosts, questions.gateways);
    let unanswered =
        names.len().saturating_sub(NAMES_MAX) + gateways.len().saturating_sub(GATEWAYS_MAX);
    let unresolved = stream::iter(names.into_iter().take(NAMES_MAX))
        .map(async |host| Some((host.clone(), unknown(&host).await?)))
        .buffer_unordered(AT_A_TIME)
        .filter_map(async |found| found);
    let route = route(draft, content, secrets);
    let unreachable = stream::iter(gateways.into_iter().take(GATEWAYS_MAX))
        .map(async |host| {
            let reached = reach(&host, &route, enrolment(&host, draft, content)).await;
            let error = reached.err()?;
            Some((host, format!("{error:#}")))
        })
        .buffer_unordered(AT_A_TIME)
        .filter_map(async |found| found);
    let standings = stream::iter(connected(draft, content))
        .map(async |one: Connected| {
            let standing = standing(&one.host, &route, &one.credentials, tasks).await;
            (one.instance, standing)
        })
        .buffer_unordered(AT_A_TIME);
    let (unresolved, unreachable, standings) = futures_util::join!(
        unresolved.collect(),
        unreachable.collect(),
        standings.collect::<Vec<_>>()
    );
    let (mut elsewhere, mut refused) = (BTreeSet::new(), BTreeMap::new());
    for (instance, standing) in standings {
        match standing {
            Standing::Free => {}
            Standing::Elsewhere => drop(elsewhere.insert(instance)),
            Standing::Refused(why) => drop(refused.insert(instance, why)),
        }
    }
    let taken = questions.ports.into_iter();
    Facts {
        now_ms: clock::wall_ms(),
        unresolved,
        unreachable,
        taken: taken
            .filter_map(|port| Some((port, taken_by(port)?)))
            .collect(),
        elsewhere,
        refused,
        unanswered,
    }
}

/// Why a name does not resolve, if it does not.
async fn unknown(host: &InternalHost) -> Option<String> {
    if host.as_str().parse::<IpAddr>().is_ok() {
        return None;
    }
    match timeout(NAME_TIME, resolve((host.as_str(), 0))).await {
        Ok(Ok(addresses)) if addresses.is_empty() => Some("it has no address".to_owned()),
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_elapsed) => Some("the name server does not answer".to_owned()),
    }
}

/// Why a port cannot be listened on, if it cannot.
fn taken_by(port: u16) -> Option<String> {
    let bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port));
    bound.err().map(|error| error.to_string())
}

/// The way out that the new document names.
fn route(draft: &Draft, content: &Content, secrets: &SecretStore) -> anyhow::Result<Route> {
    let Some(proxy) = draft.document.connector().proxy() else {
        return Ok(Route::Direct);
    };
    let login = match proxy.login() {
        None => None,
        Some((user, id)) => {
            let old = draft.writes.passwords.get(&id);
            let backed = old.and_then(|old| content.secrets.passwords.get(old));
            let password = match backed {
                Some(password) => password.0.clone(),
                None => secrets.load(id)?,
            };
            Some((user.to_owned(), password))
        }
    };
    Ok(Route::through(proxy.host().clone(), proxy.port(), login))
}

/// An enrolment of the backup for a gateway, to show who asks.
fn enrolment<'a>(host: &RegionHost, draft: &Draft, content: &'a Content) -> Option<&'a Enrolment> {
    let own = draft.document.subaccounts().iter().map(|one| one.own());
    let mut own = own.filter(|own| own.key.region_host == *host);
    own.find_map(|own| content.enrolments.get(&own.instance))
}

async fn reach(
    host: &RegionHost,
    route: &anyhow::Result<Route>,
    enrolment: Option<&Enrolment>,
) -> anyhow::Result<()> {
    let route = match route {
        Ok(route) => route,
        Err(error) => anyhow::bail!("the proxy cannot be used: {error:#}"),
    };
    let Some(enrolment) = enrolment else {
        open(host, route).await?;
        return Ok(());
    };
    dial(host, route, &credentials(enrolment).tls(Role::Control)?).await?;
    Ok(())
}

fn credentials(enrolment: &Enrolment) -> Credentials {
    Credentials {
        key: enrolment.key.expose().to_owned(),
        certificate: enrolment.certificate.clone(),
        ca_bundle: enrolment.ca_bundle.clone(),
    }
}

/// A subaccount that would be connected by an enrolment of the backup.
struct Connected {
    host: RegionHost,
    instance: InstanceId,
    credentials: Credentials,
}

fn connected(draft: &Draft, content: &Content) -> Vec<Connected> {
    let own = draft.document.subaccounts().iter().map(|one| one.own());
    let own = own.filter(|own| own.connected && draft.writes.enrolments.contains(&own.instance));
    let connected = own.filter_map(|own| {
        Some(Connected {
            host: own.key.region_host.clone(),
            instance: own.instance,
            credentials: credentials(content.enrolments.get(&own.instance)?),
        })
    });
    connected.take(GATEWAYS_MAX).collect()
}

/// What the gateway says of an enrolment.
enum Standing {
    /// Nothing is in the way of a tunnel; a gateway that does not answer is told of elsewhere.
    Free,
    /// Another process holds tunnels by it.
    Elsewhere,
    /// It is not taken, since it was revoked or its key is too old.
    Refused(String),
}

async fn standing(
    host: &RegionHost,
    route: &anyhow::Result<Route>,
    credentials: &Credentials,
    tasks: &Tasks,
) -> Standing {
    let Ok(route) = route else {
        return Standing::Free;
    };
    let gateway = Gateway {
        host,
        route,
        credentials,
        tasks,
    };
    let presence = Presence {
        process: Some(process()),
    };
    match gateway.ask::<Present>(PRESENCE, &presence).await {
        Ok(Present { elsewhere: true }) => Standing::Elsewhere,
        Err(ControlError::Refused(why, ErrorKind::InvalidCertificate)) => Standing::Refused(why),
        Ok(Present { elsewhere: false }) | Err(_) => Standing::Free,
    }
}
