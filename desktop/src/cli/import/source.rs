//! The reading: of a running connector, or of a file.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use underpass_fleet::scc::{self, Connector, Login, Progress};
use underpass_shared::scc::{Reading, SourceSubaccount};
use underpass_shared::secret::Secret;

use super::options::Scc;
use crate::cli::output::is_attended;
use crate::cli::read;

/// The longest password or key that is read from a file.
const SECRET_LEN_MAX: usize = 64 * 1024;

impl Scc {
    pub(super) fn reading(&self) -> anyhow::Result<Reading> {
        if let Some(path) = &self.file {
            let whose = whose(self.list_of.as_deref())?;
            let text = read_bytes(path)?;
            let name = path.display().to_string();
            let reading = Reading::from_file(&text, &name, &whose);
            return reading.with_context(|| format!("cannot use {name}"));
        }
        let url = self.url.clone().context("--url is missing")?;
        let fingerprint = self.fingerprint.context("--fingerprint is missing")?;
        let connector = Connector {
            url,
            fingerprint,
            login: self.login()?,
        };
        let attended = is_attended();
        let tell = move |Progress { done, known }: Progress| {
            if attended {
                // Without a standard error there is nobody to tell.
                drop(write!(std::io::stderr(), "\rread {done} of {known} "));
            }
        };
        let reading = scc::read_here(&connector, &tell);
        if attended {
            drop(writeln!(std::io::stderr()));
        }
        reading.context("the connector was not read, and nothing was changed")
    }

    fn login(&self) -> anyhow::Result<Login> {
        let basic = match (&self.user, &self.password_file) {
            (None, _) => None,
            (Some(user), Some(path)) => Some((user.clone(), secret(path)?)),
            (Some(user), None) => {
                ensure!(
                    is_attended(),
                    "nobody is there to be asked for the password of {user}; name its file by --password-file"
                );
                let asked = rpassword::prompt_password(format!("Password of {user}: "));
                let asked = asked.context("cannot ask for the password")?;
                Some((user.clone(), Secret::new(asked)))
            }
        };
        let certificate = match (&self.client_cert, &self.client_key) {
            (Some(chain), Some(key)) => Some((read(chain)?, secret(key)?)),
            _ => None,
        };
        ensure!(
            basic.is_some() || certificate.is_some(),
            "name a user by --user, or a client certificate by --client-cert and --client-key"
        );
        Ok(Login { basic, certificate })
    }
}

/// The subaccount of a list.
fn whose(text: Option<&str>) -> anyhow::Result<SourceSubaccount> {
    let (subaccount, region_host) = match text {
        Some(text) => {
            let parts = text.rsplit_once('@');
            parts.context("--list-of is written ID@REGIONHOST")?
        }
        None => ("file", "file"),
    };
    Ok(SourceSubaccount {
        region_host: region_host.to_owned(),
        subaccount: subaccount.to_owned(),
    })
}

fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    /// As long as the longest reading.
    const LEN_MAX: u64 = 256 * 1024 * 1024;
    let told = || format!("cannot read {}", path.display());
    let len = std::fs::metadata(path).with_context(told)?.len();
    ensure!(
        len <= LEN_MAX,
        "{} is larger than {LEN_MAX} bytes",
        path.display()
    );
    std::fs::read(path).with_context(told)
}

/// A password or key of a file.
fn secret(path: &Path) -> anyhow::Result<Secret> {
    let told = || format!("cannot read {}", path.display());
    let text = std::fs::read_to_string(path)
        .map(Secret::new)
        .with_context(told)?;
    ensure!(
        text.expose().len() <= SECRET_LEN_MAX,
        "{} has more than {SECRET_LEN_MAX} bytes",
        path.display()
    );
    Ok(Secret::new(
        text.expose().trim_end_matches(['\r', '\n']).to_owned(),
    ))
}
