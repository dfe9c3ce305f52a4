//! Credentials in texts of any kind: fields of JSON, YAML and the like, elements and attributes of
//! XML, headers of embedded messages, and tokens that are known by their form.
//!
//! It reads no grammar: what looks like a name of a credential with a value loses the value, up to
//! where it surely ends. Rather too much is taken out than too little.

use std::borrow::Cow;

use super::redact::{REDACTED, is_credential};

/// How JSON web tokens begin.
const TOKEN: &str = "eyJ";
/// How blocks of PEM begin.
const BEGIN: &str = "-----BEGIN ";
/// Names of what belongs to another name, as in `{"name": "password", "value": "x"}`.
const VALUES: [&str; 2] = ["value", "val"];
/// How far away that name may stand, bytes.
const NEAR: usize = 512;
/// Shorter runs are words.
const TOKEN_LEN: usize = 16;

/// A text without tokens and private keys.
pub(super) fn tokens(text: &str) -> Cow<'_, str> {
    if text.contains(BEGIN) {
        return web_tokens(&private_keys(text)).into_owned().into();
    }
    web_tokens(text)
}

/// A text without private keys in PEM (RFC 7468); of one that was cut off nothing is shown either.
fn private_keys(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once(BEGIN) {
        shown.push_str(before);
        shown.push_str(BEGIN);
        rest = from;
        let label = from.split("-----").next().unwrap_or_default();
        if label.ends_with("PRIVATE KEY") {
            shown.push_str(label);
            shown.push_str("-----");
            shown.push_str(REDACTED);
            let end = format!("-----END {label}-----");
            rest = from.split_once(&end).map_or("", |(_, after)| after);
        }
    }
    shown.push_str(rest);
    shown
}

fn web_tokens(text: &str) -> Cow<'_, str> {
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
        let before = text.get(..text.len() - rest.len()).unwrap_or_default();
        let taken = match first {
            '<' => element(before, rest),
            c if in_name(c) => field(before, rest),
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
fn field(before: &str, text: &str) -> Option<(usize, usize)> {
    let name_end = name_len(text);
    let (name, rest) = text.split_at(name_end);
    let is_value = is_value(name);
    if !is_value && !is_credential(name) {
        return None;
    }
    let unquoted = rest
        .trim_start_matches('\\')
        .trim_start_matches(['"', '\'']);
    let is_quoted = unquoted.len() < rest.len();
    let spaced = unquoted.trim_start();
    let value = spaced.strip_prefix([':', '=']).map(str::trim_start)?;
    if is_value && value.starts_with(['[', '{']) {
        return None;
    }
    let is_line = spaced.starts_with(':') && !is_quoted;
    let kept = text.len() - value.len();
    let len = match is_line && value.starts_with(['|', '>']) {
        true => block_len(
            value,
            indent(before.rsplit('\n').next().unwrap_or_default()),
        ),
        false => value_len(value, is_line),
    };
    let after = value.get(len..).unwrap_or_default();
    (!is_value || is_of_credential(before, after)).then_some((kept, len))
}

fn is_value(name: &str) -> bool {
    VALUES.iter().any(|value| name.eq_ignore_ascii_case(value))
}

/// Whether the object or element around a value names a credential, before it or behind it; also
/// where nobody knows, since it was cut off.
fn is_of_credential(before: &str, after: &str) -> bool {
    let from = before.floor_char_boundary(before.len().saturating_sub(NEAR));
    let to = after.floor_char_boundary(NEAR.min(after.len()));
    let (before, is_cut) = (before.get(from..).unwrap_or_default(), to == after.len());
    let after = after.get(..to).unwrap_or_default();
    let is_open = |open: char, close: char| {
        before.rfind(open) > before.rfind(close) && !after.contains(close)
    };
    if is_cut && (is_open('{', '}') || is_open('<', '>')) {
        return true;
    }
    let before = before.rsplit(['{', '}']).next().unwrap_or_default();
    let after = after.split(['{', '}']).next().unwrap_or_default();
    [before, after].iter().any(|near| {
        let mut words = near.split(['"', '\'', '<', '>', ',', ';', '&', '\n']);
        words.any(|word| is_credential(word.trim_matches('\\')))
    })
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

/// How far a line is indented.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A block of lines in YAML, which are indented more than the line of the name.
fn block_len(value: &str, indent: usize) -> usize {
    let lines = value.split_inclusive('\n').enumerate();
    let of_block = |(at, line): &(usize, &str)| {
        *at == 0 || line.trim().is_empty() || self::indent(line) > indent
    };
    lines.take_while(of_block).map(|(_, line)| line.len()).sum()
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
fn element(before: &str, text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix('<')?;
    let end = rest.find(|c: char| c.is_whitespace() || "/>".contains(c));
    let full = rest.get(..end.unwrap_or(rest.len()))?;
    let name = full.rsplit(':').next().unwrap_or_default();
    if full.is_empty() || !is_value(name) && !is_credential(name) {
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
    let Some(len) = value.find(&ending) else {
        return Some((kept, value.len()));
    };
    // Where no element ends behind it, the one that names it may have been cut off.
    let after = value.get(len + ending.len()..).unwrap_or_default();
    let is_shown = is_value(name) && after.contains("</") && !is_of_credential(before, after);
    (!is_shown).then_some((kept, len))
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
            r#"{"name":"user","value":"anna"}"#,
            "<p name='size' value='7'/>",
            "value: 7",
            r#"{"value":[{"Name":"Bolt","Price":"7"#,
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "note: |\n  two\n  lines\nuser: anna\n",
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

    #[test]
    fn what_stands_around_a_credential_stays() {
        for (whole, shown) in [
            (
                "a:\n  key: |\n    one\n\n    two\n  user: anna\n",
                "a:\n  key: (redacted)  user: anna\n",
            ),
            (
                r#"[{"name":"user","value":"anna"},{"name":"pin","value":"7"}]"#,
                r#"[{"name":"user","value":"anna"},{"name":"pin","value":(redacted)}]"#,
            ),
            (
                "x -----BEGIN PRIVATE KEY-----\nMI\n-----END PRIVATE KEY----- y",
                "x -----BEGIN PRIVATE KEY-----(redacted) y",
            ),
        ] {
            assert_eq!(text(whole), shown);
        }
    }

    /// Texts with a credential, before and behind it.
    const AROUND: [(&str, &str); 31] = [
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
        ("{\"name\":\"password\",\"value\":\"", "\"}"),
        ("{\"value\": \"", "\", \"name\": \"password\"}"),
        ("{\\\"key\\\":\\\"pwd\\\",\\\"Value\\\":\\\"", "\\\"}"),
        ("<p name=\"password\" value=\"", "\"/>"),
        ("<credential name='x' value='", "'/>"),
        ("<name>password</name>\n<value>", "</value>"),
        ("<p><value>", "</value><name>password</name></p>"),
        ("<p value=\"", "\" name=\"password\"/>"),
        ("private_key: |\n  ", "\nuser: u"),
        ("a:\n  pwd: >-\n    x\n\n    ", "\n  user: u"),
        (
            "-----BEGIN PRIVATE KEY-----\n",
            "\n-----END PRIVATE KEY-----\n",
        ),
        (
            "x=-----BEGIN RSA PRIVATE KEY-----\\n",
            "\\n-----END RSA PRIVATE KEY-----",
        ),
        ("db_pass: ", "\nuser: u"),
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
