//! What was restored last, what is being restored, and the way back.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::remote::Remote;
use underpass_fleet::restore::{Act, Done, Restore, Stage};
use underpass_fleet::snapshot::{AgentSnapshot, Progress, Work};
use underpass_shared::api::management::{RestoreShown, RestoreState, RestoreStep, RollbackOffer};
use underpass_shared::restore::AdaptationKind;
use underpass_shared::rights::Access;

use super::super::edit::prevented;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Answer, Banner, Button, Dialog, Level, Words as _, key_aged, key_text, keys, progress, skeleton,
};

/// What is wanted of the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    #[default]
    Nothing,
    Restore,
    Verify,
    RollBack,
}

/// Shows the card.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    remote: &Remote<RestoreShown>,
    level: &mut Level,
) -> Wanted {
    let mut wanted = Wanted::Nothing;
    let work = cx.fleet.works.restores.get(&agent.id).cloned();
    let runs = work.as_ref().is_some_and(|work| work.stage().is_some());
    let prevented = prevented(cx, Access::Administration);
    let busy = runs.then_some("Something is being restored already");
    let reason = prevented.as_deref().or(busy);
    level.card(ui, |ui| {
        ui.title("Restore");
        ui.paragraph("A backup becomes the present state, all of it or parts. The plan comes first, it is done without a restart, and one click takes it back.");
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            let (free, why) = (reason.is_none(), reason.unwrap_or_default());
            let restore = Button::secondary("Restore from a file…").icon(Icon::ArchiveRestore);
            if ui.add(restore.enabled_if(free, why)).clicked() {
                wanted = Wanted::Restore;
            }
            let verify = Button::secondary("Verify a file…").icon(Icon::ShieldCheck);
            let why = prevented.as_deref().unwrap_or_default();
            if ui
                .add(verify.enabled_if(prevented.is_none(), why))
                .clicked()
            {
                wanted = Wanted::Verify;
            }
        });
        if let Some(work) = &work {
            ui.add_space(space::S);
            newest(ui, cx, work);
        }
        let Some(shown) = remote.value() else {
            match remote.reason() {
                Some(_) => drop(ui.quiet("What was restored last cannot be fetched")),
                None => skeleton(ui, 1),
            }
            return;
        };
        if !runs {
            state(ui, shown.state);
        }
        ui.add_space(space::S);
        if last(ui, cx.now_ms, shown, reason) {
            wanted = Wanted::RollBack;
        }
    });
    wanted
}

/// What the agent does by itself, or somebody else has it do.
fn state(ui: &mut Ui, state: RestoreState) {
    match state {
        RestoreState::Idle => {}
        RestoreState::Restoring(step) => {
            Banner::new(State::Pending, "Somebody restores a backup now")
                .detail(step_word(step))
                .show(ui);
        }
        RestoreState::Unfinished => {
            Banner::new(State::Warn, "The last restore is in force, but not at its end")
                .detail("Something could not be written. It is tried again with the next restore, at the latest at the next start; look at the disk of the host")
                .show(ui);
        }
    }
}

const fn step_word(step: RestoreStep) -> &'static str {
    match step {
        RestoreStep::Staging => "Secrets are written beside what is in force",
        RestoreStep::Committing => "The revision is written",
        RestoreStep::Finishing => "What was written beside takes its place",
    }
}

fn newest(ui: &mut Ui, cx: &mut Cx<'_>, work: &Work<Stage, Done>) {
    match &work.progress {
        Progress::Running(stage) => {
            let (detail, share) = match stage {
                Stage::Asked => ("The agent was asked", Some(0.1)),
                Stage::At(step @ RestoreStep::Staging) => (step_word(*step), Some(0.3)),
                Stage::At(step @ RestoreStep::Committing) => (step_word(*step), Some(0.6)),
                Stage::At(step @ RestoreStep::Finishing) => (step_word(*step), Some(0.8)),
                Stage::Lost => (
                    "The connection broke. The agent goes on by itself, and is asked what came of it",
                    None,
                ),
            };
            // Nobody stops an agent in the middle of it; one may stop waiting for its answer.
            let waits = *stage == Stage::Lost;
            if progress(ui, "Restore", detail, share, waits) {
                cx.send(Command::Cancel(work.job));
            }
        }
        Progress::Done(done) => result(ui, done),
        Progress::Failed(reason) => {
            Banner::new(State::Error, "It was not restored")
                .detail(&text::sentence(reason))
                .show(ui);
        }
        Progress::Cancelled => {
            Banner::new(State::Off, "Nobody waits for it any more")
                .detail("It may have been done all the same: below is what the agent did last")
                .show(ui);
        }
    }
}

