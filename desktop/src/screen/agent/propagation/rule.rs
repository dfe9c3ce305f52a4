//! The form of one rule.

use std::collections::BTreeMap;

use egui::{ScrollArea, Ui};
use underpass_shared::config::limits::DESCRIPTION_LEN_MAX;
use underpass_shared::config::{
    Comparison, Condition, ConditionFields, Invalid, NamePart, SubjectFallback, SubjectPattern,
    SubjectRule, SubjectRules, Text, Variable,
};

use super::super::edit::edit_connector;
use crate::cx::Cx;
use crate::theme::{size, space};
use crate::widget::{Answer, Dialog, Field, Words as _, select};

/// The parts of a subject with what they mean.
const PARTS: [(NamePart, &str, &str); 7] = [
    (NamePart::Cn, "Common name (CN)", "${name}"),
    (NamePart::Email, "E-mail (EMAIL)", "${mail}"),
    (NamePart::O, "Organisation (O)", "Contoso"),
    (NamePart::Ou, "Organisational unit (OU)", "${cp.origin}"),
    (NamePart::L, "Locality (L)", ""),
    (NamePart::St, "State (ST)", ""),
    (NamePart::C, "Country (C)", "DE"),
];

/// The form.
pub(super) struct Rule {
    at: usize,
    /// Whether it is the rule for whom no other holds.
    is_fallback: bool,
    is_new: bool,
    variable: String,
    comparison: Comparison,
    value: String,
    parts: BTreeMap<NamePart, String>,
    description: String,
    touched: bool,
}

impl Rule {
    /// A new rule behind the others.
    pub(super) fn new(at: usize) -> Self {
        Self {
            at,
            is_fallback: false,
            is_new: true,
            variable: String::new(),
            comparison: Comparison::Exist,
            value: String::new(),
            parts: BTreeMap::from([(NamePart::Cn, "${name}".to_owned())]),
            description: String::new(),
            touched: false,
        }
    }

    /// A rule that is there; behind all of them stands the one for whom no other holds.
    pub(super) fn edit(at: usize, rules: &SubjectRules) -> Self {
        let texts = |pattern: &SubjectPattern| {
            pattern
                .parts()
                .map(|(part, pattern)| (part, pattern.to_string()))
                .collect()
        };
        let form = Self {
            is_new: false,
            touched: true,
            ..Self::new(at)
        };
        match rules.rules().get(at) {
            Some(rule) => {
                let condition = ConditionFields::from(rule.condition.clone());
                Self {
                    variable: condition.variable.to_string(),
                    comparison: condition.operator,
                    value: condition
                        .value
                        .map(|value| value.to_string())
                        .unwrap_or_default(),
                    parts: texts(&rule.subject_pattern),
                    description: rule.description.to_string(),
                    ..form
                }
            }
            None => Self {
                is_fallback: true,
                parts: texts(&rules.fallback().subject_pattern),
                description: rules.fallback().description.to_string(),
                ..form
            },
        }
    }

    const fn compares(&self) -> bool {
        matches!(self.comparison, Comparison::Is | Comparison::IsNot)
    }

    fn condition(&self) -> Result<Condition, Invalid> {
        let wrong = |field: &str, rule: String| Invalid::new(field, rule);
        let variable = self
            .variable
            .trim()
            .parse::<Variable>()
            .map_err(|rule| wrong("variable", rule.to_string()))?;
        let value = self.compares().then(|| self.value.parse());
        let value = value
            .transpose()
            .map_err(|rule: underpass_shared::config::InvalidText| {
                wrong("value", rule.to_string())
            })?;
        ConditionFields {
            variable,
            operator: self.comparison,
            value,
        }
        .try_into()
    }

    fn pattern(&self) -> Result<SubjectPattern, Invalid> {
        let trimmed = self
            .parts
            .iter()
            .map(|(part, text)| (*part, text.trim().to_owned()));
        trimmed.collect::<BTreeMap<_, _>>().try_into()
    }

    fn description(&self) -> Result<Text<DESCRIPTION_LEN_MAX>, Invalid> {
        let read = self.description.trim().parse::<Text<DESCRIPTION_LEN_MAX>>();
        read.map_err(|rule| Invalid::new("description", rule.to_string()))
    }

