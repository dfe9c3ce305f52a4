//! A screen without a monitor, with keyboard, pointer, and eyes that read names.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::process::{Process, run, until};
use crate::world::World;

/// Tells what assistive programs see.
const LOOK: &str = include_str!("look.py");

/// An X server, a session bus and the bus of assistive programs; all end with it.
pub(super) struct Screen {
    display: String,
    bus: OnceLock<String>,
    look: std::path::PathBuf,
    _programs: Vec<Process>,
}

/// Starts a program that prints where it is reached.
pub(super) fn serve(command: &mut Command, log: &Path) -> (Process, String) {
    let process = Process::start(command, log.to_owned());
    let told = until("the program tells its address", || {
        let text = process.output();
        text.split_once('\n')
            .map(|(line, _)| line.trim().to_owned())
    });
    (process, told)
}

impl Screen {
    pub(super) fn start(world: &World) -> Self {
        let mut server = Command::new("Xvfb");
        server.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ]);
        let (server, number) = serve(&mut server, &world.path("xvfb.log"));
        let mut session = Command::new("dbus-daemon");
        session.args(["--session", "--nofork", "--print-address=1"]);
        let (session, bus) = serve(&mut session, &world.path("dbus.log"));
        let look = world.path("look.py");
        underpass_runtime::file::replace(&look, LOOK.as_bytes()).unwrap();
        let mut screen = Self {
            display: format!(":{number}"),
            bus: OnceLock::from(bus),
            look,
            _programs: vec![],
        };
        let mut eyes = screen.on("/usr/libexec/at-spi-bus-launcher");
        let eyes = Process::start(eyes.arg("--launch-immediately"), world.path("at-spi.log"));
        screen._programs = vec![eyes, session, server];
        // Programs build names only for those who want to read them.
        until("the bus of assistive programs is there", || {
            let set = "org.freedesktop.DBus.Properties.Set";
            let mut send = screen.on("dbus-send");
            send.args([
                "--session",
                "--print-reply",
                "--dest=org.a11y.Bus",
                "/org/a11y/bus",
                set,
            ]);
            send.args([
                "string:org.a11y.Status",
                "string:IsEnabled",
                "variant:boolean:true",
            ]);
            send.output().unwrap().status.success().then_some(())
        });
        screen
    }

    /// A program on this screen.
    pub(super) fn on(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        self.put(&mut command);
        command
    }

    /// Puts a program on this screen.
    pub(super) fn put(&self, command: &mut Command) {
        let bus = self.bus.get().map_or("", String::as_str);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", bus)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("AT_SPI_BUS_ADDRESS");
    }

    fn hand(&self, arguments: &[&str]) {
        run(self.on("xdotool").args(arguments));
    }

    /// Waits for the window and gives it keyboard and pointer: no window manager does that here.
    pub(super) fn take_window(&self) {
        let find = ["search", "--sync", "--onlyvisible", "--name", "^Underpass"];
        let act = [
            "windowfocus",
            "--sync",
            "mousemove",
            "--window",
            "%1",
            "640",
            "620",
        ];
        self.hand(&[&find[..], &act].concat());
    }

    pub(super) fn key(&self, keys: &str) {
        self.hand(&["key", keys]);
    }

    pub(super) fn letters(&self, text: &str) {
        self.hand(&["type", "--delay", "2", text]);
    }

    fn looked(&self, arguments: &[&str]) -> String {
        let mut look = self.on("/usr/bin/python3");
        let output = look.arg(&self.look).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Everything that has a name now, one a line: role, then name.
    pub(super) fn names(&self) -> String {
        self.looked(&["names"])
    }

    /// Waits until something has a name that contains these words.
    pub(super) fn until(&self, words: &str) {
        self.looked(&["until", words]);
    }

    /// Walks back by the keyboard until what has this name has the focus.
    pub(super) fn walk_to(&self, name: &str) {
        until(name, || {
            self.key("shift+Tab");
            (self.looked(&["focus"]).trim() == name).then_some(())
        });
    }

    /// Clicks into the middle of what has this name.
    pub(super) fn click(&self, name: &str) {
        let place = self.looked(&["place", name]);
        let (x, y) = place.trim().split_once(' ').unwrap();
        self.hand(&["mousemove", x, y, "click", "1"]);
    }
}
