//! A courier with its outbox, and servers that do what a script says.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use underpass_alerting::{Courier, Sender, Settings, Store, Surroundings, Tempo};
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{Alert, AlertId, Code, DeliveryState, Happening, Notice};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

/// How long a condition may take to come true; only broken code needs it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it did.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The ids of the secrets in these tests.
pub(crate) const PASSWORD: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
/// See [`PASSWORD`].
pub(crate) const PATH: &str = "0190a5a2-6d0e-7cc0-8000-000000000002";
/// See [`PASSWORD`].
pub(crate) const KEY: &str = "0190a5a2-6d0e-7cc0-8000-000000000003";

/// A secret at which the program has a defect.
pub(crate) const DEFECT: &str = "defect";

/// All is fast, but in the order of the defaults.
pub(crate) const FAST: Tempo = Tempo {
    retry_first: Duration::from_millis(50),
    retry_most: Duration::from_millis(200),
    gather: Duration::from_millis(100),
    per_category: Duration::from_millis(500),
    between_chats: Duration::from_millis(300),
    between_posts: Duration::from_millis(20),
    connect: Duration::from_secs(2),
    answer: Duration::from_millis(700),
    taking: Duration::from_millis(700),
    attempt: Duration::from_secs(5),
    recipient_patience: Duration::from_secs(60),
    hold_up: Duration::from_secs(60),
};

/// A certificate authority with a server's certificate for localhost and 127.0.0.1.
pub(crate) struct Certificates {
    pub(crate) ca: String,
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) ca_file: PathBuf,
}

pub(crate) fn certificates(dir: &Path, name: &str, host: &str) -> Certificates {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, format!("{name} CA"));
    let ca = CertifiedIssuer::self_signed(params, key).unwrap();
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &ca).unwrap();
    let write = |file: &str, text: String| {
        let path = dir.join(format!("{name}-{file}.pem"));
        underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
        path
    };
    Certificates {
        ca: ca.pem(),
        ca_file: write("ca", ca.pem()),
        chain: write("chain", server.pem()),
        key: write("key", server_key.serialize_pem()),
    }
}

/// A process that ends with the test and tells what happens as lines of JSON.
pub(crate) struct Server {
    child: Child,
    events: Receiver<Value>,
    pub(crate) seen: Vec<Value>,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a script in Python with its instructions.
    pub(crate) fn python(code: &str, script: &Value) -> Self {
        // The system's own, for it has the Debian packages.
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", code, &script.to_string()]);
        let mut server = Self::start(&mut command);
        let ready = server.until("ready");
        server.port = ready["port"].as_u64().unwrap().try_into().unwrap();
        server
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (tell, events) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line) {
                    drop(tell.send(event));
                }
            }
        });
        Self {
            child,
            events,
            seen: vec![],
            port: 0,
        }
    }

    /// Waits for the next event of a kind.
    pub(crate) fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE);
            let event = event.unwrap_or_else(|_late| panic!("no {kind}: {:?}", self.seen));
            self.seen.push(event.clone());
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// The events of a kind so far, after a while in which more could have come.
    pub(crate) fn all(&mut self, kind: &str) -> Vec<Value> {
        self.seen.extend(self.events.try_iter());
        let of_kind = self.seen.iter().filter(|event| event["event"] == kind);
        of_kind.cloned().collect()
    }

    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Secrets that tests change.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<(CredentialId, String)>>>);

impl Secrets {
    pub(crate) fn set(&self, id: &str, value: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(0, (id.parse().unwrap(), value.to_owned()));
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        let all = Arc::clone(&self.0);
        Surroundings {
            secrets: Arc::new(move |id| {
                let all = all.lock().unwrap_or_else(PoisonError::into_inner);
                let found = all.iter().find(|(own, _)| *own == id);
                assert!(found.is_none_or(|(_, value)| value != DEFECT), "a defect");
                let value = found.map(|(_, value)| Secret::new(value.clone()));
                value.ok_or_else(|| "there is no such secret".to_owned())
            }),
            guard: Arc::new(|_receiver, _address| Ok(())),
        }
    }
}

/// A courier that runs.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) courier: Courier,
    pub(crate) secrets: Secrets,
    settings: watch::Sender<Arc<Settings>>,
    tasks: Tasks,
}

