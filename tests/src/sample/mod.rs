//! The sample back end: a small HTTP/1.1 server that stands for an internal system.

mod pattern;
mod routes;
mod websocket;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub use pattern::{Pattern, pattern_byte};

/// Where a WebSocket handshake leaves the upgrade for its connection to finish.
type UpgradeSlot = Arc<Mutex<Option<OnUpgrade>>>;

/// Serves connections until `stop` completes, then drops those still open.
///
/// # Errors
/// Fails when the listener can not tell its address or can not accept any more.
pub async fn serve(listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let own_address = listener.local_addr()?;
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, own_address.to_string()));
                }
                Err(error) if is_per_connection(&error) => {}
                Err(error) => return Err(error),
            },
        }
    }
}

/// A client that is gone before it is accepted is no fault of the listener.
fn is_per_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

async fn serve_connection(stream: TcpStream, own_address: String) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let slot = UpgradeSlot::default();
    let service = service_fn(|request| {
        let (slot, own_address) = (Arc::clone(&slot), own_address.clone());
        async move { routes::answer(request, &own_address, &slot).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection ended");
        return;
    }
    let upgrade = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrade) = upgrade {
        websocket::echo(upgrade).await;
    }
}

#[cfg(test)]
mod tests;
