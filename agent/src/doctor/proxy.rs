//! `proxy test`: the way through an HTTP proxy, step by step.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tls::ClientTls;
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::role::Role;
use underpass_shared::protocol::timers::HANDSHAKE;

use super::Check;
use crate::credentials::Credentials;
use crate::tunnel::ProxyRoute;
use crate::tunnel::dial::{connect_any, resolve, shake_hands};

const NAME: &str = "name of the proxy";
const TCP: &str = "connection to the proxy";
const CONNECT: &str = "CONNECT";
const TLS: &str = "TLS with the gateway";

/// Goes through a proxy to each of some gateways and prints the steps. Where the agent has nothing
/// from a gateway yet, its certificate is shown and not verified.
///
/// # Errors
/// When a step failed, or the report cannot be written.
pub async fn test(
    proxy: &ProxyRoute,
    gateways: &[(RegionHost, Option<Credentials>)],
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut checks = vec![];
    for (host, credentials) in gateways {
        let mut steps = Steps {
            checks: &mut checks,
            since: clock::monotonic(),
        };
        // It is in the report.
        drop(steps.go(proxy, host, credentials.as_ref()).await);
    }
    super::report(checks, json, out)
}

/// A step failed, and the others make no sense.
struct Failed;

/// The steps so far.
struct Steps<'a> {
    checks: &'a mut Vec<Check>,
    since: Duration,
}

impl Steps<'_> {
    async fn go(
        &mut self,
        proxy: &ProxyRoute,
        host: &RegionHost,
        credentials: Option<&Credentials>,
    ) -> Result<(), Failed> {
        let found = in_time(resolve(proxy.address())).await;
        let addresses = self.step(NAME, found, "check the name, and this host's DNS")?;
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        self.note(Check::ok(NAME, format!("{proxy} is {}", list.join(", "))));

        let stream = in_time(connect_any(&addresses)).await;
        let advice = "check the proxy's address and port, and the firewall before it";
        let stream = self.step(TCP, stream, advice)?;
        self.note(Check::ok(TCP, proxy.to_string()));

        let opened = proxy.open(stream, host).await;
        let advice = "do what the sentence says; the proxy's own log tells more";
        let stream = self.step(CONNECT, opened, advice)?;
        self.note(Check::ok(CONNECT, format!("the way to {host} is open")));

        let Some(credentials) = credentials else {
            let looking = ClientTls::looking(Role::Enrol).map_err(io::Error::other);
            let (tls, seen) = self.step(TLS, looking, "tell the makers")?;
            // The certificate is refused in any case.
            drop(in_time(shake_hands(stream, host, &tls)).await);
            let advice = "enrol, and the gateway's authority is pinned";
            self.note(match seen.describe() {
                Some(certificate) => {
                    Check::warn(TLS, format!("not verified; {certificate}"), advice)
                }
                None => Check::fail(
                    TLS,
                    "what answers does not speak TLS",
                    "check host and port of the gateway",
                ),
            });
            return Ok(());
        };
        let tls = credentials.tls(Role::Enrol).map_err(io::Error::other);
        let tls = self.step(TLS, tls, "enrol the agent again with a new token")?;
        let shaken = in_time(shake_hands(stream, host, &tls)).await;
        let advice = "the proxy must not break TLS open: let this host pass; `underpass-agent doctor --host` shows the certificate that came";
        self.step(TLS, shaken, advice)?;
        self.note(Check::ok(
            TLS,
            format!("{host} is the gateway that was pinned"),
        ));
        Ok(())
    }

    fn step<T, E>(
        &mut self,
        name: &'static str,
        result: Result<T, E>,
        advice: &str,
    ) -> Result<T, Failed>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        result.map_err(|error| {
            let error = format!("{:#}", anyhow::Error::from(error));
            self.note(Check::fail(name, error, advice));
            Failed
        })
    }

    fn note(&mut self, check: Check) {
        let now = clock::monotonic();
        let took = now.saturating_sub(self.since);
        self.since = now;
        self.checks.push(Check {
            millis: u64::try_from(took.as_millis()).ok(),
            ..check
        });
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = |_elapsed| io::Error::new(io::ErrorKind::TimedOut, "nothing came within 10 s");
    timeout(HANDSHAKE, work).await.map_err(late)?
}
