//! `confirm` and `revert`.

use bytes::Bytes;
use underpass_shared::api::management::{DocumentTarget, Query, Target, Verb};

use super::client::Client;
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent document apply document.json --confirm-within 60
  underpass-agent confirm

What is not confirmed in time is taken back by the agent itself, also when nobody can reach it any
more. Meanwhile only the author changes anything.";

/// `Verb::Post` confirms, `Verb::Delete` reverts.
pub(super) async fn end(client: &Client, verb: Verb, out: &mut Output<'_>) -> anyhow::Result<()> {
    let query = Query::default();
    let reply = client.call(
        verb,
        Target::Document(DocumentTarget::PendingConfirm),
        &query,
        Bytes::new(),
    );
    out.changed(&reply.await?, false)
}
