//! Every timer of the tunnel in one table, with the inequalities that must hold between them.

use std::time::Duration;

/// Silence after which a PING is sent.
pub const PING_AFTER: Duration = Duration::from_secs(8);
/// Silence after a PING that means the connection is dead.
pub const DEAD_AFTER_PING: Duration = Duration::from_secs(4);
/// How often a PING measures the round trip of a connection that is not silent.
pub const MEASURE_EVERY: Duration = Duration::from_secs(15);
/// Unacknowledged data that means the connection is dead (`TCP_USER_TIMEOUT`).
pub const TCP_USER_TIMEOUT: Duration = Duration::from_secs(12);
/// TCP connect, TLS handshake and hello, each.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long running streams may take after a drain.
pub const DRAIN_GRACE: Duration = Duration::from_secs(30);
/// How long a stream stays after an early answer, waiting for the caller to stop its upload.
pub const LINGER: Duration = Duration::from_secs(10);
/// How long an upgraded connection stays after one of its directions has ended.
pub const HALF_CLOSED: Duration = Duration::from_secs(10);
/// How long an end that said goodbye waits for the other one to close.
pub const CLOSE_WAIT: Duration = Duration::from_secs(3);
/// How long an internal request may take.
pub const INTERNAL_REQUEST: Duration = Duration::from_secs(10);
/// How long nothing is read before grown windows go back to their first size.
pub const WINDOW_QUIET: Duration = Duration::from_secs(1);
/// How long the other end's thread may be busy with something else; windows bridge it beside the
/// round trip.
pub const WINDOW_SLACK: Duration = Duration::from_millis(2);
/// First part of an outage, in which attempts follow each other quickly.
pub const BACKOFF_EAGER: Duration = Duration::from_secs(10);
/// Longest wait between attempts in the eager part.
pub const BACKOFF_CAP_EAGER: Duration = Duration::from_millis(1_500);
/// Longest wait between attempts afterwards.
pub const BACKOFF_CAP: Duration = Duration::from_secs(20);
/// First wait; doubled on each failure.
pub const BACKOFF_BASE: Duration = Duration::from_millis(100);
/// After a connection that lived this long the first attempt follows at once.
pub const BACKOFF_STABLE: Duration = Duration::from_secs(30);
/// Longest wait that a gateway can order.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

const _: () = {
    // Both ends must notice a dead path within 13 s, below the shortest NAT idle time of 30 s.
    assert!(PING_AFTER.as_secs() + DEAD_AFTER_PING.as_secs() <= 12);
    assert!(TCP_USER_TIMEOUT.as_secs() <= 12);
    // A silent connection needs no further PING.
    assert!(MEASURE_EVERY.as_secs() > PING_AFTER.as_secs());
    assert!(BACKOFF_CAP_EAGER.as_millis() < 2_000);
    assert!(BACKOFF_CAP_EAGER.as_millis() < BACKOFF_CAP.as_millis());
    assert!(LINGER.as_secs() < DRAIN_GRACE.as_secs());
};
