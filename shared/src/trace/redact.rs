//! Credentials in heads of requests and answers, by their names and forms.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in place of a credential.
pub const REDACTED: &str = "(redacted)";

/// What names of credentials hold, without dots, dashes, underscores and case.
const PARTS: [&str; 35] = [
    "accesskey",
    "accountkey",
    "apikey",
    "assertion",
    "authkey",
    "authn",
    "authoriz",
    "authenticat",
    "bearer",
    "clientcert",
    "cookie",
    "credential",
    "encryptionkey",
    "functionskey",
    "jwt",
    "kennwort",
    "masterkey",
    "mysapsso",
    "oauth",
    "passcode",
    "passphrase",
    "passwd",
    "passwor",
    "privatekey",
    "pwd",
    "saml",
    "secret",
    "session",
    "sharedkey",
    "signingkey",
    "signature",
    "subscriptionkey",
    "ticket",
    "token",
    "xauth",
];
/// Short ones, which stand for themselves only.
const WHOLE: [&str; 12] = [
    "auth", "code", "key", "otp", "pass", "pin", "psw", "pw", "sessid", "sid", "sig", "sso",
];
/// Headers whose values are addresses.
const ADDRESSES: [&str; 6] = [
    "content-location",
    "link",
    "location",
    "origin",
    "referer",
    "refresh",
];
/// How values of credentials begin, whatever their header is called.
const SCHEMES: [&str; 5] = ["basic ", "bearer ", "digest ", "negotiate ", "ntlm "];

/// Whether a header, option or field with this name holds a credential, as far as names tell. Names
/// with escapes may hide one.
pub fn is_credential(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'\\' || *byte == b'%';
    let name: Vec<u8> = name.bytes().filter(plain).collect();
    let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
    name.contains(['\\', '%'])
        || WHOLE.contains(&name.as_str())
        || name.ends_with("pass")
        || PARTS.iter().any(|part| name.contains(part))
}

/// The value of a header as it may be written.
pub fn header<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let name = name.to_ascii_lowercase();
    let start = value.trim_start().to_ascii_lowercase();
    let has_scheme = SCHEMES.iter().any(|scheme| start.starts_with(scheme));
    if is_credential(&name) || has_scheme {
        return REDACTED.into();
    }
    if ADDRESSES.contains(&name.as_str()) {
        return target(value).into();
    }
    super::scan::tokens(value)
}

/// An address, or its path and query, as it may be written.
pub fn target(text: &str) -> String {
    let text = without_user(text);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text.as_str(), None),
    };
    let segments: Vec<String> = path.split('/').map(segment).collect();
    let path = segments.join("/");
    let shown = match query {
        Some(query) => format!("{path}?{}", pairs(query)),
        None => path,
    };
    super::scan::tokens(&shown).into_owned()
}

/// Options of a query, or fields of a form.
pub(super) fn pairs(text: &str) -> String {
    let pair = |pair: &str| {
        let Some((name, _value)) = pair.split_once('=') else {
            return pair.to_owned();
        };
        let decoded = percent_decode_str(name).decode_utf8_lossy();
        if is_credential(&decoded) {
            format!("{name}={REDACTED}")
        } else {
            pair.to_owned()
        }
    };
    let all: Vec<String> = text.split('&').map(pair).collect();
    all.join("&")
}

/// One segment of a path, whose parameters may be those of a session.
fn segment(text: &str) -> String {
    let mut parts = text.split(';');
    let first = parts.next().unwrap_or_default();
    let first = match first.split_once('(') {
        // ABAP systems keep the session there.
        Some((name, _mangled)) if name.eq_ignore_ascii_case("sap") => {
            format!("{name}{REDACTED}")
        }
        Some(_) | None => first.to_owned(),
    };
    parts.fold(first, |shown, part| format!("{shown};{}", pairs(part)))
}

fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_user, host)) => format!("{scheme}://{REDACTED}@{host}{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_a_credential() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-CSRF-Token",
            "SAP-Connectivity-Authentication",
            "SAP-Connectivity-Technical-Authentication",
            "X-User-Token",
            "SSL_CLIENT_CERT",
            "X-Forwarded-Client-Cert",
            "MYSAPSSO2",
            "j_password",
            "sap-password",
            "client_secret",
            "SAMLResponse",
            "x-api-key",
            "apiKey",
            "access_token",
            "Passwort",
            "Kennwort",
            "pass",
            "pwd",
            "sid",
            "code",
            "pass\\u0077ord",
            "refreshToken",
            "Ocp-Apim-Subscription-Key",
            "X-Functions-Key",
            "db_pass",
            "smtpPass",
            "passcode",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "Content-Type",
            "Host",
            "Author",
            "key-figure",
            "passenger",
            "x",
            "zipcode",
            "",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn heads_show_everything_but_credentials() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.abcdefgh";
        for (name, value, wanted) in [
            ("Accept", "text/html", "text/html"),
            ("authorization", "Basic YTpi", REDACTED),
            ("X-Custom", "bearer abc", REDACTED),
            ("X-Custom", jwt, REDACTED),
            ("Set-Cookie", "a=b; Path=/", REDACTED),
            (
                "Location",
                "https://u:p@idp/x?code=1&state=2#f",
                "https://(redacted)@idp/x?code=(redacted)&state=2#f",
            ),
            (
                "Referer",
                "/a;jsessionid=1/b?x=1",
                "/a;jsessionid=(redacted)/b?x=1",
            ),
        ] {
            assert_eq!(header(name, value), wanted, "{name}: {value}");
        }
        for (text, wanted) in [
            ("/a/b", "/a/b"),
            (
                "/a?sap-client=100&sap-password=x&%70assword=y",
                "/a?sap-client=100&sap-password=(redacted)&%70assword=(redacted)",
            ),
            ("/sap(bD1kZSZjPTAwMA==)/bc?x", "/sap(redacted)/bc?x"),
        ] {
            assert_eq!(target(text), wanted, "{text}");
        }
    }
}
