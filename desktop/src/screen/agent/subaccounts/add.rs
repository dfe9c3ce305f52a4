//! Adding a subaccount by an enrolment token.

use egui::{Context, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{Enrolment, Flag, SubaccountShown, Target, Verb};
use underpass_shared::config::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};
use underpass_shared::config::{Subaccount, Text};
use underpass_shared::id::LocationId;
use underpass_shared::pki::token::{EnrolToken, InvalidToken};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{act, document, refused};
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Banner, Turn, Wizard, Words as _, key_day, key_text, keys, progress, toggle};

type Name = Text<DISPLAY_NAME_LEN_MAX>;
type Description = Text<DESCRIPTION_LEN_MAX>;

const STEPS: [&str; 3] = ["Token", "Settings", "Enrol"];

/// What was filled in so far.
#[derive(Default)]
pub(super) struct Add {
    step: usize,
    token: String,
    location: String,
    display_name: String,
    description: String,
    managed: bool,
    sent: Slot<Reply>,
}

/// Shows the wizard while it is open.
pub(super) fn dialog(ctx: &Context, cx: &mut Cx<'_>, open: &mut Option<Add>) {
    let Some(add) = open else { return };
    let token = add.token.trim().parse::<EnrolToken>();
    let told = add.sent.get();
    let done = told.value().filter(|_| !told.is_stale());
    let (next, reason) = match add.step {
        0 => ("Continue", add.token_problem(&token)),
        1 => ("Enrol", add.settings_problem(cx, &token)),
        _ if done.is_some() => ("Close", None),
        // The command is on its way before its slot knows of it.
        _ if told.reason().is_none() => {
            ("Enrolling…", Some("The agent asks the gateway".to_owned()))
        }
        _ => ("Try again", None),
    };
    let managing = refused(cx, Access::Administration);
    let turn = Wizard::new("add subaccount", "Add subaccount", &STEPS, add.step)
        .next(next)
        .done(done.is_some())
        .enabled_if(reason.is_none(), reason.as_deref().unwrap_or_default())
        .show(ctx, |ui| match add.step {
            0 => add.ask_token(ui, &token),
            1 => add.ask_settings(ui, reason.as_deref(), managing.as_deref()),
            _ => add.result(ui),
        });
    match turn {
        Turn::Stay => {}
        Turn::Back => add.step = add.step.saturating_sub(1),
        Turn::Cancel => *open = None,
        Turn::Next if add.step == 0 => add.step = 1,
        Turn::Next if add.step == 2 && done.is_some() => *open = None,
        Turn::Next => {
            add.step = 2;
            if let Ok(token) = &token {
                add.enrol(cx, token);
            }
        }
    }
}

impl Add {
    fn token_problem(&self, token: &Result<EnrolToken, InvalidToken>) -> Option<String> {
        match token {
            _ if self.token.trim().is_empty() => Some("Paste the token first".to_owned()),
            Err(rule) => Some(rule.to_string()),
            Ok(_) => None,
        }
    }

    fn ask_token(&mut self, ui: &mut Ui, token: &Result<EnrolToken, InvalidToken>) {
        ui.paragraph("On the gateway, “underpass-gateway enrol-token create” prints a token for one subaccount. It is good once, and not for long.");
        ui.add_space(space::S);
        let mut form = Form::default();
        let rule = token.as_ref().err().map(ToString::to_string);
        form.read(
            ui,
            "Enrolment token",
            &mut self.token,
            |field| {
                field
                    .mono()
                    .rows(3)
                    .hint("underpass-enrol.…")
                    .width(f32::INFINITY)
            },
            |_| rule.map_or(Ok(()), Err),
        );
        if let Ok(token) = token {
            ui.add_space(space::S);
            named(ui, token);
        }
    }

    fn settings_problem(
        &self,
        cx: &Cx<'_>,
        token: &Result<EnrolToken, InvalidToken>,
    ) -> Option<String> {
        let location = match parse::<LocationId>(self.location.trim()) {
            Ok(location) => location,
            Err(rule) => return Some(rule),
        };
        let token = token.as_ref().ok()?;
        let same = |one: &std::sync::Arc<Subaccount>| {
            let key = one.key();
            key.region_host == token.region_host
                && key.subaccount == token.subaccount
                && key.location_id == location
        };
        let all = cx
            .agent
            .and_then(|agent| document(agent))
            .map_or(&[][..], |document| document.subaccounts());
        if all.iter().any(same) {
            let rule =
                "this agent serves the subaccount under this location ID already; give another one";
            return Some(rule.to_owned());
        }
        let name = parse::<Name>(&self.display_name).err();
        name.or_else(|| parse::<Description>(&self.description).err())
    }

