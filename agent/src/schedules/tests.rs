//! Folders keep what is good and nothing else; what is known outlasts the process.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use underpass_shared::config::FolderPath;
use underpass_shared::id::AgentId;

use super::*;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn name(text: &str) -> ScheduleName {
    text.parse().unwrap()
}

fn folder_of(dir: &Path) -> FolderPath {
    dir.to_str().unwrap().parse().unwrap()
}

fn listed(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn schedules(names: &[&str]) -> BackupSchedules {
    let one = |name: &&str| {
        json!({"name": name, "cron": "0 2 * * *", "wantedWithinHours": 48,
               "recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
               "target": {"directory": {"path": "/x"}}})
    };
    serde_json::from_value(names.iter().map(one).collect()).unwrap()
}

fn made() -> ScheduledBackup {
    ScheduledBackup {
        file: "f".to_owned(),
        target: "/x".to_owned(),
        bytes: 1,
        revision: 1,
        remark: None,
    }
}

#[test]
fn a_folder_gets_what_is_good_and_says_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let target = folder_of(dir.path());
    let good = |file: &mut fs::File| match std::io::read_to_string(file)?.as_str() {
        "good" => Ok(7),
        _ => Err(std::io::Error::other("it is bad")),
    };
    assert_eq!(store(&target, "a.zip", &b"good"[..], good).unwrap(), 7);
    let bad = store(&target, "b.zip", &b"bad"[..], good).unwrap_err();
    assert!(matches!(bad, folder::StoreError::Bad(_)), "{bad}");
    assert_eq!(listed(dir.path()), ["a.zip"]);
    let refused = |path: &str, says: &str| {
        let path: FolderPath = path.parse().unwrap();
        let error = store(&path, "a.zip", &b"good"[..], good).unwrap_err();
        let error = format!("{:#}", anyhow::Error::from(error));
        assert!(error.contains(says), "{error}");
    };
    let below = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    refused(&below("none"), "none cannot be used");
    refused(&below("a.zip"), "a.zip is no folder");
    #[cfg(unix)]
    refused(r"D:\x", "is no absolute path on this system");
    let unwritten = store(&target, "none/a.zip", &b"good"[..], good).unwrap_err();
    assert!(
        unwritten
            .to_string()
            .starts_with("cannot write to the folder")
    );
    assert_eq!(listed(dir.path()), ["a.zip"]);
}

#[test]
fn only_own_old_backups_are_deleted() {
    let dir = TempDir::new().unwrap();
    let agent = AgentId::of_authority(&[1; 32]);
    let files = FileName::of(agent, &name("nightly"));
    let own: Vec<String> = (1..=4).map(|day| files.at(day * DAY_MS)).collect();
    let unfinished = format!("{}.77.tmp", files.at(9 * DAY_MS));
    let foreign = [
        FileName::of(agent, &name("weekly")).at(DAY_MS),
        FileName::of(AgentId::of_authority(&[2; 32]), &name("nightly")).at(DAY_MS),
        "underpass-agent-nightly.zip".to_owned(),
        "notes.txt".to_owned(),
    ];
    for one in own.iter().chain(&foreign).chain([&unfinished]) {
        file::replace(&dir.path().join(one), b"x").unwrap();
    }
    // A folder of such a name is none of ours.
    let lookalike = files.at(0);
    fs::create_dir(dir.path().join(&lookalike)).unwrap();
    tidy(&folder_of(dir.path()), &files, 2, Some(&own[3])).unwrap();
    let kept = [&own[2], &own[3], &lookalike];
    let mut expected: Vec<String> = foreign.iter().chain(kept).cloned().collect();
    expected.sort();
    assert_eq!(listed(dir.path()), expected);
}

#[test]
fn what_was_just_stored_stays_whatever_the_names_of_others_say() {
    let dir = TempDir::new().unwrap();
    let files = FileName::of(AgentId::of_authority(&[1; 32]), &name("nightly"));
    // Two of a time when the clock was ahead.
    let (ahead, now) = (
        [files.at(900 * DAY_MS), files.at(901 * DAY_MS)],
        files.at(DAY_MS),
    );
    for one in ahead.iter().chain([&now]) {
        file::replace(&dir.path().join(one), b"x").unwrap();
    }
    tidy(&folder_of(dir.path()), &files, 2, Some(&now)).unwrap();
    assert_eq!(listed(dir.path()), [now.clone(), ahead[1].clone()]);
    tidy(&folder_of(dir.path()), &files, 1, Some(&now)).unwrap();
    assert_eq!(listed(dir.path()), [now]);
}

