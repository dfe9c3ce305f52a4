//! The rail: pages, groups and who one is.

use std::sync::Arc;

use egui::{Color32, CornerRadius, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::cx::{Cx, Effect};
use crate::digest::{state_of, word_of};
use crate::nav::Route;
use crate::text;
use crate::theme::{Text, Themed as _, radius, size, space};
use crate::widget::{Words as _, focus_ring, galley, logo, paint_icon, shape};

/// What the rail shows beside the snapshot.
pub struct Rail<'a> {
    /// The page that is shown.
    pub route: Route,
    /// Icons alone.
    pub narrow: bool,
    /// The group the list is narrowed to.
    pub group: &'a mut Option<Arc<str>>,
}

/// Shows the rail.
pub fn rail(ui: &mut Ui, cx: &mut Cx<'_>, rail: Rail<'_>) {
    let tokens = ui.tokens();
    let Rail {
        route,
        narrow,
        group,
    } = rail;
    ui.spacing_mut().item_spacing.y = space::XXS;
    brand(ui, narrow);
    ui.add_space(space::L);
    for (page, command) in Route::RAIL {
        if page == Route::Settings {
            ui.add_space(space::M);
        }
        let badge = if page == Route::Alerts {
            cx.digest.alerts
        } else {
            0
        };
        let chosen = route.rail() == page;
        let response = entry(ui, narrow, command.text(), chosen, badge, |ui, at| {
            let color = if chosen {
                tokens.accent_text
            } else {
                tokens.text_3
            };
            paint_icon(ui.painter(), command.icon(), at, size::ICON, color);
        });
        if response.clicked() {
            cx.effects.push(Effect::Go(page));
        }
    }
    if !cx.digest.groups.is_empty() {
        groups(ui, cx, narrow, group);
    }
    identity(ui, cx, narrow);
}

fn brand(ui: &mut Ui, narrow: bool) {
    const SIDE: f32 = 26.0;
    let tokens = ui.tokens();
    ui.add_space(space::XXS);
    ui.horizontal(|ui| {
        ui.set_height(SIDE);
        ui.add_space(if narrow { 5.0 } else { space::XS + 2.0 });
        logo(ui, SIDE);
        if !narrow {
            ui.add_space(space::XXS);
            ui.words(Text::Title, tokens.text, "Underpass");
        }
    });
}

fn groups(ui: &mut Ui, cx: &mut Cx<'_>, narrow: bool, chosen: &mut Option<Arc<str>>) {
    let tokens = ui.tokens();
    ui.add_space(space::XL);
    if !narrow {
        ui.horizontal(|ui| {
            ui.add_space(space::S);
            ui.words(Text::Caption, tokens.text_3, "GROUPS");
        });
        ui.add_space(space::XS);
    }
    let room = (ui.available_height() - 60.0).max(size::CONTROL);
    egui::ScrollArea::vertical()
        .max_height(room)
        .show(ui, |ui| {
            for group in &cx.digest.groups {
                let on = chosen.as_ref() == Some(&group.name);
                let shown = text::clean(&group.name);
                let name = format!("{shown}, worst {}", word_of(group.worst));
                let state = state_of(group.worst);
                let response =
                    entry_named(ui, narrow, (&shown, &name), on, group.count, |ui, at| {
                        shape(ui.painter(), at, 8.0, state, tokens.state(state));
                    });
                if response.clicked() {
                    *chosen = if on {
                        None
                    } else {
                        Some(Arc::clone(&group.name))
                    };
                    cx.effects.push(Effect::Go(Route::Fleet));
                }
            }
        });
}

fn entry(
    ui: &mut Ui,
    narrow: bool,
    word: &str,
    chosen: bool,
    badge: usize,
    mark: impl FnOnce(&Ui, egui::Pos2),
) -> Response {
    let response = entry_named(ui, narrow, (word, word), chosen, 0, mark);
    if badge > 0 {
        let tokens = ui.tokens();
        if narrow {
            let at = response.rect.center() + Vec2::new(7.0, -7.0);
            ui.painter().circle(
                at,
                4.5,
                tokens.error,
                egui::Stroke::new(size::STROKE, tokens.rail),
            );
            return response;
        }
        let number = galley(ui, Text::Caption, tokens.error, &text::count(badge), 60.0);
        let width = (number.size().x + 10.0).max(18.0);
        let right = response.rect.right() - space::S;
        let y = response.rect.center().y;
        let rect =
            Rect::from_center_size(egui::pos2(right - width / 2.0, y), Vec2::new(width, 18.0));
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(radius::PILL),
            tokens.tint(tokens.error),
        );
        ui.painter()
            .galley(rect.center() - number.size() / 2.0, number, tokens.error);
    }
    response
}

