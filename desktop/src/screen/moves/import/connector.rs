//! Which connector, who one is there, and that it is the right one; or a file in its place.

use std::sync::Arc;

use egui::{Context, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, Scc, Stop};
use underpass_fleet::migrate::engine::Engine;
use underpass_fleet::scc::{self, Login, Progress, SccUrl, Shown};
use underpass_fleet::slot::Slot;
use underpass_shared::scc::{Reading, SourceSubaccount};
use underpass_shared::secret::Secret;

use crate::cx::Cx;
use crate::file::{self, Opened, Pick};
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{
    Banner, Button, Field, FilePath, Words as _, card, file_field, key_text, keys, progress,
    segmented, toggle,
};

/// The largest certificate or key that is read.
const PEM_LEN_MAX: u64 = 64 * 1024;
/// The largest file of a reading: as long as the longest reading.
const FILE_LEN_MAX: u64 = 256 * 1024 * 1024;

/// Where the configuration comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum From {
    #[default]
    Connector,
    File,
}

/// Who one is for the connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum By {
    #[default]
    Password,
    Certificate,
}

/// What the step remembers.
#[derive(Default)]
pub(super) struct Connector {
    from: From,
    url: String,
    shown: Slot<Shown>,
    /// The address that the certificate is of.
    looked_at: Option<SccUrl>,
    is_right: bool,
    by: By,
    user: String,
    password: String,
    chain: FilePath,
    key: FilePath,
    chain_pem: Slot<Opened>,
    key_pem: Slot<Opened>,
    /// Whether the reading begins when certificate and key are there.
    waits: bool,
    stop: Option<Stop>,
    progress: Slot<Progress>,
    reading: Slot<Reading>,
    file: FilePath,
    list_of: String,
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.forget_password();
        if let Some(stop) = &self.stop {
            stop.cancel();
        }
    }
}

impl Connector {
    /// No password is kept longer than it takes to use it.
    fn forget_password(&mut self) {
        drop(Secret::new(std::mem::take(&mut self.password)));
    }

    /// What was read, once.
    pub(super) fn came(&mut self) -> Option<Arc<Reading>> {
        Some(self.reading.take()?.value)
    }

    fn parsed(&self) -> Result<SccUrl, String> {
        let url = self.url.trim().parse::<SccUrl>();
        url.map_err(|rule| rule.to_string())
    }

    fn is_reading(&self) -> bool {
        self.waits || self.reading.get().is_loading()
    }

    /// Why it cannot be read yet.
    pub(super) fn refused(&self) -> Option<String> {
        if self.is_reading() {
            return Some("it is being read".to_owned());
        }
        if self.from == From::File {
            let missing = self.file.path().is_none();
            return missing.then(|| "choose a file first".to_owned());
        }
        if let Err(rule) = self.parsed() {
            return Some(rule);
        }
        let shown = self.shown.get();
        if shown.value().is_none() || self.looked_at != self.parsed().ok() {
            return Some("fetch its certificate first".to_owned());
        }
        if !self.is_right {
            return Some("compare the fingerprint first".to_owned());
        }
        let missing = match self.by {
            By::Password => self.user.trim().is_empty() || self.password.is_empty(),
            By::Certificate => self.chain.path().is_none() || self.key.path().is_none(),
        };
        missing.then(|| "tell who you are for the connector".to_owned())
    }

    /// Reads it.
    pub(super) fn read(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if self.from == From::File {
            let Some(path) = self.file.path() else {
                return;
            };
            let (name, list_of) = (path.display().to_string(), self.list_of.trim().to_owned());
            let parse = move |bytes: &[u8]| {
                let whose = whose(&list_of)?;
                let reading = Reading::from_file(bytes, &name, &whose);
                reading.map_err(|error| error.to_string())
            };
            file::open_as(ctx, path, FILE_LEN_MAX, parse, &self.reading);
            return;
        }
        match self.by {
            By::Password => {
                let password = Secret::new(std::mem::take(&mut self.password));
                let login = Login {
                    basic: Some((self.user.trim().to_owned(), password)),
                    certificate: None,
                };
                self.send(cx, login);
            }
            By::Certificate => {
                let (Some(chain), Some(key)) = (self.chain.path(), self.key.path()) else {
                    return;
                };
                file::open(ctx, chain, PEM_LEN_MAX, &self.chain_pem);
                file::open(ctx, key, PEM_LEN_MAX, &self.key_pem);
                self.waits = true;
            }
        }
    }

