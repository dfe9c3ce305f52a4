//! `proxy set|show|remove`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{
    PortText, ProxyInput, ProxyShown, Query, ReadOnly, Target, Verb,
};
use underpass_shared::config::ProxyUrl;

use super::DryRun;
use super::client::Client;
use super::output::Output;
use crate::secrets;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent proxy set http://proxy.corp.example:3128
  pass show proxy | underpass-agent proxy set http://agent@proxy.corp.example:3128
  underpass-agent proxy show
  underpass-agent proxy remove";

/// The variable that a proxy's password is taken from.
const PASSWORD: &str = "UNDERPASS_PROXY_PASSWORD";

/// What to do with the proxy.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Go out through an HTTP proxy; tunnels change over without a gap.
    ///
    /// The user's password is taken from the environment (UNDERPASS_PROXY_PASSWORD) or from
    /// standard input, never from the command line.
    #[command(after_help = "Example:\n  \
        underpass-agent proxy set http://agent@proxy.corp.example:3128 < password.txt")]
    Set {
        /// The proxy, as http://host:port or http://user@host:port.
        #[arg(value_name = "URL")]
        proxy: ProxyUrl,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the proxy; its password is not shown.
    #[command(after_help = "Example:\n  underpass-agent proxy show --json")]
    Show,
    /// Go out without a proxy, and forget its password.
    #[command(after_help = "Example:\n  underpass-agent proxy remove")]
    Remove {
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// Takes the password from the environment or from standard input, if there is a user.
pub(super) fn with_password(url: ProxyUrl) -> anyhow::Result<ProxyInput> {
    let input = &mut std::io::stdin().lock();
    let password = match &url.user {
        Some(_) => Some(secrets::read_password(PASSWORD, input)?),
        None => None,
    };
    Ok(ProxyInput {
        host: url.host,
        port: PortText(url.port),
        user: url.user,
        password: password.map(|secret| secret.expose().to_owned()),
        links: ReadOnly,
    })
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    match action {
        Action::Set { proxy, dry_run } => {
            query.dry_run = dry_run.dry_run;
            let body = with_password(proxy)?;
            let reply = client.send(Verb::Put, Target::Proxy, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Show => {
            let proxy: ProxyShown = client.get(Target::Proxy, &query).await?;
            out.show(&proxy, |out| {
                let user = proxy.user.as_deref().map(|user| format!("{user}@"));
                let user = user.unwrap_or_default();
                writeln!(out, "http://{user}{}:{}", proxy.host, proxy.port.0)
            })
        }
        Action::Remove { dry_run } => {
            query.dry_run = dry_run.dry_run;
            let reply = client.call(Verb::Delete, Target::Proxy, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}
