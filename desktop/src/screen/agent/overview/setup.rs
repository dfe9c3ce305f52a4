//! What is left to be set up on a new agent, read from what it tells.

use std::sync::Arc;

use egui::{Align, Layout, Sense, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    Connection, ConnectionCheck, MappingAddress, MappingTarget, Query, SubaccountPath, Target, Verb,
};
use underpass_shared::config::{BackendTrust, Document};
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::rights::Access;

use super::super::edit;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, IconButton, Words as _, card, paint_icon};

/// A step of the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What it is.
    title: &'static str,
    /// What it is for.
    why: &'static str,
    /// Where it is done.
    tab: AgentTab,
    /// Whether requests can pass without it.
    optional: bool,
    /// Whether it is done.
    done: bool,
}

/// All steps in their order, with what is done of them; `tested` is whether a back end was reached.
fn steps(agent: &AgentSnapshot, document: &Document, tested: bool) -> [Step; 6] {
    let connector = document.connector();
    let links = agent
        .status
        .value()
        .map_or(&[][..], |status| status.links.as_slice());
    let up = links
        .iter()
        .any(|link| link.connections.contains(&Connection::Up));
    let own = CertificateUse::ALL
        .iter()
        .any(|which| connector.certificates.get(*which).certificate().is_some());
    let mut mappings = document.subaccounts().iter().flat_map(|one| one.mappings());
    let open = mappings.any(|one| one.resources.iter().any(|resource| resource.enabled));
    let step = |title, why, tab, optional, done| Step {
        title,
        why,
        tab,
        optional,
        done,
    };
    [
        step(
            "Outgoing proxy",
            "Where this network lets nobody out directly",
            AgentTab::Settings,
            true,
            up || connector.proxy.is_some(),
        ),
        step(
            "Subaccount",
            "A tunnel to the cloud that is up",
            AgentTab::Subaccounts,
            false,
            up,
        ),
        step(
            "Certificates",
            "For back ends that ask who the agent or its user is",
            AgentTab::Trust,
            true,
            own,
        ),
        step(
            "Trust",
            "Which certificates of back ends are good",
            AgentTab::Trust,
            true,
            connector.backend_trust != BackendTrust::default(),
        ),
        step(
            "First mapping",
            "A system with a path that is open to the cloud",
            AgentTab::AccessControl,
            false,
            open,
        ),
        step(
            "Test request",
            "The first system answers the agent",
            AgentTab::AccessControl,
            false,
            tested,
        ),
    ]
}

/// Where the first mapping is checked.
fn first_check(document: &Document) -> Option<Call> {
    document.subaccounts().iter().find_map(|subaccount| {
        let mapping = subaccount.mappings().first()?;
        let path = SubaccountPath {
            region_host: subaccount.key().region_host.clone(),
            subaccount: subaccount.key().subaccount,
        };
        let address = mapping.virtual_address.clone();
        let query = Query {
            location_id: Some(subaccount.key().location_id.clone()),
            ..Query::default()
        };
        let target = Target::OfMapping(path, MappingAddress::from(address), MappingTarget::Check);
        Some(Call::new(Verb::Post, target).query(query))
    })
}

/// The check of the first system.
#[derive(Default)]
pub(super) struct Setup {
    check: Slot<Reply>,
    failed: Option<String>,
}

