//! The first Administrator of an unattended installation.

use std::path::Path;

use anyhow::Context as _;
use underpass_runtime::file;
use underpass_shared::config::{Comment, OperatorName};
use underpass_shared::rights::Role;

use crate::admin::{Admin, Caller, NewOperator, OsUser};

/// His name, which he may change.
const NAME: &str = "first administrator";
/// Where his certificate is put, in the folder of what is public.
const CERTIFICATE: &str = "first-administrator.pem";

/// Makes the owner of a signing request an Administrator, where there is no operator at all yet.
///
/// # Errors
/// When the file is no signing request, or the change is refused.
pub async fn seed(data_dir: &Path, admin: &Admin, request: &Path) -> anyhow::Result<()> {
    if !admin.has_no_operators() {
        return Ok(());
    }
    let csr = std::fs::read_to_string(request)
        .with_context(|| format!("cannot read {}", request.display()))?;
    let new = NewOperator {
        name: NAME.parse::<OperatorName>()?,
        role: Role::Administrator,
        comment: Comment::default(),
    };
    let caller = Caller::Local(OsUser::current());
    let reason = format!("first Administrator, by {}", request.display());
    let issued = admin.issue(&caller, new, &csr, &reason).await;
    let issued = issued.map_err(|refusal| anyhow::anyhow!(refusal.body.message))?;
    let path = data_dir.join("tls").join(CERTIFICATE);
    file::replace(&path, issued.certificate.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let (operator, path) = (issued.operator.id, path.display());
    tracing::warn!(%operator, certificate = %path, "the first Administrator was made from a signing request");
    Ok(())
}
