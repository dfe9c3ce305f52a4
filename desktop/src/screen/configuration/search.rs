//! Which agents have something: a search through all configurations.

use std::sync::Arc;

use egui::{Align, Id, Key, Layout, Modifiers, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, Find, Survey};
use underpass_fleet::remote::Remote;
use underpass_fleet::search::{FleetFound, FoundAgent, Hit, Search, open_words};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::csv::cell;

use super::Wish;
use crate::cx::{Cx, Effect};
use crate::nav::{AgentTab, Route};
use crate::screen::save::Save;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, Column, Empty, Table, TableState, Width, Words as _, search, skeleton,
};

/// Searches that show what can be asked.
const EXAMPLES: [(&str, &str); 5] = [
    ("internal:s4h-app01*", "Who exposes this host?"),
    ("path:/sap/opu*", "Who opens OData?"),
    ("protocol:rfc", "Who speaks RFC?"),
    ("port:22", "Who opens port 22?"),
    ("setting:connector.proxy.*", "Which proxies are used?"),
];
const HEAD: &str = "agent,kind,subaccount,name,virtual,internal,protocol,paths,setting,value\r\n";

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub(super) struct SearchState {
    typed: String,
    /// What was looked for last.
    asked: Option<String>,
    wrong: Option<String>,
    found: Slot<FleetFound>,
    table: TableState,
    save: Option<Save>,
    focus: bool,
}

impl SearchState {
    /// Puts the keyboard into the field.
    pub(super) const fn focus(&mut self) {
        self.focus = true;
    }

    /// Looks again for what was looked for last.
    pub(super) fn refresh(&mut self, cx: &mut Cx<'_>) {
        if let Some(asked) = self.asked.clone() {
            self.typed = asked;
            self.run(cx);
        }
    }

    fn run(&mut self, cx: &mut Cx<'_>) {
        match self.typed.trim().parse::<Search>() {
            Ok(search) => {
                self.wrong = None;
                self.asked = Some(self.typed.trim().to_owned());
                self.table = TableState::default();
                cx.send(Command::Survey(Survey::Find(Find {
                    agents: cx.fleet.agents.iter().map(|agent| agent.id).collect(),
                    search,
                    done: self.found.clone(),
                })));
            }
            Err(rule) => self.wrong = Some(text::sentence(&rule.to_string())),
        }
    }
}

/// Shows the tab.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SearchState) {
    let mut run = field(ui, state);
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.quiet("Try");
        for (example, meaning) in EXAMPLES {
            let button = Button::ghost(example).small().tooltip(meaning);
            if ui.add(button).clicked() {
                state.typed = example.to_owned();
                run = true;
            }
        }
    });
    if run {
        state.run(cx);
    }
    if let Some(wrong) = &state.wrong {
        ui.add_space(space::S);
        Banner::new(State::Error, wrong)
            .detail(
                "Fields: host, virtual, internal, port, protocol, type, path, description, \
                 subaccount, region, location, setting, value",
            )
            .show(ui);
    }
    ui.add_space(space::S);
    match &*state.found.get() {
        Remote::NotRequested => {
            Empty {
                icon: Icon::TextSearch,
                title: "Which agents have it?",
                text: "A word alone is found anywhere in mappings, subaccounts and settings; \
                       field:pattern asks one field as a whole, * stands for any letters, and all \
                       words must fit one place",
                action: None,
            }
            .show(ui);
        }
        Remote::Loading { previous: None } => skeleton(ui, 8),
        Remote::Unavailable { reason, .. } => {
            let reason = text::sentence(reason);
            Banner::new(State::Error, &reason).show(ui);
        }
        Remote::Ready(found)
        | Remote::Loading {
            previous: Some(found),
        } => {
            let found = Arc::clone(&found.value);
            results(ui, cx, state, &found);
        }
    }
    if let Some(save) = &mut state.save
        && save.show(ui.ctx(), cx)
    {
        state.save = None;
    }
}

