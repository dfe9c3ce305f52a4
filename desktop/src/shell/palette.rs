//! The palette: pages, agents and commands by a few letters.

use egui::{
    Align2, Color32, CornerRadius, Frame, Id, Key, Modal, Modifiers, Rect, Role, ScrollArea, Sense,
    Stroke, TextEdit, Ui, Vec2, WidgetInfo,
};
use lucide_icons::Icon;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use underpass_fleet::snapshot::AgentSnapshot;

use super::sheet::paint_cap;
use crate::command::{Section, UiCommand};
use crate::cx::{Cx, Effect};
use crate::digest::{state_of, word_of};
use crate::nav::{AgentTab, Route};
use crate::screen::agent::edit::document;
use crate::text;
use crate::theme::{State, Text, Themed as _, font, inset, radius, size, space};
use crate::widget::{Words as _, galley, paint_icon, shape};

/// Agents that are shown at most; the next letter narrows better than scrolling does.
const AGENTS: usize = 8;
/// The same of mappings.
const MAPPINGS: usize = 6;
const WIDTH: f32 = 600.0;

/// What the palette remembers while it is open.
pub struct Palette {
    open: bool,
    query: String,
    cursor: usize,
    found: Vec<Entry>,
    key: Option<(String, u64)>,
    matcher: Matcher,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            open: false,
            query: String::new(),
            cursor: 0,
            found: Vec::new(),
            key: None,
            matcher: Matcher::new(Config::DEFAULT),
        }
    }
}

#[derive(Clone)]
struct Entry {
    section: &'static str,
    mark: Mark,
    text: String,
    detail: String,
    keys: String,
    effect: Effect,
}

#[derive(Clone, Copy)]
enum Mark {
    Icon(Icon),
    State(State),
}

