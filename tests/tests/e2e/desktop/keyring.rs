//! The key to the vault in a real key store of the system: GNOME's, over the session bus.

use std::path::PathBuf;
use std::process::Command;

use underpass_runtime::file;

use super::invite;
use super::screen::serve;
use crate::process::{Process, program, refuse, run, until};
use crate::world::World;

const SECRETS: &str = "org.freedesktop.secrets";

/// A session of a user with a key store, and the app in it.
struct Session {
    folder: PathBuf,
    bus: String,
    _bus: Process,
}

impl Session {
    fn start(world: &World) -> Self {
        let folder = world.path("session");
        file::private_dir(&folder).unwrap();
        file::replace(&folder.join("password"), b"correct horse").unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let (process, bus) = serve(&mut bus, &world.path("dbus.log"));
        Self {
            folder,
            bus,
            _bus: process,
        }
    }

    fn on(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .env("HOME", &self.folder)
            // Nobody is there to be asked for a password.
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY");
        command
    }

    /// Starts the key store, unlocked as by the user's login.
    fn keyring(&self) -> Process {
        let script =
            "exec gnome-keyring-daemon --foreground --unlock --components=secrets < password";
        let mut shell = self.on("bash");
        let log = self.folder.join("keyring.log");
        let keyring = Process::start(shell.args(["-c", script]), log);
        until("the key store is there", || {
            let owned = self.send(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                &format!("string:{SECRETS}"),
            );
            owned.contains("boolean true").then_some(())
        });
        keyring
    }

    fn send(&self, to: &str, path: &str, method: &str, argument: &str) -> String {
        let to = format!("--dest={to}");
        let mut send = self.on("dbus-send");
        run(send.args(["--session", "--print-reply", &to, path, method, argument]))
    }

    /// Locks the key store, as when the user goes away.
    fn lock(&self) {
        let login = "array:objpath:/org/freedesktop/secrets/collection/login";
        let lock = "org.freedesktop.Secret.Service.Lock";
        self.send(SECRETS, "/org/freedesktop/secrets", lock, login);
    }

    /// A command of the app, which keeps its keys where it does unless it is told otherwise.
    fn app(&self, arguments: &[&str]) -> Command {
        let mut command = self.on(program("underpass"));
        command.arg("fleet").args(arguments);
        command
    }

    fn vault(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("data/underpass/vault.bin")).unwrap()
    }
}

#[test]
fn the_key_is_in_the_keyring_and_a_locked_missing_or_other_one_is_told() {
    let world = World::start();
    let agent = world.agent("", "127.0.0.1:1");
    let mut session = Session::start(&world);
    let mut keyring = session.keyring();
    let pair = ["pair", &invite(&agent), "--yes", "--label", "plant"];
    run(session.app(&pair));
    let shown = || run(session.app(&["status"]));
    assert!(shown().contains("online"));
    let vault = session.vault();
    assert!(!String::from_utf8_lossy(&vault).contains("PRIVATE"));

    // It outlasts the key store's end: the next one has it.
    keyring.kill();
    let mut keyring = session.keyring();
    assert!(shown().contains("online"));

    session.lock();
    let told = refuse(session.app(&["status"]));
    let advice = "the key store of the system cannot be used; unlock it, or start its service";
    assert!(told.contains(advice), "{told}");
    keyring.kill();
    let mut keyring = session.keyring();
    assert!(shown().contains("online"));

    // That of another user, or of another computer.
    keyring.kill();
    let keyrings = session.folder.join("data/keyrings");
    std::fs::rename(&keyrings, session.folder.join("kept")).unwrap();
    let mut other = session.keyring();
    let told = refuse(session.app(&["status"]));
    assert!(told.contains("its key is not in the key store"), "{told}");
    other.kill();
    std::fs::remove_dir_all(&keyrings).unwrap();
    std::fs::rename(session.folder.join("kept"), &keyrings).unwrap();

    let bus = std::mem::replace(&mut session.bus, "unix:path=/nowhere".to_owned());
    let told = refuse(session.app(&["status"]));
    assert!(told.contains(advice), "{told}");
    session.bus = bus;
    let _keyring = session.keyring();
    assert!(run(session.app(&["status"])).contains("online"));
    assert_eq!(session.vault(), vault, "nothing of that changed the vault");
}
