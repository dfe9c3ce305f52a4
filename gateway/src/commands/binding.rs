//! `binding create`, `binding list` and `binding remove`.

use serde::Serialize;
use underpass_runtime::print;
use underpass_shared::id::SubaccountId;

use super::times::lasted;
use super::{Work, find, settings};
use crate::binding::{Client, Credentials};
use crate::directory::{Binding, Index};
use crate::token::SigningKeys;

/// A binding as the commands show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    client_id: String,
    subaccount: SubaccountId,
    subaccount_name: String,
    created_at_ms: i64,
}

#[derive(Serialize)]
struct List {
    bindings: Vec<Shown>,
}

#[derive(Serialize)]
struct Removed {
    removed: Shown,
}

impl Shown {
    fn of(binding: &Binding, index: &Index) -> Self {
        let subaccount = index.subaccount(&binding.subaccount);
        Self {
            client_id: binding.client_id.clone(),
            subaccount: binding.subaccount,
            subaccount_name: subaccount.map(|one| one.name.clone()).unwrap_or_default(),
            created_at_ms: binding.created_at_ms,
        }
    }
}

pub(super) async fn create(mut work: Work<'_>, subaccount: &str) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let subaccount = find(&index, subaccount)?;
    let settings = settings(&index)?;
    let keys = SigningKeys::load(&work.global.data_dir)?;
    let client = Client::generate();
    directory
        .add_binding(&client.id, client.secret_hash, subaccount.id, work.now_ms)
        .await?;
    let credentials =
        Credentials::new(&client, subaccount.id, &settings, keys.signing(work.now_ms));
    let pretty = serde_json::to_string_pretty(&credentials)?;
    work.answer(&credentials, |out| writeln!(out, "{pretty}"))
}

pub(super) async fn list(mut work: Work<'_>, subaccount: Option<&str>) -> anyhow::Result<()> {
    let index = work.existing().await?.index();
    let only = subaccount.map(|text| find(&index, text)).transpose()?;
    let meant = |one: &&std::sync::Arc<Binding>| {
        let only = only.as_ref();
        only.is_none_or(|only| only.id == one.subaccount)
    };
    let bindings = index.bindings().filter(meant);
    let list = List {
        bindings: bindings.map(|one| Shown::of(one, &index)).collect(),
    };
    let now_ms = work.now_ms;
    work.answer(&list, |out| {
        if list.bindings.is_empty() {
            return writeln!(
                out,
                "No bindings. Make one: underpass-gateway binding create --subaccount NAME"
            );
        }
        let titles = ["CLIENT ID", "SUBACCOUNT", "MADE"].map(str::to_owned);
        let rows = list.bindings.iter().map(|one| {
            let ago = lasted(now_ms, one.created_at_ms);
            let (id, name) = (one.client_id.clone(), one.subaccount_name.clone());
            [id, name, format!("{ago} ago")]
        });
        let rows: Vec<_> = std::iter::once(titles).chain(rows).collect();
        print::table(out, &rows)
    })
}

pub(super) async fn remove(mut work: Work<'_>, client_id: &str) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let removed = Removed {
        removed: Shown::of(&directory.remove_binding(client_id).await?, &index),
    };
    work.answer(&removed, |out| {
        writeln!(
            out,
            "Binding {client_id} of {} is removed; its secret gets no token any more, and its \
             tokens are dead within seconds.",
            removed.removed.subaccount_name
        )
    })
}
