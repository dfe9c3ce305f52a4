//! How much is logged.

use std::sync::Arc;

use egui::Ui;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{ConnectorTarget, LogsShown, Query, Target, Verb};
use underpass_shared::config::LogLevel;
use underpass_shared::rights::Access;

use super::super::common::loaded;
use super::super::edit::{act_into, prevented};
use crate::cx::Cx;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, select};

const LEVELS: [(LogLevel, &str); 6] = [
    (LogLevel::Off, "Off: nothing"),
    (LogLevel::Error, "Error: what failed"),
    (LogLevel::Warn, "Warning: what wants attention"),
    (LogLevel::Info, "Info: what happens"),
    (LogLevel::Debug, "Debug: how it happens"),
    (LogLevel::Trace, "Trace: everything"),
];

/// The dialog.
#[derive(Default)]
pub(super) struct Levels {
    present: Slot<LogsShown>,
    own: Option<LogLevel>,
    others: Option<LogLevel>,
}

impl Levels {
    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let Some(agent) = cx.agent.map(Arc::clone) else {
            return true;
        };
        let target = Target::Connector(ConnectorTarget::Logs);
        self.present
            .request(cx.commands, agent.id, &target, &Query::default());
        let known = self.present.get().shared();
        let changed = known.as_ref().is_some_and(|known| {
            let own = self.own.is_some_and(|level| level != known.scc_log_level);
            own || self
                .others
                .is_some_and(|level| level != known.other_log_level)
        });
        let role = prevented(cx, Access::Trace);
        let reason = role
            .as_deref()
            .or((!changed).then_some("Nothing is changed"));
        let answer = Dialog::new("log-levels", "Levels of the log", "Set levels")
            .enabled_if(reason.is_none(), reason.unwrap_or_default())
            .show(ui.ctx(), |ui| {
                ui.paragraph("They hold at once, without a restart.");
                ui.add_space(space::S);
                let Some(known) = loaded(ui, cx.now_ms, &self.present) else {
                    return;
                };
                let choices = LEVELS.map(|(level, word)| (level, word.to_owned()));
                let mut own = self.own.unwrap_or(known.scc_log_level);
                if select(ui, "The agent's own parts", &mut own, &choices, size::FORM) {
                    self.own = Some(own);
                }
                ui.add_space(space::S);
                let mut others = self.others.unwrap_or(known.other_log_level);
                if select(ui, "Libraries", &mut others, &choices, size::FORM) {
                    self.others = Some(others);
                }
                if [own, others].iter().any(|level| *level >= LogLevel::Debug) {
                    ui.add_space(space::S);
                    let detail = "Set it back when you have seen enough";
                    Banner::new(
                        State::Warn,
                        "Debug and trace write much, and slow a busy agent down",
                    )
                    .detail(detail)
                    .show(ui);
                }
            });
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                let levels =
                    serde_json::json!({ "sccLogLevel": self.own, "otherLogLevel": self.others });
                let mut levels = levels;
                if let Some(fields) = levels.as_object_mut() {
                    fields.retain(|_, level| !level.is_null());
                }
                if let Ok(change) = Call::new(Verb::Patch, target).with(&levels) {
                    act_into(
                        cx,
                        change,
                        "Set levels of the log",
                        &Slot::<Reply>::default(),
                    );
                }
                true
            }
        }
    }
}