impl Palette {
    /// Opens it, empty.
    pub fn open(&mut self) {
        self.open = true;
        self.query.clear();
        self.cursor = 0;
        self.key = None;
    }

    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Shows it while it is open.
    pub fn show(&mut self, ctx: &egui::Context, cx: &mut Cx<'_>) {
        if !self.open {
            return;
        }
        self.search(ctx, cx);
        let tokens = ctx.tokens();
        let id = Id::unique("palette");
        let top = (ctx.content_rect().height() * 0.11).min(96.0);
        let shown = Modal::new(id)
            .area(Modal::default_area(id).anchor(Align2::CENTER_TOP, Vec2::new(0.0, top)))
            .backdrop_color(tokens.scrim)
            .frame(
                Frame::new()
                    .fill(tokens.surface)
                    .stroke(Stroke::new(size::LINE, tokens.border_strong))
                    .corner_radius(CornerRadius::same(radius::MODAL))
                    .shadow(ctx.global_style().visuals.window_shadow)
                    .inner_margin(inset::MENU),
            )
            .show(ctx, |ui| {
                ui.set_width(WIDTH.min(ctx.content_rect().width() - 2.0 * space::XXL));
                self.contents(ui)
            });
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Dialog, true, "Command palette"));
        if let Some(effect) = shown.inner.clone() {
            self.open = false;
            cx.effects.push(effect);
        } else if shown.should_close() {
            self.open = false;
        }
    }

    fn contents(&mut self, ui: &mut Ui) -> Option<Effect> {
        let last = self.found.len().saturating_sub(1);
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.cursor = (self.cursor + 1).min(last);
        }
        if pressed(Key::ArrowUp) {
            self.cursor = self.cursor.saturating_sub(1);
        }
        let enter = pressed(Key::Enter);
        let moved =
            ui.input(|input| input.key_pressed(Key::ArrowDown) || input.key_pressed(Key::ArrowUp));
        self.field(ui);
        ui.add_space(space::XS);
        let line = Stroke::new(size::LINE, ui.tokens().border);
        let y = ui.cursor().top();
        let range = ui.max_rect().expand2(Vec2::new(8.0, 0.0)).x_range();
        ui.painter().hline(range, y, line);
        ui.add_space(space::XS);
        let mut taken = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let room = (ui.ctx().content_rect().height() * 0.6).min(440.0);
        ScrollArea::vertical()
            .max_height(room)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                let mut section = "";
                for (at, entry) in self.found.iter().enumerate() {
                    if entry.section != section {
                        section = entry.section;
                        heading(ui, section);
                    }
                    let response = row(ui, entry, at == self.cursor);
                    if at == self.cursor && (moved || enter) {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() || (enter && at == self.cursor) {
                        taken = Some(entry.effect.clone());
                    }
                    if response.hovered() && ui.input(|input| input.pointer.is_moving()) {
                        self.cursor = at;
                    }
                }
                if self.found.is_empty() {
                    ui.add_space(space::L);
                    ui.vertical_centered(|ui| {
                        ui.quiet(format!("Nothing matches “{}”", text::clean(&self.query)));
                    });
                    ui.add_space(space::L);
                }
            });
        taken
    }

    fn field(&mut self, ui: &mut Ui) {
        let tokens = ui.tokens();
        ui.horizontal(|ui| {
            ui.set_height(size::PALETTE_ROW);
            ui.spacing_mut().interact_size.y = 0.0;
            ui.add_space(space::S);
            ui.icon(Icon::Search, size::ICON, tokens.text_3);
            ui.add_space(space::XS);
            let edit = TextEdit::singleline(&mut self.query)
                .id(Id::unique("palette query"))
                .char_limit(200)
                .frame(Frame::NONE)
                .font(font(Text::Title))
                .hint_text(
                    egui::RichText::new("Search agents, pages and commands").color(tokens.text_3),
                )
                .desired_width(f32::INFINITY);
            let response = ui.add(edit);
            response.widget_info(|| {
                WidgetInfo::labeled(Role::SearchInput, true, "Search agents, pages and commands")
            });
            if response.changed() {
                self.cursor = 0;
            }
            response.request_focus();
        });
    }

    /// Finds anew when the letters or the fleet changed.
    fn search(&mut self, ctx: &egui::Context, cx: &Cx<'_>) {
        let key = (self.query.clone(), cx.fleet.generation);
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.key = Some(key);
        let pattern = Pattern::parse(&self.query, CaseMatching::Ignore, Normalization::Smart);
        let matcher = &mut self.matcher;
        let mut buffer = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), matcher);
        let mut commands: Vec<_> = UiCommand::ALL
            .into_iter()
            .filter(|command| *command != UiCommand::Palette)
            .filter_map(|command| Some((command, score(command.text())?)))
            .collect();
        // Letters of an agent's name that stand apart would match half of a large fleet.
        let pattern = Pattern::new(
            &self.query,
            CaseMatching::Ignore,
            Normalization::Smart,
            AtomKind::Substring,
        );
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), matcher);
        let mut found = Vec::new();
        agents(cx, self.query.is_empty(), &mut score, &mut found);
        commands.sort_by_key(|(command, score)| (command.section(), std::cmp::Reverse(*score)));
        let (go, rest) = commands
            .into_iter()
            .partition::<Vec<_>, _>(|(command, _)| command.section() == Section::Go);
        let entry = |(command, _): (UiCommand, u32)| Entry {
            section: command.section().title(),
            mark: Mark::Icon(command.icon()),
            text: command.text().to_owned(),
            detail: String::new(),
            keys: command.keys(ctx),
            effect: Effect::Run(command),
        };
        let mut all: Vec<Entry> = go.into_iter().map(entry).collect();
        all.append(&mut found);
        all.extend(rest.into_iter().map(entry));
        self.found = all;
        self.cursor = self.cursor.min(self.found.len().saturating_sub(1));
    }
}

