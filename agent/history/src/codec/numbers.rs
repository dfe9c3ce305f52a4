//! Whole numbers as few bytes (LEB128), signed ones so that small ones stay small.

use super::Damaged;

/// Writes a number.
pub(crate) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Writes how far a number is from another; both may be anything.
pub(super) fn put_step(bytes: &mut Vec<u8>, from: u64, to: u64) {
    let step = to.wrapping_sub(from).cast_signed();
    put(bytes, ((step << 1) ^ (step >> 63)).cast_unsigned());
}

/// Reads what was written.
#[derive(Debug)]
pub(crate) struct Numbers<'a> {
    rest: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn rest_len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (first, rest) = self.rest.split_first().ok_or(Damaged)?;
            self.rest = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    pub(super) fn take_step(&mut self, from: u64) -> Result<u64, Damaged> {
        let folded = self.take()?;
        let step = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
        Ok(from.wrapping_add(step.cast_unsigned()))
    }

    /// A number that says how many of something follow, each of at least one byte.
    pub(super) fn take_count(&mut self) -> Result<usize, Damaged> {
        let count = self.take()?;
        self.fitting(count)
    }

    /// The same of a number that was taken.
    pub(super) fn fitting(&self, count: u64) -> Result<usize, Damaged> {
        let count = usize::try_from(count).map_err(|_wide| Damaged)?;
        // What a damaged count says must not be allocated.
        if count > self.rest.len() {
            return Err(Damaged);
        }
        Ok(count)
    }

    pub(super) fn take_bytes(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Damaged)?;
        self.rest = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(pairs in prop::collection::vec(any::<(u64, u64)>(), 0..20)) {
            let mut bytes = vec![];
            for (from, to) in &pairs {
                put(&mut bytes, *from);
                put_step(&mut bytes, *from, *to);
            }
            let mut numbers = Numbers::new(&bytes);
            for (from, to) in pairs {
                prop_assert_eq!(numbers.take(), Ok(from));
                prop_assert_eq!(numbers.take_step(from), Ok(to));
            }
            prop_assert!(numbers.is_at_end());
            prop_assert_eq!(numbers.take(), Err(Damaged));
        }
    }
}
