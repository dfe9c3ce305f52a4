//! What of a back end's answer names internal hosts and is told in virtual ones instead.
//!
//! Only `Location` and the domains of cookies: bodies pass as they are.

mod cookie;
mod location;

use http::header::{Entry, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{Mapping, Subaccount};

/// Rewrites the headers of an answer that came by `mapping`. Costs two look-ups where neither
/// header is there.
pub fn response(headers: &mut HeaderMap, subaccount: &Subaccount, mapping: &Mapping) {
    if headers.contains_key(LOCATION) {
        each(headers, LOCATION, |value| {
            location::rewrite(value, subaccount, mapping)
        });
    }
    if headers.contains_key(SET_COOKIE) {
        each(headers, SET_COOKIE, |value| {
            cookie::rewrite(value, &subaccount.own().domain_mappings, mapping)
        });
    }
}

fn each(headers: &mut HeaderMap, name: HeaderName, rewrite: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let Entry::Occupied(mut entry) = headers.entry(name) else {
        return;
    };
    for value in entry.iter_mut() {
        // What is put in holds nothing that a header may not.
        let new = rewrite(value.as_bytes()).and_then(|new| HeaderValue::from_bytes(&new).ok());
        if let Some(new) = new {
            *value = new;
        }
    }
}

#[cfg(test)]
mod tests;
