//! Credentials in texts of any kind: fields of JSON, YAML and the like, elements and attributes of
//! XML, headers of embedded messages, and tokens that are known by their form.
//!
//! It reads no grammar: what looks like a name of a credential with a value loses the value, up to
//! where it surely ends. Rather too much is taken out than too little.

use std::borrow::Cow;

use super::redact::{REDACTED, is_credential};

/// How JSON web tokens begin.
const TOKEN: &str = "eyJ";
/// Shorter runs are words.
const TOKEN_LEN: usize = 16;

/// A text without tokens.
pub(super) fn tokens(text: &str) -> Cow<'_, str> {
    if !text.contains(TOKEN) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN) {
        let (before, from) = rest.split_at(at);
        let inside = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
        let end = from.find(|c| !inside(c)).unwrap_or(from.len());
        let (token, after) = from.split_at(end);
        // One that was cut off at the end may be of any length.
        let is_token = token.len() >= TOKEN_LEN || after.is_empty();
        shown.push_str(before);
        shown.push_str(if is_token { REDACTED } else { token });
        rest = after;
    }
    shown.push_str(rest);
    shown.into()
}

/// A text without credentials.
pub(super) fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '<' => element(rest),
            c if in_name(c) => field(rest),
            _ => None,
        };
        rest = match taken {
            Some((kept, value_len)) => {
                let (kept, after) = rest.split_at(kept);
                shown.push_str(kept);
                shown.push_str(REDACTED);
                after.get(value_len..).unwrap_or_default()
            }
            None => {
                let end = if in_name(first) {
                    name_len(rest)
                } else {
                    first.len_utf8()
                };
                let (kept, after) = rest.split_at(end);
                shown.push_str(kept);
                after
            }
        };
    }
    tokens(&shown).into_owned()
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.\\%".contains(c)
}

/// A name ends before the backslashes of an escaped quote.
fn name_len(text: &str) -> usize {
    let end = text.find(|c| !in_name(c)).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or_default();
    match name.trim_end_matches('\\').len() {
        0 => end,
        len => len,
    }
}

/// Bytes up to a value that is a credential, and of the value. The text begins with a name.
fn field(text: &str) -> Option<(usize, usize)> {
    let name_end = name_len(text);
    let (name, rest) = text.split_at(name_end);
    if !is_credential(name) {
        return None;
    }
    let unquoted = rest
        .trim_start_matches('\\')
        .trim_start_matches(['"', '\'']);
    let is_quoted = unquoted.len() < rest.len();
    let spaced = unquoted.trim_start();
    let value = spaced.strip_prefix([':', '=']).map(str::trim_start)?;
    let is_line = spaced.starts_with(':') && !is_quoted;
    let kept = text.len() - value.len();
    Some((kept, value_len(value, is_line)))
}

fn value_len(value: &str, is_line: bool) -> usize {
    let escapes = value.len() - value.trim_start_matches('\\').len();
    let from = value.get(escapes..).unwrap_or_default();
    match from.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted_len(value, escapes, quote),
        Some('[' | '{') if escapes == 0 => nested_len(value),
        Some(_) if is_line => value.find(['\r', '\n']).unwrap_or(value.len()),
        Some(_) => {
            let ends = |c: char| c.is_whitespace() || "&;,}])<\"'".contains(c);
            value.find(ends).unwrap_or(value.len())
        }
        None => 0,
    }
}

/// Up to behind the quote that is escaped as the first one is.
fn quoted_len(value: &str, escapes: usize, quote: char) -> usize {
    let mut run = 0;
    for (at, c) in value.char_indices().skip(escapes + 1) {
        match c {
            '\\' => run += 1,
            c if c == quote && (run == escapes || (escapes == 0 && run % 2 == 0)) => return at + 1,
            _ => run = 0,
        }
    }
    value.len()
}

