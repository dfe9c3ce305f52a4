//! The decisions, one card for each.

use std::collections::BTreeMap;

use egui::{Align, Layout, Ui};
use underpass_shared::id::{LocationId, RegionHost, SubaccountId};
use underpass_shared::scc::{Decision, Report, Topic};

use super::super::findings;
use super::Decide;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size};
use crate::widget::{Button, Field, Words as _, card, pill, segmented, toggle};

/// Gateways of the fleet that are offered for a region.
const OFFERED: usize = 5;

impl Decide {
    pub(super) fn rows(&mut self, ui: &mut Ui, cx: &Cx<'_>, report: &Report) {
        let mut changed = self.gateways(ui, cx);
        changed |= self.ids(ui);
        changed |= self.places(ui);
        changed |= self.switches(ui, report);
        if changed {
            self.version += 1;
        }
        let told = |one: &&Decision| {
            matches!(
                one.topic,
                Topic::Enrolment | Topic::Keys | Topic::Passwords | Topic::LocalHosts
            )
        };
        for one in report.decisions.iter().filter(told) {
            card(ui, |ui| {
                head(ui, &text::sentence(&one.about), State::Info, "To know");
                let taken = text::sentence(&one.taken);
                ui.body(taken.as_str()).on_hover_text(taken);
                ui.paragraph(text::sentence(&one.instead));
                findings::places(ui, &one.places);
            });
        }
        if report.decisions.is_empty() && self.topics.is_empty() {
            ui.quiet("There is nothing to decide");
        }
    }

    /// The gateway in place of each region.
    fn gateways(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        let mut changed = false;
        let offered = gateways(cx);
        for (region, typed) in &mut self.regions {
            let parsed = typed.trim().parse::<RegionHost>();
            let (state, word) = decided(parsed.is_ok());
            card(ui, |ui| {
                let shown = text::clean(region);
                head(ui, &format!("Region {shown}"), state, word);
                let wrong = parsed.err().filter(|_| !typed.trim().is_empty());
                let wrong = wrong.map(|rule| text::sentence(&rule.to_string()));
                let label = format!("Gateway in place of {shown}");
                let field = Field::new(&label, typed)
                    .hint("gateway.example.com")
                    .mono()
                    .error(wrong.as_deref())
                    .help("Its subaccounts stay behind until a gateway is named")
                    .show(ui);
                changed |= field.changed();
                let unlike = |host: &&String| **host != *typed;
                let offered: Vec<&String> = offered.iter().filter(unlike).collect();
                if !offered.is_empty() {
                    ui.horizontal_wrapped(|ui| {
                        for host in offered {
                            let name = format!("{shown} becomes {host}");
                            let button = Button::secondary(host).small().name(&name);
                            if ui.add(button).clicked() {
                                typed.clone_from(host);
                                changed = true;
                            }
                        }
                    });
                }
            });
        }
        changed
    }

    /// The subaccounts whose ids are none here.
    fn ids(&mut self, ui: &mut Ui) -> bool {
        let mut changed = false;
        for (id, renamed) in &mut self.subaccounts {
            let parsed = renamed.id.trim().parse::<SubaccountId>();
            let (state, word) = decided(parsed.is_ok() || renamed.left_out);
            card(ui, |ui| {
                let shown = text::clean(id);
                let title = format!("Subaccount {shown}, whose id is no GUID");
                head(ui, &title, state, word);
                let label = format!("Leave {shown} where it is");
                changed |= toggle(ui, &mut renamed.left_out, &label, None).clicked();
                if !renamed.left_out {
                    let wrong = parsed.err().filter(|_| !renamed.id.trim().is_empty());
                    let wrong = wrong.map(|rule| text::sentence(&rule.to_string()));
                    let label = format!("Subaccount of the gateway for {shown}");
                    let field = Field::new(&label, &mut renamed.id)
                        .hint("0190a5a2-6d0e-7cc0-8000-000000000001")
                        .mono()
                        .error(wrong.as_deref())
                        .show(ui);
                    changed |= field.changed();
                }
            });
        }
        changed
    }

    /// The location IDs that are none here.
    fn places(&mut self, ui: &mut Ui) -> bool {
        let mut changed = false;
        for (location, typed) in &mut self.locations {
            let parsed = typed.trim().parse::<LocationId>();
            let is_decided = parsed.is_ok() && !typed.trim().is_empty();
            let (state, word) = decided(is_decided);
            card(ui, |ui| {
                let shown = text::clean(location);
                let title = format!("Location ID “{shown}” has characters that are none here");
                head(ui, &title, state, word);
                let wrong = parsed.err().map(|rule| text::sentence(&rule.to_string()));
                let label = format!("Location ID in place of {shown}");
                let field = Field::new(&label, typed)
                    .mono()
                    .error(wrong.as_deref())
                    .help("Destinations of the cloud must name it too")
                    .show(ui);
                changed |= field.changed();
            });
        }
        changed
    }

    /// What is one way or the other.
    fn switches(&mut self, ui: &mut Ui, report: &Report) -> bool {
        let mut changed = false;
        let places = |topic: Topic| {
            let found = report.decisions.iter().find(|one| one.topic == topic);
            found.map_or(&[][..], |one| &one.places)
        };
        if self.topics.contains(&Topic::TrustAll) {
            card(ui, |ui| {
                let (state, word) = decided(self.trust_all);
                head(ui, "The connector trusts all back ends", state, word);
                ui.paragraph("Better trust the CAs of your back ends: then this stays behind.");
                let label = "Trust all back ends here too (dangerous)";
                changed |= toggle(ui, &mut self.trust_all, label, None).clicked();
            });
        }
        if self.topics.contains(&Topic::Prefix) {
            card(ui, |ui| {
                let title = "Resources that open every path which begins with their characters";
                head(ui, title, State::Ok, "Decided");
                let ways = [
                    (false, "Keep: /a/b opens /a/bxyz, marked as risky"),
                    (true, "Whole segments only"),
                ];
                changed |= segmented(ui, "Prefixes", &mut self.segments, &ways);
                findings::places(ui, places(Topic::Prefix));
            });
        }
        if self.topics.contains(&Topic::Sessions) {
            card(ui, |ui| {
                let title = "Sessions in the URLs of ABAP systems, as in /sap(bD1lbg==)/bc";
                head(ui, title, State::Ok, "Decided");
                let ways = [
                    (false, "Match without them, as before"),
                    (true, "Refuse them"),
                ];
                changed |= segmented(ui, "Sessions", &mut self.strict_sessions, &ways);
                findings::places(ui, places(Topic::Sessions));
            });
        }
        changed
    }
}

const fn decided(is: bool) -> (State, &'static str) {
    if is {
        (State::Ok, "Decided")
    } else {
        (State::Warn, "Open")
    }
}

fn head(ui: &mut Ui, title: &str, state: State, word: &str) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            pill(ui, state, word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.bold(title).on_hover_text(title);
            });
        });
    });
}

/// The gateways that the fleet knows, the most used first.
fn gateways(cx: &Cx<'_>) -> Vec<String> {
    let mut counted = BTreeMap::<String, usize>::new();
    let known = cx.fleet.agents.iter();
    for known in known.filter_map(|agent| agent.configuration.value()) {
        for one in known.document.subaccounts() {
            *counted
                .entry(one.key().region_host.to_string())
                .or_default() += 1;
        }
    }
    let mut all: Vec<(String, usize)> = counted.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.into_iter()
        .take(OFFERED)
        .map(|(host, _)| host)
        .collect()
}
