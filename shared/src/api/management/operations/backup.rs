//! Backups of the whole agent.

use super::super::{BackupInput, BackupVerified, VerificationForm};
use super::{BACKUP_LEN_MAX, FORM, Operation};
use crate::config::Document;
use crate::rights::Access::Administration;

pub(crate) const BACKUP: &str = "/api/v1/configuration/backup";
pub(crate) const VERIFICATION: &str = "/api/v1/backup/verification";
pub(crate) const CONFIGURATION: &str = "/api/v1/backup/configuration";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post(
        BACKUP,
        Administration,
        "Gives the whole agent as one archive, sealed with a passphrase or to public keys.",
    )
    .takes::<BackupInput>()
    .sends("application/zip")
    .acts()
    .conflicts()
    .refuses(&[429]),
    Operation::put(
        BACKUP,
        Administration,
        "Restores subaccounts, mappings, trust and settings from an archive, as one revision.",
    )
    .takes_as::<VerificationForm>(FORM)
    .limit(BACKUP_LEN_MAX)
    .acts()
    .conditional()
    .conflicts()
    .refuses(&[429]),
    Operation::post(
        VERIFICATION,
        Administration,
        "Opens an archive and checks all of it as a restore would; changes nothing.",
    )
    .takes_as::<VerificationForm>(FORM)
    .limit(BACKUP_LEN_MAX)
    .gives::<BackupVerified>()
    .acts()
    .conflicts()
    .refuses(&[429]),
    Operation::post(
        CONFIGURATION,
        Administration,
        "Opens an archive and shows the configuration in it, which holds no secrets.",
    )
    .takes_as::<VerificationForm>(FORM)
    .limit(BACKUP_LEN_MAX)
    .gives::<Document>()
    .acts()
    .conflicts()
    .refuses(&[429]),
];
