//! A backup in a file of the operator, and what opens it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Context, Ui};
use underpass_fleet::backup::{Opener, inspect};
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::PASSPHRASE_LEN_MAX;
use underpass_shared::backup::Manifest;
use underpass_shared::secret::Secret;

use crate::file::{self, Pick};
use crate::text;
use crate::theme::{size, space};
use crate::widget::{
    Field, FilePath, Words as _, file_field, key_moment, key_text, keys, segmented,
};

/// Bytes of a file with a private key: comments and one line.
const KEY_FILE_MAX: u64 = 64 * 1024;

/// What opens it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Passphrase,
    Identity,
}

/// An archive that was looked at, and what it says of itself in clear. Its bytes stay in the file:
/// they are read as they are sent.
pub(in crate::screen) struct Archive {
    pub(in crate::screen) path: PathBuf,
    len: u64,
    manifest: Manifest,
}

/// A file that is read once it is named in full.
struct Chosen<T> {
    path: FilePath,
    asked: Option<PathBuf>,
    found: Slot<T>,
}

impl<T> Default for Chosen<T> {
    fn default() -> Self {
        Self {
            path: FilePath::default(),
            asked: None,
            found: Slot::default(),
        }
    }
}

impl<T: Send + Sync + 'static> Chosen<T> {
    /// Shows the field, and has the file read once its name is complete.
    fn ui(
        &mut self,
        ui: &mut Ui,
        label: &str,
        pick: &Pick<'_>,
        read: impl FnOnce(&Context, PathBuf, &Slot<T>),
    ) {
        let failed = self.found.get().reason().map(text::sentence);
        let field = file_field(ui, label, &mut self.path, pick, failed.as_deref());
        let path = self.path.path();
        // While one types, each letter is another file; only whole names are looked for.
        if path == self.asked || field.has_focus() {
            return;
        }
        self.asked.clone_from(&path);
        self.found = Slot::default();
        if let Some(path) = path {
            read(ui.ctx(), path, &self.found);
        }
    }
}

/// The form.
#[derive(Default)]
pub(in crate::screen) struct Opening {
    archive: Chosen<Archive>,
    way: Way,
    passphrase: String,
    identity: Chosen<Secret>,
}

fn archive(path: PathBuf, mut file: File) -> Result<Archive, String> {
    let manifest = inspect(&mut file).map_err(|error| error.to_string())?;
    let about = file.metadata().map_err(|error| error.to_string())?;
    Ok(Archive {
        path,
        len: about.len(),
        manifest,
    })
}

fn private_key(bytes: &[u8]) -> Result<Secret, String> {
    let text = std::str::from_utf8(bytes).map_err(|_utf8| "it is no text".to_owned())?;
    if !text.contains("AGE-SECRET-KEY-1") {
        return Err("it holds no private key as age-keygen makes it".to_owned());
    }
    Ok(Secret::new(text.to_owned()))
}

impl Opening {
    /// Of a file that is known already.
    pub(in crate::screen) fn of(path: &Path) -> Self {
        let mut opening = Self::default();
        opening.name(path);
        opening
    }

    /// Takes another file.
    pub(in crate::screen) fn name(&mut self, path: &Path) {
        self.archive.path = FilePath::new(path.display().to_string());
    }

    /// The archive, once it was read.
    pub(in crate::screen) fn archive(&self) -> Option<Arc<Archive>> {
        self.archive.found.get().shared()
    }

