//! What of a mapped system may be called: the list, edited in place, and the dialog of one entry.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_shared::config::{
    Invalid, MappingFields, MappingPart, ProtocolFamily, Resource, ResourcePath,
};

use super::words::{reach, sentence};
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{
    Answer, Banner, Button, Column, Dialog, Empty, Field, IconButton, Inline, Table, TableState,
    Width, Words as _, checkbox, inline, menu, menu_item, menu_rule, segmented, toggle,
};

/// What the operator did with the resources.
pub(super) enum Act {
    /// Puts this in the place of an entry; nothing is an entry that is added, or removed.
    Put {
        old: Option<ResourcePath>,
        new: Option<Resource>,
    },
    /// Opens the dialog.
    Dialog(Box<Entry>),
}

/// What the list remembers.
#[derive(Default)]
pub(super) struct Resources {
    table: TableState,
    edit: Inline,
    /// What was wrong with the last edit.
    pub(super) wrong: Option<String>,
}

const COLUMNS: [Column; 6] = [
    Column::text("ON", Width::Exact(20.0)).fixed(),
    Column::text("PATH", Width::AtLeast(140.0)).fixed(),
    Column::text("ACCESS", Width::Exact(92.0)).fixed(),
    Column::text("WS", Width::Exact(22.0)).fixed().spare(1),
    Column::text("DESCRIPTION", Width::AtLeast(120.0))
        .fixed()
        .spare(2),
    Column::text("", Width::Exact(24.0)).fixed(),
];

impl Resources {
    /// Shows the list.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        part: &MappingPart,
        refused: Option<&str>,
    ) -> Option<Act> {
        let mut act = None;
        let enabled = part.resources.iter().filter(|one| one.enabled).count();
        ui.horizontal(|ui| {
            let words = format!("{enabled} of {} enabled", part.resources.len());
            ui.quiet(words);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let add = Button::secondary("Add resource…").icon(Icon::Plus).small();
                if ui
                    .add(add.enabled_if(refused.is_none(), refused.unwrap_or_default()))
                    .clicked()
                {
                    act = Some(Act::Dialog(Box::default()));
                }
            });
        });
        ui.add_space(space::XS);
        if let Some(wrong) = &self.wrong
            && Banner::new(State::Error, wrong).action("Dismiss").show(ui)
        {
            self.wrong = None;
        }
        if part.resources.is_empty() {
            let empty = Empty {
                icon: Icon::Lock,
                title: "Nothing may be called",
                text: "A resource opens one path, or a path with everything below it",
                action: refused.is_none().then_some("Add the first resource…"),
            };
            if empty.show(ui) {
                act = Some(Act::Dialog(Box::default()));
            }
            return act;
        }
        let name = |row: usize| {
            let one = &part.resources[row];
            let on = if one.enabled { "enabled" } else { "disabled" };
            format!("Resource {}, {}, {on}", one.path, reach(one))
        };
        let Self { table, edit, .. } = self;
        let out = Table::new("resources", &COLUMNS, part.resources.len(), &name)
            .without_keyboard()
            .framed()
            .show(ui, table, |ui, row, column| {
                let one = &part.resources[row];
                if let Some(done) = cell(ui, one, column, refused, edit) {
                    act = Some(done);
                }
            });
        if let Some(row) = out.opened
            && refused.is_none()
        {
            act = Some(Act::Dialog(Box::new(Entry::of(&part.resources[row]))));
        }
        act
    }
}