fn entry_named(
    ui: &mut Ui,
    narrow: bool,
    (word, name): (&str, &str),
    chosen: bool,
    count: usize,
    mark: impl FnOnce(&Ui, egui::Pos2),
) -> Response {
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 32.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, name));
    let fill = match (chosen, response.hovered()) {
        (true, _) => tokens.pressed,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter()
        .rect_filled(rect, CornerRadius::same(radius::CONTROL), fill);
    focus_ring(ui, &response, radius::CONTROL);
    let center = if narrow {
        rect.center()
    } else {
        egui::pos2(rect.left() + 18.0, rect.center().y)
    };
    mark(ui, center);
    if narrow {
        return response.on_hover_text(word);
    }
    let number = if count > 0 {
        text::count(count)
    } else {
        String::new()
    };
    let number = galley(ui, Text::Caption, tokens.text_3, &number, 60.0);
    let left = rect.left() + 36.0;
    let color = if chosen { tokens.text } else { tokens.text_2 };
    let text = galley(
        ui,
        Text::Strong,
        color,
        word,
        rect.right() - left - number.size().x - space::L,
    );
    ui.painter().galley(
        egui::pos2(left, rect.center().y - text.size().y / 2.0),
        text,
        color,
    );
    let at = egui::pos2(
        rect.right() - space::S - number.size().x,
        rect.center().y - number.size().y / 2.0,
    );
    ui.painter().galley(at, number, tokens.text_3);
    response
}

/// Who one is to the agents, at the bottom.
fn identity(ui: &mut Ui, cx: &Cx<'_>, narrow: bool) {
    const SIDE: f32 = 28.0;
    let tokens = ui.tokens();
    let of_page = cx.agent.and_then(|agent| agent.own.value());
    let Some(own) = of_page.or_else(|| cx.fleet.agents.iter().find_map(|agent| agent.own.value()))
    else {
        return;
    };
    let name = own
        .operator
        .as_ref()
        .map_or_else(|| own.author.clone(), |one| one.name.to_string());
    let name = text::clean(&name);
    let initials: String = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter_map(|part| part.chars().next())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    let rect = ui.max_rect();
    let top = rect.bottom() - SIDE - space::XS;
    let left = if narrow {
        rect.center().x - SIDE / 2.0
    } else {
        rect.left() + space::XS + 2.0
    };
    let face = Rect::from_min_size(egui::pos2(left, top), Vec2::splat(SIDE));
    ui.painter().rect_filled(
        face,
        CornerRadius::same(radius::PILL),
        tokens.tint(tokens.accent_text),
    );
    let letters = galley(ui, Text::Caption, tokens.accent_text, &initials, SIDE);
    ui.painter().galley(
        face.center() - letters.size() / 2.0,
        letters,
        tokens.accent_text,
    );
    let role = format!("{:?}", own.role);
    let role = spaced(&role);
    let whole = if narrow {
        face
    } else {
        Rect::from_min_max(face.min, egui::pos2(rect.right(), face.bottom()))
    };
    let response = ui.interact(whole, ui.scope_id().with("identity"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}, {role}")));
    if narrow {
        response.on_hover_text(format!("{name}, {role}"));
        return;
    }
    let room = rect.right() - face.right() - space::L;
    let above = galley(ui, Text::Strong, tokens.text, &name, room);
    let below = galley(ui, Text::Caption, tokens.text_3, &role, room);
    let x = face.right() + space::S;
    ui.painter()
        .galley(egui::pos2(x, face.top() - 2.0), above, tokens.text);
    ui.painter()
        .galley(egui::pos2(x, face.top() + 15.0), below, tokens.text_3);
}

/// `SubaccountAdministrator` as words.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}