/// The field; true when it is to be looked for.
fn field(ui: &mut Ui, state: &mut SearchState) -> bool {
    let id = Id::unique("search-configurations");
    let mut run = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let width = (ui.available_width() - 110.0).min(680.0);
        let name = "Search all configurations";
        let response = search(ui, id, &mut state.typed, name, width);
        if std::mem::take(&mut state.focus) {
            response.request_focus();
        }
        let entered = response.lost_focus()
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        let ready = !state.typed.trim().is_empty();
        let button = Button::primary("Search").icon(Icon::Search);
        let button = button.enabled_if(ready, "Type what to look for first");
        run = ui.add(button).clicked() || (entered && ready);
    });
    run
}

const COLUMNS: [Column; 4] = [
    Column::text("AGENT", Width::Exact(150.0)).fixed(),
    Column::text("WHAT", Width::AtLeast(200.0)).fixed(),
    Column::text("LEADS TO", Width::AtLeast(190.0)).fixed(),
    Column::text("WHERE", Width::AtLeast(150.0))
        .fixed()
        .spare(1),
];

fn results(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SearchState, found: &FleetFound) {
    strip(ui, cx, state, found);
    ui.add_space(space::S);
    if found.agents.is_empty() {
        Empty {
            icon: Icon::SearchX,
            title: "Nothing was found",
            text: "A word without a field is found anywhere; * stands for any letters",
            action: None,
        }
        .show(ui);
        return;
    }
    let rows: Vec<(&FoundAgent, usize)> = found
        .agents
        .iter()
        .flat_map(|one| (0..one.found.hits.len()).map(move |at| (one, at)))
        .collect();
    let name = |row: usize| {
        let (one, at) = rows[row];
        let [what, leads, place] = words(&one.found.hits[at]);
        format!("{}, {what} {leads} {place}", text::clean(&one.label))
    };
    let out = Table::new("found", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let ((one, at), tokens) = (rows[row], ui.tokens());
            let [what, leads, place] = words(&one.found.hits[at]);
            match column {
                // The agent stands before the first of its places alone.
                0 if at == 0 => {
                    ui.bold(text::clean(&one.label));
                    if one.is_stale {
                        ui.words(Text::Caption, tokens.text_3, "AWAY")
                            .on_hover_text("This is what was known last");
                    }
                }
                0 => {}
                1 => {
                    ui.icon(icon(&one.found.hits[at]), size::ICON_SMALL, tokens.text_3);
                    ui.words(Text::Mono, tokens.text, what);
                }
                2 => drop(ui.words(Text::Mono, tokens.text_2, leads)),
                _ => drop(ui.words(Text::Small, tokens.text_3, place)),
            }
        });
    if let Some(row) = out.chosen.or(out.opened) {
        let (one, at) = rows[row];
        if let Some(agent) = cx.fleet.agent(one.agent).map(Arc::clone) {
            open(cx, &agent, &one.found.hits[at]);
        }
    }
}

fn strip(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SearchState, found: &FleetFound) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let any = !found.agents.is_empty();
            let change = Button::primary("Change these agents…")
                .icon(Icon::Rocket)
                .enabled_if(any, "Nothing was found");
            if ui.add(change).clicked() {
                let agents = found.agents.iter().map(|one| one.agent);
                let wish = Box::new(Wish::of(agents));
                cx.effects.push(Effect::RollOut(wish));
            }
            let save = Button::secondary("Save as CSV…")
                .icon(Icon::Download)
                .enabled_if(any, "Nothing was found");
            if ui.add(save).clicked() {
                let asked = text::clean(state.asked.as_deref().unwrap_or_default());
                let words = format!("All places that “{asked}” found, one a line.");
                let name = ("search", "csv");
                state.save = Some(Save::new("Save what was found", words, name, csv(found)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let count = format!(
                    "{} on {}",
                    text::plural(found.places(), "place"),
                    text::plural(found.agents.len(), "agent")
                );
                ui.bold(count);
                let searched = text::plural(found.searched, "agent");
                ui.quiet(format!("{searched} searched"));
                if !found.missing.is_empty() {
                    let labels: Vec<String> = found
                        .missing
                        .iter()
                        .take(20)
                        .map(|(_, label)| text::clean(label))
                        .collect();
                    let words = format!("{} not known", found.missing.len());
                    ui.words(Text::Small, ui.tokens().warn, words)
                        .on_hover_text(format!(
                            "Away, and nothing is known of them: {}",
                            labels.join(", ")
                        ));
                }
            });
        });
    });
    let more = found.agents.iter().filter(|one| one.found.more > 0).count();
    if more > 0 {
        let words = format!(
            "{} with more places than are shown",
            text::plural(more, "agent")
        );
        Banner::new(State::Warn, &words).show(ui);
    }
}

