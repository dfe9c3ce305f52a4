//! `alert rules`.

use std::str::FromStr;

use anyhow::bail;
use serde_json::{Value, json};
use underpass_shared::api::management::{ConnectorTarget, Object, Query, Target, Verb};
use underpass_shared::config::Alerting;

use crate::cli::DryRun;
use crate::cli::client::Client;
use crate::cli::output::{Output, table};

/// The settings that hold rules.
const SETTINGS: [ConnectorTarget; 2] = [ConnectorTarget::Alerting, ConnectorTarget::AlertRules];

/// A rule and what it shall be.
#[derive(Clone, Debug)]
pub struct Change {
    group: String,
    name: String,
    /// None puts it back to where it was before anybody set it.
    value: Option<String>,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').unwrap_or((text, ""));
        let Some((group, name)) = path.split_once('.') else {
            return Err("must be such as thresholds.cpuLoad=80".to_owned());
        };
        Ok(Self {
            group: group.to_owned(),
            name: name.to_owned(),
            value: Some(value.to_owned()).filter(|value| !value.is_empty()),
        })
    }
}

/// Rules that have no value are not shown by their setting.
const OPTIONAL: [&str; 2] = ["freeDiscForAuditLogMb", "freeDiscForTraceMb"];

impl Change {
    fn is_in(&self, setting: &Object) -> bool {
        let group = setting.get(&self.group).and_then(Value::as_object);
        let optional = self.group == "thresholds" && OPTIONAL.contains(&self.name.as_str());
        group.is_some_and(|group| {
            group.contains_key(&self.name) || (optional && group.contains_key("cpuLoad"))
        })
    }
}

/// The rules by their names.
fn flat(setting: &Object) -> impl Iterator<Item = (String, String)> {
    let groups = setting.iter().filter(|(name, _)| *name != "_links");
    groups.flat_map(|(group, rules)| {
        let rules = rules.as_object().into_iter().flatten();
        rules.map(move |(name, value)| (format!("{group}.{name}"), value.to_string()))
    })
}

pub(super) async fn run(
    client: &Client,
    changes: Vec<Change>,
    dry_run: DryRun,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut settings = vec![];
    for target in SETTINGS {
        let target = Target::Connector(target);
        let setting: Object = client.get(target.clone(), &Query::default()).await?;
        settings.push((target, setting));
    }
    let known = |change: &Change| settings.iter().any(|(_, setting)| change.is_in(setting));
    if let Some(Change { group, name, .. }) = changes.iter().find(|change| !known(change)) {
        bail!("there is no rule {group}.{name}; `underpass-agent alert rules` shows all");
    }
    if changes.is_empty() {
        let rules: Vec<(String, String)> = settings
            .iter()
            .flat_map(|(_, setting)| flat(setting))
            .collect();
        let all: Object = rules
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    serde_json::from_str(value).unwrap_or_default(),
                )
            })
            .collect();
        return out.show(&all, |out| {
            let titles = ["RULE", "VALUE"];
            let rows = rules
                .iter()
                .map(|(name, value)| [name.clone(), value.clone()]);
            table(out, titles, rows)
        });
    }
    // The API of SAP Cloud Connector knows no way back for these; null is one for the others.
    let defaults = serde_json::to_value(Alerting::default())?;
    let mut due = vec![];
    for (target, setting) in settings {
        let mut body = json!({});
        for change in changes.iter().filter(|change| change.is_in(&setting)) {
            body[&change.group][&change.name] = match &change.value {
                Some(value) => json!(value),
                None => defaults[&change.group][&change.name].clone(),
            };
        }
        if body.as_object().is_some_and(|body| !body.is_empty()) {
            due.push((target, body));
        }
    }
    // Each setting has a revision of its own; none is made where one of them is refused.
    let looking = Query {
        dry_run: true,
        ..Query::default()
    };
    for (target, body) in &due {
        let looked = client.send(Verb::Patch, target.clone(), &looking, body);
        looked.await?;
    }
    let mut query = Query::default();
    dry_run.put(&mut query);
    for (target, body) in due {
        let reply = client.send(Verb::Patch, target, &query, &body).await?;
        out.changed(&reply, query.dry_run)?;
    }
    Ok(())
}