    fn ask_settings(&mut self, ui: &mut Ui, problem: Option<&str>, managing: Option<&str>) {
        let mut form = Form::default();
        form.optional::<LocationId>(ui, "Location ID", &mut self.location, |field| {
            field.mono().hint("plant-a").width(f32::INFINITY).help(
                "Needed when several agents serve the subaccount: cloud applications name the agent by it",
            )
        });
        form.optional::<Name>(ui, "Display name", &mut self.display_name, |field| {
            field
                .width(f32::INFINITY)
                .hint("The gateway's name of the subaccount")
        });
        form.optional::<Description>(ui, "Description", &mut self.description, |field| {
            field.width(f32::INFINITY)
        });
        toggle(
            ui,
            &mut self.managed,
            "Only Administrators may change it",
            managing,
        );
        if form.problem().is_none()
            && let Some(problem) = problem
        {
            Banner::new(State::Warn, problem).show(ui);
        }
    }

    fn enrol(&mut self, cx: &mut Cx<'_>, token: &EnrolToken) {
        let text = |text: &str| text.parse().ok().filter(|_| !text.trim().is_empty());
        let input = Enrolment {
            region_host: Some(token.region_host.clone()),
            subaccount: Some(token.subaccount),
            location_id: self
                .location
                .trim()
                .parse()
                .ok()
                .filter(|_| !self.location.trim().is_empty()),
            display_name: text(&self.display_name),
            description: self
                .description
                .parse()
                .ok()
                .filter(|_| !self.description.trim().is_empty()),
            is_managed: self.managed.then_some(Flag(true)),
            ..Enrolment::by(self.token.trim().to_owned())
        };
        match Call::new(Verb::Post, Target::Subaccounts).with(&input) {
            Ok(call) => self.sent = act(cx, format!("Add subaccount {}", token.subaccount), call),
            Err(error) => cx.tell(State::Error, error.reason()),
        }
    }

    fn result(&self, ui: &mut Ui) {
        let told = self.sent.get();
        if let Some(reason) = told.reason() {
            Banner::new(State::Error, &text::clean(reason)).show(ui);
            ui.add_space(space::S);
            ui.paragraph("Nothing was changed. A token that was refused as used or too old is replaced by a new one of the gateway. When the gateway cannot be reached, see whether this agent needs a proxy: Settings, Proxy.");
            return;
        }
        let reply = told.value().filter(|_| !told.is_loading());
        let Some(reply) = reply else {
            ui.add_space(space::XXL);
            let what = "It makes a key, has its certificate signed, and opens the tunnel";
            progress(ui, "The agent enrols at the gateway", what, None, false);
            return;
        };
        Banner::new(
            State::Ok,
            "The subaccount is added, and its tunnel is being opened",
        )
        .show(ui);
        ui.add_space(space::S);
        if let Ok(shown) = reply.read::<SubaccountShown>() {
            keys(ui, |ui| {
                key_text(ui, "Name", &text::clean(&shown.display_name), false, false);
                key_text(
                    ui,
                    "Region host",
                    &text::clean(&shown.region_host.to_string()),
                    true,
                    true,
                );
                key_text(ui, "Subaccount", &shown.subaccount.to_string(), true, true);
                key_text(ui, "Location ID", shown.location_id.as_str(), true, false);
                if let Some(certificate) = &shown.tunnel.subaccount_certificate {
                    key_day(ui, "Certificate until", certificate.not_after_time_stamp);
                }
            });
        }
    }
}

/// What a token names.
fn named(ui: &mut Ui, token: &EnrolToken) {
    keys(ui, |ui| {
        key_text(
            ui,
            "Region host",
            &text::clean(&token.region_host.to_string()),
            true,
            false,
        );
        key_text(ui, "Subaccount", &token.subaccount.to_string(), true, false);
        let mut hex = String::with_capacity(96);
        for (at, byte) in token.ca_fingerprint.iter().enumerate() {
            if at > 0 {
                hex.push(':');
            }
            hex.push_str(&format!("{byte:02X}"));
        }
        key_text(ui, "CA, SHA-256", &hex, true, true);
    });
}
