//! `handovers`: which agent hands its place to which other one, and how far that is.

use std::io::{self, Write};

use serde::Serialize;
use underpass_runtime::print;
use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, LocationId, SubaccountId};

use super::Work;
use super::times::lasted;
use crate::directory::{Handover, Index};

#[derive(Serialize)]
struct List {
    handovers: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    handover: HandoverId,
    subaccount: SubaccountId,
    subaccount_name: String,
    location_id: LocationId,
    mode: HandoverMode,
    phase: Phase,
    source: InstanceId,
    target: InstanceId,
    begun_at_ms: i64,
    /// Until when it is open; when it ended, once it has.
    until_ms: i64,
}

impl Shown {
    fn of(handover: &Handover, index: &Index) -> Self {
        let subaccount = index.subaccount(&handover.subaccount);
        Self {
            handover: handover.id,
            subaccount: handover.subaccount,
            subaccount_name: subaccount.map_or_else(String::new, |found| found.name.clone()),
            location_id: handover.location.clone(),
            mode: handover.mode,
            phase: handover.phase,
            source: handover.source,
            target: handover.target,
            begun_at_ms: handover.begun_at_ms,
            until_ms: handover.until_ms,
        }
    }

    /// How far it is, and what its time says, for people.
    fn standing(&self, now_ms: i64) -> (&'static str, String) {
        let state = match self.phase {
            Phase::Offered => "source serves",
            Phase::Ready => "target serves",
            Phase::Completed => "completed",
            Phase::Aborted => "aborted",
        };
        let time = match (self.phase.is_open(), self.until_ms > now_ms) {
            (true, true) => format!("{} left", lasted(self.until_ms, now_ms)),
            // Nobody but a running gateway ends it.
            (true, false) => "time is over".to_owned(),
            (false, _) => format!("{} ago", lasted(now_ms, self.until_ms)),
        };
        (state, time)
    }
}

/// Those that are open; with `all` also those that ended within a day.
pub(super) async fn list(mut work: Work<'_>, all: bool) -> anyhow::Result<()> {
    let index = work.existing().await?.index();
    let wanted = index.handovers().filter(|one| all || one.phase.is_open());
    let list = List {
        handovers: wanted.map(|one| Shown::of(one, &index)).collect(),
    };
    let now_ms = work.now_ms;
    work.answer(&list, |out| print_list(out, &list, now_ms))
}

fn print_list(out: &mut dyn Write, list: &List, now_ms: i64) -> io::Result<()> {
    if list.handovers.is_empty() {
        return writeln!(
            out,
            "No agent hands its place to another one; see `underpass migrate --help`."
        );
    }
    let head = [
        "SUBACCOUNT",
        "LOCATION",
        "MODE",
        "STATE",
        "TIME",
        "SOURCE",
        "TARGET",
        "HANDOVER",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for one in &list.handovers {
        let mode = match one.mode {
            HandoverMode::Move => "move",
            HandoverMode::Copy => "copy",
        };
        let (state, time) = one.standing(now_ms);
        rows.push([
            one.subaccount_name.clone(),
            format!("\"{}\"", one.location_id),
            mode.to_owned(),
            state.to_owned(),
            time,
            one.source.to_string(),
            one.target.to_string(),
            one.handover.to_string(),
        ]);
    }
    print::table(out, &rows)
}
