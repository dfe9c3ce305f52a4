//! Options of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;
use underpass_shared::host::InternalHost;

use super::value::parse_network;

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
    /// Host that bindings tell applications for the proxy; without it the address of --proxy-listen,
    /// or the region host's name where that is every address (0.0.0.0)
    #[arg(long, value_name = "HOST", env = "UNDERPASS_PROXY_HOST")]
    pub proxy_host: Option<InternalHost>,
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
    /// Settings of alerts (TOML): who is told of what; read again when the file changes. Without it
    /// alerts are only in the log and in `underpass-gateway alerts list`
    #[arg(long, value_name = "FILE", env = "UNDERPASS_ALERTS")]
    pub alerts: Option<PathBuf>,
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
