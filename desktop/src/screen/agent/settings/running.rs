//! The agent's process: drained, and started anew.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    DrainShown, DrainState, Query, RunningTarget, Target, Verb,
};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{act, prevented};
use crate::text;
use crate::theme::State;
use crate::widget::{
    Answer, Banner, Button, ConfirmName, Dialog, Words as _, card_titled, key_text, keys, pill,
};

/// The card of the process.
#[derive(Default)]
pub(super) struct RunningCard {
    shown: Slot<DrainShown>,
    seen: Option<i64>,
    sent: Slot<Reply>,
    draining: bool,
    restart: Option<ConfirmName>,
}

impl RunningCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.cloned() else {
            return;
        };
        let target = Target::Running(RunningTarget::Drain);
        // What the agent tells of itself is asked for again whenever it told anything.
        let told = agent.status.stamped().map(|status| status.at_ms);
        let done = self.sent.take().is_some();
        if done || self.seen != told {
            self.seen = told;
            self.shown.refresh();
        }
        self.shown
            .request(cx.commands, agent.id, &target, &Query::default());
        let shown = self.shown.get();
        let locked = prevented(cx, Access::Administration);
        let state = shown.value().map(|shown| shown.state);
        let (mark, word) = match state {
            Some(DrainState::Active) => (State::Ok, "Takes requests"),
            Some(DrainState::Draining) => (State::Pending, "Draining"),
            Some(DrainState::Drained) => (State::Warn, "Drained"),
            None => (State::Off, "Unknown"),
        };
        card_titled(
            ui,
            "Process",
            |ui| drop(pill(ui, mark, word)),
            |ui| {
                if let Some(status) = agent.status.value() {
                    keys(ui, |ui| {
                        let version =
                            format!("{}, process {}", text::clean(&status.version), status.pid);
                        key_text(ui, "Version", &version, false, false);
                    });
                }
                if let Some(drain) = shown.value().and_then(|shown| shown.drain.as_ref()) {
                    let who = text::who(&drain.author);
                    let text = format!(
                        "{who} drained it {} ago; it takes no requests",
                        text::age(cx.now_ms, drain.since_ms)
                    );
                    Banner::new(State::Warn, &text).show(ui);
                }
                let reasons = [
                    shown.reason().map(text::clean),
                    self.sent.get().reason().map(text::clean),
                ];
                for reason in reasons.into_iter().flatten() {
                    Banner::new(State::Error, &reason).show(ui);
                }
                ui.horizontal(|ui| self.buttons(ui, cx, state, locked.as_deref()));
            },
        );
    }

    fn buttons(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        state: Option<DrainState>,
        locked: Option<&str>,
    ) {
        let (free, why) = (locked.is_none(), locked.unwrap_or_default());
        let target = Target::Running(RunningTarget::Drain);
        if matches!(state, Some(DrainState::Draining | DrainState::Drained)) {
            let button = Button::primary("Take requests again").icon(Icon::Play);
            if ui.add(button.enabled_if(free, why)).clicked() {
                self.sent = act(cx, "Take requests again", Call::new(Verb::Delete, target));
            }
        } else if ui
            .add(
                Button::secondary("Drain…")
                    .icon(Icon::Pause)
                    .enabled_if(free, why),
            )
            .clicked()
        {
            self.draining = true;
        }
        let button = Button::secondary("Restart…").icon(Icon::RotateCcw);
        if ui.add(button.enabled_if(free, why)).clicked() {
            self.restart = Some(ConfirmName::default());
        }
    }

    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let Some(label) = cx.agent.map(|agent| text::clean(&agent.label)) else {
            return;
        };
        if self.draining {
            let answer = Dialog::new("drain", "Drain the agent", "Drain").danger().show(ctx, |ui| {
                ui.paragraph("Requests that run are finished, then all tunnels close. Cloud applications reach this agent no more until it takes requests again or is restarted; other agents with the same location ID take over.");
            });
            if answer == Answer::Confirmed {
                let target = Target::Running(RunningTarget::Drain);
                self.sent = act(cx, format!("Drain {label}"), Call::new(Verb::Post, target));
            }
            self.draining = answer == Answer::Open;
        }
        if let Some(confirm) = &mut self.restart {
            let loss = "The agent ends, and its service manager starts it again. Requests that run are given time to end; its tunnels are down for some seconds.";
            let answer = confirm.show(ctx, "Restart the agent", "Restart", loss, &label);
            if answer == Answer::Confirmed {
                let target = Target::Running(RunningTarget::Restart);
                self.sent = act(
                    cx,
                    format!("Restart {label}"),
                    Call::new(Verb::Post, target),
                );
            }
            if answer != Answer::Open {
                self.restart = None;
            }
        }
    }
}
