//! The addresses of names. The system's resolver keeps a thread for as long as it waits, and the
//! threads are counted: who asks for a name that is being looked up already waits with the first.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// What came of a lookup; errors are told to several.
type Found = Result<Vec<IpAddr>, (io::ErrorKind, String)>;
type Told = watch::Receiver<Option<Found>>;

/// The lookups that run, by name.
static FLIGHTS: Mutex<BTreeMap<String, Told>> = Mutex::new(BTreeMap::new());

/// The addresses of a host, in the order in which they are to be tried.
///
/// # Errors
/// When the system's resolver finds none.
pub async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = together(host, by_system).await?;
    let addresses = found.into_iter();
    Ok(addresses
        .map(|address| SocketAddr::new(address, port))
        .collect())
}

fn by_system(host: &str) -> io::Result<Vec<IpAddr>> {
    let found = (host, 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip()).collect())
}

async fn together(
    host: &str,
    lookup: impl FnOnce(&str) -> io::Result<Vec<IpAddr>> + Send + 'static,
) -> io::Result<Vec<IpAddr>> {
    let mut told = {
        let mut flights = flights();
        match flights.get(host) {
            Some(told) => told.clone(),
            None => {
                let (tell, told) = watch::channel(None);
                flights.insert(host.to_owned(), told.clone());
                let flight = Flight(host.to_owned());
                // It ends by itself, also where nobody waits for it any more.
                drop(spawn_blocking(move || {
                    let found = lookup(&flight.0);
                    drop(flight);
                    tell.send_replace(Some(
                        found.map_err(|error| (error.kind(), error.to_string())),
                    ));
                }));
                told
            }
        }
    };
    let found = told.wait_for(Option::is_some).await;
    let found = found.map_err(|_ended| io::Error::other("the lookup was given up"))?;
    match &*found {
        Some(Ok(found)) => Ok(found.clone()),
        Some(Err((kind, text))) => Err(io::Error::new(*kind, text.clone())),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// A lookup that runs, or will.
struct Flight(String);

impl Drop for Flight {
    fn drop(&mut self) {
        flights().remove(&self.0);
    }
}

fn flights() -> MutexGuard<'static, BTreeMap<String, Told>> {
    FLIGHTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_name_that_hangs_takes_one_thread_however_many_ask() {
        let (release, held) = mpsc::channel::<()>();
        let begun = Arc::new(AtomicUsize::new(0));
        let mut held = Some(held);
        let asking = (0..2_000).map(|_| {
            let (begun, held) = (Arc::clone(&begun), held.take());
            together("hangs.test", move |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                assert!(held.is_none_or(|held| held.recv().is_err()));
                Ok(vec![HERE])
            })
        });
        let asking: Vec<_> = asking.map(Box::pin).collect();
        let mut all = futures_util::future::join_all(asking);
        let soon = std::time::Duration::from_millis(100);
        assert!(tokio::time::timeout(soon, &mut all).await.is_err());
        // Others are found meanwhile.
        let other = together("other.test", |_| Ok(vec![HERE])).await;
        assert_eq!(other.unwrap(), [HERE]);
        drop(release);
        for found in all.await {
            assert_eq!(found.unwrap(), [HERE]);
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_next_one_asks_anew() {
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::TimedOut] {
            let failed = together("changes.test", move |_| Err(kind.into())).await;
            assert_eq!(failed.unwrap_err().kind(), kind);
        }
        let lost = together("changes.test", |_| panic!("as a resolver never does")).await;
        assert_eq!(lost.unwrap_err().to_string(), "the lookup was given up");
        let found = together("changes.test", |_| Ok(vec![HERE])).await;
        assert_eq!(found.unwrap(), [HERE]);
        assert_eq!(
            resolve("127.0.0.1", 7).await.unwrap(),
            [SocketAddr::new(HERE, 7)]
        );
        assert!(!resolve("localhost", 7).await.unwrap().is_empty());
    }
}