    /// Begins when certificate and key were read.
    fn await_files(&mut self, cx: &mut Cx<'_>) {
        let (chain, key) = (self.chain_pem.get(), self.key_pem.get());
        if chain.reason().or(key.reason()).is_some() {
            self.waits = false;
            return;
        }
        if chain.is_loading() || key.is_loading() {
            return;
        }
        let (Some(chain), Some(key)) = (self.chain_pem.take(), self.key_pem.take()) else {
            return;
        };
        self.waits = false;
        let text = |opened: &Opened| String::from_utf8_lossy(&opened.bytes).into_owned();
        let certificate = Some((text(&chain.value), Secret::new(text(&key.value))));
        let basic = None;
        self.send(cx, Login { basic, certificate });
    }

    fn send(&mut self, cx: &mut Cx<'_>, login: Login) {
        let shown = self.shown.get();
        let (Ok(url), Some(shown)) = (self.parsed(), shown.value()) else {
            return;
        };
        let stop = Engine::stopper();
        self.stop = Some(stop.clone());
        let connector = scc::Connector {
            url,
            fingerprint: shown.fingerprint,
            login,
        };
        cx.send(Command::Scc(Scc::Read {
            connector: Box::new(connector),
            stop,
            progress: self.progress.clone(),
            done: self.reading.clone(),
        }));
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        if self.waits {
            self.await_files(cx);
        }
        if self.is_reading() {
            self.under_way(ui);
            return;
        }
        if let Some(reason) = self.reading.get().reason().map(text::sentence) {
            Banner::new(State::Error, &reason)
                .detail("Nothing was changed")
                .show(ui);
        }
        ui.paragraph("It is only read, by its documented API, and goes on serving until you stop it. Of a pair, read the master.");
        let from = [
            (From::Connector, "A running connector"),
            (From::File, "A saved file"),
        ];
        segmented(ui, "From", &mut self.from, &from);
        ScrollArea::vertical()
            .id_salt("connector")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                match self.from {
                    From::Connector => {
                        self.address(ui, cx);
                        self.login(ui);
                    }
                    From::File => self.saved(ui),
                }
            });
    }

    fn under_way(&mut self, ui: &mut Ui) {
        let known = self.progress.get();
        let (detail, share) = known.value().map_or((String::new(), None), |now| {
            let share = now.done as f32 / now.known.max(1) as f32;
            let detail = format!(
                "{} of {} answers",
                text::count(now.done),
                text::count(now.known)
            );
            (detail, Some(share))
        });
        if progress(ui, "Reading", &detail, share, self.stop.is_some())
            && let Some(stop) = self.stop.take()
        {
            stop.cancel();
            self.waits = false;
        }
    }

    fn address(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let typed = !self.url.trim().is_empty();
        let wrong = self.parsed().err().filter(|_| typed);
        let wrong = wrong.map(|rule| text::sentence(&rule));
        let mut look = false;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let field = Field::new("Administration address", &mut self.url)
                .hint("https://scc.corp.example:8443")
                .mono()
                .error(wrong.as_deref())
                .show(ui);
            if ui.memory(|memory| memory.focused().is_none()) && !typed {
                field.request_focus();
            }
            ui.vertical(|ui| {
                ui.add_space(size::LABELLED - size::CONTROL);
                let button = Button::secondary("Fetch its certificate").icon(Icon::Fingerprint);
                let able = typed && wrong.is_none() && !self.shown.get().is_loading();
                let why = "Name the address first";
                look = ui.add(button.enabled_if(able, why)).clicked();
            });
        });
        if let (true, Ok(url)) = (look, self.parsed()) {
            self.is_right = false;
            self.looked_at = Some(url.clone());
            let done = self.shown.clone();
            done.clear();
            cx.send(Command::Scc(Scc::Look { url, done }));
        }
        self.certificate(ui);
    }

    /// What it shows of itself, to be compared.
    fn certificate(&mut self, ui: &mut Ui) {
        let shown = self.shown.get();
        if let Some(reason) = shown.reason().map(text::sentence) {
            Banner::new(State::Error, &reason).show(ui);
        }
        if shown.is_loading() {
            ui.quiet("The certificate is fetched");
        }
        let same = self.looked_at.is_some() && self.looked_at == self.parsed().ok();
        let Some(found) = shown.value().filter(|_| same) else {
            return;
        };
        card(ui, |ui| {
            keys(ui, |ui| {
                let certificate = text::clean(&found.certificate);
                key_text(ui, "Certificate", &certificate, false, false);
                let fingerprint = found.fingerprint.to_string();
                key_text(ui, "SHA-256", &fingerprint, true, true);
            });
            ui.paragraph("Compare it with the certificate that the connector's administration UI shows, on another way than this network if you can. No other server gets the password.");
            toggle(ui, &mut self.is_right, "It is the same fingerprint", None);
        });
    }

    fn login(&mut self, ui: &mut Ui) {
        let by = [
            (By::Password, "User and password"),
            (By::Certificate, "Client certificate"),
        ];
        segmented(ui, "Who you are", &mut self.by, &by);
        match self.by {
            By::Password => {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = space::M;
                    let width = (ui.available_width() - space::M) / 2.0;
                    Field::new("User", &mut self.user)
                        .hint("Administrator")
                        .help("The role Display is enough for most of it")
                        .width(width)
                        .show(ui);
                    Field::new("Password", &mut self.password)
                        .secret()
                        .help("It is used once and not kept")
                        .width(width)
                        .show(ui);
                });
            }
            By::Certificate => {
                let pick = |title| Pick {
                    title,
                    kind: "PEM",
                    extensions: &["pem", "crt", "key"],
                    save_as: None,
                };
                let wrong = |slot: &Slot<Opened>| slot.get().reason().map(text::sentence);
                let (chain, key) = (wrong(&self.chain_pem), wrong(&self.key_pem));
                let title = "Certificate with its issuers (PEM)";
                file_field(ui, title, &mut self.chain, &pick(title), chain.as_deref());
                let title = "Private key (PEM)";
                file_field(ui, title, &mut self.key, &pick(title), key.as_deref());
            }
        }
    }

    fn saved(&mut self, ui: &mut Ui) {
        let pick = Pick {
            title: "A reading or a list of system mappings",
            kind: "JSON",
            extensions: &["json"],
            save_as: None,
        };
        file_field(ui, "File", &mut self.file, &pick, None);
        ui.paragraph("What this app or “underpass import scc --save” saved, or a list of system mappings as the connector's API answers it, each with its resources in a field “resources”. Archives that the connector's UI exports are not documented.");
        let wrong = whose(self.list_of.trim()).err();
        let wrong = wrong.map(|rule| text::sentence(&rule));
        Field::new("Subaccount of the list", &mut self.list_of)
            .hint("0190a5a2-6d0e-7cc0-8000-0000000000a1@cf.eu10.hana.ondemand.com")
            .mono()
            .optional()
            .width(size::PARAGRAPH)
            .error(wrong.as_deref())
            .help("For lists alone: id@region host")
            .show(ui);
    }
}

/// The subaccount of a list.
fn whose(typed: &str) -> Result<SourceSubaccount, String> {
    let (subaccount, region_host) = match typed {
        "" => ("file", "file"),
        typed => {
            let parts = typed.rsplit_once('@');
            parts.ok_or("it is written id@region host")?
        }
    };
    Ok(SourceSubaccount {
        region_host: region_host.to_owned(),
        subaccount: subaccount.to_owned(),
    })
}
