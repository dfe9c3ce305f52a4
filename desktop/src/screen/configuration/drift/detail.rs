//! What one agent differs in.

use std::collections::BTreeSet;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::drift::{Compared, Comparison, Difference, Kind};
use underpass_shared::id::AgentId;

use super::rules::RulesDialog;
use crate::changes;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::common::escaped;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, DiffKind, DiffRow, Empty, IconButton, Words as _, card, diff};

/// What is remembered of the agent that is shown.
#[derive(Default)]
pub(super) struct Detail {
    /// The agent, and the comparison by its time.
    of: Option<(AgentId, i64)>,
    groups: Vec<Group>,
    chosen: BTreeSet<String>,
}

/// What the page shall do.
pub(super) enum Out {
    Nothing,
    /// Show no agent any more.
    Close,
    /// Bring the agent in line at these places; at all where none are named.
    Take(Option<BTreeSet<String>>),
}

/// Differences of one thing.
struct Group {
    title: String,
    of: String,
    /// Their whole paths.
    paths: Vec<String>,
    rows: Vec<DiffRow>,
}

impl Detail {
    fn follow(&mut self, made: &Comparison, one: &Compared) {
        let of = Some((one.agent, made.made_ms));
        if self.of == of {
            return;
        }
        let all = one
            .report
            .as_ref()
            .map(|report| report.differences.as_slice());
        *self = Self {
            of,
            groups: grouped(all.unwrap_or_default()),
            chosen: BTreeSet::new(),
        };
    }

    /// Shows it; what the page shall do.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        made: &Comparison,
        one: &Compared,
    ) -> Out {
        self.follow(made, one);
        let mut out = Out::Nothing;
        let mut close = escaped(ui);
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                close |= ui
                    .add(IconButton::new(Icon::X, "Close the agent"))
                    .clicked();
                let open = Button::ghost("Open").icon(Icon::ArrowRight);
                if ui.add(open).clicked() {
                    cx.go(Route::Agent {
                        id: one.agent,
                        tab: AgentTab::Overview,
                    });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.words(Text::Title, ui.tokens().text, text::clean(&one.label));
                    ui.quiet(format!("against {}", text::clean(&made.baseline)));
                });
            });
        });
        ui.add_space(space::XS);
        match &one.report {
            Err(reason) => {
                let reason = text::sentence(reason);
                Empty {
                    icon: Icon::CloudOff,
                    title: "It was not compared",
                    text: &reason,
                    action: None,
                }
                .show(ui);
            }
            Ok(report) if report.is_empty() => {
                let words = match report.ignored {
                    0 => "It is as the baseline".to_owned(),
                    ignored => format!(
                        "It is as the baseline but for {} that rules leave out",
                        text::plural(ignored, "difference")
                    ),
                };
                Empty {
                    icon: Icon::Equal,
                    title: "No difference",
                    text: &words,
                    action: None,
                }
                .show(ui);
            }
            Ok(report) => {
                out = self.acts(ui, cx);
                ui.add_space(space::XS);
                if report.more > 0 {
                    let words = format!("{} further differences are not shown", report.more);
                    Banner::new(State::Warn, &words).show(ui);
                    ui.add_space(space::XS);
                }
                self.list(ui, report.ignored);
            }
        }
        if close { Out::Close } else { out }
    }

    fn acts(&self, ui: &mut Ui, cx: &mut Cx<'_>) -> Out {
        let (chosen, mut out) = (&self.chosen, Out::Nothing);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let word = match chosen.len() {
                0 => "Take the baseline's values…".to_owned(),
                count => format!("Take {} of the baseline…", text::plural(count, "value")),
            };
            let take = Button::primary(&word)
                .icon(Icon::Rocket)
                .tooltip("Plan the change that gives the agent what the baseline has");
            if ui.add(take).clicked() {
                out = Out::Take((!chosen.is_empty()).then(|| chosen.clone()));
            }
            let ignore = Button::secondary("Ignore chosen")
                .icon(Icon::EyeOff)
                .tooltip("Leave these places out of comparisons from now on")
                .enabled_if(!chosen.is_empty(), "Choose differences first");
            if ui.add(ignore).clicked() {
                RulesDialog::add(cx.prefs, chosen.iter().cloned());
                cx.run(crate::command::UiCommand::Refresh);
            }
        });
        out
    }

    fn list(&mut self, ui: &mut Ui, ignored: usize) {
        let chosen = &mut self.chosen;
        ScrollArea::vertical()
            .id_salt("drift-differences")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                for group in &mut self.groups {
                    card(ui, |ui| {
                        ui.horizontal(|ui| {
                            ui.set_min_height(size::CONTROL_SMALL);
                            ui.bold(group.title.as_str());
                            ui.quiet(group.of.as_str());
                        });
                        let changed = diff(ui, &mut group.rows);
                        if let Some(at) = changed {
                            let path = &group.paths[at];
                            if group.rows[at].chosen == Some(true) {
                                chosen.insert(path.clone());
                            } else {
                                chosen.remove(path);
                            }
                        }
                    });
                }
                if ignored > 0 {
                    let words =
                        format!("{} left out by rules", text::plural(ignored, "difference"));
                    ui.quiet(words);
                }
            });
    }
}

