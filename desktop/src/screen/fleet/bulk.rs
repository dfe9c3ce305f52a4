//! What can be done with the agents that are ticked.

use std::collections::BTreeSet;

use egui::{Align, Context, CornerRadius, Frame, Layout, Margin, Stroke, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, Described};
use underpass_shared::id::AgentId;

use crate::command::UiCommand;
use crate::cx::Cx;
use crate::text;
use crate::theme::{Text, Themed as _, radius, size, space};
use crate::widget::{Answer, Button, ConfirmName, Dialog, Field, IconButton, Words as _};

/// The height of the bar.
pub(super) const HEIGHT: f32 = 50.0;
/// The longest tag.
const TAG_LEN: usize = 40;

/// Dialogs of the bar.
#[derive(Default)]
pub(super) struct Bulk {
    tag: Option<String>,
    remove: Option<ConfirmName>,
}

impl Bulk {
    pub(super) fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, selected: &mut BTreeSet<AgentId>) {
        let tokens = ui.tokens();
        Frame::new()
            .fill(tokens.selected)
            .stroke(Stroke::new(size::LINE, tokens.accent))
            .corner_radius(CornerRadius::same(radius::CARD))
            .inner_margin(Margin {
                left: 16,
                right: 10,
                top: 8,
                bottom: 8,
            })
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.set_height(size::CONTROL);
                    ui.words(
                        Text::Strong,
                        tokens.text,
                        format!("{} selected", text::count(selected.len())),
                    );
                    if ui
                        .add(IconButton::new(Icon::X, "Clear the selection").small())
                        .clicked()
                    {
                        cx.run(UiCommand::SelectNone);
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        self.actions(ui, cx, selected)
                    });
                });
            });
    }

    fn actions(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, selected: &BTreeSet<AgentId>) {
        ui.spacing_mut().item_spacing.x = space::S;
        if ui
            .add(Button::primary("Refresh").icon(Icon::RefreshCw))
            .clicked()
        {
            cx.commands
                .extend(selected.iter().map(|id| Command::Refresh(*id)));
        }
        if ui
            .add(Button::secondary("Connect now").icon(Icon::PlugZap))
            .clicked()
        {
            cx.commands
                .extend(selected.iter().map(|id| Command::Retry(*id)));
        }
        if ui
            .add(Button::secondary("Add tag…").icon(Icon::Tag))
            .clicked()
        {
            self.tag = Some(String::new());
        }
        // Beside the open panel there is room for an icon alone.
        let remove = if ui.available_width() < 330.0 {
            ui.add(IconButton::new(Icon::Trash2, "Remove…"))
        } else {
            ui.add(Button::secondary("Remove…").icon(Icon::Trash2))
        };
        if remove.clicked() {
            self.remove = Some(ConfirmName::default());
        }
    }

    pub(super) fn dialogs(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        selected: &mut BTreeSet<AgentId>,
    ) {
        let many = text::plural(selected.len(), "agent");
        if let Some(tag) = &mut self.tag {
            let ready = !tag.trim().is_empty();
            let answer = Dialog::new("tag", "Add a tag", "Add tag")
                .enabled_if(ready, "Type a tag first")
                .show(ctx, |ui| {
                    ui.paragraph(format!(
                        "{many} will have this tag; the filter finds them by it."
                    ));
                    ui.add_space(space::S);
                    Field::new("Tag", tag)
                        .limit(TAG_LEN)
                        .width(f32::INFINITY)
                        .show(ui)
                        .request_focus();
                });
            if answer == Answer::Confirmed {
                add_tag(cx, selected, tag.trim());
            }
            if answer != Answer::Open {
                self.tag = None;
            }
        }
        if let Some(confirm) = &mut self.remove {
            let loss = format!(
                "This app forgets {many} with their keys. The agents go on working; to manage them again you pair anew."
            );
            let answer = confirm.show(ctx, "Remove agents", "Remove", &loss, &many);
            if answer == Answer::Confirmed {
                cx.commands
                    .extend(selected.iter().map(|id| Command::Remove(*id)));
                selected.clear();
            }
            if answer != Answer::Open {
                self.remove = None;
            }
        }
    }
}

fn add_tag(cx: &mut Cx<'_>, selected: &BTreeSet<AgentId>, tag: &str) {
    for id in selected {
        let Some(agent) = cx.fleet.agent(*id) else {
            continue;
        };
        if agent.tags.iter().any(|own| &**own == tag) {
            continue;
        }
        let mut tags: Vec<String> = agent.tags.iter().map(|own| own.to_string()).collect();
        tags.push(tag.to_owned());
        let described = Described {
            label: agent.label.to_string(),
            group: agent.group.as_ref().map(|group| group.to_string()),
            tags,
        };
        cx.commands.push(Command::Describe {
            agent: *id,
            described,
        });
    }
}
