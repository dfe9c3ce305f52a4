//! Agents that are called strangely, that flap, and windows of all sizes: nothing panics, nothing is
//! drawn out of the window.

use std::cell::Cell;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::NodeT as _;
use underpass_desktop::nav::{AgentTab, ConfigurationTab, Route};
use underpass_desktop::source::{Frozen, Source};
use underpass_fleet::command::{Command, NotSent};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Health, Link, Notice, Severity};
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, SMALL, Stage};

/// The largest window.
const LARGE: [f32; 2] = [3840.0, 2160.0];
/// Agents of the fleet that flaps, and how many of them do.
const AGENTS: usize = 200;
const FLAPPING: usize = 50;
const FRAMES: usize = 1_000;
/// Most bytes of an accessible name: a few texts of an agent, each cut to what anyone reads.
const NAME_LEN: usize = 8_192;

/// Texts that nobody should write, and somebody will.
fn texts() -> [Arc<str>; 6] {
    [
        "a\u{0}b\u{7}c\u{1b}[31mred\r\n\ttab".into(),
        "\u{202e}gnp.exe\u{2066}hidden\u{200b}".into(),
        "W".repeat(1 << 20).into(),
        "𝕏\u{0301}\u{0301}\u{0301}ﷺ\u{fdfd}".repeat(200).into(),
        "".into(),
        "<b>\"quoted\" & 'so' on\\</b>".into(),
    ]
}

/// The made-up fleet with such texts everywhere.
fn hostile() -> Arc<FleetSnapshot> {
    let (still, texts) = (Still::new(SEED, NOW_MS).snapshot(), texts());
    let agents = still.agents.iter().enumerate().map(|(at, agent)| {
        let text = &texts[at % texts.len()];
        let mut agent = AgentSnapshot::clone(agent);
        agent.label = Arc::clone(text);
        agent.group = Some(Arc::clone(&texts[(at + 1) % texts.len()]));
        agent.tags = texts.to_vec().into();
        agent.problem = Some(Arc::clone(text));
        if at % 2 == 0 {
            agent.link = Link::Away {
                since_ms: i64::MIN,
                reason: Arc::clone(text),
                next_try_ms: i64::MAX,
            };
        }
        agent.last_seen_ms = [None, Some(i64::MIN), Some(i64::MAX)][at % 3];
        agent.certificate_days = [None, Some(i64::MIN), Some(i64::MAX)][at % 3];
        if let Some(pending) = &mut agent.pending {
            pending.until_ms = [i64::MIN, i64::MAX][at % 2];
        }
        Arc::new(agent)
    });
    let notices = texts.iter().enumerate().map(|(at, text)| {
        let id = u64::try_from(at).unwrap();
        Arc::new(Notice {
            id,
            severity: Severity::Error,
            agent: None,
            text: Arc::clone(text),
            at_ms: i64::MIN,
        })
    });
    Arc::new(FleetSnapshot {
        agents: agents.collect(),
        notices: notices.collect(),
        ..FleetSnapshot::clone(&still)
    })
}

/// All pages, those of two agents included.
fn pages(fleet: &FleetSnapshot) -> Vec<Route> {
    let mut pages = vec![
        Route::Fleet,
        Route::Alerts,
        Route::Audit,
        Route::Moves,
        Route::Settings,
    ];
    pages.extend(ConfigurationTab::ALL.map(|tab| Route::Configuration { tab }));
    for agent in &fleet.agents[..2] {
        pages.extend(AgentTab::ALL.map(|tab| Route::Agent { id: agent.id, tab }));
    }
    pages
}

