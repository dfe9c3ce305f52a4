//! The tunnel on real TLS over loopback: what streams do to each other and to their connection.

#[cfg(test)]
mod aborts;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod cancels;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod drains;
#[cfg(test)]
mod handler;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod life;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod stalls;
#[cfg(test)]
mod windows;
