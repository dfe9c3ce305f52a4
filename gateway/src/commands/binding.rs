//! `binding create`.

use super::{Work, find, settings};
use crate::binding::{Client, Credentials};
use crate::token::SigningKeys;

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
