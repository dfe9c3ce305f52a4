//! How the delivery of alerts is doing, channel by channel, and tests of them.

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::alert::{DeliveryState, DeliveryTrouble};
use underpass_shared::api::management::{
    DeliveryShown, DeliveryTarget, DeliveryTested, Query, Target, Verb,
};
use underpass_shared::config::{ConnectorFields, Document, MailFields};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::common::Poll;
use crate::screen::agent::edit::{act, prevented};
use crate::text;
use crate::theme::{State, Themed as _, size, space};
use crate::widget::{Banner, Button, IconButton, Words as _, card_titled, pill};

/// How often the states are asked for anew, in milliseconds.
const EVERY_MS: i64 = 5_000;

/// A channel that is configured.
struct Channel {
    /// As calls name it.
    id: String,
    name: String,
    icon: Icon,
    enabled: bool,
}

/// A test of a channel that was asked for.
struct Test {
    channel: String,
    answer: Slot<Reply>,
}

/// The card of the channels.
#[derive(Default)]
pub(super) struct DeliveryCard {
    shown: Slot<DeliveryShown>,
    poll: Poll,
    test: Option<Test>,
}

impl DeliveryCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, present: &Document) {
        let Some(agent) = cx.agent.map(Arc::clone) else {
            return;
        };
        if self.poll.is_due(ui, cx.now_ms, EVERY_MS) && !self.shown.get().is_loading() {
            self.shown.refresh();
        }
        let target = Target::Delivery(DeliveryTarget::States);
        self.shown
            .request(cx.commands, agent.id, &target, &Query::default());
        let channels = channels(present.connector());
        let why = prevented(cx, Access::Connector);
        let slot = self.shown.clone();
        card_titled(
            ui,
            "Delivery of alerts",
            |ui| {
                let fetch = IconButton::new(Icon::RefreshCw, "Fetch the newest states").small();
                if ui.add(fetch).clicked() {
                    slot.refresh();
                }
            },
            |ui| {
                ui.paragraph("Each channel has an outbox of its own on the agent: what cannot be delivered waits there, through restarts too. Tests are sent whether a channel is on or off.");
                if channels.is_empty() {
                    let text = "Alerts reach nobody outside of this app";
                    let detail = "Set up e-mail, a webhook or a syslog server on this page";
                    Banner::new(State::Warn, text).detail(detail).show(ui);
                    return;
                }
                let shown = self.shown.get();
                if let Some(reason) = shown.reason() {
                    let text = "How they do cannot be fetched";
                    let banner = Banner::new(State::Warn, text).detail(reason);
                    if banner.action("Retry").show(ui) {
                        self.shown.refresh();
                    }
                }
                for channel in &channels {
                    let states = shown.value().map_or(&[][..], |one| &one.channels);
                    let state = states.iter().find(|one| one.channel == channel.id);
                    ui.add_space(space::XXS);
                    ui.spacing_mut().item_spacing.y = space::XXS;
                    if row(ui, cx.now_ms, channel, state, why.as_deref()) {
                        self.begin(cx, channel);
                    }
                    ui.spacing_mut().item_spacing.y = space::S;
                    self.tested(ui, &channel.id);
                }
            },
        );
    }

    /// Sends a test.
    fn begin(&mut self, cx: &mut Cx<'_>, channel: &Channel) {
        let call = Call::new(Verb::Post, Target::Delivery(DeliveryTarget::Test));
        let body = serde_json::json!({ "channel": channel.id });
        match call.with(&body) {
            Ok(call) => {
                let answer = act(cx, format!("Send a test by {}", channel.name), call);
                answer.set(Remote::Loading { previous: None });
                self.test = Some(Test {
                    channel: channel.id.clone(),
                    answer,
                });
            }
            Err(error) => cx.tell(State::Error, error.reason()),
        }
    }

    /// What came of the test of a channel, if it was tested last.
    fn tested(&mut self, ui: &mut Ui, channel: &str) {
        let Some(test) = self.test.as_ref().filter(|test| test.channel == channel) else {
            return;
        };
        let answer = test.answer.get();
        let (state, text) = match &*answer {
            Remote::Ready(stamped) => match stamped.value.read::<DeliveryTested>() {
                Ok(tested) if tested.delivered => (State::Ok, text::sentence(&tested.outcome)),
                Ok(tested) => (State::Error, text::sentence(&tested.outcome)),
                Err(error) => (State::Error, error.reason()),
            },
            Remote::Unavailable { reason, .. } => (State::Error, text::sentence(reason)),
            Remote::Loading { .. } | Remote::NotRequested => {
                (State::Pending, "The test is on its way…".to_owned())
            }
        };
        let word = match state {
            State::Ok => "The test was taken",
            State::Error => "The test was not delivered",
            State::Warn | State::Info | State::Off | State::Pending => {
                Banner::new(state, &text).show(ui);
                return;
            }
        };
        if Banner::new(state, word)
            .detail(&text)
            .action("Close")
            .show(ui)
        {
            self.test = None;
        }
    }
}

