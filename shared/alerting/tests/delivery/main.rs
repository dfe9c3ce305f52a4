//! Delivery to servers that nobody of us wrote.

mod crash;
mod mail;
mod post;
mod syslog;
mod world;
