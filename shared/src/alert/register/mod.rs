//! The register of alerts: conditions that are seen again and again become alerts, once each.
//!
//! [`Register::step`] is told what a look found. Between the notice that an alert of something was
//! raised and the one that it is resolved there is never a second one that it was raised. What
//! comes and goes is no storm either: an alert is resolved only when its condition was away for a
//! while, and that while doubles each time it comes back soon.
//!
//! Durations are counted by the clock that never jumps, while the register is stepped; the other
//! one only says when something was, and when a silence ends. All of it goes through JSON, so that
//! what stood before a restart and stands after it is not raised again.

mod entry;
mod operate;
mod returns;
mod rules;
mod state;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::entry::{Entry, Gone, Stage};
pub use self::operate::{RegisterError, SILENCE_MAX};
use self::returns::Returns;
pub use self::rules::{Look, Rules};
use self::state::State;
use super::record::{Alert, AlertId, Condition, Happening, Notice};
use crate::instant::Now;

/// Conditions that are followed at a time; with their texts they make a state of some 2 MB.
pub(super) const CONDITIONS_MAX: usize = 2_000;
/// Alerts that are remembered after they were resolved.
pub(super) const HISTORY_MAX: usize = 1_000;
/// Longest text of an alert, bytes.
const TEXT_LEN_MAX: usize = 1_000;
/// How many conditions may follow from each other; more are a circle.
const DEPTH_MAX: usize = 8;

/// Something that happened to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub notice: Notice,
    /// Whether it is delivered; else it is only shown to those who look.
    pub deliver: bool,
}

/// All alerts: those that stand, and those that stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "State", into = "State")]
pub struct Register {
    entries: BTreeMap<AlertId, Entry>,
    /// The newest last.
    history: VecDeque<Alert>,
    /// Until when nobody is told of something, milliseconds UTC.
    silences: BTreeMap<AlertId, i64>,
    returns: Returns,
    next_alert: u64,
    next_notice: u64,
    /// When it was last stepped, by the clock that never jumps.
    stepped: Option<Duration>,
    changed: bool,
}

/// What a step works with.
struct Step<'a> {
    now: Now,
    elapsed: Duration,
    rules: &'a Rules,
    told: Vec<Told>,
}

impl Register {
    /// An empty one. Its notices are numbered from the time on, so that a receiver never takes
    /// them for those of another register that was lost.
    pub fn new(now: Now) -> Self {
        Self {
            entries: BTreeMap::new(),
            history: VecDeque::new(),
            silences: BTreeMap::new(),
            returns: Returns::default(),
            next_alert: 1,
            next_notice: now.wall_ms.max(1).cast_unsigned(),
            stepped: None,
            changed: true,
        }
    }

    /// Takes in what a look found; answers what happened, in order.
    pub fn step(&mut self, now: Now, look: Look, rules: &Rules) -> Vec<Told> {
        let elapsed = self.stepped.map_or(Duration::ZERO, |before| {
            now.monotonic.saturating_sub(before)
        });
        self.stepped = Some(now.monotonic);
        let mut step = Step {
            now,
            elapsed,
            rules,
            told: vec![],
        };
        self.end_silences(now.wall_ms);
        let seen = self.admit(look.conditions);
        let is_open = |id: &AlertId| look.unknown.contains(&id.code) || look.undecided.contains(id);
        let away: Vec<AlertId> = self
            .entries
            .keys()
            .filter(|id| !seen.contains_key(*id) && !is_open(id))
            .cloned()
            .collect();
        for id in away {
            self.away(&id, &mut step);
        }
        self.returns.pass(elapsed, |id| {
            self.entries.get(id).is_some_and(|one| one.is_raised())
        });
        let hiders = self.hiders(&seen);
        self.count_hidden(&hiders);
        for condition in seen.into_values() {
            let hidden = hiders.contains_key(&condition.id);
            self.present(condition, hidden, &mut step);
        }
        self.changed |= !step.told.is_empty();
        step.told
    }

    /// Alerts that stand, the newest first.
    pub fn active(&self) -> Vec<&Alert> {
        let listed = self.entries.values().filter(|one| one.is_listed());
        let mut list: Vec<&Alert> = listed.map(|one| &one.alert).collect();
        list.sort_by_key(|alert| Reverse(alert.number));
        list
    }

    /// Alerts that stood, the newest resolution first.
    pub fn history(&self) -> impl Iterator<Item = &Alert> {
        self.history.iter().rev()
    }

    /// Whether something is not saved yet that is worth it.
    pub const fn is_changed(&self) -> bool {
        self.changed
    }

    /// All of it is saved.
    pub const fn saved(&mut self) {
        self.changed = false;
    }

    /// It could not be saved.
    pub const fn unsaved(&mut self) {
        self.changed = true;
    }

    /// What is followed of what was found: all of it, unless there is too much. Then what is known
    /// already comes first, and the worse before the rest.
    fn admit(&self, found: Vec<Condition>) -> BTreeMap<AlertId, Condition> {
        let mut found = found;
        if found.len() > CONDITIONS_MAX {
            found.sort_by_cached_key(|one| {
                let known = self.entries.contains_key(&one.id);
                (!known, Reverse(one.id.code.severity()), one.id.clone())
            });
            found.truncate(CONDITIONS_MAX);
        }
        let found = found.into_iter().map(|mut one| {
            one.text
                .truncate(one.text.floor_char_boundary(TEXT_LEN_MAX));
            (one.id.clone(), one)
        });
        found.collect()
    }

