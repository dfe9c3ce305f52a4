//! What a template says, value by value.

use egui::Ui;
use lucide_icons::Icon;
use serde_json::Value;
use underpass_fleet::template::Template;

use super::super::rollouts::values::typed;
use super::editor::checked;
use super::variables::Edited;
use crate::changes;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{Banner, Column, Empty, IconButton, Table, TableState, Width, Words as _};

/// One line: something that the template says, or the head of several.
struct Line {
    depth: usize,
    /// Where, as RFC 6901 writes it.
    pointer: String,
    word: String,
    /// The value; none for heads.
    value: Option<Value>,
    /// Whether it can be left out.
    is_spare: bool,
}

/// What is remembered.
#[derive(Default)]
pub(super) struct Contents {
    table: TableState,
    /// The template that the lines are of, and the lines.
    lines: Option<(Template, Vec<Line>)>,
    /// The value that becomes a variable.
    variable: Option<(String, Edited)>,
    wrong: Option<String>,
}

const COLUMNS: [Column; 3] = [
    Column::text("WHAT", Width::AtLeast(220.0)).fixed(),
    Column::text("VALUE", Width::AtLeast(180.0)).fixed(),
    Column::text("", Width::Exact(60.0)).fixed(),
];

impl Contents {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, template: &mut Template) {
        if self.lines.as_ref().is_none_or(|(of, _)| of != template) {
            self.lines = Some((template.clone(), lines(template)));
        }
        if let Some(wrong) = &self.wrong {
            Banner::new(State::Error, wrong).show(ui);
            ui.add_space(space::S);
        }
        let mut left_out = None;
        if let Some((_, lines)) = &self.lines {
            if lines.is_empty() {
                Empty {
                    icon: Icon::File,
                    title: "It says nothing yet",
                    text: "What a template does not name stays as it is. Write it under As text, \
                           or make a template of an agent",
                    action: None,
                }
                .show(ui);
            } else {
                let variable = &mut self.variable;
                list(ui, cx, (&mut self.table, lines), variable, &mut left_out);
            }
        }
        if let Some(pointer) = left_out {
            self.change(template, |whole| remove(whole, &pointer));
        }
        if let Some((pointer, edited)) = &mut self.variable {
            let over = edited.show(
                ui.ctx(),
                "Make it a variable",
                template,
                |next, name, variable| {
                    next.variables.insert(name.to_owned(), variable);
                    if let Ok(mut whole) = serde_json::to_value(&*next)
                        && let Some(place) = whole.pointer_mut(pointer)
                    {
                        *place = format!("${{{name}}}").into();
                        if let Ok(changed) = serde_json::from_value(whole) {
                            *next = changed;
                        }
                    }
                },
            );
            if over {
                self.variable = None;
            }
        }
    }

    /// Changes the template as JSON, where the outcome is one.
    fn change(&mut self, template: &mut Template, change: impl FnOnce(&mut Value)) {
        let changed = serde_json::to_value(&*template).map_err(|error| error.to_string());
        let changed = changed.and_then(|mut whole| {
            change(&mut whole);
            let read: Template =
                serde_json::from_value(whole).map_err(|error| error.to_string())?;
            checked(&read)
        });
        match changed {
            Ok(changed) => {
                *template = changed;
                self.wrong = None;
            }
            Err(rule) => self.wrong = Some(text::sentence(&rule)),
        }
    }
}

fn list(
    ui: &mut Ui,
    cx: &Cx<'_>,
    (table, lines): (&mut TableState, &[Line]),
    variable: &mut Option<(String, Edited)>,
    left_out: &mut Option<String>,
) {
    let name = |row: usize| {
        let line = &lines[row];
        let value = line.value.as_ref().map(changes::value).unwrap_or_default();
        format!("{} {value}", line.word)
    };
    Table::new("template-contents", &COLUMNS, lines.len(), &name)
        .row_height(cx.prefs.row_height().min(30.0))
        .without_keyboard()
        .framed()
        .show(ui, table, |ui, row, column| {
            let (line, tokens) = (&lines[row], ui.tokens());
            match (column, &line.value) {
                (0, value) => {
                    ui.add_space(line.depth as f32 * space::L);
                    if value.is_none() {
                        ui.bold(line.word.as_str());
                    } else {
                        ui.words(Text::Mono, tokens.text_2, line.word.as_str());
                    }
                }
                (1, Some(value)) => {
                    let shown = changes::value(value);
                    let color = match value.as_str() {
                        Some(text) if text.contains("${") => tokens.accent_text,
                        _ => tokens.text,
                    };
                    ui.words(Text::Mono, color, shown);
                }
                (1, None) => {}
                (_, value) => {
                    let is_plain = value.as_ref().is_some_and(|value| {
                        let has = value.as_str().is_some_and(|text| text.contains("${"));
                        !has && !value.is_object() && !value.is_array() && !value.is_null()
                    });
                    if let Some(value) = value.as_ref().filter(|_| is_plain) {
                        let word = format!("Make {} a variable", line.word);
                        let button = IconButton::new(Icon::Variable, &word).small();
                        if ui.add(button).clicked() {
                            let name = proposed(&line.word);
                            let edited = Edited::for_value(name, value);
                            *variable = Some((line.pointer.clone(), edited));
                        }
                    }
                    if line.is_spare {
                        let word = format!("Leave out {}", line.word);
                        if ui.add(IconButton::new(Icon::X, &word).small()).clicked() {
                            *left_out = Some(line.pointer.clone());
                        }
                    }
                }
            }
        });
}

