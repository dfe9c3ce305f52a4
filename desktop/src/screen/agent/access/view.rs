//! Which mappings are shown, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use underpass_shared::config::{MappingPart, SubaccountKey};
use underpass_shared::hash::Hash256;

use super::edit::Here;
use super::table::Col;
use super::words::{Verdict, judge, protocol};
use crate::widget::Sort;

/// What the list is narrowed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    #[default]
    All,
    /// Those that the draft adds or changes.
    Changed,
    /// Those that let nothing through.
    Idle,
}

/// How a mapping of the draft differs from the agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Same,
    Added,
    Changed,
}

pub(super) fn mark(here: &Here<'_>, part: &MappingPart) -> Mark {
    match here.applied(&part.virtual_address) {
        None => Mark::Added,
        Some(applied) if applied.hash() == part.hash() => Mark::Same,
        Some(_) => Mark::Changed,
    }
}

#[derive(PartialEq)]
struct Key {
    of: SubaccountKey,
    content: Hash256,
    applied: Option<Hash256>,
    filter: String,
    show: Show,
    sort: Option<Sort>,
}

/// The rows, made anew only when something about them changed.
#[derive(Default)]
pub(super) struct View {
    key: Option<Key>,
    rows: Vec<usize>,
    pub(super) changed: usize,
    pub(super) idle: usize,
}

impl View {
    /// The places of the shown mappings among all of the subaccount.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    pub(super) fn refresh(
        &mut self,
        here: &Here<'_>,
        filter: &str,
        show: Show,
        sort: Option<Sort>,
    ) {
        let key = Key {
            of: here.key().clone(),
            content: here.subaccount.hash(),
            applied: here.applied.map(|one| one.hash()),
            filter: filter.trim().to_lowercase(),
            show,
            sort,
        };
        if self.key.as_ref() == Some(&key) {
            return;
        }
        let all = here.subaccount.mappings();
        let (mut changed, mut idle, mut rows) = (0, 0, Vec::new());
        for (at, part) in all.iter().enumerate() {
            let differs = mark(here, part) != Mark::Same;
            let is_idle = judge(part).0 != Verdict::Open;
            changed += usize::from(differs);
            idle += usize::from(is_idle);
            let wanted = match show {
                Show::All => true,
                Show::Changed => differs,
                Show::Idle => is_idle,
            };
            if wanted && matches(part, &key.filter) {
                rows.push(at);
            }
        }
        if let Some(Sort { column, descending }) = sort
            && let Some(column) = Col::at(column)
        {
            rows.sort_by(|one, other| {
                let order = compare(&all[*one], &all[*other], column);
                if descending { order.reverse() } else { order }
            });
        }
        (self.rows, self.changed, self.idle) = (rows, changed, idle);
        self.key = Some(key);
    }
}

/// Whether all words are in the mapping's addresses, its description or one of its paths.
fn matches(part: &MappingPart, filter: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let own = format!(
        "{} {} {} {} {}",
        part.virtual_address,
        part.internal_address,
        protocol(part.protocol),
        &*part.system_id,
        &*part.description
    )
    .to_lowercase();
    let within = |word: &str| {
        let mut paths = part.resources.iter();
        own.contains(word) || paths.any(|one| one.path.as_str().to_lowercase().contains(word))
    };
    filter.split_whitespace().all(within)
}

fn compare(one: &Arc<MappingPart>, other: &Arc<MappingPart>, column: Col) -> Ordering {
    let by_address = || one.virtual_address.cmp(&other.virtual_address);
    match column {
        Col::Virtual => by_address(),
        Col::Protocol => protocol(one.protocol)
            .cmp(protocol(other.protocol))
            .then_with(by_address),
        Col::Internal => one
            .internal_address
            .cmp(&other.internal_address)
            .then_with(by_address),
        Col::Resources => one
            .resources
            .len()
            .cmp(&other.resources.len())
            .then_with(by_address),
        Col::State => (judge(one).0 as u8)
            .cmp(&(judge(other).0 as u8))
            .then_with(by_address),
    }
}
