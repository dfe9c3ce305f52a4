//! A new rollout: which agents, which change, and how it goes about.

use egui::Context;
use underpass_fleet::bulk::{Act, Ended, Rollout, Wanted};
use underpass_fleet::command::{Bulk, Command};
use underpass_fleet::slot::Slot;
use underpass_shared::config::Invalid;

use super::agents::Agents;
use super::change::{Chosen, Source};
use super::how::How;
use crate::cx::Cx;
use crate::screen::configuration::Wish;
use crate::text;
use crate::widget::{Turn, Wizard};

const STEPS: [&str; 3] = ["Agents", "Change", "Course"];

/// What became of the wizard in this frame.
pub(super) enum Turned {
    /// It goes on.
    Open,
    /// It was left.
    Left,
    /// The agents are being asked.
    Planned,
}

/// The wizard.
pub(super) struct NewRollout {
    step: usize,
    agents: Agents,
    source: Source,
    how: How,
    /// Why it could not be planned.
    wrong: Option<Invalid>,
}

impl NewRollout {
    pub(super) fn new(cx: &Cx<'_>, wish: Wish) -> Self {
        let Wish { agents, change } = wish;
        // Who chose agents and change already has only to say how.
        let step = match (agents.is_empty(), &change) {
            (true, _) => 0,
            (false, None) => 1,
            (false, Some(_)) => 2,
        };
        Self {
            step,
            agents: Agents::new(agents),
            source: Source::new(cx, change),
            how: How::default(),
            wrong: None,
        }
    }

    /// Shows it; what comes of the plan goes into `planning`.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        planning: &Slot<Ended>,
    ) -> Turned {
        self.agents.follow(cx);
        let missing = self.source.check(cx).err();
        let refused = self.refused(missing.as_deref());
        let turn = Wizard::new("new-rollout", "Change many agents", &STEPS, self.step)
            .next(if self.step == 2 {
                "Plan it"
            } else {
                "Continue"
            })
            .enabled_if(refused.is_none(), refused.as_deref().unwrap_or_default())
            .show(ctx, |ui| match self.step {
                0 => self.agents.ui(ui, cx),
                1 => self.source.ui(ui, cx, &self.agents, missing.as_deref()),
                _ => {
                    self.how.ui(ui, cx, &self.agents, self.wrong.as_ref());
                }
            });
        match turn {
            Turn::Stay => Turned::Open,
            Turn::Cancel => Turned::Left,
            Turn::Back => {
                self.step = self.step.saturating_sub(1);
                Turned::Open
            }
            Turn::Next if self.step < 2 => {
                self.step += 1;
                Turned::Open
            }
            Turn::Next => self.plan(cx, planning),
        }
    }

    /// Why this step is not complete.
    fn refused(&self, missing: Option<&str>) -> Option<String> {
        match (self.step, missing) {
            (0, _) if self.agents.chosen.is_empty() => Some("Choose agents first".to_owned()),
            (0, _) => None,
            (_, Some(reason)) => Some(reason.to_owned()),
            (1, None) => None,
            (_, None) => self.how.options().err().map(|rule| rule.to_string()),
        }
    }

    /// Has the agents asked what the change would do.
    fn plan(&mut self, cx: &mut Cx<'_>, planning: &Slot<Ended>) -> Turned {
        let (Ok(change), Ok(options)) = (self.source.change(cx), self.how.options()) else {
            return Turned::Open;
        };
        let agents = self.agents.ordered(cx, self.how.first);
        let wanted: Vec<Wanted> = agents.map(|agent| Wanted::of(agent)).collect();
        let made = match change {
            Chosen::Same {
                title,
                template,
                values,
            } => Rollout::new(*template, *values, options, wanted, cx.now_ms).map(|mut made| {
                if let Some(title) = title {
                    made.title = title;
                }
                made
            }),
            Chosen::Each { title, own } => Rollout::each(&title, own, options, wanted, cx.now_ms),
        };
        match made {
            Ok(rollout) => {
                cx.send(Command::Bulk(Bulk {
                    rollout: Box::new(rollout),
                    act: Act::Plan { again: false },
                    ends_by_signal: false,
                    done: planning.clone(),
                }));
                Turned::Planned
            }
            Err(Invalid { field, rule }) => {
                let rule = text::clean(&rule);
                self.wrong = Some(Invalid::new(field, rule));
                Turned::Open
            }
        }
    }
}
