//! Asking for a trace: of what, how long, how much, and why.

use egui::{Context, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    PortText, Target, TraceBodyLen, TraceInput, TraceMegabytes, TraceSeconds, TroubleTarget, Verb,
};
use underpass_shared::config::limits::REASON_LEN_MAX;
use underpass_shared::config::{Document, SubaccountKey, Text};
use underpass_shared::host::VirtualAddress;

use crate::cx::Cx;
use crate::screen::agent::edit::act_into;
use crate::screen::agent::form::{Form, number, pair, parse};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Field, Words as _, select};

/// What was filled in so far.
pub(super) struct Ask {
    of: SubaccountKey,
    system: Option<VirtualAddress>,
    seconds: String,
    megabytes: String,
    body: String,
    reason: String,
    is_sent: bool,
}

impl Ask {
    /// A trace of the first subaccount; none where the document has none.
    pub(super) fn new(document: &Document) -> Option<Self> {
        Some(Self {
            of: document.subaccounts().first()?.key().clone(),
            system: None,
            seconds: "600".to_owned(),
            megabytes: "10".to_owned(),
            body: "4096".to_owned(),
            reason: String::new(),
            is_sent: false,
        })
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        document: &Document,
        choices: &[(SubaccountKey, String)],
        asked: &Slot<Reply>,
    ) -> bool {
        let refused = asked.get().reason().map(text::sentence);
        if self.is_sent && refused.is_none() && !asked.get().is_loading() {
            return true;
        }
        if refused.is_some() {
            self.is_sent = false;
        }
        // Checked before it is drawn, since the button stands below what says whether it may be used.
        let input = self.input();
        let problem = match &input {
            Ok(_) if self.is_sent => Some("It is on its way".to_owned()),
            Ok(_) => None,
            Err(rule) => Some(rule.clone()),
        };
        let answer = Dialog::new("ask-for-trace", "Ask for a trace", "Ask for it")
            .wide()
            .enabled_if(problem.is_none(), problem.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                ui.paragraph("Requests and answers are written down: heads, and the beginning of each body. Another operator has to let it begin. Credentials that are recognised are taken out; treat a trace as confidential nevertheless.");
                self.scope(ui, document, choices);
                self.limits(ui);
                if let Some(refused) = &refused {
                    Banner::new(State::Error, refused).show(ui);
                }
            });
        match (answer, input) {
            (Answer::Open, _) => false,
            (Answer::Confirmed, Ok(input)) => {
                let call = Call::new(Verb::Post, Target::Trouble(TroubleTarget::Traces));
                match call.with(&input) {
                    Ok(call) => {
                        self.is_sent = true;
                        act_into(cx, call, "Ask for a trace", asked);
                        asked.set(Remote::Loading { previous: None });
                    }
                    Err(error) => cx.tell(State::Error, error.reason()),
                }
                false
            }
            (Answer::Confirmed | Answer::Dismissed, _) => true,
        }
    }

    fn scope(&mut self, ui: &mut Ui, document: &Document, choices: &[(SubaccountKey, String)]) {
        let subaccount = document.subaccount(&self.of);
        let mappings = subaccount.iter().flat_map(|one| one.mappings());
        let system = |address: &VirtualAddress| (Some(address.clone()), address.to_string());
        let all = (None, "All systems".to_owned());
        let mut systems = vec![all];
        systems.extend(mappings.map(|one| system(&one.virtual_address)));
        pair(ui, |ui, at, width| match at {
            0 => {
                if select(ui, "Subaccount", &mut self.of, choices, width) {
                    self.system = None;
                }
            }
            _ => drop(select(ui, "System", &mut self.system, &systems, width)),
        });
    }

    fn limits(&mut self, ui: &mut Ui) {
        let mut form = Form::default();
        pair(ui, |ui, at, _| match at {
            0 => drop(form.number::<TraceSeconds>(
                ui,
                "Ends after, seconds",
                &mut self.seconds,
                |field| wide(field).help("At most an hour"),
            )),
            _ => drop(form.number::<TraceMegabytes>(
                ui,
                "Or at, MB",
                &mut self.megabytes,
                |field| wide(field).help("At most 100"),
            )),
        });
        form.number::<TraceBodyLen>(ui, "Of each body, bytes", &mut self.body, |field| {
            wide(field).help("0 leaves bodies out; at most 65536")
        });
        form.text::<Text<REASON_LEN_MAX>>(ui, "Reason", &mut self.reason, |field| {
            wide(field)
                .hint("Orders of ticket 4711 arrive without their items")
                .help("For who lets it begin, and for the audit log")
        });
    }

    /// What is filled in, or what is missing.
    fn input(&self) -> Result<TraceInput, String> {
        let at = |field: &'static str| move |rule: String| format!("{field}: {rule}");
        if self.reason.trim().is_empty() {
            return Err("Fill in the reason".to_owned());
        }
        let system = self.system.as_ref();
        Ok(TraceInput {
            region_host: self.of.region_host.clone(),
            subaccount: self.of.subaccount,
            location_id: Some(self.of.location_id.clone()),
            virtual_host: system.map(|address| address.host.clone()),
            virtual_port: system.map(|address| PortText(address.port)),
            seconds: number(self.seconds.trim()).map_err(at("Ends after"))?,
            megabytes: number(self.megabytes.trim()).map_err(at("Or at"))?,
            body_bytes: number(self.body.trim()).map_err(at("Of each body"))?,
            reason: parse(self.reason.trim()).map_err(at("Reason"))?,
        })
    }
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}
