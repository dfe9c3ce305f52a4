//! Tables: only the rows that are seen are drawn, so ten thousand cost as much as fifty.

use egui::{
    Color32, CornerRadius, Key, Layout, Modifiers, Rect, Response, Role, Sense, Stroke, Ui,
    WidgetInfo,
};
use egui_extras::{TableBuilder, TableRow};
use lucide_icons::Icon;

use super::{checkbox, context_menu, galley, paint_icon};
use crate::theme::{Text, Themed as _, radius, size, space};

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
            .inner_margin(egui::Margin::same(1))
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

    /// The columns that have room, and how wide they are. The first is that of the boxes, if any.
    fn fit(&self, room: f32) -> (Vec<usize>, Vec<f32>) {
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

    fn head(
        &self,
        row: &mut TableRow<'_, '_>,
        shown: &[usize],
        area: Rect,
        state: &mut TableState,
        outcome: &mut Outcome,
    ) {
        row.col(|ui| {
            let line = Stroke::new(size::LINE, ui.tokens().border);
            let mut painter = ui.painter().clone();
            painter.set_clip_rect(Rect::from_x_y_ranges(
                area.x_range(),
                ui.clip_rect().y_range(),
            ));
            painter.hline(area.x_range(), ui.max_rect().bottom() - 0.5, line);
        });
        if let Some((_, all)) = self.ticks {
            row.col(|ui| {
                if checkbox(ui, all, "Select all").clicked() {
                    outcome.ticked_all = true;
                }
            });
        }
        for at in shown {
            let column = &self.columns[*at];
            row.col(|ui| {
                if column.title.is_empty() {
                    return;
                }
                if head_cell(ui, column, state.sort.filter(|sort| sort.column == *at)).clicked() {
                    let again = state.sort.filter(|sort| sort.column == *at);
                    state.sort = Some(Sort {
                        column: *at,
                        descending: again.is_some_and(|sort| !sort.descending),
                    });
                    outcome.sorted = true;
                }
            });
        }
    }

    fn row(
        &self,
        row: &mut TableRow<'_, '_>,
        shown: &[usize],
        area: Rect,
        state: &mut TableState,
        outcome: &mut Outcome,
        cell: &mut impl FnMut(&mut Ui, usize, usize),
    ) {
        let index = row.index();
        let selected = self.selected.is_some_and(|selected| selected(index));
        row.set_hovered(false);
        let at_cursor = state.cursor == Some(index);
        row.col(|ui| ground(ui, area, self.height, selected, at_cursor));
        if let Some((ticked, _)) = self.ticks {
            row.col(|ui| {
                let name = format!("Select {}", (self.name)(index));
                if checkbox(ui, Some(ticked(index)), &name).clicked() {
                    outcome.ticked = Some(index);
                }
            });
        }
        for at in shown {
            row.col(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                match self.columns[*at].align {
                    Align::Left => cell(ui, index, *at),
                    Align::Right => {
                        let layout = Layout::right_to_left(egui::Align::Center);
                        ui.with_layout(layout, |ui| cell(ui, index, *at));
                    }
                }
            });
        }
        let response = row.response();
        response
            .widget_info(|| WidgetInfo::selected(Role::Row, true, selected, (self.name)(index)));
        if response.clicked() {
            state.cursor = Some(index);
            outcome.chosen = Some(index);
        }
        if response.double_clicked() {
            outcome.opened = Some(index);
        }
        if let Some(menu) = self.menu {
            context_menu(&response, |ui| menu(ui, index));
        }
    }

    fn keys(&self, ui: &Ui, state: &mut TableState, outcome: &mut Outcome) {
        const PAGE: usize = 15;
        let busy = ui.text_edit_focused() || ui.memory(|memory| memory.top_modal_layer().is_some());
        if busy || self.rows == 0 || egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let last = self.rows - 1;
        let moved = if pressed(Key::ArrowDown) || pressed(Key::J) {
            Some(state.cursor.map_or(0, |at| (at + 1).min(last)))
        } else if pressed(Key::ArrowUp) || pressed(Key::K) {
            Some(state.cursor.map_or(0, |at| at.saturating_sub(1)))
        } else if pressed(Key::PageDown) {
            Some(state.cursor.map_or(0, |at| (at + PAGE).min(last)))
        } else if pressed(Key::PageUp) {
            Some(state.cursor.map_or(0, |at| at.saturating_sub(PAGE)))
        } else if pressed(Key::Home) {
            Some(0)
        } else if pressed(Key::End) {
            Some(last)
        } else {
            None
        };
        if let Some(at) = moved {
            state.cursor = Some(at);
            state.reveal = Some(at);
            outcome.chosen = Some(at);
        }
        // What has the keyboard itself takes Enter and Space.
        if ui.memory(|memory| memory.focused().is_some()) {
            return;
        }
        if let Some(at) = state.cursor {
            if pressed(Key::Enter) {
                outcome.opened = Some(at);
            }
            if self.ticks.is_some() && pressed(Key::Space) {
                outcome.ticked = Some(at);
            }
        }
    }
}

