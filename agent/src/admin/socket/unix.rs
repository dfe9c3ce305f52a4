//! `admin.sock` in the data directory, for root, the service's user and the operators' group.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User, geteuid};
use tokio::net::{UnixListener, UnixStream};

use super::Peer;
use crate::admin::{Caller, OsUser};

/// What must be done by whoever was not let in.
pub const REMEDY: &str = "use sudo, or become a member of the group underpass-operators";

/// The group whose members may administer an agent, where it exists.
const OPERATORS_GROUP: &str = "underpass-operators";
/// The socket in the data directory.
const SOCKET_FILE: &str = "admin.sock";
/// The name that it is made under, until its rights are right.
const NEW_SOCKET_FILE: &str = "admin.sock.new";

/// A connection.
pub type Stream = UnixStream;

/// The socket; removed when dropped.
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    owner: Uid,
    operators: Option<Group>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the administration socket was removed already");
        }
    }
}

impl Listener {
    /// Makes the socket in a data directory that belongs to this process. `operators` names the
    /// group that may use it; the usual one need not exist.
    ///
    /// # Errors
    /// When the socket cannot be made, or a group that was named does not exist.
    pub fn bind(data_dir: &Path, operators: Option<&str>) -> io::Result<Self> {
        let name = operators.unwrap_or(OPERATORS_GROUP);
        let group = Group::from_name(name)?;
        if group.is_none() && operators.is_some() {
            let text = format!("there is no group {name}; create it with groupadd");
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let (path, new) = (data_dir.join(SOCKET_FILE), data_dir.join(NEW_SOCKET_FILE));
        // A killed agent left it behind; the lock of the directory says that none uses it.
        match fs::remove_file(&new) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(&new)?;
        let operators = group.filter(|group| {
            let opened = open_to(data_dir, &new, group.gid);
            if let Err(error) = &opened {
                let group = &group.name;
                tracing::warn!(%error, group, "the operators' group cannot be let in; add the service's user to it");
            }
            opened.is_ok()
        });
        if operators.is_none() {
            fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        }
        fs::rename(&new, &path)?;
        Ok(Self {
            listener,
            path,
            owner: geteuid(),
            operators,
        })
    }

    /// Waits for a connection and looks who it is.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?;
        let (uid, gid) = (Uid::from_raw(peer.uid()), Gid::from_raw(peer.gid()));
        let peer = if self.may(uid, gid) {
            Peer::Allowed(Caller::Local(OsUser::new(user_name(uid))))
        } else {
            Peer::Refused(format!("user {}", user_name(uid)))
        };
        Ok((stream, peer))
    }

    fn may(&self, uid: Uid, gid: Gid) -> bool {
        let operator = |group: &Group| {
            group.gid == gid || group.mem.iter().any(|member| *member == user_name(uid))
        };
        // Members may have come since the start.
        let now = self.operators.as_ref();
        let now = now.and_then(|group| Group::from_gid(group.gid).ok().flatten());
        uid.is_root() || uid == self.owner || now.as_ref().is_some_and(operator)
    }
}

/// Lets a group pass the directory to the socket, and nothing else in it.
fn open_to(data_dir: &Path, socket: &Path, gid: Gid) -> io::Result<()> {
    chown(socket, None, Some(gid.as_raw()))?;
    fs::set_permissions(socket, Permissions::from_mode(0o660))?;
    chown(data_dir, None, Some(gid.as_raw()))?;
    fs::set_permissions(data_dir, Permissions::from_mode(0o710))
}

fn user_name(uid: Uid) -> String {
    let found = User::from_uid(uid).ok().flatten();
    found.map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// The user of this process.
pub fn current_user() -> OsUser {
    OsUser::new(user_name(geteuid()))
}

/// Connects to the agent that uses a data directory.
///
/// # Errors
/// When none answers there, or this user may not reach it.
pub async fn connect(data_dir: &Path) -> io::Result<Stream> {
    UnixStream::connect(data_dir.join(SOCKET_FILE)).await
}

/// Refuses to work in the data directory of another user: files would be left there that its
/// service cannot read. A directory that is not there yet will belong to this user.
///
/// # Errors
/// The sentence that says what to do instead.
pub fn check_owner(data_dir: &Path) -> Result<(), String> {
    let Ok(found) = fs::metadata(data_dir) else {
        return Ok(());
    };
    let (owner, own) = (Uid::from_raw(found.uid()), geteuid());
    if owner == own {
        return Ok(());
    }
    let (owner, own, dir) = (user_name(owner), user_name(own), data_dir.display());
    Err(format!(
        "{dir} belongs to {owner}, and the agent does not run: as {own} this command would leave files that the agent cannot read. Start the agent, or run the command as its user: sudo -u {owner} underpass-agent ..."
    ))
}
