//! Who may manage an agent.

mod bulk;
mod list;
mod monitoring;
mod organisation;
mod pair;
mod results;
mod roles;

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{OperatorShown, OperatorTarget, Query, Target};
use underpass_shared::rights::Access;

use super::common::Newer;
use super::edit::prevented;
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, Empty, Words as _, pill, segmented, skeleton};

/// What is shown of those who may manage an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Operators,
    Organisation,
    Monitoring,
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct OperatorsState {
    part: Part,
    all: Slot<Vec<OperatorShown>>,
    newer: Newer,
    list: list::List,
    pair: Option<pair::Pair>,
    bulk: Option<bulk::Bulk>,
    organisation: organisation::OrganisationPart,
    monitoring: monitoring::Monitoring,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut OperatorsState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    ask(cx, &agent, state);
    let locked = prevented(cx, Access::Administration);
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        own(ui, cx, &agent);
        bar(ui, locked.as_deref(), state);
        match state.part {
            Part::Operators => operators(ui, cx, &agent, locked.as_deref(), state),
            Part::Organisation => state.organisation.show(ui, cx, &agent, locked.as_deref()),
            Part::Monitoring => state.monitoring.show(ui, cx, &agent, locked.as_deref()),
        }
    });
    if state
        .pair
        .as_mut()
        .is_some_and(|pair| pair.show(ui.ctx(), cx))
    {
        state.pair = None;
        state.all.refresh();
    }
    if state
        .bulk
        .as_mut()
        .is_some_and(|bulk| bulk.show(ui.ctx(), cx))
    {
        state.bulk = None;
        state.all.refresh();
    }
    state.list.dialogs(ui.ctx(), cx);
    state.monitoring.dialogs(ui.ctx(), cx);
    state.organisation.dialogs(ui.ctx(), cx);
}

fn ask(cx: &mut Cx<'_>, agent: &AgentSnapshot, state: &mut OperatorsState) {
    if state.newer.came(agent) {
        state.all.refresh();
        state.monitoring.refresh();
    }
    let may = cx
        .role()
        .is_some_and(|role| Access::Administration.allows(role));
    if may {
        let target = Target::Operators(OperatorTarget::All);
        state
            .all
            .request(cx.commands, agent.id, &target, &Query::default());
    }
}

/// Who we are to this agent.
fn own(ui: &mut Ui, cx: &Cx<'_>, agent: &AgentSnapshot) {
    let tokens = ui.tokens();
    let Some(own) = agent.own.value() else { return };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.icon(Icon::CircleUser, size::ICON, tokens.text_3);
        let name = own
            .author
            .split_once(':')
            .map_or(own.author.as_str(), |(_, name)| name);
        ui.words(
            Text::Small,
            tokens.text_2,
            format!(
                "You are {} here, with the role {}",
                text::clean(name),
                roles::name(own.role)
            ),
        );
        let until = own
            .operator
            .as_ref()
            .and_then(|one| one.certificate_not_after_time_stamp);
        let days = until
            .map(|until| (until - cx.now_ms).div_euclid(86_400_000))
            .or(agent.certificate_days);
        if let Some(days) = days {
            let state = match days {
                ..=7 => State::Error,
                8..=30 => State::Warn,
                _ => State::Ok,
            };
            pill(ui, state, &format!("Certificate ends in {days} d")).on_hover_text(
                "This app renews its certificate from half of its life on, while it runs",
            );
        }
    });
}

fn bar(ui: &mut Ui, locked: Option<&str>, state: &mut OperatorsState) {
    let (free, why) = (locked.is_none(), locked.unwrap_or_default());
    ui.horizontal(|ui| {
        let parts = [
            (Part::Operators, "Operators"),
            (Part::Organisation, "CAs of the organisation"),
            (Part::Monitoring, "Users with a password"),
        ];
        segmented(ui, "Who may manage the agent", &mut state.part, &parts);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match state.part {
                Part::Operators => {
                    if ui
                        .add(
                            Button::primary("Pair operator…")
                                .icon(Icon::UserPlus)
                                .enabled_if(free, why),
                        )
                        .clicked()
                    {
                        state.pair = Some(pair::Pair::default());
                    }
                    let many = Button::secondary("On many agents…").icon(Icon::Users);
                    if ui.add(many.enabled_if(free, why)).clicked() {
                        state.bulk = Some(bulk::Bulk::default());
                    }
                }
                Part::Organisation => state.organisation.button(ui, locked),
                Part::Monitoring => state.monitoring.button(ui, locked),
            }
        });
    });
}

fn operators(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    locked: Option<&str>,
    state: &mut OperatorsState,
) {
    let shown = state.all.get();
    if let Some(reason) = shown.reason() {
        let reason = text::clean(reason);
        let banner = Banner::new(State::Warn, "The operators cannot be read now").detail(&reason);
        if banner.action("Retry").show(ui) {
            state.all.refresh();
        }
    }
    match shown.value() {
        Some(all) if all.is_empty() => {
            let empty = Empty {
                icon: Icon::Users,
                title: "No operators",
                text: "Nobody was paired with this agent; it is managed on its own host",
                action: locked.is_none().then_some("Pair operator…"),
            };
            if empty.show(ui) {
                state.pair = Some(pair::Pair::default());
            }
        }
        Some(all) => state.list.show(ui, cx, agent, all, locked),
        None if shown.reason().is_some() => {}
        None if shown.is_loading() => skeleton(ui, 5),
        None => {
            let reason = locked.unwrap_or("Needs the role Administrator");
            Banner::new(State::Info, "Operators are shown to Administrators")
                .detail(reason)
                .show(ui);
        }
    }
}
