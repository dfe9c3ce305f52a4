//! What came of something that was done on many agents, one by one.

use egui::{Align, Context, Layout, ScrollArea, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::Issued;
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, copy_button, pill};

/// What is done on one agent.
pub(super) struct Part {
    pub(super) agent: AgentId,
    pub(super) label: String,
    pub(super) title: String,
    pub(super) call: Call,
    pub(super) sent: Slot<Reply>,
}

impl Part {
    fn is_done(&self) -> bool {
        let told = self.sent.get();
        told.value().is_some() && told.reason().is_none()
    }

    pub(super) fn send(&mut self, cx: &mut Cx<'_>) {
        self.sent = Slot::default();
        cx.send(Command::Call(Change {
            agent: self.agent,
            call: self.call.clone(),
            title: self.title.clone(),
            done: self.sent.clone(),
        }));
    }
}

/// Shows what came of it; true when it shall close.
pub(super) fn results(parts: &mut [Part], ctx: &Context, cx: &mut Cx<'_>) -> bool {
    const ROOM: f32 = 320.0;
    let failed = parts
        .iter()
        .filter(|part| part.sent.get().reason().is_some())
        .count();
    let done = parts.iter().filter(|part| part.is_done()).count();
    // What failed is read first.
    parts.sort_by_key(|part| (part.sent.get().reason().is_none(), part.label.clone()));
    let answer = Dialog::new(
        "bulk results",
        "One operator on many agents",
        "Try the failed again",
    )
    .wide()
    .way_out("Close")
    .enabled_if(failed > 0, "Nothing failed")
    .show(ctx, |ui| {
        let all = text::plural(parts.len(), "agent");
        let (state, text) = match failed {
            0 if done == parts.len() => (State::Ok, format!("Done on {all}")),
            0 => (State::Pending, format!("Done on {done} of {all}")),
            _ => (State::Error, format!("Failed on {failed} of {all}")),
        };
        Banner::new(state, &text).show(ui);
        ui.add_space(space::S);
        ScrollArea::vertical()
            .id_salt("bulk results")
            .max_height(ROOM)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::XS;
                for part in parts.iter() {
                    result(ui, part, &part.sent.get());
                }
            });
    });
    if answer == Answer::Confirmed {
        for part in parts
            .iter_mut()
            .filter(|part| part.sent.get().reason().is_some())
        {
            part.send(cx);
        }
    }
    answer == Answer::Dismissed
}

fn result(ui: &mut Ui, part: &Part, told: &Remote<Reply>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match (told.reason(), told.value()) {
                (Some(_), _) => drop(pill(ui, State::Error, "Failed")),
                (None, Some(reply)) => {
                    pill(ui, State::Ok, "Done");
                    if let Ok(issued) = reply.read::<Issued>() {
                        copy_button(
                            ui,
                            &issued.certificate,
                            &format!("certificate for {}", part.label),
                        );
                    }
                }
                (None, None) => drop(pill(ui, State::Pending, "Running")),
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.bold(part.label.as_str());
                if let Some(reason) = told.reason() {
                    let reason = text::clean(reason);
                    ui.words(Text::Small, ui.tokens().error, reason.as_str())
                        .on_hover_text(reason);
                }
            });
        });
    });
}
