//! Requests that are tried before they are made, and files of mappings.

use super::*;
use crate::stage::WINDOW;

#[test]
fn a_request_is_tried_before_it_is_made() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    play.choose(&first.virtual_address.to_string());
    play.stage.click("More for this mapping");
    play.stage.click("Test access…");
    play.press(Role::Button, "Ask the agent");
    assert!(play.stage.shows("Passes"));
    play.stage.shot("tester");
    // With another address the answer is no longer one.
    play.fill("URL", "http://nowhere:1/x");
    assert!(play.stage.mentions("not asked yet") && !play.stage.shows("Passes"));
    play.fill("URL", "ftp://x");
    assert!(play.stage.mentions("Must begin with http://"));
    let ask = play
        .stage
        .harness
        .get_by_role_and_label(Role::Button, "Ask the agent");
    assert!(ask.accesskit_node().is_disabled());
}

#[test]
fn a_file_is_planned_before_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mappings.json").display().to_string();
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    play.stage.click("More for all mappings");
    play.stage.click("Export…");
    play.fill("File", &path);
    play.stage.shot("export");
    play.press(Role::Button, "Export");
    play.wait("Exported to");
    // What differs is left out by a merge, and replaced by an overwrite.
    let address = first.virtual_address.to_string();
    let mut fields = first;
    fields.internal_address = "moved:1".parse().unwrap();
    let moved = Mapping::try_from(fields).unwrap();
    play.edit("Move it", move |document| put(document, moved));
    play.stage.click("More for all mappings");
    play.stage.click("Import…");
    play.fill("File", "/there/is/no/such/file");
    play.stage.key(Modifiers::NONE, Key::Tab);
    play.wait("Cannot read");
    play.fill("File", &path);
    play.stage.key(Modifiers::NONE, Key::Tab);
    play.wait("1 left out");
    play.stage.shot("import");
    play.stage.click("Overwrite");
    assert!(play.stage.shows("1 changed"));
    play.press(Role::Button, "Add to the draft");
    assert_eq!(play.wanted().hash(), play.document().hash());
    assert!(Play::mapping(&play.wanted(), &address).is_some());
}
