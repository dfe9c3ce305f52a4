//! What a made-up agent tells of itself.

use underpass_shared::api::management::{
    ApplicationConnection, Connection, HeartbeatStatus, LinkStatus, ManagementStatus, Rating,
    SecurityEntry, SecurityStatus, Status, SubaccountCertificate, Tunnel, TunnelState,
};
use underpass_shared::config::{Document, Mapping, Subaccount};
use underpass_shared::pki::expiry::{CertificateKind, EXPIRING_DAYS, Expiry, ExpiryLevel};
use underpass_shared::policy::effective::effective;

use super::agent::{DemoAgent, State};
use super::cast::Trouble;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
const DAY_MS: i64 = 86_400_000;

/// What keeps tunnels down.
const UNREACHABLE: &str = "the gateway does not answer on port 443";

/// The connections of a subaccount, by its place in the document.
fn connections(agent: &DemoAgent, place: usize) -> Vec<Connection> {
    let failed = || Connection::Failed(UNREACHABLE.to_owned());
    match agent.trouble {
        Trouble::AllDown => vec![failed(), failed()],
        Trouble::TunnelDown if place == 0 => vec![Connection::Up, failed()],
        Trouble::TunnelDown
        | Trouble::Nothing
        | Trouble::Blocked
        | Trouble::Expiring(_)
        | Trouble::Weak
        | Trouble::OnTrial
        | Trouble::Away
        | Trouble::Refused
        | Trouble::KeyChanged => vec![Connection::Up, Connection::Up],
    }
}

pub(super) fn status(agent: &DemoAgent, state: &State) -> Status {
    let document = state.store.current().1;
    let wanted = document
        .subaccounts()
        .iter()
        .filter(|one| one.own().connected);
    let link = |(place, one): (usize, &std::sync::Arc<Subaccount>)| {
        let key = one.key();
        let connections = connections(agent, place);
        let is_up = connections.contains(&Connection::Up);
        LinkStatus {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
            location_id: key.location_id.clone(),
            instance: one.own().instance,
            connected_since_ms: is_up.then_some(agent.started_ms),
            gateway_version: is_up.then(|| VERSION.to_owned()),
            connections,
        }
    };
    Status {
        pid: 700 + u32::try_from(agent.seed % 9_000).unwrap_or(0),
        version: VERSION.to_owned(),
        time_ms: agent.now_ms(),
        revision: state.store.number(),
        problem: (agent.trouble == Trouble::Blocked)
            .then(|| "the disk is full: no change can be recorded".to_owned()),
        warnings: (agent.trouble == Trouble::Weak)
            .then(|| "the audit log does not record denied requests".to_owned())
            .into_iter()
            .collect(),
        expiring: expiring(agent).into_iter().collect(),
        drain: None,
        trial: None,
        heartbeat: document
            .connector()
            .heartbeat
            .url
            .as_ref()
            .map(|_| heartbeat(agent)),
        history_problem: None,
        management: ManagementStatus {
            listening: vec![std::net::SocketAddr::from(([0, 0, 0, 0], 8443))],
            tls12: false,
            problems: std::collections::BTreeMap::new(),
        },
        links: wanted.enumerate().map(link).collect(),
    }
}

/// How its heartbeat is doing: withheld while tunnels are down that shall be up.
fn heartbeat(agent: &DemoAgent) -> HeartbeatStatus {
    let now_ms = agent.now_ms();
    let is_down = matches!(agent.trouble, Trouble::AllDown);
    HeartbeatStatus {
        sent_ms: Some(now_ms - if is_down { 34 * 60_000 } else { 23_000 }),
        problem: is_down.then(|| "it was withheld: tunnels are down that shall be up".to_owned()),
    }
}

fn expiring(agent: &DemoAgent) -> Option<Expiry> {
    let Trouble::Expiring(days_left) = agent.trouble else {
        return None;
    };
    Some(Expiry {
        kind: CertificateKind::System,
        name: "system".to_owned(),
        subject_dn: format!("CN={},O=Contoso Demo", agent.host),
        not_after_time_stamp: agent.now_ms() + days_left * DAY_MS + DAY_MS / 2,
        days_left,
        level: match days_left {
            ..0 => ExpiryLevel::Expired,
            0..EXPIRING_DAYS => ExpiryLevel::Expiring,
            _ => ExpiryLevel::Ok,
        },
    })
}

