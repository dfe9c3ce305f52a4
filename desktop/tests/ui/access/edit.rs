//! Mappings are added, edited in place, duplicated and moved.

use super::*;
use crate::stage::WINDOW;

#[test]
fn a_mapping_is_added_reviewed_and_applied() {
    let mut play = Play::new(Theme::Light, WINDOW);
    play.press(Role::Button, "Add mapping");
    play.stage.click("Non-SAP system");
    play.stage.shot("access-add-1");
    play.stage.click("Continue");
    play.fill("Internal host", "MES.plant.example");
    play.stage.shot("access-add-2");
    // The virtual address follows until somebody types another one.
    play.fill("Virtual host", "mes new");
    assert!(play.stage.mentions("Host must be a name"));
    play.fill("Virtual host", "mes-new");
    play.stage.click("Continue");
    play.fill("Path", "/api/../x");
    play.stage.shot("access-add-3");
    play.stage.click("Continue");
    assert!(
        play.stage.shows("First resource"),
        "a wrong path must not pass"
    );
    play.fill("Path", "/api");
    play.stage.click("Path and all sub-paths");
    play.stage.click("Continue");
    assert!(play.stage.shows("mes.plant.example:443"));
    play.stage.shot("access-add-4");
    play.stage.click("Add to the draft");
    let added = Play::mapping(&play.wanted(), "mes-new:443").unwrap();
    assert_eq!(added.internal_address.to_string(), "mes.plant.example:443");
    assert!(added.resources[0].enabled && !added.resources[0].exact_match_only);
    assert!(
        Play::mapping(&play.document(), "mes-new:443").is_none(),
        "nothing is applied yet"
    );
    assert!(play.stage.shows("1 change"));
    play.stage.shot("access-draft");
    play.stage.click("Review…");
    assert!(play.stage.mentions("Added Mapping mes-new:443"));
    play.stage.shot("review");
    play.press(Role::Button, "Apply");
    assert_eq!(
        Play::mapping(&play.document(), "mes-new:443").as_ref(),
        Some(&added)
    );
    assert!(!play.stage.shows("1 change"));
}

#[test]
fn fields_are_edited_in_place_and_taken_back() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    let address = first.virtual_address.to_string();
    play.choose(&address);
    play.press(Role::Tab, "Properties");
    // A wrong host is told and not sent.
    play.fill("Internal host", "a b");
    assert!(play.stage.mentions("Host must be a name"));
    assert!(play.snapshot().draft.is_none());
    play.stage.shot("access-wrong");
    play.fill("Internal host", "other.corp.example");
    play.fill("Description", "Moved");
    let changed = Play::mapping(&play.wanted(), &address).unwrap();
    assert_eq!(changed.internal_address.host.as_str(), "other.corp.example");
    assert_eq!(&*changed.description, "Moved");
    assert_eq!(changed.resources, first.resources);
    // A resource, in its row.
    play.press(Role::Tab, "Resources");
    let path = first.resources[0].path.to_string();
    let was = first.resources[0].enabled;
    play.stage.click(&format!("Enable {path}"));
    let one = |play: &Play| Play::mapping(&play.wanted(), &address).unwrap().resources[0].enabled;
    assert_eq!(one(&play), !was);
    play.fill(&format!("Path {path}"), "/a/renamed");
    play.stage.key(Modifiers::NONE, Key::Enter);
    let renamed = Play::mapping(&play.wanted(), &address).unwrap();
    assert!(
        renamed
            .resources
            .iter()
            .any(|one| one.path.as_str() == "/a/renamed")
    );
    // Undo takes back one field after the other, also by the keyboard.
    play.stage.key(Modifiers::COMMAND, Key::Z);
    play.stage.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(one(&play), was);
    play.stage
        .key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(one(&play), !was);
    for _step in 0..3 {
        play.stage.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(play.wanted().hash(), play.document().hash());
    assert!(play.stage.shows("No change left"));
}

#[test]
fn mappings_are_duplicated_and_moved_to_another_address() {
    let mut play = Play::new(Theme::Light, WINDOW);
    let first = play.first();
    let address = first.virtual_address.to_string();
    play.choose(&address);
    play.stage.click("More for this mapping");
    play.stage.click("Duplicate…");
    play.fill("Virtual host", &first.virtual_address.host.to_string());
    assert!(play.stage.mentions("is mapped already"));
    play.fill("Virtual host", "twin");
    play.stage.shot("access-duplicate");
    play.press(Role::Button, "Duplicate");
    let port = first.virtual_address.port.get();
    let twin = Play::mapping(&play.wanted(), &format!("twin:{port}")).unwrap();
    assert_eq!(twin.resources, first.resources);
    play.choose(&address);
    play.stage.click("More for this mapping");
    play.stage.click("Change virtual address…");
    play.fill("Virtual port", "1");
    play.press(Role::Button, "Change");
    let host = &first.virtual_address.host;
    assert!(Play::mapping(&play.wanted(), &address).is_none());
    let moved = Play::mapping(&play.wanted(), &format!("{host}:1")).unwrap();
    assert_eq!(moved.resources, first.resources);
}
