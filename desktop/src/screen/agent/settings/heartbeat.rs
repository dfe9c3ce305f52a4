//! The heartbeat: an address that the agent asks while it does its work, so that a monitor outside
//! notices when it does not.

use egui::Ui;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{Document, Heartbeat, HeartbeatUrl, Number};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::{Buffer, Form, foot};
use crate::text;
use crate::theme::State;
use crate::widget::{Banner, Field, Words as _, card_titled, key_aged, key_text, keys, pill};

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    url: String,
    every: String,
}

/// The card of the heartbeat.
#[derive(Default)]
pub(super) struct HeartbeatCard {
    fields: Buffer<Fields>,
}

impl HeartbeatCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let wanted = &document.connector().heartbeat;
        let url = wanted.url.as_ref().map(ToString::to_string);
        self.fields.follow(Fields {
            url: url.unwrap_or_default(),
            every: wanted.every_sec.get().to_string(),
        });
        let agent = cx.agent.cloned();
        let (state, word) = agent.as_deref().map_or((State::Off, "Off"), beats);
        card_titled(
            ui,
            "Heartbeat",
            |ui| drop(pill(ui, state, word)),
            |ui| {
                ui.paragraph("While all tunnels that shall be up are up, the agent asks this address. A monitor outside that misses it knows that something is wrong, even when the agent can tell nobody.");
                if let Some(agent) = &agent {
                    told(ui, cx.now_ms, agent);
                }
                let mut form = Form::new(refused(cx, Access::Administration));
                let now = &mut self.fields.now;
                let url =
                    form.optional::<HeartbeatUrl>(ui, "Heartbeat URL", &mut now.url, |field| {
                        wide(field)
                            .mono()
                            .hint("https://hc.example/ping/4f1c")
                            .help("Everybody who reads the configuration sees it")
                    });
                let every = form.number::<Number<1, 86_400>>(
                    ui,
                    "Every, seconds",
                    &mut now.every,
                    |field| wide(field).help("Default 60"),
                );
                if foot(
                    ui,
                    &mut self.fields,
                    &form,
                    "Save the heartbeat to the draft",
                ) && let (Some(url), Some(every_sec)) = (url, every)
                {
                    let what = if url.is_some() {
                        "Set the heartbeat"
                    } else {
                        "End the heartbeat"
                    };
                    edit_connector(cx, what, move |fields| {
                        fields.heartbeat = Heartbeat { url, every_sec };
                        Ok(())
                    });
                }
            },
        );
    }
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}

/// How it is doing, in a word.
fn beats(agent: &AgentSnapshot) -> (State, &'static str) {
    let status = agent.status.value().and_then(|one| one.heartbeat.as_ref());
    match status {
        None => (State::Off, "Off"),
        Some(one) if one.problem.is_some() => (State::Error, "Missed"),
        Some(one) if one.sent_ms.is_some() => (State::Ok, "Beats"),
        Some(_) => (State::Pending, "Begins"),
    }
}

/// When the last one arrived, and why there was none since.
fn told(ui: &mut Ui, now_ms: i64, agent: &AgentSnapshot) {
    let Some(status) = agent.status.value().and_then(|one| one.heartbeat.as_ref()) else {
        return;
    };
    if let Some(problem) = &status.problem {
        Banner::new(State::Error, "The last heartbeat was not sent")
            .detail(&text::sentence(problem))
            .show(ui);
    }
    keys(ui, |ui| match status.sent_ms {
        Some(at) => key_aged(ui, "Last arrived", at, now_ms),
        None => key_text(ui, "Last arrived", "Not yet", false, false),
    });
}
