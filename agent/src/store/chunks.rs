//! Steps as JSON lines, cut into pieces of bounded size and put together again.
//!
//! Pieces are stored compressed: the resources of a mapping are much alike. Both a change and its
//! inverse hold a mapping whole, so the inverse is stored as its difference from the change.

use underpass_shared::config::Op;

/// Most bytes of one piece, so that writing one never holds up the next change for long.
pub(super) const CHUNK_LEN_MAX: usize = 256 * 1024;

/// Cuts the lines of some steps into pieces.
#[derive(Debug)]
pub(super) struct Chunks<I> {
    ops: I,
    carry: Vec<u8>,
}

impl<I: Iterator<Item = Op>> Chunks<I> {
    pub(super) fn new(ops: I) -> Self {
        Self { ops, carry: vec![] }
    }
}

impl<I: Iterator<Item = Op>> Iterator for Chunks<I> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        while self.carry.len() < CHUNK_LEN_MAX {
            let Some(op) = self.ops.next() else { break };
            serde_json::to_writer(&mut self.carry, &op).expect("steps serialise");
            self.carry.push(b'\n');
        }
        if self.carry.is_empty() {
            return None;
        }
        let rest = self.carry.split_off(self.carry.len().min(CHUNK_LEN_MAX));
        Some(std::mem::replace(&mut self.carry, rest))
    }
}

/// A piece as it is stored: its length, and its content compressed, which may refer to that of a
/// piece that is `like` it.
pub(super) fn pack(piece: &[u8], like: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size_with_dict(piece, like)
}

/// The content of a piece that was stored with `like`; None where it is damaged. What was stored
/// without another piece is read with any.
pub(super) fn unpack(stored: &[u8], like: &[u8]) -> Option<Vec<u8>> {
    let (len, packed) = lz4_flex::block::uncompressed_size(stored).ok()?;
    // What a damaged length says must not be allocated.
    if len > CHUNK_LEN_MAX {
        return None;
    }
    lz4_flex::block::decompress_with_dict(packed, len, like).ok()
}

/// Puts pieces together and reads the steps, keeping no more than one line in memory.
#[derive(Debug, Default)]
pub(super) struct Lines {
    carry: Vec<u8>,
    ops: Vec<Op>,
}

impl Lines {
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), serde_json::Error> {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, after) = rest.split_at(end);
            self.carry.extend_from_slice(line);
            self.ops.push(serde_json::from_slice(&self.carry)?);
            self.carry.clear();
            rest = after.get(1..).unwrap_or_default();
        }
        self.carry.extend_from_slice(rest);
        Ok(())
    }

    /// The steps so far; nothing if the last line is not complete.
    pub(super) fn finish(self) -> Option<Vec<Op>> {
        self.carry.is_empty().then_some(self.ops)
    }
}
