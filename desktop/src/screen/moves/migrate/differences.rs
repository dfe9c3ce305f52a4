//! What goes to which target, and what differs there.

use std::collections::BTreeSet;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::config::{Document, Subaccount, SubaccountKey};

use super::goal::{Goal, Rule};
use super::{Migrate, words};
use crate::cx::Cx;
use crate::screen::agent::edit::name_of;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, Field, IconButton, Words as _, card_titled, checkbox, select};

/// Hosts of the source that are offered to be replaced.
const OFFERED: usize = 6;

impl Migrate {
    /// Gives each target what it has not got yet: of a move, each subaccount goes to one of them.
    pub(super) fn share(&mut self, cx: &Cx<'_>) {
        let Some(document) = self.document(cx) else {
            return;
        };
        let keys = |one: &std::sync::Arc<Subaccount>| one.key().clone();
        let all: BTreeSet<SubaccountKey> = document.subaccounts().iter().map(keys).collect();
        for goal in &mut self.goals {
            goal.subaccounts.retain(|key| all.contains(key));
        }
        if self.copy {
            let empty = self
                .goals
                .iter_mut()
                .filter(|goal| goal.subaccounts.is_empty());
            empty.for_each(|goal| goal.subaccounts.clone_from(&all));
        } else {
            let mut free = all;
            for goal in &mut self.goals {
                goal.subaccounts.retain(|key| free.remove(key));
            }
            if let Some(goal) = self
                .goals
                .iter_mut()
                .find(|goal| goal.subaccounts.is_empty())
            {
                goal.subaccounts = free;
            }
        }
        self.shown = 0;
    }

    pub(super) fn differences(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        if self.goals.len() > 1 {
            let label = |goal: &Goal| words::label(cx.fleet, goal.agent);
            let choice = |(at, goal): (usize, &Goal)| {
                let count = text::plural(goal.subaccounts.len(), "subaccount");
                (at, format!("{} · {count}", label(goal)))
            };
            let choices: Vec<_> = self.goals.iter().enumerate().map(choice).collect();
            select(ui, "Target", &mut self.shown, &choices, size::FORM);
            if let Some(goal) = self.goals.iter().find(|goal| goal.subaccounts.is_empty()) {
                let title = format!("{} gets no subaccount yet", label(goal));
                let detail = "Choose one for it, or leave the target out";
                Banner::new(State::Warn, &title).detail(detail).show(ui);
            }
        }
        self.shown = self.shown.min(self.goals.len().saturating_sub(1));
        let Some(document) = self.document(cx) else {
            Banner::new(State::Error, "The source's configuration is not known").show(ui);
            return;
        };
        let (copy, shown, from_backup) = (self.copy, self.shown, self.backup.is_some());
        let mut taken = None;
        if let Some(goal) = self.goals.get_mut(shown) {
            ScrollArea::vertical()
                .id_salt(("goal", shown))
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = space::M;
                    taken = subaccounts(ui, &document, goal, from_backup);
                    if copy {
                        location(ui, goal);
                    }
                    let offered = hosts(&document, goal);
                    let what = "Internal hosts that the target knows by other names; a dot before both replaces a whole domain";
                    rules(ui, ("host", "Internal hosts", what), &mut goal.hosts, &offered, Rule::wrong_host);
                    let offered: BTreeSet<String> = goal.subaccounts.iter().map(|key| key.region_host.to_string()).collect();
                    let offered: Vec<String> = offered.into_iter().collect();
                    let what = "Another name of the same gateway, which its certificate has; another gateway needs a new enrolment";
                    rules(ui, ("region host", "Gateways", what), &mut goal.regions, &offered, Rule::wrong_region);
                    let what = "Parts of the display names of subaccounts that are to be others";
                    rules(ui, ("name", "Names", what), &mut goal.names, &[], Rule::wrong_name);
                    goal.tests.ui(ui, &document, &goal.subaccounts);
                });
        }
        // What moves, moves to one of them.
        if let Some(key) = taken.filter(|_| !copy) {
            for (at, goal) in self.goals.iter_mut().enumerate() {
                if at != shown {
                    goal.subaccounts.remove(&key);
                }
            }
        }
    }
}

