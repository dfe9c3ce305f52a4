//! Restores: plan, apply, roll back.

use super::super::restore::{
    RecipientShown, RestoreApplied, RestoreForm, RestorePlanShown, RestoreShown,
};
use super::{BACKUP_LEN_MAX, FORM, Operation};
use crate::rights::Access::Administration;

pub(crate) const RESTORE: &str = "/api/v1/restore";
pub(crate) const PLANS: &str = "/api/v1/restore/plan";
pub(crate) const PLAN: &str = "/api/v1/restore/plan/{plan}";
pub(crate) const APPLY: &str = "/api/v1/restore/plan/{plan}/apply";
pub(crate) const RECIPIENT: &str = "/api/v1/restore/recipient";
pub(crate) const ROLLBACK: &str = "/api/v1/restore/rollback";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        RESTORE,
        Administration,
        "Shows what is being restored, what was restored last, and whether there is a way back.",
    )
    .gives::<RestoreShown>(),
    Operation::post(
        PLANS,
        Administration,
        "Opens a backup and tells what restoring it would do; nothing is changed.",
    )
    .takes_as::<RestoreForm>(FORM)
    .limit(BACKUP_LEN_MAX)
    .creates_and_gives::<RestorePlanShown>()
    .acts()
    .conflicts()
    .refuses(&[429]),
    Operation::get(PLAN, Administration, "Shows a plan.").gives::<RestorePlanShown>(),
    Operation::delete(PLAN, Administration, "Forgets a plan.").acts(),
    Operation::post(
        APPLY,
        Administration,
        "Restores as planned, as one revision; a plan that was applied answers its result again.",
    )
    .gives::<RestoreApplied>()
    .acts()
    .conditional()
    .conflicts(),
    Operation::post(
        RECIPIENT,
        Administration,
        "Makes a key for one backup, whose other half never leaves this process; the newest holds.",
    )
    .gives::<RecipientShown>()
    .acts(),
    Operation::post(
        ROLLBACK,
        Administration,
        "Takes the last restore back, with the secrets, enrolments and identity of before.",
    )
    .gives::<RestoreApplied>()
    .may_be_missing()
    .acts()
    .conditional()
    .conflicts(),
];
