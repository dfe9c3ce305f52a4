//! The only place that makes randomness, all of it cryptographic.

use uuid::Uuid;

/// Fills an array.
///
/// # Panics
/// When the operating system has no randomness to give, which leaves nothing safe to do.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .secure_random
        .fill(&mut bytes)
        .expect("the operating system gives randomness");
    bytes
}

/// A number, uniform over its range.
pub fn number() -> u32 {
    u32::from_ne_bytes(bytes())
}

/// A fresh UUIDv7.
pub fn id() -> Uuid {
    Uuid::now_v7()
}