/// Which subaccounts the target gets; tells which it was given now.
fn subaccounts(
    ui: &mut Ui,
    document: &Document,
    goal: &mut Goal,
    from_backup: bool,
) -> Option<SubaccountKey> {
    let mut taken = None;
    card_titled(
        ui,
        "Subaccounts",
        |_ui| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            for one in document.subaccounts() {
                let key = one.key();
                let on = goal.subaccounts.contains(key);
                let name = name_of(one.own());
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = space::S;
                    ui.set_min_height(size::CONTROL_SMALL);
                    if checkbox(ui, Some(on), &format!("Subaccount {name}")).clicked() {
                        if on {
                            goal.subaccounts.remove(key);
                        } else {
                            goal.subaccounts.insert(key.clone());
                            taken = Some(key.clone());
                        }
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let tokens = ui.tokens();
                        if !one.own().connected {
                            let word = if from_backup {
                                "its tunnel is closed, and stays so"
                            } else {
                                "its tunnel is closed: it needs an enrolment token there"
                            };
                            ui.words(Text::Caption, tokens.warn, word);
                        }
                        ui.quiet(text::plural(one.mappings().len(), "mapping"));
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.bold(name);
                            let place = text::clean(&key.to_string());
                            ui.quiet(place.trim_end_matches('/'));
                        });
                    });
                });
            }
        },
    );
    taken
}

fn location(ui: &mut Ui, goal: &mut Goal) {
    let wrong = goal.wrong_location().map(|rule| text::sentence(&rule));
    let wrong = wrong.filter(|_| !goal.location.trim().is_empty());
    Field::new("Location ID of the copy", &mut goal.location)
        .hint("standby")
        .mono()
        .error(wrong.as_deref())
        .help("Applications ask for the copy by it; each copy needs one of its own")
        .show(ui);
}

/// The internal hosts of what goes there, the most used first.
fn hosts(document: &Document, goal: &Goal) -> Vec<String> {
    let mut counted = std::collections::BTreeMap::<String, usize>::new();
    let chosen = document.subaccounts().iter();
    for one in chosen.filter(|one| goal.subaccounts.contains(one.key())) {
        for mapping in one.mappings() {
            *counted
                .entry(mapping.internal_address.host.to_string())
                .or_default() += 1;
        }
    }
    let mut all: Vec<(String, usize)> = counted.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.into_iter()
        .take(OFFERED)
        .map(|(host, _)| host)
        .collect()
}

/// Replacements, one below the other.
fn rules(
    ui: &mut Ui,
    (kind, title, what): (&str, &str, &str),
    rules: &mut Vec<Rule>,
    offered: &[String],
    wrong: impl Fn(&Rule) -> Option<String>,
) {
    let mut added = None;
    let mut blank = false;
    let mut gone = None;
    card_titled(
        ui,
        title,
        |ui| {
            let name = format!("Add a replacement of a {kind}");
            let add = Button::secondary("Replace…").icon(Icon::Plus).small();
            if ui.add(add.name(&name)).clicked() {
                blank = true;
            }
        },
        |ui| {
            ui.quiet(what);
            let unused = |host: &&String| rules.iter().all(|rule| rule.find != **host);
            let unused: Vec<&String> = offered.iter().filter(unused).collect();
            if !unused.is_empty() {
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing = egui::vec2(space::S, space::XS);
                    for host in unused {
                        let shown = text::clean(host);
                        let name = format!("Replace {shown}");
                        if ui
                            .add(Button::secondary(&shown).small().name(&name))
                            .clicked()
                        {
                            added = Some(host.clone());
                        }
                    }
                });
            }
            for (number, rule) in rules.iter_mut().enumerate() {
                let broken = wrong(rule).map(|rule| text::sentence(&rule));
                if one(ui, (kind, number + 1), rule, broken.as_deref()) {
                    gone = Some(number);
                }
            }
        },
    );
    if let Some(find) = added.or_else(|| blank.then(String::new)) {
        let replace = String::new();
        rules.push(Rule { find, replace });
    }
    if let Some(number) = gone {
        rules.remove(number);
    }
}

/// One replacement; true when it shall go.
fn one(ui: &mut Ui, (kind, number): (&str, usize), rule: &mut Rule, broken: Option<&str>) -> bool {
    let width = (ui.available_width() - size::CONTROL - 3.0 * space::S) / 2.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let (find, replace) = (
            format!("Find {kind} {number}"),
            format!("Replace {kind} {number} with"),
        );
        Field::new(&find, &mut rule.find)
            .mono()
            .width(width)
            .error(broken)
            .show(ui);
        Field::new(&replace, &mut rule.replace)
            .mono()
            .width(width)
            .show(ui);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add_space(size::LABELLED - size::CONTROL);
            let name = format!("Remove replacement {number} of a {kind}");
            ui.add(IconButton::new(Icon::Trash2, &name)).clicked()
        })
        .inner
    })
    .inner
}
