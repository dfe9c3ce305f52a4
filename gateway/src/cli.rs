//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use underpass_shared::id::{InstanceId, LocationId, RegionHost, SubaccountId};

use crate::directory::ENROL_TOKEN_LIFE_MAX;

/// Where the service keeps its data.
pub const DATA_DIR: &str = "/var/lib/underpass-gateway";

const EXAMPLES: &str = "\
First steps:
  underpass-gateway serve --region-host gateway.example.com
  underpass-gateway subaccount add acme
  underpass-gateway enrol-token create --subaccount acme     # give the token to the agent
  underpass-gateway binding create --subaccount acme         # give the JSON to the application
  underpass-gateway status

All commands but `serve` work on the data directory, whether the server runs or not. A running
server sees their changes within a second. Run them as the user of the server.";

/// The cloud end of Underpass: takes the tunnels of agents and the requests of applications.
#[derive(Debug, Parser)]
#[command(name = "underpass-gateway", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Directory of the gateway's state, keys and certificates
    #[arg(
        long, global = true, value_name = "DIR", default_value = DATA_DIR,
        env = "UNDERPASS_GATEWAY_DATA_DIR"
    )]
    pub data_dir: PathBuf,
    /// Answer with JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway until it is told to stop
    Serve(Serve),
    /// Commands that work on the data directory.
    #[command(flatten)]
    Offline(Offline),
}

/// Commands that work on the data directory, with or without a running server.
#[derive(Debug, Subcommand)]
pub enum Offline {
    /// Add, list or remove subaccounts, the tenants of this gateway
    #[command(subcommand)]
    Subaccount(SubaccountCommand),
    /// Create one-time tokens with which agents enrol
    #[command(subcommand)]
    EnrolToken(EnrolTokenCommand),
    /// Create credentials with which applications call through the gateway
    #[command(subcommand)]
    Binding(BindingCommand),
    /// Revoke an agent: its tunnels end within seconds and its location ID becomes free
    #[command(after_help = "Example:\n  \
        underpass-gateway revoke --instance 0190a5a2-6d0e-7cc0-8000-000000000001\n\n\
        `underpass-gateway status` lists the instances.")]
    Revoke(Revoke),
    /// Send a request as an application would, and explain each step
    #[command(after_help = "Examples:\n  \
        underpass-gateway test --subaccount acme http://erp.virtual:8080/sap/bc/ping\n  \
        underpass-gateway test --subaccount acme --location site-b http://erp.virtual/ --json\n\n\
        The request goes through the running gateway's proxy port. The exit code is 0 when the \
        back end answered, whatever it said.")]
    Test(Probe),
    /// Write the whole gateway into one encrypted archive, while it runs or not
    #[command(after_help = "\
Example:
  underpass-gateway backup --passphrase-file /etc/underpass/backup-passphrase gateway.zip

The archive holds subaccounts, agents, bindings, the CA and the keys: with it a lost host is replaced
without enrolling agents anew. Enrolment tokens that are not used yet are left out. It is a zip with
MANIFEST.json (clear) and payload.age, which any `age` program opens with the passphrase.

The passphrase comes from --passphrase-file, else from UNDERPASS_BACKUP_PASSPHRASE in the
environment, else it is asked for.")]
    Backup(Backup),
    /// Put a backup back, into an empty data directory
    #[command(after_help = "\
Example:
  underpass-gateway restore --data-dir /var/lib/underpass-gateway gateway.zip
  underpass-gateway serve --region-host gateway.example.com

Everything is checked before anything changes. Run it as the user of the server, while no gateway
runs, then start the gateway with the name and ports that it had: agents come back by themselves.")]
    Restore(Restore),
    /// Show subaccounts, agents and live tunnels
    #[command(after_help = "Example:\n  underpass-gateway status --json | jq .tunnels")]
    Status,
}

/// Options of the server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  underpass-gateway serve --region-host gateway.example.com
  underpass-gateway serve --data-dir /tmp/gateway --tunnel-listen 127.0.0.1:0 \\
      --proxy-listen 127.0.0.1:0 --token-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0
  underpass-gateway serve --region-host gateway.example.com --proxy-listen 10.20.0.5:20003 \\
      --allow-remote-consumers --consumer-network 10.20.0.0/16