/// Up to behind the bracket that closes the first one.
fn nested_len(value: &str) -> usize {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_text = !is_text,
            '[' | '{' if !is_text => depth += 1,
            ']' | '}' if !is_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    value.len()
}

/// The same for an element of XML; the text begins with `<`.
fn element(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix('<')?;
    let end = rest.find(|c: char| c.is_whitespace() || "/>".contains(c));
    let full = rest.get(..end.unwrap_or(rest.len()))?;
    let name = full.rsplit(':').next().unwrap_or_default();
    if full.is_empty() || !is_credential(name) {
        return None;
    }
    let close = text.find('>').map(|at| at + 1).unwrap_or(text.len());
    if text.get(..close)?.ends_with("/>") {
        return None;
    }
    // Whatever its attributes are, they go too.
    let kept = 1 + full.len();
    let ending = format!("</{full}");
    let value = text.get(kept..)?;
    Some((kept, value.find(&ending).unwrap_or(value.len())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_credential_stays_as_it_is() {
        for plain in [
            "",
            r#"{"user":"anna","items":[1,{"x":"y"}]}"#,
            "<order id=\"7\"><item>Bolt</item></order>",
            "Grüße; a=b&c=d",
            "the token was fine",
            "<password/>",
        ] {
            assert_eq!(text(plain), plain);
        }
        assert_eq!(
            text(r#"{"password":"x","user":"u"}"#),
            r#"{"password":(redacted),"user":"u"}"#
        );
        assert_eq!(
            text("a: 1\nAuthorization: Basic x y\nb: 2"),
            "a: 1\nAuthorization: (redacted)\nb: 2"
        );
        assert_eq!(
            text("<u>x</u><w:Password T=\"y\">z</w:Password><v/>"),
            "<u>x</u><w:Password(redacted)</w:Password><v/>"
        );
    }

    /// Texts with a credential, before and behind it.
    const AROUND: [(&str, &str); 18] = [
        ("{\"password\":\"", "\",\"u\":1}"),
        ("{\"a\" : {\"client_secret\" :\n \"", "\"}}"),
        ("{'accessToken': '", "'}"),
        ("{\"tokens\":[\"a\",\"", "\"],\"u\":1}"),
        ("{\"credentials\":{\"user\":\"u\",\"p\":\"", "\"}}"),
        ("{\"json\":\"{\\\"password\\\":\\\"", "\\\"}\"}"),
        ("{\"pin\":", ",\"u\":1}"),
        ("{\"pass\\u0077ord\":\"", "\"}"),
        ("{\"password\":\"\\\"", "\"}"),
        ("<Password>", "</Password>"),
        ("<wsse:Password Type=\"x\">", "</wsse:Password><a/>"),
        ("<login user='u' password='", "'/>"),
        ("<login password = \"", "\">x</login>"),
        ("password=", "&user=u"),
        ("db.password = ", "\nuser = u"),
        ("password: ", "\nuser: u"),
        ("GET / HTTP/1.1\r\nAuthorization: Basic ", "\r\n\r\n"),
        ("cookie: a=b; c=", "\r\n\r\n"),
    ];

    proptest! {
        /// Also where the text was cut off in the middle of it.
        #[test]
        fn credentials_are_never_shown(
            secret in "[A-Za-z0-9]{8,20}", around in 0..AROUND.len(), cut in 0_usize..200,
        ) {
            let (before, after) = AROUND[around];
            let whole = format!("{before}{secret}{after}");
            let cut = (before.len() + 5 + cut).min(whole.len());
            let shown = text(&whole[..cut]);
            prop_assert!(!shown.contains(&secret[..5]), "{shown}");
        }

        #[test]
        fn any_text_is_read_to_its_end(any in "\\PC{0,200}") {
            let shown = text(&format!("{any} END"));
            let cut_out = shown.contains(REDACTED);
            prop_assert!(cut_out || shown.ends_with(" END"), "{shown}");
        }
    }
}
