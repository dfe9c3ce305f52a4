//! Users with a password, who may read what monitoring needs.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    ConnectorTarget, MonitoringPassword, MonitoringUserInput, MonitoringUserShown, Query, Target,
    Verb,
};
use underpass_shared::config::Alias;

use super::roles;
use crate::cx::Cx;
use crate::screen::agent::edit::act;
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{
    Answer, Banner, Button, Column, ConfirmName, Dialog, Empty, IconButton, Table, TableState,
    Width, Words as _, menu, menu_item, menu_rule, skeleton,
};

/// A user that is added, or whose password is changed.
#[derive(Default)]
struct Account {
    /// The user that is there.
    known: Option<Alias>,
    name: String,
    password: String,
    sent: Option<Slot<Reply>>,
}

/// The list of users, and its dialogs.
#[derive(Default)]
pub(super) struct Monitoring {
    all: Slot<Vec<MonitoringUserShown>>,
    table: TableState,
    account: Option<Account>,
    remove: Option<(Alias, ConfirmName)>,
}

const COLUMNS: [Column; 3] = [
    Column::text("NAME", Width::AtLeast(200.0)).fixed(),
    Column::text("ROLE", Width::AtLeast(200.0)).fixed(),
    Column::text("", Width::Exact(24.0)).fixed(),
];

impl Monitoring {
    pub(super) fn refresh(&self) {
        self.all.refresh();
    }

    pub(super) fn button(&mut self, ui: &mut Ui, locked: Option<&str>) {
        let button = Button::primary("Add user…").icon(Icon::Plus);
        if ui
            .add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()))
            .clicked()
        {
            self.account = Some(Account::default());
        }
    }

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        agent: &AgentSnapshot,
        locked: Option<&str>,
    ) {
        let target = Target::Connector(ConnectorTarget::MonitoringUsers);
        self.all
            .request(cx.commands, agent.id, &target, &Query::default());
        let shown = self.all.get();
        if let Some(reason) = shown.reason() {
            let reason = text::clean(reason);
            let banner = Banner::new(State::Warn, "The users cannot be read now").detail(&reason);
            if banner.action("Retry").show(ui) {
                self.all.refresh();
            }
        }
        let Some(all) = shown.value() else {
            if shown.is_loading() {
                skeleton(ui, 3);
            }
            return;
        };
        if all.is_empty() {
            let empty = Empty {
                icon: Icon::KeyRound,
                title: "Nobody signs in with a password",
                text: "Programs that know no client certificates can read states and figures with a name and a password. Leave it empty where you can",
                action: locked.is_none().then_some("Add user…"),
            };
            if empty.show(ui) {
                self.account = Some(Account::default());
            }
            return;
        }
        let name = |at: usize| all[at].name.to_string();
        let mut wanted = None;
        Table::new("monitoring users", &COLUMNS, all.len(), &name)
            .framed()
            .show(ui, &mut self.table, |ui, at, column| {
                let tokens = ui.tokens();
                match column {
                    0 => drop(ui.words(Text::Strong, tokens.text, all[at].name.as_str())),
                    1 => drop(ui.words(Text::Body, tokens.text_2, roles::name(all[at].role))),
                    _ => {
                        wanted = row_menu(ui, &all[at].name, locked)
                            .map(|remove| (at, remove))
                            .or(wanted)
                    }
                }
            });
        match wanted {
            Some((at, true)) => self.remove = Some((all[at].name.clone(), ConfirmName::default())),
            Some((at, false)) => {
                self.account = Some(Account {
                    known: Some(all[at].name.clone()),
                    ..Account::default()
                });
            }
            None => {}
        }
    }

    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if self
            .account
            .as_mut()
            .is_some_and(|account| account.show(ctx, cx))
        {
            self.account = None;
            self.all.refresh();
        }
        if let Some((name, confirm)) = &mut self.remove {
            let loss = "Programs that use this name and its password are refused from then on.";
            let answer = confirm.show(ctx, "Remove user", "Remove", loss, name.as_str());
            if answer == Answer::Confirmed {
                let target = Target::Connector(ConnectorTarget::MonitoringUser(name.clone()));
                drop(act(
                    cx,
                    format!("Remove the user {name}"),
                    Call::new(Verb::Delete, target),
                ));
            }
            if answer != Answer::Open {
                self.remove = None;
                self.all.refresh();
            }
        }
    }
}

