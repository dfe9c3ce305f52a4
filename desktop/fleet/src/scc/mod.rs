//! Reading a running SAP Cloud Connector through its documented REST API. Nothing is ever written
//! there: all requests are GETs.

mod answer;
mod error;
mod wire;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::host::InternalAddress;
use underpass_shared::scc::{Call, Reading, Source};
use underpass_shared::secret::Secret;

use self::answer::Answer;
pub use self::error::SccError;
use self::wire::Wire;

/// How long a whole reading may take. The largest configurations have some ten thousand answers.
const READING_TIME: Duration = Duration::from_secs(30 * 60);
/// Most questions of a reading; a connector cannot make us ask for ever.
const CALLS_MAX: usize = 50_000;
/// Most bytes of all answers together; they are kept in memory.
const READING_LEN_MAX: usize = 256 * 1024 * 1024;
/// Questions at once: a small connector is not to be crowded.
const AT_ONCE: usize = 4;

/// The SHA-256 of a server's certificate, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a fingerprint is SHA-256: 64 hexadecimal digits, with or without colons between the bytes"
)]
pub struct InvalidFingerprint;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|one| !matches!(one, ':' | ' '))
            .map(|one| one.to_digit(16).ok_or(InvalidFingerprint))
            .collect::<Result<_, _>>()?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u8::try_from(high * 16 + low).or(Err(InvalidFingerprint)),
                _ => Err(InvalidFingerprint),
            })
            .collect::<Result<_, _>>()?;
        bytes.try_into().map(Self).or(Err(InvalidFingerprint))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Where a connector is: `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SccUrl(pub InternalAddress);

/// A text that is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connector's address is written https://host or https://host:8443, without a path")]
pub struct InvalidSccUrl;

impl FromStr for SccUrl {
    type Err = InvalidSccUrl;

    fn from_str(text: &str) -> Result<Self, InvalidSccUrl> {
        /// Where the connector listens unless told otherwise.
        const PORT: u16 = 8443;
        let rest = text.strip_prefix("https://").ok_or(InvalidSccUrl)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let with_port = format!("{rest}:{PORT}");
        let address = rest.parse().or_else(|_no_port| with_port.parse());
        address.map(Self).or(Err(InvalidSccUrl))
    }
}

impl fmt::Display for SccUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.0)
    }
}

/// Who we are for the connector.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// A user and the password.
    pub basic: Option<(String, Secret)>,
    /// A client certificate with its issuers, and its key (PEM).
    pub certificate: Option<(String, Secret)>,
}

/// What a server shows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// What that says of itself.
    pub certificate: String,
}

/// A connector and how it is reached.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Where it is.
    pub url: SccUrl,
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// Who we are for it.
    pub login: Login,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Questions that were answered.
    pub done: usize,
    /// Questions that are known; answers lead to further ones.
    pub known: usize,
}

/// Looks at the certificate of whatever answers there. Nothing is sent to it.
///
/// # Errors
/// When nobody answers, or it speaks no TLS.
pub async fn look(url: &SccUrl, tasks: &Tasks) -> Result<Shown, SccError> {
    let stranger = Connector {
        url: url.clone(),
        // No certificate has it, so the handshake ends once the certificate was seen.
        fingerprint: Fingerprint([0; 32]),
        login: Login::default(),
    };
    match Wire::new(&stranger, tasks)?.connect().await {
        Err(SccError::OtherCertificate {
            shown, fingerprint, ..
        }) => Ok(Shown {
            fingerprint,
            certificate: shown,
        }),
        Err(error) => Err(error),
        Ok(_link) => Err(SccError::Answer {
            path: url.to_string(),
            why: "it shows no certificate".to_owned(),
        }),
    }
}

/// Reads the whole configuration. To stop it, drop it.
///
/// # Errors
/// When the connector cannot be reached, is another one, does not know us, or answers what is no
/// answer. Nothing is made of half a configuration; what it refuses to tell beside that is kept in
/// the reading.
pub async fn read(
    connector: &Connector,
    tasks: &Tasks,
    tell: &(dyn Fn(Progress) + Sync),
) -> Result<Reading, SccError> {
    let wire = Wire::new(connector, tasks)?;
    let whole = timeout(READING_TIME, all(&wire, connector, tell));
    whole.await.unwrap_or(Err(SccError::TooLong))
}

/// The same on the calling thread, for commands.
///
/// # Errors
/// The same, or when no runtime can be made.
pub fn read_here(
    connector: &Connector,
    tell: &(dyn Fn(Progress) + Sync),
) -> Result<Reading, SccError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(SccError::Runtime)?;
    let tasks = Tasks::new();
    let reading = runtime.block_on(read(connector, &tasks, tell));
    tasks.stop();
    reading
}

async fn all(
    wire: &Wire,
    connector: &Connector,
    tell: &(dyn Fn(Progress) + Sync),
) -> Result<Reading, SccError> {
    let mut reading = Reading::of(Source {
        address: connector.url.to_string(),
        read_at_ms: clock::wall_ms(),
    });
    let mut len = 0;
    loop {
        let mut calls = reading.open_calls();
        // One alone first: a wrong password is to be tried once, not as often as there are calls.
        if reading.is_empty() {
            calls.truncate(1);
        }
        if calls.is_empty() {
            return Ok(reading);
        }
        let known = reading.len() + calls.len();
        if known > CALLS_MAX {
            return Err(SccError::TooMuch);
        }
        let asked = stream::iter(calls).map(|call| async move {
            let answer = wire.ask(&call).await;
            answer.map(|answer| (call, answer))
        });
        let mut asked = std::pin::pin!(asked.buffer_unordered(AT_ONCE));
        while let Some(answered) = asked.next().await {
            let (call, answer) = answered?;
            len += keep(&mut reading, &call, answer)?;
            if len > READING_LEN_MAX {
                return Err(SccError::TooMuch);
            }
            let done = reading.len();
            tell(Progress { done, known });
        }
    }
}

/// Keeps an answer, and tells how long it was.
fn keep(reading: &mut Reading, call: &Call, answer: Answer) -> Result<usize, SccError> {
    match answer {
        Answer::Json(value, len) => {
            reading.keep(&call.path, value);
            Ok(len)
        }
        Answer::Certificate(certificate) => {
            reading.keep_certificate(&call.path, &certificate);
            Ok(certificate.der().len())
        }
        Answer::Refused(refused) if call.needed => Err(SccError::Refused {
            path: call.path.clone(),
            status: refused.status,
            message: refused.message,
        }),
        Answer::Refused(refused) => {
            reading.keep_refusal(&call.path, refused);
            Ok(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_and_addresses_are_written_as_usual() {
        let plain = "ab".repeat(32);
        let fingerprint: Fingerprint = plain.parse().unwrap();
        let shown = fingerprint.to_string();
        assert!(shown.starts_with("AB:AB:"), "{shown}");
        assert_eq!(shown.parse(), Ok(fingerprint));
        for wrong in [
            "",
            "ab",
            &"ab".repeat(31),
            &"ab".repeat(33),
            &"zz".repeat(32),
            &plain[1..],
        ] {
            assert_eq!(
                wrong.parse::<Fingerprint>(),
                Err(InvalidFingerprint),
                "{wrong}"
            );
        }
        for (text, shown) in [
            ("https://scc.corp", "https://scc.corp:8443"),
            ("https://SCC.corp:443/", "https://scc.corp:443"),
            ("https://[::1]:9", "https://[::1]:9"),
        ] {
            assert_eq!(text.parse::<SccUrl>().unwrap().to_string(), shown);
        }
        for wrong in [
            "http://scc",
            "scc:8443",
            "https://",
            "https://scc/x",
            "https://u@scc",
            "https://scc:0",
        ] {
            assert_eq!(wrong.parse::<SccUrl>(), Err(InvalidSccUrl), "{wrong}");
        }
    }

    #[test]
    fn a_login_does_not_print_its_secrets() {
        let login = Login {
            basic: Some(("u".to_owned(), Secret::new("hunter2".to_owned()))),
            certificate: Some(("cert".to_owned(), Secret::new("key".to_owned()))),
        };
        let shown = format!("{login:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("\"key\""),
            "{shown}"
        );
    }
}
