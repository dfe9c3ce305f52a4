//! Forms whose fields are checked as they are typed, by the rules that the agent has.

use std::fmt::Display;
use std::str::FromStr;

use egui::{Align, Layout, Ui};
use serde::de::DeserializeOwned;

use crate::theme::{size, space};
use crate::widget::{Button, Field};

/// What is wrong with a form, gathered while its fields are shown.
#[derive(Debug, Default)]
pub(super) struct Form {
    locked: Option<String>,
    wrong: Option<String>,
}

impl Form {
    /// A form; `locked` says why it cannot be changed, if so.
    pub(super) const fn new(locked: Option<String>) -> Self {
        Self {
            locked,
            wrong: None,
        }
    }

    /// Why the form cannot be sent, if so.
    pub(super) fn problem(&self) -> Option<&str> {
        self.locked.as_deref().or(self.wrong.as_deref())
    }

    /// Why the form cannot be changed, if so.
    pub(super) fn locked(&self) -> Option<&str> {
        self.locked.as_deref()
    }

    /// Something that is wrong beside what single fields are.
    pub(super) fn fail(&mut self, rule: impl Into<String>) {
        self.wrong.get_or_insert_with(|| rule.into());
    }

    fn show(
        &mut self,
        ui: &mut Ui,
        label: &str,
        text: &mut String,
        how: impl for<'f> FnOnce(Field<'f>) -> Field<'f>,
        rule: Option<&str>,
    ) {
        if let Some(rule) = rule {
            self.fail(format!("{label}: {rule}"));
        }
        let field = how(Field::new(label, text)).error(rule);
        let locked = self.locked.as_deref();
        field
            .enabled_if(locked.is_none(), locked.unwrap_or_default())
            .show(ui);
    }

    /// A field that must be filled in.
    pub(super) fn read<T>(
        &mut self,
        ui: &mut Ui,
        label: &str,
        text: &mut String,
        how: impl for<'f> FnOnce(Field<'f>) -> Field<'f>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if text.trim().is_empty() {
            self.show(ui, label, text, how, None);
            self.fail(format!("Fill in {}", lower(label)));
            return None;
        }
        let found = read(text.trim());
        self.show(
            ui,
            label,
            text,
            how,
            found.as_ref().err().map(String::as_str),
        );
        found.ok()
    }

    /// A field that must be filled in with what `T` is written as.
    pub(super) fn text<T: FromStr<Err: Display>>(
        &mut self,
        ui: &mut Ui,
        label: &str,
        text: &mut String,
        how: impl for<'f> FnOnce(Field<'f>) -> Field<'f>,
    ) -> Option<T> {
        self.read(ui, label, text, how, parse)
    }

    /// A field that may stay empty; nothing where it is wrong.
    #[expect(clippy::option_option, reason = "a wrong field is not an empty one")]
    pub(super) fn optional<T: FromStr<Err: Display>>(
        &mut self,
        ui: &mut Ui,
        label: &str,
        text: &mut String,
        how: impl for<'f> FnOnce(Field<'f>) -> Field<'f>,
    ) -> Option<Option<T>> {
        let found = match text.trim() {
            "" => Ok(None),
            some => parse(some).map(Some),
        };
        self.show(
            ui,
            label,
            text,
            |field| how(field).optional(),
            found.as_ref().err().map(String::as_str),
        );
        found.ok()
    }

    /// A field for a number within its bounds.
    pub(super) fn number<T: DeserializeOwned>(
        &mut self,
        ui: &mut Ui,
        label: &str,
        text: &mut String,
        how: impl for<'f> FnOnce(Field<'f>) -> Field<'f>,
    ) -> Option<T> {
        self.read(ui, label, text, |field| how(field.limit(12)), number)
    }
}

fn lower(label: &str) -> String {
    // Words such as "CPU" stay as they are.
    let second_is_small = label.chars().nth(1).is_some_and(char::is_lowercase);
    let mut letters = label.chars();
    match letters.next() {
        Some(first) if second_is_small => first.to_lowercase().chain(letters).collect(),
        Some(_) | None => label.to_owned(),
    }
}

/// Reads what is written as text everywhere.
pub(super) fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|rule: T::Err| rule.to_string())
}

