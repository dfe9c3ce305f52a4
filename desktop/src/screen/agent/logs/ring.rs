//! The newest lines of a log: a limited number, each once, in their order.

use std::collections::VecDeque;

use underpass_shared::api::management::{LineLevel, LogLine};

/// Lines that are kept; more nobody scrolls through.
const LEN_MAX: usize = 5_000;

/// What the list was made by.
type Key = (u64, String, [bool; LineLevel::ALL.len()]);

/// The newest lines.
#[derive(Default)]
pub(super) struct Ring {
    lines: VecDeque<LogLine>,
    counts: [usize; LineLevel::ALL.len()],
    /// Lines up to this one are not wanted any more.
    cleared: Option<u64>,
    has_gap: bool,
    /// Counts what was taken.
    version: u64,
    view: Option<(Key, Vec<usize>)>,
}

impl Ring {
    /// The lines, the oldest first.
    pub(super) const fn lines(&self) -> &VecDeque<LogLine> {
        &self.lines
    }

    /// Lines of a level.
    pub(super) fn count(&self, level: LineLevel) -> usize {
        place(level).map_or(0, |at| self.counts[at])
    }

    /// Whether lines are missing between those that came.
    pub(super) const fn has_gap(&self) -> bool {
        self.has_gap
    }

    pub(super) fn find(&self, number: u64) -> Option<&LogLine> {
        let at = self
            .lines
            .binary_search_by_key(&number, |line| line.number)
            .ok()?;
        self.lines.get(at)
    }

    /// The newest line that is known, also of those that were cleared away.
    pub(super) fn newest(&self) -> Option<u64> {
        self.lines.back().map(|line| line.number).or(self.cleared)
    }

    /// Takes lines, the oldest first; what is known stays as it is. Some may be missing before them.
    pub(super) fn take(&mut self, lines: Vec<LogLine>, has_gap: bool) {
        if lines.is_empty() && !has_gap {
            return;
        }
        let newest = self.newest();
        self.has_gap |= has_gap;
        let new = |line: &LogLine| newest.is_none_or(|newest| line.number > newest);
        for line in lines.into_iter().filter(new) {
            if let Some(at) = place(line.level) {
                self.counts[at] += 1;
            }
            self.lines.push_back(line);
        }
        while self.lines.len() > LEN_MAX {
            if let Some(line) = self.lines.pop_front()
                && let Some(at) = place(line.level)
            {
                self.counts[at] -= 1;
            }
        }
        self.version += 1;
    }

    /// Forgets all lines so far.
    pub(super) fn clear(&mut self) {
        let cleared = self.newest();
        *self = Self {
            cleared,
            version: self.version + 1,
            ..Self::default()
        };
    }

    /// Places of the lines that are shown; made anew only when something changed.
    pub(super) fn view(&mut self, filter: &str, hidden: [bool; LineLevel::ALL.len()]) -> &[usize] {
        let key = (self.version, filter.trim().to_lowercase(), hidden);
        if self.view.as_ref().is_none_or(|(known, _)| *known != key) {
            let shows = |line: &LogLine| {
                let level = place(line.level).is_none_or(|at| !hidden[at]);
                level && key.1.split_whitespace().all(|word| holds(line, word))
            };
            let all = self.lines.iter().enumerate();
            let rows = all
                .filter(|(_, line)| shows(line))
                .map(|(at, _)| at)
                .collect();
            self.view = Some((key, rows));
        }
        self.view.as_ref().map_or(&[], |(_, rows)| rows)
    }
}

fn place(level: LineLevel) -> Option<usize> {
    LineLevel::ALL.iter().position(|one| *one == level)
}

fn holds(line: &LogLine, word: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    let mut fields = line.fields.iter();
    has(&line.message)
        || has(&line.target)
        || fields.any(|(name, value)| has(&format!("{name}={value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(numbers: std::ops::Range<u64>) -> Vec<LogLine> {
        let line = |number: u64| LogLine {
            number,
            time_ms: 0,
            level: if number.is_multiple_of(2) {
                LineLevel::Info
            } else {
                LineLevel::Error
            },
            target: "underpass_agent::tunnel".to_owned(),
            message: format!("Line {number}"),
            fields: [("host".to_owned(), "a.example".to_owned())].into(),
        };
        numbers.map(line).collect()
    }

    #[test]
    fn each_line_is_kept_once_and_a_gap_is_told() {
        let mut ring = Ring::default();
        ring.take(written(0..10), false);
        ring.take(written(5..20), false);
        let numbers: Vec<u64> = ring.lines().iter().map(|line| line.number).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
        assert!(!ring.has_gap());
        assert_eq!(
            (ring.count(LineLevel::Info), ring.count(LineLevel::Error)),
            (10, 10)
        );
        ring.take(written(30..40), true);
        assert!(ring.has_gap() && ring.find(35).is_some() && ring.find(25).is_none());
        ring.clear();
        assert_eq!(ring.newest(), Some(39));
        ring.take(written(30..42), false);
        assert_eq!(ring.lines().len(), 2);
        assert!(!ring.has_gap());
    }

    #[test]
    fn the_number_of_lines_has_a_limit() {
        let mut ring = Ring::default();
        let most = u64::try_from(LEN_MAX).unwrap();
        ring.take(written(0..most + 7), false);
        assert_eq!(ring.lines().len(), LEN_MAX);
        let counted: usize = LineLevel::ALL
            .into_iter()
            .map(|level| ring.count(level))
            .sum();
        assert_eq!(counted, LEN_MAX);
    }

    #[test]
    fn words_and_levels_narrow_the_list() {
        let mut ring = Ring::default();
        ring.take(written(0..10), false);
        let mut hidden = [false; 5];
        assert_eq!(ring.view("LINE 7", hidden), [7]);
        assert_eq!(ring.view("host=a.ex", hidden).len(), 10);
        hidden[0] = true;
        assert_eq!(ring.view("", hidden), [0, 2, 4, 6, 8]);
        ring.take(written(10..12), false);
        assert_eq!(ring.view("", hidden).len(), 6);
    }
}
