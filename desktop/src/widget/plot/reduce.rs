//! Many points made few, without losing what matters: each column of pixels keeps its first, least,
//! greatest and last value.

/// One point of a line: when, and what the value was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// The start of the step, milliseconds UTC.
    pub at_ms: i64,
    /// The value that the line goes through.
    pub value: f64,
    /// The least value within the step.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Dot {
    /// A point that is known by one value.
    pub const fn of(at_ms: i64, value: f64) -> Self {
        Self {
            at_ms,
            value,
            low: value,
            high: value,
        }
    }
}

/// A step may come a little late before what lies between counts as a gap.
const LATE: f64 = 1.6;

/// The points within a view of time, at most four for each of the columns, in runs without a gap.
/// One point on either side of the view is kept, so that lines reach its edges.
pub fn reduce(dots: &[Dot], view: (f64, f64), columns: usize, step_ms: i64) -> Vec<Vec<Dot>> {
    let (from, to) = view;
    let first = dots.partition_point(|dot| (dot.at_ms as f64) < from);
    let end = dots.partition_point(|dot| dot.at_ms as f64 <= to);
    let seen = &dots[first.saturating_sub(1)..(end + 1).min(dots.len()).max(first)];
    let columns = columns.max(1);
    let width = (to - from) / columns as f64;
    let few = seen.len() <= columns * 2;
    let gap = step_ms as f64 * LATE;
    let mut runs: Vec<Vec<Dot>> = vec![];
    let mut column: Option<(i64, Column)> = None;
    let mut last: Option<i64> = None;
    for dot in seen {
        let is_gap = last.is_none_or(|last| (dot.at_ms - last) as f64 > gap);
        if is_gap {
            flush(&mut column, &mut runs);
            runs.push(vec![]);
        }
        last = Some(dot.at_ms);
        if few {
            runs.last_mut().into_iter().for_each(|run| run.push(*dot));
            continue;
        }
        let at = place(dot.at_ms as f64 - from, width);
        match &mut column {
            Some((present, column)) if *present == at => column.add(*dot),
            _ => {
                flush(&mut column, &mut runs);
                column = Some((at, Column::of(*dot)));
            }
        }
    }
    flush(&mut column, &mut runs);
    runs
}

#[expect(clippy::cast_possible_truncation, reason = "columns are few")]
fn place(offset: f64, width: f64) -> i64 {
    (offset / width.max(f64::MIN_POSITIVE)).floor() as i64
}

/// What one column of pixels has.
struct Column {
    first: Dot,
    least: Dot,
    most: Dot,
    last: Dot,
}

impl Column {
    const fn of(dot: Dot) -> Self {
        Self {
            first: dot,
            least: dot,
            most: dot,
            last: dot,
        }
    }

    fn add(&mut self, dot: Dot) {
        if dot.value < self.least.value {
            self.least = dot;
        }
        if dot.value > self.most.value {
            self.most = dot;
        }
        let low = self.low().min(dot.low);
        let high = self.high().max(dot.high);
        self.last = dot;
        // The reach of the whole column is that of each of its points.
        for one in [
            &mut self.first,
            &mut self.least,
            &mut self.most,
            &mut self.last,
        ] {
            (one.low, one.high) = (low, high);
        }
    }

    const fn low(&self) -> f64 {
        self.first.low
    }

    const fn high(&self) -> f64 {
        self.first.high
    }
}

fn flush(column: &mut Option<(i64, Column)>, runs: &mut [Vec<Dot>]) {
    let (Some((_, column)), Some(run)) = (column.take(), runs.last_mut()) else {
        return;
    };
    let mut points = [column.first, column.least, column.most, column.last];
    points.sort_by_key(|dot| dot.at_ms);
    for dot in points {
        if run.last().is_none_or(|last| last.at_ms < dot.at_ms) {
            run.push(dot);
        }
    }
}

