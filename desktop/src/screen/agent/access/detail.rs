//! The chosen mapping: its settings, its resources, its connection.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::config::{Invalid, Mapping, MappingFields, MappingPart, ProtocolFamily};
use underpass_shared::hash::Hash256;
use underpass_shared::host::VirtualAddress;

use super::check::Checks;
use super::edit::Here;
use super::form::{Faults, Form, take};
use super::resources::{Act, Entry, Resources, replace};
use super::settings::{Editing, SHOWN};
use super::table::marked;
use super::view::mark;
use super::words::{judge, sentence, summary};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Button, IconButton, Tab, Words as _, copy_button, key_row, keys, menu,
    menu_item, menu_rule, pill, tabs,
};

/// Changes on their way to the draft that are remembered, to know them again.
const SENT_MAX: usize = 64;

/// A part of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Resources,
    Settings,
    Connection,
}

/// What the operator wants of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Check,
    Test,
    Rename,
    Duplicate,
    Remove,
    Close,
}

/// What the panel remembers.
#[derive(Default)]
pub(super) struct Detail {
    of: Option<VirtualAddress>,
    page: Page,
    form: Option<Form>,
    faults: Faults,
    /// The mapping that the form was made of.
    known: Option<Hash256>,
    /// What the form made of it, on its way into the draft and back.
    sent: Vec<Hash256>,
    /// Why the draft did not take a change.
    done: Slot<()>,
    resources: Resources,
    entry: Option<Box<Entry>>,
}

impl Detail {
    /// Shows the connection part next.
    pub(super) const fn show_connection(&mut self) {
        self.page = Page::Connection;
    }

    /// Takes what the draft has, unless that is what was typed here.
    fn follow(&mut self, part: &MappingPart) {
        let now = part.hash();
        if self.of.as_ref() != Some(&part.virtual_address) {
            let page = match part.protocol.family() {
                ProtocolFamily::Tcp | ProtocolFamily::Ldap if self.page == Page::Resources => {
                    Page::Settings
                }
                ProtocolFamily::Tcp
                | ProtocolFamily::Ldap
                | ProtocolFamily::Http
                | ProtocolFamily::Rfc => self.page,
            };
            *self = Self {
                of: Some(part.virtual_address.clone()),
                page,
                ..Self::default()
            };
        }
        if self.known == Some(now) {
            return;
        }
        self.known = Some(now);
        if let Some(at) = self.sent.iter().position(|hash| *hash == now) {
            self.sent.drain(..=at);
            return;
        }
        self.sent.clear();
        self.faults = Faults::default();
        self.form = Some(Form::of(part));
    }

    fn change(
        &mut self,
        cx: &mut Cx<'_>,
        (here, part, what): (&Here<'_>, &MappingPart, &str),
        change: impl Fn(&mut MappingFields) + Send + 'static,
    ) -> Result<(), Invalid> {
        if let Some(hash) = here.change(cx, part, what, &self.done, change)? {
            self.sent.truncate(SENT_MAX);
            self.sent.push(hash);
        }
        Ok(())
    }

    /// Shows the panel.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        here: &Here<'_>,
        (part, checks): (&MappingPart, &Checks),
    ) -> Option<Wish> {
        self.follow(part);
        ui.spacing_mut().item_spacing.y = space::XS;
        let mut wish = head(ui, here, part);
        let entries = [
            Tab {
                target: Page::Resources,
                word: "Resources",
                count: 0,
            },
            Tab {
                target: Page::Settings,
                word: "Properties",
                count: 0,
            },
            Tab {
                target: Page::Connection,
                word: "Connection",
                count: 0,
            },
        ];
        tabs(ui, &mut self.page, &entries);
        ui.add_space(space::S);
        if let Some(reason) = self.done.get().reason() {
            Banner::new(State::Error, &sentence(&text::clean(reason))).show(ui);
        }
        match self.page {
            Page::Resources => self.resources(ui, cx, here, part),
            Page::Settings => {
                ScrollArea::vertical()
                    .id_salt("settings")
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        egui::Frame::new()
                            .inner_margin(egui::Margin {
                                left: 0,
                                right: 12,
                                top: 0,
                                bottom: 12,
                            })
                            .show(ui, |ui| {
                                self.settings(ui, cx, here, part);
                                facts(ui, cx, part);
                            });
                    });
            }
            Page::Connection => {
                let refused = here.refused.as_deref();
                ScrollArea::vertical()
                    .id_salt("connection")
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        if checks.ui(ui, cx.now_ms, part, refused) {
                            wish = Some(Wish::Check);
                        }
                    });
            }
        }
        self.dialog(ui, cx, here, part);
        wish
    }

    fn settings(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, here: &Here<'_>, part: &MappingPart) {
        let Some(form) = &mut self.form else { return };
        ui.spacing_mut().item_spacing.y = space::M;
        let mut editing = Editing {
            form,
            faults: &self.faults,
            refused: here.refused.as_deref(),
            changed: None,
        };
        editing.internal(ui);
        editing.kind(ui);
        editing.principal(ui);
        editing.rfc(ui);
        editing.notes(ui);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            editing.exceptions(ui);
        });
        if let Some(rule) = editing.faults.beside(&SHOWN) {
            Banner::new(State::Error, &rule).show(ui);
        }
        let Some(what) = editing.changed else { return };
        match form.read(&part.virtual_address) {
            Ok(settings) => {
                let changed = self.change(cx, (here, part, what), move |fields| {
                    take(fields, &settings)
                });
                self.faults = changed.err().map(Faults::from).unwrap_or_default();
            }
            Err(faults) => self.faults = faults,
        }
    }

    fn resources(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, here: &Here<'_>, part: &MappingPart) {
        if matches!(
            part.protocol.family(),
            ProtocolFamily::Tcp | ProtocolFamily::Ldap
        ) {
            let text =
                "This protocol has no paths: whoever reaches the virtual system reaches all of it";
            Banner::new(State::Warn, text).show(ui);
            if part.resources.is_empty() {
                return;
            }
        }
        match self.resources.ui(ui, part, here.refused.as_deref()) {
            Some(Act::Dialog(entry)) => self.entry = Some(entry),
            Some(Act::Put { old, new }) => {
                let what = match (&old, &new) {
                    (Some(old), None) => format!("Remove {old}"),
                    (_, Some(new)) => format!("Change {}", new.path),
                    (None, None) => return,
                };
                let put =
                    move |fields: &mut MappingFields| replace(fields, old.as_ref(), new.as_ref());
                let wrong = self.change(cx, (here, part, &what), put).err();
                self.resources.wrong = wrong.map(|rule| sentence(&rule.rule));
            }
            None => {}
        }
    }

    /// The dialog of one resource.
    fn dialog(&mut self, ui: &Ui, cx: &mut Cx<'_>, here: &Here<'_>, part: &MappingPart) {
        let Some(mut entry) = self.entry.take() else {
            return;
        };
        let family = part.protocol.family();
        let old = entry.old.clone();
        let check = |one: &_| {
            let mut fields = MappingFields::clone(part);
            replace(&mut fields, old.as_ref(), Some(one));
            Mapping::try_from(fields).map(drop)
        };
        match entry.dialog(ui.ctx(), family, check) {
            (Answer::Open, _) => self.entry = Some(entry),
            (Answer::Confirmed, Some(new)) => {
                let what = match &old {
                    Some(old) => format!("Change {old}"),
                    None => format!("Add {}", new.path),
                };
                let put =
                    move |fields: &mut MappingFields| replace(fields, old.as_ref(), Some(&new));
                let wrong = self.change(cx, (here, part, &what), put).err();
                self.resources.wrong = wrong.map(|rule| sentence(&rule.rule));
            }
            (Answer::Confirmed | Answer::Dismissed, _) => {}
        }
    }
}