/// What is configured, on or off.
fn channels(fields: &ConnectorFields) -> Vec<Channel> {
    let mut all = vec![];
    let mail = MailFields::from(fields.email.clone());
    if !mail.smtp_host.is_empty() {
        all.push(Channel {
            id: "mail".to_owned(),
            name: "E-mail".to_owned(),
            icon: Icon::Mail,
            enabled: mail.enabled,
        });
    }
    let webhooks = fields.webhooks.as_slice().iter();
    all.extend(webhooks.map(|one| Channel {
        id: format!("webhook:{}", one.name),
        name: format!("Webhook {}", one.name),
        icon: Icon::Webhook,
        enabled: one.enabled,
    }));
    let servers = fields.syslog.as_slice().iter();
    all.extend(servers.map(|one| Channel {
        id: format!("syslog:{}", one.name),
        name: format!("Syslog {}", one.name),
        icon: Icon::ScrollText,
        enabled: one.enabled,
    }));
    all
}

/// One channel; true when a test is to be sent.
fn row(
    ui: &mut Ui,
    now_ms: i64,
    channel: &Channel,
    state: Option<&DeliveryState>,
    why: Option<&str>,
) -> bool {
    let tokens = ui.tokens();
    let mut wanted = false;
    let failing = state.and_then(|state| state.failing.as_ref());
    let (mark, word) = match (channel.enabled, state, failing) {
        (false, ..) => (State::Off, "Off"),
        (true, _, Some(_)) => (State::Error, "Fails"),
        (true, Some(state), None) if state.remark.is_some() || state.dropped > 0 => {
            (State::Warn, "On")
        }
        (true, Some(_), None) => (State::Ok, "On"),
        (true, None, None) => (State::Pending, "On"),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Send a test by {}", channel.name);
            let button = Button::secondary("Send test")
                .icon(Icon::Send)
                .small()
                .name(&name)
                .enabled_if(why.is_none(), why.unwrap_or_default());
            wanted = ui.add(button).clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.icon(channel.icon, size::ICON, tokens.text_3);
                ui.bold(channel.name.as_str());
                pill(ui, mark, word);
            });
        });
    });
    if let Some(state) = state.filter(|_| channel.enabled) {
        ui.horizontal(|ui| {
            // Below the name, not below its picture.
            ui.add_space(size::ICON + space::S);
            ui.quiet(line(now_ms, state));
        });
        if let Some(remark) = &state.remark {
            Banner::new(State::Warn, &text::sentence(remark)).show(ui);
        }
    }
    if let Some(failing) = failing {
        trouble(ui, now_ms, failing);
    }
    wanted
}

/// What waits, what was lost, when the last message was taken.
fn line(now_ms: i64, state: &DeliveryState) -> String {
    let last =
        state
            .last_success_ms
            .map_or("Nothing was sent yet".to_owned(), |at| {
                match text::age(now_ms, at).as_str() {
                    "now" => "Last delivered just now".to_owned(),
                    age => format!("Last delivered {age} ago"),
                }
            });
    let waits = match state.waiting {
        0 => "nothing waits".to_owned(),
        1 => "1 notice waits".to_owned(),
        many => format!("{} notices wait", text::count(many)),
    };
    if state.dropped == 0 {
        return format!("{last} · {waits}");
    }
    let lost = text::count(usize::try_from(state.dropped).unwrap_or(usize::MAX));
    format!("{last} · {waits} · {lost} dropped because too many waited")
}

fn trouble(ui: &mut Ui, now_ms: i64, failing: &DeliveryTrouble) {
    let tries = usize::try_from(failing.attempts).unwrap_or(usize::MAX);
    let since = format!(
        "{} in {}; the next one in {}",
        text::plural(tries, "attempt"),
        text::age(now_ms, failing.since_ms),
        text::countdown(now_ms, failing.next_ms)
    );
    Banner::new(State::Error, &text::sentence(&failing.error))
        .detail(&since)
        .show(ui);
}
