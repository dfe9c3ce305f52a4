//! Just enough of an HTTP/1.1 client for a kept connection to our own programs.

use std::io::{Read, Write};

use anyhow::{Context, ensure};

/// More than any head here.
const HEAD_LEN_MAX: usize = 64 * 1024;

/// A kept connection.
#[derive(Debug)]
pub(super) struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        let buffer = Vec::new();
        Self { stream, buffer }
    }

    /// Sends a request with a JSON body, and fails where the answer is no success.
    pub(super) fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Vec<u8>> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&(head + body))
    }

    /// Sends a whole request and reads the whole answer.
    pub(super) fn exchange(&mut self, request: &str) -> anyhow::Result<Vec<u8>> {
        self.stream.write_all(request.as_bytes())?;
        let end = loop {
            let found = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
            ensure!(self.buffer.len() < HEAD_LEN_MAX, "the head has no end");
            self.read_more()?;
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(Ok(0), |value| value.trim().parse::<usize>())?;
        while self.buffer.len() < length {
            self.read_more()?;
        }
        let body: Vec<u8> = self.buffer.drain(..length).collect();
        let status = head.lines().next().context("no status")?;
        ensure!(
            status.starts_with("http/1.1 2"),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    fn read_more(&mut self) -> anyhow::Result<()> {
        let mut block = [0; 64 * 1024];
        let count = self.stream.read(&mut block)?;
        ensure!(count > 0, "the connection ended");
        self.buffer
            .extend_from_slice(block.get(..count).unwrap_or_default());
        Ok(())
    }
}
