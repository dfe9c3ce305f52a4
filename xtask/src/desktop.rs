//! The desktop app: paired with agents by its own commands, and opened.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::children::{Child, Children};
use crate::file;
use crate::output;
use crate::shell;
use crate::stack::{Agent, text};
use crate::stop::Stop;

/// The folder of the app's profile.
pub(crate) const PROFILE: &str = "desktop";
/// The file with the passphrase of its keys: not every machine has a key store.
pub(crate) const PASSPHRASE: &str = "desktop-passphrase";
/// As long as a key.
const PASSPHRASE_BYTES: usize = 16;

/// Whether a window can be opened.
pub(crate) fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The app with a profile of its own.
#[derive(Debug)]
pub(crate) struct Desktop {
    binary: PathBuf,
    profile: PathBuf,
    passphrase: PathBuf,
    children: Children,
}

impl Desktop {
    /// Pairs a new profile with agents, as an operator would.
    pub(crate) fn pair(
        binary: &Path,
        folder: &Path,
        agents: &[Agent],
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let desktop = Self {
            binary: binary.to_owned(),
            profile: folder.join(PROFILE),
            passphrase: folder.join(PASSPHRASE),
            children: Children::default(),
        };
        file::replace(&desktop.passphrase, secret()?.as_bytes())?;
        for agent in agents {
            output::progress(format_args!(
                "pairing the desktop app with agent {}",
                agent.name
            ));
            let mut offer = Command::new(&agent.binary);
            offer
                .args(["pair", "--role", "Administrator", "--name", "desktop"])
                .args(["--host", "127.0.0.1", "--json", "--data-dir"])
                .arg(&agent.data);
            let offer: Value = serde_json::from_str(&shell::capture(&mut offer, stop)?)?;
            let mut pair = desktop.command();
            pair.args(["fleet", "pair", &text(&offer, "/pairing")?, "--yes"])
                .args(["--label", &agent.name, "--group", "Demo"]);
            shell::capture(&mut pair, stop)?;
        }
        Ok(desktop)
    }

    pub(crate) fn profile(&self) -> &Path {
        &self.profile
    }

    pub(crate) fn passphrase(&self) -> &Path {
        &self.passphrase
    }

    /// Opens the window.
    pub(crate) fn open(&mut self, folder: &Path) -> anyhow::Result<()> {
        output::progress("opening the desktop app");
        let log = folder.join("desktop.log");
        let child = Child::start_logged("desktop app", &mut self.command(), &log)?;
        self.children.push(child);
        Ok(())
    }

    /// Tells that it was closed, once.
    pub(crate) fn tell_ended(&mut self) {
        self.children.tell_ended();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--profile")
            .arg(&self.profile)
            .arg("--passphrase-file")
            .arg(&self.passphrase);
        command
    }
}

/// A passphrase that nobody guesses.
fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; PASSPHRASE_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot make a passphrase")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
