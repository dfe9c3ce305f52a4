//! Answers from what is kept.
//!
//! For each hour the finest tier is read that has all of it. If an hour of the range is only there
//! in a coarser tier, the steps of the whole answer are at least as long as the slots of that one.

use std::collections::BTreeMap;

use rusqlite::Connection;
use underpass_shared::api::management::HistoryAnswer;
use underpass_shared::monitor::{Entity, Kind, Metric, Point, Series};

use crate::error::QueryError;
use crate::rows::{self, Open};
use crate::series;
use crate::steps::{Joined, Steps};
use crate::tier::{FINE_SLOTS, HOUR_MS, TIME_MAX_MS, TIME_MIN_MS, Tier, hour_of, in_hour, in_week};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The metric.
    pub metric: Metric,
    /// Of what.
    pub entity: Entity,
    /// From when on, milliseconds UTC.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
    /// How long a step is at least, milliseconds; 0 is as short as can be.
    pub step_ms: i64,
    /// Whether the durations of the whole range are counted by their bounds.
    pub buckets: bool,
}

impl Query {
    fn check(&self) -> Result<(), QueryError> {
        let wrong = |field, rule| Err(QueryError::Invalid { field, rule });
        let times = TIME_MIN_MS..=TIME_MAX_MS;
        if !times.contains(&self.from_ms) {
            return wrong("from", "must be milliseconds UTC of the years 1 to 9999");
        }
        if !times.contains(&self.to_ms) {
            return wrong("to", "must be milliseconds UTC of the years 1 to 9999");
        }
        if self.from_ms >= self.to_ms {
            return wrong("to", "must be later than from");
        }
        if self.step_ms < 0 {
            return wrong("step", "must be milliseconds, at least 0");
        }
        if self.buckets && self.metric.kind() != Kind::Durations {
            return wrong("buckets", "is for metrics of durations alone");
        }
        Ok(())
    }
}

/// Where an hour is read from.
struct Source {
    tier: Tier,
    /// For how long each slot was measured, milliseconds.
    measured: Vec<u64>,
    /// Which slots are in samples that are not put away.
    ticks: Vec<bool>,
    /// Whether it is an hour that is not put away.
    is_open: bool,
}

pub(crate) fn answer(connection: &Connection, query: &Query) -> Result<HistoryAnswer, QueryError> {
    query.check()?;
    // One state of the file, whatever is written meanwhile.
    let transaction = connection.unchecked_transaction()?;
    let (steps, sources) = plan(&transaction, query)?;
    let mut joined = Joined::new(query.metric, steps);
    let series = Series {
        entity: query.entity.clone(),
        metric: query.metric,
    };
    let id = series::find(&transaction, &series)?;
    let mut reader = Reader {
        connection: &transaction,
        metric: query.metric,
        id,
        week: None,
    };
    for (hour, source) in &sources {
        let points = reader.points(*hour, source)?;
        let mut points = points.iter().peekable();
        for (slot, measured_ms) in (0_u16..).zip(&source.measured) {
            let point = points
                .next_if(|(at, _)| *at == slot)
                .map(|(_, point)| point);
            let start_ms = hour * HOUR_MS + i64::from(slot) * source.tier.slot_ms();
            joined.add(start_ms, *measured_ms, point);
        }
    }
    let histogram = query.buckets.then(|| joined.buckets());
    Ok(HistoryAnswer {
        metric: query.metric.name().to_owned(),
        entity: query.entity.to_string(),
        unit: query.metric.unit(),
        kind: query.metric.kind(),
        from: steps.begin_ms(),
        to: steps.end_ms(),
        step: steps.step_ms,
        points: joined.points(),
        histogram,
    })
}

/// The steps of the answer, and from where each hour of theirs is read.
fn plan(
    connection: &Connection,
    query: &Query,
) -> Result<(Steps, BTreeMap<i64, Source>), QueryError> {
    let range = (query.from_ms, query.to_ms);
    let mut tier = Tier::Fine;
    loop {
        let steps = Steps::over(range, query.step_ms, tier.slot_ms());
        let hours = (hour_of(steps.begin_ms()), hour_of(steps.end_ms() - 1));
        let sources = sources(connection, hours)?;
        // Longer steps can reach into hours of which only a still coarser tier is left.
        match sources.values().map(|source| source.tier).max() {
            Some(coarsest) if coarsest > tier => tier = coarsest,
            Some(_) | None => return Ok((steps, sources)),
        }
    }
}

