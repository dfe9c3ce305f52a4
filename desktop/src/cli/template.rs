//! `fleet template`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use underpass_fleet::template::{About, Scope, Template, Values};

use super::document::configuration;
use super::engine::Engine;
use super::output::Output;
use super::{Common, read, write};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet template of plant-1 --out base.json
  underpass fleet template check base.json --values plants.json
  underpass fleet template show base.json plant-2 --set erp=erp.plant-2.corp

Templates are applied by `underpass fleet bulk`, and compared with by `underpass fleet drift`.";

/// What to do with templates.
#[derive(Debug, Subcommand)]
pub enum TemplateAct {
    /// Print a template of all that an agent has and others may have.
    #[command(after_help = "Example:\n  underpass fleet template of plant-1 --out base.json")]
    Of {
        /// Which agent.
        agent: String,
        /// How to call the template.
        #[arg(long, default_value = "")]
        name: String,
        /// A file to write in place of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check a template and values for it; asks no agent.
    #[command(
        after_help = "Example:\n  underpass fleet template check base.json --values plants.json"
    )]
    Check {
        /// The template.
        file: PathBuf,
        /// Its values.
        #[command(flatten)]
        change: TemplateValues,
    },
    /// Print the configuration that an agent would have by a template; changes nothing.
    #[command(after_help = "Example:\n  underpass fleet template show base.json plant-2")]
    Show {
        /// The template.
        file: PathBuf,
        /// Which agent.
        agent: String,
        /// Its values.
        #[command(flatten)]
        change: TemplateValues,
    },
}

/// Values for the variables of a template.
#[derive(Args, Clone, Debug)]
pub struct TemplateValues {
    /// A file of values for all agents, for groups and for single ones.
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// A value for all agents that have no other; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A value for one agent, by its label or id; may be given several times.
    #[arg(long, value_name = "AGENT:NAME=VALUE")]
    set_for: Vec<String>,
}

impl TemplateValues {
    /// Reads a template, and the values for it.
    pub(super) fn read(&self, path: &Path) -> anyhow::Result<(Template, Values)> {
        let not_valid = |path: &Path| format!("{} is not valid", path.display());
        let template = Template::from_json(&read(path)?).with_context(|| not_valid(path))?;
        let mut values = match &self.values {
            Some(path) => Values::from_json(&read(path)?).with_context(|| not_valid(path))?,
            None => Values::default(),
        };
        for one in &self.set {
            let (name, value) = one
                .split_once('=')
                .with_context(|| format!("{one:?} is no NAME=VALUE"))?;
            values.set(&template, name, value)?;
        }
        for one in &self.set_for {
            let split = one.split_once('=');
            let split = split.and_then(|(who, value)| Some((who.rsplit_once(':')?, value)));
            let ((agent, name), value) =
                split.with_context(|| format!("{one:?} is no AGENT:NAME=VALUE"))?;
            let scope = Scope::Agent(agent.to_owned());
            values.set_for(&scope, &template, name, value)?;
        }
        values.check(&template)?;
        Ok((template, values))
    }
}

pub(super) fn run(common: &Common, act: TemplateAct, out: &mut Output<'_>) -> anyhow::Result<()> {
    match act {
        TemplateAct::Of {
            agent,
            name,
            out: file,
        } => {
            let engine = Engine::open(common)?;
            let agent = engine.agent(&agent)?.id;
            let known = configuration(&engine, agent)?;
            engine.stop();
            let text = Template::of(&known.document, &name)?.to_json();
            match file {
                Some(path) => write(&path, text.as_bytes()),
                None => Ok(out.raw(text.as_bytes())?),
            }
        }
        TemplateAct::Check { file, change } => {
            let (template, values) = change.read(&file)?;
            let names: Vec<&String> = template.variables.keys().collect();
            let told = json!({
                "name": template.name, "variables": names,
                "groups": values.groups.len(), "agents": values.agents.len(),
            });
            out.show(&told, |out| {
                writeln!(out, "{} is valid", file.display())?;
                names.iter().try_for_each(|name| writeln!(out, "  {name}"))
            })
        }
        TemplateAct::Show {
            file,
            agent,
            change,
        } => {
            let (template, values) = change.read(&file)?;
            let engine = Engine::open(common)?;
            let agent = engine.agent(&agent)?;
            let known = configuration(&engine, agent.id)?;
            engine.stop();
            let wanted = template.render(&values, &About::of(&agent), &known.document)?;
            Ok(out.raw(wanted.to_json().as_bytes())?)
        }
    }
}
