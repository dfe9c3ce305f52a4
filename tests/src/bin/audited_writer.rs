//! Changes an agent's configuration by its handlers, as fast as it can, and tells of each change
//! only once it is acknowledged. Every change is in the audit log.

#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::ensure;
use bytes::Bytes;
use clap::Parser;
use http::Request;
use http::header::{CONTENT_TYPE, IF_MATCH};
use http_body_util::BodyExt as _;
use underpass_agent::admin::{Admin, Caller, OsUser};
use underpass_agent::audit::{Audit, Present};
use underpass_agent::store::Store;
use underpass_runtime::clock;
use underpass_shared::api::management::{DocumentTarget, Target};
use underpass_tests::churn;

/// Handlers under load. One line for each event: `open` or `done`, and the revision.
#[derive(Debug, Parser)]
struct Arguments {
    /// The agent's data directory.
    dir: PathBuf,
    /// Changes to make; for ever without it.
    #[arg(long)]
    changes: Option<u64>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(change(arguments))
}

async fn change(arguments: Arguments) -> anyhow::Result<()> {
    let store = Store::open(&arguments.dir, clock::wall_ms)?;
    let present = Present::following(store.snapshot());
    let audit = Audit::open(&arguments.dir, clock::wall_ms, present)?;
    let admin = Admin::stopped(&arguments.dir, store.clone(), audit);
    let caller = Caller::Local(OsUser::new("churn"));
    let first = store.current().revision().number;
    tell(format_args!("open {first}"))?;
    let last = arguments.changes.map_or(u64::MAX, |count| first + count);
    for number in first + 1..=last {
        let document = churn::step(store.current().document(), number)?;
        let request = Request::put(Target::Document(DocumentTarget::Whole).to_string())
            .header(CONTENT_TYPE, "application/json")
            .header(IF_MATCH, format!("\"{}\"", number - 1))
            .body(Bytes::from(document.to_json()))?;
        let response = admin.handle(&caller, request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let body = String::from_utf8_lossy(&body);
        ensure!(head.status.is_success(), "{}: {body}", head.status);
        tell(format_args!("done {number}"))?;
    }
    Ok(())
}

fn tell(line: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