/// From where each hour is read in which something was measured: from the finest tier that has as
/// much of it as any coarser one.
fn sources(
    connection: &Connection,
    (first, last): (i64, i64),
) -> Result<BTreeMap<i64, Source>, QueryError> {
    let mut sources = BTreeMap::new();
    for (hour, (measured, is_open)) in whole_hours(connection, (first, last))? {
        let source = Source {
            tier: Tier::Hour,
            measured: vec![measured],
            ticks: vec![],
            is_open,
        };
        sources.insert(hour, source);
    }
    let minutes = rows::measured_between(connection, Tier::Minute, (first, last))?;
    for (hour, measured) in minutes {
        take_finer(&mut sources, hour, Tier::Minute, measured, vec![]);
    }
    let mut fine = rows::measured_between(connection, Tier::Fine, (first, last))?;
    let mut ticks: BTreeMap<i64, Vec<bool>> = BTreeMap::new();
    let per_hour = i64::try_from(FINE_SLOTS).unwrap_or(i64::MAX);
    let slots = (first * per_hour, last * per_hour + per_hour - 1);
    rows::each_slice(connection, Open::Ticks, slots, |slot, slice| {
        let (hour, place) = in_hour(slot);
        let none = || vec![0; FINE_SLOTS];
        if let Some(measured) = fine
            .entry(hour)
            .or_insert_with(none)
            .get_mut(usize::from(place))
        {
            *measured = slice.measured_ms;
        }
        let ticks = ticks.entry(hour).or_insert_with(|| vec![false; FINE_SLOTS]);
        if let Some(tick) = ticks.get_mut(usize::from(place)) {
            *tick = true;
        }
        Ok::<_, rusqlite::Error>(())
    })?;
    for (hour, measured) in fine {
        let ticks = ticks.remove(&hour).unwrap_or_default();
        take_finer(&mut sources, hour, Tier::Fine, measured, ticks);
    }
    Ok(sources)
}

fn take_finer(
    sources: &mut BTreeMap<i64, Source>,
    hour: i64,
    tier: Tier,
    measured: Vec<u64>,
    ticks: Vec<bool>,
) {
    let sum = |measured: &[u64]| {
        measured
            .iter()
            .fold(0_u64, |sum, one| sum.saturating_add(*one))
    };
    let present = sources.get(&hour);
    if present.is_none_or(|present| sum(&present.measured) <= sum(&measured)) {
        let source = Source {
            tier,
            measured,
            ticks,
            is_open: false,
        };
        sources.insert(hour, source);
    }
}

/// For how long the hours were measured that there are in the coarsest tier, and whether they are
/// not put away.
fn whole_hours(
    connection: &Connection,
    (first, last): (i64, i64),
) -> Result<BTreeMap<i64, (u64, bool)>, QueryError> {
    let mut hours = BTreeMap::new();
    let weeks = (in_week(first).0, in_week(last).0);
    for (week, measured) in rows::measured_between(connection, Tier::Hour, weeks)? {
        let begin = week * i64::try_from(measured.len()).unwrap_or(i64::MAX);
        let measured = (begin..).zip(measured).filter(|(_, one)| *one > 0);
        let within = measured.filter(|(hour, _)| (first..=last).contains(hour));
        hours.extend(within.map(|(hour, one)| (hour, (one, false))));
    }
    rows::each_slice(connection, Open::Hours, (first, last), |hour, slice| {
        let present = hours.entry(hour).or_insert((0, true));
        if slice.measured_ms >= present.0 {
            *present = (slice.measured_ms, true);
        }
        Ok::<_, rusqlite::Error>(())
    })?;
    Ok(hours)
}

/// Reads the points of one series.
struct Reader<'a> {
    connection: &'a Connection,
    metric: Metric,
    /// None when there never was one.
    id: Option<u32>,
    /// The week that was read last.
    week: Option<(i64, Vec<(u16, Point)>)>,
}

impl Reader<'_> {
    /// The points of an hour, by slot of the tier from which it is read.
    fn points(&mut self, hour: i64, source: &Source) -> Result<Vec<(u16, Point)>, QueryError> {
        let (Some(id), kind) = (self.id, self.metric.kind()) else {
            return Ok(vec![]);
        };
        match source.tier {
            Tier::Fine => {
                let mut points = rows::block(self.connection, (Tier::Fine, hour), id, kind)?;
                if !source.ticks.is_empty() {
                    let is_new = |slot: u16| {
                        source
                            .ticks
                            .get(usize::from(slot))
                            .copied()
                            .unwrap_or_default()
                    };
                    points.retain(|(slot, _)| !is_new(*slot));
                    points.extend(self.ticks(hour, id)?);
                    points.sort_by_key(|(slot, _)| *slot);
                }
                Ok(points)
            }
            Tier::Minute => Ok(rows::block(
                self.connection,
                (Tier::Minute, hour),
                id,
                kind,
            )?),
            Tier::Hour if source.is_open => {
                let slice = rows::slice(self.connection, Open::Hours, hour)?;
                let point = slice.map_or(Ok(None), |slice| slice.point(id, kind))?;
                Ok(point.map(|point| (0, point)).into_iter().collect())
            }
            Tier::Hour => {
                let (week, place) = in_week(hour);
                if self.week.as_ref().is_none_or(|(read, _)| *read != week) {
                    let points = rows::block(self.connection, (Tier::Hour, week), id, kind)?;
                    self.week = Some((week, points));
                }
                let week = self.week.iter().flat_map(|(_, points)| points);
                let here = week.filter(|(slot, _)| *slot == place);
                Ok(here.map(|(_, point)| (0, point.clone())).collect())
            }
        }
    }

    fn ticks(&self, hour: i64, id: u32) -> Result<Vec<(u16, Point)>, QueryError> {
        let per_hour = i64::try_from(FINE_SLOTS).unwrap_or(i64::MAX);
        let slots = (hour * per_hour, hour * per_hour + per_hour - 1);
        let mut points = vec![];
        rows::each_slice(self.connection, Open::Ticks, slots, |slot, slice| {
            if let Some(point) = slice.point(id, self.metric.kind())? {
                points.push((in_hour(slot).1, point));
            }
            Ok::<_, QueryError>(())
        })?;
        Ok(points)
    }
}
