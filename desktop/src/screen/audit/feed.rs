//! The newest records of many agents, merged by time without gaps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{AuditPage, AuditSearch, AuditTarget, Query, Target};
use underpass_shared::audit::{Filter, Record};
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::text;

/// Records that are fetched of one agent at once: a screen of them, even from one agent alone.
const PAGE_LEN: usize = 50;
/// Most records in memory; who needs more looks at one agent, or for less.
const LEN_MAX: usize = 10_000;
/// Agents that are asked at the same time; the executor has other questions too.
const AT_ONCE: usize = 32;

/// How far the records of an agent are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its turn comes, or it is being asked.
    Asked,
    /// What was asked for is here.
    Here,
    /// It is not connected, so it was not asked.
    Away,
    /// It did not give them.
    Failed(String),
}

/// The records of one agent, the newest first.
struct Feed {
    label: Arc<str>,
    slot: Slot<AuditPage>,
    records: Vec<Arc<Record>>,
    cursor: Option<String>,
    is_whole: bool,
    stage: Stage,
}

impl Feed {
    fn new(agent: &AgentSnapshot) -> Self {
        Self {
            label: Arc::clone(&agent.label),
            slot: Slot::default(),
            records: Vec::new(),
            cursor: None,
            is_whole: false,
            stage: Stage::Asked,
        }
    }

    /// Takes a page; true when it brought a record or was the last.
    fn put(&mut self, page: &AuditPage) -> bool {
        self.records
            .extend(page.records.iter().cloned().map(Arc::new));
        self.cursor.clone_from(&page.cursor);
        self.is_whole = page.cursor.is_none();
        self.stage = Stage::Here;
        self.is_whole || !page.records.is_empty()
    }

    /// Older records than this may still come.
    fn limit(&self) -> Option<i64> {
        let comes = matches!(self.stage, Stage::Here | Stage::Asked) && !self.is_whole;
        self.records
            .last()
            .filter(|_| comes)
            .map(|record| record.time_ms)
    }
}

/// One record in the list.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) agent: AgentId,
    pub(super) label: Arc<str>,
    pub(super) record: Arc<Record>,
}

/// The records of all agents that are looked at.
#[derive(Default)]
pub(super) struct Feeds {
    feeds: BTreeMap<AgentId, Feed>,
    queue: VecDeque<AgentId>,
    waiting: Vec<AgentId>,
    filter: Filter,
    rows: Vec<Row>,
    count: usize,
    is_full: bool,
    stale: bool,
}

/// How many agents are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) agents: usize,
    pub(super) asked: usize,
    pub(super) missing: usize,
}

impl Feeds {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether more than these were found, and are not kept.
    pub(super) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Looks for something else, or for the same anew.
    pub(super) fn begin(&mut self, filter: Filter) {
        *self = Self {
            filter,
            ..Self::default()
        };
    }

    /// Looks at these agents. What is known of those that stay is kept.
    pub(super) fn look_at<'a>(&mut self, agents: impl Iterator<Item = &'a AgentSnapshot>) {
        let mut before = std::mem::take(&mut self.feeds);
        for agent in agents {
            let known = before.remove(&agent.id);
            let is_new = known.is_none();
            let mut feed = known.unwrap_or_else(|| Feed::new(agent));
            feed.label = Arc::clone(&agent.label);
            let online = agent.link.is_online();
            if !online && (is_new || feed.stage == Stage::Asked) {
                feed.stage = Stage::Away;
            } else if online && (is_new || feed.stage == Stage::Away) {
                feed.stage = Stage::Asked;
                self.queue.push_back(agent.id);
            }
            self.feeds.insert(agent.id, feed);
        }
        let feeds = &self.feeds;
        let asked = |id: &AgentId| feeds.get(id).is_some_and(|feed| feed.stage == Stage::Asked);
        self.queue.retain(asked);
        self.waiting.retain(asked);
        self.stale = true;
    }

    /// Takes what came and asks those whose turn it is. Costs nothing while nobody is asked.
    pub(super) fn follow(&mut self, cx: &mut Cx<'_>) {
        let mut again = Vec::new();
        let (feeds, stale) = (&mut self.feeds, &mut self.stale);
        self.waiting.retain(|id| {
            let Some(feed) = feeds.get_mut(id) else {
                return false;
            };
            if let Some(page) = feed.slot.take() {
                // A search looks at a part of the log at a time, and may have found nothing there.
                if !feed.put(&page.value) {
                    feed.stage = Stage::Asked;
                    again.push(*id);
                }
                *stale = true;
                return false;
            }
            if let Remote::Unavailable { reason, .. } = &*feed.slot.get() {
                feed.stage = Stage::Failed(text::clean(reason));
                *stale = true;
                return false;
            }
            true
        });
        self.queue.extend(again);
        while self.waiting.len() < AT_ONCE
            && let Some(id) = self.queue.pop_front()
        {
            self.ask(cx, id);
        }
        if std::mem::take(&mut self.stale) {
            self.merge();
        }
    }

    fn ask(&mut self, cx: &mut Cx<'_>, id: AgentId) {
        let Some(feed) = self.feeds.get_mut(&id) else {
            return;
        };
        let query = Query {
            limit: Some(PAGE_LEN),
            audit: AuditSearch {
                filter: self.filter.clone(),
                cursor: feed.cursor.clone(),
                anchor: None,
            },
            ..Query::default()
        };
        feed.slot.clear();
        feed.slot.request(
            cx.commands,
            id,
            &Target::Audit(AuditTarget::Records),
            &query,
        );
        self.waiting.push(id);
    }

    /// The end of the list is near: asks those that hold it up.
    pub(super) fn more(&mut self) {
        if self.is_full {
            return;
        }
        let Some(limit) = self.feeds.values().filter_map(Feed::limit).max() else {
            return;
        };
        for (id, feed) in &mut self.feeds {
            if feed.stage == Stage::Here && feed.limit() == Some(limit) {
                feed.stage = Stage::Asked;
                self.queue.push_back(*id);
            }
        }
    }

    /// Asks those again that gave nothing.
    pub(super) fn retry(&mut self) {
        for (id, feed) in &mut self.feeds {
            if matches!(feed.stage, Stage::Failed(_)) {
                feed.stage = Stage::Asked;
                self.queue.push_back(*id);
            }
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts {
            agents: self.feeds.len(),
            ..Counts::default()
        };
        for feed in self.feeds.values() {
            match feed.stage {
                Stage::Asked => counts.asked += 1,
                Stage::Away | Stage::Failed(_) => counts.missing += 1,
                Stage::Here => {}
            }
        }
        counts
    }

    /// The agents whose records are missing, and why.
    pub(super) fn missing(&self) -> impl Iterator<Item = (AgentId, &str, &str)> {
        self.feeds
            .iter()
            .filter_map(|(id, feed)| match &feed.stage {
                Stage::Away => Some((*id, &*feed.label, "not connected")),
                Stage::Failed(reason) => Some((*id, &*feed.label, reason.as_str())),
                Stage::Asked | Stage::Here => None,
            })
    }

    /// Puts all in order. What is older than records that may still come between waits for them.
    fn merge(&mut self) {
        let limit = self.feeds.values().filter_map(Feed::limit).max();
        self.rows.clear();
        self.count = 0;
        for (id, feed) in &self.feeds {
            self.count += feed.records.len();
            for record in &feed.records {
                if limit.is_none_or(|limit| record.time_ms >= limit) {
                    self.rows.push(Row {
                        agent: *id,
                        label: Arc::clone(&feed.label),
                        record: Arc::clone(record),
                    });
                }
            }
        }
        self.rows.sort_by(|one, other| {
            let (a, b) = (&one.record, &other.record);
            b.time_ms
                .cmp(&a.time_ms)
                .then(one.agent.cmp(&other.agent))
                .then(b.sequence.cmp(&a.sequence))
        });
        self.is_full = self.count >= LEN_MAX;
    }
}

