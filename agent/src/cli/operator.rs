//! `operator list|issue|revoke|role|trust`.

mod trust;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Subcommand;
use underpass_runtime::file;
use underpass_shared::api::management::{
    Issued, OperatorChange, OperatorInput, OperatorShown, OperatorTarget, Query, Target, Verb,
};
use underpass_shared::config::{Comment, OperatorName};
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;

pub use self::trust::Action as TrustAction;
use super::Preview;
use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent operator list
  underpass-agent operator issue --csr backup.csr --name backup --role Display --out backup.pem
  underpass-agent operator role anna Support
  underpass-agent operator revoke anna

People pair with `underpass-agent pair`. The last Administrator cannot be removed.";

/// What to do with the operators.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the operators.
    #[command(after_help = "Example:\n  underpass-agent operator list --json")]
    List,
    /// Add an operator who made a signing request, such as a script; prints the certificate.
    #[command(after_help = "Example:\n  \
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \\\n      \
        -keyout backup.key -out backup.csr\n  \
        underpass-agent operator issue --csr backup.csr --name backup --role Display")]
    Issue {
        /// PKCS#10 signing request as PEM; only its key counts.
        #[arg(long, value_name = "FILE")]
        csr: PathBuf,
        /// Name for people.
        #[arg(long)]
        name: OperatorName,
        /// What the operator may do.
        #[arg(long)]
        role: Role,
        /// For people.
        #[arg(long, default_value = "")]
        comment: Comment,
        /// Write the certificate to this file rather than print it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        dry_run: Preview,
    },
    /// Remove an operator; connections end within seconds, for good.
    #[command(after_help = "Example:\n  underpass-agent operator revoke anna")]
    Revoke {
        /// Name or id, as `operator list` shows them.
        operator: String,
        #[command(flatten)]
        dry_run: Preview,
    },
    /// Give an operator another role.
    #[command(after_help = "Example:\n  underpass-agent operator role anna Support")]
    Role {
        /// Name or id, as `operator list` shows them.
        operator: String,
        /// What the operator may do from now on.
        role: Role,
        #[command(flatten)]
        dry_run: Preview,
    },
    /// Let in whom CAs of your organisation vouch for.
    #[command(after_help = trust::EXAMPLE)]
    Trust {
        #[command(subcommand)]
        action: TrustAction,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    match action {
        Action::Trust { action } => trust::run(client, action, out).await,
        Action::List => list(&all(client).await?, out),
        Action::Issue {
            csr,
            name,
            role,
            comment,
            out: file,
            dry_run,
        } => {
            dry_run.put(&mut query);
            let csr = std::fs::read_to_string(&csr)
                .with_context(|| format!("cannot read {}", csr.display()))?;
            let body = OperatorInput {
                name,
                role,
                comment,
                csr,
            };
            let reply = client.send(
                Verb::Post,
                Target::Operators(OperatorTarget::All),
                &query,
                &body,
            );
            let reply = reply.await?;
            if query.dry_run {
                return out.changed(&reply, true);
            }
            let issued: Issued = reply.read()?;
            if let Some(path) = &file {
                file::replace(path, issued.certificate.as_bytes())
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            out.show(&issued, |out| match &file {
                Some(path) => writeln!(
                    out,
                    "operator {} is added; the certificate is in {}",
                    issued.operator.id,
                    path.display()
                ),
                None => write!(out, "{}", issued.certificate),
            })
        }
        Action::Revoke { operator, dry_run } => {
            dry_run.put(&mut query);
            let target = Target::Operators(OperatorTarget::One(find(client, &operator).await?));
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Role {
            operator,
            role,
            dry_run,
        } => {
            dry_run.put(&mut query);
            let target = Target::Operators(OperatorTarget::One(find(client, &operator).await?));
            let body = OperatorChange {
                role: Some(role),
                ..OperatorChange::default()
            };
            let reply = client.send(Verb::Patch, target, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
    }
}

async fn all(client: &Client) -> anyhow::Result<Vec<OperatorShown>> {
    client
        .get(Target::Operators(OperatorTarget::All), &Query::default())
        .await
}

async fn find(client: &Client, wanted: &str) -> anyhow::Result<OperatorId> {
    if let Ok(id) = wanted.parse() {
        return Ok(id);
    }
    let all = all(client).await?;
    match all.iter().find(|one| one.name == wanted) {
        Some(found) => Ok(found.id),
        None => bail!("there is no operator {wanted}; see `underpass-agent operator list`"),
    }
}

fn list(all: &[OperatorShown], out: &mut Output<'_>) -> anyhow::Result<()> {
    out.show(&all, |out| {
        if all.is_empty() {
            return writeln!(
                out,
                "nobody may manage this agent from other hosts; see `underpass-agent pair --help`"
            );
        }
        let time = |ms: Option<i64>| ms.map_or_else(|| "-".to_owned(), utc);
        let titles = [
            "NAME",
            "ROLE",
            "LAST SEEN (UTC)",
            "CERTIFICATE ENDS (UTC)",
            "ID",
        ];
        let rows = all.iter().map(|one| {
            [
                one.name.clone(),
                one.role.to_string(),
                time(one.last_seen_time_stamp),
                time(one.certificate_not_after_time_stamp),
                one.id.to_string(),
            ]
        });
        table(out, titles, rows)
    })
}
