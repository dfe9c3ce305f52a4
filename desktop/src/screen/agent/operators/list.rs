//! The operators of one agent.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::api::Call;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    OperatorChange, OperatorShown, OperatorTarget, Target, Verb,
};
use underpass_shared::config::{Comment, OperatorName};
use underpass_shared::id::OperatorId;
use underpass_shared::rights::{Access, Role};

use super::roles;
use crate::cx::Cx;
use crate::screen::agent::edit::{act, prevented};
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::times::Timed as _;
use crate::widget::{
    Answer, Banner, Column, ConfirmName, Dialog, IconButton, Sort, Table, TableState, Width,
    Words as _, menu, menu_item, menu_rule, pill, select,
};

/// Why the last Administrator cannot go.
const LAST: &str =
    "The last Administrator cannot be revoked or given another role; pair another one first";

struct Edit {
    id: OperatorId,
    old: String,
    name: String,
    role: Role,
    comment: String,
    last: bool,
}

/// The table and its dialogs.
#[derive(Default)]
pub(super) struct List {
    table: TableState,
    edit: Option<Edit>,
    revoke: Option<(OperatorId, String, ConfirmName)>,
}

const COLUMNS: [Column; 6] = [
    Column::text("NAME", Width::AtLeast(180.0)),
    Column::text("ROLE", Width::Exact(180.0)),
    Column::text("COMMENT", Width::AtLeast(140.0)).spare(2),
    Column::text("CERTIFICATE UNTIL", Width::Exact(140.0)).spare(1),
    Column::number("LAST SEEN", 84.0),
    Column::text("", Width::Exact(24.0)).fixed(),
];

enum Act {
    Edit,
    Revoke,
}

impl List {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        agent: &AgentSnapshot,
        all: &[OperatorShown],
        locked: Option<&str>,
    ) {
        let mut rows: Vec<&OperatorShown> = all.iter().collect();
        sort(&mut rows, self.table.sort);
        let own = agent
            .own
            .value()
            .and_then(|own| own.operator.as_ref())
            .map(|own| own.id);
        let administrators = all
            .iter()
            .filter(|one| one.role == Role::Administrator)
            .count();
        let last = |one: &OperatorShown| one.role == Role::Administrator && administrators == 1;
        let name = |at: usize| {
            format!(
                "{}, {}",
                text::clean(&rows[at].name),
                roles::name(rows[at].role)
            )
        };
        let mut wanted = None;
        let out = Table::new("operators", &COLUMNS, rows.len(), &name)
            .row_height(cx.prefs.row_height())
            .framed()
            .show(ui, &mut self.table, |ui, at, column| {
                let one = rows[at];
                if column == 5 {
                    let refused = locked.or_else(|| last(one).then_some(LAST));
                    wanted = row_menu(ui, one, locked, refused)
                        .map(|act| (at, act))
                        .or(wanted.take());
                } else {
                    cell(ui, cx, one, column, own == Some(one.id));
                }
            });
        if let Some(at) = out.opened.filter(|_| locked.is_none()) {
            wanted = Some((at, Act::Edit));
        }
        match wanted {
            Some((at, Act::Edit)) => {
                let one = rows[at];
                self.edit = Some(Edit {
                    id: one.id,
                    old: text::clean(&one.name),
                    name: one.name.clone(),
                    role: one.role,
                    comment: one.comment.clone(),
                    last: last(one),
                });
            }
            Some((at, Act::Revoke)) => {
                self.revoke = Some((
                    rows[at].id,
                    text::clean(&rows[at].name),
                    ConfirmName::default(),
                ));
            }
            None => {}
        }
    }

    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if self.edit.as_mut().is_some_and(|edit| edit.show(ctx, cx)) {
            self.edit = None;
        }
        if let Some((id, name, confirm)) = &mut self.revoke {
            let loss = "The operator's certificate is taken no more and open connections end, at once. To come back somebody pairs anew.";
            let answer = confirm.show(ctx, "Revoke operator", "Revoke", loss, name);
            if answer == Answer::Confirmed {
                let target = Target::Operators(OperatorTarget::One(*id));
                drop(act(
                    cx,
                    format!("Revoke operator {name}"),
                    Call::new(Verb::Delete, target),
                ));
            }
            if answer != Answer::Open {
                self.revoke = None;
            }
        }
    }
}

