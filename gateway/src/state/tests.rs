//! One conformance suite, run on every backend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::{
    Backend, CommitError, Expect, Memory, Op, Sqlite, State, StoreClock, TOMBSTONE_VERSIONS, Write,
};

/// A clock moved by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> StoreClock {
        let hand = self.clone();
        StoreClock::new(move || hand.0.load(Ordering::SeqCst))
    }
}

/// Opens handles on one store.
struct Store {
    hand: Hand,
    open: Box<dyn Fn() -> Box<dyn Backend>>,
    _folder: Option<tempfile::TempDir>,
}

fn stores() -> [Store; 2] {
    let hand = Hand::default();
    let memory = Memory::new(hand.clock());
    let in_memory = Store {
        hand,
        open: Box::new(move || Box::new(memory.clone())),
        _folder: None,
    };

    let hand = Hand::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/state.db");
    let clock = hand.clock();
    let open = Box::new(move || -> Box<dyn Backend> {
        Box::new(Sqlite::open(&path, clock.clone()).unwrap())
    });
    [
        in_memory,
        Store {
            hand,
            open,
            _folder: Some(folder),
        },
    ]
}

fn put(key: &str, expect: Expect, value: &str) -> Op {
    Op::put(key, expect, value.as_bytes().to_vec())
}

fn conflict(result: Result<u64, CommitError>) -> Option<String> {
    match result {
        Err(CommitError::Conflict { key }) => Some(key),
        Ok(_) | Err(CommitError::Store(_)) => None,
    }
}

#[test]
fn a_commit_is_all_or_nothing() {
    for store in stores() {
        let mut state = (store.open)();
        assert_eq!(state.poll().unwrap(), 0);
        let ops = [put("a", Expect::Absent, "1"), put("b", Expect::Absent, "1")];
        assert_eq!(state.commit(&ops).unwrap(), 1);
        let ops = [put("c", Expect::Absent, "2"), put("b", Expect::Absent, "2")];
        assert_eq!(conflict(state.commit(&ops)).as_deref(), Some("b"));
        assert_eq!(state.get("c").unwrap(), None);
        assert_eq!(state.poll().unwrap(), 1);

        let seen = state.get("b").unwrap().unwrap();
        assert_eq!((seen.value.as_slice(), seen.version), (b"1".as_slice(), 1));
        state.commit(&[put("b", Expect::Version(1), "3")]).unwrap();
        assert_eq!(
            conflict(state.commit(&[put("b", Expect::Version(1), "4")])).unwrap(),
            "b"
        );
        assert!(conflict(state.commit(&[Op::delete("x", Expect::Version(1))])).is_some());
        state
            .commit(&[Op::delete("b", Expect::Version(2))])
            .unwrap();
        assert_eq!(state.get("b").unwrap(), None);
        assert_eq!(state.commit(&[]).unwrap(), 3);
    }
}

#[test]
fn scans_stay_within_their_prefix() {
    for store in stores() {
        let mut state = (store.open)();
        for key in ["a", "a/", "a/1", "a/2", "a0", "b/1"] {
            state.commit(&[put(key, Expect::Absent, key)]).unwrap();
        }
        let keys = |rows: Vec<(String, _)>| rows.into_iter().map(|row| row.0).collect::<Vec<_>>();
        assert_eq!(keys(state.scan("a/").unwrap()), ["a/", "a/1", "a/2"]);
        assert_eq!(state.scan("").unwrap().len(), 6);
        assert_eq!(state.scan("c").unwrap(), []);
    }
}

