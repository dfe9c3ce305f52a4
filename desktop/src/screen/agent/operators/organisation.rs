//! CAs of an organisation whose client certificates are taken, and who of them gets which role.

use egui::{Align, Context, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{OperatorTarget, Target, Verb};
use underpass_shared::config::{
    Alias, AuthorityRule, Certificate, Organisation, OrganisationFields, SubjectMatch,
    TrustedCertificate,
};
use underpass_shared::rights::Role;

use super::roles;
use crate::cx::Cx;
use crate::screen::agent::edit::act;
use crate::screen::agent::form::{Form, pair, parse, value};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Answer, Banner, Button, Dialog, Empty, IconButton, Words as _, card_titled, select,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Common,
    Unit,
    Organization,
    Whole,
}

const BY: [(By, &str, &str); 4] = [
    (By::Common, "Common name (CN)", "CN"),
    (By::Unit, "Unit (OU)", "OU"),
    (By::Organization, "Organisation (O)", "O"),
    (By::Whole, "Whole subject", "subject"),
];

#[derive(Default)]
struct NewCa {
    alias: String,
    certificate: String,
}

struct NewRule {
    authority: String,
    by: By,
    value: String,
    role: Role,
}

/// The cards of CAs and rules, and their dialogs.
#[derive(Default)]
pub(super) struct OrganisationPart {
    present: OrganisationFields,
    ca: Option<NewCa>,
    rule: Option<NewRule>,
    sent: Slot<Reply>,
}

impl OrganisationPart {
    pub(super) fn button(&mut self, ui: &mut Ui, locked: Option<&str>) {
        let button = Button::primary("Add CA…").icon(Icon::Plus);
        if ui
            .add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()))
            .clicked()
        {
            self.ca = Some(NewCa::default());
        }
        let none = self
            .present
            .authorities
            .is_empty()
            .then_some("Add a CA first");
        let reason = locked.or(none);
        let button = Button::secondary("Add rule…").icon(Icon::Plus);
        if ui
            .add(button.enabled_if(reason.is_none(), reason.unwrap_or_default()))
            .clicked()
        {
            self.rule = self.present.authorities.first().map(|first| NewRule {
                authority: first.alias.to_string(),
                by: By::Common,
                value: String::new(),
                role: Role::Display,
            });
        }
    }

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        agent: &AgentSnapshot,
        locked: Option<&str>,
    ) {
        let Some(configuration) = agent.configuration.value() else {
            return;
        };
        self.present = configuration
            .document
            .connector()
            .organisation
            .clone()
            .into();
        if let Some(reason) = self.sent.get().reason() {
            Banner::new(State::Error, &text::clean(reason)).show(ui);
        }
        if self.present.authorities.is_empty() {
            let empty = Empty {
                icon: Icon::Building2,
                title: "No CAs of the organisation",
                text: "People with a client certificate of such a CA manage this agent without being paired, with the role that a rule gives them",
                action: locked.is_none().then_some("Add CA…"),
            };
            if empty.show(ui) {
                self.ca = Some(NewCa::default());
            }
            return;
        }
        let mut next = None;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::M;
            card_titled(ui, "CAs", |_| {}, |ui| next = cas(ui, &self.present, locked));
            card_titled(ui, "Rules", |_| {}, |ui| {
                ui.paragraph("The first rule that fits gives the role. Whom no rule fits is refused.");
                next = rules(ui, &self.present, locked).or(next.take());
            });
        });
        if let Some(next) = next {
            self.send(cx, "Change the CAs of the organisation", &next);
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>, title: &str, next: &OrganisationFields) {
        let target = Target::Operators(OperatorTarget::Organisation);
        match Call::new(Verb::Put, target).with(next) {
            Ok(call) => self.sent = act(cx, title, call),
            Err(error) => cx.tell(State::Error, error.reason()),
        }
    }

    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if let Some(ca) = &mut self.ca
            && let Some(done) = ca.show(ctx, &self.present)
        {
            self.ca = None;
            if let Some(next) = done {
                self.send(cx, "Add a CA of the organisation", &next);
            }
        }
        if let Some(rule) = &mut self.rule
            && let Some(done) = rule.show(ctx, &self.present)
        {
            self.rule = None;
            if let Some(next) = done {
                self.send(cx, "Add a rule for a CA of the organisation", &next);
            }
        }
    }
}

fn cas(
    ui: &mut Ui,
    present: &OrganisationFields,
    locked: Option<&str>,
) -> Option<OrganisationFields> {
    let mut next = None;
    for one in &present.authorities {
        let summary = one.certificate.summary();
        let used = present.rules.iter().any(|rule| rule.authority == one.alias);
        let refused = locked.or_else(|| used.then_some("Rules name this CA; remove them first"));
        let name = format!("Remove CA {}", one.alias);
        line(ui, &name, refused, |ui| {
            ui.bold(one.alias.as_str());
            ui.words(
                Text::Mono,
                ui.tokens().text_2,
                text::clean(&summary.subject),
            );
            let times = ui.times();
            ui.quiet(format!("until {}", times.day(summary.not_after_ms)))
                .on_hover_text(times.both(summary.not_after_ms));
        })
        .then(|| {
            let mut fields = present.clone();
            fields.authorities.retain(|other| other.alias != one.alias);
            next = Some(fields);
        });
    }
    next
}

