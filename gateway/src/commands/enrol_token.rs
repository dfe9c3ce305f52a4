//! `enrol-token create`.

use std::io::Write as _;

use anyhow::Context as _;
use serde::Serialize;
use underpass_runtime::pki::CertificateInfo;
use underpass_shared::pki::token::EnrolToken;

use super::{CA_CERTIFICATE_FILE, START_ONCE, Work, find, settings};
use crate::cli::EnrolTokenCreate;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    token: String,
    expires_at_ms: i64,
}

pub(super) async fn create(mut work: Work<'_>, options: &EnrolTokenCreate) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let subaccount = find(&index, &options.subaccount)?;
    let token = EnrolToken {
        region_host: settings(&index)?.region_host.clone(),
        subaccount: subaccount.id,
        ca_fingerprint: ca_fingerprint(&work)?,
        secret: underpass_runtime::random::bytes(),
    };
    let (hash, location) = (token.secret_hash(), options.location_id.clone());
    directory
        .add_enrol_token(&hash, subaccount.id, location, options.valid_for)
        .await?;
    let life_ms = i64::try_from(options.valid_for.as_millis())?;
    let created = Created {
        token: token.to_string(),
        expires_at_ms: work.now_ms.saturating_add(life_ms),
    };
    let minutes = options.valid_for.as_secs().div_ceil(60);
    work.answer(&created, |out| {
        writeln!(out, "{}", created.token)?;
        // Whoever gives the token to another command gives nothing else.
        writeln!(
            std::io::stderr(),
            "Good once, for {minutes} min, for subaccount {}.\n\
             On the agent's host: underpass-agent enrol TOKEN",
            subaccount.name
        )
    })
}

fn ca_fingerprint(work: &Work<'_>) -> anyhow::Result<[u8; 32]> {
    let path = work.path(CA_CERTIFICATE_FILE);
    let unread = || format!("cannot read {}; {START_ONCE}", path.display());
    let pem = std::fs::read_to_string(&path).with_context(unread)?;
    Ok(CertificateInfo::from_pem(&pem)
        .with_context(unread)?
        .fingerprint)
}
