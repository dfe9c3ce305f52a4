//! What became of fields that were not simply carried, and what is left to do.

use egui::Ui;
use underpass_shared::scc::{At, Finding, Kind, Report};

use crate::text;
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Words as _, card};

/// Most places that are shown of one finding; the report has all.
const PLACES: usize = 5;

/// What the tab of one kind says above its list.
const fn explained(kind: Kind) -> &'static str {
    match kind {
        Kind::NotCarried => "These fields stay at the connector, each with the reason",
        Kind::Changed => "These were made to fit",
        Kind::WithoutEffect => "These are kept, and this version does nothing with them",
        Kind::NotRead => "The connector refused to tell these; what they hold is not in the plan",
        Kind::State => "States, and what follows from other fields",
    }
}

/// All findings of one kind.
pub(super) fn of(ui: &mut Ui, report: &Report, kind: Kind) {
    ui.quiet(explained(kind));
    let mut none = true;
    for one in report.of(kind) {
        none = false;
        card(ui, |ui| finding(ui, one));
    }
    if none {
        ui.body("None");
    }
    if kind == Kind::NotCarried {
        ui.add_space(space::S);
        ui.bold("What the connector's API does not tell");
        for one in &report.untold {
            let line = format!(
                "{}: {}",
                text::sentence(&one.what),
                text::clean(&one.remedy)
            );
            ui.quiet(line.as_str()).on_hover_text(line);
        }
    }
}

fn finding(ui: &mut Ui, one: &Finding) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if !one.field.is_empty() {
            ui.words(Text::Mono, tokens.text, text::clean(&one.field));
        }
        ui.quiet(text::plural(one.places.len(), "place"));
    });
    ui.paragraph(text::sentence(&one.why));
    let lines = one.places.iter().map(|at: &At| match &at.value {
        Some(value) => format!("{}: {value}", at.place),
        None => at.place.clone(),
    });
    let lines: Vec<String> = lines.collect();
    places(ui, &lines);
}

/// What something concerns.
pub(super) fn places(ui: &mut Ui, all: &[String]) {
    for place in all.iter().take(PLACES).filter(|place| !place.is_empty()) {
        let shown = text::clean(place);
        let color = ui.tokens().text_3;
        ui.words(Text::Mono, color, shown.as_str())
            .on_hover_text(shown);
    }
    if all.len() > PLACES {
        let more = text::count(all.len() - PLACES);
        ui.quiet(format!("and {more} more; the report names all"));
    }
}

/// What is left to do, in its order.
pub(super) fn todo(ui: &mut Ui, report: &Report) {
    if report.steps.is_empty() {
        ui.body("Nothing");
    }
    for (number, step) in report.steps.iter().enumerate() {
        ui.paragraph(format!("{}. {}", number + 1, text::sentence(step)));
    }
}
