//! The way to the gateways: name, proxy, TCP, TLS, time, certificate.

use std::path::Path;
use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::ClientTls;
use underpass_shared::api::management::{Connection, Status};
use underpass_shared::id::{InstanceId, RegionHost};
use underpass_shared::protocol::role::Role;

use super::Check;
use crate::credentials::{CredentialStore, Credentials};
use crate::secrets::SecretStore;

use crate::status;
use crate::store::{self, Store};
use crate::tunnel::Route;
use crate::tunnel::dial::{DialError, dial};
use crate::tunnel::enrol::gateway_time;

const ENROLMENT: &str = "enrolment";
const TUNNEL: &str = "tunnel";
const NAME: &str = "name resolution";
const PROXY: &str = "proxy";
const TCP: &str = "connection to the gateway";
const TLS: &str = "TLS with the gateway";
const CLOCK: &str = "clock";
const CERTIFICATE: &str = "client certificate";

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// It is renewed at half of its life, so that little left means that renewal fails.
const CERTIFICATE_GOOD_MS: i64 = 7 * DAY_MS;
/// Tokens and certificates are good for minutes at least; more than this needs a look ...
const SKEW_GOOD: Duration = Duration::from_secs(5);
/// ... and more than this makes them fail.
const SKEW_MAX: Duration = Duration::from_secs(60);

/// A gateway, and what the agent has from it.
struct Target {
    host: RegionHost,
    credentials: Option<Credentials>,
}

/// Checks the way to one gateway, or to those of all enrolments.
pub(super) async fn checks(dir: &Path, host: Option<&RegionHost>, tasks: &Tasks) -> Vec<Check> {
    if host.is_none() && Store::is_in_use(dir) {
        // It tells itself, and of its own proxy.
        return running(dir);
    }
    let document = match store::peek(dir) {
        Ok(document) => document,
        Err(problem) if host.is_none() => {
            let advice = "see the sentence; to check the way to a gateway now, give --host";
            return vec![Check::fail(ENROLMENT, problem.to_string(), advice)];
        }
        Err(_) => None,
    };
    let connector = document.as_ref().map(|document| document.connector());
    let proxy = connector.and_then(|connector| connector.proxy());
    let route = match Route::of(proxy, &SecretStore::new(dir)) {
        Ok(route) => route,
        Err(error) => {
            return vec![Check::fail(
                PROXY,
                format!("{error:#}"),
                "set the proxy again",
            )];
        }
    };
    let (store, mut checks) = (CredentialStore::new(dir), vec![]);
    let mut targets: Vec<Target> = vec![];
    for own in document.iter().flat_map(|document| document.subaccounts()) {
        let own = own.own();
        let credentials = credentials(&store, own.instance, &mut checks);
        let known = targets.iter().any(|one| one.host == own.key.region_host);
        if !known && host.is_none_or(|host| *host == own.key.region_host) {
            let host = own.key.region_host.clone();
            targets.push(Target { host, credentials });
        }
    }
    if let (Some(host), true) = (host, targets.is_empty()) {
        let (host, credentials) = (host.clone(), None);
        targets.push(Target { host, credentials });
    }
    if targets.is_empty() {
        let advice =
            "enrol with `underpass-agent enrol TOKEN`; to check the way before, give --host";
        checks.push(Check::warn(ENROLMENT, "this agent is not enrolled", advice));
    }
    for target in targets {
        checks.extend(reach(&target, &route, tasks).await);
    }
    checks
}

