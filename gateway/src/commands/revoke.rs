//! `revoke`.

use serde::Serialize;
use underpass_shared::id::InstanceId;

use super::Work;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revoked {
    instance: InstanceId,
    revoked_at_ms: Option<i64>,
}

pub(super) async fn run(mut work: Work<'_>, instance: InstanceId) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let identity = directory.revoke(instance, work.now_ms).await?;
    let revoked = Revoked {
        instance,
        revoked_at_ms: identity.revoked_at_ms,
    };
    work.answer(&revoked, |out| {
        writeln!(
            out,
            "Instance {instance} is revoked; its tunnels end within seconds."
        )
    })
}
