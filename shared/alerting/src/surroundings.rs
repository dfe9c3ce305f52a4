//! What delivery needs from the program that it is part of.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

/// Gives the value of a secret, or says in words why it cannot.
pub type Secrets = Arc<dyn Fn(CredentialId) -> Result<Secret, String> + Send + Sync>;
/// Says whether an address may be dialled, and if not why.
pub type Guard = Arc<dyn Fn(Receiver, SocketAddr) -> Result<(), String> + Send + Sync>;

/// What kind of receiver is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A mail server.
    Mail,
    /// A webhook.
    Webhook,
    /// A syslog server.
    Syslog,
}

/// What delivery needs from the program that it is part of.
#[derive(Clone)]
pub struct Surroundings {
    /// Where passwords and keys are.
    pub secrets: Secrets,
    /// What may be dialled.
    pub guard: Guard,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
