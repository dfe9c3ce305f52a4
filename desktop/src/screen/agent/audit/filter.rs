//! What is looked for in the audit log.

use egui::{Id, Ui};
use underpass_shared::audit::{Category, Filter, Glob, Outcome};
use underpass_shared::config::Document;
use underpass_shared::id::SubaccountId;

use crate::changes::words;
use crate::text;
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Field, Words as _, search, select};

/// The log is asked when nothing was typed for so long, in seconds.
const SETTLED: f64 = 0.3;
const HOUR_MS: i64 = 3_600_000;
/// Below this width what is chosen stands below what is typed.
const WIDE: f32 = 980.0;

/// What people look for; the others are found by their words.
const CATEGORIES: [Category; 24] = [
    Category::AccessDenied,
    Category::AccessAllowed,
    Category::Account,
    Category::AllowedResource,
    Category::AuditLogLevel,
    Category::BackendMapping,
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
pub(super) struct FilterBar {
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
    pub(super) const fn focus_filter(&mut self) {
        self.wants_keyboard = true;
    }

    pub(super) fn is_set(&self) -> bool {
        let typed = !self.text.trim().is_empty() || !self.operator.trim().is_empty();
        typed
            || self.category.is_some()
            || self.outcome.is_some()
            || self.subaccount.is_some()
            || self.hours.is_some()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is set holds at once, and as of now.
    pub(super) fn settle(&mut self) {
        self.settled = None;
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, document: Option<&Document>) {
        ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
        if ui.available_width() > WIDE {
            ui.horizontal_top(|ui| {
                self.typed(ui);
                self.chosen(ui, document);
            });
        } else {
            ui.horizontal_top(|ui| self.typed(ui));
            ui.horizontal_top(|ui| self.chosen(ui, document));
        }
    }

    /// What is typed.
    fn typed(&mut self, ui: &mut Ui) {
        let mut typed = false;
        ui.vertical(|ui| {
            ui.set_width(240.0);
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.words(Text::Caption, ui.tokens().text_2, "Text");
            let id = Id::unique("filter-audit");
            if std::mem::take(&mut self.wants_keyboard) {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
            typed |= search(ui, id, &mut self.text, "Search the records", 240.0).changed();
        });
        typed |= Field::new("Operator", &mut self.operator)
            .hint("a.lindgren or os:*")
            .width(150.0)
            .limit(128)
            .show(ui)
            .changed();
        if typed {
            self.typed_at = Some(ui.input(|input| input.time));
        }
    }

    /// What is chosen.
    fn chosen(&mut self, ui: &mut Ui, document: Option<&Document>) {
        let mut changed = false;
        let mut types = vec![(None, "All types".to_owned())];
        types.extend(CATEGORIES.map(|one| (Some(one), words(&format!("{one:?}")))));
        changed |= select(ui, "Type", &mut self.category, &types, 150.0);
        let outcomes = [
            (None, "All".to_owned()),
            (Some(Outcome::Done), "Done".to_owned()),
            (Some(Outcome::Refused), "Refused".to_owned()),
            (Some(Outcome::Unchanged), "Unchanged".to_owned()),
            (Some(Outcome::Intent), "Begun".to_owned()),
        ];
        changed |= select(ui, "Outcome", &mut self.outcome, &outcomes, 110.0);
        let subaccounts = subaccounts(document);
        changed |= select(ui, "Subaccount", &mut self.subaccount, &subaccounts, 150.0);
        let times = [
            (None, "All".to_owned()),
            (Some(1), "Last hour".to_owned()),
            (Some(24), "Last day".to_owned()),
            (Some(168), "Last week".to_owned()),
            (Some(720), "Last 30 days".to_owned()),
        ];
        changed |= select(ui, "Time", &mut self.hours, &times, 120.0);
        if changed {
            self.settled = None;
            self.typed_at = None;
        }
    }

    /// What is looked for now; nothing where a field breaks a rule.
    pub(super) fn filter(&mut self, ui: &Ui, now_ms: i64) -> Option<Filter> {
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
