//! A new template: of what an agent has, or from a file.

use egui::Context;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::template::Template;
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{size, space};
use crate::widget::{Answer, Dialog, Field, FilePath, Words as _, file_field, select};

/// The longest file that is read: what thousands of mappings need.
const LEN_MAX: u64 = 16 * 1024 * 1024;
const NAME_LEN_MAX: usize = 100;

/// What became of the dialog in this frame.
pub(super) enum Made {
    Open,
    Left,
    Template(Box<Template>),
}

/// The dialog.
pub(super) enum Make {
    Agent {
        agent: Option<AgentId>,
        name: String,
        wrong: Option<String>,
    },
    File {
        path: FilePath,
        read: Slot<Template>,
    },
}

impl Make {
    pub(super) fn of_agent(cx: &Cx<'_>) -> Self {
        let known = |one: &&std::sync::Arc<underpass_fleet::snapshot::AgentSnapshot>| {
            one.configuration.value().is_some()
        };
        Self::Agent {
            agent: cx.fleet.agents.iter().find(known).map(|one| one.id),
            name: String::new(),
            wrong: None,
        }
    }

    pub(super) fn of_file() -> Self {
        Self::File {
            path: FilePath::default(),
            read: Slot::default(),
        }
    }

    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> Made {
        match self {
            Self::Agent { agent, name, wrong } => of_agent(ctx, cx, agent, name, wrong),
            Self::File { path, read } => of_file(ctx, path, read),
        }
    }
}

fn of_agent(
    ctx: &Context,
    cx: &Cx<'_>,
    agent: &mut Option<AgentId>,
    name: &mut String,
    wrong: &mut Option<String>,
) -> Made {
    let choices: Vec<(Option<AgentId>, String)> = cx
        .fleet
        .agents
        .iter()
        .filter(|one| one.configuration.value().is_some())
        .map(|one| (Some(one.id), text::clean(&one.label)))
        .collect();
    let ready = agent.is_some() && !name.trim().is_empty();
    let answer = Dialog::new("template-of", "A template of an agent", "Make it")
        .wide()
        .enabled_if(ready, "Choose an agent and a name first")
        .show(ctx, |ui| {
            ui.paragraph(
                "All that the agent has and others may have: settings, mappings, channels. No \
                 operators, no secrets, no identities. What shall not be common is left out \
                 afterwards, or made a variable.",
            );
            ui.add_space(space::S);
            select(ui, "Agent", agent, &choices, size::FORM);
            ui.add_space(space::S);
            Field::new("Name of the template", name)
                .hint("ERP of the plants")
                .limit(NAME_LEN_MAX)
                .error(wrong.as_deref())
                .show(ui);
        });
    match answer {
        Answer::Open => Made::Open,
        Answer::Dismissed => Made::Left,
        Answer::Confirmed => {
            let found = agent.and_then(|id| cx.fleet.agent(id));
            let known = found.and_then(|agent| agent.configuration.value());
            let made = known.map(|known| Template::of(&known.document, name.trim()));
            match made {
                Some(Ok(template)) => Made::Template(Box::new(template)),
                Some(Err(rule)) => {
                    *wrong = Some(text::sentence(&rule.to_string()));
                    Made::Open
                }
                None => {
                    *wrong = Some("The agent's configuration is not known any more".to_owned());
                    Made::Open
                }
            }
        }
    }
}

fn of_file(ctx: &Context, path: &mut FilePath, read: &Slot<Template>) -> Made {
    if let Some(template) = read.take() {
        return Made::Template(Box::new(Template::clone(&template.value)));
    }
    let failed = match &*read.get() {
        Remote::Unavailable { reason, .. } => Some(text::sentence(reason)),
        Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
    };
    let chosen = path.path();
    let answer = Dialog::new("template-file", "A template from a file", "Read it")
        .wide()
        .enabled_if(chosen.is_some(), "Name the file first")
        .show(ctx, |ui| {
            ui.paragraph("A template as `underpass fleet template` and this page write it.");
            ui.add_space(space::S);
            let pick = Pick {
                title: "Read a template",
                kind: "Templates",
                extensions: &["json"],
                save_as: None,
            };
            file_field(ui, "File", path, &pick, failed.as_deref());
        });
    match (answer, chosen) {
        (Answer::Open, _) => Made::Open,
        (Answer::Confirmed, Some(path)) => {
            let parse = |bytes: &[u8]| {
                let text = std::str::from_utf8(bytes).map_err(|_utf8| "it is not UTF-8")?;
                Template::from_json(text).map_err(|invalid| invalid.to_string())
            };
            file::open_as(ctx, path, LEN_MAX, parse, read);
            Made::Open
        }
        (Answer::Confirmed | Answer::Dismissed, _) => Made::Left,
    }
}
