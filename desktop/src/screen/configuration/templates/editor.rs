//! One template: its variables, its contents, and what it would make of an agent.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, TemplateAct};
use underpass_fleet::profile::TemplateId;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::KeptTemplate;
use underpass_fleet::template::{Template, Values};

use super::contents::Contents;
use super::preview::Preview;
use super::title;
use super::variables::Variables;
use crate::cx::{Cx, Effect};
use crate::screen::configuration::{Wish, WishedChange};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, Field, IconButton, Words as _, flow, menu, menu_item, menu_rule, segmented,
};

const NAME_LEN_MAX: usize = 100;
const DESCRIPTION_LEN_MAX: usize = 500;
/// The longest text of a template that is edited by hand here.
const TEXT_LEN_MAX: usize = 2_000_000;

/// Lines of the text that are always there.
const ROWS: usize = 24;

/// What is shown of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Variables,
    Contents,
    Text,
    Preview,
}

/// What the page shall do.
pub(super) enum Out {
    Nothing,
    Duplicate(Box<Template>),
    File,
}

/// What is remembered of the template that is shown.
#[derive(Default)]
pub(super) struct Editor {
    of: Option<TemplateId>,
    part: Part,
    variables: Variables,
    contents: Contents,
    preview: Preview,
    /// The text as it is typed, and the rule that it breaks.
    text: Option<(String, Option<String>)>,
}

/// Whether a changed template is one; as it is read again.
pub(super) fn checked(template: &Template) -> Result<Template, String> {
    Template::from_json(&template.to_json()).map_err(|invalid| text::sentence(&invalid.to_string()))
}

impl Editor {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        kept: &Arc<KeptTemplate>,
        copy: &mut Option<Template>,
    ) -> Out {
        if self.of != Some(kept.id) {
            *self = Self {
                of: Some(kept.id),
                part: self.part,
                ..Self::default()
            };
        }
        let out = self.head(ui, cx, kept, copy);
        ui.add_space(space::XS);
        let mut template = copy.clone().unwrap_or_else(|| kept.template.clone());
        self.described(ui, &mut template);
        ui.add_space(space::S);
        let before = self.part;
        let choices = [
            (Part::Variables, "Variables"),
            (Part::Contents, "Contents"),
            (Part::Text, "As text"),
            (Part::Preview, "Preview"),
        ];
        segmented(ui, "Part of the template", &mut self.part, &choices);
        if before != self.part {
            self.text = None;
        }
        ui.add_space(space::S);
        match self.part {
            Part::Variables => self.variables.ui(ui, cx, &mut template),
            Part::Contents => self.contents.ui(ui, cx, &mut template),
            Part::Text => self.as_text(ui, &mut template),
            Part::Preview => self.preview.ui(ui, cx, &template),
        }
        *copy = (template != kept.template).then_some(template);
        out
    }

    fn head(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        kept: &Arc<KeptTemplate>,
        copy: &mut Option<Template>,
    ) -> Out {
        let mut out = Out::Nothing;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                let more = ui.add(IconButton::new(Icon::Ellipsis, "More"));
                menu(&more, |ui| {
                    if menu_item(ui, Some(Icon::Copy), "Duplicate", "").clicked() {
                        let mut other = kept.template.clone();
                        other.name = format!("{} (copy)", kept.template.name);
                        out = Out::Duplicate(Box::new(other));
                    }
                    if menu_item(ui, Some(Icon::Download), "Save as a file…", "").clicked() {
                        out = Out::File;
                    }
                    menu_rule(ui);
                    if menu_item(ui, Some(Icon::Trash2), "Delete the template", "").clicked() {
                        cx.send(Command::Template(TemplateAct::Remove(kept.id)));
                        cx.effects.push(Effect::TemplateRemoved(Arc::clone(kept)));
                    }
                });
                match &*copy {
                    Some(changed) => {
                        let wrong = checked(changed).err();
                        let reason = wrong.as_deref().unwrap_or_default();
                        let save = Button::primary("Save").icon(Icon::Check);
                        let save = save.enabled_if(wrong.is_none(), reason);
                        if ui.add(save).clicked() {
                            cx.send(Command::Template(TemplateAct::Keep {
                                id: Some(kept.id),
                                template: Box::new(changed.clone()),
                                done: Slot::default(),
                            }));
                            *copy = None;
                        } else if ui.add(Button::secondary("Discard")).clicked() {
                            *copy = None;
                            self.text = None;
                        }
                    }
                    None => {
                        let roll = Button::primary("Roll out…")
                            .icon(Icon::Rocket)
                            .enabled_if(!kept.template.is_empty(), "It changes nothing yet");
                        if ui.add(roll).clicked() {
                            let template = Box::new(kept.template.clone());
                            let change = WishedChange::Template(template, Box::<Values>::default());
                            cx.effects.push(Effect::RollOut(Box::new(Wish {
                                agents: vec![],
                                change: Some(change),
                            })));
                        }
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.words(Text::Title, ui.tokens().text, title(&kept.template));
                    if copy.is_some() {
                        ui.words(Text::Caption, ui.tokens().pending, "CHANGED, NOT SAVED");
                    }
                });
            });
        });
        out
    }

    fn described(&self, ui: &mut Ui, template: &mut Template) {
        let room = ui.available_width();
        flow(ui, |flow| {
            let name = (room * 0.36).max(180.0);
            flow.cell(name, |ui| {
                Field::new("Name", &mut template.name)
                    .limit(NAME_LEN_MAX)
                    .width(name)
                    .show(ui);
            });
            let rest = room - name - space::S;
            flow.cell(rest, |ui| {
                Field::new("Description", &mut template.description)
                    .hint("What it is for")
                    .limit(DESCRIPTION_LEN_MAX)
                    .width(rest)
                    .show(ui);
            });
        });
    }

    fn as_text(&mut self, ui: &mut Ui, template: &mut Template) {
        let (typed, wrong) = self.text.get_or_insert_with(|| (template.to_json(), None));
        if let Some(wrong) = wrong {
            Banner::new(State::Error, wrong)
                .detail("What is shown is not taken over until this is right")
                .show(ui);
            ui.add_space(space::S);
        }
        let changed = ScrollArea::vertical()
            .id_salt("template-text")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let field = Field::new("Template as JSON", typed)
                    .mono()
                    .rows(ROWS)
                    .limit(TEXT_LEN_MAX)
                    .width(f32::INFINITY);
                field.show(ui).changed()
            })
            .inner;
        if changed {
            match Template::from_json(typed) {
                Ok(read) => {
                    *template = read;
                    *wrong = None;
                }
                Err(invalid) => *wrong = Some(text::sentence(&invalid.to_string())),
            }
        }
    }
}
