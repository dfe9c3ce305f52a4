//! `certificate show|self-signed|csr|upload|import|remove`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use underpass_shared::api::management::{
    CertificateInput, CertificateOrigin, CertificateShown, CertificateTarget, ImportInput, KeySize,
    Query, SignedInput, Target, Verb,
};
use underpass_shared::pki::alt_name::AltName;
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::dn::DistinguishedName;

use super::DryRun;
use super::client::Client;
use super::output::{Output, reverts, utc};
use crate::secrets;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent certificate csr system --subject CN=agent.corp.example,O=Corp > agent.csr
  underpass-agent certificate upload system agent.pem
  pass show store | underpass-agent certificate import system agent.p12
  underpass-agent certificate self-signed ui --subject CN=agent.corp.example --dns agent.corp.example
  underpass-agent certificate show system

Back ends that ask for a client certificate get the one called system. Private keys are made here,
or come once by import, and never leave.";

/// The variable that the password of a key store is taken from.
const PASSWORD: &str = "UNDERPASS_PKCS12_PASSWORD";
/// What is asked for PEM.
const PEM: &str = "application/x-pem-file";

/// One of the agent's certificates.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Which {
    /// What back ends see that ask for a client certificate.
    System,
    /// What signs the short-lived certificates of users (principal propagation).
    Ca,
    /// What the management API shows.
    Ui,
}

impl Which {
    const fn target(self) -> Target {
        Target::Certificates(CertificateTarget::Own(match self {
            Self::System => CertificateUse::System,
            Self::Ca => CertificateUse::PpCa,
            Self::Ui => CertificateUse::Ui,
        }))
    }
}

/// What kind of key.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Key {
    /// ECDSA on the curve P-256.
    #[default]
    Ecdsa,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 4096 bits.
    Rsa4096,
}

/// What a certificate or request says.
#[derive(Args, Debug)]
pub struct Make {
    /// Which certificate.
    which: Which,
    /// Whose it is, such as CN=agent.corp.example,O=Corp,C=DE.
    #[arg(long)]
    subject: DistinguishedName,
    /// A host name that it is also for; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = dns)]
    dns: Vec<AltName>,
    /// An address that it is also for; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<IpAddr>,
    /// What kind of key is made for it.
    #[arg(long, value_enum, default_value_t)]
    key: Key,
    #[command(flatten)]
    dry_run: DryRun,
}

fn dns(text: &str) -> Result<AltName, String> {
    AltName::new("DNS", text).map_err(|rule| rule.to_string())
}

