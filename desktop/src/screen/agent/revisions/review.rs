//! Taking a revision back, or going back to one: what that would change is seen before it is done.

use egui::{ScrollArea, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{DocumentTarget, Preview, Target, Verb};
use underpass_shared::config::ConfirmWithin;

use super::super::common::{changed_parts, shown};
use super::super::edit::act_into;
use crate::changes::{self, Part};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Field, Words as _, select};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One revision is taken back; later ones stay.
    Undo,
    /// The whole configuration becomes what it was.
    Restore,
}

/// The dialog.
pub(super) struct Review {
    way: Way,
    number: u64,
    /// The revision that the preview is of; the change is refused on another one.
    newest: u64,
    preview: Slot<Preview>,
    asked: bool,
    parts: Option<Vec<Part>>,
    typed: String,
    within: u32,
}

impl Review {
    pub(super) fn undo(number: u64, newest: u64) -> Self {
        Self::new(Way::Undo, number, newest)
    }

    pub(super) fn restore(number: u64, newest: u64) -> Self {
        Self::new(Way::Restore, number, newest)
    }

    fn new(way: Way, number: u64, newest: u64) -> Self {
        Self {
            way,
            number,
            newest,
            preview: Slot::default(),
            asked: false,
            parts: None,
            typed: String::new(),
            within: 0,
        }
    }

    fn call(&self) -> Call {
        let target = match self.way {
            Way::Undo => Target::Document(DocumentTarget::Undo(self.number)),
            Way::Restore => Target::Document(DocumentTarget::Restore(self.number)),
        };
        let mut call = Call::new(Verb::Post, target).if_match(self.newest);
        call.query.confirm_within = self.within.to_string().parse::<ConfirmWithin>().ok();
        call
    }

    fn title(&self) -> String {
        match self.way {
            Way::Undo => format!("Undo revision {}", self.number),
            Way::Restore => format!("Restore revision {}", self.number),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let Some(agent) = cx.agent.map(|agent| agent.id) else {
            return true;
        };
        if !self.asked {
            self.asked = true;
            cx.send(Command::Try(Trial::new(agent, self.call(), &self.preview)));
        }
        let preview = self.preview.get();
        if let (Some(found), None) = (preview.value(), &self.parts) {
            self.parts = Some(changes::parts(&found.changes));
        }
        let empty = self.parts.as_ref().is_some_and(Vec::is_empty);
        let reason = match (&self.parts, self.way) {
            (None, _) => Some("What it changes is not known yet"),
            (Some(_), _) if empty => Some("It would change nothing"),
            (Some(_), Way::Restore) if self.typed.trim() != self.number.to_string() => {
                Some("Type the number first")
            }
            (Some(_), _) => None,
        };
        let title = self.title();
        let mut dialog = Dialog::new("review-revision", &title, &title)
            .wide()
            .enabled_if(reason.is_none(), reason.unwrap_or_default());
        if self.way == Way::Restore {
            dialog = dialog.danger();
        }
        let mut retry = false;
        let answer = dialog.show(ui.ctx(), |ui| retry = self.body(ui, cx.now_ms));
        if retry {
            // It may be refused because somebody changed something meanwhile.
            let known = cx.agent.and_then(|agent| agent.configuration.value());
            self.newest = known.map_or(self.newest, |known| known.revision);
            self.asked = false;
        }
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                act_into(cx, self.call(), title, &Slot::<Reply>::default());
                true
            }
        }
    }

    fn body(&mut self, ui: &mut Ui, now_ms: i64) -> bool {
        ui.paragraph(match self.way {
            Way::Undo => "Only what this revision changed becomes what it was; later changes of other parts stay.",
            Way::Restore => "The whole configuration becomes what it was. Operators and users with a password stay as they are now.",
        });
        let (_, retry) = shown(ui, now_ms, &self.preview.get());
        if let Some(parts) = &mut self.parts {
            if parts.is_empty() {
                Banner::new(State::Info, "Nothing would change").show(ui);
            } else {
                ui.quiet(format!(
                    "{} would change",
                    text::plural(parts.len(), "part")
                ));
                let room = (ui.ctx().content_rect().height() - 460.0).clamp(120.0, 340.0);
                ScrollArea::vertical()
                    .id_salt("review-changes")
                    .max_height(room)
                    .auto_shrink([false, true])
                    .show(ui, |ui| changed_parts(ui, parts));
            }
        }
        ui.add_space(space::S);
        let choices = [
            (0, "No: it stays".to_owned()),
            (60, "Unless I confirm within 1 minute".to_owned()),
            (300, "Unless I confirm within 5 minutes".to_owned()),
            (900, "Unless I confirm within 15 minutes".to_owned()),
        ];
        select(
            ui,
            "Take it back by itself",
            &mut self.within,
            &choices,
            size::FORM,
        );
        if self.way == Way::Restore {
            ui.add_space(space::S);
            let label = format!("Type {} to confirm", self.number);
            let number = self.number.to_string();
            Field::new(&label, &mut self.typed)
                .hint(&number)
                .mono()
                .show(ui);
        }
        retry
    }
}
