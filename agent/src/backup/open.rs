//! Opening an archive: nothing is believed before all of it was checked.

use std::io::{Read, Seek};

use underpass_runtime::archive::{self, Key};
use underpass_runtime::pki::{Authority, CertificateInfo, PrivateKey};
use underpass_runtime::tls::ClientTls;
use underpass_shared::api::management::{BackupHead, BackupVerified};
use underpass_shared::backup::{Content, Enrolment, Manifest};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;
use underpass_shared::protocol::role::Role;

use super::error::OpenError;
use super::{LIMITS, PRODUCT, VERSION};
use crate::credentials::Credentials;

/// A backup that holds together.
#[derive(Debug)]
pub struct Opened {
    /// What it says in clear.
    pub manifest: Manifest,
    /// What was sealed.
    pub content: Content,
    /// The document of the content.
    pub document: Document,
}

/// Opens an archive in memory.
#[cfg(test)]
pub(crate) fn open(archive: &[u8], key: &Key) -> Result<Opened, OpenError> {
    open_from(&mut std::io::Cursor::new(archive), key)
}

/// Opens an archive and checks all of it; its content alone is in memory. Takes a second of a
/// processor with a passphrase.
///
/// # Errors
/// The first rule that it breaks, or that it cannot be read.
pub fn open_from<R: Read + Seek>(archive: &mut R, key: &Key) -> Result<Opened, OpenError> {
    let (manifest, json) = archive::open_from(archive, PRODUCT, key, LIMITS)?;
    let content = Content::read(&json, VERSION)?;
    drop(json);
    content.check_manifest(&manifest)?;
    let document = content.check()?;
    check_identity(&content).ok_or(OpenError::Identity)?;
    Ok(Opened {
        manifest,
        content,
        document,
    })
}

/// The identity proves itself: the agent's id follows from its certificate, whose key is there.
fn check_identity(content: &Content) -> Option<()> {
    let identity = &content.identity;
    let info = CertificateInfo::from_pem(&identity.chain).ok()?;
    let key = PrivateKey::from_pem(identity.key.expose()).ok()?;
    Authority::load(&identity.chain, &key).ok()?;
    let own = AgentId::of_authority(&info.fingerprint) == content.instance;
    (own && key.spki_hash() == info.spki_hash).then_some(())
}

impl Opened {
    /// What is in it, as the agent `own` sees it; what a restore would do is not looked at.
    pub fn report(&self, own: AgentId) -> BackupVerified {
        let (content, document) = (&self.content, &self.document);
        let subaccounts = document.subaccounts();
        let mappings = || subaccounts.iter().flat_map(|one| one.mappings());
        BackupVerified {
            instance: content.instance,
            own: content.instance == own,
            created_time_stamp: content.created_at_ms,
            product_version: content.product_version.clone(),
            format: content.format,
            revision: BackupHead {
                number: content.revision.number,
                hash: content.hash(),
            },
            subaccounts: subaccounts.len(),
            mappings: mappings().count(),
            resources: mappings().map(|one| one.resources.len()).sum(),
            operators: document.connector().operators().as_slice().len(),
            revisions: content.revisions.len(),
            secrets: content.secrets.len(),
            enrolments: content.enrolments.len(),
            machine: content.machine.is_some(),
            warnings: self.warnings(),
            changes: 0,
            adaptations: vec![],
            refused: None,
        }
    }

    fn warnings(&self) -> Vec<String> {
        let absent = &self.content.absent;
        let values = absent.values.iter().map(|id| {
            format!("the secret {id} was not on the host any longer when the backup was made")
        });
        let enrolments = absent.enrolments.iter().map(|id| {
            format!("the client certificate of instance {id} was not on the host any longer when the backup was made")
        });
        let all = &self.content.enrolments;
        let broken = all.iter().filter(|(_, one)| !is_usable(one));
        let broken =
            broken.map(|(id, _)| format!("the client certificate of instance {id} cannot be used"));
        values.chain(enrolments).chain(broken).collect()
    }
}

/// Whether a gateway could be dialled with it.
fn is_usable(enrolment: &Enrolment) -> bool {
    let credentials = Credentials {
        key: enrolment.key.expose().to_owned(),
        certificate: enrolment.certificate.clone(),
        ca_bundle: enrolment.ca_bundle.clone(),
    };
    let tls: anyhow::Result<ClientTls> = credentials.tls(Role::Tunnel);
    tls.is_ok()
}
