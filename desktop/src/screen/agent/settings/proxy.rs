//! The HTTP proxy on the way out to the gateways. It has a password, so it is saved at once.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{PortText, ProxyInput, ReadOnly, Target, Verb};
use underpass_shared::config::limits::PROXY_USER_LEN_MAX;
use underpass_shared::config::{Document, Proxy, Text};
use underpass_shared::host::{InternalHost, Port};
use underpass_shared::id::CredentialId;
use underpass_shared::rights::Access;

use super::basis::Basis;
use crate::cx::Cx;
use crate::screen::agent::edit::{act, prevented};
use crate::screen::agent::form::{Buffer, Form, foot, pair};
use crate::text;
use crate::theme::State;
use crate::widget::{Answer, Banner, Button, Dialog, Words as _, card_titled, code, pill};

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    host: String,
    port: String,
    user: String,
    password: String,
}

/// The card of the proxy.
#[derive(Default)]
pub(super) struct ProxyCard {
    fields: Buffer<Fields>,
    /// What the operator began to change; a new password has another id.
    basis: Basis<(Fields, Option<CredentialId>)>,
    sent: Slot<Reply>,
    removing: bool,
}

impl ProxyCard {
    pub(super) fn card(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        document: &Document,
        revision: Option<u64>,
    ) {
        let proxy = document.connector().proxy();
        self.follow(proxy, revision);
        let has_password = proxy.and_then(|proxy| proxy.login());
        let keeps = has_password.is_some_and(|(user, _)| user == self.fields.now.user);
        let locked = prevented(cx, Access::Administration);
        let is_set = proxy.is_some();
        let state = if is_set {
            (State::Ok, "In use")
        } else {
            (State::Off, "None")
        };
        card_titled(
            ui,
            "Proxy",
            |ui| drop(pill(ui, state.0, state.1)),
            |ui| {
                ui.paragraph("Tunnels leave through this HTTP proxy. It is saved at once, not by the draft, and all tunnels are opened anew.");
                let mut form = Form::new(locked);
                let input = self.form(ui, &mut form, keeps);
                if let Some(reason) = self.sent.get().reason() {
                    Banner::new(State::Error, &text::clean(reason)).show(ui);
                }
                // What was just saved is not somebody else's.
                if !self.sent.get().is_loading() {
                    self.basis.banner(ui, "the proxy");
                    if let Some(problem) = self.basis.problem() {
                        form.fail(problem);
                    }
                }
                if is_set {
                    let button = Button::ghost("Remove the proxy…")
                        .icon(Icon::Trash2)
                        .small();
                    let reason = form.locked().map(str::to_owned);
                    if ui
                        .add(
                            button.enabled_if(
                                reason.is_none(),
                                reason.as_deref().unwrap_or_default(),
                            ),
                        )
                        .clicked()
                    {
                        self.removing = true;
                    }
                }
                ui.quiet("To test a proxy before, on the agent's host:");
                code(ui, "Command", "underpass-agent proxy test");
                if foot(ui, &mut self.fields, &form, "Save now")
                    && let Some(input) = input
                {
                    let title = format!("Set the proxy to {}:{}", input.host, input.port.0);
                    match Call::new(Verb::Put, Target::Proxy).with(&input) {
                        Ok(call) => {
                            let call = call.in_place_of(self.basis.revision());
                            self.sent = act(cx, title, call);
                            self.sent.set(Remote::Loading { previous: None });
                        }
                        Err(error) => cx.tell(State::Error, error.reason()),
                    }
                }
            },
        );
        self.remove(ui, cx);
    }

    /// Takes what the agent has, unless the operator is changing it.
    fn follow(&mut self, proxy: Option<&Proxy>, revision: Option<u64>) {
        let present = proxy.map_or_else(Fields::default, |proxy| {
            let user = proxy.login().map(|(user, _)| user.to_owned());
            Fields {
                host: proxy.host().to_string(),
                port: proxy.port().to_string(),
                user: user.unwrap_or_default(),
                password: String::new(),
            }
        });
        self.fields.follow(present.clone());
        if self.sent.take().is_some() {
            self.fields.now.password.clear();
        }
        if !self.fields.is_changed() {
            self.basis.begin();
        }
        let credential = proxy.and_then(|proxy| proxy.login()).map(|(_, id)| id);
        self.basis.follow(&(present, credential), revision);
    }

    fn form(&mut self, ui: &mut Ui, form: &mut Form, keeps: bool) -> Option<ProxyInput> {
        let Fields {
            host,
            port,
            user,
            password,
        } = &mut self.fields.now;
        let (mut found_host, mut found_port) = (None, None);
        pair(ui, |ui, at, _| match at {
            0 => {
                found_host = form.text::<InternalHost>(ui, "Proxy host", host, |field| {
                    field.mono().hint("proxy.corp.example").width(f32::INFINITY)
                });
            }
            _ => {
                found_port = form.text::<Port>(ui, "Proxy port", port, |field| {
                    field.mono().hint("8080").width(f32::INFINITY).limit(5)
                });
            }
        });
        let mut found_user = None;
        pair(ui, |ui, at, _| match at {
            0 => {
                found_user =
                    form.optional::<Text<PROXY_USER_LEN_MAX>>(ui, "Proxy user", user, |field| {
                        field.width(f32::INFINITY)
                    });
            }
            _ => {
                let hint = if keeps { "stays as it is" } else { "" };
                form.optional::<Text<PROXY_USER_LEN_MAX>>(
                    ui,
                    "Proxy password",
                    password,
                    |field| field.secret().hint(hint).width(f32::INFINITY),
                );
            }
        });
        let named = found_user.as_ref().is_some_and(Option::is_some);
        match (named, password.is_empty()) {
            (true, true) if !keeps => form.fail("Fill in the password of the user"),
            (false, false) => form.fail("Fill in the user of the password"),
            _ if user.contains(':') => form.fail("The user must not contain a colon"),
            _ => {}
        }
        Some(ProxyInput {
            host: found_host?,
            port: PortText(found_port?),
            user: found_user?,
            password: (!password.is_empty()).then(|| password.clone()),
            links: ReadOnly,
        })
    }

    fn remove(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if !self.removing {
            return;
        }
        let answer = Dialog::new("remove proxy", "Remove the proxy", "Remove").danger().show(ui.ctx(), |ui| {
            ui.paragraph("Tunnels are opened directly from then on. Where the network lets nobody out but the proxy, all of them stay down.");
        });
        if answer == Answer::Confirmed {
            self.sent = act(
                cx,
                "Remove the proxy",
                Call::new(Verb::Delete, Target::Proxy),
            );
        }
        self.removing = answer == Answer::Open;
    }
}
