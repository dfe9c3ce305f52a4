//! Pairing a new operator: a string that is good once and for minutes, and the words of both sides.

use egui::{Align, Context, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    OperatorTarget, PairingCreated, PairingInput, PairingShown, PairingState, Query, Target, Verb,
};
use underpass_shared::config::OperatorName;
use underpass_shared::host::InternalHost;
use underpass_shared::rights::Role;

use super::roles;
use crate::cx::Cx;
use crate::screen::agent::edit::act;
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, code, pill, progress, select};

/// How often the agent is asked whether somebody knocked, in milliseconds.
const ASK_MS: i64 = 1_000;

/// What was chosen, and what came of it.
pub(super) struct Pair {
    role: Role,
    name: String,
    host: String,
    made: Slot<Reply>,
    asked: bool,
    created: Option<PairingCreated>,
    shown: Slot<PairingShown>,
    asked_ms: i64,
}

impl Default for Pair {
    fn default() -> Self {
        Self {
            role: Role::Display,
            name: String::new(),
            host: String::new(),
            made: Slot::default(),
            asked: false,
            created: None,
            shown: Slot::default(),
            asked_ms: 0,
        }
    }
}

impl Pair {
    /// True when it shall close.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        if self.asked
            && let Some(reply) = self.made.take()
        {
            self.created = reply.value.read().ok();
        }
        match &self.created {
            None => self.choose(ctx, cx),
            Some(created) => {
                let (pairing, until_ms) = (created.pairing.clone(), created.expires_time_stamp);
                self.wait(ctx, cx, &pairing, until_ms)
            }
        }
    }

    fn choose(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let name = optional::<OperatorName>(&self.name);
        let host = optional::<InternalHost>(&self.host);
        let told = self.made.get();
        let wrong = match (&name, &host) {
            _ if told.is_loading() => Some("The string is being made".to_owned()),
            (Err(rule), _) | (_, Err(rule)) => Some(rule.clone()),
            (Ok(_), Ok(_)) => None,
        };
        let answer = Dialog::new("pair", "Pair an operator", "Make a pairing string")
            .enabled_if(wrong.is_none(), wrong.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                ui.paragraph("Whoever has the string becomes an operator of this agent. It is good once and for ten minutes; send it by a way that only that person reads.");
                select(ui, "Role", &mut self.role, &roles::choices(), f32::INFINITY);
                ui.quiet(roles::may(self.role));
                let mut form = Form::default();
                form.optional::<OperatorName>(ui, "Name", &mut self.name, |field| {
                    field.hint("j.weber").width(f32::INFINITY).help("Left empty, the person's program gives one")
                });
                form.optional::<InternalHost>(ui, "Host in the string", &mut self.host, |field| {
                    field.mono().width(f32::INFINITY).help("Left empty, the agent's own host name")
                });
                if let Some(reason) = told.reason() {
                    Banner::new(State::Error, &text::clean(reason)).show(ui);
                }
            });
        if let (Answer::Confirmed, Ok(name), Ok(host)) = (answer, name, host) {
            let input = PairingInput {
                role: self.role,
                name,
                host,
            };
            let target = Target::Operators(OperatorTarget::Pairing);
            match Call::new(Verb::Post, target).with(&input) {
                Ok(call) => {
                    self.made = act(
                        cx,
                        format!("Pair an operator as {}", roles::name(self.role)),
                        call,
                    );
                    self.asked = true;
                }
                Err(error) => cx.tell(State::Error, error.reason()),
            }
        }
        answer == Answer::Dismissed
    }

    /// Shows the string until somebody used it, or it ended.
    fn wait(&mut self, ctx: &Context, cx: &mut Cx<'_>, pairing: &str, until_ms: i64) -> bool {
        let target = Target::Operators(OperatorTarget::Pairing);
        let shown = self.shown.get();
        let used = shown
            .value()
            .is_some_and(|shown| shown.state == PairingState::Used);
        let over = cx.now_ms >= until_ms
            || shown
                .value()
                .is_some_and(|shown| shown.state == PairingState::Closed);
        if !used && !over && cx.now_ms - self.asked_ms >= ASK_MS {
            self.asked_ms = cx.now_ms;
            self.shown.refresh();
        }
        if let Some(agent) = cx.agent.map(|agent| agent.id) {
            self.shown
                .request(cx.commands, agent, &target, &Query::default());
        }
        if !used && !over {
            ctx.request_repaint_after_secs(1.0);
        }
        let action = match (used, over) {
            (true, _) => "The words are the same",
            (false, true) => "Make another",
            (false, false) => "Take it back",
        };
        let dialog = Dialog::new("pairing", "Pair an operator", action)
            .wide()
            .way_out("Close")
            .without_enter();
        let dialog = if used || over {
            dialog
        } else {
            dialog.danger()
        };
        let answer = dialog.show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            match shown.value().filter(|_| used) {
                Some(shown) => words(ui, shown),
                None if over => drop(
                    Banner::new(State::Warn, "The string is no longer good")
                        .detail("Nobody used it in time, or it was guessed at too often")
                        .show(ui),
                ),
                None => string(ui, cx, pairing, until_ms, shown.value()),
            }
        });
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed if used => true,
            Answer::Confirmed if over => {
                self.again();
                false
            }
            Answer::Confirmed => {
                let call = Call::new(Verb::Delete, target);
                drop(act(cx, "Take the pairing string back", call));
                true
            }
        }
    }

    /// Begins anew with what was chosen.
    fn again(&mut self) {
        *self = Self {
            role: self.role,
            name: std::mem::take(&mut self.name),
            host: std::mem::take(&mut self.host),
            ..Self::default()
        };
    }
}

fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Option<T>, String> {
    match text.trim() {
        "" => Ok(None),
        some => parse(some).map(Some),
    }
}

fn string(ui: &mut Ui, cx: &Cx<'_>, pairing: &str, until_ms: i64, shown: Option<&PairingShown>) {
    ui.paragraph("Send this string to the person. It is pasted into “Add agent” of the app, or given to “underpass fleet pair”.");
    code(ui, "Pairing string", pairing);
    let name = format!("Good for {}", text::countdown(cx.now_ms, until_ms));
    progress(
        ui,
        &name,
        "Waiting for the person's program to knock",
        None,
        false,
    );
    if let Some(shown) = shown {
        let role = roles::name(shown.role);
        ui.quiet(format!(
            "Role {role}, {} left",
            text::plural(shown.tries_left.into(), "attempt")
        ));
    }
}

/// What both sides show for the human eye.
fn words(ui: &mut Ui, shown: &PairingShown) {
    let tokens = ui.tokens();
    let who = shown
        .operator
        .as_ref()
        .map_or("Somebody".to_owned(), |one| text::clean(&one.name));
    Banner::new(
        State::Ok,
        &format!("{who} is paired as {}", roles::name(shown.role)),
    )
    .show(ui);
    ui.paragraph("Ask the person for the words that their program shows. If they differ, somebody is between you: revoke the operator at once.");
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        for (at, word) in shown.words.iter().enumerate() {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                ui.words(Text::Small, tokens.text_3, format!("{}", at + 1));
                ui.words(Text::Heading, tokens.text, text::clean(word));
            });
        }
    });
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        ui.icon(Icon::ShieldCheck, size::ICON, tokens.ok);
        pill(ui, State::Ok, "The program proved that it knows the string");
    });
}