With port 0 the system chooses a free port; addresses.json in the data directory tells which.
The proxy port speaks plain HTTP: keep it on loopback or in a network that you trust. Consumers
from other networks than those that are named are refused at once.
The operators' port answers /healthz, /readyz and /metrics (Prometheus) over plain HTTP.")]
pub struct Serve {
    /// Public name of this gateway, as agents dial it; without a port it takes the tunnel port
    #[arg(long, value_name = "HOST[:PORT]", default_value = "localhost")]
    pub region_host: String,
    /// Where agents connect
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:443")]
    pub tunnel_listen: SocketAddr,
    /// Where applications use the HTTP proxy
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:20003")]
    pub proxy_listen: SocketAddr,
    /// Let applications on other hosts use the proxy, from the networks that are named
    #[arg(long, env = "UNDERPASS_ALLOW_REMOTE_CONSUMERS")]
    pub allow_remote_consumers: bool,
    /// A network that applications may come from, such as 10.20.0.0/16; may be repeated
    #[arg(
        long, value_name = "NETWORK", value_delimiter = ',', value_parser = parse_network,
        env = "UNDERPASS_CONSUMER_NETWORKS"
    )]
    pub consumer_network: Vec<IpNet>,
    /// Where operators' probes and scrapers ask: /healthz, /readyz, /metrics
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:20090")]
    pub admin_listen: SocketAddr,
    /// Where applications fetch tokens, over TLS
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:20443")]
    pub token_listen: SocketAddr,
    /// Certificate chain (PEM) of the token endpoint, for instance a publicly trusted one; read again
    /// when the file changes. Without it the gateway's own CA signs one
    #[arg(
        long,
        value_name = "FILE",
        requires = "token_key",
        env = "UNDERPASS_TOKEN_CERT"
    )]
    pub token_cert: Option<PathBuf>,
    /// Private key (PEM) of --token-cert
    #[arg(
        long,
        value_name = "FILE",
        requires = "token_cert",
        env = "UNDERPASS_TOKEN_KEY"
    )]
    pub token_key: Option<PathBuf>,
    /// Level of the log, or a filter such as `info,underpass_gateway=debug`
    #[arg(
        long,
        value_name = "FILTER",
        default_value = "info",
        env = "UNDERPASS_LOG"
    )]
    pub log: String,
    /// Write the log as JSON lines
    #[arg(long, env = "UNDERPASS_LOG_JSON")]
    pub log_json: bool,
}

/// Tenants.
#[derive(Debug, Subcommand)]
pub enum SubaccountCommand {
    /// Add a subaccount
    #[command(after_help = "Examples:\n  underpass-gateway subaccount add acme\n  \
        underpass-gateway subaccount add acme --id 0190a5a2-6d0e-7cc0-8000-000000000001")]
    Add {
        /// Its display name, unique on this gateway
        name: String,
        /// Its GUID, for instance that of an SAP BTP subaccount; a new one by default
        #[arg(long, value_name = "GUID")]
        id: Option<SubaccountId>,
    },
    /// List all subaccounts
    List,
    /// Remove a subaccount with its agents and bindings: tunnels end and tokens die within seconds
    #[command(after_help = "Example:\n  \
        underpass-gateway subaccount remove acme --yes\n\n\
        Without --yes it only tells what would be removed. It cannot be undone: the agents have \
        to enrol anew.")]
    Remove {
        /// The subaccount, by name or GUID
        #[arg(value_name = "NAME|GUID")]
        subaccount: String,
        /// Really remove it
        #[arg(long)]
        yes: bool,
    },
}

/// Enrolment tokens.
#[derive(Debug, Subcommand)]
pub enum EnrolTokenCommand {
    /// Create a token that one agent may use once
    #[command(after_help = "Examples:\n  \
        underpass-gateway enrol-token create --subaccount acme\n  \
        underpass-gateway enrol-token create --subaccount acme --location-id site-b \
        --valid-for 2h\n\n\
        On the agent's host then: underpass-agent enrol TOKEN")]
    Create(EnrolTokenCreate),
}

/// Options of `enrol-token create`.
#[derive(Debug, Args)]
pub struct EnrolTokenCreate {
    /// The subaccount that the agent will serve, by name or GUID
    #[arg(long, value_name = "NAME|GUID")]
    pub subaccount: String,
    /// The location ID that the agent will have; without it the agent chooses
    #[arg(long, value_name = "ID")]
    pub location_id: Option<LocationId>,
    /// How long the token is good: a number with s, m or h, at most 24h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_life)]
    pub valid_for: Duration,
}

/// Bindings.
#[derive(Debug, Subcommand)]
pub enum BindingCommand {
    /// Create a binding and print its credentials; the secret is shown this once
    #[command(after_help = "Example:\n  \
        underpass-gateway binding create --subaccount acme > credentials.json\n\n\
        The JSON is the `credentials` object of a `connectivity` service in VCAP_SERVICES.")]
    Create {
        /// The subaccount to call into, by name or GUID
        #[arg(long, value_name = "NAME|GUID")]
        subaccount: String,
    },
}

/// Options of `revoke`.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The agent's instance id
    #[arg(long, value_name = "GUID")]
    pub instance: InstanceId,
}

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The subaccount to call into, by name or GUID
    #[arg(long, value_name = "NAME|GUID")]
    pub subaccount: String,
    /// The location ID of the agent; without it the agent that has none
    #[arg(long, value_name = "ID", default_value = "")]
    pub location: LocationId,
    /// The virtual URL, such as `http://erp.virtual:8080/path`
    #[arg(value_parser = parse_url)]
    pub url: http::Uri,
}

