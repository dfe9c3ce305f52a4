//! Files that roll, age, fill up and are read.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::{clock, file};

const LIMITS: FileLimits = FileLimits {
    bytes: 20_000,
    days: 0,
};

struct World {
    dir: TempDir,
    files: LogFiles,
    dispatch: tracing::Dispatch,
}

impl World {
    fn new(limits: FileLimits) -> Self {
        let recent = Recent::new();
        let subscriber = tracing_subscriber::registry().with(recent.clone());
        let dispatch = tracing::Dispatch::new(subscriber);
        tracing::dispatcher::with_default(&dispatch, || tracing::info!("before the files"));
        let dir = tempfile::tempdir().unwrap();
        let files = LogFiles::start(&dir.path().join("log"), &recent, limits).unwrap();
        Self {
            dir,
            files,
            dispatch,
        }
    }

    fn log(&self, count: usize, text: &str) {
        tracing::dispatcher::with_default(&self.dispatch, || {
            for number in 0..count {
                tracing::info!(number, text, "a line");
            }
        });
    }

    /// Logs a line, and waits until it is in a file.
    fn log_and_wait(&self, text: &str) {
        self.log(1, text);
        self.until("it is written", |world| {
            let end = format!("text={text}");
            world.all().iter().any(|line| line.ends_with(&end))
        });
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("log").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// All lines of all files, the oldest first.
    fn all(&self) -> Vec<String> {
        let files = self.files.list().unwrap().files;
        let texts = files.iter().rev().map(|one| self.read(one.name.as_str()));
        let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = clock::monotonic();
        while !is_so(self) {
            assert!(
                clock::monotonic() - start < Duration::from_secs(20),
                "{what}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn every_line_is_in_one_file_and_there_are_never_more_than_twenty() {
    let world = World::new(LIMITS);
    world.log(2_000, "x");
    world.files.close();
    let lines = world.all();
    assert_eq!(lines.len(), 2_001);
    assert!(lines[0].contains("before the files") && lines[2_000].contains("number=1999"));
    let files = world.files.list().unwrap();
    assert!(files.files.len() > 2 && files.files[0].in_use && files.dropped == 0);
    // A batch may go beyond the limit, but is no file of its own.
    let largest = files.files.iter().map(|one| one.bytes).max().unwrap();
    assert!(largest < 60_000, "{largest}");
    assert!(files.files.iter().skip(1).all(|one| one.bytes >= 20_000));
    world.log(1, "not written any more");
    assert_eq!(world.all().len(), 2_001);

    let world = World::new(FileLimits { bytes: 1, days: 0 });
    for number in 0..FILES_MAX * 2 {
        world.log_and_wait(&format!("line {number}"));
    }
    assert_eq!(world.files.list().unwrap().files.len(), FILES_MAX);
    assert!(world.all().iter().any(|line| line.contains("line 39")));
    assert!(!world.all().iter().any(|line| line.contains("line 0")));
    world.files.close();
    assert!(world.files.list().unwrap().files.len() <= FILES_MAX);
}

#[test]
fn old_files_go_by_their_age_and_others_stay() {
    let world = World::new(FileLimits { bytes: 1, days: 3 });
    let old = "agent-20200101-000000.log";
    for name in [old, "agent-20200102-000000.log", "notes.txt"] {
        file::replace(&world.path(name), b"x\n").unwrap();
    }
    let four_days = Duration::from_secs(4 * 24 * 60 * 60);
    let time = fs::metadata(world.path(old)).unwrap().modified().unwrap() - four_days;
    File::options()
        .write(true)
        .open(world.path(old))
        .unwrap()
        .set_modified(time)
        .unwrap();
    for number in 0..2 {
        world.log_and_wait(&format!("roll {number}"));
    }
    world.files.close();
    assert!(!world.path(old).exists() && world.path("notes.txt").exists());
    assert!(world.path("agent-20200102-000000.log").exists());
}

#[test]
fn pages_together_are_the_file() {
    let world = World::new(FileLimits {
        bytes: u64::MAX,
        days: 0,
    });
    for number in 0..40 {
        world.log(100, &format!("{number} {}", "ä".repeat(number)));
        world.until("written", |world| world.all().len() > number * 100);
    }
    world.files.close();
    let name = LogFileName::present();
    let first = world.files.page(&name, Some(0)).unwrap();
    assert!(first.pages > 3, "{}", first.pages);
    let mut lines = vec![];
    for page in 0..first.pages {
        lines.extend(world.files.page(&name, Some(page)).unwrap().lines);
    }
    let whole: Vec<String> = world.read("agent.log").lines().map(str::to_owned).collect();
    assert_eq!(lines, whole);
    let last = world.files.page(&name, None).unwrap();
    assert_eq!(
        (last.page + 1, last.lines.last()),
        (last.pages, whole.last())
    );
    let beyond = world.files.page(&name, Some(first.pages));
    assert!(matches!(beyond, Err(FileError::Page(_, pages)) if pages == first.pages));
    let missing = "agent-20200101-000000.log".parse().unwrap();
    assert!(matches!(
        world.files.page(&missing, None),
        Err(FileError::Missing(_))
    ));
    assert!(matches!(
        world.files.delete(&missing),
        Err(FileError::Missing(_))
    ));
    assert!(matches!(
        world.files.delete(&name),
        Err(FileError::InUse(_))
    ));
}

#[test]
fn a_line_stays_one_line_and_files_are_private() {
    let world = World::new(LIMITS);
    world.log(
        1,
        "forged\n2026-01-01T00:00:00.000Z ERROR all is lost\r\u{1b}[31m",
    );
    world.files.close();
    let text = world.read("agent.log");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.contains("forged\\n2026") && !text.contains('\u{1b}'),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode();
        assert_eq!(
            (mode("agent.log") & 0o777, mode("") & 0o777),
            (0o600, 0o700)
        );
    }
}

#[test]
fn lines_that_the_disk_does_not_take_are_counted_and_told() {
    let world = World::new(LIMITS);
    world.until("begun", |world| !world.read("agent.log").is_empty());
    // A folder where the file is to be cannot be written, as a full disk cannot.
    fs::remove_file(world.path("agent.log")).unwrap();
    fs::create_dir(world.path("agent.log")).unwrap();
    world.log(5, "lost");
    world.until("told", |world| {
        let told = world.files.list().unwrap();
        told.dropped == 5 && told.failure.is_some()
    });
    fs::remove_dir(world.path("agent.log")).unwrap();
    world.until("written again", |world| {
        world.log(1, "kept");
        world.read("agent.log").contains("kept")
    });
    world.until("no failure", |world| {
        world.files.list().unwrap().failure.is_none()
    });
    let text = world.read("agent.log");
    assert!(
        text.lines()
            .next()
            .unwrap()
            .contains("lines were not written here"),
        "{text}"
    );
    world.files.close();
}

#[test]
fn who_logs_never_waits_and_what_finds_no_room_is_told() {
    let recent = Recent::new();
    let subscriber = tracing_subscriber::registry().with(recent.clone());
    let (queue, lines) = sync_channel(3);
    let dropped = Arc::<AtomicU64>::default();
    assert!(recent.lead_to(queue, Arc::clone(&dropped)).is_empty());
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..10 {
            tracing::info!(number, "a line");
        }
    });
    assert_eq!(
        (lines.try_iter().count(), dropped.load(Ordering::Relaxed)),
        (3, 7)
    );
}
