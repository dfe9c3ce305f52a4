//! The session that ABAP systems write into their URLs: `/sap(bD1lbiZjPTEwMA==)/bc/...`.

/// The path before and after the session at its start, if there is one.
///
/// Only base64 passes for a session, as ABAP systems write nothing else; other text in parentheses
/// stays part of the path.
pub(super) fn without_session(canonical: &[u8]) -> Option<(&[u8], &[u8])> {
    let front = canonical.get(.."/sap".len())?;
    let inside = canonical.strip_prefix(b"/sap(")?;
    let end = inside.iter().position(|&byte| byte == b')')?;
    let (session, back) = (inside.get(..end)?, inside.get(end + 1..)?);
    let whole_segment = matches!(back, [] | [b'/', ..]);
    (whole_segment && is_base64(session)).then_some((front, back))
}

/// Some letters of base64 in its usual and its URL form, raw or escaped.
fn is_base64(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return !text.is_empty(),
            [b'%', b'2', b'B', after @ ..] | [b'%', b'3', b'D', after @ ..] => after,
            [b'+' | b'-' | b'_' | b'=', after @ ..] => after,
            [first, after @ ..] if first.is_ascii_alphanumeric() => after,
            _ => return false,
        };
    }
}