impl Setup {
    /// Shows what is left, unless the operator put it away or all is done.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &Arc<AgentSnapshot>) {
        self.checked(cx, agent);
        let Some(document) = edit::document(agent).filter(|_| cx.prefs.setup.is_shown(agent.id))
        else {
            return;
        };
        let steps = steps(agent, document, cx.prefs.setup.is_tested(agent.id));
        let needed = steps.iter().filter(|step| !step.optional);
        let done = steps.iter().filter(|step| step.done).count();
        let complete = needed.clone().all(|step| step.done);
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.horizontal(|ui| {
                ui.set_min_height(size::CONTROL_SMALL);
                ui.title(if complete {
                    "Set up"
                } else {
                    "Set up this agent"
                });
                ui.words(
                    Text::Small,
                    ui.tokens().text_3,
                    format!("{done} of {} done", steps.len()),
                );
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let hide = ui.add(IconButton::new(Icon::X, "Put the set-up away").small());
                    if hide.clicked() {
                        cx.prefs.setup.end(agent.id);
                        cx.tell(
                            State::Info,
                            "It comes back by “Show set-up” in the menu of the agent",
                        );
                    }
                });
            });
            ui.add_space(space::XS);
            let next = steps.iter().position(|step| !step.done && !step.optional);
            for (at, step) in steps.iter().enumerate() {
                self.row(ui, cx, agent, (step, next == Some(at)), document);
            }
        });
        ui.add_space(space::M);
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        agent: &AgentSnapshot,
        (step, is_next): (&Step, bool),
        document: &Document,
    ) {
        let tokens = ui.tokens();
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.spacing_mut().item_spacing.x = space::S;
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
            let (icon, color, word) = match (step.done, step.optional) {
                (true, _) => (Icon::CircleCheck, tokens.ok, "done"),
                (false, true) => (Icon::CircleDashed, tokens.text_3, "optional"),
                (false, false) => (Icon::Circle, tokens.accent_text, "to do"),
            };
            paint_icon(ui.painter(), icon, rect.center(), size::ICON, color);
            let name = format!("{}, {word}", step.title);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &name));
            let title = if step.done {
                tokens.text_3
            } else {
                tokens.text
            };
            ui.words(Text::Strong, title, step.title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !step.done {
                    self.action(ui, cx, agent, (step, is_next), document);
                    if step.optional {
                        ui.words(Text::Caption, tokens.text_3, "optional");
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let failed = self
                        .failed
                        .as_deref()
                        .filter(|_| step.title == "Test request" && !step.done);
                    match failed {
                        Some(reason) => ui.words(Text::Small, tokens.error, reason),
                        None => ui.quiet(step.why),
                    };
                });
            });
        });
    }

    fn action(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        agent: &AgentSnapshot,
        (step, is_next): (&Step, bool),
        document: &Document,
    ) {
        let name = format!(
            "{} {}",
            if step.title == "Test request" {
                "Check"
            } else {
                "Set up"
            },
            step.title.to_lowercase()
        );
        let button = if is_next {
            Button::primary(&name)
        } else {
            Button::secondary(&name)
        };
        if step.title != "Test request" {
            if ui.add(button.small()).clicked() {
                cx.go(Route::Agent {
                    id: agent.id,
                    tab: step.tab,
                });
            }
            return;
        }
        let check = first_check(document).filter(|_| agent.draft.is_none());
        let reason = match &check {
            None if agent.draft.is_some() => Some("Apply your changes first".to_owned()),
            None => Some("Add a mapping first".to_owned()),
            Some(_) => edit::prevented(cx, Access::Trace),
        };
        let button = button.enabled_if(reason.is_none(), reason.as_deref().unwrap_or_default());
        if ui.add(button.small()).clicked()
            && let Some(check) = check
        {
            self.failed = None;
            edit::act_into(cx, check, "Check the first system", &self.check);
        }
    }

    /// What came of the check.
    fn checked(&mut self, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let reason = self.check.get().reason().map(text::sentence);
        if reason.is_some() {
            self.failed = reason;
        }
        let Some(stamped) = self.check.take() else {
            return;
        };
        match stamped.value.read::<ConnectionCheck>() {
            Ok(check) if check.reachable => {
                self.failed = None;
                cx.prefs.setup.test(agent.id);
            }
            Ok(check) => {
                let last = check.steps.last();
                let told = last.map_or("it is not reachable", |step| {
                    step.advice.as_deref().unwrap_or(&step.seen)
                });
                self.failed = Some(text::sentence(told));
            }
            Err(error) => self.failed = Some(text::sentence(&error.reason())),
        }
    }
}
