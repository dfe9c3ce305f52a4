//! What the agent has already, as a plan has to know it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use underpass_runtime::pki::CertificateInfo;
use underpass_shared::backup::{Content, KeptSecret, Named};
use underpass_shared::config::Document;
use underpass_shared::id::{AgentId, CredentialId, InstanceId};
use underpass_shared::restore::{Held, HeldEnrolment, HeldValue, not_before};

use crate::credentials::CredentialStore;
use crate::keys::{KeyStore, Purpose};
use crate::secrets::{key, password};
use crate::vault::{Vault, VaultError};

/// What is kept here of all that a backup and the present document name.
///
/// # Errors
/// When a value that is there cannot be read: what cannot be compared must not be replaced.
pub(crate) fn held(
    data_dir: &Path,
    is_new: bool,
    present: &Document,
    content: &Content,
    backup: &Document,
) -> anyhow::Result<Held> {
    let vault = Vault::new(data_dir);
    let machine = content.machine.as_ref();
    let machine_keys = machine.map(|machine| &machine.keys);
    let secrets = &content.secrets;
    let mut values = BTreeMap::new();
    for id in Named::of(backup).values() {
        let backed = secrets.passwords.get(&id).or_else(|| {
            let host = || machine_keys.and_then(|keys| keys.get(&id));
            secrets.keys.get(&id).or_else(host)
        });
        if let Some(held) = compare(&vault, id, backed)? {
            values.insert(id, held);
        }
    }
    let store = CredentialStore::new(data_dir);
    let instances = present.subaccounts().iter().map(|one| one.own().instance);
    let instances = instances.chain(content.enrolments.keys().copied());
    let mut enrolments = BTreeMap::new();
    for instance in instances.collect::<BTreeSet<InstanceId>>() {
        // One that is damaged is worth less than one in a backup.
        let kept = store.load(instance).ok();
        let begin = kept.and_then(|kept| not_before(&kept.certificate));
        if let Some(not_before_ms) = begin {
            enrolments.insert(instance, HeldEnrolment { not_before_ms });
        }
    }
    Ok(Held {
        is_new,
        agent: agent(data_dir)?,
        values,
        enrolments,
    })
}

fn compare(
    vault: &Vault,
    id: CredentialId,
    backed: Option<&KeptSecret>,
) -> Result<Option<HeldValue>, VaultError> {
    for name in [password(id), key(id)] {
        let kept = match vault.read(&name) {
            Ok(kept) => kept,
            Err(VaultError::Missing(_)) => continue,
            Err(error) => return Err(error),
        };
        let same = backed.is_none_or(|backed| backed.expose().as_bytes() == kept.as_slice());
        return Ok(Some(if same {
            HeldValue::Same
        } else {
            HeldValue::Other
        }));
    }
    Ok(None)
}

/// The agent by the identity that it has; none where it has none yet.
fn agent(data_dir: &Path) -> anyhow::Result<Option<AgentId>> {
    let Some(kept) = KeyStore::new(data_dir).load(Purpose::Identity)? else {
        return Ok(None);
    };
    let info = CertificateInfo::from_pem(&kept.chain)?;
    Ok(Some(AgentId::of_authority(&info.fingerprint)))
}
