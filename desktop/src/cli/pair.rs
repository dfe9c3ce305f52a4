//! `fleet pair`.

use std::io::{Read as _, Write as _};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use underpass_fleet::command::Command;
use underpass_fleet::slot::Slot;
use underpass_shared::config::OperatorName;

use super::engine::Engine;
use super::output::{Output, ask, is_attended};
use super::{Common, Naming};
use crate::text::clean;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet pair 'underpass://agent.corp.example:8443#…' --label plant-1 --group north
  ssh agent.corp.example underpass-agent pair --role Administrator | head -1 |
    underpass fleet pair - --yes

The string comes from `underpass-agent pair` on the agent's host. It is good once. Afterwards the
agent (with `pair --wait`) and this command show the same six words, if nobody sits between them.";

/// The longest text that is looked at for a pairing string.
const LEN_MAX: u64 = 4_096;

/// Whom to pair with.
#[derive(Args, Debug)]
pub struct Pair {
    /// The pairing string; `-` reads it from standard input, where no list of processes shows it.
    string: String,
    #[command(flatten)]
    naming: Naming,
    /// How the agent calls you where the string names nobody.
    #[arg(long)]
    name: Option<OperatorName>,
    /// Do not ask whether the words are the same.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(common: &Common, pair: Pair, out: &mut Output<'_>) -> anyhow::Result<()> {
    common.not_in_demo("paired with")?;
    let described = pair.naming.described()?;
    if !pair.yes && !is_attended() {
        bail!("nobody is there to compare the words; confirm them beforehand by --yes");
    }
    let link = match &*pair.string {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().take(LEN_MAX).read_to_string(&mut text);
            read.context("cannot read the pairing string")?;
            text
        }
        string => string.to_owned(),
    };
    let engine = Engine::open(common)?;
    let done = Slot::default();
    let command = Command::Pair {
        link: link.trim().to_owned(),
        name: pair.name,
        done: done.clone(),
    };
    let stranger = engine.act("the agent", command, &done)?;
    let words = stranger.words.join(" ");
    if !pair.yes {
        let mut error = std::io::stderr();
        writeln!(error, "{} shows these words: {words}", stranger.address)?;
        if !ask("Does the agent show the same?")? {
            engine.send(Command::Reject(stranger.agent))?;
            engine.stop();
            bail!(
                "the words differ, so nothing was kept; somebody may sit between you and the agent. \
                 Remove the operator {:?} on the agent's host: underpass-agent operator list",
                clean(&stranger.operator.name)
            );
        }
    }
    let done = Slot::default();
    let command = Command::Admit {
        agent: stranger.agent,
        described,
        done: done.clone(),
    };
    engine.act("the key store", command, &done)?;
    let label = engine
        .snapshot()
        .agent(stranger.agent)
        .map(|one| one.label.to_string());
    engine.stop();
    let (agent, role) = (
        stranger.agent.to_string(),
        stranger.operator.role.to_string(),
    );
    let told = json!({
        "agent": agent,
        "label": label,
        "address": stranger.address.to_string(),
        "operator": clean(&stranger.operator.name),
        "role": role,
        "words": stranger.words,
    });
    out.show(&told, |out| {
        let label = clean(label.as_deref().unwrap_or(&agent));
        writeln!(out, "paired with {label} ({}) as {role}", stranger.address)?;
        writeln!(out, "words: {words}")
    })
}
