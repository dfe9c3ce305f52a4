//! Large backups on their way to many slow readers: the agent's memory does not grow with them, there
//! are so many places, and nothing stays of what was given up.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use underpass_runtime::archive::Identity;

use crate::agent::Agent;
use crate::generated::issue;
use crate::process::{json as parse, run, until, until_within};

/// Archives that an agent has on their way at a time.
const PLACES: usize = 6;
/// When somebody who got no place may come again, in seconds.
const RETRY_AFTER: &str = "30";
/// System mappings of the large configuration, each with so many resources.
const MAPPINGS: usize = 600;
const RESOURCES: usize = 20;
/// Bytes of an archive at least: far more than what sockets and pipes on the way hold.
const ARCHIVE_MIN: u64 = 20 << 20;
/// What all readers together may add to what one backup takes, KiB. Six archives in memory would be
/// 144 MiB; it was 4 to 15 MiB, of what the allocator keeps between one making and the next.
const READERS_KIB: u64 = 40 * 1024;
/// What the agent may take with all of them, KiB; it was 130 to 145 MiB in a debug build.
const PEAK_KIB: u64 = 192 * 1024;
/// What a slow reader takes at a time, and how long it rests.
const SIP: usize = 4 * 1024;
const REST: Duration = Duration::from_millis(100);
/// How long a large backup may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An agent with a large configuration and a longer history.
struct Site {
    agent: Agent,
    folder: TempDir,
    identity: PathBuf,
    recipient: String,
    /// An Administrator's certificate and key.
    operator: Option<(PathBuf, PathBuf)>,
}

fn large() -> Value {
    let text = "a description of some length. ".repeat(30);
    let resources: Vec<Value> = (0..RESOURCES)
        .map(|at| {
            json!({"path": format!("/sap/{at}"), "enabled": true, "exactMatchOnly": false,
                   "websocketUpgradeAllowed": false, "description": text})
        })
        .collect();
    let mappings: Vec<Value> = (0..MAPPINGS)
        .map(|at| {
            json!({"virtualAddress": format!("virtual{at}:80"), "protocol": "HTTP",
                   "internalAddress": format!("host{at}.corp.example:80"),
                   "backendType": "nonSAPsys", "resources": resources})
        })
        .collect();
    json!(mappings)
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Identity::generate();
        let identity = folder.path().join("backup.key");
        underpass_runtime::file::replace(&identity, key.to_text().expose().as_bytes()).unwrap();
        let mut site = Self {
            agent: Agent::new(folder.path().join("agent"), "", &[]),
            folder,
            identity,
            recipient: key.recipient().to_string(),
            operator: None,
        };
        std::fs::create_dir(&site.agent.dir).unwrap();
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let mut document = json!({"schema": 1, "subaccounts": [{
            "regionHost": "localhost:9", "subaccount": id, "instance": id, "credential": id,
            "connected": false,
        }]});
        // The way back from none to all of them is as long as they are.
        for mappings in [large(), json!([]), large()] {
            document["subaccounts"][0]["mappings"] = mappings;
            let applied = site.agent.write(&document);
            run(site.agent.command(&["document", "apply", &applied]));
        }
        site.run();
        let issued = issue(&site.agent, site.folder.path(), "script", "Administrator");
        site.operator = Some((issued.1, issued.2));
        site
    }

    fn run(&mut self) {
        drop(std::fs::remove_file(self.agent.dir.join("addresses.json")));
        self.agent.run();
        until("the management API is reachable", || {
            self.agent.dir.join("addresses.json").exists().then_some(())
        });
    }

    /// A call that wants a backup, over TLS and by an operator.
    fn asking(&self) -> Command {
        let mut command = self.curl();
        let input = json!({ "recipients": [self.recipient] }).to_string();
        command.args(["--json", &input]);
        command.arg(self.url("/api/v1/configuration/backup"));
        command
    }

    fn curl(&self) -> Command {
        let (certificate, key) = self.operator.as_ref().unwrap();
        let told = std::fs::read_to_string(self.agent.dir.join("addresses.json")).unwrap();
        let mut command = Command::new("curl");
        command.args(["-sS", "--cacert"]);
        command.arg(parse(&told)["caCert"].as_str().unwrap());
        command.arg("--cert").arg(certificate).arg("--key").arg(key);
        command
    }

    fn url(&self, path: &str) -> String {
        let told = std::fs::read_to_string(self.agent.dir.join("addresses.json")).unwrap();
        let url = parse(&told)["managementUrls"][0]
            .as_str()
            .unwrap()
            .to_owned();
        format!("{url}{path}")
    }

    /// A backup that is taken at once.
    fn back_up(&self) -> PathBuf {
        let path = self.folder.path().join("whole.zip");
        run(self.asking().arg("--fail-with-body").arg("-o").arg(&path));
        path
    }

    /// What the agent says to somebody who comes too late: the status, and when to come again.
    fn refused(&self) -> (String, String) {
        let path = self.folder.path().join("refused");
        let mut asking = self.asking();
        asking.args(["-w", "%{http_code} %header{retry-after}", "-o"]);
        let told = run(asking.arg(&path));
        let (status, seconds) = told.split_once(' ').unwrap();
        (status.to_owned(), seconds.to_owned())
    }

    /// Files on their way that the agent has open.
    fn passing(&mut self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.agent.process().pid())).unwrap();
        let links = open.filter_map(|one| std::fs::read_link(one.unwrap().path()).ok());
        let folder = self.agent.dir.join("passing");
        let passing = links.filter(|link| link.starts_with(&folder));
        passing.collect::<BTreeSet<_>>().len()
    }

    /// Names in the folder of files on their way.
    fn named(&self) -> usize {
        let folder = self.agent.dir.join("passing");
        std::fs::read_dir(folder).unwrap().count()
    }

    fn until_passing(&mut self, count: usize) {
        let what = format!("{count} files on their way");
        until_within(PATIENCE, &what, || (self.passing() == count).then_some(()));
    }

    /// The most memory that the agent has had, KiB.
    fn peak(&mut self) -> u64 {
        self.agent.process().number("status", "VmHWM:")
    }
}

