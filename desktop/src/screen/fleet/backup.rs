//! Backups of all ticked agents into one folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use egui::Context;
use underpass_fleet::backup::BackUp;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::FleetSnapshot;
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::screen::agent::backup::make::file_name;
use crate::screen::agent::backup::seal::Sealing;
use crate::text;
use crate::theme::space;
use crate::widget::{Answer, Dialog, FilePath, Words as _, folder_field, toggle};

/// The dialog.
#[derive(Default)]
pub(super) struct BackUpMany {
    folder: FilePath,
    sealing: Sealing,
    replace: bool,
}

impl BackUpMany {
    /// Shows the dialog; true when it is over.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        selected: &BTreeSet<AgentId>,
    ) -> bool {
        let (folder, input) = (self.folder.path(), self.sealing.input());
        let reason = match (&folder, &input) {
            (None, _) => "Name the folder first",
            (Some(_), Err(reason)) => reason,
            (Some(_), Ok(_)) => "",
        };
        let many = text::plural(selected.len(), "agent");
        let title = format!("Back up {many}");
        let answer = Dialog::new("back-up-many", &title, "Back up")
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ctx, |ui| {
                ui.paragraph("Each agent in a file of its own, by its name and the day. All are sealed with the same. What came of each is told in the list of tasks.");
                ui.add_space(space::S);
                folder_field(ui, "Folder", &mut self.folder, "Choose a folder for the backups", None);
                ui.add_space(space::XS);
                toggle(ui, &mut self.replace, "Replace files of the same name", None);
                ui.add_space(space::S);
                self.sealing.ui(ui);
                ui.add_space(space::S);
                ui.quiet(self.sealing.hint());
            });
        match (answer, folder, input) {
            (Answer::Open, ..) => false,
            (Answer::Confirmed, Some(folder), Ok(input)) => {
                cx.send(Command::BackUp(BackUp {
                    title,
                    files: files(cx.fleet, selected, &folder, cx.now_ms),
                    input,
                    replace: self.replace,
                }));
                true
            }
            (Answer::Confirmed | Answer::Dismissed, ..) => true,
        }
    }
}

/// A file for each agent; of two with the same name the second has a number.
fn files(
    fleet: &FleetSnapshot,
    selected: &BTreeSet<AgentId>,
    folder: &Path,
    now_ms: i64,
) -> Vec<(AgentId, PathBuf)> {
    let mut taken = BTreeSet::new();
    let all = fleet.agents.iter();
    let all = all.filter(|agent| selected.contains(&agent.id));
    all.map(|agent| {
        let mut label = agent.label.to_string();
        let mut number = 2;
        while !taken.insert(file_name(&label, now_ms).to_ascii_lowercase()) {
            label = format!("{number}-{}", agent.label);
            number += 1;
        }
        (agent.id, folder.join(file_name(&label, now_ms)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use underpass_fleet::demo::{SEED, Still};

    use super::*;

    #[test]
    fn every_agent_has_a_file_of_its_own_whatever_it_is_called() {
        let mut fleet = FleetSnapshot::clone(&Still::new(SEED, 0).snapshot());
        let named = |(at, agent): (usize, &Arc<_>)| {
            let mut agent = underpass_fleet::snapshot::AgentSnapshot::clone(agent);
            agent.label = if at % 2 == 0 { "Plant A" } else { "plant/a" }.into();
            Arc::new(agent)
        };
        fleet.agents = fleet.agents.iter().enumerate().map(named).collect();
        let selected = fleet.agents.iter().map(|agent| agent.id).collect();
        let files = files(&fleet, &selected, Path::new("/b"), 0);
        let names: BTreeSet<String> = (files.iter())
            .map(|(_, path)| path.display().to_string().to_lowercase())
            .collect();
        assert_eq!(names.len(), fleet.agents.len());
        assert!(names.contains("/b/plant-a-1970-01-01.zip"));
    }
}
