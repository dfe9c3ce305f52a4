//! The heads of the columns.

use egui::{Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo};
use egui_extras::TableRow;
use lucide_icons::Icon;

use super::super::{checkbox, galley, paint_icon};
use super::{Align, Column, Outcome, Sort, Table, TableState};
use crate::theme::{Text, Themed as _, size};

impl Table<'_> {
    pub(super) fn head(
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
