//! `history`.

use std::io::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use underpass_runtime::clock;
use underpass_shared::api::management::{
    HistoryAnswer, HistoryPoint, MetricList, MonitorAsk, MonitoringTarget, Query, Target,
};
use underpass_shared::monitor::{Entity, Metric};

use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent history                                 # what is measured, and of what
  underpass-agent history requests --last 24h --step 1h
  underpass-agent history time_total --of 'mapping:gate.example.com/…//erp.virtual:443' --last 14d
  underpass-agent history process_memory --last 90m --json | jq '.points[].max'

The agent keeps 15 seconds for a day, minutes for two weeks and hours for two years, unless
configured otherwise. Times are UTC and those of the beginning of a step; a step in which the agent
did not run has no line.";

/// Which figures.
#[derive(Args, Debug)]
pub struct Which {
    /// What was measured; without it, what there is to choose from.
    metric: Option<Metric>,
    /// Of what; of the agent and its host without it.
    #[arg(long, value_name = "ENTITY", requires = "metric")]
    of: Option<Entity>,
    /// How far back, such as 90m, 24h, 14d.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    last: Span,
    /// How long a step is at least, such as 15s, 10m, 1d.
    #[arg(long, value_name = "TIME", requires = "metric")]
    step: Option<Span>,
}

/// A span as people write it.
#[derive(Clone, Copy, Debug)]
struct Span(Duration);

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "must be a number with s, m, h or d behind it, such as 24h";
        let (number, unit) = text
            .split_at_checked(text.len().saturating_sub(1))
            .ok_or(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(wrong),
        };
        let number = number.parse::<u32>().ok().filter(|number| *number > 0);
        Ok(Self(Duration::from_secs(
            u64::from(number.ok_or(wrong)?) * seconds,
        )))
    }
}

impl Span {
    fn ms(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

pub(super) async fn show(
    client: &Client,
    which: Which,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let Some(metric) = which.metric else {
        let target = Target::Monitoring(MonitoringTarget::Metrics);
        let list: MetricList = client.get(target, &Query::default()).await?;
        return out.show(&list, |out| print_metrics(&list, out));
    };
    let now_ms = clock::wall_ms();
    let query = Query {
        monitor: MonitorAsk {
            metric: Some(metric),
            entity: which.of,
            from: Some(now_ms.saturating_sub_unsigned(which.last.ms())),
            to: Some(now_ms),
            step: which
                .step
                .map(|step| u32::try_from(step.ms()).unwrap_or(u32::MAX)),
            buckets: false,
        },
        ..Query::default()
    };
    let target = Target::Monitoring(MonitoringTarget::History);
    let answer: HistoryAnswer = client.get(target, &query).await?;
    out.show(&answer, |out| print_points(&answer, out))
}

fn print_metrics(list: &MetricList, out: &mut dyn Write) -> io::Result<()> {
    let rows = list.metrics.iter().map(|one| {
        let unit = one.unit.name().to_owned();
        [one.name.clone(), unit, one.text.clone()]
    });
    table(out, ["METRIC", "UNIT", "WHAT"], rows)?;
    writeln!(out, "\nof:")?;
    list.entities
        .iter()
        .try_for_each(|one| writeln!(out, "  {one}"))
}

fn print_points(answer: &HistoryAnswer, out: &mut dyn Write) -> io::Result<()> {
    let (metric, entity, unit) = (&answer.metric, &answer.entity, answer.unit.name());
    writeln!(
        out,
        "{metric} of {entity} ({unit}), steps of {} s",
        answer.step / 1_000
    )?;
    let Some(first) = answer.points.first() else {
        return writeln!(out, "nothing was measured in this time");
    };
    let titles: &[&str] = match first {
        HistoryPoint::Gauge { .. } => &["LEAST", "MEAN", "GREATEST"],
        HistoryPoint::Tally { .. } => &["SUM", "PER SECOND", "PEAK"],
        HistoryPoint::Durations { .. } => &["COUNT", "MEAN", "50 %", "95 %", "99 %", "GREATEST"],
    };
    let row = |time: String, cells: Vec<String>| {
        let mut row: [String; 7] = Default::default();
        let cells = [time].into_iter().chain(cells);
        row.iter_mut()
            .zip(cells)
            .for_each(|(place, cell)| *place = cell);
        row
    };
    let titles = titles.iter().map(|title| (*title).to_owned()).collect();
    let titles = row("TIME (UTC)".to_owned(), titles);
    let points = answer.points.iter();
    let rows = points.map(|point| row(utc(point.start_ms()), cells(point)));
    table(out, titles.each_ref().map(String::as_str), rows)
}

fn cells(point: &HistoryPoint) -> Vec<String> {
    let figure = |number: f64| format!("{number:.3}");
    let some = |number: Option<f64>| number.map(figure).unwrap_or_default();
    match *point {
        HistoryPoint::Gauge { min, mean, max, .. } => [min, mean, max].map(figure).to_vec(),
        HistoryPoint::Tally {
            sum, rate, peak, ..
        } => vec![sum.to_string(), figure(rate), figure(peak)],
        HistoryPoint::Durations {
            count,
            mean,
            p50,
            p95,
            p99,
            max,
            ..
        } => {
            let mut cells = vec![count.to_string()];
            cells.extend([mean, p50, p95, p99, max].map(some));
            cells
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, ms) in [("15s", 15_000), ("90m", 5_400_000), ("14d", 1_209_600_000)] {
            assert_eq!(text.parse::<Span>().unwrap().ms(), ms);
        }
        for text in ["", "h", "0h", "1w", "-1h", "1", "1.5h", "ä"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn points_are_printed_in_columns() {
        let answer = HistoryAnswer {
            metric: "requests".to_owned(),
            entity: "agent".to_owned(),
            unit: Metric::Requests.unit(),
            kind: Metric::Requests.kind(),
            from: 0,
            to: 60_000,
            step: 60_000,
            points: vec![HistoryPoint::Tally {
                t: 0,
                sum: 90,
                rate: 1.5,
                peak: 6.0,
            }],
            histogram: None,
        };
        let mut out = vec![];
        print_points(&answer, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "requests of agent (count), steps of 60 s\n\
             TIME (UTC)           SUM  PER SECOND  PEAK\n\
             1970-01-01 00:00:00  90   1.500       6.000\n";
        assert_eq!(text, expected);
    }
}
