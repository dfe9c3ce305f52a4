//! `pair`.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use underpass_shared::api::management::{
    OperatorTarget, PairingCreated, PairingInput, PairingShown, PairingState, Query, Target, Verb,
};
use underpass_shared::config::OperatorName;
use underpass_shared::host::InternalHost;
use underpass_shared::rights::Role;

use super::client::Client;
use super::output::{Output, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent pair --role Administrator --name anna
  underpass-agent pair --role Display --host agent.corp.example --wait

Give the string that it prints to the client, over a way that others do not see. It is good once,
for ten minutes, and for five tries. Client and agent then show the same six words.";

/// How often it is looked whether the client came.
const LOOK: Duration = Duration::from_millis(500);

/// Whom to let in.
#[derive(Args, Clone, Debug)]
pub struct Invite {
    /// What the new operator may do: Administrator, AssociateAdministrator,
    /// SubaccountAdministrator, Support, Display or Monitoring.
    #[arg(long)]
    role: Role,
    /// Name of the new operator; the client gives one where there is none here.
    #[arg(long)]
    name: Option<OperatorName>,
    /// How the client finds this host; the name of the host by default.
    #[arg(long)]
    host: Option<InternalHost>,
    /// Wait until the client came, and show the words.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn run(client: &Client, pair: Invite, out: &mut Output<'_>) -> anyhow::Result<()> {
    let Invite {
        role,
        name,
        host,
        wait,
    } = pair;
    let query = Query::default();
    let body = PairingInput { role, name, host };
    let reply = client.send(
        Verb::Post,
        Target::Operators(OperatorTarget::Pairing),
        &query,
        &body,
    );
    let created: PairingCreated = reply.await?.read()?;
    out.show(&created, |out| {
        writeln!(out, "{}", created.pairing)?;
        // Whoever gives the string to another command gives nothing else.
        let until = utc(created.expires_time_stamp);
        writeln!(io::stderr(), "good once, until {until} UTC")
    })?;
    if !wait {
        return Ok(());
    }
    loop {
        let shown: PairingShown = client
            .get(Target::Operators(OperatorTarget::Pairing), &query)
            .await?;
        match shown.state {
            PairingState::Open => tokio::time::sleep(LOOK).await,
            PairingState::Closed => bail!("the string was not used in time, or tried too often"),
            PairingState::Used => return out.show(&shown, |out| paired(&shown, out)),
        }
    }
}

fn paired(shown: &PairingShown, out: &mut dyn io::Write) -> io::Result<()> {
    let name = shown.operator.as_ref().map_or("", |one| one.name.as_str());
    writeln!(out, "paired with {name} as {}", shown.role)?;
    writeln!(out, "the client must show: {}", shown.words.join(" "))
}