pub(super) fn tunnel(agent: &DemoAgent, subaccount: &Subaccount) -> Tunnel {
    let own = subaccount.own();
    let connections = connections(agent, 0);
    let up = connections
        .iter()
        .filter(|one| **one == Connection::Up)
        .count();
    let now_ms = agent.now_ms();
    let state = match (own.connected, up) {
        (false, _) => TunnelState::Disconnected,
        (true, 0) => TunnelState::ConnectFailure,
        (true, _) => TunnelState::Connected,
    };
    let is_up = state == TunnelState::Connected;
    let applications = [("orders-api", 3), ("fiori-portal", 1)];
    let application = |(name, connection_count): (&str, u32)| ApplicationConnection {
        connection_count,
        name: name.to_owned(),
        kind: "JAVA".to_owned(),
    };
    Tunnel {
        state,
        connected_since_time_stamp: is_up.then_some(agent.started_ms),
        connections: if is_up { up } else { 0 },
        application_connections: applications
            .map(application)
            .into_iter()
            .filter(|_| is_up)
            .collect(),
        service_channels: vec![],
        state_message: (state == TunnelState::ConnectFailure).then(|| UNREACHABLE.to_owned()),
        subaccount_certificate: Some(SubaccountCertificate {
            not_before_time_stamp: now_ms - 20 * DAY_MS,
            not_after_time_stamp: now_ms + 70 * DAY_MS,
            subject_dn: format!("CN={}", own.instance),
            issuer: format!("CN=Underpass {}", own.key.region_host),
            serial_number: format!("{:016X}", agent.seed.rotate_left(17)),
        }),
    }
}

pub(super) fn not_effective(mapping: &Mapping) -> Option<String> {
    effective(mapping).err().map(|reason| reason.to_string())
}

pub(super) fn security(agent: &DemoAgent, document: &Document) -> SecurityStatus {
    let weak = agent.trouble == Trouble::Weak;
    let trust_all = document.connector().backend_trust().trust_all_backends();
    let all = document.subaccounts().iter();
    let all = all.flat_map(|of| of.mappings().iter().map(move |one| (of.key(), one)));
    let plain = all.filter(|(_, one)| !one.protocol.uses_tls());
    let plain = plain.map(|(key, one)| format!("{} of {}", one.virtual_address, key.subaccount));
    let plain: Vec<String> = plain.take(10).collect();
    SecurityStatus::of(vec![
        if trust_all {
            let remedy = "trust the certificates of your back ends one by one";
            let text = "every certificate of a back end is trusted";
            SecurityEntry::bad("backendTrust", Rating::Risk, text, remedy)
        } else {
            SecurityEntry::ok("backendTrust", "back ends show trusted certificates")
        },
        if weak {
            let remedy = "set the level of the audit log to SECURITY";
            let text = "denied requests are not recorded";
            SecurityEntry::bad("auditLevel", Rating::Warning, text, remedy)
        } else {
            SecurityEntry::ok("auditLevel", "denied requests are recorded")
        },
        SecurityEntry::bad(
            "allowedTargets",
            Rating::Warning,
            "mappings may lead to guarded addresses: 127.0.0.1:8080",
            "guard again what no system mapping needs, with `underpass-agent target remove`",
        ),
        if plain.is_empty() {
            SecurityEntry::ok("plainBackends", "all back ends are reached through TLS")
        } else {
            let text = format!("back ends are reached without TLS: {}", plain.join(", "));
            let remedy = "map them with HTTPS where the network between is not yours alone";
            SecurityEntry::bad("plainBackends", Rating::Warning, text, remedy)
        },
        SecurityEntry::ok("wholeSystems", "no system is open as a whole"),
        SecurityEntry::ok("riskyPrefixes", "resources match by whole segments"),
        SecurityEntry::ok("dataKey", "the data key is a credential of the service"),
        SecurityEntry::ok("serviceUser", "the agent runs as a user of its own"),
    ])
}
