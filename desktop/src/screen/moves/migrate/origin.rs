//! A backup of an agent that is no more, in place of a running source.

use std::sync::Arc;

use egui::Ui;
use underpass_fleet::backup::{Opener, configuration};
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::migrate::plan::Origin;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::Configuration;
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::cx::Cx;
use crate::screen::agent::backup::opening::{Opening, dropped};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Banner, Words as _, skeleton};

/// The file, what opens it, and what is in it.
#[derive(Default)]
pub(super) struct FromBackup {
    opening: Opening,
    found: Slot<Configuration>,
    document: Option<Arc<Document>>,
}

impl FromBackup {
    /// How it is called.
    pub(super) fn name(&self) -> String {
        let path = self.opening.path();
        let name = path.as_deref().and_then(std::path::Path::file_name);
        let name = name.unwrap_or_default().to_string_lossy();
        format!("Backup {}", text::clean(&name))
    }

    /// The configuration in it, once a target has opened it.
    pub(super) fn document(&self) -> Option<Arc<Document>> {
        self.document.clone()
    }

    /// Where a migration comes from.
    pub(super) fn origin(&self) -> Option<Origin> {
        // The journal is read from elsewhere too.
        let file = std::path::absolute(self.opening.path()?).ok()?;
        Some(Origin::Backup { file })
    }

    /// What opens it.
    pub(super) fn opener(&self) -> Option<Opener> {
        self.opening.opener().ok()
    }

    /// What is missing before it can be read.
    pub(super) fn missing(&self) -> Option<String> {
        match self.opening.ready() {
            Err(reason) => Some(reason.to_owned()),
            Ok(_) if self.found.get().is_loading() => Some("the target reads it".to_owned()),
            Ok(_) => None,
        }
    }

    /// Has a target open it.
    pub(super) fn read(&mut self, cx: &mut Cx<'_>, target: AgentId) {
        if let Ok((archive, opener)) = self.opening.ready() {
            self.found.clear();
            let call = configuration(archive.path.clone(), &opener);
            cx.send(Command::Try(Trial::ask(target, call, &self.found)));
        }
    }

    /// Takes what a target found; true when that was now.
    pub(super) fn came(&mut self) -> bool {
        let came = self.found.take();
        if let Some(found) = &came {
            self.document = Some(Arc::clone(&found.value.document));
        }
        came.is_some()
    }

    /// Shows the form.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        if let Some(path) = dropped(ui.ctx()) {
            self.opening.name(&path);
        }
        ui.quiet("For an agent whose host is dead: its keys come with the backup, and a target takes its place without an enrolment");
        ui.add_space(space::XS);
        self.opening.ui(ui);
        ui.add_space(space::S);
        match &*self.found.get() {
            Remote::Loading { .. } => skeleton(ui, 1),
            Remote::Unavailable { reason, .. } => {
                Banner::new(State::Error, "The target could not read it")
                    .detail(&text::sentence(reason))
                    .show(ui);
            }
            Remote::NotRequested | Remote::Ready(_) => {}
        }
    }
}
