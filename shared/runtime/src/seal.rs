//! Sealing of values under a data key: AES-256-GCM, with the name of the value bound to it.
//!
//! A sealed value is [`MAGIC`], the id of its key, a random nonce, then the encrypted value with
//! its tag. No text begins like that, so sealed values and plain ones are told apart.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use underpass_shared::secret::Secret;
use zeroize::Zeroizing;

/// How every sealed value begins, with the number of the format.
const MAGIC: &[u8] = b"\0underpass-sealed-1\n";
/// Bytes that a key is recognised by.
const KEY_ID_LEN: usize = 8;
/// Bytes of a data key.
const KEY_LEN: usize = 32;
/// Keeps the id of a key apart from every other hash of it.
const KEY_ID_LABEL: &[u8] = b"underpass data key\0";

/// A key that values are sealed under.
pub struct DataKey {
    key: RandomizedNonceKey,
    id: KeyId,
}

/// What a data key is recognised by; it tells nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; KEY_ID_LEN]);

/// A text that is no data key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a data key must be {} hexadecimal digits, as `openssl rand -hex {KEY_LEN}` makes them", 2 * KEY_LEN)]
pub struct InvalidDataKey(());

/// Why a sealed value cannot be opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// It begins like no sealed value.
    #[error("it is not sealed")]
    NotSealed,
    /// It ends too early.
    #[error("it is cut off")]
    Short,
    /// It was sealed under another key.
    #[error("it is sealed under the data key {needed}, and this is the data key {given}")]
    OtherKey {
        /// The key that it needs.
        needed: KeyId,
        /// The key that was tried.
        given: KeyId,
    },
    /// Its bytes or its name are not those that were sealed.
    #[error("it was changed after it was sealed, or it is another value's")]
    Tampered,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

/// A fresh data key as text.
pub fn new_key() -> Secret {
    let bytes = Zeroizing::new(super::random::bytes::<KEY_LEN>());
    Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl DataKey {
    /// Reads a key from its text; white space around it does not count.
    ///
    /// # Errors
    /// When it is no data key.
    pub fn from_text(text: &Secret) -> Result<Self, InvalidDataKey> {
        let digits = text.expose().trim().as_bytes();
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if digits.len() != 2 * KEY_LEN {
            return Err(InvalidDataKey(()));
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16);
                let value = value.and_then(|value| u8::try_from(value).ok());
                *byte = *byte << 4 | value.ok_or(InvalidDataKey(()))?;
            }
        }
        let hash = Sha256::new().chain_update(KEY_ID_LABEL).chain_update(*key);
        let mut id = [0; KEY_ID_LEN];
        id.iter_mut()
            .zip(hash.finalize())
            .for_each(|(to, from)| *to = from);
        let key = RandomizedNonceKey::new(&AES_256_GCM, &*key);
        Ok(Self {
            key: key.map_err(|_length| InvalidDataKey(()))?,
            id: KeyId(id),
        })
    }

    /// What it is recognised by.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Seals the value that is called `name`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, which leaves nothing safe to do.
    pub fn seal(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let mut text = value.to_vec();
        let aad = Aad::from(name.as_bytes());
        let sealed = self.key.seal_in_place_append_tag(aad, &mut text);
        let nonce = sealed.expect("the operating system gives randomness");
        [MAGIC, &self.id.0, nonce.as_ref(), &text].concat()
    }

    /// Opens the value that was sealed as `name`.
    ///
    /// # Errors
    /// When it is not sealed under this key, or not exactly what was sealed.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let needed = key_of(sealed)?;
        if needed != self.id {
            return Err(OpenError::OtherKey {
                needed,
                given: self.id,
            });
        }
        let rest = sealed.get(MAGIC.len() + KEY_ID_LEN..);
        let (nonce, text) = rest
            .and_then(<[u8]>::split_first_chunk::<NONCE_LEN>)
            .ok_or(OpenError::Short)?;
        let mut value = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(name.as_bytes());
        let opened = self.key.open_in_place(nonce, aad, &mut value);
        let len = opened.map_err(|_tag| OpenError::Tampered)?.len();
        value.truncate(len);
        Ok(value)
    }
}

/// Whether these bytes are a sealed value.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The key that a value is sealed under.
///
/// # Errors
/// When it is not sealed.
pub fn key_of(bytes: &[u8]) -> Result<KeyId, OpenError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(OpenError::NotSealed)?;
    let id = rest.first_chunk().ok_or(OpenError::Short)?;
    Ok(KeyId(*id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKey {
        DataKey::from_text(&new_key()).unwrap()
    }

    #[test]
    fn values_are_opened_by_their_key_and_name_alone() {
        let (key, other) = (key(), key());
        for value in [&b""[..], b"x", &[0; 5_000]] {
            let sealed = key.seal("a.key", value);
            assert_eq!(**key.open("a.key", &sealed).unwrap(), *value);
            assert_ne!(key.seal("a.key", value), sealed, "no nonce occurs twice");
            assert_eq!(key.open("b.key", &sealed), Err(OpenError::Tampered));
            let (needed, given) = (key.id(), other.id());
            let wrong = Err(OpenError::OtherKey { needed, given });
            assert_eq!(other.open("a.key", &sealed), wrong);
        }
        assert_eq!(key.open("a", b"{}"), Err(OpenError::NotSealed));
    }

    #[test]
    fn every_changed_and_every_missing_byte_is_noticed() {
        let key = key();
        let sealed = key.seal("a.key", b"value");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("a.key", &changed).is_err(), "byte {at}");
            assert!(key.open("a.key", &sealed[..at]).is_err(), "cut at {at}");
        }
        let more = [&sealed[..], b"\0"].concat();
        assert_eq!(key.open("a.key", &more), Err(OpenError::Tampered));
    }

    #[test]
    fn keys_are_read_from_hexadecimal_digits_only() {
        let text = new_key();
        let spaced = Secret::new(format!("{}\n", text.expose().to_uppercase()));
        let (one, same) = (DataKey::from_text(&text), DataKey::from_text(&spaced));
        assert_eq!(one.unwrap().id(), same.unwrap().id());
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            let read = DataKey::from_text(&Secret::new(wrong.to_owned()));
            assert!(read.is_err(), "{wrong}");
        }
    }
}
