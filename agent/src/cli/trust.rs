//! `trust add|list|remove`.

use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{
    CertificateTarget, Query, Target, TrustedInput, TruststoreShown, Verb,
};
use underpass_shared::config::Alias;

use super::DryRun;
use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent trust add /etc/ssl/corp-ca.pem --alias corp-ca
  underpass-agent trust list
  underpass-agent trust remove corp-ca

Back ends that speak HTTPS are reached only with a certificate that an entry vouches for.";

/// What to do with the trust store.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Trust a CA, or exactly one back end's own certificate.
    #[command(after_help = "Example:\n  \
        underpass-agent trust add /etc/ssl/corp-ca.pem --alias corp-ca")]
    Add {
        /// One certificate as PEM.
        file: PathBuf,
        /// Its name here; the file's name by default.
        #[arg(long)]
        alias: Option<Alias>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the trusted certificates.
    #[command(after_help = "Example:\n  underpass-agent trust list --json")]
    List,
    /// Trust a certificate no longer.
    #[command(after_help = "Example:\n  underpass-agent trust remove corp-ca")]
    Remove {
        /// Its name, as `trust list` shows it.
        alias: Alias,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    match action {
        Action::Add {
            file,
            alias,
            dry_run,
        } => {
            dry_run.put(&mut query);
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let certificate = text.parse();
            let certificate = certificate.with_context(|| file.display().to_string())?;
            let alias = match alias {
                Some(alias) => alias,
                None => {
                    let name = file.file_stem().unwrap_or_default().to_string_lossy();
                    let alias = name.parse();
                    alias.with_context(|| format!("{name} is no alias; give one with --alias"))?
                }
            };
            let body = TrustedInput { alias, certificate };
            let target = Target::Certificates(CertificateTarget::Trusted);
            let reply = client.send(Verb::Post, target, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::List => {
            let store: TruststoreShown = client
                .get(Target::Certificates(CertificateTarget::Truststore), &query)
                .await?;
            out.show(&store, |out| {
                if store.trust_all_backends {
                    writeln!(
                        out,
                        "WARNING: certificates are not checked at all (trustAllBackends)"
                    )?;
                }
                let titles = ["ALIAS", "KIND", "VALID UNTIL (UTC)", "SUBJECT"];
                let rows = store.trusted_backends.iter().map(|one| {
                    let kind = if one.ca { "CA" } else { "back end" };
                    [
                        one.alias.to_string(),
                        kind.to_owned(),
                        utc(one.not_after_time_stamp),
                        one.subject_dn.clone(),
                    ]
                });
                table(out, titles, rows)
            })
        }
        Action::Remove { alias, dry_run } => {
            dry_run.put(&mut query);
            let target = Target::Certificates(CertificateTarget::TrustedOne(alias.to_string()));
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}
