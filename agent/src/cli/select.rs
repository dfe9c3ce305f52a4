//! Which subaccount a command means.

use anyhow::bail;
use clap::Args;
use underpass_shared::api::management::{Query, SubaccountPath, SubaccountShown, Target};
use underpass_shared::id::LocationId;

use super::client::Client;

/// Which subaccount; not needed where the agent serves one only.
#[derive(Args, Clone, Debug)]
pub struct Select {
    /// Id or display name of the subaccount, if the agent serves several.
    #[arg(long, value_name = "ID|NAME")]
    subaccount: Option<String>,
    /// Its location ID, if the agent serves it under several.
    #[arg(long)]
    location_id: Option<LocationId>,
}

impl Select {
    /// Finds the one that is meant.
    pub(super) async fn find(&self, client: &Client) -> anyhow::Result<(SubaccountPath, Query)> {
        let all: Vec<SubaccountShown> = client.get(Target::Subaccounts, &Query::default()).await?;
        let found = self.choose(&all)?;
        let query = Query {
            location_id: Some(found.location_id.clone()),
            ..Query::default()
        };
        Ok((found.path(), query))
    }

    fn choose<'a>(&self, all: &'a [SubaccountShown]) -> anyhow::Result<&'a SubaccountShown> {
        let meant = |one: &&SubaccountShown| {
            let name = self.subaccount.as_deref();
            let named = name.is_none_or(|name| {
                one.subaccount.to_string() == name.to_ascii_lowercase()
                    || *one.display_name == *name
            });
            let location = self.location_id.as_ref();
            named && location.is_none_or(|id| one.location_id == *id)
        };
        let found: Vec<_> = all.iter().filter(meant).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] if all.is_empty() => {
                bail!("this agent serves no subaccount; enrol with `underpass-agent enrol TOKEN`")
            }
            [] => {
                bail!("this agent serves no such subaccount; see `underpass-agent subaccount list`")
            }
            several => {
                let list = several.iter().map(|one| {
                    let (id, location) = (one.subaccount, &one.location_id);
                    format!("\n  --subaccount {id} --location-id \"{location}\"")
                });
                bail!(
                    "several subaccounts are meant; name one:{}",
                    list.collect::<String>()
                )
            }
        }
    }
}