/// Somebody who takes a backup slowly, until there is no more hurry.
struct Reader {
    curl: Child,
    hurries: Arc<AtomicBool>,
    taking: JoinHandle<u64>,
    path: PathBuf,
}

impl Reader {
    fn start(site: &Site, number: usize) -> Self {
        let mut curl = site.asking().stdout(Stdio::piped()).spawn().unwrap();
        let mut from = curl.stdout.take().unwrap();
        let path = site.folder.path().join(format!("slow{number}.zip"));
        let mut to = File::create(&path).unwrap();
        let hurries = Arc::new(AtomicBool::new(false));
        let hurry = Arc::clone(&hurries);
        let taking = std::thread::spawn(move || {
            let (mut all, mut sip) = (0, [0; SIP]);
            loop {
                let read = from.read(&mut sip).unwrap();
                if read == 0 {
                    return all;
                }
                to.write_all(&sip[..read]).unwrap();
                all += read as u64;
                if !hurry.load(Ordering::Relaxed) {
                    std::thread::sleep(REST);
                }
            }
        });
        Self {
            curl,
            hurries,
            taking,
            path,
        }
    }

    /// Bytes that came.
    fn taken(&self) -> u64 {
        std::fs::metadata(&self.path).unwrap().len()
    }

    /// Leaves without a word.
    fn leave(mut self) {
        self.curl.kill().unwrap();
        self.curl.wait().unwrap();
        self.hurries.store(true, Ordering::Relaxed);
        self.taking.join().unwrap();
    }

    /// Takes the rest as fast as it comes.
    fn finish(mut self) -> (PathBuf, u64) {
        self.hurries.store(true, Ordering::Relaxed);
        let all = self.taking.join().unwrap();
        assert!(self.curl.wait().unwrap().success());
        (self.path, all)
    }
}