fn sort(rows: &mut [&OperatorShown], sort: Option<Sort>) {
    let Some(Sort { column, descending }) = sort else {
        rows.sort_by(|a, b| a.role.cmp(&b.role).then_with(|| a.name.cmp(&b.name)));
        return;
    };
    rows.sort_by(|a, b| {
        let order = match column {
            1 => a.role.cmp(&b.role),
            2 => a.comment.cmp(&b.comment),
            3 => a
                .certificate_not_after_time_stamp
                .cmp(&b.certificate_not_after_time_stamp),
            4 => b.last_seen_time_stamp.cmp(&a.last_seen_time_stamp),
            _ => a.name.cmp(&b.name),
        };
        if descending { order.reverse() } else { order }
    });
}

fn cell(ui: &mut Ui, cx: &Cx<'_>, one: &OperatorShown, column: usize, own: bool) {
    const DAY_MS: i64 = 86_400_000;
    let tokens = ui.tokens();
    match column {
        0 => {
            ui.words(Text::Strong, tokens.text, text::clean(&one.name));
            if own {
                pill(ui, State::Info, "You");
            }
        }
        1 => drop(
            ui.words(Text::Body, tokens.text_2, roles::name(one.role))
                .on_hover_text(roles::may(one.role)),
        ),
        2 => drop(ui.words(Text::Small, tokens.text_2, text::clean(&one.comment))),
        3 => match one.certificate_not_after_time_stamp {
            Some(until) => {
                let color = match (until - cx.now_ms).div_euclid(DAY_MS) {
                    ..=7 => tokens.error,
                    8..=30 => tokens.warn,
                    _ => tokens.text_2,
                };
                let times = ui.times();
                ui.words(Text::Small, color, times.day(until))
                    .on_hover_text(times.both(until));
            }
            None => drop(ui.words(Text::Small, tokens.text_3, "not seen yet")),
        },
        _ => match one.last_seen_time_stamp {
            Some(at) => drop(ui.words(Text::Small, tokens.text_2, text::age(cx.now_ms, at))),
            None => drop(ui.words(Text::Small, tokens.text_3, "–")),
        },
    }
}

fn row_menu(
    ui: &mut Ui,
    one: &OperatorShown,
    locked: Option<&str>,
    refused: Option<&str>,
) -> Option<Act> {
    let name = format!("Actions for {}", text::clean(&one.name));
    let button = IconButton::new(Icon::Ellipsis, &name).small();
    let button = ui.add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()));
    menu(&button, |ui| {
        let mut act = None;
        if menu_item(ui, Some(Icon::Pencil), "Edit…", "Enter").clicked() {
            act = Some(Act::Edit);
        }
        menu_rule(ui);
        let shown = ui.add_enabled_ui(refused.is_none(), |ui| {
            if menu_item(ui, Some(Icon::UserX), "Revoke…", "").clicked() {
                act = Some(Act::Revoke);
            }
        });
        if let Some(reason) = refused {
            shown.response.on_hover_text(reason);
        }
        act
    })
    .flatten()
}

impl Edit {
    /// True when it shall close.
    fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let locked = prevented(cx, Access::Administration);
        let name = parse::<OperatorName>(self.name.trim());
        let comment = parse::<Comment>(&self.comment);
        let wrong = match (&name, &comment) {
            _ if self.name.trim().is_empty() => Some("Fill in the name".to_owned()),
            (Err(rule), _) | (_, Err(rule)) => Some(rule.clone()),
            (Ok(_), Ok(_)) => locked,
        };
        let answer = Dialog::new("operator", "Edit operator", "Save")
            .enabled_if(wrong.is_none(), wrong.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                let mut form = Form::default();
                form.text::<OperatorName>(ui, "Name", &mut self.name, |field| {
                    field.width(f32::INFINITY)
                });
                ui.add_space(space::XS);
                ui.add_enabled_ui(!self.last, |ui| {
                    select(ui, "Role", &mut self.role, &roles::choices(), f32::INFINITY);
                });
                ui.quiet(roles::may(self.role));
                if self.last {
                    Banner::new(State::Info, LAST).show(ui);
                }
                ui.add_space(space::XS);
                form.optional::<Comment>(ui, "Comment", &mut self.comment, |field| {
                    field.width(f32::INFINITY)
                });
            });
        if let (Answer::Confirmed, Ok(name), Ok(comment)) = (answer, name, comment) {
            let change = OperatorChange {
                name: Some(name),
                role: Some(self.role),
                comment: Some(comment),
            };
            let target = Target::Operators(OperatorTarget::One(self.id));
            match Call::new(Verb::Patch, target).with(&change) {
                Ok(call) => drop(act(cx, format!("Change operator {}", self.old), call)),
                Err(error) => cx.tell(State::Error, error.reason()),
            }
        }
        answer != Answer::Open
    }
}
