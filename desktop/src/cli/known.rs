//! `fleet add|remove`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use underpass_fleet::client::Known;
use underpass_fleet::keys;
use underpass_fleet::profile::{Entry, Profile};
use underpass_shared::host::InternalAddress;
use underpass_shared::secret::Secret;

use super::engine::find;
use super::output::{Output, ask, is_attended};
use super::{Common, Naming, read};

pub(super) const EXAMPLE: &str = "\
Example:
  underpass fleet add agent.corp.example:8443 --ca-cert ca.pem --certificate anna.pem --key anna.key";

/// What somebody was given who was not paired.
#[derive(Args, Debug)]
pub struct Add {
    /// Where the agent's management API is reached, as host and port.
    address: InternalAddress,
    /// The agent's own certificate authority, PEM.
    #[arg(long, value_name = "FILE")]
    ca_cert: PathBuf,
    /// Your certificate, PEM.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The private key to it, PKCS#8 PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    naming: Naming,
}

/// Which agents to forget.
#[derive(Args, Debug)]
pub struct Remove {
    /// Which agents.
    #[arg(required = true)]
    agents: Vec<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn add(common: &Common, add: Add, out: &mut Output<'_>) -> anyhow::Result<()> {
    common.not_in_demo("added")?;
    let described = add.naming.described()?;
    let (ca_cert, certificate) = (read(&add.ca_cert)?, read(&add.certificate)?);
    let key = Secret::new(read(&add.key)?);
    let known = Known::given(ca_cert, certificate, key)
        .context("certificate authority, certificate and key do not fit together")?;
    let folder = common.folder()?;
    let profile = Profile::open(&folder)?;
    let keys = keys::open(&folder, &common.keys()?)?;
    profile.add(&*keys, add.address.clone(), &known, described)?;
    let told = json!({ "agent": known.agent.to_string(), "address": add.address.to_string() });
    out.show(&told, |out| {
        writeln!(out, "added {} at {}", known.agent, add.address)
    })
}

pub(super) fn remove(common: &Common, remove: &Remove, out: &mut Output<'_>) -> anyhow::Result<()> {
    common.not_in_demo("removed")?;
    let folder = common.folder()?;
    let profile = Profile::open(&folder)?;
    let mut book = profile.book()?;
    let entries = book.entries().to_vec();
    let names: Vec<(String, &str)> = entries
        .iter()
        .map(|entry| (entry.id.to_string(), &*entry.label))
        .collect();
    let mut removed: Vec<&Entry> = vec![];
    for name in &remove.agents {
        let found = &entries[find(&names, name)?];
        if !removed.iter().any(|one| one.id == found.id) {
            removed.push(found);
        }
    }
    if !remove.yes {
        anyhow::ensure!(
            is_attended(),
            "nobody is there to be asked; confirm by --yes"
        );
        let told = removed
            .iter()
            .map(|one| format!("{} at {} ({})", one.label, one.address, one.id));
        let told: Vec<String> = told.collect();
        let question = format!("Forget the keys to {}?", told.join(", "));
        anyhow::ensure!(ask(&question)?, "nothing was removed");
    }
    let keys = keys::open(&folder, &common.keys()?)?;
    for agent in &removed {
        book.remove(agent.id);
        profile.keep(&book)?;
        keys.remove(agent.id)?;
        profile.keep_draft(agent.id, None)?;
    }
    let ids: Vec<String> = removed.iter().map(|one| one.id.to_string()).collect();
    out.show(&json!({ "removed": ids }), |out| {
        for one in &removed {
            writeln!(out, "removed {} ({})", one.label, one.id)?;
        }
        writeln!(
            out,
            "the agents still know you; their operators are removed by `underpass-agent operator`"
        )
    })
}
