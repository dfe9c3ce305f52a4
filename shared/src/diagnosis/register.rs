//! From observations to a list.

use std::collections::BTreeMap;
use std::time::Duration;

use super::kind::Kind;
use super::record::{Diagnoses, Diagnosis, Recurrence};
use crate::instant::Now;

/// Diagnoses at a time; somebody reads them, and each costs about a kilobyte.
pub const DIAGNOSES_MAX: usize = 500;
/// How long one stays after what it tells of last happened.
const VANISHES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// The same while it did not happen often enough to be told.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// Characters of a message, which may hold what others sent.
const MESSAGE_LEN_MAX: usize = 1_024;

/// What is known of one diagnosis.
#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    message: String,
    occurrences: u64,
    first: Now,
    last: Now,
    /// The shortest and the longest time between two.
    gaps: Option<(Duration, Duration)>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It happens from time to time.
    Happens,
    /// It is so until it is solved.
    Stands,
    /// It stands, and somebody deleted it.
    Deleted,
}

/// The diagnoses of an agent.
#[derive(Clone, Debug, Default)]
pub struct Register {
    entries: BTreeMap<(Kind, String), Entry>,
    last_id: u64,
    dropped: u64,
}

impl Register {
    /// Something happened.
    pub fn happened(&mut self, kind: Kind, entity: &str, message: &str, now: Now) {
        let entry = self.enter(kind, entity, message, State::Happens, now);
        let Some(entry) = entry else { return };
        let gap = now.since(entry.last);
        let (min, max) = entry.gaps.unwrap_or((gap, gap));
        entry.gaps = Some((min.min(gap), max.max(gap)));
        entry.occurrences = entry.occurrences.saturating_add(1);
        entry.last = now;
    }

    /// What is so right now of one kind, by its entities and messages; all else of the kind is
    /// solved.
    pub fn stands(&mut self, kind: Kind, found: &BTreeMap<String, String>, now: Now) {
        self.entries
            .retain(|(other, entity), _| *other != kind || found.contains_key(entity));
        for (entity, message) in found {
            if let Some(entry) = self.enter(kind, entity, message, State::Stands, now) {
                entry.last = now;
            }
        }
    }

    /// Whatever of these kinds was told of something is no longer so.
    pub fn solved(&mut self, kinds: &[Kind], entity: &str) {
        for kind in kinds {
            self.entries.remove(&(*kind, entity.to_owned()));
        }
    }

    /// Deletes one; whether it was there. What still stands is not told again before it was solved.
    pub fn delete(&mut self, id: u64) -> bool {
        let found = self.entries.iter_mut().find(|(_, entry)| entry.id == id);
        let Some(((kind, entity), entry)) = found.filter(|(key, entry)| entry.is_told(key.0))
        else {
            return false;
        };
        match entry.state {
            State::Stands => entry.state = State::Deleted,
            State::Happens | State::Deleted => {
                let key = (*kind, entity.clone());
                self.entries.remove(&key);
            }
        }
        true
    }

    /// Forgets what did not happen for long.
    pub fn age(&mut self, now: Now) {
        self.entries.retain(|(kind, _), entry| {
            let patience = if entry.is_told(*kind) {
                VANISHES_AFTER
            } else {
                FORGOTTEN_AFTER
            };
            entry.state != State::Happens || now.since(entry.last) < patience
        });
        if self.entries.is_empty() {
            self.dropped = 0;
        }
    }

    /// How many of some kinds there are, told or not.
    pub fn count(&self, kinds: &[Kind]) -> usize {
        let all = self.entries.keys();
        all.filter(|(kind, _)| kinds.contains(kind)).count()
    }

    /// What is to be told, by last occurrence.
    pub fn list(&self) -> Diagnoses {
        let told = self.entries.iter();
        let told = told.filter(|((kind, _), entry)| entry.is_told(*kind));
        let mut diagnoses: Vec<Diagnosis> = told
            .map(|((kind, entity), entry)| entry.show(*kind, entity))
            .collect();
        diagnoses.sort_by_key(|one| (std::cmp::Reverse(one.last_ms), one.id));
        Diagnoses {
            diagnoses,
            dropped: self.dropped,
        }
    }

