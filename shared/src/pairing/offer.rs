//! The agent's side of a pairing: one offer, good once, for a short time and a few tries.

use std::time::Duration;

use super::proof::{Handshake, PairingSecret};
use super::words;

/// How long a pairing string is good.
pub const LIFE: Duration = Duration::from_secs(10 * 60);
/// How many wrong proofs end it; one who knows the string needs one.
pub const TRIES: u8 = 5;

/// What a pairing string is good for, as the agent keeps it.
#[derive(Clone, Debug)]
pub struct Offer<T> {
    secret: PairingSecret,
    ends: Duration,
    tries: u8,
    /// What the client will be.
    pub promised: T,
}

/// A client that knows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// What both sides show.
    pub words: [&'static str; words::COUNT],
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too late, or used up.
    #[error("no pairing string is open; make a new one with `underpass-agent pair`")]
    Closed,
    /// The proof is wrong; so many tries are left.
    #[error("the proof is wrong; {0} tries are left")]
    Wrong(u8),
}

impl<T> Offer<T> {
    /// An offer from `now` on, a time that never goes back.
    pub fn new(secret: PairingSecret, now: Duration, promised: T) -> Self {
        Self {
            secret,
            ends: now + LIFE,
            tries: TRIES,
            promised,
        }
    }

    /// How long it is still good; nothing where it is not.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let left = self.ends.checked_sub(now).filter(|left| !left.is_zero());
        left.filter(|_| self.tries > 0)
    }

    /// How many tries are left.
    pub const fn tries(&self) -> u8 {
        self.tries
    }

    /// Judges a client's proof. A right one uses the offer up.
    ///
    /// # Errors
    /// When the offer is closed, or the proof wrong, which costs a try.
    pub fn claim(
        &mut self,
        now: Duration,
        handshake: &Handshake<'_>,
        proof: &[u8],
    ) -> Result<Welcome, Refused> {
        if self.left(now).is_none() {
            return Err(Refused::Closed);
        }
        if !handshake.is_client(&self.secret, proof) {
            self.tries -= 1;
            return Err(Refused::Wrong(self.tries));
        }
        self.tries = 0;
        let words = handshake.words(&self.secret);
        Ok(Welcome { words })
    }

    /// The agent's proof for the client that was let in.
    pub fn proof(&self, handshake: &Handshake<'_>, certificate: &str) -> [u8; 32] {
        handshake.agent(&self.secret, certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);
    const HERE: Handshake<'_> = Handshake {
        exporter: &[1; 32],
        csr: "csr",
    };

    fn secret() -> PairingSecret {
        PairingSecret::new([9; 16])
    }

    #[test]
    fn an_offer_is_good_once() {
        let mut offer = Offer::new(secret(), NOW, ());
        let proof = HERE.client(&secret());
        let welcome = offer.claim(NOW, &HERE, &proof).unwrap();
        assert_eq!(welcome.words, HERE.words(&secret()));
        assert_eq!(offer.claim(NOW, &HERE, &proof), Err(Refused::Closed));
        assert_eq!(offer.left(NOW), None);
    }

    #[test]
    fn five_wrong_proofs_end_it() {
        let mut offer = Offer::new(secret(), NOW, ());
        for left in (0..TRIES).rev() {
            let refused = offer.claim(NOW, &HERE, b"wrong");
            assert_eq!(refused, Err(Refused::Wrong(left)));
        }
        let proof = HERE.client(&secret());
        assert_eq!(offer.claim(NOW, &HERE, &proof), Err(Refused::Closed));
    }

    #[test]
    fn four_wrong_proofs_do_not_and_its_time_does() {
        let mut offer = Offer::new(secret(), NOW, ());
        for _ in 1..TRIES {
            offer.claim(NOW, &HERE, b"").unwrap_err();
        }
        let late = NOW + LIFE;
        let proof = HERE.client(&secret());
        assert_eq!(offer.claim(late, &HERE, &proof), Err(Refused::Closed));
        let in_time = late - Duration::from_millis(1);
        assert!(offer.claim(in_time, &HERE, &proof).is_ok());
    }
}
