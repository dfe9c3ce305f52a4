//! What an agent measured, and what it alerts of.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, Health, Link};
use underpass_shared::config::Protocol;

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

/// The tab of an agent that is well.
fn opened(theme: Theme, size: [f32; 2]) -> Stage {
    let id = Stage::agent(Health::Online).id;
    let mut stage = Stage::new(theme, size);
    stage.go(Route::Agent {
        id,
        tab: AgentTab::Monitoring,
    });
    // What a page asks for is drawn one frame later.
    stage.run();
    stage
}

const SECTIONS: [&str; 7] = [
    "Overview",
    "Requests",
    "Recent requests",
    "Back ends",
    "Usage",
    "Host",
    "Tunnels",
];

fn slug(section: &str) -> String {
    section.to_lowercase().replace(' ', "-")
}

#[test]
fn every_section_shows_what_was_measured() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW);
        for section in SECTIONS {
            stage.press(section);
            stage.run();
            let shown = match section {
                "Recent requests" => stage.mentions("older ones are gone"),
                "Usage" => stage.mentions("Counted since"),
                _ => stage.mentions("Line "),
            };
            assert!(shown, "{section}");
            stage.shot(&format!("monitoring-{}", slug(section)));
        }
    }
    let mut stage = opened(Theme::Dark, SMALL);
    for section in SECTIONS {
        stage.press(section);
        stage.run();
        stage.shot(&format!("monitoring-small-{}", slug(section)));
    }
}

#[test]
fn ranges_reach_from_minutes_to_years_and_can_be_named() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW);
        for range in ["15m", "7d", "30d", "2y"] {
            stage.press(range);
            stage.run();
            assert!(stage.mentions("Requests: All"), "{range}");
            stage.shot(&format!("monitoring-range-{range}"));
        }
        stage.press("Custom range…");
        stage.clear("From");
        stage.letters("2026-02-30 08:00");
        assert!(stage.mentions("must be like 2026-03-02 09:30"));
        stage.clear("From");
        stage.letters("2026-03-01 06:00");
        stage.clear("To");
        stage.letters("2026-03-01 18:00");
        stage.shot("monitoring-range-dialog");
        stage.press("Show");
        stage.run();
        assert!(stage.mentions("Requests: All"));
        stage.shot("monitoring-range-custom");
    }
}

#[test]
fn the_pointer_shows_values_a_drag_shows_a_part_and_a_double_click_all() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW);
        let at = |x: f32| egui::pos2(x, 400.0);
        let told =
            |stage: &Stage| ["Requests: All", "Processors: Host"].map(|of| stage.name_with(of));
        let newest = told(&stage);
        stage.harness.hover_at(at(520.0));
        stage.run();
        // Plots of a page share their time.
        let then = told(&stage);
        assert!(newest[0] != then[0] && newest[1] != then[1], "{then:?}");
        assert!(then[1].ends_with(", Alert above 90 %"), "{then:?}");
        stage.shot("monitoring-crosshair");
        stage.harness.drag_at(at(450.0));
        stage.harness.hover_at(at(500.0));
        stage.harness.run_steps(2);
        stage.harness.drop_at(at(600.0));
        stage.run();
        assert!(stage.shows("Whole range"));
        stage.run();
        stage.shot("monitoring-zoom");
        stage.press("Whole range");
        assert!(!stage.shows("Whole range"));
    }
}

#[test]
fn what_happened_is_marked_and_can_be_left_out() {
    let mut stage = opened(Theme::Dark, WINDOW);
    stage.press("Requests");
    stage.press("7d");
    stage.run();
    assert!(stage.mentions("Back end is slow: ") && !stage.mentions("Revision "));
    stage.press("90d");
    stage.run();
    assert!(stage.mentions("Revision ") || stage.mentions(" events"));
    stage.press("Events");
    stage.run();
    for sign in ["Back end is slow: ", "Revision ", " events"] {
        assert!(!stage.mentions(sign), "{sign}");
    }
}

