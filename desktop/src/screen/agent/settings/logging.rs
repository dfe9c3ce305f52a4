//! What the agent writes into its log, and what it traces.

use egui::Ui;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{ConnectorTarget, LogsShown, Query, Target};
use underpass_shared::config::{
    Document, LogLevel, LogSettings, Megabytes, ModuleLevels, Number, SubaccountKey,
    SubaccountTraces, Traces, TracesBySubaccount,
};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{choices, edit, refused, with_connector};
use crate::screen::agent::form::{Buffer, Form, foot, pair};
use crate::theme::space;
use crate::widget::{Words as _, card_titled, select, toggle};

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    own: Option<LogLevel>,
    other: Option<LogLevel>,
    tls_trace: bool,
    cpic: String,
    cleanup: String,
    rollover: String,
}

/// The card of the log.
#[derive(Default)]
pub(super) struct Logging {
    fields: Buffer<Fields>,
    shown: Slot<LogsShown>,
    traced: Option<SubaccountKey>,
}

fn levels() -> Vec<(Option<LogLevel>, String)> {
    let name = |level: LogLevel| (Some(level), format!("{level:?}"));
    let all = [
        LogLevel::Off,
        LogLevel::Error,
        LogLevel::Warn,
        LogLevel::Info,
        LogLevel::Debug,
        LogLevel::Trace,
        LogLevel::All,
    ];
    std::iter::once((None, "As the agent was started".to_owned()))
        .chain(all.into_iter().map(name))
        .collect()
}

impl Logging {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let settings = &document.connector().log_and_trace;
        self.fields.follow(Fields {
            own: settings.scc_log_level,
            other: settings.other_log_level,
            tls_trace: settings.tls_trace,
            cpic: settings.cpic_trace_level.get().to_string(),
            cleanup: settings.cleanup.get().to_string(),
            rollover: settings.rollover_threshold.0.get().to_string(),
        });
        card_titled(
            ui,
            "Log and traces",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Trace));
                let next = self.form(ui, &mut form);
                self.without_effect(ui, cx);
                if foot(ui, &mut self.fields, &form, "Save to the draft")
                    && let Some(next) = next
                {
                    edit(cx, "Change the log", move |document| {
                        with_connector(document, |fields| {
                            let levels = std::mem::take(&mut fields.log_and_trace.levels);
                            fields.log_and_trace = LogSettings { levels, ..next };
                            Ok(())
                        })
                    });
                }
                self.traces(ui, cx, document);
            },
        );
    }

    fn form(&mut self, ui: &mut Ui, form: &mut Form) -> Option<LogSettings> {
        let levels = levels();
        let locked = form.locked().map(str::to_owned);
        let now = &mut self.fields.now;
        pair(ui, |ui, at, width| {
            ui.add_enabled_ui(locked.is_none(), |ui| match at {
                0 => drop(select(
                    ui,
                    "Level of the agent",
                    &mut now.own,
                    &levels,
                    width,
                )),
                _ => drop(select(
                    ui,
                    "Level of its libraries",
                    &mut now.other,
                    &levels,
                    width,
                )),
            });
        });
        let (mut cleanup, mut rollover) = (None, None);
        pair(ui, |ui, at, _| match at {
            0 => {
                cleanup = form.number::<Number<0, 3_650>>(
                    ui,
                    "Keep for, days",
                    &mut now.cleanup,
                    |field| field.width(f32::INFINITY).help("0 keeps all. Default 14"),
                );
            }
            _ => {
                rollover = form.number::<Number<1, 10_000>>(
                    ui,
                    "New file from, MB",
                    &mut now.rollover,
                    |field| field.width(f32::INFINITY).help("Default 50"),
                );
            }
        });
        let cpic = form.number::<Number<0, 3>>(ui, "CPI-C trace level", &mut now.cpic, |field| {
            field.width(f32::INFINITY).help("0 to 3. Default 0")
        });
        toggle(
            ui,
            &mut now.tls_trace,
            "Trace TLS handshakes",
            locked.as_deref(),
        );
        Some(LogSettings {
            scc_log_level: now.own,
            other_log_level: now.other,
            levels: ModuleLevels::default(),
            tls_trace: now.tls_trace,
            cpic_trace_level: cpic?,
            cleanup: cleanup?,
            rollover_threshold: Megabytes(rollover?),
        })
    }

    /// Which of these the agent keeps and does not follow.
    fn without_effect(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.map(|agent| agent.id) else {
            return;
        };
        let target = Target::Connector(ConnectorTarget::Logs);
        self.shown
            .request(cx.commands, agent, &target, &Query::default());
        if let Some(shown) = self.shown.get().value()
            && !shown.without_effect.is_empty()
        {
            ui.paragraph(format!(
                "Kept, but without effect in this version: {}",
                shown.without_effect.join(", ")
            ));
        }
    }

    fn traces(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let choices = choices(document);
        let Some((first, _)) = choices.first() else {
            return;
        };
        let known = |key: &SubaccountKey| document.subaccount(key).is_some();
        let mut key = self
            .traced
            .clone()
            .filter(known)
            .unwrap_or_else(|| first.clone());
        ui.add_space(space::S);
        ui.title("Traces of a subaccount");
        let locked = refused(cx, Access::Trace);
        select(ui, "Subaccount", &mut key, &choices, f32::INFINITY);
        let before = document
            .connector()
            .subaccount_traces
            .of(&key.region_host, key.subaccount);
        let mut now = before;
        toggle(
            ui,
            &mut now.traffic_trace,
            "Trace its traffic",
            locked.as_deref(),
        );
        toggle(
            ui,
            &mut now.payload_snc_trace,
            "Trace payload under SNC",
            locked.as_deref(),
        );
        if now != before {
            trace(cx, &key, now);
        }
        self.traced = Some(key);
    }
}

fn trace(cx: &mut Cx<'_>, key: &SubaccountKey, traces: Traces) {
    let one = SubaccountTraces {
        region_host: key.region_host.clone(),
        subaccount: key.subaccount,
        traces,
    };
    edit(
        cx,
        format!("Change the traces of {}", key.subaccount),
        move |document| {
            let mut all: Vec<SubaccountTraces> =
                document.connector().subaccount_traces.clone().into();
            all.retain(|other| {
                other.region_host != one.region_host || other.subaccount != one.subaccount
            });
            all.push(one);
            let all = TracesBySubaccount::try_from(all)?;
            with_connector(document, |fields| {
                fields.subaccount_traces = all;
                Ok(())
            })
        },
    );
}