    /// Shows the form; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let condition = if self.is_fallback {
            Ok(None)
        } else {
            self.condition().map(Some)
        };
        let (pattern, description) = (self.pattern(), self.description());
        let wrong: Vec<Invalid> = [
            condition.as_ref().err(),
            pattern.as_ref().err(),
            description.as_ref().err(),
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
        let title = match (self.is_fallback, self.is_new) {
            (true, _) => "Subject where no rule holds".to_owned(),
            (false, true) => "Add a subject rule".to_owned(),
            (false, false) => format!("Subject rule {}", self.at + 1),
        };
        let action = if self.is_new {
            "Add to the draft"
        } else {
            "Change in the draft"
        };
        let answer = Dialog::new("subject-rule", &title, action)
            .wide()
            .enabled_if(wrong.is_empty(), "Correct the fields first")
            .show(ui.ctx(), |ui| {
                let room = (ui.ctx().content_rect().height() - 260.0).max(220.0);
                ScrollArea::vertical()
                    .id_salt("rule-form")
                    .max_height(room)
                    .show(ui, |ui| self.body(ui, &wrong));
            });
        match (answer, condition, pattern, description) {
            (Answer::Dismissed, ..) => true,
            (Answer::Confirmed, Ok(condition), Ok(subject_pattern), Ok(description)) => {
                let (at, is_new) = (self.at, self.is_new);
                edit_connector(cx, title, move |fields| {
                    let (mut rules, mut fallback) =
                        fields.subject_pattern_rules.clone().into_parts();
                    match condition {
                        None => {
                            fallback = SubjectFallback {
                                description,
                                subject_pattern,
                            }
                        }
                        Some(condition) => {
                            let rule = SubjectRule {
                                description,
                                condition,
                                subject_pattern,
                            };
                            match rules.get_mut(at) {
                                Some(old) if !is_new => *old = rule,
                                Some(_) | None => rules.push(rule),
                            }
                        }
                    }
                    fields.subject_pattern_rules = SubjectRules::new(rules, fallback)?;
                    Ok(())
                });
                true
            }
            (Answer::Open | Answer::Confirmed, ..) => false,
        }
    }

    fn body(&mut self, ui: &mut Ui, wrong: &[Invalid]) {
        let touched = self.touched;
        let rule = |field: &str| {
            wrong
                .iter()
                .find(|one| one.field == field && touched)
                .map(|one| one.rule.as_str())
        };
        let mut changed = false;
        if !self.is_fallback {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                changed |= Field::new("Attribute of the token", &mut self.variable)
                    .mono()
                    .hint("mail")
                    .error(rule("variable"))
                    .width(size::FIELD_SHORT)
                    .show(ui)
                    .changed();
                let comparisons = [
                    (Comparison::Exist, "is there".to_owned()),
                    (Comparison::ExistNot, "is not there".to_owned()),
                    (Comparison::Is, "is".to_owned()),
                    (Comparison::IsNot, "is not".to_owned()),
                ];
                changed |= select(ui, "Condition", &mut self.comparison, &comparisons, 130.0);
                if self.compares() {
                    changed |= Field::new("Value", &mut self.value)
                        .mono()
                        .error(rule("value"))
                        .width(size::FIELD_SHORT)
                        .show(ui)
                        .changed();
                }
            });
            ui.add_space(space::M);
        }
        ui.title("Subject");
        ui.quiet(
            "${name} stands for an attribute of the token; parts that stay empty are left out",
        );
        if let Some(whole) = rule("subjectPattern") {
            let text = egui::RichText::new(whole)
                .font(crate::theme::font(crate::theme::Text::Small))
                .color(ui.visuals().error_fg_color);
            ui.add(egui::Label::new(text).wrap());
        }
        ui.add_space(space::XS);
        changed |= self.subject(ui, &rule);
        changed |= Field::new("Description", &mut self.description)
            .optional()
            .error(rule("description"))
            .width(f32::INFINITY)
            .show(ui)
            .changed();
        self.touched |= changed;
    }

    /// The parts of the subject; whether one changed.
    fn subject<'w>(&mut self, ui: &mut Ui, rule: &impl Fn(&str) -> Option<&'w str>) -> bool {
        let mut changed = false;
        for pair in PARTS.chunks(2) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                let width = ((ui.available_width() - space::M) / 2.0).max(160.0);
                for (part, label, hint) in pair {
                    let text = self.parts.entry(*part).or_default();
                    changed |= Field::new(label, text)
                        .mono()
                        .hint(hint)
                        .error(rule(part.as_str()))
                        .width(width)
                        .show(ui)
                        .changed();
                }
            });
            ui.add_space(space::XS);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_which_field_breaks_which_rule() {
        let mut form = Rule::new(0);
        assert_eq!(form.condition().unwrap_err().field, "variable");
        form.variable = "mail".to_owned();
        assert!(form.condition().is_ok());
        form.parts.insert(NamePart::C, "Germany".to_owned());
        assert_eq!(form.pattern().unwrap_err().field, "C");
        form.parts.insert(NamePart::C, " de ".to_owned());
        assert!(form.pattern().is_ok());
        form.parts.clear();
        assert_eq!(form.pattern().unwrap_err().field, "subjectPattern");
    }
}
