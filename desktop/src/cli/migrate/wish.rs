//! What a migration is to do, as the command line or a file says it.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Deserialize;
use underpass_fleet::migrate::desk::Desk;
use underpass_fleet::migrate::plan::{Mode, Origin, TargetWish, TestWish, TestsWish, Wish};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{AgentId, LocationId};
use underpass_shared::restore::{HostRule, NameRule, RegionRule};

use super::super::engine::find;
use super::super::read;
use super::opening::Opening;

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
    #[arg(long = "subaccount", value_name = "KEY")]
    subaccounts: Vec<SubaccountKey>,
    /// An internal host, or with a dot before it all hosts below a domain, that has another name at
    /// the target, as `old=new`; may be given several times.
    #[arg(long = "replace-host", value_name = "OLD=NEW", value_parser = host_rule)]
    hosts: Vec<HostRule>,
    /// A gateway that has another name at the target, as `old=new`; may be given several times.
    /// Another gateway needs a new enrolment.
    #[arg(long = "replace-region", value_name = "OLD=NEW", value_parser = region_rule)]
    regions: Vec<RegionRule>,
    /// A part of the names of subaccounts that is another one at the target, as `old=new`.
    #[arg(long = "replace-name", value_name = "OLD=NEW", value_parser = name_rule)]
    names: Vec<NameRule>,
    /// Take the settings of the agent as a whole along: proxy, alerts, mail and so on.
    #[arg(long)]
    settings: bool,
    /// Go on though the target does not reach a system that the source reaches.
    #[arg(long)]
    tolerant: bool,
    /// A mapping that is tried after the cut-over, as `host:port` or `host:port/path`; may be given
    /// several times. Without it each mapping is tried once, 50 at most.
    #[arg(long = "test", value_name = "ADDRESS", value_parser = test)]
    tests: Vec<TestWish>,
    /// Try no mapping after the cut-over.
    #[arg(long, conflicts_with = "tests")]
    no_tests: bool,
    /// All of this from a JSON file, with settings of its own for each target.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["source", "targets", "copy", "location_id", "subaccounts", "hosts", "regions", "names", "tests", "no_tests", "settings", "tolerant", "backup"]
    )]
    file: Option<PathBuf>,
    /// Bring the agent back that this backup is of, whose host is dead, on the target.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["source", "copy", "location_id", "settings"]
    )]
    backup: Option<PathBuf>,
    #[command(flatten)]
    opening: Opening,
}

/// A wish in a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    backup: Option<PathBuf>,
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
    regions: Vec<RegionRule>,
    #[serde(default)]
    names: Vec<NameRule>,
    /// Each mapping without it, none where it is empty.
    #[serde(default)]
    tests: Option<Vec<String>>,
    #[serde(default)]
    location_id: Option<LocationId>,
}

impl MigrateWanted {
    /// What is wished for, and what opens the backup.
    pub(super) fn wished(self, desk: &Desk) -> anyhow::Result<(Wish, Opening)> {
        let opening = self.opening;
        if let Some(file) = &self.file {
            let written = serde_json::from_str(&read(file)?);
            let written: Written =
                written.with_context(|| format!("{} is no migration", file.display()))?;
            return Ok((written.wished(desk)?, opening));
        }
        let mut targets = vec![];
        for name in &self.targets {
            targets.push(agent(desk, name)?);
        }
        let from_backup = self.backup.is_some();
        let origin = match (self.backup, &self.source) {
            (Some(file), _) => backup(file)?,
            (None, Some(source)) => Origin::Agent {
                agent: agent(desk, source)?,
            },
            (None, None) => bail!("name the agent that serves now"),
        };
        ensure!(
            self.location_id.is_none() || targets.len() < 2,
            "copies on several agents need a location ID each; describe them by --file"
        );
        ensure!(
            !from_backup || targets.len() < 2,
            "say by --file which target gets which subaccount of the backup"
        );
        let tests = match (self.no_tests, self.tests) {
            (false, none) if none.is_empty() => TestsWish::Each,
            (_, tests) => TestsWish::Named(tests),
        };
        let target = |agent| TargetWish {
            agent,
            subaccounts: self.subaccounts.clone(),
            hosts: self.hosts.clone(),
            regions: self.regions.clone(),
            names: self.names.clone(),
            location_id: self.location_id.clone(),
            tests: tests.clone(),
        };
        let wish = Wish {
            origin,
            mode: if self.copy { Mode::Copy } else { Mode::Move },
            // What is brought back is brought back as a whole.
            settings: self.settings || from_backup,
            tolerant: self.tolerant,
            targets: targets.into_iter().map(target).collect(),
        };
        Ok((wish, opening))
    }
}

/// A backup as the source; the journal is read from elsewhere too.
fn backup(file: PathBuf) -> anyhow::Result<Origin> {
    Ok(Origin::Backup {
        file: std::path::absolute(file)?,
    })
}

impl Written {
    fn wished(self, desk: &Desk) -> anyhow::Result<Wish> {
        let origin = match (self.source, self.backup) {
            (Some(source), None) => Origin::Agent {
                agent: agent(desk, &source)?,
            },
            (None, Some(file)) => backup(file)?,
            (Some(_), Some(_)) | (None, None) => {
                bail!("the file must name either the source or the backup")
            }
        };
        let targets = self.targets.into_iter().map(|target| {
            let named = target.tests.map(|tests| {
                let tests = tests.iter().map(|text| text.parse::<TestWish>());
                tests.collect::<Result<Vec<_>, _>>()
            });
            Ok(TargetWish {
                agent: agent(desk, &target.agent)?,
                subaccounts: target.subaccounts,
                hosts: target.hosts,
                regions: target.regions,
                names: target.names,
                location_id: target.location_id,
                tests: named.transpose()?.map_or(TestsWish::Each, TestsWish::Named),
            })
        });
        Ok(Wish {
            origin,
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

fn region_rule(text: &str) -> Result<RegionRule, String> {
    let (find, replace) = halves(text)?;
    Ok(RegionRule {
        find: find.parse().map_err(|rule| format!("{rule}"))?,
        replace: replace.parse().map_err(|rule| format!("{rule}"))?,
    })
}

fn test(text: &str) -> Result<TestWish, String> {
    text.parse::<TestWish>().map_err(|rule| rule.to_string())
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
        let read = |text: &str| text.parse::<SubaccountKey>();
        assert_eq!(read(key).unwrap().to_string(), key);
        let short = key.strip_suffix("/north").unwrap();
        assert_eq!(read(short).unwrap().to_string(), format!("{short}/"));
        for wrong in ["", "gw", "gw/x/y", "gw.example:8443/x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(host_rule(".old=.new").unwrap().replace, ".new");
        for wrong in ["a", "=b", "a=", ".a=b", "a=.b"] {
            assert!(host_rule(wrong).is_err(), "{wrong}");
        }
        let rule = region_rule("gw.example=edge.example:8443").unwrap();
        assert_eq!(rule.replace.to_string(), "edge.example:8443");
        assert!(region_rule("gw.example=no host").is_err());
        assert_eq!(test("erp:443/sap").unwrap().path.as_deref(), Some("/sap"));
        assert!(test("erp").is_err());
        assert!(name_rule("=x").is_err());
        assert_eq!(name_rule("x=").unwrap().replace, "");
    }
}