    /// What opens it, or what is missing.
    pub(in crate::screen) fn opener(&self) -> Result<Opener, &'static str> {
        match self.way {
            Way::Passphrase if self.passphrase.is_empty() => Err("Type the passphrase first"),
            Way::Passphrase => Ok(Opener::Passphrase(Secret::new(self.passphrase.clone()))),
            Way::Identity => match self.identity.found.get().shared() {
                Some(secret) => Ok(Opener::Identity(Secret::clone(&secret))),
                None => Err("Choose the file with the private key first"),
            },
        }
    }

    /// Both, or what is missing.
    pub(in crate::screen) fn ready(&self) -> Result<(Arc<Archive>, Opener), &'static str> {
        let archive = self.archive().ok_or("Choose a backup file first")?;
        Ok((archive, self.opener()?))
    }

    /// Shows the form.
    pub(in crate::screen) fn ui(&mut self, ui: &mut Ui) {
        let pick = Pick {
            title: "Open a backup",
            kind: "Backups",
            extensions: &["zip"],
            save_as: None,
        };
        self.archive
            .ui(ui, "Backup file", &pick, |ctx, path, found| {
                file::find_in(ctx, path, archive, found);
            });
        if self.archive.path.path().is_none() {
            ui.quiet("It can be dragged onto this window too");
        }
        if let Some(archive) = self.archive() {
            told(ui, &archive);
        }
        ui.add_space(space::S);
        self.key(ui);
    }

    /// Shows what opens it, of a file that is known.
    pub(in crate::screen) fn key(&mut self, ui: &mut Ui) {
        let ways = [
            (Way::Passphrase, "Passphrase"),
            (Way::Identity, "Private key"),
        ];
        segmented(ui, "Opened with", &mut self.way, &ways);
        ui.add_space(space::XS);
        match self.way {
            Way::Passphrase => {
                Field::new("Passphrase of the backup", &mut self.passphrase)
                    .secret()
                    .limit(PASSPHRASE_LEN_MAX)
                    .width(size::FORM)
                    .help("It goes to the agent with the backup, and is kept nowhere")
                    .show(ui);
            }
            Way::Identity => self.identity(ui),
        }
    }

    fn identity(&mut self, ui: &mut Ui) {
        let pick = Pick {
            title: "Open a private key",
            kind: "Keys of age",
            extensions: &[],
            save_as: None,
        };
        self.identity
            .ui(ui, "File of age-keygen", &pick, |ctx, path, found| {
                file::open_as(ctx, path, KEY_FILE_MAX, private_key, found);
            });
        ui.quiet("The key goes to the agent with the backup, and is kept nowhere");
    }

    /// A file that was dropped on the window.
    pub(super) fn dropped(&mut self, ctx: &Context) {
        if let Some(path) = dropped(ctx) {
            self.name(&path);
        }
    }

    /// Where the file is.
    pub(in crate::screen) fn path(&self) -> Option<PathBuf> {
        self.archive.path.path()
    }
}

/// A file that was dropped on the window in this frame.
pub(in crate::screen) fn dropped(ctx: &Context) -> Option<PathBuf> {
    ctx.input(|input| {
        let first = input.raw.dropped_files.first();
        first.map(|file| file.path().to_owned())
    })
}

/// What an archive says of itself in clear.
fn told(ui: &mut Ui, archive: &Archive) {
    let Manifest {
        version,
        created_at_ms,
        instance,
        revision,
        ..
    } = &archive.manifest;
    keys(ui, |ui| {
        key_moment(ui, "Made", *created_at_ms);
        let number = revision.as_ref().map(|head| head.number.to_string());
        key_text(ui, "Revision", &number.unwrap_or_default(), false, false);
        key_text(ui, "Of agent", &text::clean(instance), true, true);
        let written = format!(
            "Version {}, {}",
            text::clean(version),
            bytes(usize::try_from(archive.len).unwrap_or(usize::MAX))
        );
        key_text(ui, "Written by", &written, false, false);
    });
}

/// A number of bytes in a unit that people read.
pub(in crate::screen) fn bytes(len: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    match len {
        small if small < 10 * KIB => format!("{} bytes", text::count(small)),
        some if some < 10 * MIB => format!("{} KiB", text::count(some / KIB)),
        large => format!("{} MiB", text::count(large / MIB)),
    }
}
