//! What is not compared: rules that the user keeps.

use egui::Context;
use underpass_fleet::drift::{InvalidRule, Rules};

use crate::cx::Cx;
use crate::prefs::Prefs;
use crate::text;
use crate::theme::space;
use crate::widget::{Answer, Dialog, Field, Words as _, toggle};

/// The longest text of rules: 500 rules of usual length.
const LEN_MAX: usize = 50_000;
const EXAMPLE: &str = "# every plant has its own hosts\nsubaccounts[*].mappings[*].internalAddress";

/// The rules that are kept.
pub(super) fn read(prefs: &Prefs) -> Result<Rules, InvalidRule> {
    let mut rules = Rules::default();
    rules.add(&prefs.drift.rules)?;
    if prefs.drift.own {
        rules.with_own();
    }
    Ok(rules)
}

/// How many rules are kept.
pub(super) fn count(prefs: &Prefs) -> usize {
    read(prefs).map_or(0, |rules| rules.patterns().len())
}

/// What became of the dialog in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Open,
    Left,
    Changed,
}

/// The dialog.
pub(super) struct RulesDialog {
    text: String,
    own: bool,
}

impl RulesDialog {
    pub(super) fn new(prefs: &Prefs) -> Self {
        Self {
            text: prefs.drift.rules.clone(),
            own: prefs.drift.own,
        }
    }

    /// With a further rule for each of these paths; subaccounts are left open.
    pub(super) fn add(prefs: &mut Prefs, paths: impl Iterator<Item = String>) {
        for path in paths {
            let rule = general(&path);
            let known = prefs.drift.rules.lines().any(|line| line.trim() == rule);
            if known {
                continue;
            }
            if !prefs.drift.rules.is_empty() && !prefs.drift.rules.ends_with('\n') {
                prefs.drift.rules.push('\n');
            }
            prefs.drift.rules.push_str(&rule);
            prefs.drift.rules.push('\n');
        }
    }

    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> Answered {
        let wrong = Rules::default().add(&self.text).err();
        let wrong = wrong.map(|rule| text::sentence(&rule.to_string()));
        let answer = Dialog::new("drift-rules", "What is not compared", "Save")
            .wide()
            .without_enter()
            .enabled_if(wrong.is_none(), "A line is no rule")
            .show(ctx, |ui| {
                ui.paragraph(
                    "One path a line, as the report shows it, with * for any characters. A path \
                     stands for all below it; lines that begin with # are for people.",
                );
                ui.add_space(space::S);
                Field::new("Rules", &mut self.text)
                    .hint(EXAMPLE)
                    .mono()
                    .rows(9)
                    .limit(LEN_MAX)
                    .width(f32::INFINITY)
                    .error(wrong.as_deref())
                    .show(ui);
                ui.add_space(space::S);
                let label = "Compare what belongs to one agent alone, too";
                toggle(ui, &mut self.own, label, None).on_hover_text(
                    "Operators, users of monitoring, certificates, webhooks, instances, \
                     credentials, location IDs and dates",
                );
            });
        match answer {
            Answer::Open => Answered::Open,
            Answer::Dismissed => Answered::Left,
            Answer::Confirmed => {
                cx.prefs.drift.rules = std::mem::take(&mut self.text);
                cx.prefs.drift.own = self.own;
                Answered::Changed
            }
        }
    }
}

/// A path as a rule for all agents: whatever the subaccount.
fn general(path: &str) -> String {
    let rest = path
        .strip_prefix("subaccounts[")
        .and_then(|rest| rest.split_once(']'));
    match rest {
        Some((_, rest)) => format!("subaccounts[*]{rest}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_paths_are_added_once_and_hold_for_all_agents() {
        let mut prefs = Prefs::default();
        prefs.drift.rules = "# mine".to_owned();
        let paths = || {
            let all = [
                "connector.proxy.port",
                "subaccounts[g/0190/a].mappings[erp:80].protocol",
            ];
            all.into_iter().map(str::to_owned)
        };
        RulesDialog::add(&mut prefs, paths());
        RulesDialog::add(&mut prefs, paths());
        assert_eq!(
            prefs.drift.rules,
            "# mine\nconnector.proxy.port\nsubaccounts[*].mappings[erp:80].protocol\n"
        );
        assert_eq!(count(&prefs), 2);
    }
}
