//! The connection to a mail server, up to its greeting inside of TLS.
//!
//! TLS is ours and not the library's, so that mail servers are believed by the same rules as back
//! ends. So STARTTLS is spoken here.

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use underpass_shared::config::MailFields;

use super::options::{Options, Security};
use super::stream::SmtpStream;
use crate::dial;
use crate::failure::{Failure, within};
use crate::settings::Route;
use crate::surroundings::{Receiver, Surroundings};
use crate::tempo::Tempo;
use crate::trust::Inside;

/// Bytes of all that a server says before TLS.
const GREETING_LEN_MAX: u64 = 64 * 1024;

/// Connects, with TLS where it is wanted, and says hello.
pub(super) async fn open(
    mail: &MailFields,
    options: &Options,
    route: &Route,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Result<AsyncSmtpConnection, Failure> {
    let host = mail.smtp_host.trim_start_matches('[').trim_end_matches(']');
    let (connect, answer) = (options.connect(tempo), options.answer(tempo));
    let stream = dial::connect(host, options.port, Receiver::Mail, surroundings, connect).await?;
    let name = hello(options, route);
    let stream = match options.security {
        Security::None => SmtpStream::plain(stream),
        Security::Implicit(trust) => SmtpStream::tls(
            trust
                .connect(&route.trusted, host, stream, Inside::Other, connect)
                .await?,
        ),
        Security::StartTls(trust) => {
            let step = "STARTTLS";
            let ready = within(answer, step, start_tls(stream, &name)).await?;
            let stream = ready.map_err(|why| Failure::at(step, why))?;
            let stream = trust
                .connect(&route.trusted, host, stream, Inside::Other, connect)
                .await?;
            SmtpStream::greeted(stream)
        }
    };
    let step = format!("the greeting of {host}");
    let said = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name);
    let said = within(answer, &step, said).await?;
    said.map_err(|error| Failure::at(step, error))
}

/// What the agent calls itself.
fn hello(options: &Options, route: &Route) -> ClientId {
    let own = route.sender.host.as_str();
    let named = own
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    match &options.hello {
        Some(name) => ClientId::Domain(name.clone()),
        None if named && !own.is_empty() => ClientId::Domain(own.to_owned()),
        None => ClientId::Domain("localhost".to_owned()),
    }
}

/// Asks for TLS; the error says what the server said instead.
async fn start_tls(stream: TcpStream, name: &ClientId) -> Result<TcpStream, String> {
    let mut server = Server {
        stream: BufReader::new(stream),
        left: GREETING_LEN_MAX,
    };
    server.expect("220").await?;
    server.say(&format!("EHLO {name}\r\n")).await?;
    let offered = server.expect("250").await?;
    if !offered
        .iter()
        .any(|line| line.eq_ignore_ascii_case("STARTTLS"))
    {
        return Err("the server does not offer it, and without TLS nothing is sent".to_owned());
    }
    server.say("STARTTLS\r\n").await?;
    server.expect("220").await?;
    // What somebody on the way put behind the answer must not count as said inside of TLS.
    if !server.stream.buffer().is_empty() {
        return Err("the server said more than it may before TLS".to_owned());
    }
    Ok(server.stream.into_inner())
}

/// A server before TLS.
struct Server {
    stream: BufReader<TcpStream>,
    /// Bytes that it may still say.
    left: u64,
}

impl Server {
    async fn say(&mut self, line: &str) -> Result<(), String> {
        let written = self.stream.get_mut().write_all(line.as_bytes()).await;
        written.map_err(|error| error.to_string())
    }

    /// Reads an answer of perhaps several lines, and gives them without their codes.
    async fn expect(&mut self, code: &str) -> Result<Vec<String>, String> {
        let mut lines = vec![];
        loop {
            let mut line = vec![];
            let mut limited = (&mut self.stream).take(self.left);
            let read = limited.read_until(b'\n', &mut line).await;
            let read = read.map_err(|error| error.to_string())?;
            self.left = self
                .left
                .saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
            let line = String::from_utf8_lossy(&line);
            let Some(text) = line.strip_suffix('\n').map(str::trim_end) else {
                return Err("the server broke the connection off".to_owned());
            };
            let rest = text.strip_prefix(code);
            let Some(rest) = rest else {
                return Err(format!("the server said: {text}"));
            };
            lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if !rest.starts_with('-') {
                return Ok(lines);
            }
        }
    }
}