    /// A condition is not there.
    fn away(&mut self, id: &AlertId, step: &mut Step<'_>) {
        let quiet = self.returns.quiet(id, step.rules.quiet);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        // Nobody knows of what is not raised.
        let is_raised = entry.is_raised();
        let ended = match &mut entry.gone {
            _ if !is_raised => true,
            Some(gone) => {
                gone.lasted_ms = gone.lasted_ms.saturating_add(millis(step.elapsed));
                gone.lasted_ms >= millis(quiet)
            }
            none => {
                let since_ms = step.now.wall_ms;
                *none = Some(Gone {
                    since_ms,
                    lasted_ms: 0,
                });
                self.changed = true;
                quiet.is_zero()
            }
        };
        if !ended {
            return;
        }
        let Some(entry) = self.entries.remove(id) else {
            return;
        };
        self.changed = true;
        if entry.is_raised() {
            self.resolve(entry, step);
        }
    }

    fn resolve(&mut self, entry: Entry, step: &mut Step<'_>) {
        let mut alert = entry.alert;
        alert.hides = 0;
        alert.resolved_ms = Some(entry.gone.map_or(step.now.wall_ms, |gone| gone.since_ms));
        self.returns.resolved(&alert.id);
        let deliver = entry.stage == Stage::Told;
        self.tell(Happening::Resolved, &alert, deliver, step);
        if !entry.is_deleted {
            if self.history.len() >= HISTORY_MAX {
                self.history.pop_front();
            }
            self.history.push_back(alert);
        }
    }

    /// What hides each of the conditions that are hidden: the first of all that it follows from.
    fn hiders(&self, seen: &BTreeMap<AlertId, Condition>) -> BTreeMap<AlertId, AlertId> {
        let stands = |id: &AlertId| seen.contains_key(id) || self.entries.contains_key(id);
        let cause = |id: &AlertId| seen.get(id)?.because_of.as_ref();
        let hider = |id: &AlertId| {
            let (mut first, mut next) = (None, cause(id));
            for _ in 0..DEPTH_MAX {
                match next {
                    Some(parent) if parent == id => return None,
                    Some(parent) if stands(parent) => {
                        first = Some(parent);
                        next = cause(parent);
                    }
                    Some(_) | None => break,
                }
            }
            first.cloned()
        };
        let hidden = seen.keys().filter_map(|id| Some((id.clone(), hider(id)?)));
        hidden.collect()
    }

    fn count_hidden(&mut self, hiders: &BTreeMap<AlertId, AlertId>) {
        let mut counts: BTreeMap<&AlertId, u32> = BTreeMap::new();
        for hider in hiders.values() {
            *counts.entry(hider).or_default() += 1;
        }
        for (id, entry) in &mut self.entries {
            let hides = counts.get(id).copied().unwrap_or_default();
            self.changed |= entry.alert.hides != hides;
            entry.alert.hides = hides;
        }
    }

    /// A condition is there.
    fn present(&mut self, condition: Condition, hidden: bool, step: &mut Step<'_>) {
        let Condition {
            id,
            text,
            because_of: _,
            days_left,
        } = condition;
        let silenced = self.silences.get(&id).copied();
        let known = self.entries.contains_key(&id);
        if !known {
            // What a hidden condition was before nobody asks.
            if hidden {
                return;
            }
            self.changed = true;
        }
        let entry = self
            .entries
            .entry(id.clone())
            .or_insert_with(|| Entry::new(id.clone(), step.now.wall_ms));
        self.changed |= entry.gone.is_some() || entry.alert.text != text;
        entry.gone = None;
        entry.alert.text = text;
        if !entry.is_raised() {
            if hidden {
                // Once the cause is away it gets its whole time to go away as well.
                self.entries.remove(&id);
                return;
            }
            if known {
                entry.stood_ms = entry.stood_ms.saturating_add(millis(step.elapsed));
            }
            if entry.stood_ms < millis(step.rules.visible_after(id.code)) {
                return;
            }
            entry.stage = Stage::Owed;
        }
        let is_new = entry.alert.number == 0 || entry.is_deleted;
        if is_new {
            entry.alert.number = self.next_alert;
            entry.alert.silenced_until_ms = silenced;
            entry.is_deleted = false;
            self.next_alert += 1;
        }
        let held = hidden || silenced.is_some();
        let happening = entry.proceed(days_left, held, step.rules.tells(id.code));
        let shown = happening.or(is_new.then_some(Happening::Raised));
        if let Some(shown) = shown {
            let deliver = happening.is_some() && entry.stage == Stage::Told;
            let alert = entry.alert.clone();
            self.tell(shown, &alert, deliver, step);
        }
    }

    fn tell(&mut self, happening: Happening, alert: &Alert, deliver: bool, step: &mut Step<'_>) {
        let notice = Notice {
            number: self.next_notice,
            happening,
            time_ms: step.now.wall_ms,
            alert: alert.clone(),
        };
        self.next_notice += 1;
        step.told.push(Told { notice, deliver });
    }
}

/// Milliseconds as they are kept.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
