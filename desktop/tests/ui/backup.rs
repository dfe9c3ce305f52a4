//! Backups of an agent, and the way back from one.

use std::collections::BTreeSet;
use std::path::Path;

use egui::Theme;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, Health, Link};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

pub(crate) const PASSPHRASE: &str = "correct horse battery";
const TAB: AgentTab = AgentTab::Backup;

/// Two agents that answer.
fn two() -> [AgentId; 2] {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let live = fleet
        .agents
        .iter()
        .filter(|agent| agent.health == Health::Online);
    let mut live = live.map(|agent| agent.id);
    [live.next().unwrap(), live.next_back().unwrap()]
}

/// Two agents that answer, the first with more subaccounts. The last of these has channels with
/// local ports that the second has free.
fn more_and_fewer() -> [AgentId; 2] {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let live = fleet
        .agents
        .iter()
        .filter(|one| one.health == Health::Online && !one.label.starts_with("qas"));
    let mut counts = vec![];
    for one in live {
        let document = &one.configuration.value().unwrap().document;
        let all = document.subaccounts().iter();
        let names: BTreeSet<String> = all.map(|one| one.own().display_name.to_string()).collect();
        // They are ticked by their names.
        if names.len() == document.subaccounts().len() {
            counts.push((one.id, names.len()));
        }
    }
    let (from, most) = *counts.iter().max_by_key(|(_, count)| *count).unwrap();
    let (to, _) = *counts.iter().find(|(_, count)| *count < most).unwrap();
    [from, to]
}

/// The subaccounts of a document.
fn keys(document: &Document) -> Vec<String> {
    let all = document.subaccounts().iter();
    all.map(|one| one.key().to_string()).collect()
}

/// Makes a backup of an agent by its page.
pub(crate) fn make(stage: &mut Stage, id: AgentId, path: &Path) {
    stage.go(Route::Agent { id, tab: TAB });
    stage.press("Back up now…");
    stage.field("File", path.to_str().unwrap());
    stage.field("Passphrase", PASSPHRASE);
    stage.field("Passphrase again", PASSPHRASE);
    stage.press("Back up");
    stage.until(|stage| stage.mentions("Backed up and verified"));
}

/// Fills in which file is meant, and what opens it.
pub(crate) fn open(stage: &mut Stage, path: &Path, passphrase: &str) {
    stage.clear("Backup file");
    stage.field("Backup file", path.to_str().unwrap());
    stage.clear("Passphrase of the backup");
    // A file is read once its name is left.
    stage.until(|stage| stage.mentions("Written by") || !stage.shows("Backup file"));
    stage.field("Passphrase of the backup", passphrase);
}

#[test]
fn a_backup_is_made_into_a_file_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    let [id, _] = two();
    for mut stage in Stage::both() {
        drop(std::fs::remove_file(&path));
        stage.go(Route::Agent { id, tab: TAB });
        assert!(stage.mentions("Nothing was restored on this agent yet"));
        stage.shot("backup");
        stage.press("Back up now…");
        stage.field("File", path.to_str().unwrap());
        stage.field("Passphrase", "too short");
        stage.field("Passphrase again", "too");
        assert!(stage.mentions("at least 12 characters"));
        stage.shot("backup-make");
        stage.press("Back up");
        assert!(!path.exists());
        stage.clear("Passphrase");
        stage.clear("Passphrase again");
        stage.field("Passphrase", PASSPHRASE);
        stage.field("Passphrase again", PASSPHRASE);
        stage.press("Back up");
        stage.until(|stage| stage.mentions("Backed up and verified"));
        assert!(std::fs::read(&path).unwrap().starts_with(b"PK"));
        stage.shot("backup-made");
        // The same name again is refused, and the file stays.
        let before = std::fs::read(&path).unwrap();
        make_again(&mut stage, &path);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        // What came of it outlives the page.
        let [_, other] = two();
        stage.go(Route::Agent {
            id: other,
            tab: TAB,
        });
        assert!(!stage.mentions("The backup failed"));
        stage.go(Route::Agent { id, tab: TAB });
        assert!(stage.mentions("The backup failed"));
    }
}

fn make_again(stage: &mut Stage, path: &Path) {
    stage.press("Back up now…");
    stage.field("File", path.to_str().unwrap());
    stage.field("Passphrase", PASSPHRASE);
    stage.field("Passphrase again", PASSPHRASE);
    stage.press("Back up");
    stage.until(|stage| stage.mentions("The backup failed"));
    assert!(stage.mentions("exists already"));
}

#[test]
fn a_file_is_verified_and_a_wrong_passphrase_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    let [id, _] = two();
    for mut stage in Stage::both() {
        drop(std::fs::remove_file(&path));
        make(&mut stage, id, &path);
        stage.press("Verify a file…");
        open(&mut stage, &path, "something else");
        stage.press("Verify");
        stage.until(|stage| stage.mentions("It could not be verified"));
        assert!(stage.mentions("passphrase"));
        open(&mut stage, &path, PASSPHRASE);
        stage.press("Verify");
        stage.until(|stage| stage.mentions("Whole, and can be restored here"));
        assert!(stage.mentions("A restore would change nothing"));
        stage.shot("backup-verify");
        // From here to the plan, with the same file and passphrase.
        stage.press("Restore from it…");
        assert!(stage.mentions("Nothing is changed before you see it"));
        stage.press("Show the plan");
        stage.until(|stage| stage.mentions("The configuration would not change"));
    }
}

