//! `diagnosis`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{Query, Target, TroubleTarget, Verb};
use underpass_shared::diagnosis::{Diagnoses, Diagnosis};

use super::client::Client;
use super::output::{Output, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent diagnosis list
  underpass-agent diagnosis list --json | jq '.diagnoses[] | {kind, entity, occurrences}'
  underpass-agent diagnosis delete 7

A diagnosis vanishes when it is solved, or a day after what it tells of last happened.";

/// What to do with diagnoses.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show all of them, those that happened last first.
    #[command(after_help = "Example:\n  underpass-agent diagnosis list")]
    List,
    /// Delete one; it comes back when it happens again.
    #[command(after_help = "Example:\n  underpass-agent diagnosis delete 7")]
    Delete {
        /// Its id, as the list shows it.
        id: u64,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let query = Query::default();
    match action {
        Action::List => {
            let target = Target::Trouble(TroubleTarget::Diagnoses);
            let all: Diagnoses = client.get(target, &query).await?;
            out.show(&all, |out| {
                if all.diagnoses.is_empty() {
                    return writeln!(out, "nothing goes wrong");
                }
                all.diagnoses.iter().try_for_each(|one| write(one, out))
            })
        }
        Action::Delete { id } => {
            let target = Target::Trouble(TroubleTarget::Diagnosis(id));
            client
                .call(Verb::Delete, target, &query, Bytes::new())
                .await?;
            out.deleted(id, &format!("deleted diagnosis {id}"))
        }
    }
}

fn write(one: &Diagnosis, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    match one.entity.as_str() {
        "" => writeln!(out, "{} {}", one.id, one.title)?,
        entity => writeln!(out, "{} {} ({entity})", one.id, one.title)?,
    }
    writeln!(out, "  {}", one.message)?;
    let (count, first, last) = (one.occurrences, utc(one.first_ms), utc(one.last_ms));
    writeln!(out, "  {count} times, first {first}, last {last} UTC")?;
    for cause in &one.causes {
        writeln!(out, "  perhaps: {cause}")?;
    }
    one.fixes
        .iter()
        .try_for_each(|fix| writeln!(out, "  to do: {fix}"))
}
