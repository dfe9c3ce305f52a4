//! Which subject a user would get: by the same rules as the agent's.

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::config::{Attributes, NoSubject, Sampled, SubjectRules, Variable};

use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Field, Words as _, card_titled, code, segmented};

/// Who is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Who {
    /// A user of a company.
    #[default]
    Employee,
    /// One without an address.
    Partner,
    /// A technical user.
    Robot,
}

const EMPLOYEE: &str = "name=ALINDGREN\nuser_name=a.lindgren\nmail=a.lindgren@contoso.example\ndisplay_name=Anna Lindgren\nfirst_name=Anna\nlast_name=Lindgren\ncp.origin=corporate-ias\nlogin_name=alindgren";
const PARTNER: &str =
    "name=PARTNER42\nuser_name=partner42\ncp.origin=partner-ias\ncompany=Fabrikam";
const ROBOT: &str = "name=SVC-ORDERS\nuser_name=svc-orders\nkind=technical\ncp.origin=service";

/// What the sample remembers from frame to frame.
pub(super) struct SampleState {
    who: Who,
    text: String,
}

impl Default for SampleState {
    fn default() -> Self {
        Self {
            who: Who::default(),
            text: EMPLOYEE.to_owned(),
        }
    }
}

impl SampleState {
    /// What the user gets by the rules.
    pub(super) fn subject(&self, rules: &SubjectRules) -> Result<Sampled, NoSubject> {
        rules.subject(&read(&self.text).0)
    }
}

/// Attributes, one a line; and the first line that is none.
fn read(text: &str) -> (Attributes, Option<String>) {
    let mut attributes = Attributes::new();
    let mut wrong = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parsed = line
            .split_once('=')
            .map(|(name, value)| (name.trim().parse::<Variable>(), value.trim()));
        match parsed {
            Some((Ok(name), value)) => drop(attributes.insert(name, value.to_owned())),
            Some((Err(rule), _)) => {
                wrong = wrong.or(Some(format!("{}: {rule}", text::clean(line))))
            }
            None => wrong = wrong.or(Some(format!("{}: must be name=value", text::clean(line)))),
        }
    }
    (attributes, wrong)
}

/// Shows the sample.
pub(super) fn ui(
    ui: &mut Ui,
    sampled: &Result<Sampled, NoSubject>,
    rules: &SubjectRules,
    state: &mut SampleState,
) {
    card_titled(
        ui,
        "Try a user",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            let choices = [
                (Who::Employee, "Employee"),
                (Who::Partner, "Partner"),
                (Who::Robot, "Technical user"),
            ];
            if segmented(ui, "User", &mut state.who, &choices) {
                state.text = match state.who {
                    Who::Employee => EMPLOYEE,
                    Who::Partner => PARTNER,
                    Who::Robot => ROBOT,
                }
                .to_owned();
            }
            let wrong = read(&state.text).1;
            Field::new("What the token says of the user", &mut state.text)
                .mono()
                .rows(7)
                .hint("name=value")
                .help("One attribute a line, as name=value")
                .error(wrong.as_deref())
                .width(f32::INFINITY)
                .show(ui);
            ui.horizontal(|ui| {
                ui.icon(Icon::ArrowDown, size::ICON_MEDIUM, ui.tokens().text_3);
                ui.words(Text::Caption, ui.tokens().text_3, which(sampled, rules));
            });
            match sampled {
                Ok(found) => code(ui, "Subject", &found.subject.to_string()),
                Err(none) => {
                    let reason = none.reason.to_string();
                    let detail = "The request goes on without a certificate, so that the back end refuses it";
                    Banner::new(State::Warn, &text::clean(&reason))
                        .detail(detail)
                        .show(ui);
                }
            }
        },
    );
}

fn which(sampled: &Result<Sampled, NoSubject>, rules: &SubjectRules) -> String {
    let rule = sampled
        .as_ref()
        .map_or_else(|none| none.rule, |found| found.rule);
    match rules.rules().get(rule) {
        Some(found) => format!(
            "Rule {} holds: {}",
            rule + 1,
            text::clean(&found.condition.to_string())
        ),
        None => "No rule holds, so the last one gives the subject".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_attributes_and_the_first_wrong_one_is_named() {
        let (attributes, wrong) = read("a=1\n\n b = x=y \nnonsense\nc d=1");
        let told: Vec<String> = attributes
            .iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        assert_eq!(told, ["a:1", "b:x=y"]);
        assert!(wrong.unwrap().starts_with("nonsense: must be"));
        for text in [EMPLOYEE, PARTNER, ROBOT] {
            assert_eq!(read(text).1, None);
        }
    }
}
