//! What was found, what is decided about it, and what stays behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_runtime::random;
use underpass_shared::api::management::ImportMode;
use underpass_shared::config::Document;
use underpass_shared::id::{LocationId, RegionHost, SubaccountId};
use underpass_shared::scc::{
    Choice, Counts, Decision, Kind, Planned, Prefix, Reading, Report, Tally, Topic, plan,
};

use super::findings;
use super::{Import, connector};
use crate::cx::Cx;
use crate::screen::moves::report;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, Field, Tab, Words as _, card, card_titled, pill, segmented, tabs, toggle,
};

/// Gateways of the fleet that are offered for a region.
const OFFERED: usize = 5;

/// Which part of the report is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Decisions,
    Of(Kind),
    Todo,
}

/// What is typed about one subaccount whose id is none here.
#[derive(Clone, Debug, Default)]
struct Renamed {
    id: String,
    left_out: bool,
}

/// What the operator decides, as it is typed.
#[derive(Default)]
pub(super) struct Decide {
    part: Part,
    regions: BTreeMap<String, String>,
    subaccounts: BTreeMap<String, Renamed>,
    locations: BTreeMap<String, String>,
    topics: BTreeSet<Topic>,
    segments: bool,
    strict_sessions: bool,
    trust_all: bool,
    pub(super) without_settings: bool,
    pub(super) overwrite: bool,
    /// Greater with each change of these.
    pub(super) version: u64,
    made: Option<(u64, Result<Arc<Planned>, String>)>,
}

impl Decide {
    /// Begins with another reading.
    pub(super) fn begin(&mut self, reading: &Reading) {
        *self = Self::default();
        self.plan(reading);
        let decisions = self
            .planned()
            .map(|planned| planned.report.decisions.clone());
        for one in decisions.unwrap_or_default() {
            self.topics.insert(one.topic);
            let key = one.key;
            match one.topic {
                Topic::Region => drop(self.regions.insert(key, String::new())),
                Topic::Subaccount => drop(self.subaccounts.insert(key, Renamed::default())),
                Topic::LocationId => drop(self.locations.insert(key, String::new())),
                Topic::Enrolment
                | Topic::Keys
                | Topic::Passwords
                | Topic::Prefix
                | Topic::Sessions
                | Topic::TrustAll
                | Topic::LocalHosts
                | Topic::Conflict => {}
            }
        }
    }

    /// What is decided, as far as it follows the rules.
    pub(super) fn choice(&self) -> Choice {
        fn parsed<T: std::str::FromStr>(typed: &BTreeMap<String, String>) -> BTreeMap<String, T> {
            let all = typed.iter();
            all.filter_map(|(key, typed)| Some((key.clone(), typed.trim().parse().ok()?)))
                .collect()
        }
        let renamed = self.subaccounts.iter();
        let renamed = renamed.filter(|(_, one)| !one.left_out);
        let left_out = self.subaccounts.iter().filter(|(_, one)| one.left_out);
        Choice {
            regions: parsed(&self.regions),
            subaccounts: renamed
                .filter_map(|(key, one)| Some((key.clone(), one.id.trim().parse().ok()?)))
                .collect(),
            locations: parsed(&self.locations),
            left_out: left_out.map(|(key, _)| key.clone()).collect(),
            prefix: if self.segments {
                Prefix::Segments
            } else {
                Prefix::Keep
            },
            strict_sessions: self.strict_sessions,
            trust_all: self.trust_all,
            without_settings: self.without_settings,
            mode: if self.overwrite {
                ImportMode::Overwrite
            } else {
                ImportMode::Merge
            },
        }
    }

    /// Plans for an agent without any configuration, where something was decided anew.
    pub(super) fn plan(&mut self, reading: &Reading) {
        if self
            .made
            .as_ref()
            .is_some_and(|(of, _)| *of == self.version)
        {
            return;
        }
        let planned = plan(reading, &Document::empty(), &self.choice(), &mut random::id);
        let planned = planned.map(Arc::new).map_err(|rule| rule.to_string());
        self.made = Some((self.version, planned));
    }