fn cell(
    ui: &mut Ui,
    one: &Resource,
    column: usize,
    refused: Option<&str>,
    edit: &mut Inline,
) -> Option<Act> {
    let allowed = refused.is_none();
    let put = |new: Resource| Act::Put {
        old: Some(one.path.clone()),
        new: Some(new),
    };
    match column {
        0 => tick(ui, one, allowed, (one.enabled, "Enable"), |new| {
            new.enabled = !one.enabled;
        })
        .map(put),
        1 => {
            let name = format!("Path {}", one.path);
            let path = inline(ui, &name, one.path.as_str(), Text::Mono, refused, edit)?;
            Some(taken(Entry {
                path,
                ..Entry::of(one)
            }))
        }
        2 => {
            let chosen = ui.add_enabled_ui(allowed, |ui| access(ui, one));
            chosen.inner.map(put)
        }
        3 => {
            let on = one.websocket_upgrade_allowed;
            tick(ui, one, allowed, (on, "WebSocket for"), |new| {
                new.websocket_upgrade_allowed = !on;
            })
            .map(put)
        }
        4 => {
            let name = format!("Description of {}", one.path);
            let description = inline(ui, &name, &one.description, Text::Small, refused, edit)?;
            Some(taken(Entry {
                description,
                ..Entry::of(one)
            }))
        }
        _ => more(ui, one, allowed),
    }
}

/// What was typed in place. Where it breaks a rule, the dialog tells which, and keeps it.
fn taken(entry: Entry) -> Act {
    match entry.read() {
        Ok(new) => Act::Put {
            old: entry.old,
            new: Some(new),
        },
        Err(_) => Act::Dialog(Box::new(entry)),
    }
}

/// A box in a row; the entry with what it changes when it was ticked.
fn tick(
    ui: &mut Ui,
    one: &Resource,
    allowed: bool,
    (on, word): (bool, &str),
    change: impl FnOnce(&mut Resource),
) -> Option<Resource> {
    let name = format!("{word} {}", one.path);
    let ticked = ui.add_enabled_ui(allowed, |ui| checkbox(ui, Some(on), &name));
    ticked.inner.clicked().then(|| {
        let mut new = one.clone();
        change(&mut new);
        new
    })
}

/// The choice of what below the path is open.
fn access(ui: &mut Ui, one: &Resource) -> Option<Resource> {
    let name = reach(one);
    let button = ui.add(Button::ghost(name).small().trailing(Icon::ChevronDown));
    menu(&button, |ui| {
        let mut chosen = None;
        for (exact, word) in [
            (true, "This path only"),
            (false, "The path and all sub-paths"),
        ] {
            let on = one.exact_match_only == exact && !one.risky_prefix_match;
            if menu_item(ui, on.then_some(Icon::Check), word, "").clicked() {
                chosen = Some(Resource {
                    exact_match_only: exact,
                    risky_prefix_match: false,
                    ..one.clone()
                });
            }
        }
        chosen
    })
    .flatten()
}

fn more(ui: &mut Ui, one: &Resource, allowed: bool) -> Option<Act> {
    let button =
        ui.add(IconButton::new(Icon::Ellipsis, &format!("Actions for {}", one.path)).small());
    menu(&button, |ui| {
        ui.add_enabled_ui(allowed, |ui| {
            let mut act = None;
            if menu_item(ui, Some(Icon::Pencil), "Edit…", "").clicked() {
                act = Some(Act::Dialog(Box::new(Entry::of(one))));
            }
            if menu_item(ui, Some(Icon::CopyPlus), "Duplicate…", "").clicked() {
                act = Some(Act::Dialog(Box::new(Entry {
                    old: None,
                    ..Entry::of(one)
                })));
            }
            menu_rule(ui);
            if menu_item(ui, Some(Icon::Trash2), "Remove", "").clicked() {
                act = Some(Act::Put {
                    old: Some(one.path.clone()),
                    new: None,
                });
            }
            act
        })
        .inner
    })
    .flatten()
}

/// Puts an entry in the place of another.
pub(super) fn replace(
    fields: &mut MappingFields,
    old: Option<&ResourcePath>,
    new: Option<&Resource>,
) {
    fields.resources.retain(|one| Some(&one.path) != old);
    fields.resources.extend(new.cloned());
}

/// An entry as it is typed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) old: Option<ResourcePath>,
    pub(super) path: String,
    enabled: bool,
    exact: bool,
    websocket: bool,
    risky: bool,
    description: String,
    before: Option<Resource>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            old: None,
            path: String::new(),
            enabled: true,
            exact: true,
            websocket: false,
            risky: false,
            description: String::new(),
            before: None,
        }
    }
}

