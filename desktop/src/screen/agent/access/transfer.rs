//! Mappings as a file: out of the draft, and into it.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, ScrollArea, Ui};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{ImportMode, Imported, MappingsFile, MappingsFormat};
use underpass_shared::config::{Document, Mapping, MappingPart};

use super::edit::Here;
use super::words::sentence;
use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::screen::agent::edit::document;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Dialog, DiffKind, DiffRow, FilePath, Words as _, diff, file_field, segmented,
    skeleton,
};

/// The largest file that is read: as many mappings as a subaccount may have, with long lists.
const FILE_LEN_MAX: u64 = 64 * 1024 * 1024;
const KIND: &str = "System mappings";
const EXTENSIONS: [&str; 1] = ["json"];

/// Writes mappings to a file.
pub(super) struct Export {
    path: FilePath,
    shown_only: bool,
    done: Slot<PathBuf>,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            path: FilePath::new("mappings.json"),
            shown_only: false,
            done: Slot::default(),
        }
    }
}

/// The file of some mappings.
fn written(parts: &[&Arc<MappingPart>]) -> Result<Vec<u8>, String> {
    let file = MappingsFile {
        format: MappingsFormat::First,
        mappings: parts.iter().map(|part| Mapping::clone(part)).collect(),
    };
    serde_json::to_vec_pretty(&file).map_err(|error| error.to_string())
}

impl Export {
    /// Shows the dialog; true when it is over.
    pub(super) fn ui(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        here: &Here<'_>,
        rows: &[usize],
    ) -> bool {
        if let Some(path) = self.done.take() {
            cx.tell(
                State::Ok,
                format!(
                    "Exported to {}",
                    text::clean(&path.value.display().to_string())
                ),
            );
            return true;
        }
        let all = here.subaccount.mappings();
        let working = self.done.get().is_loading();
        let error = self
            .done
            .get()
            .reason()
            .map(|reason| sentence(&text::clean(reason)));
        let ready = self.path.path().is_some() && !working;
        let dialog = Dialog::new("export", "Export mappings", "Export");
        let answer = dialog.enabled_if(ready, "Name a file first").show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            ui.paragraph("A file with the mappings and their resources as the draft has them. It holds no secrets and can be imported into any subaccount.");
            if rows.len() < all.len() {
                let every = format!("All {}", text::count(all.len()));
                let shown = format!("The {} shown", text::count(rows.len()));
                let choices = [(false, every.as_str()), (true, shown.as_str())];
                segmented(ui, "Which mappings", &mut self.shown_only, &choices);
            }
            let pick = Pick {
                title: "Export mappings",
                kind: KIND,
                extensions: &EXTENSIONS,
                save_as: Some("mappings.json"),
            };
            file_field(ui, "File", &mut self.path, &pick, error.as_deref());
        });
        match answer {
            Answer::Confirmed => self.write(ctx, all, rows),
            Answer::Dismissed => return true,
            Answer::Open => {}
        }
        false
    }

    fn write(&self, ctx: &Context, all: &[Arc<MappingPart>], rows: &[usize]) {
        let Some(path) = self.path.path() else { return };
        let chosen: Vec<&Arc<MappingPart>> = if self.shown_only {
            rows.iter().filter_map(|at| all.get(*at)).collect()
        } else {
            all.iter().collect()
        };
        match written(&chosen) {
            Ok(bytes) => file::save(ctx, path, bytes, self.path.may_replace(), &self.done),
            Err(reason) => self.done.set(Remote::NotRequested.failed(reason)),
        }
    }
}

/// The mappings of a file.
fn parsed(bytes: &[u8]) -> Result<Vec<Mapping>, String> {
    let file = serde_json::from_slice::<MappingsFile>(bytes);
    file.map(|file| file.mappings)
        .map_err(|error| format!("this is no file of mappings: {error}"))
}

/// What a file would do to the draft.
struct Plan {
    /// What it was made of.
    of: (Arc<Document>, ImportMode),
    told: Result<Imported, String>,
    rows: Vec<DiffRow>,
}

/// Reads mappings from a file into the draft.
#[derive(Default)]
pub(super) struct Import {
    path: FilePath,
    opened: Slot<Vec<Mapping>>,
    asked: Option<PathBuf>,
    mode: ImportMode,
    mappings: Option<Arc<Vec<Mapping>>>,
    plan: Option<Plan>,
}

impl Import {
    /// Shows the dialog; true when it is over.
    pub(super) fn ui(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        here: &Here<'_>,
        done: &Slot<()>,
    ) -> bool {
        self.dropped(ctx);
        self.read(ctx);
        self.plan(here);
        let changes = self.plan.as_ref().and_then(|plan| plan.told.as_ref().ok());
        let count = changes.map_or(0, |told| told.added.len() + told.changed.len());
        let refused = here.refused.as_deref();
        let reason = refused.unwrap_or(if changes.is_some() {
            "The file changes nothing"
        } else {
            "Choose a file first"
        });
        let dialog = Dialog::new("import", "Import mappings", "Add to the draft")
            .wide()
            .without_enter();
        let ready = count > 0 && refused.is_none();
        let answer = dialog
            .enabled_if(ready, reason)
            .show(ctx, |ui| self.body(ui));
        match answer {
            Answer::Confirmed => {
                if let Some(mappings) = self.mappings.take() {
                    let (key, mode) = (here.key().clone(), self.mode);
                    let what = format!(
                        "Import {} ({mode})",
                        text::plural(mappings.len(), "mapping")
                    );
                    let edit = move |document: &Document| {
                        Ok(document.import(&key, Vec::clone(&mappings), mode)?.0)
                    };
                    here.edit(cx, what, done, Box::new(edit));
                }
                true
            }
            Answer::Dismissed => true,
            Answer::Open => false,
        }
    }

