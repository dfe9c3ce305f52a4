//! What the agent is for, how wide its tunnels are, and where it is managed.

use egui::Ui;
use underpass_shared::config::limits::DESCRIPTION_LEN_MAX;
use underpass_shared::config::{Document, Text, TunnelConnections};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::{Buffer, Form, foot};
use crate::text;
use crate::theme::{State, Themed as _, space};
use crate::widget::{Banner, Words as _, card_titled, key_row, keys};

/// The default and the bounds are `TUNNEL_CONNECTIONS_DEFAULT` and `TUNNEL_CONNECTIONS_MAX`.
const CONNECTIONS: &str =
    "Default 2, at most 16. More carry more at once and survive more breaks; each takes memory";

/// The cards of description, tunnels and listener.
#[derive(Default)]
pub(super) struct General {
    description: Buffer<String>,
    connections: Buffer<String>,
}

impl General {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let settings = document.connector();
        let description = settings.description.as_ref().map(ToString::to_string);
        self.description.follow(description.unwrap_or_default());
        self.connections
            .follow(settings.tunnel_connections().get().to_string());
        card_titled(
            ui,
            "General",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Connector));
                let description = form.optional::<Text<DESCRIPTION_LEN_MAX>>(
                    ui,
                    "Description",
                    &mut self.description.now,
                    |field| {
                        field
                            .width(f32::INFINITY)
                            .hint("What this agent is for, for people")
                    },
                );
                if foot(ui, &mut self.description, &form, "Save to the draft")
                    && let Some(description) = description
                {
                    edit_connector(cx, "Change the description", |fields| {
                        fields.description = description;
                        Ok(())
                    });
                }
                listener(ui, cx);
            },
        );
        card_titled(
            ui,
            "Tunnels",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Administration));
                let connections = form.number::<TunnelConnections>(
                    ui,
                    "Connections of each tunnel",
                    &mut self.connections.now,
                    |field| field.width(f32::INFINITY).help(CONNECTIONS),
                );
                if foot(ui, &mut self.connections, &form, "Save to the draft")
                    && let Some(connections) = connections
                {
                    let what = format!(
                        "Set the connections of each tunnel to {}",
                        connections.get()
                    );
                    edit_connector(cx, what, move |fields| {
                        fields.tunnel_connections = connections;
                        Ok(())
                    });
                }
            },
        );
    }
}

/// Where the management API listens: a matter of the agent's start, not of its configuration.
fn listener(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(status) = cx.agent.and_then(|agent| agent.status.value()) else {
        return;
    };
    let tokens = ui.tokens();
    keys(ui, |ui| {
        key_row(ui, "Management listener", |ui| {
            let all: Vec<String> = status
                .management
                .listening
                .iter()
                .map(ToString::to_string)
                .collect();
            let all = if all.is_empty() {
                "none".to_owned()
            } else {
                all.join(", ")
            };
            ui.words(crate::theme::Text::Mono, tokens.text, all)
                .on_hover_text("Set where the agent is started, by --management-listen");
        });
    });
    for (address, problem) in &status.management.problems {
        ui.add_space(space::XS);
        Banner::new(State::Warn, &format!("{address}: {}", text::clean(problem))).show(ui);
    }
}