#[test]
fn rows_expire_by_the_clock_of_the_store() {
    for store in stores() {
        let mut state = (store.open)();
        let ttl = Duration::from_secs(30);
        state
            .commit(&[Op::put_for("t", Expect::Absent, vec![1], ttl)])
            .unwrap();
        store.hand.advance(29_999);
        assert_eq!(state.get("t").unwrap().unwrap().expires_at_ms, Some(30_000));
        assert_eq!(state.poll().unwrap(), 1);
        store.hand.advance(1);
        assert_eq!(state.get("t").unwrap(), None);
        assert_eq!(state.scan("").unwrap(), []);
        // Followers are told when the row is swept.
        assert_eq!(state.poll().unwrap(), 2);
        let changes = state.changes(1).unwrap().unwrap();
        assert_eq!((changes.version, changes.rows.len()), (2, 1));
        assert_eq!(changes.rows[0].entry, None);
        state
            .commit(&[Op::put_for("t", Expect::Absent, vec![2], ttl)])
            .unwrap();
        store.hand.advance(30_000);
        // An expired row counts as absent even before it is swept.
        state.commit(&[put("t", Expect::Absent, "3")]).unwrap();
        assert_eq!(state.get("t").unwrap().unwrap().expires_at_ms, None);
    }
}

#[test]
fn changes_tell_each_row_once_and_deletions_too() {
    for store in stores() {
        let mut state = (store.open)();
        for value in ["1", "2", "3"] {
            state
                .commit(&[put("a", Expect::Any, value), put(value, Expect::Any, "")])
                .unwrap();
        }
        state.commit(&[Op::delete("1", Expect::Any)]).unwrap();
        let changes = state.changes(2).unwrap().unwrap();
        let rows = changes
            .rows
            .iter()
            .map(|row| (row.key.as_str(), row.entry.is_some()));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [("1", false), ("3", true), ("a", true)]
        );
        assert_eq!(state.changes(4).unwrap().unwrap().rows, []);
    }
}

#[test]
fn old_deletions_are_forgotten_and_the_reader_is_told() {
    let mut state = Memory::new(Hand::default().clock());
    state.commit(&[put("gone", Expect::Any, "")]).unwrap();
    state.commit(&[Op::delete("gone", Expect::Any)]).unwrap();
    for _ in 0..2 * TOMBSTONE_VERSIONS {
        state.commit(&[put("a", Expect::Any, "")]).unwrap();
    }
    let version = state.poll().unwrap();
    assert_eq!(state.changes(1).unwrap(), None);
    assert_eq!(state.changes(version - 1).unwrap().unwrap().rows.len(), 1);
}

/// What a store must do, in the plainest words.
#[derive(Default)]
struct Model {
    version: u64,
    rows: BTreeMap<String, (Vec<u8>, u64, Option<i64>)>,
}

impl Model {
    fn commit(&mut self, ops: &[Op], now_ms: i64) -> Option<u64> {
        self.expire(now_ms);
        let holds = |op: &Op| match (op.expect, self.rows.get(&op.key)) {
            (Expect::Any, _) | (Expect::Absent, None) => true,
            (Expect::Version(wanted), Some(row)) => row.1 == wanted,
            (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
        };
        if !ops.iter().all(holds) {
            return None;
        }
        self.version += 1;
        for op in ops {
            match &op.write {
                Write::Put { value, ttl } => {
                    let until = ttl.map(|ttl| now_ms + i64::try_from(ttl.as_millis()).unwrap());
                    self.rows
                        .insert(op.key.clone(), (value.clone(), self.version, until));
                }
                Write::Delete => drop(self.rows.remove(&op.key)),
            }
        }
        Some(self.version)
    }

    fn expire(&mut self, now_ms: i64) {
        self.rows
            .retain(|_, row| row.2.is_none_or(|until| until > now_ms));
    }
}

/// A small generator is enough here, and a failure repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % end
    }

    fn op(&mut self, version: u64) -> Op {
        let key = format!("k{}", self.below(8));
        let expect = match self.below(4) {
            0 => Expect::Absent,
            1 => Expect::Version(version.saturating_sub(self.below(6))),
            _ => Expect::Any,
        };
        let value = self.below(256).to_be_bytes().to_vec();
        match self.below(4) {
            0 => Op::delete(key, expect),
            1 => Op::put_for(key, expect, value, Duration::from_millis(self.below(50))),
            _ => Op::put(key, expect, value),
        }
    }
}