#[test]
fn what_is_asked_for_comes_first_and_all_is_kept() {
    let dir = TempDir::new().unwrap();
    let list = schedules(&["a", "b"]);
    let known = Schedules::open(dir.path());
    known.follow(&list, DAY_MS);
    assert!(known.due(&list, DAY_MS).is_none());
    assert_eq!(known.wait(DAY_MS), Some(Duration::from_secs(2 * 3_600)));
    assert!(known.ask(&name("b"), "me".to_owned()));
    assert!(!known.ask(&name("b"), "you".to_owned()));
    let now = DAY_MS + 3 * 60 * MINUTE_MS;
    let due = known.due(&list, now).unwrap();
    assert_eq!(
        (due.schedule.name.as_str(), due.asked_by.as_deref()),
        ("b", Some("me"))
    );
    assert!(!known.ask(&name("b"), "you".to_owned()));
    known.begin(&due, now);
    known.step(ScheduleState::Verifying);
    let state = |known: &Schedules, at: usize| known.status(&list.as_slice()[at], now).state;
    assert_eq!(state(&known, 1), ScheduleState::Verifying);
    assert_eq!(state(&known, 0), ScheduleState::Waiting);
    known.end(&name("b"), Ok(made()), now + 1);
    let due = known.due(&list, now).unwrap();
    assert_eq!((due.schedule.name.as_str(), &due.asked_by), ("a", &None));
    // Another process takes over while it is made.
    known.begin(&due, now);
    let known = Schedules::open(dir.path());
    known.resume(now + 9);
    let status = known.status(&list.as_slice()[0], now);
    assert_eq!((status.failures, status.state), (1, ScheduleState::Waiting));
    assert!(
        status
            .last
            .unwrap()
            .problem
            .unwrap()
            .contains("the agent ended")
    );
    assert!(known.status(&list.as_slice()[1], now).last_good.is_some());
    // What the configuration has no longer is forgotten.
    known.follow(&schedules(&["b"]), now);
    assert!(known.status(&list.as_slice()[0], now).last.is_none());
    file::replace(&dir.path().join(FILE), b"{").unwrap();
    assert!(Schedules::open(dir.path()).wait(now).is_none());
}

#[test]
fn failures_and_old_backups_are_told() {
    let dir = TempDir::new().unwrap();
    let (list, known) = (schedules(&["a"]), Schedules::open(dir.path()));
    let find = |now| {
        let found = known.conditions(&list, now).into_iter();
        let found = found.map(|one| (one.id.to_string(), one.text));
        found.collect::<Vec<_>>()
    };
    known.follow(&list, 0);
    assert_eq!(find(2 * DAY_MS), []);
    let due = known.due(&list, DAY_MS).unwrap();
    known.begin(&due, DAY_MS);
    known.end(&name("a"), Err("the disk is full".to_owned()), DAY_MS + 1);
    let failed = "no backup was made at 1970-01-02 00:00:00 UTC: the disk is full";
    assert_eq!(
        find(DAY_MS + 2),
        [("BackupRun of a".to_owned(), failed.to_owned())]
    );
    let old = "there is no good backup yet; one is wanted every 48 hours";
    assert_eq!(
        find(3 * DAY_MS)[0],
        ("Backup of a".to_owned(), old.to_owned())
    );
    known.begin(&due, 3 * DAY_MS);
    known.end(&name("a"), Ok(made()), 3 * DAY_MS);
    assert_eq!(find(5 * DAY_MS), []);
    let old = "the newest good backup is of 1970-01-04 00:00:00 UTC; one is wanted every 48 hours";
    assert_eq!(
        find(5 * DAY_MS + 1),
        [("Backup of a".to_owned(), old.to_owned())]
    );
}
