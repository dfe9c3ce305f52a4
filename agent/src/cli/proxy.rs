//! `proxy set|show|test|remove`.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use clap::{Args, Subcommand};
use underpass_shared::api::management::{
    DocumentTarget, PortText, ProxyInput, ProxyShown, Query, ReadOnly, Target, Verb,
};
use underpass_shared::config::{Document, ProxyUrl};
use underpass_shared::id::RegionHost;
use underpass_shared::secret::Secret;

use super::DryRun;
use super::client::{Client, Needs};
use super::output::Output;
use crate::credentials::{CredentialStore, Credentials};
use crate::doctor;
use crate::secrets::{self, SecretStore};
use crate::tunnel::Route;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent proxy set http://proxy.corp.example:3128
  pass show proxy | underpass-agent proxy set http://agent@proxy.corp.example:3128
  underpass-agent proxy show
  underpass-agent proxy test
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
    /// Go through the proxy to the gateways, step by step; changes nothing.
    ///
    /// Another proxy than the one that is set, and a gateway before enrolment, can be named. A user's
    /// password is taken as by `proxy set`.
    #[command(after_help = "Examples:\n  \
        underpass-agent proxy test\n  \
        underpass-agent proxy test http://proxy.corp.example:3128 --host gateway.example.com")]
    Test(Test),
    /// Go out without a proxy, and forget its password.
    #[command(after_help = "Example:\n  underpass-agent proxy remove")]
    Remove {
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// What to test.
#[derive(Args, Debug)]
pub struct Test {
    /// The proxy, as http://host:port or http://user@host:port; the one that is set if left out.
    #[arg(value_name = "URL")]
    proxy: Option<ProxyUrl>,
    /// The gateway; all of the agent's if left out.
    #[arg(long, value_name = "HOST[:PORT]")]
    host: Option<RegionHost>,
}

impl Test {
    /// Does it in this process, with what the agent would use.
    pub(super) async fn run(&self, data_dir: &Path, out: &mut Output<'_>) -> anyhow::Result<()> {
        let document = match document(data_dir).await {
            Ok(document) => document,
            // All that it would tell is told.
            Err(_) if self.proxy.is_some() && self.host.is_some() => Document::empty(),
            Err(error) => return Err(error),
        };
        let route = match self.proxy.clone() {
            Some(url) => {
                let user = url.user.clone().map(|user| user.to_string());
                let password = with_password(url.clone())?.password;
                let login = user.zip(password.map(Secret::new));
                Route::through(url.host, url.port, login)
            }
            None => Route::of(document.connector().proxy(), &SecretStore::new(data_dir))
                .context("only root and the agent's own user can read the password")?,
        };
        let Route::Proxy(proxy) = route else {
            bail!("no proxy is set; name one: underpass-agent proxy test URL");
        };
        let gateways = gateways(
            &document,
            self.host.as_ref(),
            &CredentialStore::new(data_dir),
        );
        ensure!(
            !gateways.is_empty(),
            "this agent is not enrolled; name a gateway with --host"
        );
        doctor::proxy(&proxy, &gateways, out.json, out.out).await
    }
}

async fn document(data_dir: &Path) -> anyhow::Result<Document> {
    let client = Client::open(data_dir, Needs::Agent).await?;
    let (query, nothing) = (Query::default(), Bytes::new());
    let reply = client.call(
        Verb::Get,
        Target::Document(DocumentTarget::Whole),
        &query,
        nothing,
    );
    let text = reply.await?.body;
    Ok(Document::from_json(std::str::from_utf8(&text)?)?)
}

/// Each gateway once, with what the agent has from it.
fn gateways(
    document: &Document,
    host: Option<&RegionHost>,
    store: &CredentialStore,
) -> Vec<(RegionHost, Option<Credentials>)> {
    let mut found: Vec<(RegionHost, Option<Credentials>)> = vec![];
    for own in document.subaccounts() {
        let own = own.own();
        let gateway = &own.key.region_host;
        let wanted = host.is_none_or(|host| host == gateway);
        if wanted && !found.iter().any(|(known, _)| known == gateway) {
            found.push((gateway.clone(), store.load(own.instance).ok()));
        }
    }
    if let (Some(host), true) = (host, found.is_empty()) {
        found.push((host.clone(), None));
    }
    found
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
            dry_run.put(&mut query);
            let body = with_password(proxy)?;
            let reply = client.send(Verb::Put, Target::Proxy, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        // It needs no agent.
        Action::Test(_) => Ok(()),
        Action::Show => {
            let proxy: ProxyShown = client.get(Target::Proxy, &query).await?;
            out.show(&proxy, |out| {
                let user = proxy.user.as_deref().map(|user| format!("{user}@"));
                let user = user.unwrap_or_default();
                writeln!(out, "http://{user}{}:{}", proxy.host, proxy.port.0)
            })
        }
        Action::Remove { dry_run } => {
            dry_run.put(&mut query);
            let reply = client.call(Verb::Delete, Target::Proxy, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}