/// Tells what begins inside the window and ends right of it, and names longer than anyone reads.
fn faults(stage: &Stage, page: Route) -> Vec<String> {
    let width = f64::from(stage.harness.ctx.content_rect().width());
    let scale = f64::from(stage.harness.ctx.pixels_per_point());
    let mut faults = Vec::new();
    for node in stage.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let Some(bounds) = node.bounding_box() else {
            continue;
        };
        let (left, right) = (bounds.x0 / scale, bounds.x1 / scale);
        // The box of a row is as wide as its cells would be uncut; what is drawn is cut.
        let inside = node.role() != Role::Row && left < width && left >= -1.0;
        let name = node.label().unwrap_or_default();
        let shown: String = name.chars().take(60).collect();
        if name.len() > NAME_LEN {
            faults.push(format!("{page:?}: {shown} is {} bytes long", name.len()));
        }
        if inside && right > width + 1.0 {
            faults.push(format!(
                "{page:?}: {shown} {:?} reaches from {left} to {right}",
                node.role()
            ));
        }
    }
    faults.truncate(4);
    faults
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn strange_texts_stay_in_their_places() {
    for size in [SMALL, LARGE] {
        let fleet = hostile();
        let mut stage =
            Stage::over_strange(Theme::Dark, size, Box::new(Frozen(Arc::clone(&fleet))));
        let mut found = Vec::new();
        for page in pages(&fleet) {
            stage.go(page);
            found.extend(faults(&stage, page));
        }
        stage.go(Route::Fleet);
        stage.key(Modifiers::NONE, Key::ArrowDown);
        stage.key(Modifiers::COMMAND, Key::A);
        found.extend(faults(&stage, Route::Fleet));
        stage.shot(&format!("hostile-{}", size[0]));
        stage.key(Modifiers::COMMAND, Key::K);
        stage.letters("W");
        found.extend(faults(&stage, Route::Fleet));
        none(&found);
    }
}

#[test]
fn every_page_fits_small_and_large_windows() {
    for size in [SMALL, LARGE] {
        let mut stage = Stage::new(Theme::Light, size);
        let fleet = stage.harness.state().fleet().clone();
        let mut found = Vec::new();
        for page in pages(&fleet) {
            stage.go(page);
            found.extend(faults(&stage, page));
        }
        stage.go(Route::Fleet);
        stage.shot(&format!("fits-{}", size[0]));
        none(&found);
    }
}

/// A fleet of which a quarter comes and goes with every frame.
struct Flapping {
    up: Vec<Arc<AgentSnapshot>>,
    down: Vec<Arc<AgentSnapshot>>,
    frame: Cell<usize>,
}

impl Flapping {
    fn new() -> Self {
        let still = Still::new(SEED, NOW_MS).snapshot();
        let agent = |at: usize| {
            let mut agent = AgentSnapshot::clone(&still.agents[at % still.agents.len()]);
            let mut key = [0; 32];
            key[..8].copy_from_slice(&at.to_le_bytes());
            agent.id = AgentId::of_authority(&key);
            agent.label = format!("{}-{at}", agent.label).into();
            agent
        };
        let down = |at: usize| {
            let mut agent = agent(at);
            agent.health = Health::Offline;
            let reason: Arc<str> = "the connection was reset".into();
            agent.problem = Some(Arc::clone(&reason));
            agent.link = Link::Away {
                since_ms: NOW_MS,
                reason,
                next_try_ms: NOW_MS + 1_000,
            };
            Arc::new(agent)
        };
        Self {
            up: (0..AGENTS).map(|at| Arc::new(agent(at))).collect(),
            down: (0..FLAPPING).map(down).collect(),
            frame: Cell::new(0),
        }
    }
}

impl Source for Flapping {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        let frame = self.frame.get();
        self.frame.set(frame + 1);
        let agents = self
            .up
            .iter()
            .enumerate()
            .map(|(at, up)| match self.down.get(at) {
                Some(down) if (at + frame).is_multiple_of(2) => Arc::clone(down),
                _ => Arc::clone(up),
            });
        Arc::new(FleetSnapshot {
            generation: u64::try_from(frame).unwrap(),
            agents: agents.collect(),
            ..FleetSnapshot::default()
        })
    }

    fn send(&self, _command: Command) -> Result<(), NotSent> {
        Err(NotSent::Full)
    }
}

#[test]
fn a_quarter_of_the_fleet_flaps_for_a_thousand_frames() {
    let mut stage = Stage::over(Theme::Dark, SMALL, Box::new(Flapping::new()));
    let id = stage.harness.state().fleet().agents[0].id;
    let pages = [
        Route::Fleet,
        Route::Agent {
            id,
            tab: AgentTab::Overview,
        },
        Route::Audit,
        Route::Alerts,
    ];
    for page in pages {
        stage.harness.state_mut().go(page);
        for frame in 0..FRAMES / pages.len() {
            if page == Route::Fleet && frame % 10 == 0 {
                stage.harness.key_press(Key::PageDown);
            }
            stage.harness.step();
        }
        none(&faults(&stage, page));
    }
    // What is ticked and open stays so while agents come and go.
    stage.harness.state_mut().go(Route::Fleet);
    stage
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    stage.harness.run_steps(20);
    assert_eq!(stage.harness.state().screens.fleet.selected.len(), AGENTS);
}
