//! One big transfer, made by curl.

use anyhow::Context;

use super::client::{Client, Way};
use super::nginx::BULK_BYTES;
use crate::shell;
use crate::stop::Stop;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Down,
    Up,
}

/// What one transfer took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    pub(super) seconds: f64,
    pub(super) complete: bool,
}

pub(super) fn run(
    direction: Direction,
    way: Way,
    client: &Client,
    stop: &Stop,
) -> anyhow::Result<Moved> {
    let (path, size) = match direction {
        Direction::Down => ("/bulk", "%{size_download}"),
        Direction::Up => ("/upload", "%{size_upload}"),
    };
    let mut command = client.curl(way, path);
    if direction == Direction::Up {
        // The wait for 100 Continue is not what is measured.
        command.args(["--header", "Expect:", "--upload-file"]);
        command.arg(client.folder.join("files/bulk"));
    }
    command.args(["--output", "/dev/null", "--write-out"]);
    command.arg(format!("%{{http_code}} %{{time_total}} {size}"));
    let printed = shell::capture(&mut command, stop)?;
    let mut words = printed.split_whitespace();
    let code: u16 = words.next().context("curl said nothing")?.parse()?;
    let seconds = words.next().context("curl gave no time")?.parse()?;
    let bytes: u64 = words.next().context("curl gave no size")?.parse()?;
    let complete = (200..300).contains(&code) && bytes == BULK_BYTES;
    Ok(Moved { seconds, complete })
}
