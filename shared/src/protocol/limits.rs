//! Every limit of the tunnel in one table, with its reason.

use crate::head::{HEAD_MAX, HEADERS_MAX};

/// Streams at once on one connection.
pub const STREAMS_MAX: u32 = 16_384;

/// Streams at once for requests: what both ends tell each other always finds room.
pub const CALLER_STREAMS_MAX: usize = STREAMS_MAX as usize - 64;

/// Streams at once on an enrolment or control connection, whose caller has one request to make.
pub const REQUEST_STREAMS_MAX: u32 = 4;

/// Size of all header fields of one message, uncompressed, in bytes: the longest head that an edge
/// lets in, with the 32 bytes that HTTP/2 counts for each field (RFC 9113 section 6.5.2).
pub const HEADER_LIST_MAX: u32 = 80 * 1024;

/// Largest DATA frame, in bytes: with its head exactly two TLS records, and small enough that a bulk
/// stream never blocks small ones.
pub const FRAME_MAX: u32 = 32 * 1024 - 9;

/// Receive window of a connection: the protocol's maximum, so that only streams push back.
pub const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// Smallest receive window of a stream, in bytes.
pub const STREAM_WINDOW_MIN: u32 = 256 * 1024;

/// Largest receive window of a stream, in bytes: 400 MiB/s at a round trip of 40 ms.
pub const STREAM_WINDOW_MAX: u32 = 16 * 1024 * 1024;

/// Receive window of a stream at first, in bytes; it grows only for consumers that keep reading, so
/// that a burst of stalled ones costs little.
pub const STREAM_WINDOW_START: u32 = 1024 * 1024;

/// Bytes that the streams of a connection share out among them as windows.
pub const WINDOW_BUDGET: u32 = 16 * 1024 * 1024;

/// Bytes that wait to be sent on one stream before its producer waits.
pub const SEND_BUFFER: usize = 64 * 1024;

/// Streams reset by us that are remembered, so that late frames on them are no protocol error.
pub const RESET_STREAMS_KEPT: usize = 100_000;

/// Streams reset by the other end before we accepted them. The guard against reset floods is meant
/// for strangers; here both ends are ours and a consumer that cancels 1,000 requests is normal.
pub const PENDING_RESETS_MAX: usize = 100_000;

/// Streams after which a connection is replaced, long before stream ids run out at 2^30.
pub const ROTATE_AFTER_STREAMS: u64 = 500_000_000;

/// Tunnel connections that one agent may hold for one subaccount.
pub const CONNECTIONS_MAX: u8 = 16;

/// Tunnel connections that an agent holds when the gateway does not ask for another number.
pub const CONNECTIONS_DEFAULT: u8 = 2;

const _: () = {
    assert!(HEADER_LIST_MAX as usize >= HEAD_MAX + 32 * HEADERS_MAX);
    assert!(STREAMS_MAX >= 10_000);
    assert!(STREAM_WINDOW_MIN <= STREAM_WINDOW_START && STREAM_WINDOW_START <= STREAM_WINDOW_MAX);
    assert!(STREAM_WINDOW_MAX <= WINDOW_BUDGET);
    assert!(ROTATE_AFTER_STREAMS < 1 << 30);
    assert!(CONNECTIONS_DEFAULT >= 1 && CONNECTIONS_DEFAULT <= CONNECTIONS_MAX);
};