/// The tabs of the page's agent, and all agents.
fn agents(
    cx: &Cx<'_>,
    all: bool,
    score: &mut impl FnMut(&str) -> Option<u32>,
    found: &mut Vec<Entry>,
) {
    if let Some(agent) = cx.agent
        && !all
    {
        for tab in AgentTab::ALL {
            if score(tab.title()).is_some() {
                found.push(Entry {
                    section: "This agent",
                    mark: Mark::Icon(Icon::CornerDownRight),
                    text: tab.title().to_owned(),
                    detail: text::clean(&agent.label),
                    keys: String::new(),
                    effect: Effect::Go(Route::Agent { id: agent.id, tab }),
                });
            }
        }
        let parts = [
            ("Traces", Effect::Traces(agent.id)),
            ("Alert delivery", Effect::Delivery(agent.id)),
        ];
        for (word, effect) in parts {
            if score(word).is_some() {
                found.push(Entry {
                    section: "This agent",
                    mark: Mark::Icon(Icon::CornerDownRight),
                    text: word.to_owned(),
                    detail: text::clean(&agent.label),
                    keys: String::new(),
                    effect,
                });
            }
        }
        mappings(agent, score, found);
    }
    let mut matches: Vec<(u32, usize)> = cx
        .fleet
        .agents
        .iter()
        .enumerate()
        .filter_map(|(at, agent)| {
            let group = agent.group.as_deref().unwrap_or_default();
            Some((
                score(&format!("{} {} {group}", agent.label, agent.address))?,
                at,
            ))
        })
        .collect();
    matches.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    for (_, at) in matches.into_iter().take(if all { 3 } else { AGENTS }) {
        let agent = &cx.fleet.agents[at];
        let group = agent.group.as_deref().map(text::clean).unwrap_or_default();
        found.push(Entry {
            section: "Agents",
            mark: Mark::State(state_of(agent.health)),
            text: text::clean(&agent.label),
            detail: format!("{} · {group}", word_of(agent.health)),
            keys: String::new(),
            effect: Effect::Go(Route::Agent {
                id: agent.id,
                tab: AgentTab::Overview,
            }),
        });
    }
}

/// System mappings of the page's agent, by their addresses.
fn mappings(
    agent: &AgentSnapshot,
    score: &mut impl FnMut(&str) -> Option<u32>,
    found: &mut Vec<Entry>,
) {
    let Some(document) = document(agent) else {
        return;
    };
    let all = document.subaccounts().iter().flat_map(|one| {
        let mappings = one.mappings().iter();
        mappings.map(move |mapping| (one.key(), mapping))
    });
    let fits = all.filter(|(_, mapping)| {
        let addresses = format!("{} {}", mapping.virtual_address, mapping.internal_address);
        score(&addresses).is_some()
    });
    for (key, mapping) in fits.take(MAPPINGS) {
        found.push(Entry {
            section: "Mappings",
            mark: Mark::Icon(Icon::ShieldCheck),
            text: mapping.virtual_address.to_string(),
            detail: text::clean(&mapping.internal_address.to_string()),
            keys: String::new(),
            effect: Effect::Mapping {
                agent: agent.id,
                subaccount: key.clone(),
                address: mapping.virtual_address.clone(),
            },
        });
    }
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        ui.add_space(space::S);
        ui.words(Text::Caption, ui.tokens().text_3, text);
    });
    ui.add_space(space::XS);
}

fn row(ui: &mut Ui, entry: &Entry, chosen: bool) -> egui::Response {
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 34.0), Sense::click());
    response.widget_info(|| {
        let name = format!("{} {}", entry.text, entry.detail);
        WidgetInfo::selected(Role::ListBoxOption, true, chosen, name.trim_end())
    });
    let fill = if chosen {
        tokens.selected
    } else {
        Color32::TRANSPARENT
    };
    ui.painter()
        .rect_filled(rect, CornerRadius::same(radius::CONTROL), fill);
    let center = egui::pos2(rect.left() + 18.0, rect.center().y);
    match entry.mark {
        Mark::Icon(icon) => {
            let color = if chosen {
                tokens.accent_text
            } else {
                tokens.text_3
            };
            paint_icon(ui.painter(), icon, center, size::ICON, color);
        }
        Mark::State(state) => shape(ui.painter(), center, 8.0, state, tokens.state(state)),
    }
    let mut right = rect.right() - space::S;
    if !entry.keys.is_empty() {
        let keys = galley(ui, Text::Caption, tokens.text_2, &entry.keys, 140.0);
        let size = Vec2::new(keys.size().x + 12.0, 20.0);
        let cap = Rect::from_min_size(
            egui::pos2(right - size.x, rect.center().y - size.y / 2.0),
            size,
        );
        paint_cap(ui, cap, &entry.keys);
        right = cap.left() - space::S;
    }
    let left = rect.left() + 36.0;
    let text = galley(ui, Text::Strong, tokens.text, &entry.text, right - left);
    let end = left + text.size().x + space::S;
    ui.painter().galley(
        egui::pos2(left, rect.center().y - text.size().y / 2.0),
        text,
        tokens.text,
    );
    let detail = galley(
        ui,
        Text::Small,
        tokens.text_3,
        &entry.detail,
        (right - end).max(0.0),
    );
    ui.painter().galley(
        egui::pos2(end, rect.center().y - detail.size().y / 2.0),
        detail,
        tokens.text_3,
    );
    response
}