/// Whether the user shall be removed; else he gets another password.
fn row_menu(ui: &mut Ui, name: &Alias, locked: Option<&str>) -> Option<bool> {
    let word = format!("Actions for {name}");
    let button = IconButton::new(Icon::Ellipsis, &word).small();
    let button = ui.add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()));
    menu(&button, |ui| {
        let mut wanted = None;
        if menu_item(ui, Some(Icon::KeyRound), "Another password…", "").clicked() {
            wanted = Some(false);
        }
        menu_rule(ui);
        if menu_item(ui, Some(Icon::Trash2), "Remove…", "").clicked() {
            wanted = Some(true);
        }
        wanted
    })
    .flatten()
}

impl Account {
    /// True when it shall close.
    fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let told = self.sent.as_ref().map(Slot::get);
        if told
            .as_ref()
            .is_some_and(|told| told.value().is_some() && !told.is_loading())
        {
            return true;
        }
        let failed = told
            .as_ref()
            .and_then(|told| told.reason())
            .map(text::clean);
        let name = self
            .known
            .clone()
            .map_or_else(|| parse::<Alias>(self.name.trim()), Ok);
        let password = MonitoringPassword {
            password: self.password.clone(),
        }
        .checked();
        let password = password.map_err(|refusal| refusal.body.message);
        let wrong = match (&name, &password) {
            _ if told.as_ref().is_some_and(|told| told.is_loading()) => {
                Some("It is being saved".to_owned())
            }
            _ if self.known.is_none() && self.name.trim().is_empty() => {
                Some("Fill in the name".to_owned())
            }
            (Err(rule), _) => Some(rule.clone()),
            _ if self.password.is_empty() => Some("Fill in the password".to_owned()),
            (_, Err(rule)) => Some(rule.clone()),
            (Ok(_), Ok(_)) => None,
        };
        let title = if self.known.is_some() {
            "Another password"
        } else {
            "Add a user"
        };
        let answer = Dialog::new("monitoring user", title, "Save")
            .enabled_if(wrong.is_none(), wrong.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                self.fields(ui, password.as_ref().err());
                if let Some(failed) = &failed {
                    Banner::new(State::Error, failed).show(ui);
                }
            });
        if let (Answer::Confirmed, Ok(name)) = (answer, name) {
            self.send(cx, &name);
        }
        answer == Answer::Dismissed
    }

    fn fields(&mut self, ui: &mut Ui, rule: Option<&String>) {
        let mut form = Form::default();
        if let Some(name) = &self.known {
            ui.paragraph(format!(
                "Programs sign in as {name} with this password from then on."
            ));
        } else {
            form.text::<Alias>(ui, "User name", &mut self.name, |field| {
                field.hint("zabbix").width(f32::INFINITY)
            });
            ui.quiet("May read states and figures, and nothing else");
        }
        ui.add_space(space::XS);
        form.read(
            ui,
            "Password",
            &mut self.password,
            |field| {
                field
                    .secret()
                    .width(f32::INFINITY)
                    .help("12 characters at least")
            },
            |_| rule.map_or(Ok(()), |rule| Err(rule.clone())),
        );
    }

    fn send(&mut self, cx: &mut Cx<'_>, name: &Alias) {
        let password = self.password.clone();
        let (title, call) = if self.known.is_some() {
            let target = Target::Connector(ConnectorTarget::MonitoringUser(name.clone()));
            let call = Call::new(Verb::Put, target).with(&MonitoringPassword { password });
            (format!("Give the user {name} another password"), call)
        } else {
            let target = Target::Connector(ConnectorTarget::MonitoringUsers);
            let name = name.clone();
            let title = format!("Add the user {name}");
            (
                title,
                Call::new(Verb::Post, target).with(&MonitoringUserInput { name, password }),
            )
        };
        match call {
            Ok(call) => self.sent = Some(act(cx, title, call)),
            Err(error) => cx.tell(State::Error, error.reason()),
        }
    }
}
