//! What an agent writes, as it writes it.

mod levels;
mod ring;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, Follow};
use underpass_fleet::log::{Following, LogFeed};
use underpass_runtime::clock;
use underpass_shared::api::management::{LineLevel, LogLine};

use self::levels::Levels;
use self::ring::Ring;
use super::common::escaped;
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Banner, Button, Column, Empty, IconButton, Table, TableState, Width, Words as _, card, chip,
    copy_button, highlighted, key_moment, key_text, keys, pill, search, skeleton, toggle,
};

/// The page is drawn at least so often, which tells that somebody looks; seconds.
const DRAWN_EVERY: f32 = 2.0;
/// The room of the actions beside the filter.
const ACTIONS: f32 = 260.0;
/// The height of the line that was chosen.
const DETAIL: f32 = 168.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct LogsState {
    /// Where lines come from while they are followed.
    feed: Option<LogFeed>,
    ring: Ring,
    paused: bool,
    filter: String,
    hidden: [bool; LineLevel::ALL.len()],
    table: TableState,
    chosen: Option<u64>,
    levels: Option<Levels>,
    /// The newest line that was scrolled to.
    shown: Option<u64>,
    focus_filter: bool,
}

const COLUMNS: [Column; 4] = [
    Column::text("TIME", Width::Exact(96.0)).fixed(),
    Column::text("LEVEL", Width::Exact(76.0)).fixed(),
    Column::text("PART", Width::Exact(170.0)).fixed().spare(1),
    Column::text("MESSAGE", Width::AtLeast(260.0)).fixed(),
];

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut LogsState) {
    if state.chosen.is_some() && !cx.held && escaped(ui) {
        state.chosen = None;
    }
    fixed_page(ui, |ui| {
        state.follow(ui, cx);
        bar(ui, cx, state);
        ui.add_space(space::S);
        if state.ring.lines().is_empty() {
            nothing(ui, state);
            return;
        }
        if let Following::Broken(reason) = state.following() {
            let reason = text::sentence(&reason);
            if Banner::new(State::Warn, "New lines do not come")
                .detail(&reason)
                .action("Retry")
                .show(ui)
            {
                state.feed = None;
            }
            ui.add_space(space::S);
        }
        if state.ring.has_gap() {
            let detail = "More was written than the agent keeps for those who come later";
            Banner::new(State::Info, "Lines are missing here")
                .detail(detail)
                .show(ui);
            ui.add_space(space::S);
        }
        let rows = state.ring.view(&state.filter, state.hidden).to_vec();
        if rows.is_empty() {
            let empty = Empty {
                icon: Icon::SearchX,
                title: "No line matches",
                text: "Type fewer letters, or choose more levels",
                action: Some("Clear the filter"),
            };
            if empty.show(ui) {
                state.filter.clear();
                state.hidden = Default::default();
            }
            return;
        }
        let chosen = state
            .chosen
            .and_then(|number| state.ring.find(number))
            .cloned();
        let height = ui.available_height();
        ui.scope(|ui| {
            if chosen.is_some() {
                ui.set_max_height((height - DETAIL - space::M).max(height * 0.5));
            }
            list(ui, state, &rows);
        });
        if let Some(line) = chosen {
            ui.add_space(space::M);
            detail(ui, state, &line);
        }
    });
    if let Some(levels) = &mut state.levels
        && levels.show(ui, cx)
    {
        state.levels = None;
    }
}

impl LogsState {
    /// Sends the keyboard to the filter.
    pub const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// How it goes with following.
    fn following(&self) -> Following {
        self.feed.as_ref().map(LogFeed::state).unwrap_or_default()
    }

    /// Follows the log from behind what is known, and takes the lines that came.
    fn follow(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.map(|agent| agent.id) else {
            return;
        };
        if let Some(feed) = &self.feed {
            let (lines, has_gap) = feed.take();
            self.ring.take(lines, has_gap);
        }
        if self.paused || self.following() == Following::Over {
            self.feed = None;
        }
        if self.paused {
            return;
        }
        ui.request_repaint_after_secs(DRAWN_EVERY);
        if let Some(feed) = &self.feed {
            feed.want();
            return;
        }
        let feed = LogFeed::default();
        cx.send(Command::Follow(Follow {
            agent,
            after: self.ring.newest(),
            into: feed.clone(),
        }));
        self.feed = Some(feed);
    }
}

fn bar(ui: &mut Ui, cx: &Cx<'_>, state: &mut LogsState) {
    ui.horizontal_top(|ui| {
        let id = egui::Id::unique("filter-logs");
        if std::mem::take(&mut state.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let width = (ui.available_width() - ACTIONS).min(360.0);
        search(ui, id, &mut state.filter, "Filter lines", width);
        let rest = egui::vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
            let levels = Button::secondary("Levels…").icon(Icon::SlidersHorizontal);
            if ui.add(levels).clicked() {
                state.levels = Some(Levels::default());
            }
            if ui
                .add(IconButton::new(Icon::Eraser, "Clear the lines"))
                .clicked()
            {
                state.ring.clear();
            }
            let mut follows = !state.paused;
            if toggle(ui, &mut follows, "Follow", None).changed() {
                state.paused = !follows;
                state.shown = None;
            }
        });
    });
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        for (at, level) in LineLevel::ALL.into_iter().enumerate() {
            let count = state.ring.count(level);
            if chip(
                ui,
                !state.hidden[at],
                Some(state_of(level)),
                word_of(level),
                count,
            )
            .clicked()
            {
                state.hidden[at] = !state.hidden[at];
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.quiet(told(cx.now_ms, state));
        });
    });
}