impl Entry {
    fn of(one: &Resource) -> Self {
        Self {
            old: Some(one.path.clone()),
            path: one.path.to_string(),
            enabled: one.enabled,
            exact: one.exact_match_only,
            websocket: one.websocket_upgrade_allowed,
            risky: one.risky_prefix_match,
            description: one.description.to_string(),
            before: Some(one.clone()),
        }
    }

    /// The entry, if its fields keep to their rules.
    pub(super) fn read(&self) -> Result<Resource, Invalid> {
        let path: ResourcePath = self
            .path
            .trim()
            .parse()
            .map_err(|rule| wrong("path", &rule))?;
        let description = self
            .description
            .parse()
            .map_err(|rule| wrong("description", &rule))?;
        let before = self.before.as_ref().filter(|_| self.old.is_some());
        let creation_date = before.map(|one| one.creation_date).unwrap_or_default();
        Ok(Resource {
            enabled: self.enabled,
            exact_match_only: self.exact,
            websocket_upgrade_allowed: self.websocket,
            risky_prefix_match: self.risky && !self.exact,
            description,
            creation_date,
            ..Resource::closed(path)
        })
    }

    /// Shows its fields; what is wrong stands below the path.
    pub(super) fn fields(&mut self, ui: &mut Ui, family: ProtocolFamily, error: Option<&Invalid>) {
        // Its names of fields are those of the mapping too.
        ui.push_id("resource", |ui| self.show(ui, family, error));
    }

    fn show(&mut self, ui: &mut Ui, family: ProtocolFamily, error: Option<&Invalid>) {
        ui.spacing_mut().item_spacing.y = space::S;
        let of = |field: &str| {
            error
                .filter(|rule| rule.field == field)
                .map(|rule| sentence(&rule.rule))
        };
        let path = of("path").or_else(|| of("resources"));
        let path = path.filter(|_| !self.path.is_empty());
        let help = "As the back end knows it, without the part behind ?";
        Field::new("Path", &mut self.path)
            .mono()
            .hint("/sap/opu/odata")
            .help(help)
            .error(path.as_deref())
            .width(f32::INFINITY)
            .show(ui);
        ui.words(Text::Caption, ui.tokens().text_2, "Access");
        let choices = [(true, "This path only"), (false, "Path and all sub-paths")];
        if segmented(ui, "Access", &mut self.exact, &choices) {
            self.risky = false;
        }
        toggle(ui, &mut self.enabled, "Enabled", None);
        if family == ProtocolFamily::Http {
            toggle(ui, &mut self.websocket, "Allow upgrades to WebSocket", None);
        }
        let description = of("description");
        Field::new("Description of the resource", &mut self.description)
            .optional()
            .error(description.as_deref())
            .width(f32::INFINITY)
            .show(ui);
    }

    /// The dialog; the entry when it is taken.
    pub(super) fn dialog(
        &mut self,
        ctx: &Context,
        family: ProtocolFamily,
        check: impl Fn(&Resource) -> Result<(), Invalid>,
    ) -> (Answer, Option<Resource>) {
        let read = self.read().and_then(|one| check(&one).map(|()| one));
        let (title, action) = match &self.old {
            Some(_) => ("Edit resource", "Save"),
            None => ("Add resource", "Add"),
        };
        let reason = match &read {
            Err(_) if self.path.is_empty() => "Type a path first".to_owned(),
            Err(rule) => sentence(&rule.rule),
            Ok(_) => String::new(),
        };
        let error = read.as_ref().err();
        let answer = Dialog::new("resource", title, action)
            .enabled_if(read.is_ok(), &reason)
            .show(ctx, |ui| self.fields(ui, family, error));
        (answer, read.ok())
    }
}

fn wrong(field: &str, rule: &impl std::fmt::Display) -> Invalid {
    Invalid::new(field, rule.to_string())
}