#[test]
fn many_slow_readers_of_a_large_backup_cost_no_memory_and_leave_nothing() {
    let mut site = Site::start();
    let started = site.peak();
    let whole = site.back_up();
    let len = std::fs::metadata(&whole).unwrap().len();
    assert!(len > ARCHIVE_MIN, "{len}");
    site.until_passing(0);
    let one = site.peak();

    let mut readers: Vec<Reader> = (0..PLACES).map(|at| Reader::start(&site, at)).collect();
    until_within(PATIENCE, "all of them read", || {
        readers.iter().all(|one| one.taken() > 0).then_some(())
    });
    assert_eq!(site.passing(), PLACES);
    assert_eq!(site.named(), 0);
    let all = site.peak();
    println!(
        "{} MiB an archive; peak {started} KiB at the start, {one} KiB after a backup, {all} KiB \
         with {PLACES} slow readers",
        len >> 20
    );
    assert!(all < one + READERS_KIB, "{one} KiB became {all} KiB");
    assert!(all < PEAK_KIB, "{all} KiB");

    assert_eq!(site.refused(), ("429".to_owned(), RETRY_AFTER.to_owned()));
    assert!(readers.iter().all(|one| one.taken() < len / 2));
    // Who leaves makes room.
    readers.pop().unwrap().leave();
    site.until_passing(PLACES - 1);
    let again = std::fs::metadata(site.back_up()).unwrap().len();
    assert!(again > ARCHIVE_MIN, "{again}");
    site.until_passing(PLACES - 1);
    // Who took his time has all of it.
    let (path, taken) = readers.remove(0).finish();
    assert!(taken > ARCHIVE_MIN, "{taken}");
    site.until_passing(PLACES - 2);
    for one in readers {
        one.leave();
    }
    site.until_passing(0);
    assert_eq!(site.named(), 0);
    let at_last = site.peak();
    assert!(
        at_last < one + READERS_KIB,
        "{one} KiB became {at_last} KiB"
    );

    let found = parse(&run(site.agent.verify(&path, Some(&site.identity))));
    assert_eq!(found["own"], true, "{found}");
    println!("{} KiB after it was verified", site.peak());
}

#[test]
fn nothing_is_left_of_what_was_on_its_way_when_an_agent_is_killed() {
    let mut site = Site::start();
    let whole = site.back_up();
    site.until_passing(0);
    // Some take one, somebody sends one, and one is still being made.
    let readers: Vec<Reader> = (0..2).map(|at| Reader::start(&site, at)).collect();
    let mut sending = site.curl();
    sending.args(["--limit-rate", "64k", "-F"]);
    sending.arg(format!("backup=@{}", whole.display()));
    sending.arg("-F").arg("password=correct horse battery");
    sending.arg(site.url("/api/v1/backup/verification"));
    let mut sending = sending
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_within(PATIENCE, "both read", || {
        readers.iter().all(|one| one.taken() > 0).then_some(())
    });
    site.until_passing(3);
    let late = Reader::start(&site, 2);
    site.until_passing(4);
    site.agent.process().kill();
    assert_eq!(site.named(), 0);
    for one in readers.into_iter().chain([late]) {
        one.leave();
    }
    sending.kill().unwrap();
    sending.wait().unwrap();
    // What a system leaves on which such files have names.
    let left = site.agent.dir.join("passing/.tmpLeft");
    underpass_runtime::file::replace(&left, b"left").unwrap();
    site.run();
    assert_eq!((site.named(), site.passing()), (0, 0));
    // All places are there again, and what is made is good.
    let readers: Vec<Reader> = (0..PLACES - 1).map(|at| Reader::start(&site, at)).collect();
    until_within(PATIENCE, "all of them read", || {
        readers.iter().all(|one| one.taken() > 0).then_some(())
    });
    let path = site.back_up();
    for one in readers {
        one.leave();
    }
    run(site.agent.verify(&path, Some(&site.identity)));
}
