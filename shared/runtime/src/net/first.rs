//! A connection to the first of several addresses that answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::names::resolve;

/// How long one of several addresses may take. Packets to it may be dropped without a word, and
/// those after it must have their turn.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Connects to the first address that answers, in their order, within `time` for all of them. The
/// last one has all the time that is left.
///
/// # Errors
/// What came of the last address, or that there is none.
pub async fn connect_first<C: Future<Output = io::Result<TcpStream>>>(
    addresses: &[SocketAddr],
    time: Duration,
    connect: impl Fn(SocketAddr) -> C,
) -> io::Result<(TcpStream, SocketAddr)> {
    let end = Instant::now() + time;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (at, &address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let share = share(end.saturating_duration_since(now), addresses.len() - at);
        match timeout_at(now + share, connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Connects to the first address of a name that answers, within `time` for all of it.
///
/// # Errors
/// When the name has no address, or none of them answers.
pub async fn connect_name(host: &str, port: u16, time: Duration) -> io::Result<TcpStream> {
    let end = Instant::now() + time;
    let found = timeout_at(end, resolve(host, port)).await;
    let found = found.map_err(io::Error::from)??;
    let left = end.saturating_duration_since(Instant::now());
    let (stream, _address) = connect_first(&found, left, TcpStream::connect).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// How long the next of so many addresses may take of the time that is left.
fn share(time: Duration, addresses: usize) -> Duration {
    match u32::try_from(addresses) {
        Ok(0 | 1) => time,
        Ok(several) => ATTEMPT.min(time / several),
        Err(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn everybody_has_a_turn_and_the_last_one_the_rest() {
        let s = Duration::from_secs_f64;
        for (time, addresses, share_of_next) in [
            (10.0, 1, 10.0),
            (10.0, 2, 2.0),
            (8.0, 1, 8.0),
            (10.0, 10, 1.0),
            (3.0, 2, 1.5),
            (0.0, 3, 0.0),
        ] {
            assert_eq!(
                share(s(time), addresses),
                s(share_of_next),
                "{time} {addresses}"
            );
        }
    }

    #[tokio::test]
    async fn those_that_are_silent_keep_nobody_from_the_one_that_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = listener.local_addr().unwrap();
        let silent = ["192.0.2.1:1", "192.0.2.2:1"].map(|text| text.parse().unwrap());
        let tried = RefCell::new(vec![]);
        let connect = |address| {
            tried.borrow_mut().push(address);
            async move {
                if silent.contains(&address) {
                    std::future::pending::<()>().await;
                }
                TcpStream::connect(address).await
            }
        };
        let begun = Instant::now();
        let time = Duration::from_millis(600);
        let all = [silent[0], silent[1], answers];
        let (_stream, address) = connect_first(&all, time, connect).await.unwrap();
        assert_eq!(address, answers);
        assert!((time / 2..ATTEMPT).contains(&begun.elapsed()));
        assert_eq!(*tried.borrow(), all);

        let begun = Instant::now();
        let none = connect_first(&silent, time, connect).await.unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= time);
        let nowhere = connect_first(&[], time, connect).await.unwrap_err();
        assert_eq!(nowhere.kind(), io::ErrorKind::NotFound);
    }
}
