//! The role of a connection to the gateway's public port, chosen by ALPN.

/// What a connection is for. Each role has its own TLS configuration at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The gateway calls, the agent serves: consumers' requests. Needs a client certificate.
    Tunnel,
    /// The agent calls, the gateway serves: renewal of certificates. Needs a client certificate.
    Control,
    /// The agent calls with a one-time token or a proof of its expired key; no client certificate.
    Enrol,
}

impl Role {
    /// Every role, in the order of preference.
    pub const ALL: [Self; 3] = [Self::Tunnel, Self::Control, Self::Enrol];

    /// The ALPN protocol id.
    pub const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Tunnel => b"underpass-tunnel/1",
            Self::Control => b"underpass-control/1",
            Self::Enrol => b"underpass-enrol/1",
        }
    }

    /// The role that an ALPN protocol id stands for.
    pub fn from_alpn(id: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.alpn() == id)
    }
}
