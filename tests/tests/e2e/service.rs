//! The programs as services of systemd.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{Process, program, run};
use crate::world::World;

/// What `systemd-analyze security` may say at most, of 10.
const EXPOSURE_MAX: f64 = 2.5;
/// The time within which the manager wants to be told, as systemd passes it on.
const WATCHDOG_USEC: &str = "300000";
/// The longest wait for a message.
const WAIT: Duration = Duration::from_secs(10);

/// What stands in for systemd.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        Self { socket }
    }

    fn start(&self, command: &mut Command, log: &Path) -> Process {
        let path = self.socket.local_addr().unwrap();
        command
            .env("NOTIFY_SOCKET", path.as_pathname().unwrap())
            .env("WATCHDOG_USEC", WATCHDOG_USEC);
        Process::start(command, log.to_owned())
    }

    fn told(&self) -> String {
        let mut message = [0; 256];
        let length = self.socket.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length])
            .trim()
            .to_owned()
    }

    /// The messages up to the first of a kind.
    fn told_until(&self, last: &str) -> Vec<String> {
        let mut all = Vec::new();
        while all.last().is_none_or(|message| message != last) {
            all.push(self.told());
        }
        all
    }
}

/// Ready once it works, alive again and again, stopping when told to.
fn is_a_good_service(manager: &Manager, process: &mut Process, works: impl Fn()) {
    let first = manager.told_until("READY=1");
    assert!(
        first.iter().rev().skip(1).all(|told| told == "WATCHDOG=1"),
        "{first:?}"
    );
    works();
    for _ in 0..5 {
        assert_eq!(manager.told(), "WATCHDOG=1");
    }
    process.terminate();
    let last = manager.told_until("STOPPING=1");
    assert!(last.iter().rev().skip(1).all(|told| told == "WATCHDOG=1"));
    assert!(process.wait().success());
}

#[test]
fn the_manager_is_told_of_start_life_and_end() {
    let mut world = World::start();
    let agent = world.enrol("", &[]);
    let manager = Manager::listen(&world.path("notify"));
    let log = world.path("service.log");
    let mut process = manager.start(&mut agent.command(&["run"]), &log);
    is_a_good_service(&manager, &mut process, || {
        assert!(run(agent.command(&["status"])).contains("agent"));
    });

    world.gateway.terminate();
    assert!(world.gateway.wait().success());
    std::fs::remove_file(world.path("gateway/addresses.json")).unwrap();
    let mut serve = world.command(&["serve"]);
    for port in ["tunnel", "proxy", "token"] {
        serve.arg(format!("--{port}-listen")).arg("127.0.0.1:0");
    }
    let mut process = manager.start(&mut serve, &log);
    is_a_good_service(&manager, &mut process, || {
        std::net::TcpStream::connect(world.text("proxy")).unwrap();
    });
}

fn unit(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../installers/systemd");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn analyze(arguments: &[&str], unit: &Path) -> String {
    let mut command = Command::new("systemd-analyze");
    let output = command.args(arguments).arg(unit).output();
    let output = output.expect("systemd-analyze is missing; install it: apt-get install systemd");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn units_are_clean_and_hardened() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["underpass-agent", "underpass-gateway"] {
        let text = unit(&format!("{name}.service"));
        let installed = format!("/usr/bin/{name}");
        assert!(text.contains(&format!("ExecStart={installed} ")), "{text}");
        // The program must be there for the check.
        let built = program(name).display().to_string();
        let path = folder.path().join(format!("{name}.service"));
        let text = text.replace(&installed, &built);
        underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
        analyze(&["verify"], &path);
        let security = analyze(&["security", "--offline=true", "--no-pager"], &path);
        let overall = security
            .lines()
            .find_map(|line| line.split_once("Overall exposure level for"))
            .unwrap();
        let level = overall.1.split(' ').find_map(|word| word.parse().ok());
        let level: f64 = level.unwrap_or_else(|| panic!("{overall:?}"));
        println!("{name}: exposure {level}");
        assert!(level < EXPOSURE_MAX, "{name}: {level}");
    }
}
