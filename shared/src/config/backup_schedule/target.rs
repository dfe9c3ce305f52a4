//! Where scheduled backups go: a folder of the agent's host, or an address that takes PUT.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::is_false;
use crate::config::invalid::Invalid;
use crate::config::limits::{
    BACKUP_CAS_MAX, BACKUP_PATH_LEN_MAX, BACKUP_USER_LEN_MAX, WEBHOOK_URL_LEN_MAX,
};
use crate::config::loose::{Number, Truth, flag};
use crate::config::text::Text;
use crate::config::trust::Certificate;
use crate::config::webhook::{InvalidWebhookUrl, WebhookOrigin};
use crate::id::{CredentialId, serde_as_text};
use crate::schema::schema;

/// Where the backups of a schedule go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackupDestination {
    /// Into a folder.
    Directory(BackupDirectory),
    /// To an address, by PUT over TLS.
    Url(BackupUpload),
}

impl BackupDestination {
    /// What of the secret store it uses.
    pub fn credential(&self) -> Option<CredentialId> {
        match self {
            Self::Directory(_) => None,
            Self::Url(upload) => upload.login.as_ref().map(|login| login.credential),
        }
    }
}

impl fmt::Display for BackupDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => directory.path.fmt(f),
            Self::Url(upload) => upload.url.fmt(f),
        }
    }
}

/// How many backups of a schedule a folder keeps.
pub type Keep = Number<1, 1_000>;

const fn some_kept() -> Keep {
    Number::constant(14)
}

/// A folder of the agent's host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupDirectory {
    /// Its absolute path; it must exist, and the agent's service must be allowed to write there.
    pub path: FolderPath,
    /// How many backups of the schedule stay there; older ones are deleted after a good run.
    #[serde(default = "some_kept")]
    pub keep: Keep,
}

/// An address that takes PUT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupUpload {
    /// A folder there; the name of each file is put behind it.
    pub url: UploadUrl,
    /// Who puts it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<UploadLogin>,
    /// The only certificates that are trusted there; without any, those that the host's system
    /// trusts and those of the trust store of mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = BACKUP_CAS_MAX))]
    pub ca: Vec<Certificate>,
    /// Whether it goes through the HTTP proxy that leads to the gateways.
    #[serde(default, skip_serializing_if = "is_false", deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub via_proxy: bool,
}

/// Who puts a backup there: a user with a password, or without a user the bearer of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UploadLogin {
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UploadUser>,
    /// The password or token in the secret store.
    pub credential: CredentialId,
}

/// The name of such a user.
pub type UploadUser = Text<BACKUP_USER_LEN_MAX>;

impl BackupUpload {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.ca.len() > BACKUP_CAS_MAX {
            let rule = format!("at most {BACKUP_CAS_MAX} certificates are allowed");
            return Err(Invalid::new("target.url.ca", rule));
        }
        let user = self.login.as_ref().and_then(|login| login.user.as_deref());
        if user.is_some_and(|user| user.is_empty() || user.contains(':')) {
            let rule = "must not be empty and have no colon";
            return Err(Invalid::new("target.url.login.user", rule));
        }
        Ok(())
    }
}

/// The absolute path of a folder, of whatever system the agent's host has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPath(Box<str>);

/// A text that is no such path.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidFolderPath {
    /// Too long.
    #[error("must have at most {BACKUP_PATH_LEN_MAX} bytes")]
    TooLong,
    /// Relative to something.
    #[error(
        r"must be an absolute path, such as /srv/backups, D:\backups or \\server\share\backups"
    )]
    Relative,
    /// A way up, or what no path has.
    #[error("must have no part .. and no control characters")]
    Part,
}

