//! The operating system's wish that the process ends.

use std::future::Future;
use std::io;

/// Resolves at SIGTERM or Ctrl-C. Signals count from the call on, not from the first poll.
///
/// # Errors
/// When the handlers cannot be installed.
#[cfg(unix)]
pub fn requested() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C, Ctrl-Break or the end of the session.
///
/// # Errors
/// When the handlers cannot be installed.
#[cfg(windows)]
pub fn requested() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_shutdown};

    let (mut c, mut stop, mut shutdown) = (ctrl_c()?, ctrl_break()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => {}
            _ = stop.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
