//! The commands beside `run`. They work on the data directory while the agent is stopped.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, random};
use underpass_shared::config::{
    Connector, ConnectorFields, Document, Invalid, Proxy, ProxyUrl, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{CredentialId, LocationId};
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::secret::Secret;

use crate::credentials::CredentialStore;
use crate::secrets::{self, SecretStore};
use crate::status::{Connection, Status};
use crate::store::Store;
use crate::tunnel::{Route, enrol};

/// The author of changes made by these commands.
const AUTHOR: &str = "local";

/// The variable that a proxy's password is taken from.
const PROXY_PASSWORD: &str = "UNDERPASS_PROXY_PASSWORD";

/// A proxy from the command line, with the password of its user.
#[derive(Debug)]
pub struct GivenProxy {
    url: ProxyUrl,
    password: Option<Secret>,
}

impl GivenProxy {
    /// Takes the password from the environment or from standard input, if there is a user.
    ///
    /// # Errors
    /// When there is no usable password.
    pub fn ask(url: ProxyUrl) -> anyhow::Result<Self> {
        let input = &mut std::io::stdin().lock();
        let password = match &url.user {
            Some(_) => Some(secrets::read_password(PROXY_PASSWORD, input)?),
            None => None,
        };
        Ok(Self { url, password })
    }

    fn route(&self) -> Route {
        let user = self.url.user.as_ref().map(ToString::to_string);
        let login = user.zip(self.password.clone());
        Route::through(self.url.host.clone(), self.url.port, login)
    }

    /// Keeps the password; answers the proxy for the document.
    fn keep(self, secrets: &SecretStore) -> anyhow::Result<Proxy> {
        let credential = match &self.password {
            Some(password) => {
                let id = CredentialId::from_uuid(random::id());
                secrets.save(id, password)?;
                Some(id)
            }
            None => None,
        };
        Ok(self.url.with_credential(credential)?)
    }
}

/// Redeems an enrolment token and adds the subaccount to the configuration.
///
/// # Errors
/// When the token is refused, the gateway cannot be reached or the data directory is in use.
pub async fn enrol(
    data_dir: &Path,
    token: &str,
    location: Option<LocationId>,
    proxy: Option<GivenProxy>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let token: EnrolToken = token.parse()?;
    // Before the token is burnt: a second process must not find out afterwards.
    let store = Store::open(data_dir, clock::wall_ms)?;
    if let Some(problem) = store.problem() {
        anyhow::bail!("{problem}");
    }
    let tasks = Tasks::new();
    let secrets = SecretStore::new(data_dir);
    let route = match &proxy {
        Some(given) => given.route(),
        None => Route::of(store.current().document().connector().proxy(), &secrets)?,
    };
    let (enrolled, credentials) = enrol::enrol(&token, location, &route, &tasks).await?;
    tasks.stop();
    CredentialStore::new(data_dir).save(enrolled.instance, &credentials)?;
    let fields = SubaccountFields {
        key: SubaccountKey {
            region_host: token.region_host.clone(),
            subaccount: enrolled.subaccount,
            location_id: enrolled.location_id.clone(),
        },
        display_name: enrolled.subaccount_name.parse()?,
        description: String::new().parse()?,
        instance: enrolled.instance,
        credential: CredentialId::from_uuid(*enrolled.instance.as_uuid()),
        connected: true,
        domain_mappings: Default::default(),
    };
    let proxy = proxy.map(|given| given.keep(&secrets)).transpose()?;
    store
        .change(AUTHOR, "enrolled", None, move |document| {
            let document = document.with_subaccount(fields)?;
            match proxy {
                Some(proxy) => with_proxy(&document, proxy),
                None => Ok(document),
            }
        })
        .await?;
    writeln!(
        out,
        "enrolled for subaccount {} ({}) with location ID \"{}\"; start the agent with `underpass-agent run`",
        enrolled.subaccount_name, enrolled.subaccount, enrolled.location_id
    )?;
    Ok(())
}

fn with_proxy(document: &Document, proxy: Proxy) -> Result<Document, Invalid> {
    let connector = Connector::clone(document.connector());
    let fields = ConnectorFields {
        proxy: Some(proxy),
        ..connector.into()
    };
    document.with_connector(fields.try_into()?)
}

/// Prints whether the agent runs and which tunnels are up.
///
/// # Errors
/// When the status file cannot be read.
pub fn status(data_dir: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    // A killed agent leaves its status file behind.
    if !Store::is_in_use(data_dir) {
        anyhow::bail!(
            "the agent of {} does not run; start it with `underpass-agent run`",
            data_dir.display()
        );
    }
    let path = Status::path(data_dir);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    if json {
        out.write_all(text.as_bytes())?;
        writeln!(out)?;
        return Ok(());
    }
    let status: Status =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let age = (clock::wall_ms() - status.time_ms) / 1_000;
    writeln!(
        out,
        "agent {} (pid {}), revision {}, {age} s ago",
        status.version, status.pid, status.revision
    )?;
    if let Some(problem) = &status.problem {
        writeln!(out, "PROBLEM, all traffic is denied: {problem}")?;
    }
    for warning in &status.warnings {
        writeln!(out, "WARNING: {warning}")?;
    }
    if status.links.is_empty() {
        writeln!(
            out,
            "no subaccount; enrol with `underpass-agent enrol TOKEN`"
        )?;
    }
    for link in &status.links {
        writeln!(
            out,
            "{} subaccount {} location ID \"{}\"",
            link.region_host, link.subaccount, link.location_id
        )?;
        for connection in &link.connections {
            match connection {
                Connection::Connecting => writeln!(out, "  connecting")?,
                Connection::Up => writeln!(out, "  up")?,
                Connection::Failed(reason) => writeln!(out, "  down: {reason}")?,
            }
        }
    }
    Ok(())
}

/// Prints the document.
///
/// # Errors
/// When the data directory cannot be used.
pub fn show_document(data_dir: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = Store::open(data_dir, clock::wall_ms)?;
    if let Some(problem) = store.problem() {
        anyhow::bail!("{problem}");
    }
    writeln!(out, "{}", store.current().document().to_json())?;
    Ok(())
}

/// Makes a file's document the next revision.
///
/// # Errors
/// When the document is not valid or the data directory cannot be used; nothing changes then.
pub async fn apply_document(
    data_dir: &Path,
    file: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let document = Document::from_json(&text)
        .with_context(|| format!("{} is no valid document", file.display()))?;
    let store = Store::open(data_dir, clock::wall_ms)?;
    let reason = format!("applied {}", file.display());
    let committed = store
        .change(AUTHOR, &reason, None, move |_old| Ok(document))
        .await?;
    if committed.changed {
        writeln!(out, "revision {}", committed.revision.number)?;
    } else {
        writeln!(
            out,
            "nothing changed; still revision {}",
            committed.revision.number
        )?;
    }
    Ok(())
}
