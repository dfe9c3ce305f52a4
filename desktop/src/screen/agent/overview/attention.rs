//! What wants attention on an agent, each with the page that mends it.

use egui::{Align, Label, Layout, RichText, Ui};
use lucide_icons::Icon;
use underpass_fleet::snapshot::{AgentSnapshot, clocks};
use underpass_shared::diagnosis::{Diagnosis, Kind};

use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::edit::document;
use crate::screen::agent::trouble::{Seen, named, state_of};
use crate::text;
use crate::theme::{State, Text, Themed as _, font, size, space};
use crate::widget::{IconButton, Words as _, card_titled, dot};

/// Diagnoses that are listed; the others are counted.
const DIAGNOSES: usize = 4;

/// One thing, how bad it is, and where it is mended.
type Item = (State, String, Option<AgentTab>);

/// Shows the card.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot, seen: &Seen) {
    let mut items = items(agent);
    diagnosed(agent, seen, &mut items);
    let tokens = ui.tokens();
    card_titled(
        ui,
        "Wants attention",
        |ui| {
            if !items.is_empty() {
                ui.words(Text::Caption, tokens.text_3, text::count(items.len()));
            }
        },
        |ui| {
            if items.is_empty() {
                ui.horizontal(|ui| {
                    ui.icon(Icon::CircleCheck, size::ICON, tokens.ok);
                    ui.body("Nothing: all is well");
                });
            }
            for (state, what, tab) in &items {
                ui.horizontal_top(|ui| {
                    ui.set_min_height(size::CONTROL_SMALL);
                    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                        if let Some(tab) = *tab {
                            let open = IconButton::new(Icon::ArrowRight, tab.title());
                            if ui.add(open).clicked() {
                                cx.go(Route::Agent { id: agent.id, tab });
                            }
                        }
                        ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                            ui.add_space(space::XXS);
                            dot(ui, *state, "Mark");
                            let words = RichText::new(what)
                                .font(font(Text::Body))
                                .color(tokens.text_2);
                            ui.add(Label::new(words).wrap());
                        });
                    });
                });
            }
        },
    );
}

/// What the agent itself sees going wrong, what happened last first.
fn diagnosed(agent: &AgentSnapshot, seen: &Seen, items: &mut Vec<Item>) {
    let Some(known) = seen.known() else { return };
    let document = document(agent).map(AsRef::as_ref);
    let tab = Some(AgentTab::Trouble);
    // Certificates that end are told by the status.
    let is_new = |one: &&Diagnosis| one.kind != Kind::CertificateEnds;
    let all: Vec<&Diagnosis> = known.diagnoses.iter().filter(is_new).collect();
    for one in all.iter().take(DIAGNOSES) {
        let of = named(&one.entity, document);
        let text = format!("{}: {of}", text::clean(&one.title));
        items.push((state_of(one), text, tab));
    }
    let more = all.len().saturating_sub(DIAGNOSES);
    if more > 0 {
        let text = format!(
            "And {} that the agent sees",
            text::plural(more, "other fault")
        );
        items.push((State::Info, text, tab));
    }
}

fn items(agent: &AgentSnapshot) -> Vec<Item> {
    let Some(told) = agent.status.stamped() else {
        let problem = agent
            .problem
            .iter()
            .map(|one| (State::Error, text::clean(one), None));
        return problem.collect();
    };
    let status = &told.value;
    let mut items: Vec<Item> = vec![];
    if !agent.link.is_online() {
        items.extend(
            agent
                .problem
                .iter()
                .map(|one| (State::Error, text::clean(one), None)),
        );
    }
    if let Some(problem) = &status.problem {
        items.push((State::Error, text::sentence(problem), None));
    }
    if let Some(drain) = &status.drain {
        let text = format!("{} closed all tunnels (drain)", text::who(&drain.author));
        items.push((State::Warn, text, Some(AgentTab::Settings)));
    }
    items.extend(clocks(told).map(|text| (State::Warn, text, None)));
    for one in &status.expiring {
        let state = if one.days_left < 7 {
            State::Error
        } else {
            State::Warn
        };
        items.push((
            state,
            text::sentence(&one.to_string()),
            Some(AgentTab::Trust),
        ));
    }
    for (address, why) in &status.management.problems {
        let text = format!("It cannot be managed at {address}: {}", text::clean(why));
        items.push((State::Warn, text, Some(AgentTab::Settings)));
    }
    for warning in &status.warnings {
        items.push((
            State::Warn,
            text::sentence(warning),
            Some(AgentTab::Security),
        ));
    }
    if let Some(days) = agent.certificate_days.filter(|days| *days <= 14) {
        let text = format!("The certificate of this app for it ends in {days} days");
        items.push((State::Warn, text, Some(AgentTab::Operators)));
    }
    items
}
