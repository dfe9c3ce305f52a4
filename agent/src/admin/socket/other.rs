//! Where there is no Unix domain socket. Commands work there while the agent is stopped.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use super::Peer;
use crate::admin::OsUser;

/// There is none.
pub type Stream = tokio::io::DuplexStream;

/// There is none.
pub struct Listener(Infallible);

fn unsupported() -> io::Error {
    let text = "a running agent cannot be administered on this platform yet; stop it first";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl Listener {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub fn bind(_data_dir: &Path, _operators: Option<&str>) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Never comes to be called.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::unused_async, reason = "as on the other platforms")]
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self.0 {}
    }
}

/// Says that there is none.
///
/// # Errors
/// Always.
#[expect(clippy::unused_async, reason = "as on the other platforms")]
pub async fn connect(_data_dir: &Path) -> io::Result<Stream> {
    Err(unsupported())
}

/// The user of this process, by the environment.
pub fn current_user() -> OsUser {
    OsUser::new(std::env::var("USERNAME").unwrap_or_else(|_unset| "unknown".to_owned()))
}

/// A service's data directory has an access list for its account and the Administrators, which
/// new files inherit.
///
/// # Errors
/// Never.
#[expect(clippy::unnecessary_wraps, reason = "as on the other platforms")]
pub fn check_owner(_data_dir: &Path) -> Result<(), String> {
    Ok(())
}
