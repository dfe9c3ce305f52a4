//! Points as few bytes: columns of small numbers, deflated.

mod block;
mod durations;
mod numbers;
mod slice;

pub(crate) use self::block::{decode, encode};
pub(crate) use self::durations::shorten;
pub(crate) use self::numbers::{Numbers, put};
pub(crate) use self::slice::{Slice, SliceBuilder};

use thiserror::Error;

/// No blob unpacks to more: an hour of the largest configuration has some ten megabytes.
const UNPACKED_MAX: usize = 64 * 1024 * 1024;
/// How hard is tried to make blobs small; more takes much longer for little.
const LEVEL: u8 = 7;
/// Blobs up to this length gain nothing.
const PLAIN_LEN: usize = 40;
/// First byte of a blob that is stored as it is.
const PLAIN: u8 = 0;
/// First byte of a blob that is deflated.
const DEFLATED: u8 = 1;

/// Bytes that were not written by this version, or are no longer what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a piece of the history is damaged")]
pub(crate) struct Damaged;

/// Makes bytes shorter, if they can be.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() > PLAIN_LEN {
        let mut packed = vec![DEFLATED];
        packed.extend(miniz_oxide::deflate::compress_to_vec(bytes, LEVEL));
        if packed.len() <= bytes.len() {
            return packed;
        }
    }
    let mut plain = Vec::with_capacity(bytes.len() + 1);
    plain.push(PLAIN);
    plain.extend_from_slice(bytes);
    plain
}

/// What [`pack`] was given.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, Damaged> {
    match packed.split_first() {
        Some((&PLAIN, rest)) => Ok(rest.to_vec()),
        Some((&DEFLATED, rest)) => {
            let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(rest, UNPACKED_MAX);
            unpacked.map_err(|_damaged| Damaged)
        }
        Some(_) | None => Err(Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_other_bytes_are_refused() {
        for bytes in [vec![], vec![7; 1_000], (0..=255).collect::<Vec<u8>>()] {
            let packed = pack(&bytes);
            assert!(packed.len() <= bytes.len() + 1);
            assert_eq!(unpack(&packed), Ok(bytes));
        }
        for bytes in [&[][..], &[2, 1], &[DEFLATED, 0xff, 0xff]] {
            assert_eq!(unpack(bytes), Err(Damaged));
        }
    }
}
