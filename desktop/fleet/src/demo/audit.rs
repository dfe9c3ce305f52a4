//! The audit log of a made-up agent: its real history, with requests between.

use underpass_shared::api::management::{AuditPage, Refusal};
use underpass_shared::audit::{Actor, Category, Edits, Forwarded, Outcome, Record, Report, edits};
use underpass_shared::config::Revision;

use super::agent::{DemoAgent, State};
use super::random::Dice;
use crate::api::Call;

/// Records of a page where the caller names no number.
const PAGE_LEN: usize = 100;
/// Denied requests between changes.
const DENIED: i64 = 40;

/// One page, the newest first.
pub(super) fn page(agent: &DemoAgent, state: &State, call: &Call) -> Result<AuditPage, Refusal> {
    let search = &call.query.audit;
    let before = search.cursor.as_deref().map(str::parse::<u64>).transpose();
    let before = before.map_err(|_digits| Refusal::invalid("cursor", "is none of ours"))?;
    let mut all = records(agent, state);
    all.retain(|record| {
        before.is_none_or(|before| record.sequence < before) && search.filter.matches(record)
    });
    all.reverse();
    let limit = call.query.limit.unwrap_or(PAGE_LEN);
    let more = all.len() > limit;
    all.truncate(limit);
    let last = all.last().map(|record| record.sequence.to_string());
    Ok(AuditPage {
        cursor: last.filter(|_| more),
        records: all,
    })
}

/// All records that are found, as a file.
pub(super) fn exported(agent: &DemoAgent, state: &State, call: &Call, lines: bool) -> String {
    let mut out = String::new();
    if !lines {
        out.push_str("sequence,timeMs,category,outcome,actor,text\n");
    }
    let all = records(agent, state);
    for record in all
        .iter()
        .filter(|one| call.query.audit.filter.matches(one))
    {
        if lines {
            out.push_str(&serde_json::to_string(record).unwrap_or_default());
        } else {
            let Record {
                sequence,
                time_ms,
                category,
                outcome,
                actor,
                ..
            } = record;
            let text = record.text().replace('"', "\"\"");
            let name = &actor.name;
            out.push_str(&format!(
                "{sequence},{time_ms},{category:?},{outcome:?},{name},\"{text}\""
            ));
        }
        out.push('\n');
    }
    out
}

/// What a verification finds.
pub(super) fn report(agent: &DemoAgent, state: &State) -> Report {
    let all = records(agent, state);
    let last = all.last().map_or(0, |record| record.sequence);
    Report {
        segments: 2,
        records: last,
        first: 1,
        last,
        last_hash: Some(Revision::hash(state.store.current().0)),
        ..Report::default()
    }
}

fn records(agent: &DemoAgent, state: &State) -> Vec<Record> {
    let mut all = vec![];
    for number in 1..=state.store.number() {
        if let Ok((revision, old, new)) = state.store.step(number) {
            let Edits {
                list,
                more,
                category,
                subaccount,
            } = edits(old, new);
            let actor = Actor {
                name: revision.author.to_string(),
                role: Some("Administrator".to_owned()),
                from: None,
            };
            let reason = revision.reason.to_string();
            all.push(Record {
                subaccount,
                edits: list,
                more_edits: more,
                revision: Some(number),
                ..Record::new(revision.time_ms, category, Outcome::Done, actor, &reason)
            });
        }
    }
    let mut dice = Dice::new(agent.seed ^ 0xA0D1);
    let now_ms = agent.now_ms();
    for n in 0..DENIED {
        let subaccounts = state.store.current().1.subaccounts();
        let Some(subaccount) = subaccounts.first() else {
            break;
        };
        let time_ms = now_ms - 1_000 * (40 + n * 3_600) - i64::from(dice.below(600_000));
        let hosts = ["s4h-prd", "hr-legacy", "mes-api"];
        let paths = ["/sap/bc/gui/sap/its/webgui", "/admin", "/api/v2/export"];
        let actor = Actor::agent();
        let message = "resource is not accessible";
        let (category, outcome) = (Category::AccessDenied, Outcome::Refused);
        let mut record = Record::new(time_ms, category, outcome, actor, message);
        record.request = Some(Forwarded::new(
            dice.one_of(&["GET", "POST"]),
            dice.one_of(&hosts),
            443,
            dice.one_of(&paths),
        ));
        all.push(record.of(subaccount.key().clone()));
    }
    all.sort_by_key(|record| record.time_ms);
    for (sequence, record) in (1..).zip(&mut all) {
        record.sequence = sequence;
    }
    all
}
