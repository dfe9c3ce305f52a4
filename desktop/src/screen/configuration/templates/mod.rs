//! Templates: what configurations shall have in common.

mod contents;
mod editor;
mod make;
mod preview;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::command::{Command, TemplateAct};
use underpass_fleet::profile::TemplateId;
use underpass_fleet::slot::Slot;
use underpass_fleet::template::Template;

use self::editor::Editor;
use self::make::Make;
use super::listed::{Line, Listed};
use crate::cx::Cx;
use crate::screen::save::Save;
use crate::text;
use crate::theme::State;
use crate::widget::{Button, Empty, TableState, menu, menu_item};

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
    let all = Arc::clone(&cx.fleet.templates);
    let lines: Vec<Line> = all
        .iter()
        .map(|one| line(&one.template, state.copies.contains_key(&one.id)))
        .collect();
    let listed = Listed {
        one: "template",
        head: "TEMPLATE",
        lines: &lines,
        chosen: all.iter().position(|one| Some(one.id) == state.chosen),
        now_ms: cx.now_ms,
    };
    let mut table = std::mem::take(&mut state.table);
    let mut wanted = None;
    let taken = listed.show(
        ui,
        &mut table,
        |ui| wanted = new(ui),
        |ui| chosen(ui, cx, state),
    );
    state.table = table;
    match wanted {
        Some(New::OfAgent) => state.make = Some(Make::of_agent(cx)),
        Some(New::OfFile) => state.make = Some(Make::of_file()),
        Some(New::Empty) => state.keep_new(cx, Template::empty("New template")),
        None => {}
    }
    if let Some(one) = taken.and_then(|at| all.get(at)) {
        state.chosen = Some(one.id);
    }
}

/// Where a new template comes from.
#[derive(Clone, Copy, Debug)]
enum New {
    OfAgent,
    OfFile,
    Empty,
}

/// The button that makes one; tells of what.
fn new(ui: &mut Ui) -> Option<New> {
    let mut wanted = None;
    let new = ui.add(Button::primary("New template").icon(Icon::Plus));
    menu(&new, |ui| {
        for (icon, word, of) in [
            (Icon::Server, "Of an agent…", New::OfAgent),
            (Icon::FolderOpen, "From a file…", New::OfFile),
            (Icon::File, "An empty one", New::Empty),
        ] {
            if menu_item(ui, Some(icon), word, "").clicked() {
                wanted = Some(of);
            }
        }
    });
    wanted
}

fn line(template: &Template, is_changed: bool) -> Line {
    let variables = text::plural(template.variables.len(), "variable");
    Line {
        name: format!("Template {}", text::clean(&template.name)),
        mark: is_changed.then_some((State::Pending, "changed, not saved")),
        title: title(template),
        detail: match template.description.as_str() {
            "" => variables,
            described => format!("{} · {variables}", text::clean(described)),
        },
        at_ms: None,
    }
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

fn title(template: &Template) -> String {
    match template.name.as_str() {
        "" => "Without a name".to_owned(),
        name => text::clean(name),
    }
}
