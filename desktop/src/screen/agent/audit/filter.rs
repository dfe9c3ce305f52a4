//! What is looked for in the audit log.

use egui::{Id, Ui};
use underpass_shared::audit::{Category, Filter, Glob, Outcome};
use underpass_shared::config::Document;
use underpass_shared::id::SubaccountId;

use crate::changes::words;
use crate::text;
use crate::theme::{Text, Themed as _};
use crate::widget::{Field, Flow, Words as _, search, select};

/// The log is asked when nothing was typed for so long, in seconds.
const SETTLED: f64 = 0.3;
const HOUR_MS: i64 = 3_600_000;
/// The width of the field for an operator.
const WHO: f32 = 150.0;

/// What people look for; the others are found by their words.
const CATEGORIES: [Category; 25] = [
    Category::AccessDenied,
    Category::AccessAllowed,
    Category::Account,
    Category::AllowedResource,
    Category::AuditLogLevel,
    Category::BackendMapping,
    Category::Backup,
    Category::CloudConnectorLoggers,
    Category::Configuration,
    Category::DomainMapping,
    Category::Enrolment,
    Category::IdentityProviderTrust,
    Category::Pairing,
    Category::PpcaCertificate,
    Category::PrincipalPropagationConfiguration,
    Category::ProxySettings,
    Category::SCCUser,
    Category::ServiceChannelConfiguration,
    Category::ServiceControl,
    Category::ServiceStart,
    Category::SystemCertificate,
    Category::TrustedBackendCertificate,
    Category::TunnelStart,
    Category::TunnelEnd,
    Category::UiCertificate,
];

/// The fields above the list.
#[derive(Default)]
pub(in crate::screen) struct FilterBar {
    text: String,
    operator: String,
    category: Option<Category>,
    outcome: Option<Outcome>,
    subaccount: Option<SubaccountId>,
    /// Hours back; nothing for all.
    hours: Option<u16>,
    /// When something was typed last, in seconds of the window.
    typed_at: Option<f64>,
    /// What was found by last.
    settled: Option<Filter>,
    wants_keyboard: bool,
}

impl FilterBar {
    pub(in crate::screen) const fn focus_filter(&mut self) {
        self.wants_keyboard = true;
    }

    pub(in crate::screen) fn is_set(&self) -> bool {
        let typed = !self.text.trim().is_empty() || !self.operator.trim().is_empty();
        typed
            || self.category.is_some()
            || self.outcome.is_some()
            || self.subaccount.is_some()
            || self.hours.is_some()
    }

    pub(in crate::screen) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is set holds at once, and as of now.
    pub(in crate::screen) fn settle(&mut self) {
        self.settled = None;
    }

    pub(in crate::screen) fn ui(&mut self, flow: &mut Flow<'_>, document: Option<&Document>) {
        if self.letters(flow) {
            self.typed_at = Some(flow.ui().input(|input| input.time));
        }
        let mut changed = false;
        let mut types = vec![(None, "All types".to_owned())];
        types.extend(CATEGORIES.map(|one| (Some(one), words(&format!("{one:?}")))));
        changed |= flow.cell(150.0, |ui| {
            select(ui, "Type", &mut self.category, &types, 150.0)
        });
        let outcomes = [
            (None, "All".to_owned()),
            (Some(Outcome::Done), "Done".to_owned()),
            (Some(Outcome::Refused), "Refused".to_owned()),
            (Some(Outcome::Unchanged), "Unchanged".to_owned()),
            (Some(Outcome::Intent), "Begun".to_owned()),
        ];
        changed |= flow.cell(110.0, |ui| {
            select(ui, "Outcome", &mut self.outcome, &outcomes, 110.0)
        });
        // Subaccounts are those of one agent.
        if document.is_some() {
            let all = subaccounts(document);
            changed |= flow.cell(150.0, |ui| {
                select(ui, "Subaccount", &mut self.subaccount, &all, 150.0)
            });
        }
        let times = [
            (None, "All".to_owned()),
            (Some(1), "Last hour".to_owned()),
            (Some(24), "Last day".to_owned()),
            (Some(168), "Last week".to_owned()),
            (Some(720), "Last 30 days".to_owned()),
        ];
        changed |= flow.cell(120.0, |ui| {
            select(ui, "Time", &mut self.hours, &times, 120.0)
        });
        if changed {
            self.settled = None;
            self.typed_at = None;
        }
    }

    /// The fields that one types into; true when something was typed.
    fn letters(&mut self, flow: &mut Flow<'_>) -> bool {
        let typed = flow.cell(220.0, |ui| {
            ui.words(Text::Caption, ui.tokens().text_2, "Text");
            let id = Id::unique("filter-audit");
            if std::mem::take(&mut self.wants_keyboard) {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
            search(ui, id, &mut self.text, "Search the records", 220.0).changed()
        });
        let field = Field::new("Operator", &mut self.operator).hint("a.lindgren or os:*");
        typed | flow.cell(WHO, |ui| field.width(WHO).limit(128).show(ui).changed())
    }

    /// What is looked for now; nothing where a field breaks a rule.
    pub(in crate::screen) fn filter(&mut self, ui: &Ui, now_ms: i64) -> Option<Filter> {
        let time = ui.input(|input| input.time);
        if let Some(at) = self.typed_at {
            if time - at < SETTLED {
                ui.request_repaint_after_secs(0.1);
            } else {
                self.typed_at = None;
                self.settled = None;
            }
        }
        if self.settled.is_none() {
            let glob = |text: &str| {
                let text = text.trim();
                if text.is_empty() {
                    None
                } else {
                    text.parse::<Glob>().ok()
                }
            };
            self.settled = Some(Filter {
                from_ms: self.hours.map(|hours| now_ms - i64::from(hours) * HOUR_MS),
                to_ms: None,
                category: self.category,
                outcome: self.outcome,
                operator: glob(&self.operator),
                subaccount: self.subaccount,
                text: glob(&self.text.chars().take(128).collect::<String>()),
            });
        }
        self.settled.clone()
    }
}

/// The subaccounts by their names, behind all of them.
fn subaccounts(document: Option<&Document>) -> Vec<(Option<SubaccountId>, String)> {
    let mut all = vec![(None, "All".to_owned())];
    for one in document.map_or(&[][..], Document::subaccounts) {
        let id = one.key().subaccount;
        if all.iter().all(|(known, _)| *known != Some(id)) {
            let name = &one.own().display_name;
            let name = if name.is_empty() {
                id.to_string()
            } else {
                text::clean(name)
            };
            all.push((Some(id), name));
        }
    }
    all
}
