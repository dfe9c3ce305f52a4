//! What a plot shows: which series in which way.

use underpass_shared::alert::Category;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::{Entity, Metric, Series};

use super::{Aspect, Key, Reads, Window};
use crate::cx::Cx;
use crate::widget::{Dot, Hue, Look, Threshold, Track, Unit, at};

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows.
    pub name: &'static str,
    /// Of what.
    pub entity: Entity,
    /// Which metric.
    pub metric: Metric,
    /// What of its points.
    pub aspect: Aspect,
    /// In which colour.
    pub hue: Hue,
    /// How.
    pub look: Look,
}

impl Line {
    /// A line of a metric.
    pub const fn new(name: &'static str, entity: Entity, metric: Metric, series: usize) -> Self {
        Self {
            name,
            entity,
            metric,
            aspect: Aspect::Value,
            hue: Hue::Series(series),
            look: Look::Line,
        }
    }

    /// The same, drawn in another way.
    #[must_use]
    pub const fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// The same in another colour.
    #[must_use]
    pub const fn hue(mut self, hue: Hue) -> Self {
        self.hue = hue;
        self
    }

    /// The same of other durations.
    #[must_use]
    pub const fn aspect(mut self, aspect: Aspect) -> Self {
        self.aspect = aspect;
        self
    }

    fn key(&self, agent: AgentId) -> Key {
        Key {
            agent,
            series: Series {
                entity: self.entity.clone(),
                metric: self.metric,
            },
        }
    }
}

/// A plot.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its title.
    pub title: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Its lines; of layers the greatest first.
    pub lines: Vec<Line>,
    /// Limits.
    pub thresholds: Vec<Threshold>,
    /// Alerts of these categories stand in it.
    pub categories: &'static [Category],
    /// The value axis goes at least so far.
    pub at_least: f64,
}

impl Spec {
    /// A plot of lines.
    pub const fn new(title: &'static str, unit: Unit, lines: Vec<Line>) -> Self {
        Self {
            title,
            unit,
            lines,
            thresholds: vec![],
            categories: &[],
            at_least: 0.0,
        }
    }

    /// Percentiles of durations, as bands around each other.
    pub fn percentiles(
        title: &'static str,
        entity: &Entity,
        metric: Metric,
        series: usize,
    ) -> Self {
        let line = |name, aspect, depth| {
            Line::new(name, entity.clone(), metric, series)
                .aspect(aspect)
                .look(Look::Band(depth))
        };
        let lines = vec![
            line("p99", Aspect::P99, 0),
            line("p90", Aspect::P90, 1),
            line("p50", Aspect::P50, 2),
        ];
        Self::new(title, Unit::Seconds, lines)
    }

    /// The same with alerts of these categories.
    #[must_use]
    pub const fn alerts(mut self, categories: &'static [Category]) -> Self {
        self.categories = categories;
        self
    }

    /// The same with a limit.
    #[must_use]
    pub fn limit(mut self, limit: Option<Threshold>) -> Self {
        self.thresholds.extend(limit);
        self
    }

    /// The same with a value axis that goes at least so far.
    #[must_use]
    pub const fn at_least(mut self, top: f64) -> Self {
        self.at_least = top;
        self
    }

    /// Asks for what the plot shows.
    pub fn want(&self, cx: &mut Cx<'_>, reads: &mut Reads, agent: AgentId, window: Window) {
        for line in &self.lines {
            reads.want(cx, &line.key(agent), window, false);
        }
    }

    /// How far its points are apart.
    pub fn step(&self, reads: &Reads, agent: AgentId, window: Window) -> i64 {
        let steps = self.lines.iter();
        let steps = steps.filter_map(|line| reads.answer(&line.key(agent)));
        steps.map(|answer| answer.step).max().unwrap_or(window.step)
    }

    /// Its lines with their points.
    pub fn tracks(&self, reads: &mut Reads, agent: AgentId) -> Vec<Track> {
        let mut tracks: Vec<Track> = vec![];
        for line in &self.lines {
            let dots = reads.dots(&line.key(agent), line.aspect);
            tracks.push(Track::new(line.name, line.hue, line.look, dots));
        }
        // The first layer is the whole; the others lie on each other, the last at the bottom.
        let layers = tracks.iter().filter(|track| track.look == Look::Stack);
        if layers.count() > 2 {
            for place in (1..tracks.len().saturating_sub(1)).rev() {
                let below = std::sync::Arc::clone(&tracks[place + 1].dots);
                let sum = |dot: &Dot| {
                    let under = at(&below, dot.at_ms as f64, 1);
                    let under = under.filter(|under| under.at_ms == dot.at_ms);
                    Dot::of(
                        dot.at_ms,
                        dot.value + under.map_or(0.0, |under| under.value),
                    )
                };
                tracks[place].dots = tracks[place].values.iter().map(sum).collect();
            }
        }
        tracks
    }

    /// The place of the line that is compared first.
    pub fn foremost(&self) -> usize {
        let of = |line: &Line| matches!(line.aspect, Aspect::Value | Aspect::P90);
        self.lines.iter().position(of).unwrap_or_default()
    }

    /// One of its lines as that of an agent, to be compared; the other agent's is in dashes.
    pub fn track(
        &self,
        reads: &mut Reads,
        (agent, name): (AgentId, &str),
        place: usize,
        is_other: bool,
    ) -> Option<Track> {
        let line = self.lines.get(place)?;
        let dots = reads.dots(&line.key(agent), line.aspect);
        let (hue, look) = if is_other {
            (Hue::Series(3), Look::Dashed)
        } else {
            (Hue::Series(0), Look::Line)
        };
        Some(Track::new(crate::text::clean(name), hue, look, dots))
    }
}
