//! The bar above each page: where one is, the search, and what is on trial.

use egui::{
    Align, CornerRadius, Frame, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::rights;

use super::toasts::{Toasts, history};
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::nav::{Nav, Route};
use crate::text;
use crate::theme::{Text, Themed as _, inset, radius, size, space};
use crate::widget::{Button, IconButton, Words as _, focus_ring, galley, menu, paint_icon};

/// Changes on trial on some agent.
#[derive(Clone, Copy)]
pub struct Pending<'a> {
    /// The agent.
    pub agent: &'a AgentSnapshot,
    /// Whose they are.
    pub author: &'a str,
    /// When they are taken back, milliseconds UTC.
    pub until_ms: i64,
    /// On how many other agents changes are on trial.
    pub others: usize,
}

impl<'a> Pending<'a> {
    /// Those of the page's agent, else those that end first.
    pub fn of(cx: &Cx<'a>) -> Option<Self> {
        let now_ms = cx.now_ms;
        let of = |agent: &'a AgentSnapshot| {
            let pending = agent.pending.as_ref()?;
            let (author, until_ms) = (&*pending.author, pending.until_ms);
            // An agent out of reach has taken them back by then.
            let stands = agent.link.is_online() || now_ms < until_ms;
            stands.then_some(Self {
                agent,
                author,
                until_ms,
                others: 0,
            })
        };
        let all = || cx.fleet.agents.iter().filter_map(|agent| of(agent));
        let here = cx.agent.and_then(|agent| of(agent));
        let first = here.or_else(|| all().min_by_key(|one| one.until_ms))?;
        Some(Self {
            others: all().count().saturating_sub(1),
            ..first
        })
    }
}

impl Pending<'_> {
    /// Whether they are the operator's own.
    fn is_own(&self) -> bool {
        let own = self.agent.own.value();
        own.is_some_and(|own| own.author == self.author)
    }

    /// Why the operator can neither keep nor revert them.
    fn refused(&self) -> Option<String> {
        if !self.agent.link.is_online() {
            let text = "The agent is out of reach; it takes the changes back by itself";
            return Some(text.to_owned());
        }
        let role = self.agent.own.value().map(|own| own.role);
        if self.is_own() || role == Some(rights::Role::Administrator) {
            return None;
        }
        let author = text::who(self.author);
        Some(format!("Only {author} or an Administrator decides"))
    }
}

/// Shows the bar.
pub fn top(ui: &mut Ui, cx: &mut Cx<'_>, nav: &Nav, toasts: &mut Toasts) {
    let narrow = ui.available_width() < 860.0;
    ui.horizontal_centered(|ui| {
        title(ui, cx, nav);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let add = if narrow { "Add" } else { "Add agent" };
            if ui.add(Button::primary(add).icon(Icon::Plus)).clicked() {
                cx.run(UiCommand::AddAgent);
            }
            ui.add_space(space::XS);
            bell(ui, cx, toasts);
            let (icon, name) = if ui.tokens().dark {
                (Icon::Sun, "Light theme")
            } else {
                (Icon::Moon, "Dark theme")
            };
            if ui.add(IconButton::new(icon, name)).clicked() {
                cx.run(UiCommand::Theme);
            }
            if ui
                .add(IconButton::new(Icon::RefreshCw, "Refresh"))
                .clicked()
            {
                cx.run(UiCommand::Refresh);
            }
            ui.add_space(space::XS);
            let pending = Pending::of(cx);
            let room = ui.available_width() - if pending.is_some() { 330.0 } else { 0.0 };
            if room > 190.0 {
                if search(ui, room.min(260.0)) {
                    cx.run(UiCommand::Palette);
                }
            } else if ui
                .add(IconButton::new(Icon::Search, "Search or run a command"))
                .clicked()
            {
                cx.run(UiCommand::Palette);
            }
            if let Some(pending) = pending {
                ui.add_space(space::S);
                countdown(ui, cx, pending);
            }
        });
    });
}

fn title(ui: &mut Ui, cx: &mut Cx<'_>, nav: &Nav) {
    let tokens = ui.tokens();
    let route = nav.current();
    ui.spacing_mut().item_spacing.x = space::XS;
    if nav.can_go_back()
        && ui
            .add(IconButton::new(Icon::ArrowLeft, "Back").small())
            .clicked()
    {
        cx.run(UiCommand::Back);
    }
    if route.agent().is_some() {
        if ui.add(Button::ghost(route.title())).clicked() {
            cx.go(Route::Fleet);
        }
        ui.icon(Icon::ChevronRight, size::ICON_SMALL, tokens.text_3);
        let name = cx.agent.map_or_else(
            || "Unknown agent".to_owned(),
            |agent| text::clean(&agent.label),
        );
        let width = galley(ui, Text::Title, tokens.text, &name, 220.0).size().x + 4.0;
        ui.scope(|ui| {
            ui.set_max_width(width);
            ui.words(Text::Title, tokens.text, name);
        });
        return;
    }
    ui.add_space(space::XXS);
    ui.words(Text::Heading, tokens.text, route.title());
    let subtitle = match route {
        Route::Fleet => {
            let agents = text::plural(cx.fleet.agents.len(), "agent");
            match cx.digest.groups.len() {
                0 => agents,
                groups => format!("{agents} in {}", text::plural(groups, "group")),
            }
        }
        Route::Alerts => format!(
            "{} of {}",
            text::plural(cx.digest.alerts, "open alert"),
            text::plural(cx.fleet.agents.len(), "agent")
        ),
        Route::Audit => "Who did what, on all agents".to_owned(),
        Route::Configuration { .. } => "What all agents have in common, and where not".to_owned(),
        Route::Moves => "To another host, or from SAP Cloud Connector".to_owned(),
        Route::Agent { .. } | Route::Settings => String::new(),
    };
    // The right side has the search, and the countdown of changes on trial.
    let needed = if Pending::of(cx).is_some() {
        740.0
    } else {
        520.0
    };
    if ui.available_width() > needed {
        ui.add_space(space::XS);
        ui.quiet(subtitle);
    }
}

