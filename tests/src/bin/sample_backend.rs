//! Command line of the sample back end.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A small HTTP/1.1 server to try Underpass with.
#[derive(Debug, Parser)]
#[command(name = "underpass-sample-backend", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// File that gets `{"pid", "address"}` once the server listens.
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    if let Some(path) = &arguments.addresses {
        write_addresses(path, address)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    writeln!(io::stdout(), "listening on {address}")?;

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    underpass_tests::sample::serve(listener, stop).await?;
    Ok(())
}

/// Renames the finished file into place, so that a reader never sees half of it.
fn write_addresses(path: &Path, address: SocketAddr) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let content = serde_json::json!({"pid": std::process::id(), "address": address});
    file.write_all(content.to_string().as_bytes())?;
    file.persist(path)?;
    Ok(())
}
