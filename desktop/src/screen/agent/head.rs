//! The head of an agent's page: who it is, how it is, and what can be done with it.

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::{AgentSnapshot, Link};

use crate::cx::{Cx, Effect};
use crate::digest::{state_of, trouble_of, word_of};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Button, ConfirmName, IconButton, Words as _, copy_button, menu, menu_item,
    menu_rule, pill,
};

/// What the head remembers: its dialog.
#[derive(Default)]
pub(super) struct Head {
    remove: Option<ConfirmName>,
}

impl Head {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &Arc<AgentSnapshot>) {
        let tokens = ui.tokens();
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.actions(ui, cx, agent);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let width = ui.available_width();
                    ui.scope(|ui| {
                        ui.set_max_width(width * 0.5);
                        ui.words(Text::Heading, tokens.text, text::clean(&agent.label));
                    });
                    pill(ui, state_of(agent.health), word_of(agent.health));
                    if ui.available_width() > 160.0 {
                        let address = text::clean(&agent.address.to_string());
                        ui.add_space(space::XS);
                        ui.scope(|ui| {
                            ui.set_max_width((ui.available_width() - size::CONTROL).max(0.0));
                            ui.words(Text::Mono, tokens.text_3, address.as_str());
                        });
                        copy_button(ui, &address, "Address");
                    }
                });
            });
        });
        trouble(ui, cx, agent);
        self.dialog(ui, cx, agent);
    }

    fn actions(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let button = ui.add(IconButton::new(Icon::Ellipsis, "More actions"));
        menu(&button, |ui| {
            if menu_item(ui, Some(Icon::Copy), "Copy identity", "").clicked() {
                ui.copy_text(agent.id.to_string());
            }
            if menu_item(ui, Some(Icon::ArrowRightLeft), "Migrate…", "").clicked() {
                let (source, targets) = (Some(agent.id), vec![]);
                cx.effects.push(Effect::Migrate { source, targets });
            }
            if menu_item(ui, Some(Icon::ListChecks), "Show set-up", "").clicked() {
                cx.prefs.setup.begin(agent.id);
                let tab = AgentTab::Overview;
                cx.go(Route::Agent { id: agent.id, tab });
            }
            menu_rule(ui);
            if menu_item(ui, Some(Icon::Trash2), "Remove from this app…", "").clicked() {
                self.remove = Some(ConfirmName::default());
            }
        });
        if ui
            .add(Button::secondary("Refresh").icon(Icon::RefreshCw))
            .clicked()
        {
            cx.send(Command::Refresh(agent.id));
        }
    }

    fn dialog(&mut self, ui: &Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let Some(confirm) = &mut self.remove else {
            return;
        };
        let loss = "This app forgets the agent with its key. The agent goes on working; to manage it again you pair anew.";
        let answer = confirm.show(
            ui.ctx(),
            "Remove agent",
            "Remove",
            loss,
            &text::clean(&agent.label),
        );
        if answer == Answer::Confirmed {
            cx.send(Command::Remove(agent.id));
            cx.run(crate::command::UiCommand::OpenFleet);
        }
        if answer != Answer::Open {
            self.remove = None;
        }
    }
}

/// Why it is not well, and since when its data is old.
fn trouble(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
    let Some(problem) = &agent.problem else {
        return;
    };
    let problem = text::sentence(problem);
    let state = trouble_of(agent.health);
    let seen = agent
        .last_seen_ms
        .map(|at| format!("What is shown is {} old", text::age(cx.now_ms, at)));
    let (detail, action) = match &agent.link {
        Link::Online { .. } => (String::new(), None),
        Link::Away { next_try_ms, .. } => {
            let next = format!(
                "next attempt in {}",
                text::countdown(cx.now_ms, *next_try_ms)
            );
            let detail = seen.map_or_else(|| next.clone(), |seen| format!("{seen} · {next}"));
            (detail, Some("Retry now"))
        }
        Link::KeyChanged { .. } => (
            "Nothing is sent there. Compare the identity on the agent's host.".to_owned(),
            None,
        ),
        Link::Refused { .. } => (seen.unwrap_or_default(), Some("Try again")),
        Link::Connecting { .. } => (seen.unwrap_or_default(), None),
    };
    ui.add_space(space::XS);
    let mut banner = Banner::new(state, &problem).detail(&detail);
    if let Some(action) = action {
        banner = banner.action(action);
    }
    if banner.show(ui) {
        cx.send(Command::Retry(agent.id));
    }
}
