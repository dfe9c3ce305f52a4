//! The list as a file that spreadsheets read.

use std::path::PathBuf;

use egui::Context;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_runtime::clock;
use underpass_shared::csv::cell;

use super::list::subaccounts;
use crate::cx::Cx;
use crate::digest::{certificate_days, tunnels, word_of};
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Dialog, FilePath, Words as _, file_field};

const HEAD: &str = "status,label,group,tags,address,version,tunnels_up,tunnels,subaccounts,\
    cpu_percent,requests_per_second,certificate_days,last_seen,problem\r\n";

/// The dialog.
#[derive(Default)]
pub(super) struct Export {
    path: FilePath,
    written: Slot<PathBuf>,
}

impl Export {
    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>, rows: &[usize]) -> bool {
        if let Some(written) = self.written.take() {
            cx.tell(
                State::Ok,
                format!("Exported to {}", written.value.display()),
            );
            return true;
        }
        let failed = match &*self.written.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        let path = self.path.path();
        let answer = Dialog::new("export-fleet", "Export agents", "Export")
            .wide()
            .enabled_if(path.is_some(), "Name the file first")
            .show(ctx, |ui| {
                let count = text::plural(rows.len(), "agent");
                ui.paragraph(format!(
                    "{count}, as the list shows them now, in its order, as CSV."
                ));
                ui.add_space(space::S);
                let pick = Pick {
                    title: "Export agents",
                    kind: "CSV",
                    extensions: &["csv"],
                    save_as: Some("fleet.csv"),
                };
                file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
            });
        match (answer, path) {
            (Answer::Open, _) => false,
            (Answer::Confirmed, Some(path)) => {
                let agents = rows.iter().map(|at| &*cx.fleet.agents[*at]);
                let bytes = csv(agents).into_bytes();
                file::save(ctx, path, bytes, self.path.may_replace(), &self.written);
                false
            }
            (Answer::Confirmed | Answer::Dismissed, _) => true,
        }
    }
}

/// The agents as lines; what is not known is empty.
fn csv<'a>(agents: impl Iterator<Item = &'a AgentSnapshot>) -> String {
    let mut out = HEAD.to_owned();
    for agent in agents {
        let (up, all) = tunnels(agent);
        let last = agent.series.last().copied().unwrap_or_default();
        let number =
            |number: Option<f32>| number.map(|one| format!("{one:.1}")).unwrap_or_default();
        let knows = agent.status.value().is_some();
        let cells = [
            word_of(agent.health).to_owned(),
            agent.label.to_string(),
            agent.group.as_deref().unwrap_or_default().to_owned(),
            agent.tags.join(" "),
            agent.address.to_string(),
            agent
                .version
                .value()
                .map(|known| known.version.clone())
                .unwrap_or_default(),
            if knows { up.to_string() } else { String::new() },
            if knows {
                all.to_string()
            } else {
                String::new()
            },
            subaccounts(agent)
                .map(|count| count.to_string())
                .unwrap_or_default(),
            number(last.cpu.map(|share| share * 100.0)),
            number(last.requests),
            certificate_days(agent)
                .map(|days| days.to_string())
                .unwrap_or_default(),
            agent.last_seen_ms.map(clock::rfc3339).unwrap_or_default(),
            agent.problem.as_deref().unwrap_or_default().to_owned(),
        ];
        let cells: Vec<String> = cells.iter().map(|one| cell(&text::clean(one))).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use underpass_fleet::demo::{SEED, Still};

    use super::*;

    #[test]
    fn every_line_has_all_columns() {
        let fleet = Still::new(SEED, 1_772_443_800_000).snapshot();
        let mut agents: Vec<AgentSnapshot> = fleet
            .agents
            .iter()
            .map(|one| AgentSnapshot::clone(one))
            .collect();
        agents.iter_mut().for_each(|agent| agent.problem = None);
        let text = csv(agents.iter());
        let columns = HEAD.split(',').count();
        assert_eq!(text.lines().count(), fleet.agents.len() + 1);
        for line in text.lines() {
            assert_eq!(line.split(',').count(), columns, "{line}");
        }
    }
}
