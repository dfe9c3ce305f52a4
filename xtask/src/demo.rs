//! `cargo xtask demo`: everything on loopback, described by `demo.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::build::{Binaries, DESKTOP, SAMPLE_BACKEND};
use crate::debian;
use crate::desktop::{self, Desktop};
use crate::file;
use crate::output;
use crate::stack::{Backend, Launcher, Mapping, Operator, Plan, Resource, Stack};
use crate::stop::Stop;

const VIRTUAL_HOST: &str = "backend.virtual";
const VIRTUAL_PORT: u16 = 80;
/// Name and location ID of each agent.
const AGENTS: &[(&str, &str)] = &[("main", ""), ("site-b", "site-b")];
/// Everything else the sample back end has stays closed.
const RESOURCES: &[Resource] = &[
    Resource::exact("/hello"),
    Resource::with_sub_paths("/bytes"),
    Resource::exact("/echo"),
    Resource::websocket("/ws"),
    Resource::with_sub_paths("/slow"),
    Resource::exact("/redirect"),
    Resource::exact("/cookie"),
    Resource::exact("/headers"),
];
/// Tells that the data directories in a folder are the demo's own.
const MARKER: &str = ".underpass-demo";
/// How often to look whether all processes still live.
const WATCH: Duration = Duration::from_millis(500);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Leaves the desktop application out.
    #[arg(long)]
    headless: bool,
    /// Keeps everything in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let opens = !options.headless && desktop::has_display();
    if !options.headless && !opens {
        output::progress("there is no display: going on as with --headless");
    }
    let temporary = match &options.state {
        Some(folder) => {
            prepare(folder)?;
            None
        }
        None => Some(
            tempfile::Builder::new()
                .prefix("underpass-demo-")
                .tempdir()?,
        ),
    };
    let folder = match (&options.state, &temporary) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .context("cannot resolve the state folder")?;
    let started = start(&folder, opens, stop);
    let result = started.map(|mut demo| demo.watch(stop));
    if let Some(temporary) = temporary {
        temporary
            .close()
            .context("cannot remove the temporary folder")?;
    }
    result
}

/// Everything that runs; dropping it ends it.
struct Demo {
    stack: Stack,
    backend: Backend,
    desktop: Option<Desktop>,
}

impl Demo {
    /// Returns when somebody asks to end. A process that ends before is only told of, so that
    /// one can try what happens then.
    fn watch(&mut self, stop: &Stop) {
        while stop.sleep(WATCH).is_ok() {
            self.stack.tell_ended();
            self.backend.tell_ended();
            if let Some(desktop) = &mut self.desktop {
                desktop.tell_ended();
            }
        }
        output::progress("stopping");
    }
}

fn start(folder: &Path, opens: bool, stop: &Stop) -> anyhow::Result<Demo> {
    debian::ensure(&[debian::CC, debian::OPENSSL], stop)?;
    let binaries = if opens {
        debian::ensure(debian::WINDOW, stop)?;
        Binaries::build_with_desktop(stop)?
    } else {
        Binaries::build(stop)?
    };
    let backend = Backend::start(binaries.path(SAMPLE_BACKEND)?, folder, stop)?;
    let plan = Plan {
        folder,
        binaries: &binaries,
        agents: AGENTS,
        mappings: &[Mapping {
            virtual_host: VIRTUAL_HOST,
            virtual_port: VIRTUAL_PORT,
            internal: backend.address,
            resources: RESOURCES,
        }],
        launcher: Launcher::Plain,
    };
    let stack = Stack::start(&plan, stop)?;
    let path = folder.join("demo.json");
    let operators = stack.agents.iter();
    let operators = operators.map(|agent| agent.add_operator(folder, stop));
    let operators: Vec<Operator> = operators.collect::<Result<_, _>>()?;
    let mut desktop = opens
        .then(|| Desktop::pair(binaries.path(DESKTOP)?, folder, &stack.agents, stop))
        .transpose()?;
    let mut described = describe(&stack, &operators, &backend);
    described["desktopProfile"] = json!(desktop.as_ref().map(Desktop::profile));
    described["desktopPassphraseFile"] = json!(desktop.as_ref().map(Desktop::passphrase));
    file::replace_json(&path, &described)?;
    if let Some(desktop) = &mut desktop {
        desktop.open(folder)?;
    }
    output::progress(format_args!(
        "described in {}; Ctrl-C ends it",
        path.display()
    ));
    output::result("ready")?;
    Ok(Demo {
        stack,
        backend,
        desktop,
    })
}

fn describe(stack: &Stack, operators: &[Operator], backend: &Backend) -> Value {
    let gateway = &stack.gateway;
    let agents: Vec<Value> = stack
        .agents
        .iter()
        .zip(operators)
        .map(|(agent, operator)| {
            json!({
                "name": agent.name,
                "pid": agent.pid,
                "binary": agent.binary,
                "dataDir": agent.data,
                "locationId": agent.location,
                "managementUrl": operator.url,
                "caCert": operator.ca_cert,
                "clientCert": operator.certificate,
                "clientKey": operator.key,
                "role": operator.role,
            })
        })
        .collect();
    json!({
        "gateway": {
            "pid": gateway.pid,
            "binary": gateway.binary,
            "dataDir": gateway.data,
            "regionHost": gateway.region_host,
            "httpProxy": format!("http://{}", gateway.proxy),
            "tokenUrl": gateway.token_url,
            "caCert": gateway.ca_cert,
        },
        "subaccounts": [{
            "regionHost": gateway.region_host,
            "subaccount": stack.subaccount,
            "binding": stack.binding,
        }],
        "agents": agents,
        "backends": [{
            "virtualHost": VIRTUAL_HOST,
            "virtualPort": VIRTUAL_PORT,
            "url": format!("http://{}", backend.address),
        }],
    })
}

/// Makes `folder` ready, and clears what an earlier demo left there.
fn prepare(folder: &Path) -> anyhow::Result<()> {
    let told = || format!("cannot use {}", folder.display());
    fs::create_dir_all(folder).with_context(told)?;
    let marker = folder.join(MARKER);
    let data = ["gateway", desktop::PROFILE]
        .into_iter()
        .chain(AGENTS.iter().map(|(name, _)| *name));
    for path in data
        .map(|name| folder.join(name))
        .filter(|path| path.exists())
    {
        ensure!(
            marker.exists(),
            "{} was not made by the demo",
            path.display()
        );
        fs::remove_dir_all(&path).with_context(told)?;
    }
    for path in
        ["demo.json", "backend-addresses.json", desktop::PASSPHRASE].map(|name| folder.join(name))
    {
        if path.exists() {
            fs::remove_file(&path).with_context(told)?;
        }
    }
    file::replace(&marker, b"")
}
