//! What was measured, as the history tells it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use crate::monitor::{Entity, Kind, Metric, Unit};

/// Most points of one answer.
pub const HISTORY_POINTS_MAX: usize = 5_000;
/// Bounds of the histogram of an answer, milliseconds; SAP's performance monitor has the same.
pub const HISTORY_BOUNDS_MS: [u64; 22] = [
    10, 20, 30, 40, 50, 75, 100, 125, 150, 200, 300, 400, 500, 750, 1_000, 1_250, 1_500, 2_000,
    2_500, 3_000, 4_000, 5_000,
];

/// What is asked of the history, as options of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonitorAsk {
    /// What was measured.
    pub metric: Option<Metric>,
    /// Of what; of the agent where nothing is said.
    pub entity: Option<Entity>,
    /// From when on, milliseconds UTC.
    pub from: Option<i64>,
    /// Until when.
    pub to: Option<i64>,
    /// How long a step is at least, milliseconds.
    pub step: Option<u32>,
    /// With the durations of the whole range by their bounds.
    pub buckets: bool,
}

impl MonitorAsk {
    /// Takes an option.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let wrong = |rule: &str| Refusal::invalid(name, rule);
        let time = || {
            let time = value.parse::<i64>();
            time.or(Err(wrong("must be milliseconds UTC")))
        };
        match name {
            "metric" => {
                let metric = value.parse::<Metric>();
                self.metric = Some(metric.map_err(|rule| wrong(&rule.to_string()))?);
            }
            "entity" => {
                let entity = value.parse::<Entity>();
                self.entity = Some(entity.map_err(|rule| wrong(&rule.to_string()))?);
            }
            "from" => self.from = Some(time()?),
            "to" => self.to = Some(time()?),
            "step" => {
                let rule = "must be milliseconds, at most 4294967295";
                self.step = Some(value.parse().or(Err(wrong(rule)))?);
            }
            _ => self.buckets = value.parse().or(Err(wrong("must be true or false")))?,
        }
        Ok(())
    }

    /// The options as they stand behind the `?`.
    pub(super) fn to_parts(&self) -> impl Iterator<Item = String> {
        let metric = self.metric.map(|metric| format!("metric={metric}"));
        let entity = self.entity.as_ref().map(|entity| {
            let text = entity.to_string();
            let escaped = utf8_percent_encode(&text, NON_ALPHANUMERIC);
            format!("entity={escaped}")
        });
        let from = self.from.map(|from| format!("from={from}"));
        let to = self.to.map(|to| format!("to={to}"));
        let step = self.step.map(|step| format!("step={step}"));
        let buckets = self.buckets.then(|| "buckets=true".to_owned());
        let parts = [metric, entity, from, to, step, buckets];
        parts.into_iter().flatten()
    }
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricShown {
    /// Its name.
    pub name: String,
    /// How its points look.
    pub kind: Kind,
    /// The unit of its values.
    pub unit: Unit,
    /// What it is.
    pub text: String,
}

impl From<Metric> for MetricShown {
    fn from(metric: Metric) -> Self {
        Self {
            name: metric.name().to_owned(),
            kind: metric.kind(),
            unit: metric.unit(),
            text: metric.text().to_owned(),
        }
    }
}

/// What is measured, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricList {
    /// The metrics.
    pub metrics: Vec<MetricShown>,
    /// Of what the history holds something, such as `agent` or
    /// `tunnel:<region host>/<subaccount>/<location ID>`.
    pub entities: Vec<String>,
}

/// What a series was over one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HistoryPoint {
    /// Durations, seconds; without any there is only their number, 0.
    Durations {
        /// The start of the step, milliseconds UTC.
        t: i64,
        /// How many.
        count: u64,
        /// The mean.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<f64>,
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// What half of them do not exceed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p50: Option<f64>,
        /// What 90 % of them do not exceed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p90: Option<f64>,
        /// What 95 % of them do not exceed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p95: Option<f64>,
        /// What 99 % of them do not exceed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p99: Option<f64>,
        /// The greatest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// Things that happened.
    Tally {
        /// The start of the step, milliseconds UTC.
        t: i64,
        /// In the whole step.
        sum: u64,
        /// Per second of the time in which the agent measured.
        rate: f64,
        /// The highest rate per second of any part of the step.
        peak: f64,
    },
    /// Values that something had.
    Gauge {
        /// The start of the step, milliseconds UTC.
        t: i64,
        /// The least.
        min: f64,
        /// The mean.
        mean: f64,
        /// The greatest.
        max: f64,
    },
}

