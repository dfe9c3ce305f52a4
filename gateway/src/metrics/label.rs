//! The closed sets of label values.

use http::StatusCode;

use crate::token::TokenError;

/// A closed set of label values.
pub trait Label: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];
    /// The position in [`Label::ALL`].
    fn index(self) -> usize;
    /// The labels as the text format has them.
    fn text(self) -> &'static str;
}

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl $name {
            /// How many values there are.
            pub const COUNT: usize = <Self as Label>::ALL.len();
        }

        impl Label for $name {
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn index(self) -> usize {
                self as usize
            }

            fn text(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }
        }
    };
}

labels! {
    /// What became of a consumer's request.
    RequestOutcome {
        /// The connection changed its protocol.
        Switched => r#"outcome="answered",status="1xx""#,
        /// The agent answered.
        Succeeded => r#"outcome="answered",status="2xx""#,
        /// The agent answered with a redirection.
        Redirected => r#"outcome="answered",status="3xx""#,
        /// The agent answered that the request is wrong, or not allowed.
        ClientError => r#"outcome="answered",status="4xx""#,
        /// The agent answered that it, or the back end, failed.
        ServerError => r#"outcome="answered",status="5xx""#,
        /// CONNECT.
        Connect => r#"outcome="connect",status="4xx""#,
        /// Malformed.
        Malformed => r#"outcome="malformed",status="4xx""#,
        /// Its head is too long.
        TooLong => r#"outcome="too_long",status="4xx""#,
        /// An upgrade that is not forwarded.
        Upgrade => r#"outcome="upgrade",status="5xx""#,
        /// Without a valid token.
        Unauthorised => r#"outcome="unauthorised",status="4xx""#,
        /// No agent serves the subaccount and location ID.
        NoTunnel => r#"outcome="no_tunnel",status="5xx""#,
        /// All tunnels are full.
        Crowded => r#"outcome="crowded",status="5xx""#,
        /// The tunnel was lost before the answer.
        Lost => r#"outcome="lost",status="5xx""#,
        /// The consumer left before the answer.
        Abandoned => r#"outcome="abandoned",status="none""#,
    }
}

impl RequestOutcome {
    /// The outcome of a request that the agent answered.
    pub(crate) fn answered(status: StatusCode) -> Self {
        match status.as_u16() {
            ..200 => Self::Switched,
            200..300 => Self::Succeeded,
            300..400 => Self::Redirected,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }

    /// Whether such a request can be told to be of a subaccount: its token was found good.
    pub fn has_subaccount(self) -> bool {
        match self {
            Self::Connect | Self::TooLong | Self::Unauthorised => false,
            Self::Switched
            | Self::Succeeded
            | Self::Redirected
            | Self::ClientError
            | Self::ServerError
            | Self::Malformed
            | Self::Upgrade
            | Self::NoTunnel
            | Self::Crowded
            | Self::Lost
            | Self::Abandoned => true,
        }
    }

    /// Whether the agent answered.
    pub fn is_answer(self) -> bool {
        match self {
            Self::Switched
            | Self::Succeeded
            | Self::Redirected
            | Self::ClientError
            | Self::ServerError => true,
            Self::Connect
            | Self::Malformed
            | Self::TooLong
            | Self::Upgrade
            | Self::Unauthorised
            | Self::NoTunnel
            | Self::Crowded
            | Self::Lost
            | Self::Abandoned => false,
        }
    }
}

labels! {
    /// What a consumer's token was found to be.
    TokenCheck {
        /// Good.
        Accepted => r#"result="accepted""#,
        /// There is none, or not in a form in which tokens are sent.
        Missing => r#"result="missing""#,
        /// Longer than any token.
        TooLong => r#"result="too_long""#,
        /// No token, or one without what is needed.
        Malformed => r#"result="malformed""#,
        /// Signed in another way than ours.
        Algorithm => r#"result="algorithm""#,
        /// Its signature is wrong.
        Signature => r#"result="signature""#,
        /// Past its end.
        Expired => r#"result="expired""#,
        /// From another issuer.
        Issuer => r#"result="issuer""#,
        /// For somebody else.
        Audience => r#"result="audience""#,
        /// Its subaccount or binding is gone.
        Unknown => r#"result="unknown""#,
    }
}

impl From<&TokenError> for TokenCheck {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::TooLong => Self::TooLong,
            TokenError::Malformed => Self::Malformed,
            TokenError::Algorithm => Self::Algorithm,
            TokenError::Signature => Self::Signature,
            TokenError::Expired => Self::Expired,
            TokenError::Issuer => Self::Issuer,
            TokenError::Audience => Self::Audience,
            TokenError::Unknown => Self::Unknown,
        }
    }
}

labels! {
    /// What became of a request to the token endpoint.
    TokenOutcome {
        /// A token was issued.
        Issued => r#"outcome="issued""#,
        /// Unknown client or wrong secret.
        Denied => r#"outcome="denied""#,
        /// Too many wrong secrets.
        Limited => r#"outcome="limited""#,
        /// Not a request of this endpoint.
        Malformed => r#"outcome="malformed""#,
        /// The gateway failed.
        Failed => r#"outcome="failed""#,
        /// The public keys.
        Keys => r#"outcome="keys""#,
    }
}

labels! {
    /// What became of an agent's request for a certificate.
    EnrolmentOutcome {
        /// Certificate issued.
        Issued => r#"outcome="issued""#,
        /// Another agent holds the location ID.
        LocationTaken => r#"outcome="location_taken""#,
        /// Refused for another reason.
        Refused => r#"outcome="refused""#,
    }
}

labels! {
    /// Why a tunnel connection was not taken, or ended by the gateway.
    TunnelRefusal {
        /// The certificate names no agent.
        NoIdentity => r#"reason="no_identity""#,
        /// The instance is unknown.
        Unknown => r#"reason="unknown""#,
        /// The instance was revoked.
        Revoked => r#"reason="revoked""#,
        /// The certificate was replaced.
        OldKey => r#"reason="old_key""#,
        /// The subaccount was removed.
        NoSubaccount => r#"reason="no_subaccount""#,
        /// The certificate has expired.
        Expired => r#"reason="expired""#,
        /// Another agent holds the location ID.
        LocationTaken => r#"reason="location_taken""#,
        /// Too many connections of one agent.
        Crowded => r#"reason="crowded""#,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn labels_are_distinct_and_in_their_order() {
        for (at, one) in RequestOutcome::ALL.iter().enumerate() {
            assert_eq!(one.index(), at);
        }
        let texts: BTreeSet<_> = RequestOutcome::ALL.iter().map(|one| one.text()).collect();
        assert_eq!(texts.len(), RequestOutcome::COUNT);
    }

    #[test]
    fn answers_are_counted_by_their_class() {
        for (status, outcome) in [
            (101, RequestOutcome::Switched),
            (200, RequestOutcome::Succeeded),
            (304, RequestOutcome::Redirected),
            (404, RequestOutcome::ClientError),
            (502, RequestOutcome::ServerError),
            (999, RequestOutcome::ServerError),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(RequestOutcome::answered(status), outcome);
        }
    }
}
