//! The access tester: would a request pass, and by which rule?

use std::sync::Arc;

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    AccessCheck, AccessCheckInput, Flag, Query, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::{MappingPart, Protocol, Subaccount};
use underpass_shared::host::port_of;
use underpass_shared::policy::{Access, Policy};

use super::edit::Here;
use super::words::{principal, sentence};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Dialog, Field, Words as _, card, key_row, keys, pill, select, toggle,
};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A request as it is typed, and what was said of it.
pub(super) struct Tester {
    method: &'static str,
    url: String,
    websocket: bool,
    answer: Slot<AccessCheck>,
    /// What was asked last, so that an old answer is not taken for one to what is typed now.
    asked: Option<(&'static str, String, bool)>,
}

impl Tester {
    /// For a mapping, with the first path that is open.
    pub(super) fn new(part: Option<&MappingPart>) -> Self {
        let open = |part: &MappingPart| {
            let first = part
                .resources
                .iter()
                .find(|one| one.enabled)
                .map_or("/", |one| one.path.as_str());
            format!("http://{}{first}", part.virtual_address)
        };
        Self {
            method: "GET",
            url: part.map_or_else(|| "http://".to_owned(), open),
            websocket: false,
            answer: Slot::default(),
            asked: None,
        }
    }

    /// Shows the dialog; true when it is left.
    pub(super) fn ui(&mut self, ctx: &Context, cx: &mut Cx<'_>, here: &Here<'_>) -> bool {
        let told = self.decide(here.subaccount);
        let wrong = told.as_ref().err().cloned();
        let ready = wrong.is_none() && !self.answer.get().is_loading();
        let reason = wrong
            .clone()
            .unwrap_or_else(|| "The agent is thinking".to_owned());
        let dialog = Dialog::new("tester", "Access tester", "Ask the agent")
            .wide()
            .way_out("Close");
        let answer = dialog.enabled_if(ready, &reason).show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            self.request(ui, wrong.as_deref());
            let differs = here
                .applied
                .is_none_or(|applied| applied.hash() != here.subaccount.hash());
            if let Ok(told) = &told
                && differs
            {
                verdict(ui, here, "With your changes", told);
            }
            self.answered(ui, here, differs);
        });
        match answer {
            Answer::Confirmed => self.ask(cx, here),
            Answer::Dismissed => return true,
            Answer::Open => {}
        }
        false
    }

    fn request(&mut self, ui: &mut Ui, wrong: Option<&str>) {
        const METHOD: f32 = 116.0;
        ui.paragraph("A request as a cloud application sends it. Access control looks at the address and the path; methods and users pass alike.");
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let methods = METHODS.map(|method| (method, method.to_owned()));
            select(ui, "Method", &mut self.method, &methods, METHOD);
            let field = Field::new("URL", &mut self.url)
                .mono()
                .hint("http://erp:443/sap/opu/odata")
                .error(wrong);
            field.width(f32::INFINITY).show(ui);
        });
        toggle(
            ui,
            &mut self.websocket,
            "Asks for an upgrade to WebSocket",
            None,
        );
    }

    /// What the rules say of it with the changes of the draft: the same code that the agent has.
    fn decide(&self, subaccount: &Arc<Subaccount>) -> Result<AccessCheck, String> {
        let url: http::Uri = self
            .url
            .trim()
            .parse()
            .map_err(|rule| sentence(&format!("{rule}")))?;
        if url.scheme_str() != Some("http") {
            return Err("Must begin with http://, as cloud applications write it".to_owned());
        }
        let port = port_of(&url).map_err(|rule| sentence(&rule.to_string()))?;
        Ok(Policy::new(Arc::clone(subaccount)).explain(&Access {
            protocol: Protocol::Http,
            host: url.host().unwrap_or_default(),
            port,
            path: url.path().as_bytes(),
            websocket: self.websocket,
        }))
    }

    fn typed(&self) -> (&'static str, String, bool) {
        (self.method, self.url.trim().to_owned(), self.websocket)
    }

    fn ask(&mut self, cx: &mut Cx<'_>, here: &Here<'_>) {
        let input = AccessCheckInput {
            method: Some(self.method.to_owned()),
            url: self.url.trim().to_owned(),
            websocket: Flag(self.websocket),
        };
        self.asked = Some(self.typed());
        self.answer = Slot::default();
        let query = Query {
            location_id: Some(here.key().location_id.clone()),
            ..Query::default()
        };
        match Call::new(
            Verb::Post,
            Target::Of(here.path(), SubaccountTarget::AccessCheck),
        )
        .with(&input)
        {
            Ok(call) => {
                let check = Trial::ask(here.agent.id, call.query(query), &self.answer);
                cx.send(Command::Try(check));
            }
            Err(error) => self
                .answer
                .set(Remote::NotRequested.failed(error.to_string())),
        }
    }

    fn answered(&self, ui: &mut Ui, here: &Here<'_>, differs: bool) {
        let name = if differs {
            "On the agent, without your changes"
        } else {
            "On the agent"
        };
        if self.asked.as_ref() != Some(&self.typed()) {
            card(ui, |ui| ui.quiet(format!("{name}: not asked yet")));
            return;
        }
        match &*self.answer.get() {
            Remote::NotRequested | Remote::Loading { .. } => {
                drop(card(ui, |ui| ui.quiet(format!("{name}…"))))
            }
            Remote::Unavailable { reason, .. } => {
                Banner::new(State::Error, &sentence(&text::clean(reason))).show(ui);
            }
            Remote::Ready(stamped) => verdict(ui, here, name, &stamped.value),
        }
    }
}

fn verdict(ui: &mut Ui, here: &Here<'_>, name: &str, told: &AccessCheck) {
    let tokens = ui.tokens();
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            let (state, word) = if told.allowed {
                (State::Ok, "Passes")
            } else {
                (State::Error, "Refused")
            };
            pill(ui, state, word);
            ui.bold(name);
        });
        let message = egui::RichText::new(sentence(&text::clean(&told.message)));
        ui.add(
            egui::Label::new(
                message
                    .font(crate::theme::font(Text::Body))
                    .color(tokens.text_2),
            )
            .wrap(),
        );
        keys(ui, |ui| {
            let mapping = told.mapping.as_ref().map(ToString::to_string);
            let facts = [
                ("Mapping", mapping),
                ("Leads to", told.internal.clone()),
                ("Resource", told.resource.clone()),
            ];
            for (name, value) in facts {
                if let Some(value) = value {
                    key_row(ui, name, |ui| ui.mono(text::clean(&value)));
                }
            }
            let mode = told
                .mapping
                .as_ref()
                .and_then(|address| here.mapping(address));
            if let Some(part) = mode.filter(|_| told.allowed) {
                key_row(ui, "User", |ui| {
                    ui.quiet(principal(part.authentication_mode))
                });
            }
        });
        for hint in &told.hints {
            ui.horizontal_top(|ui| {
                ui.icon(Icon::Lightbulb, size::ICON_SMALL, tokens.warn);
                let hint = egui::RichText::new(sentence(&text::clean(hint)));
                ui.add(
                    egui::Label::new(
                        hint.font(crate::theme::font(Text::Small))
                            .color(tokens.text_2),
                    )
                    .wrap(),
                );
            });
        }
    });
}
