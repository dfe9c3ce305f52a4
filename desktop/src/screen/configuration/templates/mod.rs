//! Templates: what configurations shall have in common.

mod contents;
mod editor;
mod make;
mod preview;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, TemplateAct};
use underpass_fleet::profile::TemplateId;
use underpass_fleet::slot::Slot;
use underpass_fleet::template::Template;

use self::editor::Editor;
use self::make::Make;
use crate::cx::Cx;
use crate::screen::save::Save;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Button, Column, Empty, Table, TableState, Width, Words as _, dot, menu, menu_item,
};

/// Below this width the list stands above the template.
const WIDE: f32 = 860.0;
const LIST: f32 = 290.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub(super) struct TemplatesState {
    table: TableState,
    chosen: Option<TemplateId>,
    /// What was changed and not saved, by template.
    copies: BTreeMap<TemplateId, Template>,
    editor: Editor,
    make: Option<Make>,
    /// The number of a template that is being made.
    made: Slot<TemplateId>,
    save: Option<Save>,
}

impl TemplatesState {
    /// Goes to what was made just now, and away from what is gone.
    fn follow(&mut self, cx: &mut Cx<'_>) {
        if let Some(made) = self.made.take() {
            self.chosen = Some(*made.value);
        }
        if let underpass_fleet::remote::Remote::Unavailable { reason, .. } = &*self.made.get() {
            cx.tell(State::Error, text::sentence(reason));
            self.made.clear();
        }
        self.copies.retain(|id, _| cx.fleet.template(*id).is_some());
        let is_there = |id| cx.fleet.template(id).is_some();
        if !self.chosen.is_some_and(is_there) {
            self.chosen = cx.fleet.templates.first().map(|one| one.id);
        }
    }

    /// Keeps a new template.
    fn keep_new(&self, cx: &mut Cx<'_>, template: Template) {
        cx.send(Command::Template(TemplateAct::Keep {
            id: None,
            template: Box::new(template),
            done: self.made.clone(),
        }));
    }
}

/// Shows the tab.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TemplatesState) {
    state.follow(cx);
    if cx.fleet.templates.is_empty() {
        let empty = Empty {
            icon: Icon::LayoutTemplate,
            title: "No templates yet",
            text: "A template says what configurations shall have in common, with variables where \
                   agents differ. It is rolled out to many, and drift is found against it",
            action: Some("Make one of an agent…"),
        };
        if empty.show(ui) {
            state.make = Some(Make::of_agent(cx));
        }
        ui.vertical_centered(|ui| {
            if ui.add(Button::ghost("Read one from a file…")).clicked() {
                state.make = Some(Make::of_file());
            }
        });
    } else {
        body(ui, cx, state);
    }
    if let Some(make) = &mut state.make {
        match make.show(ui.ctx(), cx) {
            make::Made::Open => {}
            make::Made::Left => state.make = None,
            make::Made::Template(template) => {
                state.make = None;
                state.keep_new(cx, *template);
            }
        }
    }
    if let Some(save) = &mut state.save
        && save.show(ui.ctx(), cx)
    {
        state.save = None;
    }
}

fn body(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TemplatesState) {
    let (room, height) = (ui.available_width(), ui.available_height());
    if room < WIDE {
        ui.scope(|ui| {
            ui.set_max_height(height * 0.3);
            list(ui, cx, state);
        });
        ui.add_space(space::M);
        chosen(ui, cx, state);
        return;
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::L;
        ui.vertical(|ui| {
            ui.set_width(LIST);
            list(ui, cx, state);
        });
        ui.vertical(|ui| chosen(ui, cx, state));
    });
}

fn chosen(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TemplatesState) {
    let kept = state.chosen.and_then(|id| cx.fleet.template(id));
    let Some(kept) = kept.map(Arc::clone) else {
        return;
    };
    let mut copy = state.copies.remove(&kept.id);
    let out = state.editor.ui(ui, cx, &kept, &mut copy);
    if let Some(copy) = copy {
        state.copies.insert(kept.id, copy);
    }
    match out {
        editor::Out::Nothing => {}
        editor::Out::Duplicate(template) => state.keep_new(cx, *template),
        editor::Out::File => {
            let text = kept.template.to_json();
            let name = (kept.template.name.as_str(), "json");
            let words = "The template as it is kept; `underpass fleet template` reads it too.";
            state.save = Some(Save::new("Save the template", words, name, text));
        }
    }
}

const COLUMNS: [Column; 1] = [Column::text("TEMPLATE", Width::AtLeast(160.0)).fixed()];

fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TemplatesState) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let new = ui.add(Button::primary("New template").icon(Icon::Plus));
        menu(&new, |ui| {
            if menu_item(ui, Some(Icon::Server), "Of an agent…", "").clicked() {
                state.make = Some(Make::of_agent(cx));
            }
            if menu_item(ui, Some(Icon::FolderOpen), "From a file…", "").clicked() {
                state.make = Some(Make::of_file());
            }
            if menu_item(ui, Some(Icon::File), "An empty one", "").clicked() {
                state.keep_new(cx, Template::empty("New template"));
            }
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.quiet(text::plural(cx.fleet.templates.len(), "template"));
        });
    });
    ui.add_space(space::S);
    let all = Arc::clone(&cx.fleet.templates);
    let name = |row: usize| format!("Template {}", text::clean(&all[row].template.name));
    let chosen = state.chosen;
    let selected = |row: usize| Some(all[row].id) == chosen;
    let copies = &state.copies;
    let out = Table::new("templates", &COLUMNS, all.len(), &name)
        .row_height(size::LABELLED)
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, row, _column| {
            let (one, tokens) = (&all[row], ui.tokens());
            if copies.contains_key(&one.id) {
                dot(ui, State::Pending, "changed, not saved");
            }
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(6.0);
                ui.words(Text::Strong, tokens.text, title(&one.template));
                let variables = text::plural(one.template.variables.len(), "variable");
                let words = match one.template.description.as_str() {
                    "" => variables,
                    described => format!("{} · {variables}", text::clean(described)),
                };
                ui.words(Text::Small, tokens.text_3, words);
            });
        });
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = Some(all[row].id);
    }
}

fn title(template: &Template) -> String {
    match template.name.as_str() {
        "" => "Without a name".to_owned(),
        name => text::clean(name),
    }
}