fn result(ui: &mut Ui, done: &Done) {
    let (applied, plan) = (&done.applied, &done.plan);
    let message = match (plan, applied.changed) {
        (Some(_), true) => format!("Restored as revision {}", applied.revision),
        (Some(_), false) => "Restored; the configuration was so already".to_owned(),
        (None, _) => format!("Taken back as revision {}", applied.revision),
    };
    Banner::new(State::Ok, &message)
        .detail("It holds without a restart")
        .show(ui);
    let Some(plan) = plan else { return };
    let has = |kind| plan.adaptations.iter().any(|one| one.kind == kind);
    if has(AdaptationKind::EnrolmentRefused) {
        Banner::new(State::Warn, "A gateway does not take the keys of the backup")
            .detail("Renew the subaccount's certificate with a new token of the gateway; its tunnel comes up then")
            .show(ui);
    } else if has(AdaptationKind::InUseElsewhere) {
        Banner::new(State::Warn, "The agent of the backup still runs")
            .detail("Of two copies one carries nothing: this one stays in quarantine until the other has ended, and then serves by itself. Stop the other one, or enrol this one for a location ID of its own")
            .show(ui);
    } else if plan.secrets.enrolments > 0 {
        ui.quiet("Its tunnels come up by themselves, with the keys of the backup");
    }
    if plan.identity_changes {
        Banner::new(State::Warn, "The agent has another identity now")
            .detail("Pair with it anew: this app knows it by the one before")
            .show(ui);
    }
}

/// What was done last, and the way back; true when that is wanted.
fn last(ui: &mut Ui, now_ms: i64, shown: &RestoreShown, reason: Option<&str>) -> bool {
    let Some(last) = &shown.last else {
        ui.quiet("Nothing was restored on this agent yet");
        return false;
    };
    keys(ui, |ui| {
        key_text(ui, "Last", &text::sentence(&last.reason), false, false);
        key_aged(ui, "When", last.time_stamp, now_ms);
        key_text(ui, "By", &text::clean(&last.author), false, false);
    });
    let Some(offer) = &shown.rollback else {
        ui.quiet("There is no way back from it any more");
        return false;
    };
    let mut wanted = false;
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let back = Button::secondary("Roll back…").icon(Icon::Undo2).small();
        wanted = ui
            .add(back.enabled_if(reason.is_none(), reason.unwrap_or_default()))
            .clicked();
        ui.quiet(way_back(offer));
    });
    wanted
}

fn way_back(offer: &RollbackOffer) -> String {
    let what = match offer.revision {
        Some(revision) => format!("Takes revision {revision} back"),
        None => "Brings secrets back; the configuration stays".to_owned(),
    };
    let identity = if offer.identity {
        ", and the identity of before"
    } else {
        ""
    };
    format!("{what}{identity}")
}

/// Asks whether it shall be taken back; true when that is decided.
pub(super) fn roll_back(
    ui: &Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    offer: &RollbackOffer,
) -> bool {
    let revision = agent.configuration.value().map(|known| known.revision);
    let known = revision.is_some();
    let answer = Dialog::new("roll-back", "Take the last restore back", "Roll back")
        .danger()
        .enabled_if(known, "The configuration is not known yet")
        .show(ui.ctx(), |ui| {
            ui.paragraph(format!(
                "{}. Secrets and enrolments become what they were before. Later changes of other parts stay; where a part was changed again since, the agent names it and does nothing.",
                way_back(offer)
            ));
            if offer.identity {
                Banner::new(State::Warn, "This app loses the agent")
                    .detail("It becomes the one of before for those who manage it; pair anew with it then")
                    .show(ui);
            }
        });
    match (answer, revision) {
        (Answer::Open, _) => false,
        (Answer::Confirmed, Some(revision)) => {
            cx.send(Command::Restore(Restore {
                agent: agent.id,
                title: format!("Take the restore of {} back", text::clean(&agent.label)),
                act: Act::RollBack { revision },
            }));
            true
        }
        (Answer::Confirmed | Answer::Dismissed, _) => true,
    }
}
