//! Tables: only the rows that are seen are drawn, so ten thousand cost as much as fifty.

mod column;
mod head;
mod keys;
mod row;

use egui::{CornerRadius, Layout, Sense, Stroke, Ui};
use egui_extras::TableBuilder;

pub use self::column::{Align, Column, Width};
use crate::theme::{Themed as _, inset, radius, size};

/// Between columns.
const GAP: f32 = 12.0;
/// Before the first column and after the last.
const EDGE: f32 = 16.0;
/// The column of boxes.
const TICK: f32 = 16.0;

/// By which column rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sort {
    /// Its place among the columns.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// What a table remembers from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct TableState {
    /// By what rows are sorted.
    pub sort: Option<Sort>,
    /// The row the keyboard is at.
    pub cursor: Option<usize>,
    /// Brings this row into view in the next frame.
    pub reveal: Option<usize>,
}

/// What the operator did with a table in this frame.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The row that was clicked, or moved to by the keyboard.
    pub chosen: Option<usize>,
    /// The row that was opened by a double click or Enter.
    pub opened: Option<usize>,
    /// The row whose box was ticked.
    pub ticked: Option<usize>,
    /// The box in the head was ticked.
    pub ticked_all: bool,
    /// Another order was asked for; it is in the state.
    pub sorted: bool,
    /// The first row that is seen, and how many are.
    pub seen: std::ops::Range<usize>,
}

type Name<'a> = &'a dyn Fn(usize) -> String;
type Chosen<'a> = &'a dyn Fn(usize) -> bool;
type Menu<'a> = &'a dyn Fn(&mut Ui, usize);

/// A table over the whole width that is left.
#[must_use = "a table is shown by `show`"]
pub struct Table<'a> {
    id: &'a str,
    columns: &'a [Column],
    rows: usize,
    height: f32,
    name: Name<'a>,
    selected: Option<Chosen<'a>>,
    ticks: Option<(Chosen<'a>, Option<bool>)>,
    keyboard: bool,
    framed: bool,
    hidden: &'a [usize],
    menu: Option<Menu<'a>>,
}

impl<'a> Table<'a> {
    /// A table; `name` gives a row's name for screen readers.
    pub fn new(id: &'a str, columns: &'a [Column], rows: usize, name: Name<'a>) -> Self {
        Self {
            id,
            columns,
            rows,
            height: size::ROW,
            name,
            selected: None,
            ticks: None,
            keyboard: true,
            framed: false,
            hidden: &[],
            menu: None,
        }
    }

    /// The height of each row.
    pub fn row_height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// Which rows are shown as chosen.
    pub fn selected(mut self, selected: Chosen<'a>) -> Self {
        self.selected = Some(selected);
        self
    }

    /// A box in each row and one in the head; `all` is `None` when some are ticked.
    pub fn ticks(mut self, ticked: Chosen<'a>, all: Option<bool>) -> Self {
        self.ticks = Some((ticked, all));
        self
    }

    /// Leaves arrows, Enter and Space to others: for the second table of a page.
    pub fn without_keyboard(mut self) -> Self {
        self.keyboard = false;
        self
    }

    /// On a card of its own.
    pub fn framed(mut self) -> Self {
        self.framed = true;
        self
    }

    /// Columns that are not shown, by their places.
    pub fn hidden(mut self, hidden: &'a [usize]) -> Self {
        self.hidden = hidden;
        self
    }

    /// The menu of a right click on a row.
    pub fn menu(mut self, menu: Menu<'a>) -> Self {
        self.menu = Some(menu);
        self
    }

    /// Shows the table. `cell` draws one cell: of this row, in this column.
    pub fn show(
        self,
        ui: &mut Ui,
        state: &mut TableState,
        cell: impl FnMut(&mut Ui, usize, usize),
    ) -> Outcome {
        if !self.framed {
            return self.bare(ui, state, cell);
        }
        let tokens = ui.tokens();
        egui::Frame::new()
            .fill(tokens.surface)
            .stroke(Stroke::new(size::LINE, tokens.border))
            .corner_radius(CornerRadius::same(radius::CARD))
            .inner_margin(inset::TABLE)
            .show(ui, |ui| self.bare(ui, state, cell))
            .inner
    }

    fn bare(
        self,
        ui: &mut Ui,
        state: &mut TableState,
        mut cell: impl FnMut(&mut Ui, usize, usize),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        state.cursor = state.cursor.filter(|at| *at < self.rows);
        if self.keyboard {
            self.keys(ui, state, &mut outcome);
        }
        let (shown, widths) = self.fit(ui.available_width());
        let area = ui.available_rect_before_wrap();
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().item_spacing.x = GAP;
        let room = ui.available_height();
        let mut builder = TableBuilder::new(ui)
            .id_salt(self.id)
            .sense(Sense::click())
            .auto_shrink([false, false])
            .max_scroll_height(room)
            .min_scrolled_height(0.0)
            .animate_scrolling(false)
            .cell_layout(Layout::left_to_right(egui::Align::Center));
        if let Some(row) = state.reveal.take().filter(|row| *row < self.rows) {
            builder = builder.scroll_to_row(row, None);
        }
        for width in &widths {
            builder = builder.column(egui_extras::Column::exact(*width));
        }
        let (mut first, mut end) = (self.rows, 0);
        builder
            .header(size::HEAD, |mut row| {
                self.head(&mut row, &shown, area, state, &mut outcome)
            })
            .body(|body| {
                body.rows(self.height, self.rows, |mut row| {
                    let index = row.index();
                    (first, end) = (first.min(index), end.max(index + 1));
                    self.row(&mut row, &shown, area, state, &mut outcome, &mut cell);
                });
            });
        outcome.seen = first.min(end)..end;
        outcome
    }
}
