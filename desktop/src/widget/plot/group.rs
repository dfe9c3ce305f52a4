//! What plots of one page share: the part of time that is seen, and the time under the pointer.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reduce::{Dot, reduce};

/// The least part of time that can be seen, milliseconds: two of the finest steps.
const LEAST_MS: f64 = 30_000.0;
/// Lines whose reduced points are kept; a page has fewer.
const KEPT: usize = 256;

/// What plots of one page share.
#[derive(Default)]
pub struct PlotGroup {
    range: (f64, f64),
    zoom: Option<(f64, f64)>,
    /// The time under the pointer in the last frame, and in this one.
    cursor: Option<f64>,
    found: Option<f64>,
    /// The part that is being drawn with the pointer: where it began.
    pub(super) drag: Option<(egui::Id, f64)>,
    hidden: BTreeSet<String>,
    reduced: egui::IdMap<Reduced>,
}

/// The points of a line as they were made few the last time.
struct Reduced {
    dots: Arc<[Dot]>,
    view: (f64, f64),
    columns: usize,
    runs: Arc<[Vec<Dot>]>,
}

impl PlotGroup {
    /// Begins a frame over a range of time.
    pub fn begin(&mut self, from_ms: i64, to_ms: i64) {
        let range = (from_ms as f64, to_ms.max(from_ms + 1) as f64);
        let moved = (range.1 - range.0) - (self.range.1 - self.range.0);
        // Another range is another question; the same one that went on leaves the zoom alone.
        if moved.abs() > 1_000.0 {
            self.zoom = None;
        }
        self.range = range;
        self.cursor = self.found.take();
        if self.reduced.len() > KEPT {
            self.reduced.clear();
        }
    }

    /// The part of time that is seen.
    pub fn view(&self) -> (f64, f64) {
        self.zoom.unwrap_or(self.range)
    }

    /// Whether a part of the range is seen alone.
    pub const fn is_zoomed(&self) -> bool {
        self.zoom.is_some()
    }

    /// Shows the whole range.
    pub const fn reset(&mut self) {
        self.zoom = None;
    }

    /// Shows a part of the range.
    pub fn zoom_to(&mut self, from: f64, to: f64) {
        let (low, high) = self.range;
        let span = (to - from).max(LEAST_MS.min(high - low));
        if span >= high - low {
            self.zoom = None;
            return;
        }
        let middle = f64::midpoint(from, to);
        let from = (middle - span / 2.0).clamp(low, high - span);
        self.zoom = Some((from, from + span));
    }

    /// Shows more or less around a time.
    pub(super) fn zoom_by(&mut self, factor: f64, around: f64) {
        let (from, to) = self.view();
        self.zoom_to(
            around - (around - from) / factor,
            around + (to - around) / factor,
        );
    }

    /// Moves what is seen by a share of itself.
    pub(super) fn pan(&mut self, share: f64) {
        if self.zoom.is_some() {
            let (from, to) = self.view();
            let by = (to - from) * share;
            self.zoom_to(from + by, to + by);
        }
    }

    /// The time under the pointer, in whichever plot it is.
    pub const fn cursor(&self) -> Option<f64> {
        self.cursor
    }

    pub(super) const fn point(&mut self, time: f64) {
        self.found = Some(time);
    }

    pub(super) fn is_hidden(&self, name: &str) -> bool {
        self.hidden.contains(name)
    }

    pub(super) fn toggle(&mut self, name: String) {
        if !self.hidden.remove(&name) {
            self.hidden.insert(name);
        }
    }

    /// The points of a line as the columns of a plot need them; made anew when something changed.
    pub(super) fn reduced(
        &mut self,
        key: egui::Id,
        dots: &Arc<[Dot]>,
        columns: usize,
        step_ms: i64,
    ) -> Arc<[Vec<Dot>]> {
        let view = self.view();
        if let Some(kept) = self.reduced.get(&key)
            && Arc::ptr_eq(&kept.dots, dots)
            && kept.view == view
            && kept.columns == columns
        {
            return Arc::clone(&kept.runs);
        }
        let runs: Arc<[Vec<Dot>]> = reduce(dots, view, columns, step_ms).into();
        let kept = Reduced {
            dots: Arc::clone(dots),
            view,
            columns,
            runs: Arc::clone(&runs),
        };
        self.reduced.insert(key, kept);
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_within_the_range_and_leaves_with_it() {
        let mut group = PlotGroup::default();
        group.begin(0, 3_600_000);
        assert_eq!(group.view(), (0.0, 3_600_000.0));
        group.zoom_to(-600_000.0, 600_000.0);
        assert_eq!(group.view(), (0.0, 1_200_000.0));
        group.pan(10.0);
        assert_eq!(group.view(), (2_400_000.0, 3_600_000.0));
        group.zoom_by(1_000.0, 3_600_000.0);
        let (from, to) = group.view();
        assert!((to - from - LEAST_MS).abs() < 1.0);
        // The range goes on, and the part stays.
        group.begin(15_000, 3_615_000);
        assert!(group.is_zoomed());
        group.begin(0, 900_000);
        assert!(!group.is_zoomed());
        group.zoom_by(0.5, 0.0);
        assert!(!group.is_zoomed());
    }

    #[test]
    fn the_pointer_is_known_in_the_next_frame_of_every_plot() {
        let mut group = PlotGroup::default();
        group.begin(0, 1_000);
        group.point(5.0);
        assert_eq!(group.cursor(), None);
        group.begin(0, 1_000);
        assert_eq!(group.cursor(), Some(5.0));
        group.begin(0, 1_000);
        assert_eq!(group.cursor(), None);
    }
}