#[test]
fn an_agent_that_does_not_answer_says_why() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let away = fleet.agents.iter().find(|one| {
        let known = one.configuration.value().is_some();
        known && matches!(one.link, Link::Away { .. })
    });
    let id = away.unwrap().id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    let tab = AgentTab::Monitoring;
    stage.go(Route::Agent { id, tab });
    stage.run();
    assert!(stage.shows("The figures cannot be fetched") && stage.mentions("timed out"));
    stage.press("Usage");
    stage.run();
    assert!(stage.shows("This cannot be fetched") && stage.shows("Retry"));
}

/// A back end of an agent that gets requests, as lists name it.
fn backend_of(agent: &AgentSnapshot) -> String {
    let document = &agent.configuration.value().unwrap().document;
    let mut all = document
        .subaccounts()
        .iter()
        .flat_map(|of| of.mappings().iter().map(move |one| (of, one)));
    let (of, one) = all
        .find(|(_, one)| matches!(one.protocol, Protocol::Http | Protocol::Https))
        .unwrap();
    format!("{} · {}", one.virtual_address, of.own().display_name)
}

#[test]
fn two_agents_are_compared() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let mut online = fleet
        .agents
        .iter()
        .filter(|one| one.health == Health::Online);
    let other = online.nth(3).unwrap();
    let theirs = backend_of(other);
    let other = other.label.to_string();
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW);
        stage.press("Compare with…");
        stage.press(&other);
        stage.run();
        assert!(stage.shows(&format!("Line {other}")));
        stage.shot("monitoring-compare");
        // Each section that has plots, each plot by the line that somebody wants to see.
        for (section, plot, line) in [
            ("Requests", "Errors", "Denied"),
            ("Back ends", "Time of the back end", "p99"),
            ("Host", "Files and threads", "Threads"),
            ("Tunnels", "Round trip", "p50"),
        ] {
            stage.press(section);
            stage.run();
            if section == "Back ends" {
                // The other one has not the same, so which one is meant is chosen.
                stage.press("Its back end");
                stage.press(&theirs);
                stage.run();
            }
            let count = stage.count(&format!("Line {other}"));
            assert!(count >= 4, "{section}: {count}");
            stage.press(&format!("Line of {plot}"));
            stage.press(line);
            stage.run();
            stage.shot(&format!("monitoring-compare-{}", slug(section)));
        }
        assert!(stage.mentions(&format!("Dashed: {other}")));
        stage.press("Usage");
        stage.run();
        assert!(!stage.shows("End the comparison"));
        stage.press("Overview");
        stage.press("End the comparison");
        assert!(!stage.shows(&format!("Line {other}")) && !stage.shows("Line of Requests"));
    }
}

#[test]
fn requests_are_filtered_and_looked_into() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW);
        stage.press("Recent requests");
        stage.press("Denied");
        stage.run();
        assert!(!stage.mentions("500 of"));
        stage.press("Denied");
        stage.press("Longest");
        stage.run();
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows("Close the request") && stage.mentions("Where the time went: "));
        stage.shot("monitoring-request");
        stage.key(Modifiers::NONE, Key::Escape);
        assert!(!stage.shows("Close the request"));
        stage.letters("/");
        stage.letters("no such host");
        assert!(stage.shows("No request matches"));
    }
}

#[test]
fn what_was_never_used_goes_by_one_click_in_the_draft() {
    let id = Stage::agent(Health::Online).id;
    let mut stage = opened(Theme::Dark, WINDOW);
    stage.press("Usage");
    stage.press("Never used, 10");
    let before = stage.resources(id);
    let name = "Remove ecc-prd:443 /api/v1/health";
    stage.press(name);
    assert!(stage.shows("Removed in the draft"));
    assert_eq!(stage.drafted(id), before - 1);
    stage.shot("monitoring-usage-removed");
    stage.press("Remove gitlab:443 the whole mapping");
    stage.run();
    assert!(stage.drafted(id) < before);
}

