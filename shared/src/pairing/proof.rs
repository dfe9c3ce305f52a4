//! What both sides prove, and the words that they show.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::words;

/// Label of the TLS exporter (RFC 9266 style) that binds a pairing to its connection.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-underpass-pairing";

/// The one-time secret of a pairing. 128 bits; there are five tries.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingSecret(Zeroizing<[u8; 16]>);

impl PairingSecret {
    /// Takes random bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes. Each call is a place where the secret may get out.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for PairingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Who proves something. What one side says is no proof of the other.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Agent,
    Both,
}

impl Side {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Client => b"underpass pairing 1 client\0",
            Self::Agent => b"underpass pairing 1 agent\0",
            Self::Both => b"underpass pairing 1 words\0",
        }
    }
}

/// What one pairing is about: this connection, and this signing request.
#[derive(Clone, Copy, Debug)]
pub struct Handshake<'a> {
    /// What the TLS exporter of [`EXPORTER_LABEL`] gives.
    pub exporter: &'a [u8; 32],
    /// The client's signing request, as it is sent.
    pub csr: &'a str,
}

impl Handshake<'_> {
    /// The client's proof.
    pub fn client(&self, secret: &PairingSecret) -> [u8; 32] {
        self.mac(secret, Side::Client, b"")
            .finalize()
            .into_bytes()
            .into()
    }

    /// Whether a proof is the client's; compared in constant time.
    pub fn is_client(&self, secret: &PairingSecret, proof: &[u8]) -> bool {
        self.mac(secret, Side::Client, b"")
            .verify_slice(proof)
            .is_ok()
    }

    /// The agent's proof over the certificate that it gives.
    pub fn agent(&self, secret: &PairingSecret, certificate: &str) -> [u8; 32] {
        let mac = self.mac(secret, Side::Agent, certificate.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether a proof is the agent's; compared in constant time.
    pub fn is_agent(&self, secret: &PairingSecret, certificate: &str, proof: &[u8]) -> bool {
        let mac = self.mac(secret, Side::Agent, certificate.as_bytes());
        mac.verify_slice(proof).is_ok()
    }

    /// The words that both sides show.
    pub fn words(&self, secret: &PairingSecret) -> [&'static str; words::COUNT] {
        let all: [u8; 32] = self
            .mac(secret, Side::Both, b"")
            .finalize()
            .into_bytes()
            .into();
        let mut bytes = [0; words::COUNT];
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        words::of(bytes)
    }

    fn mac(&self, secret: &PairingSecret, side: Side, more: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose());
        let mut mac = mac.expect("HMAC takes a key of any length");
        mac.update(side.name());
        mac.update(self.exporter);
        // Of fixed length, so that no text can pass for the beginning of another.
        mac.update(&Sha256::digest(self.csr.as_bytes()));
        mac.update(more);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_proof_is_of_one_side_one_connection_and_one_request() {
        let secret = PairingSecret::new([7; 16]);
        let here = Handshake {
            exporter: &[1; 32],
            csr: "csr",
        };
        let client = here.client(&secret);
        assert!(here.is_client(&secret, &client));
        let agent = here.agent(&secret, "certificate");
        assert!(here.is_agent(&secret, "certificate", &agent));
        assert!(!here.is_agent(&secret, "other", &agent));
        assert!(!here.is_client(&secret, &agent));
        assert!(!here.is_client(&secret, &client[..31]));
        assert!(!here.is_client(&PairingSecret::new([8; 16]), &client));
        for other in [
            Handshake {
                exporter: &[2; 32],
                ..here
            },
            Handshake {
                csr: "other",
                ..here
            },
        ] {
            assert!(!other.is_client(&secret, &client));
            assert_ne!(other.words(&secret), here.words(&secret));
        }
        assert_eq!(here.words(&secret), here.words(&secret.clone()));
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }

    #[test]
    fn the_construction_is_fixed() {
        // Another version of either side has to come to the same.
        let here = Handshake {
            exporter: &[0; 32],
            csr: "",
        };
        let secret = PairingSecret::new([0; 16]);
        let hex: String = here
            .client(&secret)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "915d2ec0fa4c5bb5662f69b25c68393480317e823f2d6020cc16e5de8fac7860"
        );
    }
}
