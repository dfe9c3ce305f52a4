//! Passwords of users, kept as Argon2id hashes (RFC 9106).
//!
//! Hashing is slow on purpose: never do it on a thread that others wait for.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use underpass_shared::secret::Secret;

use crate::random;

/// Memory of one hash, KiB. With [`PASSES`], what OWASP's cheat sheet recommends for one lane.
const MEMORY_KIB: u32 = 19 * 1024;
/// How often the memory is gone through.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of a hash.
const HASH_LEN: usize = 32;
/// Bytes of a salt.
const SALT_LEN: usize = 16;
/// What stands before salt and hash. Hashes of other parameters count for nothing.
const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

type Hash = [u8; HASH_LEN];

/// The hash of a password with a salt of its own, as it is kept.
pub fn hash(password: &Secret) -> Secret {
    let salt: [u8; SALT_LEN] = random::bytes();
    let hash = work(password, &salt);
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Secret::new(format!("{PREFIX}{salt}${hash}"))
}

/// Whether a password is the one of a hash. It takes as long where there is no hash.
pub fn is_of(password: &Secret, kept: Option<&Secret>) -> bool {
    let known = kept.and_then(|kept| read(kept.expose()));
    let is_known = known.is_some();
    let (salt, hash) = known.unwrap_or(([0; SALT_LEN], [0; HASH_LEN]));
    let same: bool = work(password, &salt).ct_eq(&hash).into();
    same && is_known
}

fn read(kept: &str) -> Option<([u8; SALT_LEN], Hash)> {
    let (salt, hash) = kept.strip_prefix(PREFIX)?.split_once('$')?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some((
        decode(salt)?.try_into().ok()?,
        decode(hash)?.try_into().ok()?,
    ))
}

fn work(password: &Secret, salt: &[u8; SALT_LEN]) -> Hash {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_LEN));
    let params = params.expect("the constants are within the limits");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; HASH_LEN];
    argon2
        .hash_password_into(password.expose().as_bytes(), salt, &mut hash)
        .expect("the lengths are within the limits");
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_of_its_hash() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let kept = hash(&secret("pässword"));
        assert!(!kept.expose().contains("ssword"));
        assert_ne!(kept, hash(&secret("pässword")));
        assert!(is_of(&secret("pässword"), Some(&kept)));
        assert!(!is_of(&secret("password"), Some(&kept)));
        assert!(!is_of(&secret(""), None));
        let parameters = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        assert_eq!(parameters, PREFIX);
        // Other secrets, and hashes of less work, are no hashes.
        let weak = secret(&kept.expose().replace("m=19456", "m=8"));
        for other in [&weak, &secret("pässword"), &secret(PREFIX)] {
            assert!(!is_of(&secret("pässword"), Some(other)));
        }
    }
}
