//! How mail is sent. It has a password, so it is saved at once.

use std::collections::BTreeMap;

use egui::Ui;
use serde_json::json;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{ConnectorTarget, Target, Verb};
use underpass_shared::config::limits::{
    MAIL_ADDRESSES_LEN_MAX, MAIL_PROPERTY_LEN_MAX, MAIL_PROPERTY_NAME_LEN_MAX, MAIL_USER_LEN_MAX,
};
use underpass_shared::config::{Document, Mail, MailFields, Text, TrustOption};
use underpass_shared::host::{HOST_LEN_MAX, Port};
use underpass_shared::rights::Access;

use super::basis::Basis;
use crate::cx::Cx;
use crate::screen::agent::edit::{act, prevented};
use crate::screen::agent::form::{Buffer, Form, foot, pair, parse};
use crate::text;
use crate::theme::State;
use crate::widget::{Banner, Field, Words as _, card_titled, pill, select, toggle};

type Addresses = Text<MAIL_ADDRESSES_LEN_MAX>;
type Properties = BTreeMap<Text<MAIL_PROPERTY_NAME_LEN_MAX>, Text<MAIL_PROPERTY_LEN_MAX>>;

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    enabled: bool,
    trust: TrustOption,
    to: String,
    copy: String,
    from: String,
    host: String,
    port: String,
    user: String,
    password: String,
    properties: String,
}

/// The card of mail.
#[derive(Default)]
pub(super) struct MailCard {
    fields: Buffer<Fields>,
    /// What the operator began to change.
    basis: Basis<Mail>,
    sent: Slot<Reply>,
}

const TRUST: [(TrustOption, &str); 4] = [
    (TrustOption::TlsDisabled, "No TLS"),
    (TrustOption::EmailTrustStore, "TLS, trusted receivers alone"),
    (
        TrustOption::JdkAndEmailTrustStore,
        "TLS, known CAs and trusted receivers",
    ),
    (
        TrustOption::TrustAll,
        "TLS with any certificate (dangerous)",
    ),
];

impl MailCard {
    pub(super) fn card(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        document: &Document,
        revision: Option<u64>,
    ) {
        let mail = &document.connector().email;
        let keeps = mail.login().is_some();
        self.fields.follow(fields(mail.clone().into()));
        if self.sent.take().is_some() {
            self.fields.now.password.clear();
        }
        if !self.fields.is_changed() {
            self.basis.begin();
        }
        self.basis.follow(mail, revision);
        let state = if self.fields.now.enabled {
            (State::Ok, "On")
        } else {
            (State::Off, "Off")
        };
        card_titled(
            ui,
            "E-mail",
            |ui| drop(pill(ui, state.0, state.1)),
            |ui| {
                ui.paragraph(
                    "Alerts are sent through this server. Saved at once, not by the draft.",
                );
                let mut form = Form::new(prevented(cx, Access::Connector));
                self.form(ui, &mut form, keeps);
                let checked = self.checked();
                if let Err((field, rule)) = &checked {
                    form.fail(format!("{field}: {rule}"));
                    if self.fields.is_changed() {
                        Banner::new(State::Error, &format!("{field}: {rule}")).show(ui);
                    }
                }
                if let Some(reason) = self.sent.get().reason() {
                    Banner::new(State::Error, &text::clean(reason)).show(ui);
                }
                // What was just saved is not somebody else's.
                if !self.sent.get().is_loading() {
                    self.basis.banner(ui, "how mail is sent");
                    if let Some(problem) = self.basis.problem() {
                        form.fail(problem);
                    }
                }
                if foot(ui, &mut self.fields, &form, "Save now") {
                    self.send(cx);
                }
            },
        );
    }

    fn form(&mut self, ui: &mut Ui, form: &mut Form, keeps: bool) {
        let locked = form.locked().map(str::to_owned);
        let now = &mut self.fields.now;
        toggle(
            ui,
            &mut now.enabled,
            "Send alerts by e-mail",
            locked.as_deref(),
        );
        form.optional::<Addresses>(ui, "Send to", &mut now.to, |f| {
            wide(f).hint("ops@corp.example, Jane Doe <jane@corp.example>")
        });
        pair(ui, |ui, at, _| match at {
            0 => drop(form.optional::<Addresses>(ui, "Copy to", &mut now.copy, wide)),
            _ => drop(
                form.optional::<Addresses>(ui, "Send from", &mut now.from, |f| {
                    wide(f).hint("underpass@corp.example")
                }),
            ),
        });
        pair(ui, |ui, at, _| match at {
            0 => drop(
                form.optional::<Text<HOST_LEN_MAX>>(ui, "SMTP host", &mut now.host, |f| {
                    wide(f).mono().hint("mail.corp.example")
                }),
            ),
            _ => drop(
                form.optional::<Port>(ui, "SMTP port", &mut now.port, |f| wide(f).mono().limit(5)),
            ),
        });
        pair(ui, |ui, at, _| match at {
            0 => {
                drop(form.optional::<Text<MAIL_USER_LEN_MAX>>(ui, "SMTP user", &mut now.user, wide))
            }
            _ => {
                let hint = if keeps { "stays as it is" } else { "" };
                drop(form.optional::<Text<MAIL_USER_LEN_MAX>>(
                    ui,
                    "SMTP password",
                    &mut now.password,
                    |f| wide(f).secret().hint(hint),
                ));
            }
        });
        let trust = TRUST.map(|(trust, word)| (trust, word.to_owned()));
        ui.add_enabled_ui(locked.is_none(), |ui| {
            select(
                ui,
                "Trust in the server",
                &mut now.trust,
                &trust,
                f32::INFINITY,
            );
        });
        ui.quiet(way(now));
        if !matches!(properties(&now.properties), Ok(ref all) if all.is_empty())
            || !now.host.is_empty()
        {
            form.optional::<String>(ui, "Further settings", &mut now.properties, |f| {
                wide(f).mono().rows(2).help("One name=value on each line")
            });
        }
    }

