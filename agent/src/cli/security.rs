//! `security-status`.

use underpass_shared::api::management::{Query, Rating, SecurityStatus, Target};

use super::client::Client;
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent security-status --json | jq '.entries[] | select(.rating != \"ok\")'";

pub(super) async fn show(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    let status: SecurityStatus = client
        .get(Target::SecurityStatus, &Query::default())
        .await?;
    out.show(&status, |out| {
        status.entries.iter().try_for_each(|one| {
            let rating = match one.rating {
                Rating::Ok => "ok  ",
                Rating::Warning => "WARN",
                Rating::Risk => "RISK",
            };
            writeln!(out, "{rating}  {}", one.text)?;
            match &one.remedy {
                Some(remedy) => writeln!(out, "      -> {remedy}"),
                None => Ok(()),
            }
        })
    })
}
