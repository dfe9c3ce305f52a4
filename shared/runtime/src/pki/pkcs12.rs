//! Key stores that operators bring (PKCS #12): one private key and the certificates with it.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as LibraryError;
use thiserror::Error;
use underpass_shared::config::{Certificate, InvalidCertificate};
use underpass_shared::secret::Secret;

use super::own_key::{OwnKey, OwnKeyError};

/// Why a key store cannot be used.
#[derive(Debug, Error)]
pub enum Pkcs12Error {
    /// Another format, or a damaged file.
    #[error("it is not a PKCS #12 file, or it is damaged")]
    Format(#[source] LibraryError),
    /// The password does not open it.
    #[error("the password is wrong")]
    Password,
    /// Encrypted in a way that is not known.
    #[error(
        "it is encrypted in a way that is not supported; AES (PBES2) and the older 3DES and RC2 are"
    )]
    Encryption,
    /// No key, or several.
    #[error("it holds {0} private keys; it must hold exactly one")]
    Keys(usize),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] OwnKeyError),
    /// A certificate cannot be used.
    #[error("it holds a certificate that cannot be used: {0}")]
    Certificate(#[source] InvalidCertificate),
}

/// Opens a key store. The certificates come as they are, in no order and unchecked.
///
/// # Errors
/// When it cannot be opened, or does not hold exactly one private key.
pub fn read(file: &[u8], password: &Secret) -> Result<(OwnKey, Vec<Certificate>), Pkcs12Error> {
    let archive = Pkcs12Archive::from_pkcs12(file, password.expose());
    let archive = archive.map_err(|error| {
        if matches!(error, LibraryError::MacError(_) | LibraryError::UnpadError) {
            return Pkcs12Error::Password;
        }
        let unknown = matches!(
            error,
            LibraryError::UnsupportedEncryptionScheme | LibraryError::UnsupportedMacAlgorithm
        );
        if unknown {
            return Pkcs12Error::Encryption;
        }
        Pkcs12Error::Format(error)
    })?;
    let [key] = archive.keys.as_slice() else {
        return Err(Pkcs12Error::Keys(archive.keys.len()));
    };
    let key = OwnKey::from_pkcs8(key.key.as_der())?;
    let certificates = archive.certs.iter();
    let certificates: Result<Vec<_>, _> = certificates
        .map(|one| Certificate::from_der(one.cert.as_der()))
        .collect();
    Ok((key, certificates.map_err(Pkcs12Error::Certificate)?))
}