    /// What is filled in, by the rules of the agent; else the field and the rule.
    fn checked(&self) -> Result<MailFields, (String, String)> {
        let now = &self.fields.now;
        let at = |field: &'static str| move |rule: String| (field.to_owned(), rule);
        let fields = MailFields {
            enabled: now.enabled,
            trust_option: now.trust,
            send_to: parse(now.to.trim()).map_err(at("Send to"))?,
            send_cc: some(&now.copy)
                .map(parse)
                .transpose()
                .map_err(at("Copy to"))?,
            send_from: parse(now.from.trim()).map_err(at("Send from"))?,
            smtp_host: parse(now.host.trim()).map_err(at("SMTP host"))?,
            smtp_port: some(&now.port)
                .map(parse)
                .transpose()
                .map_err(at("SMTP port"))?,
            smtp_username: some(&now.user)
                .map(parse)
                .transpose()
                .map_err(at("SMTP user"))?,
            credential: None,
            additional_properties: properties(&now.properties).map_err(at("Further settings"))?,
        };
        if !now.password.is_empty() && fields.smtp_username.is_none() {
            return Err((
                "SMTP user".to_owned(),
                "is missing beside the password".to_owned(),
            ));
        }
        let checked = Mail::try_from(fields.clone());
        checked
            .map(|_| fields)
            .map_err(|invalid| (name(&invalid.field), invalid.rule))
    }

    fn send(&mut self, cx: &mut Cx<'_>) {
        let Ok(fields) = self.checked() else { return };
        let mut body = json!({
            "enabled": fields.enabled,
            "trustOption": fields.trust_option,
            "sendTo": fields.send_to,
            "sendFrom": fields.send_from,
            "smtpHost": fields.smtp_host,
            "additionalProperties": fields.additional_properties,
        });
        let mut set = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("sendCc", fields.send_cc.map(|list| list.to_string().into()));
        set("smtpPort", fields.smtp_port.map(|port| port.get().into()));
        let login = fields.smtp_username.is_some();
        set(
            "smtpUsername",
            fields.smtp_username.map(|user| user.to_string().into()),
        );
        let password = some(&self.fields.now.password).map(Into::into);
        // Left out, a password is taken away; masked, it stays.
        let masked = || login.then(|| underpass_shared::api::management::MASKED.into());
        set("smtpPassword", password.or_else(masked));
        let target = Target::Connector(ConnectorTarget::Email);
        match Call::new(Verb::Put, target).with(&body) {
            Ok(call) => {
                let call = call.in_place_of(self.basis.revision());
                self.sent = act(cx, "Change how mail is sent", call);
                self.sent.set(Remote::Loading { previous: None });
            }
            Err(error) => cx.tell(State::Error, error.reason()),
        }
    }
}

/// How the connection to the server is protected.
fn way(now: &Fields) -> &'static str {
    let lines = properties(&now.properties).unwrap_or_default();
    let implicit = lines.iter().any(|(name, value)| {
        let name: &str = name;
        let is_it = matches!(name, "mail.smtp.ssl.enable" | "mail.smtps.ssl.enable");
        is_it && value.eq_ignore_ascii_case("true")
    });
    match now.trust {
        TrustOption::TlsDisabled => "Everybody on the way can read what is sent, the password too",
        TrustOption::EmailTrustStore
        | TrustOption::JdkAndEmailTrustStore
        | TrustOption::TrustAll => {
            if implicit || now.port.trim() == "465" {
                "TLS from the first byte"
            } else {
                "STARTTLS; a server that does not offer it gets nothing"
            }
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}

fn fields(mail: MailFields) -> Fields {
    let lines = mail
        .additional_properties
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    Fields {
        enabled: mail.enabled,
        trust: mail.trust_option,
        to: mail.send_to.to_string(),
        copy: mail
            .send_cc
            .map(|list| list.to_string())
            .unwrap_or_default(),
        from: mail.send_from.to_string(),
        host: mail.smtp_host.to_string(),
        port: mail
            .smtp_port
            .map(|port| port.to_string())
            .unwrap_or_default(),
        user: mail
            .smtp_username
            .map(|user| user.to_string())
            .unwrap_or_default(),
        password: String::new(),
        properties: lines.collect::<Vec<_>>().join("\n"),
    }
}

fn properties(text: &str) -> Result<Properties, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let entry = |line: &str| {
        let (name, value) = line
            .split_once('=')
            .ok_or("write name=value on each line")?;
        Ok((parse(name.trim())?, parse(value.trim())?))
    };
    lines.map(entry).collect()
}

/// The label of a field of the API.
fn name(field: &str) -> String {
    match field {
        "sendTo" => "Send to",
        "sendCc" => "Copy to",
        "sendFrom" => "Send from",
        "smtpHost" => "SMTP host",
        "smtpUsername" => "SMTP user",
        "additionalProperties" => "Further settings",
        other => other,
    }
    .to_owned()
}