/// Looks like a field, and opens the palette.
fn search(ui: &mut Ui, width: f32) -> bool {
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::CONTROL), Sense::click());
    let name = "Search or run a command";
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let border = if response.hovered() {
        tokens.border_strong
    } else {
        tokens.border
    };
    let corners = CornerRadius::same(radius::CONTROL);
    ui.painter().rect(
        rect,
        corners,
        tokens.field,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    let icon = egui::pos2(rect.left() + 17.0, rect.center().y);
    paint_icon(
        ui.painter(),
        Icon::Search,
        icon,
        size::ICON - 1.0,
        tokens.text_3,
    );
    let keys = galley(
        ui,
        Text::Caption,
        tokens.text_3,
        &UiCommand::Palette.keys(ui.ctx()),
        80.0,
    );
    let cap = Vec2::new(keys.size().x + 12.0, size::CONTROL - 8.0);
    let cap = Rect::from_min_size(
        egui::pos2(rect.right() - cap.x - 4.0, rect.top() + 4.0),
        cap,
    );
    ui.painter()
        .rect_filled(cap, CornerRadius::same(radius::SMALL), tokens.pressed);
    ui.painter()
        .galley(cap.center() - keys.size() / 2.0, keys, tokens.text_3);
    let text = galley(
        ui,
        Text::Body,
        tokens.text_3,
        name,
        cap.left() - rect.left() - 38.0,
    );
    ui.painter().galley(
        egui::pos2(rect.left() + 30.0, rect.center().y - text.size().y / 2.0),
        text,
        tokens.text_3,
    );
    focus_ring(ui, &response, radius::CONTROL);
    response.clicked()
}

fn bell(ui: &mut Ui, cx: &mut Cx<'_>, toasts: &mut Toasts) {
    let unread = toasts.unread(cx.fleet);
    let name = match unread {
        0 => "Notifications".to_owned(),
        many => format!("Notifications, {many} new"),
    };
    let color = (unread > 0).then_some(ui.tokens().error);
    let response = ui.add(IconButton::new(Icon::Bell, &name).badge(color));
    if std::mem::take(&mut toasts.open_history) {
        egui::Popup::toggle_id(ui.ctx(), egui::Popup::default_response_id(&response));
    }
    if menu(&response, |ui| history(ui, cx)).is_some() {
        toasts.read_all(cx.fleet);
    }
}

/// What is on trial, how long, and the two answers.
fn countdown(ui: &mut Ui, cx: &mut Cx<'_>, pending: Pending<'_>) {
    let tokens = ui.tokens();
    let left = text::countdown(cx.now_ms, pending.until_ms);
    let name = text::clean(&pending.agent.label);
    let whose = if pending.is_own() {
        "Your changes".to_owned()
    } else {
        format!("Changes of {}", text::who(pending.author))
    };
    let refused = pending.refused();
    let (allowed, reason) = (refused.is_none(), refused.as_deref().unwrap_or_default());
    let room = ui.available_width().min(330.0);
    let layout = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(Vec2::new(room, size::CONTROL), layout, |ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        Frame::new()
            .fill(tokens.tint(tokens.pending))
            .stroke(Stroke::new(size::LINE, tokens.pending.gamma_multiply(0.6)))
            .corner_radius(CornerRadius::same(radius::CONTROL))
            .inner_margin(inset::TRIAL)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                ui.set_max_height(size::CONTROL_SMALL);
                let keep = Button::primary("Keep").small();
                if ui.add(keep.enabled_if(allowed, reason)).clicked() {
                    cx.run(UiCommand::Keep);
                }
                let revert = Button::secondary("Revert").small();
                if ui.add(revert.enabled_if(allowed, reason)).clicked() {
                    cx.run(UiCommand::Revert);
                }
                ui.add_space(space::XS);
                let response = ui.words(Text::Mono, tokens.pending, left.as_str());
                response.widget_info(|| {
                    WidgetInfo::labeled(
                        Role::Timer,
                        true,
                        format!("{whose} on {name} are reverted in {left}"),
                    )
                });
                let shown = match pending.others {
                    0 => name.clone(),
                    more => format!("{name} +{more}"),
                };
                let mut hover = format!("{whose} are reverted unless they are kept");
                if pending.others > 0 {
                    let others = text::plural(pending.others, "other agent");
                    hover.push_str(&format!("; changes are on trial on {others} too"));
                }
                ui.words(Text::Strong, tokens.text, shown)
                    .on_hover_text(hover);
                ui.icon(Icon::Timer, size::ICON_MEDIUM, tokens.pending);
            });
    });
}
