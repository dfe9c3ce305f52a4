//! Delivery to servers that nobody of us wrote.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod post;
#[cfg(test)]
mod syslog;
#[cfg(test)]
mod world;