impl World {
    pub(crate) async fn new(settings: Settings) -> Self {
        Self::with_tempo(settings, FAST).await
    }

    pub(crate) async fn with_tempo(settings: Settings, tempo: Tempo) -> Self {
        let world = Self::begin(tempfile::tempdir().unwrap(), settings, tempo).await;
        world
            .until("the channels are known", |states| !states.is_empty())
            .await;
        world
    }

    /// With the outbox of an earlier one.
    pub(crate) async fn again(dir: TempDir, settings: Settings) -> Self {
        let world = Self::begin(dir, settings, FAST).await;
        world
            .until("the channels are known", |states| !states.is_empty())
            .await;
        world
    }

    /// Where none is on.
    pub(crate) async fn without_channels(settings: Settings) -> Self {
        Self::begin(tempfile::tempdir().unwrap(), settings, FAST).await
    }

    async fn begin(dir: TempDir, settings: Settings, tempo: Tempo) -> Self {
        let store = open(dir.path()).await;
        let (settings, followed) = watch::channel(Arc::new(settings));
        let secrets = Secrets::default();
        let courier = Courier::new(store.clone(), followed, secrets.surroundings());
        let courier = courier.with_tempo(tempo);
        let tasks = Tasks::new();
        tasks.spawn("courier", courier.clone().run(tasks.clone()));
        Self {
            dir,
            store,
            courier,
            secrets,
            settings,
            tasks,
        }
    }

    pub(crate) fn change(&self, settings: Settings) {
        self.settings.send_replace(Arc::new(settings));
    }

    /// Puts notices into the outboxes.
    pub(crate) async fn tell(&self, notices: Vec<Notice>) {
        self.store.commit("{}".to_owned(), notices).await.unwrap();
    }

    /// Waits until the states of the channels are so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&[DeliveryState]) -> bool) {
        let seen = async || so(&self.courier.states()).then_some(());
        let waited = until(seen).await;
        assert!(waited.is_some(), "{what}: {:?}", self.courier.states());
    }

    /// Waits until nothing waits any more.
    pub(crate) async fn until_delivered(&self) {
        let waited = until(async || (self.store.undelivered().await.unwrap() == 0).then_some(()));
        assert!(waited.await.is_some(), "{:?}", self.courier.states());
    }

    /// Waits until a channel fails with such words.
    pub(crate) async fn until_failing(&self, words: &str) {
        self.until(words, |states| {
            let mut troubles = states.iter().filter_map(|one| one.failing.as_ref());
            troubles.any(|trouble| trouble.error.contains(words))
        })
        .await;
    }

    /// Ends it in order; its thread lets go of the outbox soon after.
    pub(crate) async fn end(self) -> TempDir {
        assert!(self.tasks.join(PATIENCE).await);
        let Self { dir, .. } = self;
        dir
    }
}

/// Opens an outbox as soon as an earlier world has let go of it.
pub(crate) async fn open(dir: &Path) -> Store {
    let opened = until(async || Store::open(dir).ok()).await;
    opened.unwrap_or_else(|| Store::open(dir).unwrap())
}

/// What a look finds, as soon as it finds something; nothing where it never does.
pub(crate) async fn until<T>(look: impl AsyncFn() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()
}

pub(crate) fn sender() -> Sender {
    Sender {
        product: "underpass-agent".to_owned(),
        host: "agent.corp".to_owned(),
        description: String::new(),
    }
}

/// The trust store with a CA.
pub(crate) fn trusting(ca: &str) -> Value {
    json!([{"alias": "ca", "certificate": ca}])
}

pub(crate) fn notice(number: u64, code: Code) -> Notice {
    let alert = Alert {
        number,
        id: AlertId {
            code,
            entity: format!("e{number}"),
        },
        category: code.category(),
        severity: code.severity(),
        title: code.title().to_owned(),
        text: "It is wrong.".to_owned(),
        remedy: code.remedy().to_owned(),
        since_ms: 0,
        resolved_ms: None,
        acknowledged: None,
        silenced_until_ms: None,
        hides: 0,
    };
    Notice {
        number,
        happening: Happening::Raised,
        time_ms: 0,
        alert,
    }
}