    /// A file that was dropped on the window.
    fn dropped(&mut self, ctx: &Context) {
        let dropped = ctx.input(|input| {
            input
                .raw
                .dropped_files
                .first()
                .map(|file| file.path().to_owned())
        });
        if let Some(path) = dropped {
            self.path = FilePath::new(path.display().to_string());
        }
    }

    /// Reads the file when another one is named.
    fn read(&mut self, ctx: &Context) {
        if let Some(opened) = self.opened.take() {
            self.mappings = Some(opened.value);
            self.plan = None;
        }
        let path = self.path.path();
        // While one types, each letter is another file; only whole names are looked for.
        let typing = ctx.text_edit_focused();
        if path == self.asked || typing {
            return;
        }
        self.asked.clone_from(&path);
        (self.mappings, self.plan) = (None, None);
        self.opened = Slot::default();
        if let Some(path) = path {
            file::open_as(ctx, path, FILE_LEN_MAX, parsed, &self.opened);
        }
    }

    fn plan(&mut self, here: &Here<'_>) {
        let (Some(document), Some(mappings)) = (document(here.agent), &self.mappings) else {
            return;
        };
        let of = (Arc::clone(document), self.mode);
        if let Some(plan) = &self.plan
            && Arc::ptr_eq(&plan.of.0, &of.0)
            && plan.of.1 == of.1
        {
            return;
        }
        let told = document.import(here.key(), Vec::clone(mappings), self.mode);
        let told = told
            .map(|(_, told)| told)
            .map_err(|rule| sentence(&rule.to_string()));
        let rows = told.as_ref().map(rows).unwrap_or_default();
        self.plan = Some(Plan { of, told, rows });
    }

    fn body(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = space::S;
        let pick = Pick {
            title: "Import mappings",
            kind: KIND,
            extensions: &EXTENSIONS,
            save_as: None,
        };
        let failed = self.opened.get();
        let failed = failed.reason().map(|reason| sentence(&text::clean(reason)));
        file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
        ui.horizontal(|ui| {
            let modes = [
                (ImportMode::Merge, "Merge"),
                (ImportMode::Overwrite, "Overwrite"),
            ];
            segmented(ui, "Mode", &mut self.mode, &modes);
            ui.quiet(match self.mode {
                ImportMode::Merge => "What is there stays; what is missing is added",
                ImportMode::Overwrite => "What is there is replaced where the file differs",
            });
        });
        if self.opened.get().is_loading() {
            skeleton(ui, 3);
            return;
        }
        let Some(plan) = &mut self.plan else {
            ui.quiet("The plan is shown here before anything is changed");
            return;
        };
        match &plan.told {
            Err(reason) => {
                Banner::new(State::Error, &text::clean(reason)).show(ui);
            }
            Ok(told) => {
                counts(ui, told);
                let height = ui.available_height().clamp(size::ROW, 260.0);
                ScrollArea::vertical()
                    .id_salt("plan")
                    .max_height(height)
                    .show_rows(ui, size::ROW, plan.rows.len(), |ui, seen| {
                        diff(ui, &mut plan.rows[seen]);
                    });
            }
        }
    }
}

fn counts(ui: &mut Ui, told: &Imported) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        for (count, word, color) in [
            (told.added.len(), "added", tokens.ok),
            (told.changed.len(), "changed", tokens.info),
            (told.unchanged.len(), "unchanged", tokens.text_3),
            (told.skipped.len(), "left out", tokens.warn),
        ] {
            if count > 0 {
                ui.words(
                    Text::Strong,
                    color,
                    format!("{} {word}", text::count(count)),
                );
                ui.add_space(space::S);
            }
        }
    });
}

fn rows(told: &Imported) -> Vec<DiffRow> {
    let row = |kind, path: String, note: String| DiffRow {
        kind,
        path,
        before: String::new(),
        after: String::new(),
        note,
        chosen: None,
    };
    let added = told
        .added
        .iter()
        .map(|one| row(DiffKind::Added, one.to_string(), String::new()));
    let changed = told
        .changed
        .iter()
        .map(|one| row(DiffKind::Changed, one.to_string(), String::new()));
    let skipped = told.skipped.iter().map(|one| {
        let resource = one.resource.as_deref().map(text::clean);
        let path = resource.map_or_else(
            || one.mapping.to_string(),
            |path| format!("{} {path}", one.mapping),
        );
        row(
            DiffKind::Changed,
            path,
            format!("Left out: {}", text::clean(&one.reason)),
        )
    });
    added.chain(changed).chain(skipped).collect()
}