    pub(super) fn planned(&self) -> Option<Arc<Planned>> {
        let (_, made) = self.made.as_ref()?;
        made.as_ref().ok().cloned()
    }

    pub(super) fn refused(&self) -> Option<String> {
        match &self.made {
            Some((_, Err(rule))) => Some(rule.clone()),
            Some((_, Ok(_))) => None,
            None => Some("there is no plan yet".to_owned()),
        }
    }

    /// How many decisions are open.
    pub(super) fn open(report: &Report) -> usize {
        report.decisions.iter().filter(|one| one.open).count()
    }
}

impl Import {
    pub(super) fn decisions(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::S;
        if let Some(rule) = self.decide.refused() {
            Banner::new(State::Error, &text::sentence(&rule)).show(ui);
        }
        let Some(planned) = self.decide.planned() else {
            return;
        };
        let report = &planned.report;
        self.found(ui, report);
        let count = |kind| report.of(kind).count();
        let tab = |target, word, count| Tab {
            target,
            word,
            count,
        };
        let all = [
            tab(Part::Decisions, "Decisions", Decide::open(report)),
            tab(
                Part::Of(Kind::NotCarried),
                "Stays behind",
                count(Kind::NotCarried),
            ),
            tab(Part::Of(Kind::NotRead), "Not read", count(Kind::NotRead)),
            tab(
                Part::Of(Kind::Changed),
                "Another form",
                count(Kind::Changed),
            ),
            tab(
                Part::Of(Kind::WithoutEffect),
                "Without effect",
                count(Kind::WithoutEffect),
            ),
            tab(Part::Todo, "Left to do", report.steps.len()),
        ];
        tabs(ui, &mut self.decide.part, &all);
        let part = self.decide.part;
        ScrollArea::vertical()
            .id_salt(("decisions", format!("{part:?}")))
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                match part {
                    Part::Decisions => self.decide.rows(ui, cx, report),
                    Part::Of(kind) => findings::of(ui, report, kind),
                    Part::Todo => findings::todo(ui, report),
                }
            });
    }

    /// What was found, and how to keep it.
    fn found(&mut self, ui: &mut Ui, report: &Report) {
        let address = text::clean(&report.source.address);
        let title = format!("Found at {address}");
        card_titled(
            ui,
            &title,
            |ui| {
                let save = Button::secondary("Save the report…")
                    .icon(Icon::Download)
                    .small();
                if ui.add(save).clicked() {
                    self.report = Some(report::Report::default());
                }
                let keep = Button::secondary("Save what was read…")
                    .icon(Icon::Save)
                    .small();
                if ui.add(keep).clicked() {
                    self.save = Some(connector::Save::default());
                }
            },
            |ui| tallies(ui, &report.counts),
        );
    }
}

/// How many of everything were found, and are in the plan.
fn tallies(ui: &mut Ui, counts: &Counts) {
    const COLUMNS: usize = 5;
    let all = counts.all();
    for line in all.chunks(COLUMNS) {
        ui.columns(COLUMNS, |columns| {
            for (column, (name, tally)) in columns.iter_mut().zip(line) {
                tallied(column, name, *tally);
            }
        });
    }
}

fn tallied(ui: &mut Ui, name: &str, tally: Tally) {
    let tokens = ui.tokens();
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let found = text::count(tally.found);
        if tally.left() > 0 {
            let carried = text::count(tally.carried);
            ui.words(Text::Strong, tokens.warn, carried);
            ui.words(Text::Small, tokens.text_3, format!("of {found}"));
        } else {
            let color = if tally.found == 0 {
                tokens.text_3
            } else {
                tokens.text
            };
            ui.words(Text::Strong, color, found);
        }
    });
    ui.words(Text::Caption, tokens.text_3, text::sentence(name));
}

impl Decide {
    fn rows(&mut self, ui: &mut Ui, cx: &Cx<'_>, report: &Report) {
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
