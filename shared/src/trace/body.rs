//! Bodies as they may be written.

use super::{redact, scan};

/// What is written of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A text without its credentials.
    Text(String),
    /// Bytes that are no text; nobody knows credentials in them.
    Bytes,
    /// Nothing, since credentials in it would not be seen.
    LeftOut(&'static str),
}

/// What may be written of a body, or of its beginning, by its headers.
pub fn show(content_type: Option<&str>, encoding: Option<&str>, body: &[u8]) -> Shown {
    let encoding = encoding.unwrap_or("identity").trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Shown::LeftOut("it is compressed, so that credentials in it would not be seen");
    }
    let kind = content_type.unwrap_or_default().to_ascii_lowercase();
    let (kind, parameters) = kind.split_once(';').unwrap_or((&kind, ""));
    let kind = kind.trim();
    if parameters.contains("charset") && parameters.contains("utf-16")
        || parameters.contains("utf-32")
    {
        return Shown::LeftOut("its characters have several bytes each");
    }
    let text = String::from_utf8_lossy(body);
    if kind == "application/x-www-form-urlencoded" {
        return Shown::Text(scan::tokens(&redact::pairs(&text)).into_owned());
    }
    if kind.starts_with("multipart/form-data") {
        return Shown::Text(form(content_type.unwrap_or_default(), &text));
    }
    let says_text = ["text/", "multipart/"]
        .iter()
        .any(|beginning| kind.starts_with(beginning))
        || ["json", "xml", "yaml", "javascript", "graphql", "http"]
            .iter()
            .any(|part| kind.contains(part));
    if says_text || is_text(body) {
        return Shown::Text(scan::text(&text));
    }
    Shown::Bytes
}

/// Whether it is UTF-8, though its last character may be cut off.
fn is_text(body: &[u8]) -> bool {
    let no_controls = |text: &str| {
        let mut controls = text.chars().filter(|c| c.is_control());
        controls.all(|c| c.is_ascii_whitespace())
    };
    match std::str::from_utf8(body) {
        Ok(text) => no_controls(text),
        Err(error) => {
            let valid = body.get(..error.valid_up_to()).unwrap_or_default();
            error.error_len().is_none() && std::str::from_utf8(valid).is_ok_and(no_controls)
        }
    }
}

/// The fields of a form in parts; each begins with the line of its boundary, which the content type
/// names. What stands before the first is no part (RFC 2046, section 5.1.1).
fn form(content_type: &str, text: &str) -> String {
    let lines = || text.lines().find(|line| line.starts_with("--"));
    let Some(boundary) = boundary(content_type).or_else(|| lines().map(str::to_owned)) else {
        return scan::text(text);
    };
    let parts: Vec<String> = text.split(&boundary).map(part).collect();
    parts.join(&boundary)
}

fn boundary(content_type: &str) -> Option<String> {
    let named = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("boundary");
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    };
    let found = content_type.split(';').find_map(named)?;
    (!found.is_empty()).then(|| format!("--{found}"))
}

fn part(text: &str) -> String {
    let found = ["\r\n\r\n", "\n\n"].iter().find_map(|empty| {
        let (head, _body) = text.split_once(empty)?;
        Some((head, empty))
    });
    let Some((head, empty)) = found else {
        return scan::text(text);
    };
    // A name of a file is one too.
    let mut names = head.split("name=").skip(1).map(|rest| {
        let name = rest.trim_start_matches('"');
        let end = name.find(['"', ';', '\r', '\n']).unwrap_or(name.len());
        name.get(..end).unwrap_or_default()
    });
    if names.any(redact::is_credential) {
        return format!("{head}{empty}{}\r\n", redact::REDACTED);
    }
    scan::text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, body: &str) -> String {
        match show(Some(kind), None, body.as_bytes()) {
            Shown::Text(text) => text,
            other @ (Shown::Bytes | Shown::LeftOut(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn forms_lose_their_passwords_and_nothing_else() {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        assert_eq!(
            text(form, "user=anna&j_password=geheim%21&%70wd=y&x=1"),
            "user=anna&j_password=(redacted)&%70wd=(redacted)&x=1"
        );
        let parts = "--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nanna\r\n--B\r\n\
                     Content-Disposition: form-data; name=\"password\"\r\n\r\ngeheim\r\n--B--\r\n";
        let shown = text("multipart/form-data; boundary=B", parts);
        assert!(
            shown.contains("anna") && !shown.contains("geheim"),
            "{shown}"
        );
        assert!(shown.ends_with("--B--\r\n"), "{shown}");
        for (kind, parts) in [
            // Behind an empty line, or words for old programs.
            ("multipart/form-data; boundary=B", format!("\r\n{parts}")),
            (
                "multipart/form-data; Boundary=\"B\"",
                format!("old\r\n{parts}"),
            ),
            ("multipart/form-data", format!("\r\n{parts}")),
            (
                "multipart/form-data; boundary=B",
                parts.replace("\r\n", "\n"),
            ),
            (
                "multipart/form-data; boundary=B",
                parts.replace("form-data; ", "form-data; filename=x; "),
            ),
        ] {
            let shown = text(kind, &parts);
            assert!(
                shown.contains("anna") && !shown.contains("geheim"),
                "{kind}: {shown}"
            );
        }
        // Cut off, and in a charset of old.
        let shown = text(
            "multipart/form-data; boundary=B",
            &parts[..parts.len() - 12],
        );
        assert!(!shown.contains("gehe"), "{shown}");
        let latin = show(Some(form), None, b"name=M\xfcller&password=g\xe4h");
        assert_eq!(
            latin,
            Shown::Text("name=M\u{fffd}ller&password=(redacted)".to_owned())
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_shown_as_text() {
        assert!(matches!(
            show(Some("text/plain"), Some("gzip"), b"x"),
            Shown::LeftOut(_)
        ));
        let wide = show(Some("text/plain; charset=UTF-16"), None, b"p\0w\0");
        assert!(matches!(wide, Shown::LeftOut(_)));
        assert_eq!(
            show(Some("image/png"), None, b"\x89PNG\r\n\x1a\n"),
            Shown::Bytes
        );
        assert_eq!(show(None, None, b"\0\x01"), Shown::Bytes);
        // UTF-8 is text whatever it says, also where a character is cut off.
        let shown = show(None, None, "token=abc ü".as_bytes());
        assert_eq!(shown, Shown::Text("token=(redacted) ü".to_owned()));
        let cut = show(Some("application/octet-stream"), None, b"pwd=abc \xc3");
        assert_eq!(cut, Shown::Text("pwd=(redacted) \u{fffd}".to_owned()));
    }
}
