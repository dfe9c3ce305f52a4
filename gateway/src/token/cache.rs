//! Remembers checked tokens, because a signature check costs as much as the rest of a request.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use underpass_shared::secret::Secret;

use super::verifier::{Caller, TOKEN_LEN_MAX, TokenError, Verifier};

/// Tokens remembered per thread: more than the consumers of one gateway use at a time.
pub const CACHED_TOKENS: usize = SETS * WAYS;

/// Sets of the cache; a token belongs to the set that its hash names.
const SETS: usize = 1024;
/// Tokens per set; the least recently used one makes room.
const WAYS: usize = 4;

/// Bytes of a token that are hashed; all of it would cost as much as the rest of looking it up.
const TAIL: usize = 64;

/// A token that was checked.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// By a secret key: only who sends a token that is known makes it be compared, so the time of
    /// comparing tells nothing.
    hash: u64,
    /// The whole token, since hashes collide.
    token: Secret,
    caller: Caller,
}

type Slot = Option<Known>;

/// Verified tokens of one thread. Needs no lock and, on a hit, no allocation.
#[derive(Debug)]
pub struct TokenCache {
    verifier: Arc<Verifier>,
    current: Arc<AtomicU64>,
    generation: u64,
    hasher: RandomState,
    sets: Vec<[Slot; WAYS]>,
}

impl TokenCache {
    /// An empty cache in front of `verifier`.
    pub fn new(verifier: Arc<Verifier>) -> Self {
        let current = verifier.directory().token_generation();
        let generation = current.load(Ordering::Acquire);
        Self {
            verifier,
            current,
            generation,
            hasher: RandomState::new(),
            sets: vec![Default::default(); SETS],
        }
    }

    /// Checks a token, by memory if it was seen before and nothing has changed since.
    pub fn verify(&mut self, token: &str, now_ms: i64) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_LEN_MAX {
            return Err(TokenError::TooLong);
        }
        // Read before the check: what changes during it clears the cache next time.
        let generation = self.current.load(Ordering::Acquire);
        if generation != self.generation {
            self.sets.fill_with(Default::default);
            self.generation = generation;
        }
        let hash = self.hasher.hash_one(tail(token));
        let [low, high, ..] = hash.to_le_bytes();
        let set = usize::from(u16::from_le_bytes([low, high])) % SETS;
        let ways = &mut self.sets[set];
        if let Some(caller) = recall(ways, hash, token) {
            if now_ms < caller.expires_at_ms {
                return Ok(caller);
            }
            return Err(TokenError::Expired);
        }
        let caller = self.verifier.verify(token, now_ms)?;
        remember(ways, hash, token, caller);
        Ok(caller)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sets
            .iter()
            .flatten()
            .filter(|slot| slot.is_some())
            .count()
    }
}

/// What tells tokens apart for a hash: the end of the signature is another one in each.
fn tail(token: &str) -> &[u8] {
    let bytes = token.as_bytes();
    &bytes[bytes.len().saturating_sub(TAIL)..]
}

/// Finds a token and moves it to the front of its set.
pub(super) fn recall(ways: &mut [Slot], hash: u64, token: &str) -> Option<Caller> {
    let is_it = |known: &Known| known.hash == hash && known.token.expose() == token;
    let at = ways
        .iter()
        .position(|slot| slot.as_ref().is_some_and(is_it))?;
    ways[..=at].rotate_right(1);
    ways[0].as_ref().map(|known| known.caller)
}

/// Puts a token at the front of its set; the last one falls out.
pub(super) fn remember(ways: &mut [Slot], hash: u64, token: &str, caller: Caller) {
    ways.rotate_right(1);
    ways[0] = Some(Known {
        hash,
        token: Secret::new(token.to_owned()),
        caller,
    });
}
