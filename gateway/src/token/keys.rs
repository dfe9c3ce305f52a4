//! The signing keys over time: published before they sign, known until their last token has ended.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use underpass_runtime::pki::PrivateKey;
use underpass_shared::secret::Secret;

use super::issuer::TOKEN_LIFE;
use super::key::{KeyError, SigningKey};
use super::verifier::CLOCK_LEEWAY;

/// Where the keys lie in the data directory.
pub const SIGNING_KEYS_FILE: &str = "keys/token-signing.json";
/// How long a key signs before the next one takes over.
pub const KEY_LIFE: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How long a key is published before it signs, for those who keep a copy of the key set.
pub const KEY_NOTICE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key is known after its last signature: to the end of its last token.
pub const KEY_OVERLAP: Duration =
    Duration::from_secs(TOKEN_LIFE.as_secs() + CLOCK_LEEWAY.as_secs());

/// A key with the time from which it signs.
#[derive(Clone, Debug)]
struct Dated {
    key: SigningKey,
    pem: Secret,
    signs_from_ms: i64,
}

/// The file's form of a [`Dated`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    key: String,
    signs_from_ms: i64,
}

/// The keys of one moment, in the order in which they sign; there is always one.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    oldest: Dated,
    later: Vec<Dated>,
}

impl Dated {
    fn fresh(signs_from_ms: i64) -> Result<Self, KeyError> {
        let key = PrivateKey::generate().map_err(|_no_randomness| KeyError::Key)?;
        Self::read(Stored {
            key: key.to_pem(),
            signs_from_ms,
        })
    }

    fn read(stored: Stored) -> Result<Self, KeyError> {
        Ok(Self {
            key: SigningKey::from_pem(&stored.key)?,
            pem: Secret::new(stored.key),
            signs_from_ms: stored.signs_from_ms,
        })
    }
}

impl SigningKeys {
    /// One key, in PKCS#8 PEM, that signs from `signs_from_ms` on.
    pub fn from_pem(pem: &str, signs_from_ms: i64) -> Result<Self, KeyError> {
        let oldest = Dated::read(Stored {
            key: pem.to_owned(),
            signs_from_ms,
        })?;
        Ok(Self {
            oldest,
            later: Vec::new(),
        })
    }

    /// Reads the keys of a data directory, or makes the first one.
    pub fn load_or_create(data_dir: &Path, now_ms: i64) -> Result<Self, KeyError> {
        match Self::load(data_dir) {
            Err(KeyError::Missing(_)) => {
                let keys = Self {
                    oldest: Dated::fresh(now_ms)?,
                    later: Vec::new(),
                };
                keys.save(data_dir)?;
                Ok(keys)
            }
            loaded => loaded,
        }
    }

