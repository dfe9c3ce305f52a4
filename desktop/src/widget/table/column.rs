//! Columns, and which of them have room.

use super::{EDGE, GAP, TICK, Table};

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    /// Always the same.
    Exact(f32),
    /// A share of what the others leave, but never less than this.
    AtLeast(f32),
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its head; empty for columns of buttons.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// Where its cells stand.
    pub align: Align,
    /// Whether rows can be sorted by it.
    pub sorts: bool,
    /// When room is short, columns with the highest number go first; zero never goes.
    pub spare: u8,
}

impl Column {
    /// A column of words that sorts and stays.
    pub const fn text(title: &'static str, width: Width) -> Self {
        Self {
            title,
            width,
            align: Align::Left,
            sorts: true,
            spare: 0,
        }
    }

    /// A column of numbers that sorts and stays.
    pub const fn number(title: &'static str, width: f32) -> Self {
        Self {
            align: Align::Right,
            ..Self::text(title, Width::Exact(width))
        }
    }

    /// The same, going when room is short: the highest number first.
    pub const fn spare(self, spare: u8) -> Self {
        Self { spare, ..self }
    }

    /// The same, without sorting.
    pub const fn fixed(self) -> Self {
        Self {
            sorts: false,
            ..self
        }
    }

    const fn least(&self) -> f32 {
        match self.width {
            Width::Exact(width) | Width::AtLeast(width) => width,
        }
    }
}

impl Table<'_> {
    /// The columns that have room, and how wide they are. The first is that of the boxes, if any.
    pub(super) fn fit(&self, room: f32) -> (Vec<usize>, Vec<f32>) {
        let is_wanted = |at: &usize| !self.hidden.contains(at);
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(is_wanted).collect();
        let boxes = if self.ticks.is_some() {
            TICK + GAP
        } else {
            0.0
        };
        let margin = 2.0 * EDGE;
        let needed = |shown: &[usize]| -> f32 {
            let widths: f32 = shown.iter().map(|at| self.columns[*at].least() + GAP).sum();
            widths + boxes + margin
        };
        while needed(&shown) > room {
            let last = shown
                .iter()
                .enumerate()
                .filter(|(_, at)| self.columns[**at].spare > 0)
                .max_by_key(|(_, at)| self.columns[**at].spare)
                .map(|(place, _)| place);
            match last {
                Some(place) => shown.remove(place),
                None => break,
            };
        }
        let spare = (room - needed(&shown)).max(0.0);
        let flexible: f32 = shown
            .iter()
            .filter(|at| matches!(self.columns[**at].width, Width::AtLeast(_)))
            .map(|at| self.columns[*at].least())
            .sum();
        let mut widths = Vec::with_capacity(shown.len() + 3);
        widths.push(EDGE - GAP);
        if self.ticks.is_some() {
            widths.push(TICK);
        }
        widths.extend(shown.iter().map(|at| match self.columns[*at].width {
            Width::Exact(width) => width,
            Width::AtLeast(width) => width + spare * width / flexible,
        }));
        (shown, widths)
    }
}