/// How a variable for a value is called until somebody says something else.
fn proposed(word: &str) -> String {
    let last = word.rsplit(['.', ']', '[']).find(|part| !part.is_empty());
    let plain = |one: &char| one.is_ascii_alphanumeric();
    last.unwrap_or_default().chars().filter(plain).collect()
}

/// All that a template says.
fn lines(template: &Template) -> Vec<Line> {
    let mut all = vec![];
    let Ok(whole) = serde_json::to_value(template) else {
        return all;
    };
    if let Some(Value::Object(settings)) = whole.get("settings") {
        all.push(head(0, "/settings", "Settings of the agent".to_owned()));
        for (name, value) in settings {
            leaves(
                &mut all,
                1,
                &format!("/settings/{}", part(name)),
                name,
                value,
            );
        }
    }
    let subaccounts = whole.get("subaccounts").and_then(Value::as_array);
    for (at, one) in subaccounts.into_iter().flatten().enumerate() {
        of_subaccount(&mut all, &format!("/subaccounts/{at}"), one);
    }
    all
}

fn head(depth: usize, pointer: &str, word: String) -> Line {
    Line {
        depth,
        pointer: pointer.to_owned(),
        word,
        value: None,
        is_spare: true,
    }
}

fn of_subaccount(all: &mut Vec<Line>, pointer: &str, one: &Value) {
    let wanted = one.get("match").and_then(Value::as_object);
    let wanted: Vec<String> = wanted
        .into_iter()
        .flatten()
        .map(|(_, value)| changes::value(value))
        .collect();
    let word = match wanted.as_slice() {
        [] => "All subaccounts".to_owned(),
        wanted => format!("Subaccounts of {}", text::clean(&wanted.join(" · "))),
    };
    all.push(head(0, pointer, word));
    for (name, value) in one
        .get("set")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        leaves(
            all,
            1,
            &format!("{pointer}/set/{}", part(name)),
            name,
            value,
        );
    }
    for (list, word) in [("mappings", "Mapping"), ("changeMappings", "In mapping")] {
        let mappings = one.get(list).and_then(Value::as_array);
        for (at, mapping) in mappings.into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/{list}/{at}");
            let address = mapping.get("virtualAddress").map(typed).unwrap_or_default();
            all.push(head(
                1,
                &pointer,
                format!("{word} {}", text::clean(&address)),
            ));
            for (name, value) in mapping.as_object().into_iter().flatten() {
                if name != "virtualAddress" {
                    leaves(all, 2, &format!("{pointer}/{}", part(name)), name, value);
                }
            }
        }
    }
    let gone = one.get("removeMappings").and_then(Value::as_array);
    for (at, address) in gone.into_iter().flatten().enumerate() {
        let pointer = format!("{pointer}/removeMappings/{at}");
        let word = format!("Without mapping {}", text::clean(&typed(address)));
        all.push(head(1, &pointer, word));
    }
    if one.get("onlyThese") == Some(&Value::Bool(true)) {
        let pointer = format!("{pointer}/onlyThese");
        all.push(head(1, &pointer, "Without all other mappings".to_owned()));
    }
}

/// The values of an object one by one; lists stay whole.
fn leaves(all: &mut Vec<Line>, depth: usize, pointer: &str, word: &str, value: &Value) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let pointer = format!("{pointer}/{}", part(name));
                leaves(all, depth, &pointer, &format!("{word}.{name}"), value);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => all.push(Line {
            depth,
            pointer: pointer.to_owned(),
            word: text::clean(word),
            value: Some(value.clone()),
            is_spare: true,
        }),
    }
}

/// A name within a pointer.
fn part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Takes out what is at a place.
fn remove(whole: &mut Value, pointer: &str) {
    let Some((above, name)) = pointer.rsplit_once('/') else {
        return;
    };
    match whole.pointer_mut(above) {
        Some(Value::Object(members)) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Ok(at) = name.parse::<usize>()
                && at < items.len()
            {
                items.remove(at);
            }
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}
