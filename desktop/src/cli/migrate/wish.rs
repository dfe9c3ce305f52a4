//! What a migration is to do, as the command line or a file says it.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Deserialize;
use underpass_fleet::migrate::desk::Desk;
use underpass_fleet::migrate::plan::{Mode, TargetWish, Wish};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{AgentId, LocationId};
use underpass_shared::restore::{HostRule, NameRule};

use super::super::engine::find;
use super::super::read;

/// What goes where.
#[derive(Args, Debug)]
pub struct MigrateWanted {
    /// The agent that serves now.
    source: Option<String>,
    /// The agent that is to serve; several may be named with --copy and --file.
    #[arg(long = "to", value_name = "AGENT")]
    targets: Vec<String>,
    /// Leave the source as it is, and serve the same under another location ID.
    #[arg(long, requires = "location_id")]
    copy: bool,
    /// The location ID of the copy.
    #[arg(long, value_name = "ID")]
    location_id: Option<LocationId>,
    /// Only this subaccount, as `regionHost/subaccount/locationId`; may be given several times.
    #[arg(long = "subaccount", value_name = "KEY", value_parser = subaccount)]
    subaccounts: Vec<SubaccountKey>,
    /// An internal host, or with a dot before it all hosts below a domain, that has another name at
    /// the target, as `old=new`; may be given several times.
    #[arg(long = "replace-host", value_name = "OLD=NEW", value_parser = host_rule)]
    hosts: Vec<HostRule>,
    /// A part of the names of subaccounts that is another one at the target, as `old=new`.
    #[arg(long = "replace-name", value_name = "OLD=NEW", value_parser = name_rule)]
    names: Vec<NameRule>,
    /// Take the settings of the agent as a whole along: proxy, alerts, mail and so on.
    #[arg(long)]
    settings: bool,
    /// Go on though the target does not reach a system that the source reaches.
    #[arg(long)]
    tolerant: bool,
    /// All of this from a JSON file, with settings of its own for each target.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["source", "targets", "copy", "location_id", "subaccounts", "hosts", "names", "settings", "tolerant", "backup"]
    )]
    file: Option<PathBuf>,
    /// Bring the agent back that this backup is of, whose host is dead, on the target.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["source", "copy", "location_id", "subaccounts", "names", "settings", "tolerant"]
    )]
    backup: Option<PathBuf>,
    /// A file with the passphrase of the backup; it is asked for otherwise.
    #[arg(long, value_name = "FILE", requires = "backup")]
    backup_passphrase_file: Option<PathBuf>,
}

/// A wish in a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    source: String,
    mode: Mode,
    #[serde(default)]
    settings: bool,
    #[serde(default)]
    tolerant: bool,
    targets: Vec<WrittenTarget>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenTarget {
    agent: String,
    #[serde(default)]
    subaccounts: Vec<SubaccountKey>,
    #[serde(default)]
    hosts: Vec<HostRule>,
    #[serde(default)]
    names: Vec<NameRule>,
    #[serde(default)]
    location_id: Option<LocationId>,
}

/// Where the configuration comes from.
pub(super) enum Wished {
    /// A running agent.
    Agents(Wish),
    /// A backup of one that is no more.
    Backup {
        file: PathBuf,
        passphrase_file: Option<PathBuf>,
        target: AgentId,
        hosts: Vec<HostRule>,
    },
}

