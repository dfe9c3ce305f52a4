//! Fields for text: with label, hint and the rule that was broken.

use egui::{CornerRadius, Frame, Id, Margin, Response, Role, Stroke, TextEdit, Ui, WidgetInfo};
use lucide_icons::Icon;

use super::{IconButton, Words as _};
use crate::theme::{Text, Themed as _, font, inset, radius, size, space};

/// The most characters a field takes unless it says otherwise; no setting is longer.
const LIMIT: usize = 4096;
/// The most letters one searches for.
const SEARCH_LIMIT: usize = 200;

/// A field with its label above and its help or error below.
#[must_use = "a field is shown by `show`"]
pub struct Field<'a> {
    label: &'a str,
    value: &'a mut String,
    hint: &'a str,
    help: &'a str,
    error: Option<&'a str>,
    refused: Option<&'a str>,
    mono: bool,
    secret: bool,
    optional: bool,
    rows: usize,
    width: f32,
    limit: usize,
    id: Option<Id>,
}

impl<'a> Field<'a> {
    /// A field for one line.
    pub fn new(label: &'a str, value: &'a mut String) -> Self {
        Self {
            label,
            value,
            hint: "",
            help: "",
            error: None,
            refused: None,
            mono: false,
            secret: false,
            optional: false,
            rows: 1,
            width: size::FORM,
            limit: LIMIT,
            id: None,
        }
    }

    /// An example, shown while the field is empty.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// A line below that explains the field.
    pub fn help(mut self, help: &'a str) -> Self {
        self.help = help;
        self
    }

    /// The rule that the value breaks; takes the place of the help.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// Readable but not editable unless `allowed`; the tooltip then tells `reason`.
    pub fn enabled_if(mut self, allowed: bool, reason: &'a str) -> Self {
        self.refused = (!allowed).then_some(reason);
        self
    }

    /// Hosts, paths and hashes: letters of one width.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// A password or token: shown as dots.
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Marks the field as one that may stay empty.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Several lines.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Another width than that of forms.
    pub fn width(mut self, width: f32) -> Self {
        self.width = width;
        self
    }

    /// The most characters.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// An id of its own, so that the keyboard can be sent there.
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    /// Shows the field; the response is that of the text.
    pub fn show(self, ui: &mut Ui) -> Response {
        let tokens = ui.tokens();
        let id = self
            .id
            .unwrap_or_else(|| ui.make_persistent_id(("field", self.label)));
        let width = self.width.min(ui.available_width());
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = space::XS;
            // The label is as high as its letters, so that it stands on the line of its neighbours'.
            ui.spacing_mut().interact_size.y = 0.0;
            if !self.label.is_empty() {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = space::XS;
                    ui.words(Text::Caption, tokens.text_2, self.label);
                    if self.optional {
                        ui.words(Text::Caption, tokens.text_3, "optional");
                    }
                });
            }
            let role = if self.mono { Text::Mono } else { Text::Body };
            let edit = if self.rows > 1 {
                TextEdit::multiline(self.value)
            } else {
                TextEdit::singleline(self.value)
            };
            let edit = edit
                .id(id)
                .desired_rows(self.rows)
                .char_limit(self.limit)
                .password(self.secret)
                .hint_text(egui::RichText::new(self.hint).color(tokens.text_3))
                .font(font(role))
                .interactive(self.refused.is_none());
            let text_color = if self.refused.is_some() {
                tokens.text_3
            } else {
                tokens.text
            };
            let edit = edit.text_color(text_color);
            let mut response = framed(ui, id, self.error.is_some(), width, |ui, width| {
                ui.add(
                    edit.frame(Frame::NONE)
                        .margin(Margin::ZERO)
                        .desired_width(width),
                )
            });
            if self.label.is_empty() {
                response = response.accessible_name(self.hint);
            } else {
                response = response.accessible_name(self.label);
            }
            if let Some(error) = self.error {
                complaint(ui, error);
            } else if !self.help.is_empty() {
                let text = egui::RichText::new(self.help)
                    .font(font(Text::Small))
                    .color(tokens.text_3);
                ui.add(egui::Label::new(text).wrap());
            }
            match self.refused {
                Some(reason) => response.on_hover_text(reason),
                None => response,
            }
        })
        .inner
    }
}

fn complaint(ui: &mut Ui, error: &str) {
    let tokens = ui.tokens();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.icon(Icon::CircleAlert, size::ICON_MEDIUM, tokens.error);
        let text = egui::RichText::new(error)
            .font(font(Text::Small))
            .color(tokens.error);
        ui.add(egui::Label::new(text).wrap());
    });
}

fn framed<R>(
    ui: &mut Ui,
    id: Id,
    wrong: bool,
    width: f32,
    contents: impl FnOnce(&mut Ui, f32) -> R,
) -> R {
    let tokens = ui.tokens();
    let stroke = border(ui, id, wrong);
    Frame::new()
        .fill(tokens.field)
        .stroke(stroke)
        .corner_radius(CornerRadius::same(radius::CONTROL))
        .inner_margin(inset::FIELD)
        .show(ui, |ui| {
            // The frame is the field; its text needs no size of its own.
            ui.spacing_mut().interact_size.y = 0.0;
            contents(ui, width - inset::FIELD.sum().x - 2.0 * size::LINE)
        })
        .inner
}

/// A field that searches or filters.
pub fn search(ui: &mut Ui, id: Id, value: &mut String, name: &str, width: f32) -> Response {
    let tokens = ui.tokens();
    let width = width.min(ui.available_width());
    let (rect, _) = ui.allocate_exact_size(egui::vec2(width, size::CONTROL), egui::Sense::hover());
    let stroke = border(ui, id, false);
    let corners = CornerRadius::same(radius::CONTROL);
    ui.painter().rect(
        rect,
        corners,
        tokens.field,
        stroke,
        egui::StrokeKind::Inside,
    );
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let inner = rect.shrink2(egui::vec2(space::S + 1.0, 0.0));
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
    ui.spacing_mut().interact_size.y = 0.0;
    ui.icon(Icon::Search, size::ICON_MEDIUM, tokens.text_3);
    let clear = !value.is_empty();
    let room = ui.available_width()
        - if clear {
            size::CONTROL_SMALL + space::XS
        } else {
            0.0
        };
    let edit = TextEdit::singleline(value)
        .id(id)
        .char_limit(SEARCH_LIMIT)
        .hint_text(egui::RichText::new(name).color(tokens.text_3))
        .frame(Frame::NONE)
        .margin(Margin::ZERO)
        .desired_width(room);
    let mut response = ui.add(edit);
    response.widget_info(|| WidgetInfo::labeled(Role::SearchInput, true, name));
    if clear {
        let name = format!("Clear {}", name.to_lowercase());
        if ui.add(IconButton::new(Icon::X, &name).small()).clicked() {
            value.clear();
            response.mark_changed();
        }
    }
    response
}

/// The border of a field that is wrong, has the keyboard, or neither.
fn border(ui: &Ui, id: Id, wrong: bool) -> Stroke {
    let tokens = ui.tokens();
    match (wrong, ui.memory(|memory| memory.has_focus(id))) {
        (true, _) => Stroke::new(size::LINE, tokens.error),
        (false, true) => Stroke::new(size::FOCUS, tokens.accent_text),
        (false, false) => Stroke::new(size::LINE, tokens.border_strong),
    }
}