impl FolderPath {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FolderPath {
    type Err = InvalidFolderPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > BACKUP_PATH_LEN_MAX {
            return Err(InvalidFolderPath::TooLong);
        }
        let on_drive = match text.as_bytes() {
            [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
            _ => false,
        };
        if !(text.starts_with('/') || text.starts_with(r"\\") || on_drive) {
            return Err(InvalidFolderPath::Relative);
        }
        let upwards = text.split(['/', '\\']).any(|part| part == "..");
        if upwards || text.chars().any(char::is_control) {
            return Err(InvalidFolderPath::Part);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(FolderPath);
schema!(FolderPath = {
    "description": "The absolute path of a folder, without a part `..`.",
    "type": "string",
    "pattern": "^(/|\\\\\\\\|[A-Za-z]:[\\\\/])[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    "maxLength": BACKUP_PATH_LEN_MAX,
});

/// A folder behind TLS: `https://host/folder/`, without a user and without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadUrl {
    origin: WebhookOrigin,
    path: Box<str>,
}

/// A text that is no such URL.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidUploadUrl {
    /// No URL at all.
    #[error(transparent)]
    Url(InvalidWebhookUrl),
    /// Without TLS.
    #[error("must begin with https://")]
    Plain,
    /// Nothing that a name can be put behind.
    #[error("must end with /, without a query: the name of each file is put behind it")]
    Folder,
}

impl UploadUrl {
    /// Where it leads.
    pub const fn origin(&self) -> &WebhookOrigin {
        &self.origin
    }

    /// The path of a file there.
    pub fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }
}

impl FromStr for UploadUrl {
    type Err = InvalidUploadUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (origin, path) = WebhookOrigin::split(text).map_err(|rule| match rule {
            InvalidWebhookUrl::Scheme => InvalidUploadUrl::Plain,
            InvalidWebhookUrl::TooLong | InvalidWebhookUrl::Host | InvalidWebhookUrl::Path => {
                InvalidUploadUrl::Url(rule)
            }
        })?;
        if !origin.is_tls() {
            return Err(InvalidUploadUrl::Plain);
        }
        if !path.ends_with('/') || path.contains('?') {
            return Err(InvalidUploadUrl::Folder);
        }
        let path = path.into();
        Ok(Self { origin, path })
    }
}

impl fmt::Display for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

serde_as_text!(UploadUrl);
schema!(UploadUrl = {
    "description": "A folder such as https://host/backups/; the name of each file is put behind it.",
    "type": "string",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]://[^/?#@ ]+(/[^?# ]*)?$",
    "maxLength": WEBHOOK_URL_LEN_MAX,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_absolute_on_every_system() {
        for path in ["/", "/srv/backups", r"D:\backups", "c:/x", r"\\nas\share\x"] {
            assert_eq!(path.parse::<FolderPath>().unwrap().as_str(), path);
        }
        for (path, rule) in [
            ("", InvalidFolderPath::Relative),
            ("backups", InvalidFolderPath::Relative),
            ("./x", InvalidFolderPath::Relative),
            (r"D:backups", InvalidFolderPath::Relative),
            ("/srv/../etc", InvalidFolderPath::Part),
            (r"D:\..\x", InvalidFolderPath::Part),
            ("/srv/\n", InvalidFolderPath::Part),
            (
                &format!("/{}", "a".repeat(4_096)),
                InvalidFolderPath::TooLong,
            ),
        ] {
            assert_eq!(path.parse::<FolderPath>(), Err(rule), "{path}");
        }
    }

    #[test]
    fn uploads_go_to_folders_behind_tls() {
        let url: UploadUrl = "HTTPS://Nas.corp:443/dav/".parse().unwrap();
        assert_eq!(url.to_string(), "https://nas.corp/dav/");
        assert_eq!(url.path_of("a.zip"), "/dav/a.zip");
        let root: UploadUrl = "https://nas.corp".parse().unwrap();
        assert_eq!(root.path_of("a.zip"), "/a.zip");
        for (url, rule) in [
            ("http://nas/dav/", InvalidUploadUrl::Plain),
            ("ftp://nas/dav/", InvalidUploadUrl::Plain),
            ("https://nas/dav", InvalidUploadUrl::Folder),
            ("https://nas/dav/?a=/", InvalidUploadUrl::Folder),
            (
                "https://me:pw@nas/",
                InvalidUploadUrl::Url(InvalidWebhookUrl::Host),
            ),
        ] {
            assert_eq!(url.parse::<UploadUrl>(), Err(rule), "{url}");
        }
    }
}