/// Where the passphrase of an archive comes from.
#[derive(Debug, Args)]
pub struct Passphrase {
    /// File that holds the passphrase and nothing else
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The archive to write; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its passphrase.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The archive to read
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its passphrase.
    #[command(flatten)]
    pub passphrase: Passphrase,
    /// Replace the gateway that is in the data directory; it is gone then
    #[arg(long)]
    pub force: bool,
}

impl Serve {
    /// The region host, with the tunnel's port where the option names none.
    pub fn region_host(&self, tunnel_port: u16) -> Result<RegionHost, clap::Error> {
        // A name that parses with a second port has none of its own.
        let with_port = format!("{}:{tunnel_port}", self.region_host).parse();
        let parsed = with_port.or_else(|_has_port| self.region_host.parse());
        parsed.map_err(|error| {
            let message = format!("--region-host {}: {error}\n", self.region_host);
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, message)
        })
    }
}

fn parse_url(text: &str) -> Result<http::Uri, String> {
    let wrong = || "must be like http://virtual-host:port/path, without a user".to_owned();
    let url: http::Uri = text.parse().map_err(|_not_a_url| wrong())?;
    let is_http = url.scheme() == Some(&http::uri::Scheme::HTTP);
    let plain = url
        .authority()
        .is_some_and(|one| !one.as_str().contains('@'));
    if is_http && plain {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// A network, or one address.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_not_one| text.parse())
        .map_err(|_neither| "must be a network such as 10.20.0.0/16, or an IP address".to_owned())
}

fn parse_life(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number with s, m or h, such as 15m, at most 24h".to_owned();
    let unit = match text.bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3600,
        Some(_) | None => return Err(wrong()),
    };
    let number: u64 = text
        .get(..text.len() - 1)
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    let life = Duration::from_secs(number.saturating_mul(unit));
    if life.is_zero() || life > ENROL_TOKEN_LIFE_MAX {
        Err(wrong())
    } else {
        Ok(life)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let Command::Serve(serve) = parse("gw serve").unwrap().command else {
            panic!()
        };
        assert_eq!(serve.tunnel_listen.to_string(), "0.0.0.0:443");
        assert_eq!(serve.proxy_listen.to_string(), "127.0.0.1:20003");
        assert_eq!(serve.token_listen.to_string(), "127.0.0.1:20443");
        assert_eq!(serve.admin_listen.to_string(), "127.0.0.1:20090");
        assert_eq!(
            serve.region_host(8443).unwrap().to_string(),
            "localhost:8443"
        );
    }

    #[test]
    fn the_region_host_keeps_its_own_port() {
        let host = |text: &str| {
            let line = format!("gw serve --region-host {text}");
            let Command::Serve(serve) = parse(&line).unwrap().command else {
                panic!()
            };
            serve.region_host(9).map(|host| host.to_string())
        };
        assert_eq!(host("gw.example.com").unwrap(), "gw.example.com:9");
        assert_eq!(host("gw.example.com:443").unwrap(), "gw.example.com");
        assert_eq!(host("[::1]").unwrap(), "[::1]:9");
        assert_eq!(host("[::1]:7").unwrap(), "[::1]:7");
        assert!(host("https://gw").is_err());
    }

    #[test]
    fn networks_are_given_one_by_one_or_as_a_list() {
        let line = "gw serve --consumer-network 10.0.0.0/8,fd00::/8 --consumer-network 192.0.2.1";
        let Command::Serve(serve) = parse(line).unwrap().command else {
            panic!()
        };
        let texts: Vec<_> = serve
            .consumer_network
            .iter()
            .map(IpNet::to_string)
            .collect();
        assert_eq!(texts, ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]);
        for wrong in ["10.0.0.0/33", "host", "10.0.0"] {
            assert!(parse(&format!("gw serve --consumer-network {wrong}")).is_err());
        }
    }

    #[test]
    fn lives_are_numbers_with_a_unit() {
        assert_eq!(parse_life("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_life("24h"), Ok(ENROL_TOKEN_LIFE_MAX));
        for text in [
            "",
            "m",
            "15",
            "0m",
            "25h",
            "-1m",
            "1.5h",
            "15 m",
            "99999999999999999999h",
        ] {
            assert!(parse_life(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_test_needs_a_plain_virtual_url() {
        assert!(parse("gw test --subaccount a http://erp:80/x?y").is_ok());
        for url in ["https://erp/", "/x", "erp:80", "http://me@erp/", "http://"] {
            let line = format!("gw test --subaccount a {url}");
            assert!(parse(&line).is_err(), "{url}");
        }
    }

    #[test]
    fn global_options_go_anywhere() {
        let cli = parse("gw status --json --data-dir /d").unwrap();
        assert!(cli.global.json);
        assert_eq!(cli.global.data_dir.to_str(), Some("/d"));
        assert!(parse("gw --json subaccount list").is_ok());
        assert!(parse("gw revoke --instance x").is_err());
    }
}
