//! OAuth access tokens of consumers: making them, checking them, remembering the checked ones.

mod cache;
mod claims;
mod issuer;
mod key;
mod keys;
#[cfg(test)]
mod tests;
mod verifier;

pub use cache::{CACHED_TOKENS, TokenCache};
pub use issuer::{Issued, Issuer, TOKEN_LIFE};
pub use key::{KeyError, SigningKey};
pub use keys::{KEY_LIFE, KEY_NOTICE, KEY_OVERLAP, LiveKeys, SIGNING_KEYS_FILE, SigningKeys};
pub use verifier::{CLOCK_LEEWAY, Caller, TOKEN_LEN_MAX, TokenError, Verifier};

/// The `aud` of our tokens and the `xsappname` of our bindings.
pub const AUDIENCE: &str = "underpass";
/// The scope of our tokens.
pub const SCOPE: &str = "underpass.proxy";
