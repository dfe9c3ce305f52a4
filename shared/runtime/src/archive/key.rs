//! What archives are sealed with and opened by.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::iter;
use std::str::FromStr;

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{Decryptor, Encryptor, scrypt, x25519};
use thiserror::Error;
use underpass_shared::secret::Secret;

use super::error::ArchiveError;

/// Keys that one archive may be sealed to: some people and a safe.
pub const RECIPIENTS_MAX: usize = 16;
/// Work of making a key from the passphrase, as a power of two: what `age` itself chooses, 256 MiB
/// of memory and about a second.
const WORK: u8 = 18;

/// A text that is no public key of `age`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a public key of age, as age-keygen shows it: age1 and 58 letters and digits")]
pub struct InvalidRecipient;

/// A text that is no private key of `age`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "must be a private key of age, as age-keygen writes it: AGE-SECRET-KEY-1 and 58 letters and digits"
)]
pub struct InvalidIdentity;

/// A public key that archives are sealed to.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).or(Err(InvalidRecipient))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The private key of a recipient.
#[derive(Clone)]
pub struct Identity(x25519::Identity);

impl Identity {
    /// A new one.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// What archives are sealed to so that this opens them.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// As text.
    pub fn to_text(&self) -> Secret {
        Secret::new(self.0.to_string().expose_secret().to_owned())
    }

    /// Reads the one key of a file that `age-keygen` made: comments, then a line with the key.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn of_file(text: &str) -> Result<Self, InvalidIdentity> {
        let lines = text.lines().map(str::trim);
        let mut keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (keys.next(), keys.next()) {
            (Some(key), None) => key.parse(),
            (Some(_) | None, _) => Err(InvalidIdentity),
        }
    }
}

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).or(Err(InvalidIdentity))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What an archive is sealed with.
#[derive(Clone, Debug)]
pub enum Lock {
    /// Who has it can open it.
    Passphrase(Secret),
    /// Whoever has the private key of one of them can open it.
    Recipients(Vec<Recipient>),
}

impl Lock {
    pub(super) fn encryptor(&self) -> Result<Encryptor, ArchiveError> {
        self.encryptor_with(WORK)
    }

    pub(super) fn encryptor_with(&self, work: u8) -> Result<Encryptor, ArchiveError> {
        let made = match self {
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose()));
                recipient.set_work_factor(work);
                Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
            }
            Self::Recipients(all) => {
                if !(1..=RECIPIENTS_MAX).contains(&all.len()) {
                    return Err(ArchiveError::Recipients {
                        found: all.len(),
                        most: RECIPIENTS_MAX,
                    });
                }
                let each = all.iter().map(|one| &one.0 as &dyn age::Recipient);
                Encryptor::with_recipients(each)
            }
        };
        made.map_err(|error| ArchiveError::Make(io::Error::other(error)))
    }
}

/// What opens an archive.
#[derive(Clone, Debug)]
pub enum Key {
    /// The passphrase that it was sealed with.
    Passphrase(Secret),
    /// The private key of one of its recipients.
    Identity(Identity),
}

impl Key {
    /// The content behind a payload, as it is read. At most `work` is done to try a passphrase.
    pub(super) fn unseal<R: BufRead>(
        &self,
        payload: R,
        work: u8,
    ) -> Result<impl Read + use<R>, ArchiveError> {
        let decryptor = Decryptor::new_buffered(payload).map_err(ArchiveError::Age)?;
        let (sealed_with_passphrase, wrong) = (decryptor.is_scrypt(), self.wrong());
        let opened = match self {
            Self::Passphrase(passphrase) if sealed_with_passphrase => {
                let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose()));
                identity.set_max_work_factor(work);
                decryptor.decrypt(iter::once(&identity as &dyn age::Identity))
            }
            Self::Identity(identity) if !sealed_with_passphrase => {
                decryptor.decrypt(iter::once(&identity.0 as &dyn age::Identity))
            }
            Self::Passphrase(_) => return Err(ArchiveError::WantsIdentity),
            Self::Identity(_) => return Err(ArchiveError::WantsPassphrase),
        };
        opened.map_err(|error| {
            use age::DecryptError::{
                DecryptionFailed, ExcessiveWork, InvalidMac, KeyDecryptionFailed, NoMatchingKeys,
            };
            if let ExcessiveWork { required, .. } = error {
                let (found, most) = (required, work);
                return ArchiveError::Work { found, most };
            }
            // `age` tries the passphrase like any key, so a wrong one is one that fits nothing. A
            // forged head must not look different.
            if matches!(
                error,
                DecryptionFailed | InvalidMac | KeyDecryptionFailed | NoMatchingKeys
            ) {
                wrong
            } else {
                ArchiveError::Age(error)
            }
        })
    }

    const fn wrong(&self) -> ArchiveError {
        match self {
            Self::Passphrase(_) => ArchiveError::Passphrase,
            Self::Identity(_) => ArchiveError::Identity,
        }
    }
}