#[test]
fn points_and_pictures_are_written_to_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = opened(Theme::Dark, WINDOW);
    let table = folder.path().join("requests.csv");
    stage.press("Export Requests");
    stage.press("Points as CSV…");
    stage.paste("File", table.to_str().unwrap());
    stage.shot("monitoring-export");
    stage.press("Export");
    stage.until(|_| table.exists());
    let text = std::fs::read_to_string(&table).unwrap();
    assert!(text.starts_with("time,time_ms,all_per_second,"));
    assert!(text.lines().count() > 300);
}

#[test]
fn a_plot_is_written_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.png");
    let mut stage = Stage::rendered(Theme::Dark, WINDOW);
    let (id, tab) = (Stage::agent(Health::Online).id, AgentTab::Monitoring);
    stage.go(Route::Agent { id, tab });
    stage.run();
    stage.press("Export Requests");
    stage.press("Picture as PNG…");
    stage.paste("File", file.to_str().unwrap());
    let export = stage.harness.get_by_role_and_label(Role::Button, "Export");
    export.click();
    // The dialog leaves the window before the picture is taken, which keeps the page drawing.
    stage.harness.run_steps(40);
    stage.until(|_| file.exists());
    let picture = std::io::BufReader::new(std::fs::File::open(&file).unwrap());
    let mut reader = png::Decoder::new(picture).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let about = reader.next_frame(&mut bytes).unwrap();
    // It is the plot alone, and there is something on it.
    assert!((200..900).contains(&about.width) && (100..500).contains(&about.height));
    let colors: std::collections::BTreeSet<&[u8]> = bytes.chunks_exact(4).collect();
    assert!(colors.len() > 20, "{} colours", colors.len());
}

#[test]
fn alerts_are_noted_silenced_and_their_rules_edited() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        stage.go(Route::Alerts);
        stage.shot("alerts-active");
        assert!(stage.mentions("Tunnel is down"));
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.shows("Close the alert"));
        stage.shot("alerts-detail");
        stage.press("Acknowledge");
        stage.run();
        assert!(stage.mentions("Noted by") && stage.shows("Noted, 1"));
        stage.press("Silence…");
        stage.press("For 4 hours");
        stage.run();
        assert!(stage.shows("End the silence") && stage.mentions("Silent until"));
        stage.press("Remove the alert");
        stage.run();
        assert!(!stage.shows("Close the alert"));
        stage.press("History");
        stage.run();
        assert!(stage.mentions("Resolved"));
        stage.shot("alerts-history");
        stage.press("Rules");
        stage.shot("alerts-rules");
        stage.letters("/");
        stage.letters("no such agent");
        assert!(stage.shows("No agent matches"));
    }
}

#[test]
fn rules_are_edited_in_the_draft_and_wrong_ones_say_so() {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let id = fleet.agents[0].id;
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.go(Route::Alerts);
    stage.press("Rules");
    stage.key(Modifiers::NONE, Key::ArrowDown);
    stage.clear("Memory in use above, %");
    stage.letters("101");
    stage.run();
    assert!(stage.mentions("must be a whole number between 1 and 100"));
    stage.clear("Memory in use above, %");
    stage.letters("80");
    stage.run();
    stage.shot("alerts-rules-edit");
    stage.press("Save these to the draft");
    let rules = stage.draft(id).connector().alert_rules;
    assert_eq!(rules.thresholds.memory_percent.get(), 80);
}

#[test]
fn the_dashboard_shows_the_fleet_over_time() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = Stage::new(theme, WINDOW);
        stage.press("Dashboard");
        stage.run();
        assert!(stage.mentions("Throughput: Requests") && stage.shows("Most errors"));
        stage.shot("dashboard");
    }
    let mut stage = Stage::new(Theme::Dark, SMALL);
    stage.press("Dashboard");
    stage.run();
    stage.shot("dashboard-small");
}