impl HistoryPoint {
    /// The start of the step, milliseconds UTC.
    pub const fn start_ms(&self) -> i64 {
        match self {
            Self::Durations { t, .. } | Self::Tally { t, .. } | Self::Gauge { t, .. } => *t,
        }
    }
}

/// How many durations were within a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryBucket {
    /// The bound, milliseconds; none for those beyond all bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
    /// How many were within it, and beyond the bound before.
    pub count: u64,
}

/// A series over a range of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryAnswer {
    /// The metric.
    pub metric: String,
    /// Of what.
    pub entity: String,
    /// The unit of the values.
    pub unit: Unit,
    /// How the points look.
    pub kind: Kind,
    /// The start of the first step, milliseconds UTC.
    pub from: i64,
    /// The end of the last.
    pub to: i64,
    /// How long a step is, milliseconds: at least what was asked for, what is still kept of the
    /// time, and what makes 5,000 points.
    pub step: i64,
    /// The points, by time. Where one is missing, nothing was measured.
    pub points: Vec<HistoryPoint>,
    /// The durations of the whole range by their bounds, where they are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Vec<HistoryBucket>>,
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::super::operations::{monitoring, operations};
    use super::*;

    #[test]
    fn what_is_asked_survives_a_round_trip() {
        let operation = operations().find(|one| one.path == monitoring::HISTORY);
        let operation = operation.unwrap();
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let entity = format!("mapping:gate.example:443/{id}//erp:443");
        let ask = MonitorAsk {
            metric: Some(Metric::TimeTotal),
            entity: Some(entity.parse().unwrap()),
            from: Some(-1),
            to: Some(1_790_000_000_000),
            step: Some(60_000),
            buckets: true,
        };
        let query = Query {
            monitor: ask,
            ..Query::default()
        };
        let text = query.to_text();
        assert_eq!(Query::parse(text.strip_prefix('?'), operation), Ok(query));
        for (wrong, field) in [
            ("metric=none", "metric"),
            ("entity=mapping:x", "entity"),
            ("from=yesterday", "from"),
            ("step=-1", "step"),
            ("step=4294967296", "step"),
            ("buckets=1", "buckets"),
            ("limit=1", "limit"),
        ] {
            let refused = Query::parse(Some(wrong), operation).unwrap_err();
            assert_eq!(refused.status.as_u16(), 400);
            let body = &refused.body;
            let names = body.field.as_deref() == Some(field) || body.message.contains(field);
            assert!(names, "{refused:?}");
        }
    }

    #[test]
    fn points_are_told_apart_when_they_are_read() {
        let durations = HistoryPoint::Durations {
            t: 1,
            count: 2,
            mean: Some(0.5),
            min: Some(0.25),
            p50: Some(0.25),
            p90: Some(0.75),
            p95: Some(0.75),
            p99: Some(0.75),
            max: Some(0.75),
        };
        let none = HistoryPoint::Durations {
            t: 1,
            count: 0,
            mean: None,
            min: None,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            max: None,
        };
        let tally = HistoryPoint::Tally {
            t: -1,
            sum: 3,
            rate: 0.2,
            peak: 0.2,
        };
        let gauge = HistoryPoint::Gauge {
            t: 0,
            min: 1.0,
            mean: 2.0,
            max: 3.0,
        };
        for point in [durations, none, tally, gauge] {
            let json = serde_json::to_string(&point).unwrap();
            assert_eq!(serde_json::from_str::<HistoryPoint>(&json).unwrap(), point);
        }
        assert_eq!(
            serde_json::to_string(&none).unwrap(),
            r#"{"t":1,"count":0}"#
        );
    }
}
