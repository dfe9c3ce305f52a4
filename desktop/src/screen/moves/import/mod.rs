//! The wizard that brings the configuration of an SAP Cloud Connector to an agent: read, decide,
//! see what would change, apply as one revision.

mod apply;
mod connector;
mod decide;
mod findings;
mod result;

use egui::Context;
use underpass_fleet::Reply;
use underpass_fleet::slot::Slot;
use underpass_shared::scc::Reading;

use self::apply::Apply;
use self::connector::Connector;
use self::decide::Decide;
use super::report::Report;
use crate::cx::Cx;
use crate::screen::save::Save;
use crate::text;
use crate::theme::State;
use crate::widget::{Turn, Wizard};

const STEPS: [&str; 4] = ["Connector", "Decisions", "Changes", "Result"];

const SAVE: &str = "Save what was read";
const SAVE_WORDS: &str =
    "It holds no passwords. An import can begin with it in place of a running connector.";

/// Where one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Connector,
    Decide,
    Apply,
    Result,
}

/// The wizard.
#[derive(Default)]
pub(super) struct Import {
    step: Step,
    connector: Connector,
    reading: Option<std::sync::Arc<Reading>>,
    decide: Decide,
    apply: Apply,
    report: Option<Report>,
    save: Option<Save>,
    /// Whether what was read shall be saved.
    keeps: bool,
}

impl Import {
    /// Shows the wizard; true when it is over.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        self.advance(cx);
        let refused = self.refused(cx).map(|rule| text::sentence(&rule));
        let label = self.apply.label(cx);
        let next = match self.step {
            Step::Connector => "Read".to_owned(),
            Step::Decide => "Continue".to_owned(),
            Step::Apply if label.is_empty() => "Apply".to_owned(),
            Step::Apply => format!("Apply to {label}"),
            Step::Result => "Close".to_owned(),
        };
        let title = "Import from SAP Cloud Connector";
        let wizard = Wizard::new("import-scc", title, &STEPS, self.step as usize);
        let turn = wizard
            .page()
            .next(&next)
            .done(self.step == Step::Result)
            .enabled_if(refused.is_none(), refused.as_deref().unwrap_or_default())
            .show(ctx, |ui| match self.step {
                Step::Connector => self.connector.ui(ui, cx),
                Step::Decide => self.decisions(ui, cx),
                Step::Apply => self.changes(ui, cx),
                Step::Result => self.result(ui, cx),
            });
        let over = match turn {
            Turn::Stay => false,
            Turn::Cancel => true,
            Turn::Next if self.step == Step::Result => true,
            Turn::Next => {
                self.next(ctx, cx);
                false
            }
            Turn::Back => {
                self.back();
                false
            }
        };
        self.dialogs(ctx, cx);
        over
    }

    /// Reports and readings are saved above the wizard.
    fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let planned = match self.step {
            Step::Apply | Step::Result => self.apply.planned(),
            Step::Connector | Step::Decide => self.decide.planned(),
        };
        if let (Some(report), Some(planned)) = (&mut self.report, planned) {
            let markdown = || planned.report.to_markdown();
            let json = || serde_json::to_string_pretty(&planned.report);
            if report.ask(ctx, cx, ("import", markdown, json)) {
                self.report = None;
            }
        }
        if std::mem::take(&mut self.keeps)
            && let Some(reading) = &self.reading
        {
            match reading.to_json() {
                Ok(text) => self.save = Some(Save::new(SAVE, SAVE_WORDS, ("scc", "json"), text)),
                Err(error) => cx.tell(State::Error, error.to_string()),
            }
        }
        if let Some(save) = &mut self.save
            && save.show(ctx, cx)
        {
            self.save = None;
        }
    }

    /// What was waited for came.
    fn advance(&mut self, cx: &mut Cx<'_>) {
        if let Some(reading) = self.connector.came() {
            self.decide.begin(&reading);
            self.reading = Some(reading);
            self.step = Step::Decide;
        }
        if self.step == Step::Decide
            && let Some(reading) = &self.reading
        {
            self.decide.plan(reading);
        }
        if self.step == Step::Apply
            && let Some(reading) = &self.reading
        {
            self.apply.plan(cx, reading, &self.decide);
            if self.apply.came() {
                self.step = Step::Result;
            }
        }
    }

    /// Why this step is not complete.
    fn refused(&self, cx: &Cx<'_>) -> Option<String> {
        match self.step {
            Step::Connector => self.connector.refused(),
            Step::Decide => self.decide.refused(),
            Step::Apply => self.apply.refused(cx),
            Step::Result => None,
        }
    }

    fn next(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        match self.step {
            Step::Connector => self.connector.read(ctx, cx),
            Step::Decide => self.step = Step::Apply,
            Step::Apply => self.apply.apply(cx),
            Step::Result => {}
        }
    }

    fn back(&mut self) {
        self.step = match self.step {
            Step::Connector | Step::Decide => Step::Connector,
            Step::Apply | Step::Result => Step::Decide,
        };
        self.apply.forget();
    }
}

/// Where the answer to a change goes.
type Done = Slot<Reply>;
