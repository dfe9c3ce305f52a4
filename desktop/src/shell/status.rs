//! The bar below each page: how fresh the data is, and what is being done.

use egui::{Align, Layout, Stroke, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::{JobSnapshot, JobState};

use super::results;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, IconButton, Words as _, dot, menu, pill, progress};

/// Shows the bar.
pub fn status(ui: &mut Ui, cx: &mut Cx<'_>, open_tasks: &mut bool) {
    let tokens = ui.tokens();
    let (state, words) = freshness(cx);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        dot(ui, state, &words);
        ui.words(Text::Caption, tokens.text_2, words);
        rule(ui);
        let answering = cx
            .fleet
            .agents
            .iter()
            .filter(|agent| agent.link.is_online())
            .count();
        ui.icon(Icon::ShieldCheck, size::ICON_SMALL, tokens.text_3);
        let total = cx.fleet.agents.len();
        ui.words(
            Text::Caption,
            tokens.text_3,
            format!(
                "{} of {} agents answer",
                text::count(answering),
                text::count(total)
            ),
        );
        if cx.fleet.is_demo {
            rule(ui);
            pill(ui, State::Info, "Demo: all data is made up");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.words(
                Text::Caption,
                tokens.text_3,
                concat!("v", env!("CARGO_PKG_VERSION")),
            );
            rule(ui);
            if ui
                .add(IconButton::new(Icon::Keyboard, "Keyboard shortcuts").small())
                .clicked()
            {
                cx.run(UiCommand::Shortcuts);
            }
            tasks(ui, cx, open_tasks);
        });
    });
}

fn freshness(cx: &Cx<'_>) -> (State, String) {
    match cx.digest.newest_ms {
        None if cx.fleet.agents.is_empty() => (State::Off, "No agents yet".to_owned()),
        None => (State::Off, "No data yet".to_owned()),
        Some(at) => {
            let age = text::age(cx.now_ms, at);
            let state = if cx.now_ms.saturating_sub(at) > 60_000 {
                State::Warn
            } else {
                State::Ok
            };
            let words = match (state, age.as_str()) {
                (State::Warn, _) => format!("No news for {age}"),
                (_, "now") => "Live".to_owned(),
                _ => format!("Live · newest data {age} ago"),
            };
            (state, words)
        }
    }
}

fn rule(ui: &mut Ui) {
    let (rect, _) =
        ui.allocate_exact_size(egui::vec2(space::S, size::STATUS), egui::Sense::hover());
    let line = Stroke::new(size::LINE, ui.tokens().border);
    ui.painter().vline(rect.center().x, rect.y_range(), line);
}

fn tasks(ui: &mut Ui, cx: &mut Cx<'_>, open: &mut bool) {
    let running = cx.fleet.running();
    let words = match running {
        0 => "No tasks running".to_owned(),
        many => format!("{} running", text::plural(many, "task")),
    };
    let icon = if running > 0 {
        Icon::LoaderCircle
    } else {
        Icon::ListTodo
    };
    let response = ui.add(Button::ghost(&words).icon(icon).small());
    if std::mem::take(open) {
        egui::Popup::toggle_id(ui.ctx(), egui::Popup::default_response_id(&response));
    }
    menu(&response, |ui| {
        ui.set_width(size::POPUP);
        if cx.fleet.jobs.is_empty() {
            ui.quiet("Nothing was done yet");
            return;
        }
        ui.spacing_mut().item_spacing.y = space::S;
        egui::ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                for job in cx.fleet.jobs.iter() {
                    task(ui, cx, job);
                }
            });
    });
}

fn task(ui: &mut Ui, cx: &mut Cx<'_>, job: &JobSnapshot) {
    let title = text::clean(&job.title);
    let total = job.parts.len();
    if job.state == JobState::Running {
        let share = (total > 1).then(|| job.finished() as f32 / total as f32);
        let detail = if total > 1 {
            format!("{} of {total} agents", job.finished())
        } else {
            String::new()
        };
        if progress(ui, &title, &detail, share, true) {
            cx.send(Command::Cancel(job.id));
        }
        return;
    }
    let (state, word) = match &job.state {
        JobState::Failed(failure) => (State::Error, text::clean(&failure.message)),
        JobState::Cancelled => (State::Off, "Cancelled".to_owned()),
        JobState::Done | JobState::Running => (State::Ok, "Done".to_owned()),
    };
    ui.horizontal(|ui| {
        dot(ui, state, &word);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.words(Text::Strong, ui.tokens().text, title);
            ui.quiet(word);
            if results::has_results(job) && ui.add(Button::ghost("Details").small()).clicked() {
                results::open(cx.effects, job.id);
                ui.close();
            }
        });
    });
}