/// Where a difference is: the thing, what that belongs to, and the place within.
fn place(path: &str) -> (String, String, String) {
    let within = |rest: &str| rest.trim_start_matches('.').to_owned();
    if let Some(setting) = path.strip_prefix("connector.") {
        let end = setting.find(['.', '[']).unwrap_or(setting.len());
        let (name, rest) = setting.split_at(end);
        let rest = if rest.is_empty() { name } else { rest };
        return (changes::words(name), "Agent".to_owned(), within(rest));
    }
    let of_subaccount = path
        .strip_prefix("subaccounts[")
        .and_then(|rest| rest.split_once(']'));
    let Some((key, rest)) = of_subaccount else {
        return (text::clean(path), String::new(), "value".to_owned());
    };
    let of = text::clean(key);
    if let Some(mapping) = rest.strip_prefix(".mappings[") {
        // Addresses of version 6 have brackets of their own.
        let end = mapping
            .find("].")
            .unwrap_or(mapping.len().saturating_sub(1));
        let (address, rest) = mapping.split_at(end);
        let rest = within(rest.trim_start_matches(']'));
        let rest = if rest.is_empty() {
            "mapping".to_owned()
        } else {
            rest
        };
        return (format!("Mapping {}", text::clean(address)), of, rest);
    }
    let rest = within(rest);
    let rest = if rest.is_empty() {
        "subaccount".to_owned()
    } else {
        rest
    };
    ("Subaccount".to_owned(), of, rest)
}

/// From what the agent has to what the baseline has, thing by thing.
fn grouped(all: &[Difference]) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for one in all {
        let (title, of, path) = place(&one.path);
        let shown = |value: &Option<serde_json::Value>| {
            value.as_ref().map(changes::value).unwrap_or_default()
        };
        let row = DiffRow {
            kind: match one.kind {
                Kind::Missing => DiffKind::Added,
                Kind::Extra => DiffKind::Removed,
                Kind::Other => DiffKind::Changed,
            },
            path: text::clean(&path),
            before: shown(&one.present),
            after: shown(&one.wanted),
            note: String::new(),
            chosen: Some(false),
        };
        let same = groups
            .last_mut()
            .filter(|group| group.title == title && group.of == of);
        match same {
            Some(group) => {
                group.paths.push(one.path.clone());
                group.rows.push(row);
            }
            None => groups.push(Group {
                title,
                of,
                paths: vec![one.path.clone()],
                rows: vec![row],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_by_thing() {
        for (path, title, rest) in [
            ("connector.proxy.port", "Proxy", "port"),
            ("connector.description", "Description", "description"),
            ("connector.syslog[siem].host", "Syslog", "[siem].host"),
            (
                "subaccounts[g/1/a].mappings[erp:80].protocol",
                "Mapping erp:80",
                "protocol",
            ),
            (
                "subaccounts[g/1/a].mappings[erp:80]",
                "Mapping erp:80",
                "mapping",
            ),
            (
                "subaccounts[g/1/a].mappings[[::1]:80].resources[/a].enabled",
                "Mapping [::1]:80",
                "resources[/a].enabled",
            ),
            ("subaccounts[g/1/a].auditLevel", "Subaccount", "auditLevel"),
            ("subaccounts[g/1/a]", "Subaccount", "subaccount"),
        ] {
            let (found, _, within) = place(path);
            assert_eq!((found.as_str(), within.as_str()), (title, rest), "{path}");
        }
    }
}
