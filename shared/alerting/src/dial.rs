//! Connections to receivers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use underpass_runtime::net;

use crate::failure::{Failure, within};
use crate::surroundings::{Receiver, Surroundings};

/// Addresses of one name that are tried; more are no way to a server but a mistake in the DNS.
const ADDRESSES_MAX: usize = 8;

/// Connects to a receiver by the first of its addresses that may be dialled and answers.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    receiver: Receiver,
    surroundings: &Surroundings,
    limit: Duration,
) -> Result<TcpStream, Failure> {
    let step = format!("looking up {host}");
    let found = within(limit, &step, net::resolve(host, port)).await?;
    let found: Vec<SocketAddr> = match found {
        Ok(found) => found.into_iter().take(ADDRESSES_MAX).collect(),
        Err(error) => return Err(Failure::at(step, error)),
    };
    let mut failure = Failure::at(step, "it has no address");
    for address in found {
        let step = format!("connecting to {address}");
        if let Err(rule) = (surroundings.guard)(receiver, address) {
            failure = Failure::at(step, rule);
            continue;
        }
        match within(limit, &step, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let tuned = stream.set_nodelay(true);
                return tuned
                    .map_err(|error| Failure::at(step, error))
                    .map(|()| stream);
            }
            Ok(Err(error)) => failure = Failure::at(step, error),
            Err(late) => failure = late,
        }
    }
    Err(failure)
}
