//! Which mappings are tried through a target after the cut-over.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Align, Layout, Ui};
use underpass_fleet::migrate::plan::{TESTS_MAX, TestWish, TestsWish, open_path};
use underpass_shared::config::{Document, Mapping, SubaccountKey};
use underpass_shared::host::VirtualAddress;

use crate::screen::filtered::filtered;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Words as _, card_titled, checkbox, picker, segmented};

/// The room of a path.
const PATH: f32 = 220.0;

/// Which are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Each,
    Some,
    None,
}

/// What is typed for one target.
#[derive(Clone, Debug)]
pub(super) struct Tests {
    which: Which,
    chosen: BTreeMap<(SubaccountKey, VirtualAddress), Option<String>>,
    filter: String,
}

impl Tests {
    pub(super) const fn new() -> Self {
        Self {
            which: Which::Each,
            chosen: BTreeMap::new(),
            filter: String::new(),
        }
    }

    /// Why it cannot be wished for.
    pub(super) fn broken(&self) -> Option<String> {
        let many = self.which == Which::Some && self.chosen.len() > TESTS_MAX;
        many.then(|| format!("at most {TESTS_MAX} test requests are allowed"))
    }

    /// What is wanted of a target that gets these subaccounts.
    pub(super) fn wish(&self, subaccounts: &BTreeSet<SubaccountKey>) -> TestsWish {
        match self.which {
            Which::Each => TestsWish::Each,
            Which::None => TestsWish::Named(vec![]),
            Which::Some => {
                let meant = self.chosen.iter();
                let meant = meant.filter(|((key, _), _)| subaccounts.contains(key));
                let wishes = meant.map(|((key, address), path)| TestWish {
                    subaccount: Some(key.clone()),
                    virtual_address: address.clone(),
                    path: path.clone(),
                });
                TestsWish::Named(wishes.collect())
            }
        }
    }

    /// Shows the card.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        document: &Document,
        subaccounts: &BTreeSet<SubaccountKey>,
    ) {
        let all: Vec<(&SubaccountKey, &Mapping)> = document
            .subaccounts()
            .iter()
            .filter(|one| subaccounts.contains(one.key()))
            .flat_map(|one| {
                one.mappings()
                    .iter()
                    .map(move |mapping| (one.key(), &***mapping))
            })
            .collect();
        let (mut which, shown) = (self.which, self.which);
        card_titled(
            ui,
            "Test requests",
            |ui| {
                let ways = [
                    (Which::Each, "One for each mapping"),
                    (Which::Some, "Choose…"),
                    (Which::None, "None"),
                ];
                segmented(ui, "Which test requests", &mut which, &ways);
            },
            |ui| match shown {
                Which::None => {
                    ui.quiet("After the cut-over the target looks whether it reaches each system, and no more");
                }
                Which::Each => {
                    let some = all.len().min(TESTS_MAX);
                    let what = "after the cut-over, by access control and by the way to the system";
                    let more = if all.len() > some {
                        format!(
                            "; {} of {}, as many as are allowed",
                            text::count(some),
                            text::count(all.len())
                        )
                    } else {
                        String::new()
                    };
                    ui.quiet(format!("{} {what}{more}", text::plural(some, "request")));
                }
                Which::Some => self.list(ui, &all),
            },
        );
        self.which = which;
    }

    fn list(&mut self, ui: &mut Ui, all: &[(&SubaccountKey, &Mapping)]) {
        ui.spacing_mut().item_spacing.y = space::XS;
        let chosen = text::count(self.chosen.len());
        ui.quiet(format!(
            "{chosen} chosen of {} that are allowed; one that fails offers the way back",
            text::count(TESTS_MAX)
        ));
        let mut filter = std::mem::take(&mut self.filter);
        let text_of =
            |(_, mapping): &(&SubaccountKey, &Mapping)| mapping.virtual_address.to_string();
        filtered(
            ui,
            "Filter mappings",
            &mut filter,
            all,
            text_of,
            |ui, (key, mapping)| {
                self.row(ui, key, mapping);
            },
        );
        self.filter = filter;
    }

    fn row(&mut self, ui: &mut Ui, key: &SubaccountKey, mapping: &Mapping) {
        let address = &mapping.virtual_address;
        let at = (key.clone(), address.clone());
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.set_min_height(size::CONTROL);
            let on = self.chosen.contains_key(&at);
            if checkbox(ui, Some(on), &format!("Test {address}")).clicked() {
                if on {
                    self.chosen.remove(&at);
                } else {
                    self.chosen.insert(at.clone(), open_path(mapping));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.path(ui, &at, mapping);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let shown = text::clean(&address.to_string());
                    let tokens = ui.tokens();
                    ui.words(Text::Mono, tokens.text, shown.as_str())
                        .on_hover_text(shown);
                });
            });
        });
    }

    /// What is asked for there, of what is open.
    fn path(&mut self, ui: &mut Ui, at: &(SubaccountKey, VirtualAddress), mapping: &Mapping) {
        let first = open_path(mapping);
        let Some(path) = self.chosen.get_mut(at) else {
            ui.quiet(first.as_deref().map(text::clean).unwrap_or_default());
            return;
        };
        let open = mapping.resources.iter().filter(|one| one.enabled);
        let open = open.map(|one| one.path.to_string());
        let choices: Vec<(Option<String>, String)> = open
            .map(|path| (Some(path.clone()), text::clean(&path)))
            .collect();
        match &first {
            None => drop(ui.quiet("The way to the system alone")),
            Some(only) if choices.len() < 2 => drop(ui.quiet(text::clean(only))),
            Some(_) => {
                let label = format!("Path for {}", at.1);
                picker(ui, &label, path, &choices, PATH);
            }
        }
    }
}