/// What to do with a certificate.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show a certificate.
    #[command(after_help = "Example:\n  underpass-agent certificate show ui --pem")]
    Show {
        /// Which certificate.
        which: Which,
        /// Print it and its issuers as PEM.
        #[arg(long)]
        pem: bool,
    },
    /// Make a certificate that its own key signs, good for a year, and use it at once.
    #[command(after_help = "Example:\n  \
        underpass-agent certificate self-signed ca --subject CN=Users,O=Corp --key rsa4096")]
    SelfSigned(Make),
    /// Make a key and print a request for your CA; a request before it is dropped.
    #[command(after_help = "Example:\n  \
        underpass-agent certificate csr system --subject CN=agent.corp.example > agent.csr")]
    Csr(Make),
    /// Use the certificate that your CA made for the request.
    #[command(after_help = "Example:\n  underpass-agent certificate upload system agent.pem")]
    Upload {
        /// Which certificate.
        which: Which,
        /// The certificate and its issuers as PEM.
        file: PathBuf,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Use a certificate that comes with its private key: PKCS #12, or PEM with --key.
    ///
    /// The password of a PKCS #12 file is taken from the environment (UNDERPASS_PKCS12_PASSWORD)
    /// or from standard input, never from the command line.
    #[command(after_help = "Example:\n  \
        underpass-agent certificate import system agent.pem --key agent.key")]
    Import {
        /// Which certificate.
        which: Which,
        /// The PKCS #12 file, or the certificate and its issuers as PEM.
        file: PathBuf,
        /// The private key as PEM.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a certificate with its key.
    #[command(after_help = "Example:\n  underpass-agent certificate remove system")]
    Remove {
        /// Which certificate.
        which: Which,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn import(file: &Path, key: Option<&Path>) -> anyhow::Result<ImportInput> {
    if let Some(key) = key {
        return Ok(ImportInput {
            certificate: Some(text(file)?),
            private_key: Some(text(key)?),
            ..ImportInput::default()
        });
    }
    let store = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(
        !store.starts_with(b"-----BEGIN"),
        "{} is PEM; give its private key with --key",
        file.display()
    );
    let password = secrets::read_password(PASSWORD, &mut std::io::stdin().lock())?;
    Ok(ImportInput {
        pkcs12: Some(STANDARD.encode(store)),
        password: Some(password.expose().to_owned()),
        ..ImportInput::default()
    })
}

async fn make(
    client: &Client,
    origin: CertificateOrigin,
    make: Make,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    make.dry_run.put(&mut query);
    let addresses = make.ip.into_iter().map(AltName::Ip);
    let body = CertificateInput {
        origin,
        key_size: match make.key {
            Key::Ecdsa => KeySize::Ecdsa256,
            Key::Rsa2048 => KeySize::Rsa2048,
            Key::Rsa4096 => KeySize::Rsa4096,
        },
        subject_dn: make.subject,
        subject_alt_names: make.dns.into_iter().chain(addresses).collect(),
    };
    let reply = client.send(Verb::Post, make.which.target(), &query, &body);
    let reply = reply.await?;
    if origin == CertificateOrigin::SelfSigned || query.dry_run {
        return out.changed(&reply, query.dry_run);
    }
    let request = String::from_utf8(reply.body.to_vec())?;
    let mut shown = serde_json::json!({ "request": request });
    if let Some(ms) = reply.reverts_at_ms {
        shown["revertsAtMs"] = ms.into();
    }
    out.show(&shown, |out| write!(out, "{request}"))?;
    reverts(reply.reverts_at_ms, &mut std::io::stderr())?;
    Ok(())
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    match action {
        Action::Show { which, pem: true } => {
            let reply = client.get_as(which.target(), PEM).await?;
            let pem = String::from_utf8(reply.to_vec())?;
            let shown = serde_json::json!({ "certificate": pem });
            out.show(&shown, |out| write!(out, "{pem}"))
        }
        Action::Show { which, pem: false } => {
            let shown: CertificateShown = client.get(which.target(), &query).await?;
            out.show(&shown, |out| {
                writeln!(out, "subject      {}", shown.subject_dn)?;
                for name in &shown.subject_alt_names {
                    writeln!(out, "also         {} {}", name.kind, name.value)?;
                }
                writeln!(out, "issuer       {}", shown.issuer)?;
                writeln!(out, "valid from   {} UTC", utc(shown.not_before_time_stamp))?;
                writeln!(out, "valid until  {} UTC", utc(shown.not_after_time_stamp))?;
                writeln!(out, "number       {}", shown.serial_number)?;
                if shown.request_pending {
                    writeln!(out, "a request waits for its certificate")?;
                }
                Ok(())
            })
        }
        Action::SelfSigned(what) => make(client, CertificateOrigin::SelfSigned, what, out).await,
        Action::Csr(what) => make(client, CertificateOrigin::Csr, what, out).await,
        Action::Upload {
            which,
            file,
            dry_run,
        } => {
            dry_run.put(&mut query);
            let signed_certificate = text(&file)?;
            let body = SignedInput { signed_certificate };
            let reply = client.send(Verb::Patch, which.target(), &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Import {
            which,
            file,
            key,
            dry_run,
        } => {
            dry_run.put(&mut query);
            let body = import(&file, key.as_deref())?;
            let reply = client.send(Verb::Put, which.target(), &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Remove { which, dry_run } => {
            dry_run.put(&mut query);
            let reply = client.call(Verb::Delete, which.target(), &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}
