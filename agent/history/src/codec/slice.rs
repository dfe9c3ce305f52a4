//! The points of all series at one time.

use std::collections::BTreeMap;

use underpass_shared::monitor::{Kind, Point};

use super::numbers::{Numbers, put};
use super::{Damaged, block, pack, unpack};

/// Puts a slice together, series by series in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct SliceBuilder {
    body: Vec<u8>,
    next: u32,
}

impl SliceBuilder {
    /// Adds the point of a series behind all that were added before.
    pub(crate) fn add(&mut self, series: u32, point: &Point) {
        let columns = block::columns(point.kind(), &[(0, point.clone())]);
        put(&mut self.body, u64::from(series.saturating_sub(self.next)));
        put(&mut self.body, columns.len() as u64);
        self.body.extend(columns);
        self.next = series.saturating_add(1);
    }

    /// The bytes to keep: for how long was measured, when that ended, and all points.
    pub(crate) fn finish(self, measured_ms: u64, end_ms: i64) -> Vec<u8> {
        let mut bytes = vec![];
        put(&mut bytes, measured_ms);
        bytes.extend(end_ms.to_le_bytes());
        bytes.extend(self.body);
        pack(&bytes)
    }
}

/// A slice that is read; its points are looked at one by one.
#[derive(Debug)]
pub(crate) struct Slice {
    /// For how long was measured.
    pub(crate) measured_ms: u64,
    /// When that ended.
    pub(crate) end_ms: i64,
    body: Vec<u8>,
}

impl Slice {
    pub(crate) fn read(packed: &[u8]) -> Result<Self, Damaged> {
        let bytes = unpack(packed)?;
        let mut numbers = Numbers::new(&bytes);
        let measured_ms = numbers.take()?;
        let end: [u8; 8] = numbers
            .take_bytes(8)?
            .try_into()
            .map_err(|_short| Damaged)?;
        let rest = numbers.rest_len();
        let body = bytes.get(bytes.len() - rest..).unwrap_or_default().to_vec();
        Ok(Self {
            measured_ms,
            end_ms: i64::from_le_bytes(end),
            body,
        })
    }

    /// The series and their bytes, by id.
    fn entries(&self) -> impl Iterator<Item = Result<(u32, &[u8]), Damaged>> {
        let mut numbers = Numbers::new(&self.body);
        let mut next = 0_u64;
        std::iter::from_fn(move || {
            if numbers.is_at_end() {
                return None;
            }
            let mut entry = || {
                let series = next.checked_add(numbers.take()?).ok_or(Damaged)?;
                next = series.checked_add(1).ok_or(Damaged)?;
                let len = numbers.take_count()?;
                let series = u32::try_from(series).map_err(|_wide| Damaged)?;
                Ok((series, numbers.take_bytes(len)?))
            };
            Some(entry())
        })
    }

    /// Which series have a point.
    pub(crate) fn series(&self) -> impl Iterator<Item = u32> {
        self.entries()
            .map_while(Result::ok)
            .map(|(series, _)| series)
    }

    /// The point of one series.
    pub(crate) fn point(&self, series: u32, kind: Kind) -> Result<Option<Point>, Damaged> {
        for entry in self.entries() {
            let (found, bytes) = entry?;
            if found == series {
                return one(kind, bytes).map(Some);
            }
            if found > series {
                break;
            }
        }
        Ok(None)
    }

    /// The points of the series of which `kind` says of which kind they are.
    pub(crate) fn points(
        &self,
        kind: impl Fn(u32) -> Option<Kind>,
    ) -> Result<BTreeMap<u32, Point>, Damaged> {
        let mut points = BTreeMap::new();
        for entry in self.entries() {
            let (series, bytes) = entry?;
            if let Some(kind) = kind(series) {
                points.insert(series, one(kind, bytes)?);
            }
        }
        Ok(points)
    }
}

fn one(kind: Kind, bytes: &[u8]) -> Result<Point, Damaged> {
    let points = block::read(kind, bytes)?;
    points
        .into_iter()
        .next()
        .map(|(_, point)| point)
        .ok_or(Damaged)
}

#[cfg(test)]
mod tests {
    use underpass_shared::monitor::{Gauge, Tally};

    use super::*;

    #[test]
    fn points_are_found_by_their_series() {
        let gauge = Point::Gauge(Gauge::of(0.25));
        let tally = Point::Tally(Tally { sum: 8, peak: 0.5 });
        let mut builder = SliceBuilder::default();
        builder.add(3, &gauge);
        builder.add(4, &tally);
        builder.add(900, &tally);
        let bytes = builder.finish(15_001, -5);
        let slice = Slice::read(&bytes).unwrap();
        assert_eq!((slice.measured_ms, slice.end_ms), (15_001, -5));
        assert_eq!(slice.series().collect::<Vec<_>>(), [3, 4, 900]);
        assert_eq!(slice.point(3, Kind::Gauge), Ok(Some(gauge)));
        assert_eq!(slice.point(900, Kind::Tally), Ok(Some(tally.clone())));
        assert_eq!(slice.point(5, Kind::Tally), Ok(None));
        let known = slice.points(|series| (series > 3).then_some(Kind::Tally));
        assert_eq!(
            known.unwrap(),
            BTreeMap::from([(4, tally.clone()), (900, tally)])
        );
        assert!(Slice::read(&bytes[..4]).is_err());
    }
}