/// How it goes with following, in a few words.
fn told(now_ms: i64, state: &LogsState) -> String {
    if state.paused {
        return "Paused: new lines do not come".to_owned();
    }
    let newest = state.ring.lines().back();
    let age = newest.map(|line| text::age(now_ms, line.time_ms));
    match (state.following(), age) {
        (Following::Live, Some(age)) if age != "now" => format!("Following, newest {age} ago"),
        (Following::Live, _) => "Following".to_owned(),
        (Following::Opening | Following::Over, _) => "Connecting…".to_owned(),
        (Following::Broken(_), Some(age)) => format!("Not following, newest {age} ago"),
        (Following::Broken(_), None) => "Not following".to_owned(),
    }
}

/// In the place of lines where there are none.
fn nothing(ui: &mut Ui, state: &mut LogsState) {
    let reason = match state.following() {
        Following::Opening if !state.paused => return skeleton(ui, 6),
        Following::Broken(reason) => Some(text::sentence(&reason)),
        Following::Opening | Following::Live | Following::Over => None,
    };
    let empty = match &reason {
        Some(reason) => Empty {
            icon: Icon::CloudOff,
            title: "This cannot be fetched",
            text: reason,
            action: Some("Retry"),
        },
        None => Empty {
            icon: Icon::Logs,
            title: "No lines",
            text: "What the agent writes from now on is shown here",
            action: None,
        },
    };
    if empty.show(ui) {
        state.feed = None;
    }
}

fn list(ui: &mut Ui, state: &mut LogsState, rows: &[usize]) {
    let lines = state.ring.lines();
    let line = |row: usize| lines.get(rows[row]);
    let newest = rows
        .last()
        .and_then(|at| lines.get(*at))
        .map(|line| line.number);
    if !state.paused && state.shown != newest {
        state.shown = newest;
        state.table.reveal = Some(rows.len() - 1);
    }
    let name = |row: usize| {
        line(row)
            .map(|line| format!("{} {}", line.level, text::clean(&line.message)))
            .unwrap_or_default()
    };
    let chosen = state.chosen;
    let selected = |row: usize| chosen.is_some() && line(row).map(|line| line.number) == chosen;
    let (table, wanted) = (&mut state.table, state.filter.trim());
    let out = Table::new("logs", &COLUMNS, rows.len(), &name)
        .row_height(size::ROW_COMPACT)
        .selected(&selected)
        .framed()
        .show(ui, table, |ui, row, column| {
            let (Some(line), tokens) = (line(row), ui.tokens()) else {
                return;
            };
            match column {
                0 => {
                    let times = ui.times();
                    ui.words(Text::Mono, tokens.text_3, times.clock(line.time_ms))
                        .on_hover_text(times.both(line.time_ms));
                }
                1 => drop(pill(ui, state_of(line.level), word_of(line.level))),
                2 => drop(highlighted(
                    ui,
                    Text::Small,
                    tokens.text_3,
                    part(line),
                    wanted,
                )),
                _ => drop(highlighted(
                    ui,
                    Text::Mono,
                    tokens.text,
                    &sentence(line),
                    wanted,
                )),
            }
        });
    // Who scrolls back wants to read, not to be carried away.
    let scrolled = ui.input(|input| input.smooth_scroll_delta().y) > 0.0;
    if (scrolled && out.seen.end < rows.len()) || out.chosen.is_some() {
        state.paused = true;
    }
    if let Some(row) = out.chosen.or(out.opened) {
        state.chosen = lines.get(rows[row]).map(|line| line.number);
        // The line stays in view although the list becomes lower.
        state.table.reveal = Some(row);
    }
}

/// The part of the program without the name of the program.
fn part(line: &LogLine) -> &str {
    line.target
        .split_once("::")
        .map_or(line.target.as_str(), |(_, part)| part)
}

/// A line in one: what happened, and to what.
fn sentence(line: &LogLine) -> String {
    let mut out = text::clean(&line.message);
    for (name, value) in &line.fields {
        out.push_str(&format!(" {}={}", text::clean(name), text::clean(value)));
    }
    out
}

fn detail(ui: &mut Ui, state: &mut LogsState, line: &LogLine) {
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui
                    .add(IconButton::new(Icon::X, "Close the line").small())
                    .clicked()
                {
                    state.chosen = None;
                }
                let whole = format!(
                    "{} {} {} {}",
                    clock::rfc3339(line.time_ms),
                    line.level,
                    line.target,
                    sentence(line)
                );
                copy_button(ui, &whole, "Line");
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    pill(ui, state_of(line.level), word_of(line.level));
                    ui.bold(text::sentence(&line.message));
                });
            });
        });
        ScrollArea::vertical()
            .id_salt("log-line")
            .max_height(DETAIL - 70.0)
            .auto_shrink([false, false])
            .show(ui, |ui| {
                keys(ui, |ui| {
                    key_moment(ui, "When", line.time_ms);
                    key_text(ui, "Part", &text::clean(&line.target), true, false);
                    for (name, value) in &line.fields {
                        key_text(ui, &text::clean(name), &text::clean(value), true, true);
                    }
                });
            });
    });
}

const fn state_of(level: LineLevel) -> State {
    match level {
        LineLevel::Error => State::Error,
        LineLevel::Warn => State::Warn,
        LineLevel::Info => State::Info,
        LineLevel::Debug => State::Pending,
        LineLevel::Trace => State::Off,
    }
}

const fn word_of(level: LineLevel) -> &'static str {
    match level {
        LineLevel::Error => "Error",
        LineLevel::Warn => "Warning",
        LineLevel::Info => "Info",
        LineLevel::Debug => "Debug",
        LineLevel::Trace => "Trace",
    }
}
