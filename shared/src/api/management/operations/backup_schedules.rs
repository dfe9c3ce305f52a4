//! Schedules of backups.

use super::super::backup_schedule::{ScheduleInput, ScheduleShown};
use super::Operation;
use crate::rights::Access::{Administration, Read};

pub(crate) const SCHEDULES: &str = "/api/v1/backupSchedules";
pub(crate) const SCHEDULE: &str = "/api/v1/backupSchedules/{schedule}";
pub(crate) const RUN: &str = "/api/v1/backupSchedules/{schedule}/run";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        SCHEDULES,
        Read,
        "Lists the schedules of backups, with the last run and the next one of each.",
    )
    .gives::<Vec<ScheduleShown>>(),
    Operation::get(SCHEDULE, Read, "Shows a schedule of backups.").gives::<ScheduleShown>(),
    Operation::put(
        SCHEDULE,
        Administration,
        "Adds a schedule of backups, or replaces the one of this name.",
    )
    .takes::<ScheduleInput>()
    .conflicts(),
    Operation::delete(
        SCHEDULE,
        Administration,
        "Removes a schedule; the backups that it made stay.",
    ),
    Operation::post(
        RUN,
        Administration,
        "Makes a backup by a schedule now, whether it is on or not; the schedule tells how it ends.",
    )
    .acts()
    .conflicts(),
];