impl MigrateWanted {
    pub(super) fn wished(self, desk: &Desk) -> anyhow::Result<Wished> {
        if let Some(file) = &self.file {
            let written = serde_json::from_str(&read(file)?);
            let written: Written =
                written.with_context(|| format!("{} is no migration", file.display()))?;
            return written.wished(desk).map(Wished::Agents);
        }
        let mut targets = vec![];
        for name in &self.targets {
            targets.push(agent(desk, name)?);
        }
        if let Some(file) = self.backup {
            let [target] = targets[..] else {
                bail!("name the one agent that is to serve by --to");
            };
            return Ok(Wished::Backup {
                // The journal is read from elsewhere too.
                file: std::path::absolute(file)?,
                passphrase_file: self.backup_passphrase_file,
                target,
                hosts: self.hosts,
            });
        }
        let source = self.source.context("name the agent that serves now")?;
        ensure!(
            self.location_id.is_none() || targets.len() < 2,
            "copies on several agents need a location ID each; describe them by --file"
        );
        let target = |agent| TargetWish {
            agent,
            subaccounts: self.subaccounts.clone(),
            hosts: self.hosts.clone(),
            names: self.names.clone(),
            location_id: self.location_id.clone(),
        };
        Ok(Wished::Agents(Wish {
            source: agent(desk, &source)?,
            mode: if self.copy { Mode::Copy } else { Mode::Move },
            settings: self.settings,
            tolerant: self.tolerant,
            targets: targets.into_iter().map(target).collect(),
        }))
    }
}

impl Written {
    fn wished(self, desk: &Desk) -> anyhow::Result<Wish> {
        let targets = self.targets.into_iter().map(|target| {
            Ok(TargetWish {
                agent: agent(desk, &target.agent)?,
                subaccounts: target.subaccounts,
                hosts: target.hosts,
                names: target.names,
                location_id: target.location_id,
            })
        });
        Ok(Wish {
            source: agent(desk, &self.source)?,
            mode: self.mode,
            settings: self.settings,
            tolerant: self.tolerant,
            targets: targets.collect::<anyhow::Result<_>>()?,
        })
    }
}

/// The one agent that somebody means.
fn agent(desk: &Desk, name: &str) -> anyhow::Result<AgentId> {
    let entries = desk.entries();
    let names: Vec<(String, &str)> = entries
        .iter()
        .map(|entry| (entry.id.to_string(), &*entry.label))
        .collect();
    Ok(entries[find(&names, name)?].id)
}

fn subaccount(text: &str) -> Result<SubaccountKey, String> {
    let parts: Vec<&str> = text.splitn(3, '/').collect();
    let (region, subaccount, location) = match parts[..] {
        [region, subaccount] => (region, subaccount, ""),
        [region, subaccount, location] => (region, subaccount, location),
        [..] => {
            return Err(
                "must be regionHost/subaccount or regionHost/subaccount/locationId".to_owned(),
            );
        }
    };
    Ok(SubaccountKey {
        region_host: region.parse().map_err(|rule| format!("{rule}"))?,
        subaccount: subaccount.parse().map_err(|rule| format!("{rule}"))?,
        location_id: location.parse().map_err(|rule| format!("{rule}"))?,
    })
}

fn halves(text: &str) -> Result<(String, String), String> {
    let (find, replace) = text.split_once('=').ok_or("must be old=new")?;
    Ok((find.to_owned(), replace.to_owned()))
}

fn host_rule(text: &str) -> Result<HostRule, String> {
    let (find, replace) = halves(text)?;
    let rule = HostRule { find, replace };
    rule.check().map_err(|rule| rule.to_string())?;
    Ok(rule)
}

fn name_rule(text: &str) -> Result<NameRule, String> {
    let (find, replace) = halves(text)?;
    if find.is_empty() {
        return Err("must name what is replaced".to_owned());
    }
    Ok(NameRule { find, replace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subaccounts_and_rules_are_read_as_they_are_shown() {
        let key = "gw.example:8443/0190a5a2-6d0e-7cc0-8000-000000000001/north";
        assert_eq!(subaccount(key).unwrap().to_string(), key);
        let short = key.strip_suffix("/north").unwrap();
        assert_eq!(subaccount(short).unwrap().to_string(), format!("{short}/"));
        for wrong in ["", "gw", "gw/x/y", "gw.example:8443/x"] {
            assert!(subaccount(wrong).is_err(), "{wrong}");
        }
        assert_eq!(host_rule(".old=.new").unwrap().replace, ".new");
        for wrong in ["a", "=b", "a=", ".a=b", "a=.b"] {
            assert!(host_rule(wrong).is_err(), "{wrong}");
        }
        assert!(name_rule("=x").is_err());
        assert_eq!(name_rule("x=").unwrap().replace, "");
    }
}