/// What a running agent tells of its tunnels.
fn running(dir: &Path) -> Vec<Check> {
    let text = std::fs::read_to_string(status::path(dir)).unwrap_or_default();
    let Ok(status) = serde_json::from_str::<Status>(&text) else {
        let advice = "look at its log; it may have started this moment";
        return vec![Check::warn(
            TUNNEL,
            "the agent runs and tells nothing",
            advice,
        )];
    };
    let mut checks = vec![];
    if let Some(problem) = status.problem {
        checks.push(Check::fail(ENROLMENT, problem, "do what the sentence says"));
    }
    for link in &status.links {
        let link_name = format!("{} \"{}\"", link.region_host, link.location_id);
        let up = |one: &&Connection| **one == Connection::Up;
        let up = link.connections.iter().filter(up).count();
        let seen = format!("{link_name}: {up} of {} up", link.connections.len());
        let failed = link.connections.iter().find_map(|one| match one {
            Connection::Failed(reason) => Some(reason),
            Connection::Up | Connection::Connecting => None,
        });
        let advice = match failed {
            Some(reason) => format!("{reason}; more with --host {}", link.region_host),
            None => "it connects at this moment; look again".to_owned(),
        };
        checks.push(match up {
            0 => Check::fail(TUNNEL, seen, advice),
            up if up < link.connections.len() => Check::warn(TUNNEL, seen, advice),
            _ => Check::ok(TUNNEL, seen),
        });
    }
    if checks.is_empty() {
        let advice = "enrol with `underpass-agent enrol TOKEN`";
        checks.push(Check::warn(
            TUNNEL,
            "the agent runs and has no tunnel",
            advice,
        ));
    }
    checks
}

fn credentials(
    store: &CredentialStore,
    instance: InstanceId,
    checks: &mut Vec<Check>,
) -> Option<Credentials> {
    let loaded = store
        .load(instance)
        .and_then(|credentials| Ok((credentials.info()?.not_after_ms, credentials)));
    match loaded {
        Ok((end, credentials)) => {
            checks.push(life(end - clock::wall_ms()));
            Some(credentials)
        }
        Err(error) => {
            let advice = "enrol the agent again with a new token";
            checks.push(Check::fail(CERTIFICATE, format!("{error:#}"), advice));
            None
        }
    }
}

fn life(left_ms: i64) -> Check {
    let days = left_ms / DAY_MS;
    if left_ms <= 0 {
        let advice = "start the agent: it can still renew for 60 days; later enrol it again";
        Check::fail(CERTIFICATE, format!("expired {} days ago", -days), advice)
    } else if left_ms < CERTIFICATE_GOOD_MS {
        let advice = "start the agent: it renews by itself; if it runs, look at its log";
        Check::warn(CERTIFICATE, format!("good for {days} more days"), advice)
    } else {
        Check::ok(CERTIFICATE, format!("good for {days} more days"))
    }
}

/// Goes the whole way once. Where the gateway is not known yet, to its certificate only.
async fn reach(target: &Target, route: &Route, tasks: &Tasks) -> Vec<Check> {
    let host = &target.host;
    let tls = match &target.credentials {
        Some(credentials) => credentials.tls(Role::Enrol),
        None => return look(host, route).await,
    };
    let tls = match tls {
        Ok(tls) => tls,
        Err(error) => {
            let advice = "enrol the agent again with a new token";
            return vec![Check::fail(TLS, format!("{error:#}"), advice)];
        }
    };
    match dial(host, route, &tls).await {
        Ok((stream, wire)) => {
            let mut checks = reached(host, route);
            checks.push(Check::ok(
                TLS,
                format!("{host} is the gateway that was pinned"),
            ));
            let before = clock::wall_ms();
            match gateway_time(stream, wire, tasks).await {
                Ok(time) => checks.push(skew(before, clock::wall_ms(), time)),
                Err(error) => {
                    let advice = "compare this host's clock with a good one";
                    let seen = format!("the gateway did not tell its time ({error:#})");
                    checks.push(Check::warn(CLOCK, seen, advice));
                }
            }
            checks
        }
        Err(DialError::Tls { source, .. }) => {
            let mut checks = reached(host, route);
            let came = presented(host, route).await;
            let seen = format!("{source}; {came}");
            let advice = "if that is no certificate of the gateway, a firewall breaks TLS open: let this host pass; if the gateway was made anew, enrol again";
            checks.push(Check::fail(TLS, seen, advice));
            checks
        }
        Err(error) => vec![broken(error)],
    }
}

