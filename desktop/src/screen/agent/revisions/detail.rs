//! What one revision changed, or what differs between two.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    DocumentTarget, Query, RevisionDetail, RevisionDiff, Target,
};
use underpass_shared::config::{Change, Revision};
use underpass_shared::rights::Access;

use super::super::common::{changed_parts, loaded};
use super::super::edit::prevented;
use super::review::Review;
use crate::changes::{self, Part};
use crate::cx::Cx;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{Button, Empty, Words as _, copy_button, select};

/// What a revision is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Against {
    /// The one before: what it changed.
    #[default]
    Before,
    /// What holds now.
    Now,
    /// Another one.
    Other(u64),
}

/// What the panel remembers.
#[derive(Default)]
pub(super) struct Detail {
    against: Against,
    of: Option<u64>,
    step: Slot<RevisionDetail>,
    diff: Slot<RevisionDiff>,
    /// The rows of the changes that were shown last, by the answer that they come from.
    rows: Option<(usize, Vec<Part>)>,
}

impl Detail {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        all: &[Revision],
        chosen: Option<u64>,
        review: &mut Option<Review>,
    ) {
        let found = all.iter().find(|one| Some(one.number) == chosen);
        let (Some(one), Some(agent)) = (found, cx.agent.map(Arc::clone)) else {
            return;
        };
        if self.of != Some(one.number) {
            *self = Self {
                of: Some(one.number),
                against: self.against,
                ..Self::default()
            };
        }
        let newest = all.first().map_or(one.number, |first| first.number);
        self.head(ui, cx, one, newest, review);
        ui.add_space(space::S);
        self.compare(ui, all, one.number);
        ui.add_space(space::S);
        let query = |with| Query {
            with,
            ..Query::default()
        };
        let id = agent.id;
        let with = match self.against {
            Against::Before => {
                let target = Target::Document(DocumentTarget::Revision(one.number));
                self.step
                    .request(cx.commands, id, &target, &Query::default());
                if let Some(found) = loaded(ui, cx.now_ms, &self.step) {
                    self.changes(ui, &found.changes);
                }
                return;
            }
            Against::Now => newest,
            Against::Other(with) => with,
        };
        let (from, to) = (one.number.min(with), one.number.max(with));
        self.diff.request(
            cx.commands,
            id,
            &Target::Document(DocumentTarget::RevisionDiff(from)),
            &query(Some(to)),
        );
        if let Some(found) = loaded(ui, cx.now_ms, &self.diff) {
            self.changes(ui, &found.changes);
        }
    }

    fn head(
        &self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        one: &Revision,
        newest: u64,
        review: &mut Option<Review>,
    ) {
        let tokens = ui.tokens();
        let reason = prevented(cx, Access::Subaccounts);
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let current = one.number == newest;
                let why = reason.as_deref().unwrap_or("It holds already");
                let restore = Button::secondary("Restore…").icon(Icon::History);
                if ui
                    .add(restore.enabled_if(reason.is_none() && !current, why))
                    .clicked()
                {
                    *review = Some(Review::restore(one.number, newest));
                }
                let why = reason.as_deref().unwrap_or_default();
                let undo = Button::secondary("Undo…").icon(Icon::Undo2);
                if ui.add(undo.enabled_if(reason.is_none(), why)).clicked() {
                    *review = Some(Review::undo(one.number, newest));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.words(Text::Title, tokens.text, format!("Revision {}", one.number));
                });
            });
        });
        let reason = text::sentence(&one.reason);
        ui.body(reason.as_str()).on_hover_text(reason);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let times = ui.times();
            let author = text::who(&one.author);
            ui.quiet(format!("{author} · {} ·", times.when(one.time_ms)))
                .on_hover_text(times.both(one.time_ms));
            let hash = one.content_hash.to_string();
            ui.words(
                Text::Mono,
                tokens.text_3,
                hash.chars().take(12).collect::<String>(),
            )
            .on_hover_text(&hash);
            copy_button(ui, &hash, "Hash of the content");
        });
    }

    fn compare(&mut self, ui: &mut Ui, all: &[Revision], number: u64) {
        let mut choices = vec![
            (
                Against::Before,
                "The revision before: what it changed".to_owned(),
            ),
            (Against::Now, "What holds now".to_owned()),
        ];
        let others = all.iter().filter(|one| one.number != number);
        choices.extend(others.map(|one| {
            let title = format!("Revision {} · {}", one.number, text::clean(&one.reason));
            (Against::Other(one.number), title)
        }));
        if choices.iter().all(|(choice, _)| *choice != self.against) {
            self.against = Against::Before;
        }
        if select(ui, "Compare with", &mut self.against, &choices, size::FORM) {
            self.diff.clear();
            self.rows = None;
        }
    }

    fn changes(&mut self, ui: &mut Ui, found: &[Change]) {
        if found.is_empty() {
            Empty {
                icon: Icon::Equal,
                title: "No difference",
                text: "Both hold the same configuration",
                action: None,
            }
            .show(ui);
            return;
        }
        // An answer is shared and never changed, so that its place tells it from others.
        let key = found.as_ptr().addr();
        if self.rows.as_ref().is_none_or(|(of, _)| *of != key) {
            self.rows = Some((key, changes::parts(found)));
        }
        let Some((_, parts)) = &mut self.rows else {
            return;
        };
        ui.quiet(format!(
            "{}, {}",
            text::plural(parts.len(), "part"),
            text::plural(changes::count(parts), "change")
        ));
        ScrollArea::vertical()
            .id_salt("revision-changes")
            .auto_shrink([false, false])
            .show(ui, |ui| changed_parts(ui, parts));
    }
}