#[cfg(test)]
mod tests {
    use underpass_fleet::demo::{SEED, Still};
    use underpass_shared::audit::{Actor, Category, Outcome};

    use super::*;

    fn page(times: &[i64], more: bool) -> AuditPage {
        let record = |(at, time): (usize, &i64)| {
            let mut record = Record::new(
                *time,
                Category::Pairing,
                Outcome::Done,
                Actor::agent(),
                "paired",
            );
            record.sequence = u64::try_from(times.len() - at).unwrap();
            record
        };
        AuditPage {
            records: times.iter().enumerate().map(record).collect(),
            cursor: more.then(|| "on".to_owned()),
        }
    }

    /// Feeds over two agents that answer.
    fn two() -> (Feeds, [AgentId; 2]) {
        let fleet = Still::new(SEED, 1_772_443_800_000).snapshot();
        let online: Vec<_> = fleet
            .agents
            .iter()
            .filter(|one| one.link.is_online())
            .take(2)
            .collect();
        let mut feeds = Feeds::default();
        feeds.look_at(online.iter().map(|one| &***one));
        let ids: Vec<AgentId> = feeds.feeds.keys().copied().collect();
        (feeds, [ids[0], ids[1]])
    }

    fn times(feeds: &mut Feeds) -> Vec<i64> {
        feeds.merge();
        feeds.rows.iter().map(|row| row.record.time_ms).collect()
    }

    #[test]
    fn nothing_older_is_shown_than_what_may_still_come_between() {
        let (mut feeds, [one, other]) = two();
        feeds
            .feeds
            .get_mut(&one)
            .unwrap()
            .put(&page(&[100, 90, 10], true));
        assert_eq!(times(&mut feeds), [100, 90, 10], "the other is still asked");
        feeds
            .feeds
            .get_mut(&other)
            .unwrap()
            .put(&page(&[95, 50], true));
        assert_eq!(
            times(&mut feeds),
            [100, 95, 90, 50],
            "10 waits for records between"
        );
        feeds.queue.clear();
        feeds.more();
        assert_eq!(feeds.queue, [other], "only who holds the list up is asked");
        feeds
            .feeds
            .get_mut(&other)
            .unwrap()
            .put(&page(&[20], false));
        assert_eq!(times(&mut feeds), [100, 95, 90, 50, 20, 10]);
    }

    #[test]
    fn who_cannot_answer_is_named_and_holds_nothing_up() {
        let (mut feeds, [one, other]) = two();
        feeds.feeds.get_mut(&one).unwrap().put(&page(&[100], true));
        feeds
            .feeds
            .get_mut(&other)
            .unwrap()
            .put(&page(&[200, 150], true));
        feeds.feeds.get_mut(&other).unwrap().stage = Stage::Failed("it is busy".to_owned());
        assert_eq!(times(&mut feeds), [200, 150, 100]);
        let missing: Vec<_> = feeds
            .missing()
            .map(|(id, _, why)| (id, why.to_owned()))
            .collect();
        assert_eq!(missing, [(other, "it is busy".to_owned())]);
        assert_eq!(
            feeds.counts(),
            Counts {
                agents: 2,
                asked: 0,
                missing: 1
            }
        );
        feeds.retry();
        assert!(feeds.queue.contains(&other));
    }

    #[test]
    fn an_empty_page_with_a_cursor_is_no_end() {
        let (mut feeds, [one, _other]) = two();
        let feed = feeds.feeds.get_mut(&one).unwrap();
        assert!(!feed.put(&page(&[], true)));
        assert!(feed.put(&page(&[], false)));
    }
}