#[test]
fn random_steps_agree_with_the_model() {
    for store in stores() {
        // Two handles take turns, so each works on what the other wrote.
        let mut handles = [(store.open)(), (store.open)()];
        let (mut model, mut dice) = (Model::default(), Dice(7));
        let mut copy: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut followed = 0;
        for _ in 0..3_000 {
            let state = &mut handles[usize::from(dice.below(2) == 0)];
            store.hand.advance(i64::try_from(dice.below(20)).unwrap());
            let now_ms = store.hand.0.load(Ordering::SeqCst);
            if dice.below(5) == 0 {
                // A sweep takes a version of its own.
                model.version = state.poll().unwrap();
                let changes = state.changes(followed).unwrap().unwrap();
                followed = changes.version;
                for row in changes.rows {
                    match row.entry {
                        Some(entry) => drop(copy.insert(row.key, entry.value)),
                        None => drop(copy.remove(&row.key)),
                    }
                }
                model.expire(now_ms);
                let wanted = model
                    .rows
                    .iter()
                    .map(|(key, row)| (key.clone(), row.0.clone()));
                assert_eq!(copy, wanted.collect(), "a follower sees what is there");
                continue;
            }
            let first = dice.op(model.version);
            let second = dice.op(model.version);
            let ops = if first.key == second.key {
                vec![first]
            } else {
                vec![first, second]
            };
            assert_eq!(state.commit(&ops).ok(), model.commit(&ops, now_ms));
            model.expire(now_ms);
            let seen = state.scan("k").unwrap().into_iter();
            let seen = seen.map(|(key, row)| (key, (row.value, row.version, row.expires_at_ms)));
            assert_eq!(seen.collect::<BTreeMap<_, _>>(), model.rows);
        }
    }
}

#[test]
fn racing_writers_lose_no_increment() {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 25;
    for store in stores() {
        let handles: Vec<_> = (0..WRITERS).map(|_| (store.open)()).collect();
        std::thread::scope(|scope| {
            for mut state in handles {
                scope.spawn(move || {
                    let mut done = 0;
                    while done < ROUNDS {
                        let seen = state.get("n").unwrap();
                        let (value, expect) = seen.map_or((0, Expect::Absent), |row| {
                            (row.value[0], Expect::Version(row.version))
                        });
                        match state.commit(&[Op::put("n", expect, vec![value + 1])]) {
                            Ok(_) => done += 1,
                            Err(CommitError::Conflict { .. }) => {}
                            Err(CommitError::Store(error)) => panic!("{error:?}"),
                        }
                    }
                });
            }
        });
        let total = (store.open)().get("n").unwrap().unwrap().value[0];
        assert_eq!(usize::from(total), WRITERS * ROUNDS);
    }
}

#[tokio::test]
async fn two_handles_on_one_file_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let hand = Hand::default();
    let server = State::sqlite(&path, hand.clock()).unwrap();
    let command = State::sqlite(&path, hand.clock()).unwrap();
    let mut watch = server.watch();
    watch.mark_unchanged();
    let version = command
        .commit(vec![put("a", Expect::Absent, "1")])
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(5), watch.changed())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*watch.borrow(), version);
    assert_eq!(server.get("a").await.unwrap().unwrap().value, b"1");
    assert!(
        server
            .commit(vec![put("a", Expect::Absent, "2")])
            .await
            .is_err()
    );
    server
        .commit(vec![put("a", Expect::Version(version), "2")])
        .await
        .unwrap();
    assert_eq!(command.get("a").await.unwrap().unwrap().value, b"2");
}

#[tokio::test]
async fn the_file_outlives_the_process_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/state.db");
    let hand = Hand::default();
    let state = State::sqlite(&path, hand.clock()).unwrap();
    state
        .commit(vec![put("a", Expect::Absent, "1")])
        .await
        .unwrap();
    drop(state);
    let state = State::sqlite(&path, hand.clock()).unwrap();
    assert_eq!(state.get("a").await.unwrap().unwrap().version, 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let clock = Hand::default().clock();
    drop(Sqlite::open(&path, clock.clone()).unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 2).unwrap();
    assert!(
        Sqlite::open(&path, clock)
            .unwrap_err()
            .to_string()
            .contains("newer release")
    );
}
