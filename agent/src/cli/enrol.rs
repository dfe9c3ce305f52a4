//! `enrol`.

use clap::Args;
use underpass_shared::api::management::{Enrolment, Flag, Query, SubaccountShown, Target, Verb};
use underpass_shared::config::ProxyUrl;
use underpass_shared::id::LocationId;

use super::client::Client;
use super::input;
use super::output::Output;
use super::proxy;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent enrol underpass-enrol.AZCl... --location-id plant-2
  ssh gateway underpass-gateway enrol-token create --subaccount acme | underpass-agent enrol -

A running agent opens the new tunnel at once.";

/// A token and what to do with it.
#[derive(Args, Clone, Debug)]
pub struct Redeem {
    /// The line that `underpass-gateway enrol-token create` printed, or - to read it from standard
    /// input; valid once, for a short time.
    token: String,
    /// Tells several agents of one subaccount apart; the token may prescribe it.
    #[arg(long)]
    location_id: Option<LocationId>,
    /// Let only Administrators change the subaccount; opening and closing its tunnel stays open.
    #[arg(long)]
    managed: bool,
    /// HTTP proxy on the way out, such as `http://user@proxy.corp:3128`; it is kept for the tunnels.
    ///
    /// The user's password is taken from the environment (UNDERPASS_PROXY_PASSWORD) or from
    /// standard input, never from the command line.
    #[arg(long, value_name = "URL")]
    proxy: Option<ProxyUrl>,
}

pub(super) async fn enrol(
    client: &Client,
    enrol: Redeem,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let token = input::token(enrol.token)?;
    let proxy = enrol.proxy.map(proxy::with_password).transpose()?;
    let body = Enrolment {
        location_id: enrol.location_id,
        is_managed: enrol.managed.then_some(Flag(true)),
        proxy,
        ..Enrolment::by(token)
    };
    let query = Query::default();
    let reply = client.send(Verb::Post, Target::Subaccounts, &query, &body);
    let added: SubaccountShown = reply.await?.read()?;
    let next = if client.runs() {
        "its tunnel is being opened, see `underpass-agent status`"
    } else {
        "start the agent with `underpass-agent run`"
    };
    out.show(&added, |out| {
        writeln!(
            out,
            "enrolled for subaccount {} ({}) with location ID \"{}\"; {next}",
            added.display_name, added.subaccount, added.location_id
        )
    })
}