/// Reads a number by the rules of its type.
pub(super) fn number<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let Ok(number) = text.parse::<u64>() else {
        return Err("must be a whole number".to_owned());
    };
    serde_json::from_value(number.into()).map_err(|rule| said(&rule.to_string()))
}

/// Reads text by the rules of its type.
pub(super) fn value<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|rule| said(&rule.to_string()))
}

/// The rule in what a reader says: `invalid value: integer `7`, expected …` tells it at its end.
fn said(text: &str) -> String {
    match text.rsplit_once(", expected ") {
        Some((_, rule)) => format!("must be {rule}"),
        // The field that the rule is about stands above it already.
        None => match text.split_once(": ") {
            Some((field, rule)) if !field.contains(' ') => rule.to_owned(),
            Some(_) | None => text.to_owned(),
        },
    }
}

/// Fields of a form beside what they were read from.
#[derive(Debug, Default)]
pub(super) struct Buffer<F> {
    kept: Option<F>,
    saving: bool,
    /// The fields as they are shown.
    pub(super) now: F,
}

impl<F: Clone + PartialEq> Buffer<F> {
    /// Takes what is configured now, unless the operator is changing it.
    pub(super) fn follow(&mut self, current: F) {
        if self.kept.as_ref() == Some(&current) {
            return;
        }
        if !self.is_changed() || self.saving {
            self.now = current.clone();
            self.saving = false;
        }
        self.kept = Some(current);
    }

    /// Whether the operator changed anything.
    pub(super) fn is_changed(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| *kept != self.now)
    }

    /// What was typed is on its way: the next that is configured is shown.
    pub(super) const fn saving(&mut self) {
        self.saving = true;
    }

    fn reset(&mut self) {
        if let Some(kept) = &self.kept {
            self.now = kept.clone();
        }
    }
}

/// The foot of a form: its action, and a way back. True when the action was taken.
pub(super) fn foot<F: Clone + PartialEq>(
    ui: &mut Ui,
    buffer: &mut Buffer<F>,
    form: &Form,
    action: &str,
) -> bool {
    let mut taken = false;
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let changed = buffer.is_changed();
            let reason = if changed {
                form.problem()
            } else {
                Some(form.locked().unwrap_or("Nothing is changed"))
            };
            let button =
                Button::secondary(action).enabled_if(reason.is_none(), reason.unwrap_or_default());
            taken = ui.add(button).clicked();
            if changed && ui.add(Button::ghost("Reset")).clicked() {
                buffer.reset();
            }
        });
    });
    if taken {
        buffer.saving();
    }
    taken
}

/// Two things side by side where there is room, each with its width.
pub(super) fn pair(ui: &mut Ui, mut contents: impl FnMut(&mut Ui, usize, f32)) {
    const LEAST: f32 = 150.0;
    let room = ui.available_width();
    if room < 2.0 * LEAST + space::M {
        contents(ui, 0, room);
        contents(ui, 1, room);
        return;
    }
    let width = (room - space::M) / 2.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        for at in 0..2 {
            ui.scope(|ui| {
                ui.set_width(width);
                contents(ui, at, width);
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use underpass_shared::config::{Number, TunnelConnections};

    use super::*;

    #[test]
    fn numbers_tell_their_bounds() {
        let read = number::<Number<1, 100>>;
        assert_eq!(read("7").map(Number::get), Ok(7));
        assert_eq!(
            read("101").unwrap_err(),
            "must be a whole number between 1 and 100"
        );
        assert_eq!(read("x").unwrap_err(), "must be a whole number");
        assert_eq!(
            number::<TunnelConnections>("17").unwrap_err(),
            "must be between 1 and 16"
        );
    }

    #[test]
    fn what_is_typed_stays_until_it_is_configured() {
        let mut buffer = Buffer::<String>::default();
        buffer.follow("old".to_owned());
        assert_eq!((buffer.now.as_str(), buffer.is_changed()), ("old", false));
        buffer.now = "MINE".to_owned();
        buffer.follow("theirs".to_owned());
        assert_eq!((buffer.now.as_str(), buffer.is_changed()), ("MINE", true));
        buffer.saving();
        buffer.follow("mine".to_owned());
        assert_eq!((buffer.now.as_str(), buffer.is_changed()), ("mine", false));
    }
}
