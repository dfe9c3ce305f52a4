//! The variables of a template.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::template::{Kind, Template, Values, Variable};

use super::super::rollouts::values::{KINDS, typed};
use super::editor::checked;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{
    Answer, Banner, Button, Column, Dialog, Empty, Field, IconButton, Table, TableState, Width,
    Words as _, select, toggle,
};

const NAME_LEN_MAX: usize = 64;
const DESCRIPTION_LEN_MAX: usize = 500;

/// A variable as it is edited.
#[derive(Default)]
pub(super) struct Edited {
    /// How it was called before.
    before: Option<String>,
    pub(super) name: String,
    description: String,
    kind: Kind,
    is_required: bool,
    default: String,
    one_of: String,
    wrong: Option<String>,
}

impl Edited {
    fn new() -> Self {
        Self {
            is_required: true,
            ..Self::default()
        }
    }

    fn of(name: &str, variable: &Variable) -> Self {
        let one_of: Vec<String> = variable.one_of.iter().map(typed).collect();
        Self {
            before: Some(name.to_owned()),
            name: name.to_owned(),
            description: variable.description.clone(),
            kind: variable.kind,
            is_required: variable.default.is_none(),
            default: variable.default.as_ref().map(typed).unwrap_or_default(),
            one_of: one_of.join(", "),
            wrong: None,
        }
    }

    /// One that stands for a value, which is its default.
    pub(super) fn for_value(name: String, value: &serde_json::Value) -> Self {
        let kind = match value {
            serde_json::Value::Number(_) => Kind::Number,
            serde_json::Value::Bool(_) => Kind::Boolean,
            serde_json::Value::Null
            | serde_json::Value::String(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => Kind::Text,
        };
        Self {
            name,
            kind,
            default: typed(value),
            ..Self::default()
        }
    }

    /// The variable, where all that is typed is right.
    pub(super) fn read(&self) -> Result<Variable, String> {
        let mut template = Template::empty("");
        let plain = Variable {
            kind: self.kind,
            ..Variable::default()
        };
        template.variables.insert("value".to_owned(), plain);
        let read = |typed: &str| {
            let mut values = Values::default();
            let set = values.set(&template, "value", typed);
            set.map_err(|invalid| format!("{}: {}", text::clean(typed), invalid.rule))?;
            Ok::<_, String>(values.all.remove("value").unwrap_or_default())
        };
        let one_of = self.one_of.split(',').map(str::trim);
        let one_of = one_of.filter(|one| !one.is_empty()).map(read);
        Ok(Variable {
            description: self.description.trim().to_owned(),
            kind: self.kind,
            default: match self.is_required {
                true => None,
                false => Some(read(&self.default)?),
            },
            one_of: one_of.collect::<Result<_, _>>()?,
        })
    }

    /// Asks for it; `change` puts it into the template.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        title: &str,
        template: &mut Template,
        change: impl FnOnce(&mut Template, &str, Variable),
    ) -> bool {
        let ready = !self.name.trim().is_empty();
        let answer = Dialog::new("template-variable", title, "Take it")
            .wide()
            .enabled_if(ready, "Name it first")
            .show(ctx, |ui| self.form(ui));
        match answer {
            Answer::Open => return false,
            Answer::Dismissed => return true,
            Answer::Confirmed => {}
        }
        let name = self.name.trim().to_owned();
        let is_other = self.before.as_deref() != Some(name.as_str());
        if is_other && template.variables.contains_key(&name) {
            self.wrong = Some("Another variable is called so".to_owned());
            return false;
        }
        let mut next = template.clone();
        let read = self.read().and_then(|variable| {
            change(&mut next, &name, variable);
            checked(&next)
        });
        match read {
            Ok(next) => {
                *template = next;
                true
            }
            Err(rule) => {
                self.wrong = Some(text::sentence(&rule));
                false
            }
        }
    }

