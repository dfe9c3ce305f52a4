//! `trace`.

use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::json;
use underpass_shared::api::management::{
    Query, Target, TraceList, TraceShown, TroubleTarget, Verb,
};
use underpass_shared::host::VirtualAddress;

use super::client::Client;
use super::output::{Output, utc};
use super::select::Select;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent trace request --system erp.virtual:443 --seconds 300 --reason 'ticket 4711'
  underpass-agent trace list
  underpass-agent trace approve 1700000000000
  underpass-agent trace content 1700000000000 | jq -c 'select(.event == \"answer\")'

A trace holds heads and the beginnings of bodies of requests and answers. Credentials are taken out
as far as they are recognised. Another operator than the one who asks for a trace has to approve it;
users of this host count as other operators by their names. It ends by itself.";

/// What to do with traces.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show all of them, the newest first.
    #[command(after_help = "Example:\n  underpass-agent trace list")]
    List,
    /// Ask for one; another operator has to approve it.
    #[command(after_help = "Example:\n  underpass-agent trace request --reason 'ticket 4711'")]
    Request(Wanted),
    /// Let one begin that another operator asked for.
    #[command(after_help = "Example:\n  underpass-agent trace approve 1700000000000")]
    Approve {
        /// Its number, as the list shows it.
        id: u64,
    },
    /// Refuse one that waits.
    #[command(after_help = "Example:\n  underpass-agent trace refuse 1700000000000")]
    Refuse {
        /// Its number, as the list shows it.
        id: u64,
    },
    /// End one that runs.
    #[command(after_help = "Example:\n  underpass-agent trace stop 1700000000000")]
    Stop {
        /// Its number, as the list shows it.
        id: u64,
    },
    /// Print one as JSON lines.
    #[command(after_help = "Example:\n  underpass-agent trace content 1700000000000 > trace.jsonl")]
    Content {
        /// Its number, as the list shows it.
        id: u64,
    },
    /// Delete one that does not run.
    #[command(after_help = "Example:\n  underpass-agent trace delete 1700000000000")]
    Delete {
        /// Its number, as the list shows it.
        id: u64,
    },
}

/// Which requests, and how much of them.
#[derive(Args, Debug)]
pub struct Wanted {
    #[command(flatten)]
    select: Select,
    /// Requests to this virtual host and port alone.
    #[arg(long, value_name = "HOST:PORT")]
    system: Option<VirtualAddress>,
    /// How long it runs, 1 to 3600.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// How much it may write, 1 to 100.
    #[arg(long, default_value_t = 10)]
    megabytes: u32,
    /// How much of each body is written, up to 65536.
    #[arg(long, default_value_t = 4_096)]
    body_bytes: u32,
    /// Why, for the one who approves.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let query = Query::default();
    let target = |target: TroubleTarget| Target::Trouble(target);
    match action {
        Action::List => {
            let all: TraceList = client.get(target(TroubleTarget::Traces), &query).await?;
            out.show(&all, |out| {
                all.traces.iter().try_for_each(|one| write(one, out))
            })
        }
        Action::Request(wanted) => request(client, wanted, out).await,
        Action::Approve { id } => act(client, TroubleTarget::TraceApproval(id), out).await,
        Action::Refuse { id } => act(client, TroubleTarget::TraceRefusal(id), out).await,
        Action::Stop { id } => act(client, TroubleTarget::TraceEnd(id), out).await,
        Action::Content { id } => {
            let content = client
                .get_as(target(TroubleTarget::TraceContent(id)), "application/jsonl")
                .await?;
            out.out.write_all(&content)?;
            Ok(out.out.flush()?)
        }
        Action::Delete { id } => {
            let target = target(TroubleTarget::Trace(id));
            client
                .call(Verb::Delete, target, &query, Bytes::new())
                .await?;
            out.deleted(id, &format!("deleted trace {id}"))
        }
    }
}

async fn request(client: &Client, wanted: Wanted, out: &mut Output<'_>) -> anyhow::Result<()> {
    let (path, query) = wanted.select.find(client).await?;
    let mut body = json!({
        "regionHost": path.region_host,
        "subaccount": path.subaccount,
        "locationID": query.location_id,
        "seconds": wanted.seconds,
        "megabytes": wanted.megabytes,
        "bodyBytes": wanted.body_bytes,
        "reason": wanted.reason,
    });
    if let Some(system) = wanted.system {
        body["virtualHost"] = json!(system.host);
        body["virtualPort"] = json!(system.port.get());
    }
    let target = Target::Trouble(TroubleTarget::Traces);
    let reply = client
        .send(Verb::Post, target, &Query::default(), &body)
        .await?;
    let asked: TraceShown = reply.read()?;
    out.show(&asked, |out| {
        let id = asked.id;
        writeln!(out, "trace {id} waits for the approval of another operator")
    })
}

async fn act(client: &Client, target: TroubleTarget, out: &mut Output<'_>) -> anyhow::Result<()> {
    let (query, target) = (Query::default(), Target::Trouble(target));
    let reply = client
        .call(Verb::Post, target, &query, Bytes::new())
        .await?;
    let shown: TraceShown = reply.read()?;
    out.show(&shown, |out| write(&shown, out))
}

fn write(one: &TraceShown, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let (id, state, by) = (one.id, one.state, &one.requested_by);
    writeln!(out, "{id} {state}: {}", one.scope())?;
    writeln!(
        out,
        "  {by} asked on {} UTC: {}",
        utc(one.requested_ms),
        one.reason
    )?;
    if let Some(by) = &one.decided_by {
        writeln!(out, "  decided by {by}")?;
    }
    if let Some(why) = &one.ended_because {
        writeln!(out, "  over: {why}")?;
    }
    let (requests, bytes, dropped) = (one.requests, one.bytes, one.dropped);
    writeln!(
        out,
        "  {requests} requests, {bytes} bytes, {dropped} not traced"
    )
}
