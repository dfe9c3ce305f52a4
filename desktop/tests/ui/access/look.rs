//! What the page shows, to whom, and how much of it.

use underpass_desktop::source::Frozen;
use underpass_fleet::remote::Remote;
use underpass_shared::api::management::PendingConfirm;
use underpass_shared::rights::Role as Rights;

use super::*;
use crate::stage::{SMALL, WINDOW};

#[test]
fn mappings_and_one_of_them_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut play = Play::new(theme, WINDOW);
        let first = play.first();
        let address = first.virtual_address.to_string();
        assert!(play.stage.shows("Filter mappings") && play.stage.shows("Add mapping"));
        play.stage.shot("access");
        play.choose(&address);
        assert!(
            play.stage
                .mentions(&format!("Path {}", first.resources[0].path))
        );
        play.stage.shot("access-resources");
        play.press(Role::Tab, "Properties");
        play.stage
            .harness
            .get_by_role_and_label(Role::TextInput, "Internal host");
        play.stage.shot("access-properties");
        play.press(Role::Tab, "Connection");
        assert!(play.stage.shows("Not checked yet"));
        play.stage.click("Check");
        assert!(play.stage.shows("Allowed targets"));
        play.stage.shot("access-connection");
        play.stage.key(Modifiers::NONE, Key::Escape);
        assert!(!play.stage.shows("Connection"));
    }
}

#[test]
fn a_small_window_shows_the_list_or_the_mapping() {
    let mut play = Play::new(Theme::Dark, SMALL);
    play.stage.shot("access-small");
    let address = play.first().virtual_address.to_string();
    play.choose(&address);
    assert!(!play.stage.shows("Filter mappings"));
    play.stage.shot("access-small-mapping");
    play.stage.key(Modifiers::NONE, Key::Escape);
    assert!(play.stage.shows("Filter mappings"));
}

/// A fleet in which one agent is otherwise.
fn with(change: impl FnOnce(&mut AgentSnapshot)) -> (Stage, AgentId) {
    let mut fleet = FleetSnapshot::clone(&Still::new(SEED, NOW_MS).snapshot());
    let id = Stage::agent(Health::Online).id;
    let mut change = Some(change);
    let agents = fleet.agents.iter().map(|agent| {
        let mut agent = Arc::clone(agent);
        if agent.id == id {
            change.take().unwrap()(Arc::make_mut(&mut agent));
        }
        agent
    });
    fleet.agents = agents.collect();
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(Arc::new(fleet))));
    stage.go(Route::Agent {
        id,
        tab: AgentTab::AccessControl,
    });
    (stage, id)
}

#[test]
fn what_cannot_be_had_says_why_and_what_to_do() {
    let (mut stage, _) =
        with(|agent| agent.configuration = Remote::NotRequested.failed("the connection timed out"));
    assert!(stage.shows("The configuration cannot be had") && stage.shows("Retry"));
    stage.shot("access-unavailable");
    let (stage, _) = with(|agent| agent.configuration = Remote::Loading { previous: None });
    assert!(stage.shows("Loading"));
}

#[test]
fn who_may_not_change_reads_and_is_told_which_role_it_takes() {
    let (mut stage, _) = with(|agent| {
        let mut own = agent.own.value().unwrap().clone();
        own.role = Rights::Display;
        agent.own = Remote::ready(own, NOW_MS);
        agent.pending = Some(PendingConfirm {
            author: "operator:m.okafor".parse().unwrap(),
            first_revision: 3,
            last_revision: 3,
            until_ms: NOW_MS + 42_000,
            seconds_left: 42,
        });
    });
    assert!(
        stage
            .harness
            .get_by_label("Add mapping")
            .accesskit_node()
            .is_disabled()
    );
    assert!(stage.mentions("Changes of m.okafor"));
    assert!(
        stage
            .harness
            .get_by_label("Keep")
            .accesskit_node()
            .is_disabled()
    );
    stage.shot("access-read-only");
}

#[test]
fn five_thousand_mappings_draw_as_few_rows_as_fifty() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    play.edit("Import", |document| {
        let all = (0..5_000).map(|n| {
            mapping(
                &format!("system-{n:04}:443"),
                &format!("host-{n}:8443"),
                &["/a", "/b"],
            )
        });
        let key = document.subaccounts()[0].key();
        document
            .import(key, all.collect(), Default::default())
            .unwrap()
            .0
    });
    play.stage.run();
    let rows = |play: &Play| play.stage.harness.query_all_by_role(Role::Row).count();
    assert!((5..60).contains(&rows(&play)), "{}", rows(&play));
    play.stage.shot("access-many");
    play.stage.letters("/");
    play.stage.letters("4711");
    assert_eq!(rows(&play), 1);
    play.stage.key(Modifiers::NONE, Key::Escape);
    play.stage.click("Review…");
    assert!(rows(&play) < 100, "{}", rows(&play));
    play.stage.shot("review-many");
}
