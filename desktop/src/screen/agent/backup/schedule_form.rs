//! A schedule of backups, made or changed.

use egui::{ScrollArea, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    BackupHistory, DestinationInput, DestinationShown, Flag, LoginInput, ReadOnly, ScheduleInput,
    ScheduleShown, ScheduleTarget, Target, UploadInput, Verb,
};
use underpass_shared::backup::RecipientText;
use underpass_shared::config::{
    BackupDirectory, Certificate, Cron, CronClock, FolderPath, Keep, ScheduleName, UploadUrl,
    UploadUser, WantedHours,
};
use underpass_shared::rights::Access;

use super::super::edit::{act_into, prevented};
use super::super::form::{Form, pair};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, segmented, select, toggle};

/// Where backups go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Folder,
    Address,
}

/// Times that are wanted often, by their expression.
const TIMES: [(&str, &str); 5] = [
    ("30 2 * * *", "Every night at 2:30"),
    ("0 */6 * * *", "Every six hours"),
    ("0 * * * *", "Every hour"),
    ("30 2 * * SUN", "Every Sunday at 2:30"),
    ("30 2 1 * *", "On the first of each month at 2:30"),
];

/// The dialog.
pub(super) struct Edit {
    /// The schedule that is there already.
    of: Option<ScheduleName>,
    name: String,
    enabled: bool,
    cron: String,
    clock: CronClock,
    keys: String,
    history: String,
    machine: bool,
    place: Place,
    path: String,
    keep: String,
    url: String,
    user: String,
    password: String,
    has_login: bool,
    /// Certificates that are trusted there; set by the command or the API.
    ca: Vec<Certificate>,
    via_proxy: bool,
    wanted: String,
    saved: Slot<Reply>,
}

impl Edit {
    pub(super) fn new() -> Self {
        Self {
            of: None,
            name: String::new(),
            enabled: true,
            cron: TIMES[0].0.to_owned(),
            clock: CronClock::default(),
            keys: String::new(),
            history: "20".to_owned(),
            machine: false,
            place: Place::default(),
            path: String::new(),
            keep: "14".to_owned(),
            url: String::new(),
            user: String::new(),
            password: String::new(),
            has_login: false,
            ca: vec![],
            via_proxy: false,
            wanted: "36".to_owned(),
            saved: Slot::default(),
        }
    }