fn rules(
    ui: &mut Ui,
    present: &OrganisationFields,
    locked: Option<&str>,
) -> Option<OrganisationFields> {
    let mut next = None;
    for (at, rule) in present.rules.iter().enumerate() {
        let told = told(&rule.matching);
        let name = format!("Remove rule {}", at + 1);
        line(ui, &name, locked, |ui| {
            ui.quiet(format!("{}", at + 1));
            ui.bold(rule.authority.as_str());
            ui.words(Text::Mono, ui.tokens().text_2, text::clean(&told));
            ui.body(roles::name(rule.role));
        })
        .then(|| {
            let mut fields = present.clone();
            fields.rules.remove(at);
            next = Some(fields);
        });
    }
    if present.rules.is_empty() {
        ui.quiet("There are none, so nobody gets in by these CAs");
    }
    next
}

/// A line with a button that removes it; true when it was clicked.
fn line(ui: &mut Ui, name: &str, refused: Option<&str>, contents: impl FnOnce(&mut Ui)) -> bool {
    let mut clicked = false;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = IconButton::new(Icon::Trash2, name).small();
            clicked = ui
                .add(button.enabled_if(refused.is_none(), refused.unwrap_or_default()))
                .clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), contents);
        });
    });
    clicked
}

fn told(matching: &SubjectMatch) -> String {
    match matching {
        SubjectMatch::Whole(name) => name.to_string(),
        SubjectMatch::CommonName(value) => format!("CN={value}"),
        SubjectMatch::Unit(value) => format!("OU={value}"),
        SubjectMatch::Organization(value) => format!("O={value}"),
    }
}

/// What is to be sent when a dialog closed.
type Done = Option<OrganisationFields>;

fn checked(fields: OrganisationFields) -> Result<OrganisationFields, String> {
    let checked = Organisation::try_from(fields).map_err(|invalid| invalid.rule)?;
    Ok(checked.into())
}

impl NewCa {
    fn show(&mut self, ctx: &Context, present: &OrganisationFields) -> Option<Done> {
        let next = self.read(present);
        let answer = Dialog::new("new ca", "Add a CA", "Add now")
            .wide()
            .without_enter()
            .enabled_if(next.is_ok(), next.as_ref().err().map_or("", String::as_str))
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                let mut form = Form::default();
                form.text::<Alias>(ui, "Alias", &mut self.alias, |field| {
                    field.hint("contoso-people").width(f32::INFINITY)
                });
                form.read(
                    ui,
                    "CA certificate",
                    &mut self.certificate,
                    |field| {
                        field
                            .mono()
                            .rows(6)
                            .limit(16_384)
                            .hint("-----BEGIN CERTIFICATE-----")
                            .width(f32::INFINITY)
                    },
                    value::<Certificate>,
                );
                if form.problem().is_none()
                    && let Err(rule) = &next
                {
                    Banner::new(State::Error, rule).show(ui);
                }
            });
        closed(answer, next)
    }

    fn read(&self, present: &OrganisationFields) -> Result<OrganisationFields, String> {
        if self.alias.trim().is_empty() || self.certificate.trim().is_empty() {
            return Err("Fill in alias and certificate".to_owned());
        }
        let mut fields = present.clone();
        fields.authorities.push(TrustedCertificate {
            alias: parse(self.alias.trim())?,
            certificate: value(self.certificate.trim())?,
        });
        checked(fields)
    }
}

impl NewRule {
    fn show(&mut self, ctx: &Context, present: &OrganisationFields) -> Option<Done> {
        let next = self.read(present);
        let answer = Dialog::new("new rule", "Add a rule", "Add now")
            .wide()
            .enabled_if(next.is_ok(), next.as_ref().err().map_or("", String::as_str))
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                let authorities: Vec<(String, String)> = present
                    .authorities
                    .iter()
                    .map(|one| (one.alias.to_string(), one.alias.to_string()))
                    .collect();
                let by = BY.map(|(by, word, _)| (by, word.to_owned()));
                pair(ui, |ui, at, width| match at {
                    0 => drop(select(ui, "CA", &mut self.authority, &authorities, width)),
                    _ => drop(select(ui, "Role", &mut self.role, &roles::choices(), width)),
                });
                pair(ui, |ui, at, width| match at {
                    0 => drop(select(ui, "Compare", &mut self.by, &by, width)),
                    _ => {
                        let mut form = Form::default();
                        let (by, text) = (self.by, self.value.trim().to_owned());
                        form.read(
                            ui,
                            "With",
                            &mut self.value,
                            |field| field.width(f32::INFINITY),
                            |_| matching(by, &text).map(drop),
                        );
                    }
                });
                ui.quiet(roles::may(self.role));
            });
        closed(answer, next)
    }

    fn read(&self, present: &OrganisationFields) -> Result<OrganisationFields, String> {
        if self.value.trim().is_empty() {
            return Err("Fill in what to compare with".to_owned());
        }
        let mut fields = present.clone();
        fields.rules.push(AuthorityRule {
            authority: parse(&self.authority)?,
            matching: matching(self.by, self.value.trim())?,
            role: self.role,
        });
        checked(fields)
    }
}

fn matching(by: By, text: &str) -> Result<SubjectMatch, String> {
    let name = BY
        .iter()
        .find(|(one, ..)| *one == by)
        .map_or("CN", |(.., name)| name);
    let matching = serde_json::json!({ name: text });
    serde_json::from_value(matching).map_err(|rule| rule.to_string())
}

fn closed(answer: Answer, next: Result<OrganisationFields, String>) -> Option<Done> {
    match answer {
        Answer::Open => None,
        Answer::Dismissed => Some(None),
        Answer::Confirmed => next.ok().map(Some),
    }
}