/// The point that holds at a time, if one does.
pub fn at(dots: &[Dot], time_ms: f64, step_ms: i64) -> Option<&Dot> {
    let after = dots.partition_point(|dot| dot.at_ms as f64 <= time_ms);
    let dot = dots.get(after.checked_sub(1)?)?;
    (time_ms - dot.at_ms as f64 <= step_ms as f64 * LATE).then_some(dot)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point in each second, with one peak and one hollow.
    fn many() -> Vec<Dot> {
        let value = |n: i64| match n {
            54_321 => 900.0,
            77_777 => -900.0,
            n => (n % 100) as f64,
        };
        (0..100_000).map(|n| Dot::of(n * 1_000, value(n))).collect()
    }

    #[test]
    fn peaks_stay_however_narrow_the_picture_is() {
        let dots = many();
        for columns in [1, 7, 300, 1_000] {
            let runs = reduce(&dots, (0.0, 99_999_000.0), columns, 1_000);
            assert_eq!(runs.len(), 1);
            let run = &runs[0];
            assert!(run.len() <= 4 * (columns + 1), "{} points", run.len());
            assert!(run.is_sorted_by(|a, b| a.at_ms < b.at_ms));
            let at = |at_ms: i64| run.iter().find(|dot| dot.at_ms == at_ms);
            assert_eq!(at(54_321_000).map(|dot| dot.value), Some(900.0));
            assert_eq!(at(77_777_000).map(|dot| dot.value), Some(-900.0));
            assert_eq!(run.first(), dots.first().map(|dot| at(dot.at_ms).unwrap()));
            assert_eq!(
                run.last().map(|dot| dot.at_ms),
                dots.last().map(|dot| dot.at_ms)
            );
        }
    }

    #[test]
    fn the_reach_of_a_column_is_that_of_all_its_points() {
        let mut dots = many();
        dots[10].high = 5_000.0;
        dots[20].low = -5_000.0;
        let runs = reduce(&dots, (0.0, 99_999_000.0), 10, 1_000);
        let reach = |dot: &Dot| (dot.low, dot.high);
        assert_eq!(runs[0].first().map(reach), Some((-5_000.0, 5_000.0)));
    }

    #[test]
    fn few_points_are_shown_as_they_are_and_gaps_stay_gaps() {
        let dots: Vec<Dot> = [0, 1, 2, 10, 11]
            .map(|n| Dot::of(n * 1_000, n as f64))
            .into();
        let runs = reduce(&dots, (0.0, 11_000.0), 100, 1_000);
        assert_eq!(runs, [dots[..3].to_vec(), dots[3..].to_vec()]);
        let mut dots = many();
        dots.drain(40_000..50_000);
        let runs = reduce(&dots, (0.0, 99_999_000.0), 10, 1_000);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].last().unwrap().at_ms, 39_999_000);
        assert_eq!(runs[1].first().unwrap().at_ms, 50_000_000);
        assert!(reduce(&[], (0.0, 1.0), 10, 1_000).is_empty());
    }

    #[test]
    fn lines_reach_the_edges_of_the_view() {
        let dots = many();
        let runs = reduce(&dots, (10_500.0, 12_500.0), 100, 1_000);
        let times: Vec<i64> = runs[0].iter().map(|dot| dot.at_ms).collect();
        assert_eq!(times, [10_000, 11_000, 12_000, 13_000]);
        assert!(reduce(&dots, (-9.0, -5.0), 10, 1_000).concat().len() <= 1);
    }

    #[test]
    fn values_are_read_where_there_are_some() {
        let dots: Vec<Dot> = [0, 1, 5].map(|n| Dot::of(n * 1_000, n as f64)).into();
        let value = |time| at(&dots, time, 1_000).map(|dot| dot.value);
        assert_eq!(value(-1.0), None);
        assert_eq!(value(1_400.0), Some(1.0));
        assert_eq!(value(3_000.0), None);
        assert_eq!(value(5_900.0), Some(5.0));
    }
}
