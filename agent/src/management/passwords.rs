//! Users with a password: who is let in by HTTP's Basic authentication, and how often one may try.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use underpass_runtime::{clock, password};
use underpass_shared::api::management::{ErrorType, Refusal};
use underpass_shared::config::limits::MONITORING_PASSWORD_LEN_MAX;
use underpass_shared::config::{Alias, MonitoringUsers};
use underpass_shared::id::CredentialId;
use underpass_shared::policy::throttle::Throttle;
use underpass_shared::secret::Secret;

use crate::admin::{Caller, refused};
use crate::secrets::SecretStore;

/// Failures of one source in [`WINDOW`]; several programs may share an address.
const SOURCE_FAILURES_MAX: u32 = 20;
/// Failures for one name in [`WINDOW`], wherever they come from.
const USER_FAILURES_MAX: u32 = 10;
/// Within which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Hashes at a time; each takes 19 MiB and a processor.
const WORKERS_MAX: usize = 2;
/// How long one waits for a turn before being sent away.
const TURN_TIME: Duration = Duration::from_secs(5);
/// Bytes of a password that is looked at: as many as its characters can have.
const PASSWORD_LEN_MAX: usize = 4 * MONITORING_PASSWORD_LEN_MAX;

/// Whoever showed a password on a connection, so that it is not hashed for each request.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Option<(Secret, Alias, CredentialId)>);

impl Shown {
    /// The user, where these are the same words and he still has this password.
    fn user(&self, words: &Secret, users: &MonitoringUsers) -> Option<Alias> {
        let (shown, name, id) = self.0.as_ref()?;
        let user = users.get(name.as_str())?;
        (user.password == *id && shown == words).then(|| name.clone())
    }

    /// Whether he was let in and may be no longer.
    pub(super) fn is_over(&self, users: &MonitoringUsers) -> bool {
        let over = |(_, name, id): &(Secret, Alias, CredentialId)| {
            users
                .get(name.as_str())
                .is_none_or(|one| one.password != *id)
        };
        self.0.as_ref().is_some_and(over)
    }
}

/// Where passwords are checked.
pub(super) struct Gate {
    secrets: SecretStore,
    tries: Mutex<Tries>,
    workers: Arc<Semaphore>,
}

struct Tries {
    sources: Throttle<IpAddr>,
    users: Throttle<Alias>,
}

impl Gate {
    pub(super) fn new(secrets: SecretStore) -> Self {
        Self {
            secrets,
            tries: Mutex::new(Tries {
                sources: Throttle::new(SOURCE_FAILURES_MAX, WINDOW),
                users: Throttle::new(USER_FAILURES_MAX, WINDOW),
            }),
            workers: Arc::new(Semaphore::new(WORKERS_MAX)),
        }
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who the words of a request name, and what to remember of him.
    pub(super) async fn admit(
        &self,
        words: Secret,
        shown: &Shown,
        users: &MonitoringUsers,
        source: IpAddr,
    ) -> Result<(Caller, Shown), Response<Bytes>> {
        if let Some(name) = shown.user(&words, users) {
            return Ok((Caller::Monitoring(name), shown.clone()));
        }
        let Some((name, password)) = read(&words) else {
            return Err(unauthorised());
        };
        let source = network(source);
        self.begin(source, &name).map_err(later)?;
        let id = users.get(name.as_str()).map(|user| user.password);
        let turn = Arc::clone(&self.workers).acquire_owned();
        let Ok(Ok(turn)) = timeout(TURN_TIME, turn).await else {
            return Err(later(TURN_TIME));
        };
        let secrets = self.secrets.clone();
        // Who is unknown costs the same work.
        let checked = spawn_blocking(move || {
            // The work goes on without a client that left, and so does its turn.
            let _turn = turn;
            let kept = id.and_then(|id| secrets.load(id).ok());
            password::is_of(&password, kept.as_ref())
        });
        match (checked.await, id) {
            (Ok(true), Some(id)) => {
                let mut tries = self.tries();
                tries.sources.succeeded(&source);
                tries.users.succeeded(&name);
                let shown = Shown(Some((words, name.clone(), id)));
                Ok((Caller::Monitoring(name), shown))
            }
            (Ok(_) | Err(_), _) => {
                tracing::info!(%source, "a wrong name or password at the management API");
                Err(unauthorised())
            }
        }
    }

    /// Counts a try, or says how long to wait.
    fn begin(&self, source: IpAddr, name: &Alias) -> Result<(), Duration> {
        let now = clock::monotonic();
        let mut tries = self.tries();
        let begun = tries.sources.begin(&source, now);
        let begun = begun.and_then(|()| tries.users.begin(name, now));
        begun.inspect_err(|_wait| {
            tracing::warn!(%source, "too many wrong passwords at the management API");
        })
    }
}

/// The words of Basic authentication in a request.
pub(super) fn words(headers: &HeaderMap) -> Option<Secret> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, words) = text.split_once(' ')?;
    let basic = scheme.eq_ignore_ascii_case("basic");
    basic.then(|| Secret::new(words.trim().to_owned()))
}

fn read(words: &Secret) -> Option<(Alias, Secret)> {
    let plain = STANDARD.decode(words.expose()).ok()?;
    let plain = Secret::new(String::from_utf8(plain).ok()?);
    let (name, password) = plain.expose().split_once(':')?;
    let fits = password.len() <= PASSWORD_LEN_MAX;
    let name = name.parse().ok().filter(|_| fits)?;
    Some((name, Secret::new(password.to_owned())))
}

/// What counts as one source: who has an IPv6 address has 2^64 of them.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

/// 401, with what a client may show.
fn unauthorised() -> Response<Bytes> {
    let message = "the client certificate of an operator, or the name and password of a \
                   monitoring user is needed";
    let mut response = super::outside::unauthorised(message);
    let basic = HeaderValue::from_static("Basic realm=\"underpass\", charset=\"UTF-8\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, basic);
    response
}

/// 429, with how long to wait.
fn later(wait: Duration) -> Response<Bytes> {
    let kind = ErrorType::ForbiddenRequest;
    refused(&Refusal::later(kind, "too many tries", wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_a_user_or_nobody() {
        let read = |text: &str| read(&Secret::new(STANDARD.encode(text)));
        let (name, password) = read("prom:a:b").unwrap();
        assert_eq!((name.as_str(), password.expose()), ("prom", "a:b"));
        for wrong in ["prom", ":x", "a b:x", &format!("p:{}", "x".repeat(1_025))] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        let mut headers = HeaderMap::new();
        assert!(words(&headers).is_none());
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(words(&headers).is_none());
        headers.insert(AUTHORIZATION, HeaderValue::from_static("basic eA=="));
        assert_eq!(words(&headers).unwrap().expose(), "eA==");
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
