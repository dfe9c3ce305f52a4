//! How many requests took how long.

use egui::Ui;
use underpass_shared::api::management::HistoryBucket;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::{Entity, Metric, Series};

use crate::cx::Cx;
use crate::measured::{Key, Reads, Window};
use crate::text;
use crate::widget::{Bar, Hue, Words as _, card_titled, histogram};

/// Shows the card of an agent, with its name where it is not the only one; the durations are those
/// of the whole range.
pub(super) fn card(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    reads: &mut Reads,
    (agent, name): (AgentId, Option<&str>),
    window: Window,
) {
    let title = match name {
        Some(name) => format!("Requests by duration, {}", text::clean(name)),
        None => "Requests by duration".to_owned(),
    };
    let key = Key {
        agent,
        series: Series {
            entity: Entity::Agent,
            metric: Metric::TimeTotal,
        },
    };
    reads.want(cx, &key, window, true);
    let answer = reads.answer(&key);
    let buckets = answer.and_then(|answer| answer.histogram.as_deref());
    let buckets = buckets.unwrap_or_default();
    let all: u64 = buckets.iter().map(|one| one.count).sum();
    card_titled(
        ui,
        &title,
        |ui| {
            let all = usize::try_from(all).unwrap_or(usize::MAX);
            ui.quiet(format!(
                "{} in the whole range",
                text::plural(all, "request")
            ));
        },
        |ui| histogram(ui, &title, &bars(buckets), 190.0, Hue::Series(0)),
    );
}

fn bars(buckets: &[HistoryBucket]) -> Vec<Bar> {
    let mut before = 0;
    let bar = |bucket: &HistoryBucket| {
        let (label, told) = match bucket.up_to {
            Some(ms) => (short(ms), format!("{} to {}", long(before), long(ms))),
            None => (
                format!(">{}", short(before)),
                format!("Longer than {}", long(before)),
            ),
        };
        before = bucket.up_to.unwrap_or(before);
        Bar {
            label,
            told,
            count: bucket.count,
        }
    };
    buckets.iter().map(bar).collect()
}

fn short(ms: u64) -> String {
    match ms {
        0..1_000 => ms.to_string(),
        _ => long(ms).replace(' ', ""),
    }
}

fn long(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        ms if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        ms => format!(
            "{}.{} s",
            ms / 1_000,
            format!("{:03}", ms % 1_000).trim_end_matches('0')
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_named_by_their_bounds() {
        let bucket = |up_to, count| HistoryBucket { up_to, count };
        let all = bars(&[bucket(Some(10), 1), bucket(Some(1_250), 2), bucket(None, 3)]);
        let told: Vec<(&str, &str)> = all
            .iter()
            .map(|bar| (bar.label.as_str(), bar.told.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("10", "0 ms to 10 ms"),
                ("1.25s", "10 ms to 1.25 s"),
                (">1.25s", "Longer than 1.25 s")
            ]
        );
    }
}