    /// The entry with its new message; nothing where it is new.
    fn enter(
        &mut self,
        kind: Kind,
        entity: &str,
        message: &str,
        state: State,
        now: Now,
    ) -> Option<&mut Entry> {
        let message: String = message.chars().take(MESSAGE_LEN_MAX).collect();
        let key = (kind, entity.to_owned());
        if !self.entries.contains_key(&key) {
            self.make_room();
            self.last_id += 1;
            let entry = Entry {
                id: self.last_id,
                message,
                occurrences: 1,
                first: now,
                last: now,
                gaps: None,
                state,
            };
            self.entries.insert(key, entry);
            return None;
        }
        let entry = self.entries.get_mut(&key)?;
        entry.message = message;
        Some(entry)
    }

    /// The one that happened longest ago goes first.
    fn make_room(&mut self) {
        if self.entries.len() < DIAGNOSES_MAX {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&key);
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

impl Entry {
    fn is_told(&self, kind: Kind) -> bool {
        self.state != State::Deleted && self.occurrences >= kind.after()
    }

    fn show(&self, kind: Kind, entity: &str) -> Diagnosis {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let recurrence = self.gaps.map(|(min, max)| {
            let whole = self.last.since(self.first);
            let gaps = u32::try_from(self.occurrences.saturating_sub(1)).unwrap_or(u32::MAX);
            Recurrence {
                min_ms: millis(min),
                mean_ms: millis(whole / gaps.max(1)),
                max_ms: millis(max),
            }
        });
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Diagnosis {
            id: self.id,
            kind,
            category: kind.category(),
            entity: entity.to_owned(),
            title: kind.title().to_owned(),
            message: self.message.clone(),
            causes: texts(kind.causes()),
            fixes: texts(kind.fixes()),
            occurrences: self.occurrences,
            first_ms: self.first.wall_ms,
            last_ms: self.last.wall_ms,
            recurrence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock of the wall is a day ahead of that of the process, to tell them apart.
    fn at(seconds: u64) -> Now {
        Now {
            monotonic: Duration::from_secs(seconds),
            wall_ms: i64::try_from(seconds).unwrap() * 1_000 + 86_400_000,
        }
    }

    fn told(register: &Register) -> Vec<(Kind, String, u64)> {
        let all = register.list().diagnoses.into_iter();
        all.map(|one| (one.kind, one.entity, one.occurrences))
            .collect()
    }

    #[test]
    fn occurrences_are_counted_with_their_recurrence_and_vanish_a_day_later() {
        let mut register = Register::default();
        for (second, message) in [(10, "a"), (12, "b"), (20, "c")] {
            register.happened(Kind::BackendRefuses, "erp", message, at(second));
        }
        let shown = register.list().diagnoses.remove(0);
        assert_eq!((shown.occurrences, shown.message.as_str()), (3, "c"));
        assert_eq!((shown.first_ms, shown.last_ms), (86_410_000, 86_420_000));
        let wanted = Recurrence {
            min_ms: 2_000,
            mean_ms: 5_000,
            max_ms: 8_000,
        };
        assert_eq!(shown.recurrence, Some(wanted));
        let day = VANISHES_AFTER.as_secs();
        register.age(at(20 + day - 1));
        assert_eq!(told(&register).len(), 1);
        register.age(at(20 + day));
        assert!(told(&register).is_empty());
        // The next time it is another one, with nothing to recur to.
        register.happened(Kind::BackendRefuses, "erp", "d", at(21 + day));
        let again = register.list().diagnoses.remove(0);
        assert!(again.id > shown.id && again.recurrence.is_none());
    }

    #[test]
    fn what_is_to_happen_often_is_told_when_it_does_and_forgotten_when_it_does_not() {
        let mut register = Register::default();
        let often = Kind::PathDenied.after();
        for second in 1..often {
            register.happened(Kind::PathDenied, "erp", "denied", at(second));
        }
        assert!(told(&register).is_empty());
        register.age(at(FORGOTTEN_AFTER.as_secs() + often));
        assert_eq!(register.count(&[Kind::PathDenied]), 0);
        for second in 0..often {
            register.happened(Kind::PathDenied, "erp", "denied", at(9_000 + second));
        }
        assert_eq!(
            told(&register),
            [(Kind::PathDenied, "erp".to_owned(), often)]
        );
        register.age(at(9_000 + 2 * FORGOTTEN_AFTER.as_secs()));
        assert_eq!(told(&register).len(), 1, "it is told for a day");
    }

    #[test]
    fn what_works_again_is_solved_for_that_thing_alone() {
        let mut register = Register::default();
        for entity in ["erp", "crm"] {
            register.happened(Kind::BackendRefuses, entity, "refused", at(1));
            register.happened(Kind::BackendTls, entity, "unknown CA", at(2));
        }
        register.solved(&[Kind::BackendRefuses, Kind::BackendName], "erp");
        let left = told(&register);
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(!left.contains(&(Kind::BackendRefuses, "erp".to_owned(), 1)));
    }

    #[test]
    fn what_stands_stays_until_it_is_solved_and_once_deleted_is_not_told_again() {
        let mut register = Register::default();
        let ends = |names: &[&str]| -> BTreeMap<String, String> {
            let texts = names
                .iter()
                .map(|name| ((*name).to_owned(), "ends".to_owned()));
            texts.collect()
        };
        let kind = Kind::CertificateEnds;
        register.stands(kind, &ends(&["a", "b"]), at(1));
        register.stands(kind, &ends(&["a", "b"]), at(VANISHES_AFTER.as_secs() * 2));
        register.age(at(VANISHES_AFTER.as_secs() * 9));
        let shown = register.list().diagnoses;
        assert_eq!((shown.len(), shown[0].occurrences), (2, 1));
        let a = shown.iter().find(|one| one.entity == "a").unwrap().id;
        assert!(register.delete(a) && !register.delete(a) && !register.delete(99));
        register.stands(kind, &ends(&["a", "b"]), at(9));
        assert_eq!(told(&register), [(kind, "b".to_owned(), 1)]);
        register.stands(kind, &ends(&["b"]), at(10));
        register.stands(kind, &ends(&["a", "b"]), at(11));
        assert_eq!(told(&register).len(), 2, "solved and back: it is news");
    }

    #[test]
    fn what_happens_comes_back_after_it_was_deleted() {
        let mut register = Register::default();
        register.happened(Kind::GatewayAway, "gate", "refused", at(1));
        let id = register.list().diagnoses[0].id;
        assert!(register.delete(id));
        assert!(told(&register).is_empty());
        register.happened(Kind::GatewayAway, "gate", "refused", at(2));
        assert!(register.list().diagnoses[0].id > id);
    }

    #[test]
    fn there_are_never_too_many_and_what_was_left_out_is_counted() {
        let mut register = Register::default();
        for number in 0..DIAGNOSES_MAX + 3 {
            let second = u64::try_from(number).unwrap();
            register.happened(Kind::BackendName, &number.to_string(), "x", at(second));
        }
        let shown = register.list();
        assert_eq!((shown.diagnoses.len(), shown.dropped), (DIAGNOSES_MAX, 3));
        let last = &shown.diagnoses[DIAGNOSES_MAX - 1];
        assert_eq!(last.entity, "3", "the oldest went first");
        let long = "x".repeat(MESSAGE_LEN_MAX * 2);
        register.happened(Kind::BackendName, "long", &long, at(9_999));
        let message = &register.list().diagnoses[0].message;
        assert_eq!(message.len(), MESSAGE_LEN_MAX);
    }
}
