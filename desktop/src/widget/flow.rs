//! Fields beside each other, on as many lines as they need.

use egui::{Align, Layout, Pos2, Rect, Sense, Ui, UiBuilder, Vec2};

use crate::theme::{size, space};

/// Where the next field stands.
pub struct Flow<'a> {
    ui: &'a mut Ui,
    area: Rect,
    at: Pos2,
}

impl Flow<'_> {
    /// A field of this width, or of all the width there is.
    pub fn cell<R>(&mut self, width: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
        let width = width.min(self.area.width());
        if self.at.x > self.area.left() && self.at.x + width > self.area.right() {
            self.at = Pos2::new(self.area.left(), self.at.y + size::LABELLED + space::S);
        }
        let rect = Rect::from_min_size(self.at, Vec2::new(width, size::LABELLED));
        self.at.x = rect.right() + space::S;
        let layout = Layout::top_down(Align::Min);
        let mut ui = self
            .ui
            .new_child(UiBuilder::new().max_rect(rect).layout(layout));
        // Every label is as high as its letters, so that all fields stand on one line.
        ui.spacing_mut().interact_size.y = 0.0;
        ui.spacing_mut().item_spacing.y = space::XS;
        contents(&mut ui)
    }

    /// What all of it is drawn in.
    pub const fn ui(&self) -> &Ui {
        self.ui
    }
}

/// Lays labelled fields out from left to right; what has no room begins the next line.
pub fn flow<R>(ui: &mut Ui, contents: impl FnOnce(&mut Flow<'_>) -> R) -> R {
    let area = ui.available_rect_before_wrap();
    let mut flow = Flow {
        ui,
        area,
        at: area.min,
    };
    let inner = contents(&mut flow);
    let height = flow.at.y + size::LABELLED - area.top();
    ui.allocate_exact_size(Vec2::new(area.width(), height), Sense::hover());
    inner
}
