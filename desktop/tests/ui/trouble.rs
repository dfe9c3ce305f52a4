//! What goes wrong on an agent, and traces under four eyes.

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use underpass_desktop::nav::AgentTab;

use crate::forms::{away, live};
use crate::stage::{SMALL, Stage, WINDOW};

/// The traces of an agent that answers.
fn traces(theme: Theme, size: [f32; 2]) -> Stage {
    let mut stage = Stage::new(theme, size);
    stage.open(live(), AgentTab::Trouble);
    stage.take("Traces");
    stage
}

#[test]
fn diagnoses_tell_causes_what_to_do_and_where() {
    for mut stage in Stage::both() {
        stage.open(live(), AgentTab::Overview);
        assert!(stage.mentions("Paths of a system are denied often: "));
        stage.shot("overview-diagnoses");
        stage.open(live(), AgentTab::Trouble);
        stage.shot("diagnoses");
        stage.letters("/");
        stage.letters("denied often");
        stage.key(Modifiers::NONE, Key::Escape);
        stage.key(Modifiers::NONE, Key::ArrowDown);
        assert!(stage.mentions("A resource is missing."));
        assert!(stage.mentions("add the resources that are meant"));
        assert!(stage.shows("231 times"));
        stage.shot("diagnosis");
        stage.take("Delete the diagnosis");
        assert!(stage.shows("No diagnosis matches"));
        stage.take("Clear the filter");
        assert!(stage.mentions("Mapping was never used") && !stage.mentions("Paths of a system"));
    }
}

#[test]
fn a_diagnosis_leads_to_the_mapping_that_it_is_of() {
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.open(live(), AgentTab::Trouble);
    stage.letters("/");
    stage.letters("denied often");
    stage.key(Modifiers::NONE, Key::Escape);
    stage.key(Modifiers::NONE, Key::ArrowDown);
    stage.take("Open the mapping");
    assert!(stage.mentions("Resources"));
}

#[test]
fn somebody_elses_trace_begins_is_saved_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = traces(theme, WINDOW);
        assert!(stage.shows("m.okafor asks for a trace"));
        stage.shot("traces");
        stage.take("Decide");
        stage.shot("trace-waits");
        stage.take("Let it begin…");
        stage.shot("trace-sure");
        stage.take("Let it begin");
        assert!(stage.shows("Runs") && stage.shows("15:00 left"));
        stage.shot("trace-runs");
        let name = if theme == Theme::Dark {
            "dark"
        } else {
            "light"
        };
        let path = folder.path().join(format!("{name}.jsonl"));
        stage.take("Save so far…");
        stage.paste("File", path.to_str().unwrap());
        stage.take("Save");
        stage.until(|_| path.exists());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() > 1 && text.contains("\"authorization\":\"***\""));
        stage.until(|stage| !stage.shows("Name the file first") && stage.shows("Stop the trace"));
        stage.take("Stop the trace");
        assert!(stage.mentions("stopped it"));
        stage.take("Delete…");
        stage.take("Delete");
        assert!(stage.mentions("Trace 2 ") && !stage.mentions("Trace 3 "));
    }
}

#[test]
fn who_asks_for_a_trace_cannot_let_it_begin() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = traces(theme, WINDOW);
        stage.take("Ask for a trace…");
        assert!(!stage.is_enabled("Ask for it"));
        stage.fill("Ends after, seconds", "3601");
        assert!(stage.mentions("between 1 and 3600"));
        stage.shot("trace-ask-wrong");
        stage.fill("Ends after, seconds", "120");
        stage.fill("Reason", "ticket 4711");
        stage.shot("trace-ask");
        stage.take("Ask for it");
        stage.run();
        assert!(!stage.shows("Ask for it"));
        let row = stage.harness.get_by_label_contains("Trace 4 Waits");
        row.click();
        stage.run();
        assert!(!stage.is_enabled("Let it begin…"));
        stage.shot("trace-own");
        stage.take("Take it back");
        assert!(stage.shows("Refused by"));
    }
}

#[test]
fn a_second_trace_of_the_same_is_refused_in_its_dialog() {
    let mut stage = traces(Theme::Dark, WINDOW);
    for _again in 0..2 {
        stage.take("Ask for a trace…");
        stage.fill("Reason", "ticket 4711");
        stage.take("Ask for it");
        stage.run();
    }
    assert!(stage.mentions("is of the same, and waits or runs"));
    assert!(stage.shows("Ask for it"));
    stage.shot("trace-refused");
}

#[test]
fn troubles_of_an_agent_that_is_away_say_why_they_are_not_there() {
    let mut stage = Stage::new(Theme::Light, SMALL);
    stage.open(away(), AgentTab::Trouble);
    assert!(stage.shows("This cannot be fetched"));
    stage.shot("diagnoses-away");
    stage.take("Traces");
    assert!(stage.shows("Retry") && !stage.is_enabled("Ask for a trace…"));
    let mut stage = traces(Theme::Dark, SMALL);
    stage.take("Decide");
    stage.shot("trace-small");
}
