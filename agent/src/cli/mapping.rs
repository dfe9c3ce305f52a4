//! `mapping add|list|check|test-access|export|import|remove`.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::Bytes;
use clap::{Args, Subcommand};
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Serialize};
use underpass_shared::api::management::{
    ImportMode, MappingAddress, MappingTarget, ProbeInput, Query, ReadOnly, SubaccountPath,
    SubaccountTarget, SystemMapping, SystemMappingInput, SystemPorts, Target, Verb,
};
use underpass_shared::config::{
    AuthenticationMode, BackendType, Client as SapClient, HostInHeader, Number, ProbePath, Protocol,
};
use underpass_shared::host::{InternalHost, InvalidAddress};

use super::DryRun;
use super::client::Client;
use super::output::{Output, table};
use super::select::Select;
use super::{check, import};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent mapping add erp.virtual:80 erp.corp.example:8000 --backend-type abapSys
  underpass-agent mapping list
  underpass-agent mapping check erp.virtual:80
  underpass-agent mapping remove erp.virtual:80

Nothing of a mapped system may be called before `underpass-agent resource add`.";

/// What to do with system mappings.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Give an internal system a virtual name.
    #[command(after_help = "Example:\n  \
        underpass-agent mapping add erp.virtual:80 erp.corp.example:8000 --backend-type abapSys")]
    Add {
        #[command(flatten)]
        add: Box<NewMapping>,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the system mappings of a subaccount.
    #[command(after_help = "Example:\n  underpass-agent mapping list --json")]
    List {
        #[command(flatten)]
        select: Select,
    },
    /// Go the way to the system of a mapping, step by step; fails where it ends before.
    #[command(after_help = "Example:\n  underpass-agent mapping check erp.virtual:80")]
    Check {
        /// Its virtual address.
        #[arg(value_name = "VIRTUAL_HOST:PORT")]
        address: MappingAddress,
        #[command(flatten)]
        select: Select,
    },
    /// Tell whether a request would pass, and which rule decides; fails where it would not.
    #[command(after_help = "Example:\n  \
        underpass-agent mapping test-access http://erp.virtual:80/sap/opu/odata/x")]
    TestAccess {
        /// As a cloud application writes it.
        #[arg(value_name = "URL")]
        url: String,
        /// The request asks for an upgrade to WebSocket.
        #[arg(long)]
        websocket: bool,
        #[command(flatten)]
        select: Select,
    },
    /// Print system mappings with their resources as a file.
    #[command(after_help = "Example:\n  underpass-agent mapping export > mappings.json")]
    Export {
        /// These alone.
        #[arg(value_name = "VIRTUAL_HOST:PORT")]
        only: Vec<MappingAddress>,
        #[command(flatten)]
        select: Select,
    },
    /// Take the system mappings of a file; all others stay.
    #[command(after_help = "Example:\n  \
        underpass-agent mapping import mappings.json --mode overwrite --dry-run")]
    Import {
        /// A file as `mapping export` prints it, or - for standard input.
        file: PathBuf,
        /// merge adds what is missing; overwrite also replaces what is there.
        #[arg(long, default_value = "merge")]
        mode: ImportMode,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a system mapping with its resources.
    #[command(after_help = "Example:\n  underpass-agent mapping remove erp.virtual:80")]
    Remove {
        /// Its virtual address.
        #[arg(value_name = "VIRTUAL_HOST:PORT")]
        address: MappingAddress,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// A new system mapping.
#[derive(Args, Debug)]
pub struct NewMapping {
    /// What cloud applications ask for. TCP and TCPS take ranges of ports, such as 30000-30010, RFC
    /// and RFCS names, such as sapgw00.
    #[arg(value_name = "VIRTUAL_HOST:PORT")]
    address: MappingAddress,
    /// Where the system is; a range of ports has as many as the virtual one.
    #[arg(value_name = "INTERNAL_HOST:PORT", value_parser = internal)]
    internal: (InternalHost, SystemPorts),
    /// What is spoken to it: HTTP, HTTPS, TCP, TCPS, RFC, RFCS, LDAP or LDAPS.
    #[arg(long, default_value = "HTTP", value_parser = named::<Protocol>)]
    protocol: Protocol,
    /// What it is: abapSys, netweaverGW, hana, applServerJava, netweaverCE, BC, PI, otherSAPsys or nonSAPsys.
    #[arg(long, default_value = "nonSAPsys", value_parser = named::<BackendType>)]
    backend_type: BackendType,
    /// How the user is told to it: NONE, NONE_RESTRICTED, X509_GENERAL, X509_RESTRICTED or KERBEROS.
    #[arg(long, default_value = "NONE", value_parser = named::<AuthenticationMode>)]
    authentication_mode: AuthenticationMode,
    /// Which host it sees in the Host header: VIRTUAL or INTERNAL.
    #[arg(long, default_value = "VIRTUAL", value_parser = named::<HostInHeader>)]
    host_in_header: HostInHeader,
    /// Ask the system every so many seconds, though nobody calls it.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    probe_every: Option<u32>,
    /// Ask it for this path; an answer of 500 and more is a failure then.
    #[arg(long, value_name = "PATH", requires = "probe_every")]
    probe_path: Option<ProbePath>,
    /// The system's id in your landscape.
    #[arg(long, default_value = "")]
    sid: String,
    /// Route string to a system that speaks RFC.
    #[arg(long, default_value = "")]
    sap_router: String,
    /// Who a system that speaks RFCS is for SNC.
    #[arg(long, default_value = "", value_name = "NAME")]
    snc_partner_name: String,
    /// Client that RFC may log on to; may be given several times, all are allowed without it.
    #[arg(long, value_name = "CLIENT")]
    allowed_client: Vec<SapClient>,
    /// For people.
    #[arg(long, default_value = "")]
    description: String,
}

/// A host with a port, its name or a range of ports.
fn internal(text: &str) -> anyhow::Result<(InternalHost, SystemPorts)> {
    let (host, ports) = text.rsplit_once(':').ok_or(InvalidAddress::PortMissing)?;
    // An IPv6 address that nothing follows.
    if ports.ends_with(']') {
        return Err(InvalidAddress::PortMissing.into());
    }
    if host.contains(':') && !host.starts_with('[') {
        return Err(InvalidAddress::Brackets.into());
    }
    Ok((host.parse()?, ports.parse()?))
}

/// A value by the name that it has in the document.
fn named<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, ValueError> {
    T::deserialize(text.into_deserializer())
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::Add {
            add,
            select,
            dry_run,
        } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let address = add.address.clone();
            let target = Target::Of(path.clone(), SubaccountTarget::Mappings);
            let reply = client
                .send(Verb::Post, target, &query, &add.input()?)
                .await?;
            out.changed(&reply, query.dry_run)?;
            if query.dry_run || out.json {
                return Ok(());
            }
            added(client, path, address, &query, out).await
        }
        Action::List { select } => {
            let (path, query) = select.find(client).await?;
            let all: Vec<SystemMapping> = client
                .get(Target::Of(path, SubaccountTarget::Mappings), &query)
                .await?;
            out.show(&all, |out| {
                if all.is_empty() {
                    return writeln!(
                        out,
                        "no system mapping; see `underpass-agent mapping add --help`"
                    );
                }
                list(&all, out)
            })
        }
        Action::Export { only, select } => import::export(client, only, select, out).await,
        Action::Import {
            file,
            mode,
            select,
            dry_run,
        } => import::import(client, file, mode, dry_run, select, out).await,
        Action::Check { address, select } => check::connection(client, address, select, out).await,
        Action::TestAccess {
            url,
            websocket,
            select,
        } => check::access(client, url, websocket, select, out).await,
        Action::Remove {
            address,
            select,
            dry_run,
        } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let target = Target::OfMapping(path, address, MappingTarget::Itself);
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}

/// Says what a new system mapping still needs.
async fn added(
    client: &Client,
    path: SubaccountPath,
    address: MappingAddress,
    query: &Query,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let itself = Target::OfMapping(path, address.clone(), MappingTarget::Itself);
    let location = Query {
        location_id: query.location_id.clone(),
        ..Query::default()
    };
    let shown: SystemMapping = client.get(itself, &location).await?;
    if let Some(reason) = shown.not_effective_because {
        writeln!(out.out, "NOT EFFECTIVE: {reason}")?;
    } else {
        writeln!(
            out.out,
            "Nothing of it may be called before `underpass-agent resource add {address} /PATH`; \
             whether the system is reached tells `underpass-agent mapping check {address}`."
        )?;
    }
    Ok(())
}

impl NewMapping {
    fn input(self) -> anyhow::Result<SystemMappingInput> {
        Ok(SystemMappingInput {
            virtual_host: Some(self.address.host),
            virtual_port: Some(self.address.ports),
            local_host: self.internal.0,
            local_port: self.internal.1,
            protocol: self.protocol,
            backend_type: self.backend_type,
            host_in_header: self.host_in_header,
            authentication_mode: self.authentication_mode,
            sid: self.sid.parse()?,
            sap_router: self.sap_router.parse()?,
            snc_partner_name: self.snc_partner_name.parse()?,
            allowed_clients: Some(self.allowed_client),
            blacklisted_users: None,
            description: self.description.parse()?,
            probe: match self.probe_every.map(Number::try_from) {
                Some(Ok(every_sec)) => Some(ProbeInput {
                    path: self.probe_path,
                    every_sec,
                    timeout_sec: None,
                }),
                Some(Err(_)) | None => None,
            },
            creation_date: ReadOnly,
            total_resources_count: ReadOnly,
            enabled_resources_count: ReadOnly,
            effective: ReadOnly,
            not_effective_because: ReadOnly,
            links: ReadOnly,
        })
    }
}

fn list(all: &[SystemMapping], out: &mut dyn Write) -> io::Result<()> {
    let titles = [
        "VIRTUAL",
        "INTERNAL",
        "PROTOCOL",
        "BACK END",
        "RESOURCES",
        "",
    ];
    let rows = all.iter().map(|one| {
        let reason = one.not_effective_because.as_deref();
        [
            format!("{}:{}", one.virtual_host, one.virtual_port),
            format!("{}:{}", one.local_host, one.local_port),
            name(&one.protocol),
            name(&one.backend_type),
            format!(
                "{}/{}",
                one.enabled_resources_count, one.total_resources_count
            ),
            reason.map_or_else(String::new, |reason| format!("NOT EFFECTIVE: {reason}")),
        ]
    });
    table(out, titles, rows)
}

/// The name that a value has in the document.
fn name(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
