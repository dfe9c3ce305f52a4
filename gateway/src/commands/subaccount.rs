//! `subaccount add`, `subaccount list` and `subaccount remove`.

use std::fmt;

use serde::Serialize;
use underpass_shared::id::SubaccountId;

use super::{Work, find};
use crate::directory::Subaccount;

/// A subaccount as the commands show it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    subaccount: SubaccountId,
    name: String,
}

impl From<&Subaccount> for Shown {
    fn from(subaccount: &Subaccount) -> Self {
        Self {
            subaccount: subaccount.id,
            name: subaccount.name.clone(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.subaccount, self.name)
    }
}

#[derive(Serialize)]
struct List {
    subaccounts: Vec<Shown>,
}

pub(super) async fn add(
    mut work: Work<'_>,
    name: &str,
    id: Option<SubaccountId>,
) -> anyhow::Result<()> {
    let directory = work.directory().await?;
    let id = id.unwrap_or_else(|| SubaccountId::from_uuid(underpass_runtime::random::id()));
    let added = directory.add_subaccount(id, name, work.now_ms).await?;
    let shown = Shown::from(&added);
    work.answer(&shown, |out| writeln!(out, "{shown}"))
}

pub(super) async fn list(mut work: Work<'_>) -> anyhow::Result<()> {
    let index = work.existing().await?.index();
    let subaccounts = index
        .subaccounts()
        .map(|found| Shown::from(&**found))
        .collect();
    let list = List { subaccounts };
    work.answer(&list, |out| {
        if list.subaccounts.is_empty() {
            writeln!(
                out,
                "No subaccounts. Add one: underpass-gateway subaccount add NAME"
            )?;
        }
        list.subaccounts
            .iter()
            .try_for_each(|row| writeln!(out, "{row}"))
    })
}

/// What is, or would be, removed.
#[derive(Serialize)]
struct Removal {
    #[serde(flatten)]
    subaccount: Shown,
    agents: usize,
    bindings: usize,
    removed: bool,
}

pub(super) async fn remove(mut work: Work<'_>, text: &str, yes: bool) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let subaccount = find(&index, text)?;
    let removal = if yes {
        let removed = directory.remove_subaccount(subaccount.id).await?;
        Removal {
            subaccount: Shown::from(&removed.subaccount),
            agents: removed.agents,
            bindings: removed.bindings,
            removed: true,
        }
    } else {
        let (agents, bindings) = (index.identities(), index.bindings());
        Removal {
            subaccount: Shown::from(&*subaccount),
            agents: agents.filter(|one| one.subaccount == subaccount.id).count(),
            bindings: bindings
                .filter(|one| one.subaccount == subaccount.id)
                .count(),
            removed: false,
        }
    };
    work.answer(&removal, |out| {
        let Removal {
            subaccount,
            agents,
            bindings,
            removed,
        } = &removal;
        let verb = if *removed {
            "Removed"
        } else {
            "Would be removed"
        };
        writeln!(
            out,
            "{verb}: {subaccount} with {agents} agents and {bindings} bindings."
        )?;
        if *removed {
            writeln!(out, "Its tunnels end within seconds, its tokens are dead.")
        } else {
            writeln!(out, "Nothing was changed. To remove it, repeat with --yes.")
        }
    })
}