#[test]
fn a_backup_of_another_agent_is_restored_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    let [from, to] = two();
    for mut stage in Stage::both() {
        drop(std::fs::remove_file(&path));
        make(&mut stage, from, &path);
        let wanted = stage.document(from);
        stage.go(Route::Agent { id: to, tab: TAB });
        let (before, revision) = (stage.document(to), stage.revision(to));
        stage.press("Restore from a file…");
        stage.shot("restore-empty");
        open(&mut stage, &path, PASSPHRASE);
        stage.press("Show the plan");
        stage.until(|stage| stage.shows("The plan"));
        assert!(stage.mentions("Does not work here yet"));
        assert!(stage.mentions("In use elsewhere"));
        assert!(stage.mentions("parts removed"));
        stage.shot("restore-plan");
        // Another choice makes the plan one of the past.
        stage.press("Trust");
        assert!(stage.mentions("The choice is another one now"));
        stage.press("Trust");
        stage.press("Restore…");
        stage.press("Restore");
        assert_eq!(stage.revision(to), revision);
        let fleet = stage.harness.state().fleet();
        let label = fleet.agent(to).unwrap().label.to_string();
        stage.field(&format!("Type {label} to confirm"), &label);
        stage.shot("restore-confirm");
        stage.press("Restore");
        stage.until(|stage| stage.mentions("Restored as revision"));
        assert_eq!(stage.revision(to), revision + 1);
        assert_eq!(keys(&stage.document(to)), keys(&wanted));
        assert!(stage.mentions("The agent of the backup still runs"));
        stage.shot("restored");
        stage.press("Roll back…");
        stage.press("Roll back");
        stage.until(|stage| stage.mentions("Taken back as revision"));
        assert_eq!(stage.document(to).hash(), before.hash());
        assert!(stage.mentions("Took the last restore back"));
    }
}

#[test]
fn single_subaccounts_and_mappings_are_ticked_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    let [from, to] = more_and_fewer();
    for mut stage in Stage::both() {
        drop(std::fs::remove_file(&path));
        make(&mut stage, from, &path);
        let wanted = stage.document(from);
        stage.go(Route::Agent { id: to, tab: TAB });
        let before = stage.document(to);
        stage.press("Restore from a file…");
        stage.press("Choose…");
        // What is in a file is known once it can be opened.
        stage.press("Show the plan");
        assert!(stage.mentions("Nothing is changed before you see it"));
        open(&mut stage, &path, PASSPHRASE);
        stage.press("Read what is in it");
        let name = |at: usize| {
            let own = wanted.subaccounts()[at].own();
            format!("Subaccount {}", own.display_name)
        };
        stage.until(|stage| stage.shows(&name(0)));
        for at in 0..wanted.subaccounts().len() {
            stage.press(&name(at));
        }
        stage.press("Show the plan");
        assert!(!stage.shows("The plan"), "nothing is chosen");
        let last = wanted.subaccounts().len() - 1;
        let chosen = &wanted.subaccounts()[last];
        stage.press(&name(last).replace("Subaccount", "Show the mappings of"));
        let address = &chosen.mappings()[0].virtual_address;
        stage.press(&format!("Mapping {address}"));
        stage.shot("restore-choose");
        stage.press("Show the plan");
        stage.until(|stage| stage.shows("The plan"));
        stage.shot("restore-choose-plan");
        stage.press("Restore…");
        stage.press("Restore");
        let fleet = stage.harness.state().fleet();
        let label = fleet.agent(to).unwrap().label.to_string();
        let confirm = format!("Type {label} to confirm");
        if stage.shows(&confirm) {
            stage.field(&confirm, &label);
            stage.press("Restore");
        }
        stage.until(|stage| stage.mentions("Restored as revision"));
        let after = stage.document(to);
        let taken = after.subaccount(chosen.key()).unwrap();
        assert_eq!(taken.mappings().len(), 1);
        assert_eq!(taken.mappings()[0].virtual_address, *address);
        let stayed = before.subaccounts().iter().map(|one| one.key());
        assert!(stayed.clone().all(|key| after.subaccount(key).is_some()));
        assert_eq!(after.subaccounts().len(), before.subaccounts().len() + 1);
    }
}