const fn icon(hit: &Hit) -> Icon {
    match hit {
        Hit::Mapping { .. } => Icon::Route,
        Hit::Subaccount { .. } => Icon::Cable,
        Hit::Setting { .. } => Icon::Settings,
    }
}

/// What was found, where it leads, and where it stands.
fn words(hit: &Hit) -> [String; 3] {
    let words = match hit {
        Hit::Mapping {
            display_name,
            virtual_address,
            internal_address,
            protocol,
            open_paths,
            ..
        } => {
            let paths = open_words(open_paths);
            [
                virtual_address.clone(),
                internal_address.clone(),
                format!("{display_name} · {protocol} · {paths}"),
            ]
        }
        Hit::Subaccount {
            subaccount,
            display_name,
            connected,
        } => {
            let word = if *connected {
                "connected"
            } else {
                "disconnected"
            };
            [display_name.clone(), word.to_owned(), subaccount.clone()]
        }
        Hit::Setting { path, value } => {
            let value = crate::changes::value(value);
            let path = path.trim_start_matches("connector.").to_owned();
            [path, value, "Settings of the agent".to_owned()]
        }
    };
    words.map(|one| text::clean(&one))
}

/// To the place itself.
fn open(cx: &mut Cx<'_>, agent: &AgentSnapshot, hit: &Hit) {
    let tab = |tab| Route::Agent { id: agent.id, tab };
    match hit {
        Hit::Mapping {
            subaccount,
            virtual_address,
            ..
        } => {
            let known = agent.configuration.value();
            let key = known.and_then(|known| {
                let mut all = known.document.subaccounts().iter();
                all.find(|one| one.key().to_string() == *subaccount)
            });
            match (key, virtual_address.parse()) {
                (Some(one), Ok(address)) => cx.effects.push(Effect::Mapping {
                    agent: agent.id,
                    subaccount: one.key().clone(),
                    address,
                }),
                _ => cx.go(tab(AgentTab::AccessControl)),
            }
        }
        Hit::Subaccount { .. } => cx.go(tab(AgentTab::Subaccounts)),
        Hit::Setting { .. } => cx.go(tab(AgentTab::Settings)),
    }
}

/// What was found as lines.
fn csv(found: &FleetFound) -> String {
    let mut out = HEAD.to_owned();
    for one in &found.agents {
        for hit in &one.found.hits {
            let mut cells = [const { String::new() }; 10];
            cells[0].clone_from(&one.label);
            match hit {
                Hit::Mapping {
                    subaccount,
                    display_name,
                    virtual_address,
                    internal_address,
                    protocol,
                    open_paths,
                } => {
                    let all = [subaccount, display_name, virtual_address, internal_address];
                    cells[1] = "mapping".to_owned();
                    for (cell, value) in cells[2..6].iter_mut().zip(all) {
                        cell.clone_from(value);
                    }
                    cells[6].clone_from(protocol);
                    cells[7] = open_paths.join(" ");
                }
                Hit::Subaccount {
                    subaccount,
                    display_name,
                    ..
                } => {
                    cells[1] = "subaccount".to_owned();
                    cells[2].clone_from(subaccount);
                    cells[3].clone_from(display_name);
                }
                Hit::Setting { path, value } => {
                    cells[1] = "setting".to_owned();
                    cells[8].clone_from(path);
                    cells[9] = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                }
            }
            let cells: Vec<String> = cells.iter().map(|one| cell(&text::clean(one))).collect();
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
    }
    out
}
