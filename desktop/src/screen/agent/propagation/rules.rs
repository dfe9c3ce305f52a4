//! The rules in their order: the first whose condition holds gives the subject.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::limits::SUBJECT_RULES_MAX;
use underpass_shared::config::{SubjectPattern, SubjectRule, SubjectRules};
use underpass_shared::rights::Access;

use super::super::edit::{edit_connector, prevented};
use super::rule::Rule;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, IconButton, Words as _, card_titled, pill};

/// What the list remembers from frame to frame.
#[derive(Default)]
pub(super) struct RulesState {
    form: Option<Rule>,
}

impl RulesState {
    /// Shows the form, if it is open.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if let Some(form) = &mut self.form
            && form.show(ui, cx)
        {
            self.form = None;
        }
    }
}

/// What was asked for in a row.
enum Act {
    Edit(usize),
    Move(usize, usize),
    Remove(usize),
}

/// Shows the rules of the draft; `held` is the one that gives the sample's subject.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    rules: &SubjectRules,
    held: usize,
    state: &mut RulesState,
) {
    let role = prevented(cx, Access::Connector);
    let mut act = None;
    card_titled(
        ui,
        "Rules for subjects",
        |ui| {
            let full = rules.rules().len() >= SUBJECT_RULES_MAX;
            let why = role
                .as_deref()
                .unwrap_or("There are as many rules as there may be");
            let add = Button::primary("Add rule…").icon(Icon::Plus).small();
            if ui
                .add(add.enabled_if(role.is_none() && !full, why))
                .clicked()
            {
                state.form = Some(Rule::new(rules.rules().len()));
            }
        },
        |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.quiet(
                "The first rule whose condition holds gives the subject of the user's certificate",
            );
            let last = rules.rules().len();
            for (at, rule) in rules.rules().iter().enumerate() {
                separator(ui);
                let line = Line {
                    at,
                    last,
                    condition: &format!("If {}", rule.condition),
                    pattern: &rule.subject_pattern,
                    description: &rule.description,
                    held: held == at,
                };
                act = line.ui(ui, role.as_deref()).or(act.take());
            }
            separator(ui);
            let fallback = rules.fallback();
            let line = Line {
                at: last,
                last,
                condition: "Where no rule above holds",
                pattern: &fallback.subject_pattern,
                description: &fallback.description,
                held: held >= last,
            };
            act = line.ui(ui, role.as_deref()).or(act.take());
        },
    );
    if let Some(act) = act {
        act.take(cx, rules, state);
    }
}

impl Act {
    fn take(self, cx: &mut Cx<'_>, rules: &SubjectRules, state: &mut RulesState) {
        match self {
            Self::Edit(at) => state.form = Some(Rule::edit(at, rules)),
            Self::Move(from, to) => {
                let what = format!("Move subject rule {} to {}", from + 1, to + 1);
                change(cx, what, move |rules| {
                    if from < rules.len() && to < rules.len() {
                        rules.swap(from, to);
                    }
                });
            }
            Self::Remove(at) => {
                change(
                    cx,
                    format!("Remove subject rule {}", at + 1),
                    move |rules| {
                        if at < rules.len() {
                            rules.remove(at);
                        }
                    },
                );
            }
        }
    }
}

/// Changes the rules with a condition in the draft.
fn change(
    cx: &mut Cx<'_>,
    what: String,
    change: impl FnOnce(&mut Vec<SubjectRule>) + Send + 'static,
) {
    edit_connector(cx, what, move |fields| {
        let (mut rules, fallback) = fields.subject_pattern_rules.clone().into_parts();
        change(&mut rules);
        fields.subject_pattern_rules = SubjectRules::new(rules, fallback)?;
        Ok(())
    });
}

fn separator(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(
        egui::vec2(ui.available_width(), space::S),
        egui::Sense::hover(),
    );
    ui.painter().hline(
        rect.x_range(),
        rect.center().y,
        egui::Stroke::new(size::LINE, ui.tokens().border),
    );
}

/// A rule as it is shown.
struct Line<'a> {
    at: usize,
    last: usize,
    condition: &'a str,
    pattern: &'a SubjectPattern,
    description: &'a str,
    held: bool,
}

impl Line<'_> {
    fn ui(&self, ui: &mut Ui, role: Option<&str>) -> Option<Act> {
        let tokens = ui.tokens();
        let mut act = None;
        ui.spacing_mut().interact_size.y = 0.0;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::XXS;
                act = self.buttons(ui, role);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = space::S;
                    ui.words(Text::Caption, tokens.text_3, (self.at + 1).to_string());
                    if self.held {
                        pill(ui, State::Info, "Gives the sample");
                    }
                    ui.bold(text::clean(self.condition));
                });
            });
        });
        ui.horizontal(|ui| {
            ui.add_space(space::L);
            let subject = subject(self.pattern);
            ui.words(Text::Mono, tokens.text_2, subject.as_str())
                .on_hover_text(subject);
        });
        if !self.description.is_empty() {
            ui.horizontal(|ui| {
                ui.add_space(space::L);
                ui.quiet(text::clean(self.description));
            });
        }
        act
    }

    /// From right to left.
    fn buttons(&self, ui: &mut Ui, role: Option<&str>) -> Option<Act> {
        let mut act = None;
        let (number, allowed, why) = (self.at + 1, role.is_none(), role.unwrap_or_default());
        let is_rule = self.at < self.last;
        let button = |ui: &mut Ui, icon, word: &str, fits: bool| {
            let name = format!("{word} rule {number}");
            let why = if allowed {
                "It stands there already"
            } else {
                why
            };
            ui.add(
                IconButton::new(icon, &name)
                    .small()
                    .enabled_if(allowed && fits, why),
            )
            .clicked()
        };
        if is_rule && button(ui, Icon::Trash2, "Remove", true) {
            act = Some(Act::Remove(self.at));
        }
        if button(ui, Icon::Pencil, "Edit", true) {
            act = Some(Act::Edit(self.at));
        }
        if is_rule {
            if button(ui, Icon::ArrowDown, "Move down", self.at + 1 < self.last) {
                act = Some(Act::Move(self.at, self.at + 1));
            }
            if button(ui, Icon::ArrowUp, "Move up", self.at > 0) {
                act = Some(Act::Move(self.at, self.at - 1));
            }
        }
        act
    }
}

/// A pattern as people write names.
fn subject(pattern: &SubjectPattern) -> String {
    let part = |(part, pattern): (
        underpass_shared::config::NamePart,
        &underpass_shared::config::Pattern,
    )| { format!("{}={pattern}", part.as_str()) };
    let parts: Vec<String> = pattern.parts().map(part).collect();
    text::clean(&parts.join(", "))
}