/// What it is, how it is, and what can be done with it.
fn head(ui: &mut Ui, here: &Here<'_>, part: &MappingPart) -> Option<Wish> {
    let tokens = ui.tokens();
    let mut wish = None;
    let address = part.virtual_address.to_string();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            if ui
                .add(IconButton::new(Icon::X, "Close the mapping"))
                .clicked()
            {
                wish = Some(Wish::Close);
            }
            wish = wish.or(more(ui, here));
            let refused = here.refused.as_deref();
            let check = Button::secondary("Check")
                .icon(Icon::PlugZap)
                .tooltip("Check the connection to the system");
            if ui
                .add(check.enabled_if(refused.is_none(), refused.unwrap_or_default()))
                .clicked()
            {
                wish = Some(Wish::Check);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let room = (ui.available_width() - size::CONTROL).max(0.0);
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.words(Text::Heading, tokens.text, address.as_str());
                });
                copy_button(ui, &address, "Virtual address");
            });
        });
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let (verdict, why) = judge(part);
        let (state, word) = verdict.shown();
        let shown = pill(ui, state, word);
        if let Some(why) = &why {
            shown.on_hover_text(why);
        }
        if let Some((state, word)) = marked(mark(here, part)) {
            pill(ui, state, word);
        }
        ui.words(
            Text::Small,
            tokens.text_3,
            why.unwrap_or_else(|| summary(part)),
        );
    });
    wish
}

fn more(ui: &mut Ui, here: &Here<'_>) -> Option<Wish> {
    let button = ui.add(IconButton::new(Icon::Ellipsis, "More for this mapping"));
    menu(&button, |ui| {
        let mut wish = None;
        if menu_item(ui, Some(Icon::FlaskConical), "Test access…", "").clicked() {
            wish = Some(Wish::Test);
        }
        menu_rule(ui);
        ui.add_enabled_ui(here.refused.is_none(), |ui| {
            for (icon, word, what) in [
                (Icon::CopyPlus, "Duplicate…", Wish::Duplicate),
                (
                    Icon::TextCursorInput,
                    "Change virtual address…",
                    Wish::Rename,
                ),
                (Icon::Trash2, "Remove", Wish::Remove),
            ] {
                let keys = if what == Wish::Remove { "Del" } else { "" };
                if menu_item(ui, Some(icon), word, keys).clicked() {
                    wish = Some(what);
                }
            }
        });
        wish
    })
    .flatten()
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, part: &MappingPart) {
    ui.add_space(space::M);
    keys(ui, |ui| {
        let added = part
            .creation_date
            .ms()
            .and_then(|ms| i64::try_from(ms).ok());
        let added = added.map_or_else(
            || "unknown".to_owned(),
            |ms| format!("{} ago", text::age(cx.now_ms, ms)),
        );
        key_row(ui, "Added", |ui| ui.quiet(added));
    });
}