/// Without a pin there is nothing to verify: says what is there.
async fn look(host: &RegionHost, route: &Route) -> Vec<Check> {
    let Ok((tls, seen)) = ClientTls::looking(Role::Enrol) else {
        return vec![];
    };
    match dial(host, route, &tls).await {
        // The certificate is refused in any case.
        Ok(_) | Err(DialError::Tls { .. }) => {
            let mut checks = reached(host, route);
            checks.push(match seen.describe() {
                Some(certificate) => {
                    let advice = "compare it with the gateway's; enrolment pins its authority";
                    Check::warn(TLS, format!("not verified; {certificate}"), advice)
                }
                None => {
                    let advice = "check host and port: something else listens there";
                    Check::fail(TLS, "what answers does not speak TLS", advice)
                }
            });
            checks
        }
        Err(error) => vec![broken(error)],
    }
}

async fn presented(host: &RegionHost, route: &Route) -> String {
    let nothing = "no certificate came".to_owned();
    let Ok((tls, seen)) = ClientTls::looking(Role::Enrol) else {
        return nothing;
    };
    drop(dial(host, route, &tls).await);
    seen.describe().unwrap_or(nothing)
}

fn reached(host: &RegionHost, route: &Route) -> Vec<Check> {
    match route {
        Route::Direct => vec![
            Check::ok(NAME, host.host()),
            Check::ok(TCP, host.to_string()),
        ],
        Route::Proxy(proxy) => vec![
            Check::ok(PROXY, proxy.to_string()),
            Check::ok(TCP, format!("{host} through the proxy")),
        ],
    }
}

fn broken(error: DialError) -> Check {
    let (name, advice) = match &error {
        DialError::Resolve { .. } => (NAME, "check the name, and this host's DNS"),
        DialError::Connect { .. } => (TCP, "check host, port and firewall; behind a proxy, set it"),
        DialError::ResolveProxy { .. }
        | DialError::ConnectProxy { .. }
        | DialError::Proxy { .. } => (PROXY, "check the proxy's address, its login and its rules"),
        DialError::Tls { .. } | DialError::Timeout { .. } => (
            TLS,
            "something on the way swallows TLS: check firewall and proxy",
        ),
    };
    Check::fail(name, format!("{:#}", anyhow::Error::from(error)), advice)
}

/// The gateway's clock, in whole seconds, was read between `before` and `after`.
fn skew(before: i64, after: i64, gateway: i64) -> Check {
    // Half a second of the whole ones, and the way there and back, are no skew.
    let off = if gateway + 1_000 < before {
        gateway + 1_000 - before
    } else {
        (gateway - after).max(0)
    };
    let size = Duration::from_millis(off.unsigned_abs());
    let direction = if off < 0 { "ahead of" } else { "behind" };
    let seen = format!("{} s {direction} the gateway", size.as_secs());
    let advice = "set the clock, and keep it right with NTP";
    if size > SKEW_MAX {
        Check::fail(CLOCK, seen, advice)
    } else if size > SKEW_GOOD {
        Check::warn(CLOCK, seen, advice)
    } else {
        Check::ok(
            CLOCK,
            format!("as the gateway's, to {} s", SKEW_GOOD.as_secs()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn clocks_are_compared_in_both_directions() {
        let now = 1_700_000_000_500;
        assert_eq!(skew(now, now + 100, now - 500).outcome, Outcome::Ok);
        assert_eq!(skew(now, now + 9_000, now + 9_000).outcome, Outcome::Ok);
        let ahead = skew(now, now, now - 30_000);
        assert_eq!(ahead.outcome, Outcome::Warn);
        assert!(ahead.seen.contains("ahead of"), "{ahead}");
        let behind = skew(now, now, now + 3_600_000);
        assert_eq!(behind.outcome, Outcome::Fail);
        assert_eq!(behind.seen, "3600 s behind the gateway");
    }

    #[test]
    fn certificates_are_told_by_their_life() {
        assert_eq!(life(20 * DAY_MS).outcome, Outcome::Ok);
        assert_eq!(life(3 * DAY_MS).outcome, Outcome::Warn);
        let expired = life(-2 * DAY_MS);
        assert_eq!(expired.outcome, Outcome::Fail);
        assert_eq!(expired.seen, "expired 2 days ago");
    }
}
