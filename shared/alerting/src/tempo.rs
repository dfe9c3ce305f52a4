//! How fast alerts are delivered.

use std::time::Duration;

/// Times of delivery. Tests make them shorter; nothing else should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// The longest wait after the first failure.
    pub retry_first: Duration,
    /// The longest wait after many failures.
    pub retry_most: Duration,
    /// How long a mail or a message to people waits for others that come with it: what breaks
    /// together is told together.
    pub gather: Duration,
    /// How long after a mail about a category the next one about it may follow.
    pub per_category: Duration,
    /// How long after a message to a chat the next one may follow.
    pub between_chats: Duration,
    /// How long after a parcel for a program the next one may follow.
    pub between_posts: Duration,
    /// How long a connection may take to come up, with TLS.
    pub connect: Duration,
    /// How long each answer of a receiver may take.
    pub answer: Duration,
    /// How long a mail server may take to say whether it has taken a message.
    pub taking: Duration,
    /// How long a whole attempt may take.
    pub attempt: Duration,
    /// How long those of several recipients who are refused with a 4xx are asked again.
    pub recipient_patience: Duration,
    /// The same while other notices wait, which they hold up.
    pub hold_up: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_secs(5),
            // A server that comes back is found within minutes.
            retry_most: Duration::from_secs(5 * 60),
            gather: Duration::from_secs(2),
            per_category: Duration::from_secs(60),
            // Slack and Teams take about one message a second from all senders together.
            between_chats: Duration::from_secs(10),
            between_posts: Duration::from_secs(1),
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            // Whoever gives up earlier sends it twice (RFC 5321 section 4.5.3.2.6).
            taking: Duration::from_secs(10 * 60),
            attempt: Duration::from_secs(15 * 60),
            recipient_patience: Duration::from_secs(60 * 60),
            // Greylisting lets a mail pass after some minutes; a mailbox that is full for days must
            // not keep alerts from the others.
            hold_up: Duration::from_secs(10 * 60),
        }
    }
}
