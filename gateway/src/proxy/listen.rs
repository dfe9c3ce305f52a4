//! The consumers' listener: one acceptor, connections handed to the data threads in turn.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_shared::head::{HEADERS_MAX, READ_MAX};

use super::forward::{self, Shard};
use super::networks::Networks;
use super::socket::Socket;
use super::watched::watched;
use crate::metrics::{Consumer, Counted, Metrics};
use crate::token::{TokenCache, Verifier};
use crate::tunnels::Registry;

/// How long a consumer may take to send a request's head, and how long an idle connection lives.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// Pause after the system refuses a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the proxy needs.
pub struct Proxy {
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// The tunnels.
    pub registry: Registry,
    /// The data threads.
    pub threads: Arc<[Handle]>,
    /// Who may connect.
    pub networks: Networks,
    /// The counters.
    pub metrics: Arc<Metrics>,
}

/// Accepts consumers until told to stop.
pub async fn run(listener: TcpListener, proxy: Proxy, tasks: Tasks) {
    let shards: Vec<(Handle, Arc<Shard>)> = proxy
        .threads
        .iter()
        .enumerate()
        .map(|(thread, handle)| {
            let shard = Shard {
                thread,
                registry: proxy.registry.clone(),
                cache: Mutex::new(TokenCache::new(Arc::clone(&proxy.verifier))),
                tasks: tasks.clone(),
                traffic: proxy.metrics.traffic(thread),
            };
            (handle.clone(), Arc::new(shard))
        })
        .collect();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        let least = shards
            .iter()
            .min_by_key(|(_, shard)| shard.traffic.consumers());
        if let Ok((_, peer)) = &accepted
            && !proxy.networks.allow(peer.ip())
        {
            proxy
                .metrics
                .consumers_refused
                .fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%peer, "consumer refused: its network is not allowed");
            continue;
        }
        match (accepted.and_then(|(stream, _)| stream.into_std()), least) {
            (Ok(stream), Some((handle, shard))) => {
                let counted = shard.traffic.consumer();
                let connection = consumer(stream, Arc::clone(shard), counted);
                tasks.spawn_on(handle, "consumer", connection);
            }
            (Err(error), _) => {
                tracing::warn!(%error, "cannot accept a consumer");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Ok(_), None) => return,
        }
    }
}

async fn consumer(stream: std::net::TcpStream, shard: Arc<Shard>, counted: Consumer) {
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%error, "cannot take a consumer's connection");
            return;
        }
    };
    if net::tune_edge(&stream).is_err() {
        // It is gone already.
        return;
    }
    let tasks = shard.tasks.clone();
    let account = counted.account();
    let breaks = Arc::new(AtomicBool::new(false));
    let stream = Socket::new(stream, Arc::clone(&breaks));
    let (stream, verdicts) = watched(Counted::new(stream, counted));
    let service = service_fn(|request: Request<Incoming>| {
        let (shard, account) = (Arc::clone(&shard), Arc::clone(&account));
        let raw = verdicts.next();
        if request.version() < Version::HTTP_11 {
            breaks.store(true, Ordering::Relaxed);
        }
        async move { Ok::<_, Infallible>(forward::handle(request, raw, &shard, &account).await) }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(READ_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tasks.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if !ended.as_ref().is_err_and(hyper::Error::is_user) {
        // No body broke off.
        breaks.store(false, Ordering::Relaxed);
    }
    if let Err(error) = ended {
        tracing::debug!(%error, "consumer connection ended");
    }
}