    pub(super) fn of(one: &ScheduleShown) -> Self {
        let keys: Vec<String> = one.recipients.iter().map(ToString::to_string).collect();
        let wanted = one.wanted_within_hours.map(|hours| hours.get().to_string());
        let mut edit = Self {
            of: Some(one.name.clone()),
            name: one.name.to_string(),
            enabled: one.enabled,
            cron: one.cron.to_string(),
            clock: one.clock,
            keys: keys.join("\n"),
            history: one.history.get().to_string(),
            machine: one.include_machine,
            wanted: wanted.unwrap_or_default(),
            ..Self::new()
        };
        match &one.target {
            DestinationShown::Directory(folder) => {
                edit.path = folder.path.to_string();
                edit.keep = folder.keep.get().to_string();
            }
            DestinationShown::Url(upload) => {
                edit.place = Place::Address;
                edit.url = upload.url.to_string();
                edit.ca.clone_from(&upload.ca);
                edit.via_proxy = upload.via_proxy;
                edit.has_login = upload.login.is_some();
                let user = upload.login.as_ref().and_then(|login| login.user.as_ref());
                edit.user = user.map(ToString::to_string).unwrap_or_default();
            }
        }
        edit
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if self.saved.take().is_some() {
            return true;
        }
        let (title, action) = match &self.of {
            Some(name) => (format!("Schedule {name}"), "Save now"),
            None => ("Add a schedule".to_owned(), "Add now"),
        };
        let mut form = Form::new(prevented(cx, Access::Administration));
        let (mut found, mut reason) = (None, None);
        let loading = self.saved.get().is_loading();
        // What is wrong is known once the fields were shown; the button lags one frame behind.
        let id = egui::Id::unique("schedule-problem");
        let before: Option<String> = ui.data(|data| data.get_temp(id));
        let before = before.or_else(|| loading.then(|| "It is being saved".to_owned()));
        let answer = Dialog::new("schedule", &title, action)
            .wide()
            .without_enter()
            .enabled_if(before.is_none(), before.as_deref().unwrap_or_default())
            .show(ui.ctx(), |ui| {
                let room = (ui.ctx().content_rect().height() - 260.0).max(size::RESULTS);
                ScrollArea::vertical()
                    .id_salt("schedule")
                    .max_height(room)
                    .auto_shrink([false, true])
                    .show(ui, |ui| {
                        // Beside the bar, not below it.
                        ui.set_max_width(ui.available_width() - space::M);
                        found = self.body(ui, &mut form);
                    });
                reason = form.problem().map(str::to_owned);
            });
        ui.data_mut(|data| match reason {
            Some(reason) => drop(data.insert_temp(id, reason)),
            None => data.remove::<String>(id),
        });
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                if let Some((name, input)) = found {
                    let target = Target::Schedules(ScheduleTarget::One(name));
                    match Call::new(Verb::Put, target).with(&input) {
                        Ok(call) => act_into(cx, call, title, &self.saved),
                        Err(error) => self.saved.set(Remote::NotRequested.failed(error.reason())),
                    }
                }
                false
            }
        }
    }

    fn body(&mut self, ui: &mut Ui, form: &mut Form) -> Option<(ScheduleName, ScheduleInput)> {
        ui.spacing_mut().item_spacing.y = space::S;
        let mut name = self.of.clone();
        if name.is_none() {
            name = form.text(ui, "Name", &mut self.name, |field| {
                field
                    .mono()
                    .hint("nightly")
                    .help("It is part of the names of the files")
            });
        }
        let locked = form.locked().map(str::to_owned);
        toggle(ui, &mut self.enabled, "On", locked.as_deref());
        let cron = self.when(ui, form);
        let recipients = self.recipients(ui, form);
        let target = self.target(ui, form);
        let (mut history, mut wanted) = (None, None);
        pair(ui, |ui, at, _| match at {
            0 => {
                history = form.number::<BackupHistory>(
                    ui,
                    "Revisions of the history",
                    &mut self.history,
                    |field| field.width(f32::INFINITY),
                );
            }
            _ if self.wanted.trim().is_empty() => {
                form.optional::<ScheduleName>(
                    ui,
                    "Alert without a good one for, hours",
                    &mut self.wanted,
                    |field| field.width(f32::INFINITY),
                );
                wanted = Some(None);
            }
            _ => {
                wanted = form
                    .number::<WantedHours>(
                        ui,
                        "Alert without a good one for, hours",
                        &mut self.wanted,
                        |field| field.width(f32::INFINITY),
                    )
                    .map(Some);
            }
        });
        let machine = "With what belongs to the host";
        toggle(ui, &mut self.machine, machine, locked.as_deref());
        if let Some(reason) = self.saved.get().reason() {
            Banner::new(State::Error, &text::sentence(reason)).show(ui);
        }
        let input = ScheduleInput {
            name: ReadOnly,
            enabled: Flag(self.enabled),
            cron: cron?,
            clock: self.clock,
            recipients: recipients?,
            history: history?,
            include_machine: Flag(self.machine),
            target: target?,
            wanted_within_hours: wanted?,
            status: ReadOnly,
        };
        Some((name?, input))
    }

    fn when(&mut self, ui: &mut Ui, form: &mut Form) -> Option<Cron> {
        let mut times: Vec<(String, String)> = TIMES
            .iter()
            .map(|(cron, word)| ((*cron).to_owned(), (*word).to_owned()))
            .collect();
        if times.iter().all(|(cron, _)| *cron != self.cron) {
            times.push((self.cron.clone(), "As below".to_owned()));
        }
        select(ui, "When", &mut self.cron, &times, size::FORM);
        let mut cron = None;
        pair(ui, |ui, at, width| match at {
            0 => {
                cron = form.text(ui, "As cron has it", &mut self.cron, |field| {
                    field.mono().width(f32::INFINITY).limit(256)
                });
            }
            _ => {
                let clocks = [
                    (CronClock::Utc, "UTC".to_owned()),
                    (CronClock::Local, "The clock of the agent's host".to_owned()),
                ];
                select(ui, "Read on", &mut self.clock, &clocks, width);
            }
        });
        cron
    }

    fn recipients(&mut self, ui: &mut Ui, form: &mut Form) -> Option<Vec<RecipientText>> {
        form.read(
            ui,
            "Public keys",
            &mut self.keys,
            |field| {
                field
                    .mono()
                    .rows(2)
                    .limit(4_096)
                    .hint("age1…")
                    .width(f32::INFINITY)
                    .help("One in a line, as age-keygen shows them. Their private keys stay away from the agent")
            },
            |text| {
                let words = text.split_whitespace();
                let keys = words.map(|word| word.parse::<RecipientText>());
                keys.collect::<Result<_, _>>().map_err(|rule| rule.to_string())
            },
        )
    }

    fn target(&mut self, ui: &mut Ui, form: &mut Form) -> Option<DestinationInput> {
        let places = [
            (Place::Folder, "A folder of the agent's host"),
            (Place::Address, "An address that takes PUT"),
        ];
        segmented(ui, "Where to", &mut self.place, &places);
        match self.place {
            Place::Folder => {
                let (mut path, mut keep) = (None, None);
                pair(ui, |ui, at, _| match at {
                    0 => {
                        path = form.text::<FolderPath>(ui, "Folder", &mut self.path, |field| {
                            field.mono().hint("/srv/backups").width(f32::INFINITY)
                        });
                    }
                    _ => {
                        keep = form.number::<Keep>(ui, "Kept there", &mut self.keep, |field| {
                            field.width(f32::INFINITY)
                        });
                    }
                });
                let (path, keep) = (path?, keep?);
                Some(DestinationInput::Directory(BackupDirectory { path, keep }))
            }
            Place::Address => self.address(ui, form),
        }
    }

    fn address(&mut self, ui: &mut Ui, form: &mut Form) -> Option<DestinationInput> {
        let url = form.text::<UploadUrl>(ui, "Address of a folder", &mut self.url, |field| {
            field
                .mono()
                .hint("https://nas.corp.example/backups/")
                .width(f32::INFINITY)
        });
        let mut user = None;
        pair(ui, |ui, at, _| match at {
            0 => {
                user = form.optional::<UploadUser>(ui, "User", &mut self.user, |field| {
                    field
                        .width(f32::INFINITY)
                        .help("Without one the password is a token")
                });
            }
            _ => {
                let hint = if self.has_login { "stays as it is" } else { "" };
                form.optional::<underpass_shared::config::Text<1_024>>(
                    ui,
                    "Password or token",
                    &mut self.password,
                    |field| field.secret().hint(hint).width(f32::INFINITY),
                );
            }
        });
        let locked = form.locked().map(str::to_owned);
        let proxy = "Through the HTTP proxy that leads to the gateways";
        toggle(ui, &mut self.via_proxy, proxy, locked.as_deref());
        if !self.ca.is_empty() {
            ui.quiet(format!(
                "{} trusted there; the command and the API change them",
                text::plural(self.ca.len(), "certificate")
            ));
        }
        let user = user?;
        let is_new = !self.password.is_empty();
        let login = (user.is_some() || is_new || self.has_login).then(|| LoginInput {
            user,
            password: is_new.then(|| self.password.clone()),
        });
        Some(DestinationInput::Url(UploadInput {
            url: url?,
            login,
            ca: self.ca.clone(),
            via_proxy: Flag(self.via_proxy),
        }))
    }
}