/// Between columns.
const GAP: f32 = 12.0;
/// Before the first column and after the last.
const EDGE: f32 = 16.0;
/// The column of boxes.
const TICK: f32 = 16.0;

/// The ground of a row and the rule below it, over the whole width.
fn ground(ui: &Ui, area: Rect, height: f32, selected: bool, at_cursor: bool) {
    let tokens = ui.tokens();
    let top = ui.max_rect().top();
    let rect = Rect::from_x_y_ranges(area.x_range(), top..=top + height);
    let mut painter = ui.painter().clone();
    // The column clips to itself; the row's ground reaches over all columns.
    let clip = Rect::from_x_y_ranges(area.x_range(), ui.clip_rect().y_range());
    painter.set_clip_rect(clip);
    let over =
        ui.rect_contains_pointer(rect) && ui.memory(|memory| memory.top_modal_layer().is_none());
    let fill = match (selected, over) {
        (true, _) => tokens.selected,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, CornerRadius::ZERO, fill);
    if at_cursor {
        let mark = Rect::from_min_size(rect.min, egui::vec2(3.0, height));
        painter.rect_filled(mark, CornerRadius::ZERO, tokens.accent_text);
    }
    painter.hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(size::LINE, tokens.border),
    );
}

fn head_cell(ui: &mut Ui, column: &Column, sort: Option<Sort>) -> Response {
    const ARROW: f32 = 12.0;
    let tokens = ui.tokens();
    let rect = ui.max_rect();
    let sense = if column.sorts {
        Sense::click()
    } else {
        Sense::hover()
    };
    let response = ui.allocate_rect(rect, sense);
    response.widget_info(|| {
        let order = match sort.map(|sort| sort.descending) {
            Some(true) => ", sorted, largest first",
            Some(false) => ", sorted",
            None => "",
        };
        WidgetInfo::labeled(Role::ColumnHeader, true, format!("{}{order}", column.title))
    });
    let color = if sort.is_some() || (column.sorts && response.hovered()) {
        tokens.text
    } else {
        tokens.text_3
    };
    let room = rect.width() - if sort.is_some() { ARROW } else { 0.0 };
    let title = galley(ui, Text::Caption, color, column.title, room);
    let width = title.size().x;
    let left = match column.align {
        Align::Left => rect.left(),
        Align::Right => rect.right() - width,
    };
    ui.painter().galley(
        egui::pos2(left, rect.center().y - title.size().y / 2.0),
        title,
        color,
    );
    if let Some(sort) = sort {
        let icon = if sort.descending {
            Icon::ArrowDown
        } else {
            Icon::ArrowUp
        };
        let x = match column.align {
            Align::Left => left + width + ARROW * 0.7,
            Align::Right => left - ARROW * 0.6,
        };
        paint_icon(
            ui.painter(),
            icon,
            egui::pos2(x, rect.center().y),
            ARROW,
            tokens.text,
        );
    }
    response
}
