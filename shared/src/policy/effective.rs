//! What of the configuration has an effect in this version. The rest is never forwarded.

use thiserror::Error;

use crate::config::{AuthenticationMode, Mapping, Protocol};

/// Why something that is configured has no effect.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum NotEffective {
    /// The protocol of a mapping.
    #[error("this version forwards HTTP and HTTPS only")]
    Protocol,
    /// The authentication mode of a mapping.
    #[error(
        "this version does not tell the user to the back end; use authentication mode NONE or NONE_RESTRICTED"
    )]
    Authentication,
}

/// Something beside mappings that is stored, and has no effect in this version.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum NotOffered {
    /// Local ports that lead to the cloud side.
    #[error("this version opens no service channels; they are kept for one that does")]
    ServiceChannels,
    /// Whose word on users is taken.
    #[error("this version takes nobody's word on users; the lists are kept for one that does")]
    IdentityTrust,
}

/// Whether requests to a mapping are forwarded at all.
pub fn effective(mapping: &Mapping) -> Result<(), NotEffective> {
    use AuthenticationMode as A;
    use Protocol as P;
    match mapping.protocol {
        P::Http | P::Https => {}
        P::Tcp | P::Tcps | P::Rfc | P::Rfcs | P::Ldap | P::Ldaps => {
            return Err(NotEffective::Protocol);
        }
    }
    match mapping.authentication_mode {
        A::None | A::NoneRestricted => Ok(()),
        A::X509General | A::X509Restricted | A::Kerberos => Err(NotEffective::Authentication),
    }
}
