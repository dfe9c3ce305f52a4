//! A named pipe. Windows lets only Administrators, the system and the agent's own account write to
//! one that is made without an access list of its own, and nobody from another host.
//!
//! Its name is new at each start and stands in a file of the data directory: nobody else can have
//! made a pipe of that name before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};
use tokio_util::either::Either;
use uuid::Uuid;

use super::Peer;
use crate::admin::{Caller, OsUser};

/// What must be done by whoever was not let in.
pub const REMEDY: &str = "run the command as Administrator";

/// Holds the name of the pipe, in the data directory.
const NAME_FILE: &str = "admin.pipe";
/// What the name of every agent's pipe begins with.
const PREFIX: &str = r"\\.\pipe\underpass-";
/// Whoever is let in; the system tells no more without code that is not safe.
const CALLER: &str = "administrator of this host";
/// `ERROR_PIPE_BUSY`: others are connected and the next place is being made.
const BUSY: i32 = 231;
/// How often a busy pipe is tried, and the pause between.
const TRIES_MAX: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// A connection, of the agent or of who asks it.
pub type Stream = Either<NamedPipeServer, NamedPipeClient>;

/// The pipe; the file with its name is removed when dropped.
pub struct Listener {
    name: String,
    file: PathBuf,
    /// The place of who comes next.
    next: NamedPipeServer,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::debug!(%error, "the name of the administration pipe was removed already");
        }
    }
}

impl Listener {
    /// Makes the pipe of a data directory that belongs to this process.
    ///
    /// # Errors
    /// When the pipe cannot be made, or a group of operators is named: there is none here.
    pub fn bind(data_dir: &Path, operators: Option<&str>) -> io::Result<Self> {
        if let Some(group) = operators {
            let text = format!(
                "the group {group} cannot be let in on Windows, where Administrators are; name none"
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        let name = format!("{PREFIX}{}", Uuid::new_v4());
        let next = ServerOptions::new()
            .first_pipe_instance(true)
            .create(&name)?;
        let file = data_dir.join(NAME_FILE);
        underpass_runtime::file::show(&file, name.as_bytes())?;
        Ok(Self { name, file, next })
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// When the system refuses, or who came has left already.
    pub async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
        let connected = self.next.connect().await;
        // Where no other place can be made, the one that is taken is given out by the next call.
        let next = ServerOptions::new().create(&self.name)?;
        let taken = std::mem::replace(&mut self.next, next);
        connected?;
        let caller = Caller::Local(OsUser::new(CALLER));
        Ok((Either::Left(taken), Peer::Allowed(caller)))
    }
}

/// Connects to the agent that uses a data directory.
///
/// # Errors
/// When none answers there, or this user may not reach it.
pub async fn connect(data_dir: &Path) -> io::Result<Stream> {
    let name = fs::read_to_string(data_dir.join(NAME_FILE))?;
    if !name.starts_with(PREFIX) {
        let text = format!("{NAME_FILE} does not hold the name of an agent's pipe");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    for _ in 0..TRIES_MAX {
        match ClientOptions::new().open(&name) {
            Err(error) if error.raw_os_error() == Some(BUSY) => tokio::time::sleep(PAUSE).await,
            opened => return opened.map(Either::Right),
        }
    }
    Err(io::Error::from_raw_os_error(BUSY))
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
