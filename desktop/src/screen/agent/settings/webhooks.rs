//! Where alerts are posted to. Their addresses are secrets, so they are saved at once.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{ConnectorTarget, Target, Verb, WebhookShown};
use underpass_shared::config::limits::WEBHOOKS_MAX;
use underpass_shared::config::{Document, WebhookForm, Webhooks};
use underpass_shared::rights::Access;

use super::basis::Basis;
use super::receiver::{Receiver, Wish};
use super::webhook_form::WebhookDialog;
use crate::cx::Cx;
use crate::screen::agent::edit::{act_into, prevented};
use crate::text;
use crate::theme::{State, Text, Themed as _};
use crate::widget::{Answer, Banner, Button, Dialog, Words as _, card_titled};

/// The card of webhooks.
#[derive(Default)]
pub(super) struct WebhooksCard {
    /// All of them as the agent has them.
    all: Vec<WebhookShown>,
    /// The revision that has them.
    revision: Option<u64>,
    form: Option<WebhookDialog>,
    /// What the form was opened on.
    basis: Basis<Webhooks>,
    /// What came of what the form sent.
    sent: Slot<Reply>,
    /// What came of what a row sent.
    done: Slot<Reply>,
    remove: Option<String>,
}

/// What a receiver understands, in a word.
pub(super) const fn word_of(form: WebhookForm) -> &'static str {
    match form {
        WebhookForm::Json => "JSON",
        WebhookForm::Slack => "Slack",
        WebhookForm::Teams => "Teams",
    }
}

impl WebhooksCard {
    pub(super) fn card(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        present: &Document,
        revision: Option<u64>,
    ) {
        let webhooks = &present.connector().webhooks;
        self.all = webhooks.as_slice().iter().map(WebhookShown::show).collect();
        self.revision = revision;
        self.basis.follow(webhooks, revision);
        let why = prevented(cx, Access::Connector);
        let why = why.as_deref();
        let full =
            (self.all.len() >= WEBHOOKS_MAX).then_some("There are as many as an agent takes");
        let mut adds = false;
        let mut wish = None;
        card_titled(
            ui,
            "Webhooks",
            |ui| {
                let refused = why.or(full);
                let button = Button::secondary("Add webhook…").icon(Icon::Plus).small();
                let button = button.enabled_if(refused.is_none(), refused.unwrap_or_default());
                adds = ui.add(button).clicked();
            },
            |ui| {
                ui.paragraph("Alerts are posted to these addresses, for programs, Slack and Teams. Saved at once, not by the draft: addresses and signing secrets are kept in the agent's secret store.");
                if let Some(reason) = self.done.get().reason() {
                    Banner::new(State::Error, &text::sentence(reason)).show(ui);
                }
                if self.all.is_empty() {
                    ui.quiet("Alerts are posted nowhere");
                }
                for (at, one) in self.all.iter().enumerate() {
                    if let Some(wanted) = row(ui, one, why) {
                        wish = Some((at, wanted));
                    }
                }
            },
        );
        if adds {
            self.open(WebhookDialog::default());
        }
        if let Some((at, wanted)) = wish {
            self.take(cx, at, &wanted);
        }
    }

    fn open(&mut self, form: WebhookDialog) {
        self.sent = Slot::default();
        self.basis.begin();
        self.form = Some(form);
    }

    fn take(&mut self, cx: &mut Cx<'_>, at: usize, wish: &Wish) {
        let Some(one) = self.all.get(at) else { return };
        match wish {
            Wish::Edit => {
                let form = WebhookDialog::of(one);
                self.open(form);
            }
            Wish::Remove => self.remove = Some(one.name.to_string()),
            Wish::Switch => {
                let verb = if one.enabled { "off" } else { "on" };
                let title = format!("Switch the webhook {} {verb}", one.name);
                let mut all = self.all.clone();
                if let Some(one) = all.get_mut(at) {
                    one.enabled = !one.enabled;
                }
                put(cx, &all, self.revision, title, &self.done);
            }
        }
    }

    /// Shows what stands above the page.
    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if let Some(form) = &mut self.form {
            match form.show(ctx, &self.all, &mut self.basis, &self.sent) {
                Answer::Open => {}
                Answer::Dismissed => self.form = None,
                Answer::Confirmed => {
                    if let Ok(all) = form.list(&self.all) {
                        let title = format!("Save the webhook {}", form.name());
                        form.is_sent = true;
                        put(cx, &all, self.basis.revision(), title, &self.sent);
                        self.sent.set(Remote::Loading { previous: None });
                    }
                }
            }
        }
        let Some(name) = self.remove.clone() else {
            return;
        };
        let title = format!("Remove the webhook {name}");
        let answer = Dialog::new("remove-webhook", &title, "Remove")
            .danger()
            .show(ctx, |ui| {
                ui.paragraph("Alerts are posted there no more. Its address and signing secret are forgotten, and what waits in its outbox too.");
            });
        if answer == Answer::Confirmed {
            let mut all = self.all.clone();
            all.retain(|one| one.name.as_str() != name);
            put(cx, &all, self.revision, title, &self.done);
        }
        if answer != Answer::Open {
            self.remove = None;
        }
    }
}

/// Has the agent take another list in place of that of a revision; what is masked stays as it is.
fn put(
    cx: &mut Cx<'_>,
    all: &[WebhookShown],
    revision: Option<u64>,
    title: String,
    done: &Slot<Reply>,
) {
    let target = Target::Connector(ConnectorTarget::Webhooks);
    match Call::new(Verb::Put, target).with(&all) {
        Ok(call) => act_into(cx, call.in_place_of(revision), title, done),
        Err(error) => cx.tell(State::Error, error.reason()),
    }
}

fn row(ui: &mut Ui, one: &WebhookShown, why: Option<&str>) -> Option<Wish> {
    let receiver = Receiver {
        what: "webhook",
        name: one.name.as_str(),
        enabled: one.enabled,
    };
    receiver.row(ui, why, |ui| {
        let color = ui.tokens().text_3;
        let signed = if one.secret.is_some() { ", signed" } else { "" };
        let kind = format!("{}{signed}", word_of(one.form));
        ui.words(Text::Small, color, kind);
        ui.words(Text::Mono, color, text::clean(&one.url));
    })
}