    /// Reads the keys of a data directory.
    pub fn load(data_dir: &Path) -> Result<Self, KeyError> {
        let path = data_dir.join(SIGNING_KEYS_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::Missing(path));
            }
            Err(source) => return Err(KeyError::File { path, source }),
        };
        let stored: Vec<Stored> = serde_json::from_slice(&text).or(Err(KeyError::Key))?;
        let mut keys = stored.into_iter().map(Dated::read);
        let oldest = keys.next().ok_or(KeyError::Key)??;
        let later = keys.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { oldest, later })
    }

    /// Writes the keys, all of them at once.
    pub fn save(&self, data_dir: &Path) -> Result<(), KeyError> {
        let path = data_dir.join(SIGNING_KEYS_FILE);
        let stored = |dated: &Dated| Stored {
            key: dated.pem.expose().to_owned(),
            signs_from_ms: dated.signs_from_ms,
        };
        let stored: Vec<Stored> = self.all().map(stored).collect();
        let written = path
            .parent()
            .map_or(Ok(()), underpass_runtime::file::private_dir)
            .and_then(|()| Ok(serde_json::to_vec(&stored)?))
            .and_then(|text| underpass_runtime::file::replace(&path, &text));
        written.map_err(|source| KeyError::File { path, source })
    }

    /// The key that signs now.
    pub fn signing(&self, now_ms: i64) -> &SigningKey {
        let started = self.later.iter().rev();
        let mut started = started.filter(|dated| dated.signs_from_ms <= now_ms);
        &started.next().unwrap_or(&self.oldest).key
    }

    /// The key of this name. Tokens of ours always name one.
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        let mut keys = self.all().map(|dated| &dated.key);
        keys.find(|key| key.kid() == kid)
    }

    /// The public keys as a JSON web key set: those that sign, signed or are about to.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.all().map(|dated| dated.key.jwk()).collect();
        json!({ "keys": keys })
    }

    /// The keys as they shall be now, if that is not how they are.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn due(&self, now_ms: i64) -> Result<Option<Self>, KeyError> {
        let mut next = self.clone();
        let forgotten = |dated: &Dated| dated.signs_from_ms.saturating_add(ms(KEY_OVERLAP));
        while next
            .later
            .first()
            .is_some_and(|first| forgotten(first) <= now_ms)
        {
            next.oldest = next.later.remove(0);
        }
        let newest = next.later.last().unwrap_or(&next.oldest);
        let ends_ms = newest.signs_from_ms.saturating_add(ms(KEY_LIFE));
        let mut changed = next.all().count() != self.all().count();
        if now_ms >= ends_ms.saturating_sub(ms(KEY_NOTICE)) {
            // A gateway that slept over the end gives notice all the same.
            let from = ends_ms.max(now_ms.saturating_add(ms(KEY_NOTICE)));
            next.later.push(Dated::fresh(from)?);
            changed = true;
        }
        Ok(changed.then_some(next))
    }

    fn all(&self) -> impl Iterator<Item = &Dated> {
        std::iter::once(&self.oldest).chain(&self.later)
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The present keys, exchanged while they are in use. Clones are the same keys.
#[derive(Clone, Debug)]
pub struct LiveKeys(Arc<RwLock<Arc<SigningKeys>>>);

impl LiveKeys {
    /// The keys of this moment.
    pub fn get(&self) -> Arc<SigningKeys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Exchanges the keys.
    pub fn set(&self, keys: SigningKeys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

impl From<SigningKeys> for LiveKeys {
    fn from(keys: SigningKeys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    fn kids(keys: &SigningKeys) -> Vec<String> {
        keys.all().map(|dated| dated.key.kid().to_owned()).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_known_until_its_last_token_ended() {
        let folder = tempfile::tempdir().unwrap();
        let first = SigningKeys::load_or_create(folder.path(), 0).unwrap();
        let one = first.signing(0).kid().to_owned();
        assert!(first.due(178 * DAY).unwrap().is_none());
        let both = first.due(179 * DAY).unwrap().unwrap();
        assert_eq!(kids(&both).len(), 2);
        assert_eq!(both.jwks()["keys"].as_array().unwrap().len(), 2);
        assert_eq!(both.signing(180 * DAY - 1).kid(), one);
        let two = both.signing(180 * DAY).kid().to_owned();
        assert_ne!(two, one);
        assert!(both.due(180 * DAY + DAY / 2).unwrap().is_none());
        assert!(both.find(&one).is_some());
        let last = both.due(181 * DAY).unwrap().unwrap();
        assert_eq!(kids(&last), [two]);
        last.save(folder.path()).unwrap();
        let loaded = SigningKeys::load(folder.path()).unwrap();
        assert_eq!(kids(&loaded), kids(&last));
    }

    #[test]
    fn a_gateway_that_slept_for_years_gives_notice_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let first = SigningKeys::load_or_create(folder.path(), 0).unwrap();
        let one = first.signing(0).kid().to_owned();
        let both = first.due(2_000 * DAY).unwrap().unwrap();
        assert_eq!(both.signing(2_000 * DAY).kid(), one);
        assert_ne!(both.signing(2_001 * DAY).kid(), one);
        assert!(both.due(2_000 * DAY + 1).unwrap().is_none());
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SIGNING_KEYS_FILE);
        underpass_runtime::file::private_dir(path.parent().unwrap()).unwrap();
        for text in ["", "[]", "{}", r#"[{"key":"x","signsFromMs":0}]"#] {
            underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
            let loaded = SigningKeys::load_or_create(folder.path(), 0);
            assert!(matches!(loaded, Err(KeyError::Key)), "{text}");
        }
    }
}
