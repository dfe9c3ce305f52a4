//! Cards and the tiles of key numbers.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Color32, CornerRadius, Frame, Id, InnerResponse, Label, Layout, Role, Stroke, Ui, Vec2,
    WidgetInfo,
};

use super::{Words as _, sparkline};
use crate::theme::{State, Text, Themed as _, font, inset, radius, size, space};

/// A surface with a border.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let tokens = ui.tokens();
    Frame::new()
        .fill(tokens.surface)
        .stroke(Stroke::new(size::LINE, tokens.border))
        .corner_radius(CornerRadius::same(radius::CARD))
        .inner_margin(inset::CARD)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = Vec2::splat(space::S);
            contents(ui)
        })
}

/// Cards side by side, all as high as the highest of them.
#[derive(Debug)]
pub struct Level {
    id: Id,
    wanted: f32,
    highest: f32,
}

impl Level {
    /// Begins a row of cards; what it is called tells it from others.
    pub fn new(ui: &Ui, id: Id) -> Self {
        Self {
            id,
            wanted: ui.data(|data| data.get_temp(id)).unwrap_or_default(),
            highest: 0.0,
        }
    }

    /// One of the cards.
    pub fn card<R>(
        &mut self,
        ui: &mut Ui,
        contents: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R> {
        card(ui, |ui| {
            let shown = contents(ui);
            let own = ui.min_rect();
            self.highest = self.highest.max(own.height());
            ui.expand_to_include_y(own.top() + self.wanted);
            shown
        })
    }

    /// Ends the row. Where a card grew or shrank, the frame is drawn again.
    pub fn end(self, ui: &Ui) {
        if (self.highest - self.wanted).abs() > 0.5 {
            ui.data_mut(|data| data.insert_temp(self.id, self.highest));
            ui.ctx().request_discard("cards of one height");
        }
    }
}

/// A card with a title, and its actions at the right of it.
pub fn card_titled<R>(
    ui: &mut Ui,
    title: &str,
    actions: impl FnOnce(&mut Ui),
    contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = size::CONTROL_SMALL;
            ui.set_min_height(size::CONTROL_SMALL);
            ui.title(title);
            ui.with_layout(Layout::right_to_left(Align::Center), actions);
        });
        ui.add_space(space::XS);
        contents(ui)
    })
}

/// The title of a part of a page, with a line of explanation.
pub fn section(ui: &mut Ui, title: &str, explanation: &str) {
    ui.add_space(space::S);
    ui.title(title);
    if !explanation.is_empty() {
        ui.scope(|ui| {
            ui.set_max_width(size::PARAGRAPH);
            ui.paragraph(explanation);
        });
    }
}

/// A tile with one number.
#[derive(Debug)]
pub struct Kpi<'a> {
    /// What is counted.
    pub label: &'a str,
    /// The number.
    pub value: String,
    /// Its unit or whole, in grey.
    pub unit: String,
    /// A line below it.
    pub note: String,
    /// How the line is meant.
    pub state: Option<State>,
    /// How the number moved.
    pub series: &'a [f32],
    /// The colour of that line.
    pub color: Color32,
}

impl Kpi<'_> {
    /// The height of a tile.
    pub const HEIGHT: f32 = 92.0;

    /// Shows the tile over `width`; true when it was clicked.
    pub fn show(&self, ui: &mut Ui, width: f32) -> bool {
        let tokens = ui.tokens();
        let (rect, response) =
            ui.allocate_exact_size(Vec2::new(width, Self::HEIGHT), egui::Sense::click());
        response.widget_info(|| {
            let text = format!("{}: {}{}, {}", self.label, self.value, self.unit, self.note);
            WidgetInfo::labeled(Role::Button, true, text.trim_end_matches(", "))
        });
        let corners = CornerRadius::same(radius::CARD);
        let border = if response.hovered() {
            tokens.border_strong
        } else {
            tokens.border
        };
        let stroke = Stroke::new(size::LINE, border);
        ui.painter().rect(
            rect,
            corners,
            tokens.surface,
            stroke,
            egui::StrokeKind::Inside,
        );
        super::focus_ring(ui, &response, radius::CARD);
        let inner = rect.shrink2(Vec2::new(space::L, space::M));
        let mut ui = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(inner)
                .layout(Layout::top_down(Align::Min)),
        );
        ui.set_clip_rect(ui.clip_rect().intersect(rect));
        ui.spacing_mut().item_spacing.y = space::XXS;
        ui.words(Text::Small, tokens.text_2, self.label);
        let mut job = LayoutJob::default();
        for (text, role, color) in [
            (&self.value, Text::Figure, tokens.text),
            (&self.unit, Text::Small, tokens.text_3),
        ] {
            job.append(text, 0.0, TextFormat::simple(font(role), color));
        }
        job.wrap = TextWrapping::truncate_at_width(inner.width());
        ui.horizontal(|ui| {
            let text = ui.add(Label::new(job).selectable(false));
            let room = inner.right() - text.rect.right() - space::M;
            if !self.series.is_empty() && room > 48.0 {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let size = Vec2::new(room.min(130.0), 22.0);
                    sparkline(ui, size, self.series, self.color, self.label);
                });
            }
        });
        let color = self
            .state
            .map_or(tokens.text_3, |state| tokens.state(state));
        ui.words(Text::Caption, color, self.note.as_str());
        response.clicked()
    }
}