#[test]
fn rules_rename_hosts_on_the_way_in_and_merging_keeps_what_is_here() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.zip");
    let [id, _] = two();
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    make(&mut stage, id, &path);
    let before = stage.document(id);
    let host = &before.subaccounts()[0].mappings()[0].internal_address.host;
    let host = host.to_string();
    stage.press("Restore from a file…");
    open(&mut stage, &path, PASSPHRASE);
    stage.press("Stays");
    stage.press("Add a rule");
    stage.field("Find, rule 1", ".half");
    stage.field("Replace by, rule 1", "host");
    assert!(stage.mentions("must both be"));
    stage.clear("Find, rule 1");
    stage.clear("Replace by, rule 1");
    stage.field("Find, rule 1", &host);
    stage.field("Replace by, rule 1", "erp.new.example");
    stage.press("Show the plan");
    stage.until(|stage| stage.shows("The plan"));
    assert!(stage.mentions("erp.new.example does not resolve here"));
    stage.shot("restore-rules");
    stage.press("Restore…");
    stage.press("Restore");
    stage.until(|stage| stage.mentions("Restored as revision"));
    let after = stage.document(id);
    assert!(hosts(&after).contains("erp.new.example"));
    assert!(!hosts(&after).contains(&host));
    assert_eq!(hosts(&after).len(), hosts(&before).len());
}

fn hosts(document: &Document) -> BTreeSet<String> {
    let all = document.subaccounts().iter().flat_map(|one| one.mappings());
    all.map(|one| one.internal_address.host.to_string())
        .collect()
}

#[test]
fn a_dropped_file_is_offered_to_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.zip");
    underpass_runtime::file::replace(&path, b"PK, but no backup").unwrap();
    let [id, _] = two();
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Agent { id, tab: TAB });
    stage.drop_file(&path);
    assert!(stage.shows("Verify a backup"));
    stage.until(|stage| stage.mentions("no backup archive"));
    stage.press("Verify");
    assert!(!stage.mentions("could not be verified"));
    stage.shot("backup-dropped");
}

#[test]
fn an_agent_that_is_away_says_so_and_nothing_can_be_done() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let away = fleet
        .agents
        .iter()
        .find(|agent| matches!(agent.link, Link::Away { .. }));
    let id = away.unwrap().id;
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.go(Route::Agent { id, tab: TAB });
    assert!(stage.shows("This cannot be fetched"));
    stage.press("Back up now…");
    assert!(!stage.shows("Back up this agent"));
    stage.press("Restore from a file…");
    assert!(!stage.mentions("Nothing is changed before you see it"));
    stage.shot("backup-away");
    let [live, _] = two();
    stage.go(Route::Agent { id: live, tab: TAB });
    stage.shot("backup-small");
    stage.press("Restore from a file…");
    stage.shot("restore-small");
}

#[test]
fn ticked_agents_are_backed_up_into_a_folder_and_each_result_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let fleet = stage.harness.state().fleet().clone();
    let some = |agent: &&std::sync::Arc<AgentSnapshot>| {
        agent.label.starts_with("dev") || matches!(agent.link, Link::Away { .. })
    };
    let ids: BTreeSet<AgentId> = fleet.agents.iter().filter(some).map(|one| one.id).collect();
    stage.harness.state_mut().screens.fleet.selected = ids;
    stage.run();
    stage.press("Organise");
    stage.press("Back up into a folder…");
    stage.field("Folder", path);
    stage.field("Passphrase", PASSPHRASE);
    stage.field("Passphrase again", PASSPHRASE);
    stage.shot("fleet-back-up");
    stage.press("Back up");
    stage.press("Details");
    assert!(stage.mentions("failed on"));
    assert!(stage.mentions(".zip, verified"));
    stage.shot("fleet-backed-up");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    let there = fleet.agents.iter().filter(some);
    let there = there.filter(|agent| agent.link.is_online()).count();
    assert_eq!(files, there);
}

#[test]
fn schedules_are_shown_changed_run_and_removed() {
    let [id, _] = two();
    let schedules = |stage: &Stage| {
        let all = stage.document(id).connector().backup_schedules.clone();
        all.as_slice().to_vec()
    };
    for mut stage in Stage::both() {
        stage.go(Route::Agent { id, tab: TAB });
        stage.run();
        assert!(stage.mentions("Schedule nightly"));
        stage.press("Add a schedule…");
        stage.field("Name", "Weekly");
        assert!(stage.mentions("characters of a-z"));
        stage.clear("Name");
        stage.field("Name", "weekly");
        stage.clear("As cron has it");
        stage.field("As cron has it", "0 3 * *");
        assert!(stage.mentions("five fields"));
        stage.field("As cron has it", " SUN");
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        stage.paste("Public keys", key);
        stage.field("Folder", "/srv/weekly");
        stage.run();
        stage.shot("backup-schedule");
        stage.press("Add now");
        stage.until(|stage| stage.mentions("Schedule weekly"));
        let all = schedules(&stage);
        let new = all
            .iter()
            .find(|one| one.name.as_str() == "weekly")
            .unwrap();
        assert_eq!(new.cron.to_string(), "0 3 * * SUN");
        assert_eq!(new.recipients[0].as_str(), key);
        stage.press("Change weekly");
        stage.clear("Kept there");
        stage.field("Kept there", "4");
        stage.press("Save now");
        stage.until(|stage| stage.mentions("/srv/weekly, 4 kept"));
        stage.press("Back up by weekly now");
        stage.until(|stage| !stage.mentions("Never"));
        stage.press("Remove weekly");
        stage.press("Remove");
        stage.until(|stage| !stage.mentions("Schedule weekly"));
        assert_eq!(schedules(&stage).len(), all.len() - 1);
    }
}