    fn form(&mut self, ui: &mut Ui) {
        Field::new("Name of the variable", &mut self.name)
            .hint("erpHost")
            .help("The template names it as ${name}")
            .mono()
            .limit(NAME_LEN_MAX)
            .show(ui);
        ui.add_space(space::S);
        Field::new("What it is for", &mut self.description)
            .optional()
            .limit(DESCRIPTION_LEN_MAX)
            .width(f32::INFINITY)
            .show(ui);
        ui.add_space(space::S);
        let kinds = KINDS.map(|(kind, word)| (kind, word.to_owned()));
        select(ui, "Kind", &mut self.kind, &kinds, 200.0);
        ui.add_space(space::S);
        toggle(ui, &mut self.is_required, "Every agent needs a value", None);
        if !self.is_required {
            Field::new("Default", &mut self.default)
                .help("What agents get for which nothing else is said")
                .mono()
                .show(ui);
        }
        ui.add_space(space::S);
        Field::new("One of", &mut self.one_of)
            .optional()
            .hint("2, 4")
            .help("The only values that it may have, apart by commas")
            .mono()
            .show(ui);
        if let Some(wrong) = &self.wrong {
            ui.add_space(space::S);
            Banner::new(State::Error, wrong).show(ui);
        }
    }
}

/// The list and its dialog.
#[derive(Default)]
pub(super) struct Variables {
    table: TableState,
    edited: Option<Edited>,
}

const COLUMNS: [Column; 5] = [
    Column::text("NAME", Width::Exact(140.0)).fixed(),
    Column::text("KIND", Width::Exact(80.0)).fixed(),
    Column::text("DEFAULT", Width::AtLeast(120.0)).fixed(),
    Column::text("DESCRIPTION", Width::AtLeast(140.0))
        .fixed()
        .spare(1),
    Column::text("", Width::Exact(60.0)).fixed(),
];

impl Variables {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, template: &mut Template) {
        ui.horizontal(|ui| {
            let add = Button::secondary("Add a variable…").icon(Icon::Plus);
            if ui.add(add).clicked() {
                self.edited = Some(Edited::new());
            }
            ui.quiet("Every agent has ${agent.label}, ${agent.group} and ${agent.id} as well");
        });
        ui.add_space(space::S);
        if template.variables.is_empty() {
            Empty {
                icon: Icon::Variable,
                title: "No variables",
                text: "All agents get the same. Under Contents a value becomes a variable by one \
                       click",
                action: None,
            }
            .show(ui);
        } else {
            self.list(ui, cx, template);
        }
        if let Some(edited) = &mut self.edited {
            let before = edited.before.clone();
            let title = match &before {
                Some(name) => format!("Variable {}", text::clean(name)),
                None => "Add a variable".to_owned(),
            };
            let over = edited.show(ui.ctx(), &title, template, |template, name, variable| {
                if let Some(before) = &before {
                    template.variables.remove(before);
                }
                template.variables.insert(name.to_owned(), variable);
            });
            if over {
                self.edited = None;
            }
        }
    }

    fn list(&mut self, ui: &mut Ui, cx: &Cx<'_>, template: &mut Template) {
        let mut removed = None;
        let rows: Vec<(&String, &Variable)> = template.variables.iter().collect();
        let name = |row: usize| format!("Variable {}", text::clean(rows[row].0));
        let edited = &mut self.edited;
        let out = Table::new("variables", &COLUMNS, rows.len(), &name)
            .row_height(cx.prefs.row_height())
            .without_keyboard()
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                let ((name, variable), tokens) = (rows[row], ui.tokens());
                match (column, &variable.default) {
                    (0, _) => drop(ui.words(Text::Mono, tokens.text, text::clean(name))),
                    (1, _) => {
                        let word = KINDS.iter().find(|(kind, _)| *kind == variable.kind);
                        ui.quiet(word.map_or("", |(_, word)| *word));
                    }
                    (2, Some(value)) => drop(ui.mono(text::clean(&typed(value)))),
                    (2, None) => drop(ui.words(Text::Small, tokens.warn, "required")),
                    (3, _) => drop(ui.quiet(text::clean(&variable.description))),
                    _ => {
                        let word = format!("Edit {}", text::clean(name));
                        if ui
                            .add(IconButton::new(Icon::Pencil, &word).small())
                            .clicked()
                        {
                            *edited = Some(Edited::of(name, variable));
                        }
                        let word = format!("Remove {}", text::clean(name));
                        if ui
                            .add(IconButton::new(Icon::Trash2, &word).small())
                            .clicked()
                        {
                            removed = Some((*name).clone());
                        }
                    }
                }
            });
        if let Some(row) = out.opened {
            let (name, variable) = rows[row];
            self.edited = Some(Edited::of(name, variable));
        }
        if let Some(name) = removed {
            template.variables.remove(&name);
        }
    }
}
