//! Lists of mail addresses: `a@x.org, "Doe, Jane" <jane@x.org>`.

use thiserror::Error;

use crate::config::limits::RECIPIENTS_MAX;
use crate::host::InternalHost;

/// Bytes of the part before the @ (RFC 5321).
const LOCAL_LEN_MAX: usize = 64;

/// A text that is no list of mail addresses.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum InvalidAddresses {
    #[error("must have at most {RECIPIENTS_MAX} addresses")]
    TooMany,
    #[error("{0:?} is no mail address; write jane@example.com or Jane Doe <jane@example.com>")]
    Address(String),
}

/// Takes a list apart at the commas that are neither in quotes nor in angle brackets, and checks
/// each address in it.
pub(super) fn check(list: &str) -> Result<usize, InvalidAddresses> {
    let (mut quoted, mut angled, mut start) = (false, false, 0);
    let mut addresses = vec![];
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'<' if !quoted => angled = true,
            b'>' if !quoted => angled = false,
            b',' if !quoted && !angled => {
                addresses.push(list.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    addresses.push(list.get(start..).unwrap_or_default());
    if addresses.len() > RECIPIENTS_MAX {
        return Err(InvalidAddresses::TooMany);
    }
    let wrong = addresses.iter().find(|one| !is_mailbox(one.trim()));
    match wrong {
        Some(wrong) => Err(InvalidAddresses::Address(wrong.trim().to_owned())),
        None => Ok(addresses.len()),
    }
}

/// `jane@x.org`, `Jane Doe <jane@x.org>` or `"Doe, Jane" <jane@x.org>`.
fn is_mailbox(text: &str) -> bool {
    let Some(inner) = text.strip_suffix('>') else {
        return is_address(text);
    };
    let Some((name, address)) = inner.rsplit_once('<') else {
        return false;
    };
    let name = name.trim();
    let quoted = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    let plain = quoted.unwrap_or(name);
    !plain.contains(['"', '<', '>', '\\']) && is_address(address)
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    // An address as domain stands in brackets, which nobody needs for alerts.
    local.len() <= LOCAL_LEN_MAX
        && local.split('.').all(atom)
        && domain
            .parse::<InternalHost>()
            .is_ok_and(|host| !host.as_str().contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_apart() {
        for (list, count) in [
            ("a@x", 1),
            ("a.b+c@x.org", 1),
            ("a@x, John Doe <j.doe@company.com>,b@y", 3),
            (r#""Doe, Jane" <jane@x.org>"#, 1),
            ("<a@x>", 1),
            ("Jäne <a@x>", 1),
        ] {
            assert_eq!(check(list), Ok(count), "{list}");
        }
        for list in [
            "",
            "a",
            "@x",
            "a@",
            "a@x,",
            "a@x b@y",
            "a b@x",
            "a..b@x",
            "a@x y",
            "a@@x",
            "Jane a@x>",
            r#"a <b@x>> "#,
            r#""x <a@x>"#,
            "a@[::1]",
            "ä@x",
            &format!("{}@x", "a".repeat(65)),
            &["a@x"; RECIPIENTS_MAX + 1].join(","),
        ] {
            assert!(check(list).is_err(), "{list}");
        }
    }
}
