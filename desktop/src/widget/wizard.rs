//! Wizards: a few steps, one after the other, in a dialog.

use egui::{Align, Context, CornerRadius, Layout, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::dialog::{enters, frame};
use super::{Button, galley, paint_icon};
use crate::theme::{Text, Themed as _, radius, size, space};

/// The height of what a step shows.
const BODY: f32 = 280.0;
/// The same with lists.
const BODY_PAGE: f32 = 430.0;

/// What the operator did with a wizard in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a turn that is dropped leaves the wizard where it is"]
pub enum Turn {
    /// Nothing yet.
    Stay,
    /// To the step before.
    Back,
    /// To the next step, or, on the last one, to the end.
    Next,
    /// Away.
    Cancel,
}

/// The frame of a wizard's steps.
#[must_use = "a wizard is shown by `show`"]
#[derive(Debug)]
pub struct Wizard<'a> {
    id: &'a str,
    title: &'a str,
    steps: &'a [&'a str],
    step: usize,
    next: &'a str,
    refused: Option<&'a str>,
    enter: bool,
    done: bool,
    width: f32,
    body: f32,
}

impl<'a> Wizard<'a> {
    /// A wizard at one of its steps.
    pub fn new(id: &'a str, title: &'a str, steps: &'a [&'a str], step: usize) -> Self {
        Self {
            id,
            title,
            steps,
            step,
            next: "Continue",
            refused: None,
            enter: true,
            done: false,
            width: size::DIALOG_WIDE,
            body: BODY,
        }
    }

    /// What the button of this step says.
    pub fn next(mut self, word: &'a str) -> Self {
        self.next = word;
        self
    }

    /// Room for lists of its own.
    pub fn page(mut self) -> Self {
        self.width = size::DIALOG_PAGE;
        self.body = BODY_PAGE;
        self
    }

    /// It is done if `done`: there is no way back any more, and nothing to leave.
    pub fn done(mut self, done: bool) -> Self {
        self.done = done;
        self
    }

    /// This step is not complete unless `complete`; the tooltip then tells `reason`.
    pub fn enabled_if(mut self, complete: bool, reason: &'a str) -> Self {
        self.refused = (!complete).then_some(reason);
        self
    }

    /// Enter does not go on if `still`: this step is there to be looked at.
    pub fn without_enter(mut self, still: bool) -> Self {
        self.enter = !still;
        self
    }

    /// Shows the step in its frame.
    pub fn show(self, ctx: &Context, body: impl FnOnce(&mut Ui)) -> Turn {
        let mut turn = Turn::Stay;
        let cancelled = frame(ctx, self.id, self.title, self.width, |ui, closed| {
            rail(ui, self.steps, self.step);
            ui.add_space(space::M);
            let room = self
                .body
                .min(ui.available_height() - size::CONTROL - space::XXL)
                .max(160.0);
            ui.scope(|ui| {
                ui.set_min_height(room);
                if self.body > BODY {
                    // Lists scroll within the step.
                    ui.set_max_height(room);
                }
                body(ui);
            });
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                if self.step > 0
                    && !self.done
                    && ui
                        .add(Button::secondary("Back").icon(Icon::ArrowLeft))
                        .clicked()
                {
                    turn = Turn::Back;
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let next = Button::primary(self.next);
                    let next =
                        next.enabled_if(self.refused.is_none(), self.refused.unwrap_or_default());
                    if ui.add(next).clicked() {
                        turn = Turn::Next;
                    }
                    if !self.done {
                        *closed |= ui.add(Button::secondary("Cancel")).clicked();
                    }
                });
            });
            let stays = turn == Turn::Stay && !*closed;
            if stays && self.enter && self.refused.is_none() && enters(ui) {
                turn = Turn::Next;
            }
        });
        if cancelled { Turn::Cancel } else { turn }
    }
}

/// The steps with the place where one is.
fn rail(ui: &mut Ui, steps: &[&str], current: usize) {
    const MARK: f32 = 20.0;
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::hover());
    let name = steps.get(current).copied().unwrap_or_default();
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Status,
            true,
            format!("Step {} of {}, {name}", current + 1, steps.len()),
        )
    });
    let width = rect.width() / steps.len().max(1) as f32;
    for (index, step) in steps.iter().enumerate() {
        let left = rect.left() + index as f32 * width;
        let center = egui::pos2(left + MARK / 2.0, rect.center().y);
        let (fill, border, color) = match index.cmp(&current) {
            std::cmp::Ordering::Less => (tokens.tint(tokens.ok), tokens.ok, tokens.ok),
            std::cmp::Ordering::Equal => (tokens.accent, tokens.accent, tokens.on_accent),
            std::cmp::Ordering::Greater => (tokens.field, tokens.border_strong, tokens.text_3),
        };
        let mark = egui::Rect::from_center_size(center, Vec2::splat(MARK));
        ui.painter().rect(
            mark,
            CornerRadius::same(radius::PILL),
            fill,
            Stroke::new(size::LINE, border),
            egui::StrokeKind::Inside,
        );
        if index < current {
            paint_icon(ui.painter(), Icon::Check, center, size::ICON_SMALL, color);
        } else {
            let number = galley(ui, Text::Caption, color, &(index + 1).to_string(), MARK);
            ui.painter()
                .galley(center - number.size() / 2.0, number, color);
        }
        let color = if index == current {
            tokens.text
        } else {
            tokens.text_3
        };
        let word = galley(ui, Text::Small, color, step, width - MARK - 2.0 * space::S);
        let end = left + MARK + space::S + word.size().x;
        let at = egui::pos2(
            left + MARK + space::S,
            rect.center().y - word.size().y / 2.0,
        );
        ui.painter().galley(at, word, color);
        if index + 1 < steps.len() {
            let to = left + width - space::S;
            if to > end + space::S {
                let line = Stroke::new(size::LINE, tokens.border);
                ui.painter()
                    .hline(end + space::S..=to, rect.center().y, line);
            }
        }
    }
}
