//! The policy once more: slow, on text and by recursion, written from the rules and not from the code.
//!
//! It uses nothing of this crate, so that the fuzz targets can take in this very file.

/// A mapping's path options.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) encoded_slashes: bool,
    pub(crate) empty_segments: bool,
    pub(crate) bsp_mangling: bool,
}

/// A resource, its path in canonical form.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) enabled: bool,
    pub(crate) exact: bool,
    pub(crate) prefix: bool,
    pub(crate) websocket: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ambiguous,
    NotListed,
    NoWebsocket,
    Open,
}

const PATH_LEN_MAX: usize = 8192;
const DECODERS_MAX: usize = 8;

/// The decision on a request to a mapping with these entries.
pub(crate) fn decide(entries: &[Entry], options: Options, path: &str, websocket: bool) -> Outcome {
    let Some(path) = matched(path, options) else {
        return Outcome::Ambiguous;
    };
    let mut covering = entries
        .iter()
        .filter(|entry| covers(entry, &path))
        .peekable();
    if covering.peek().is_none() {
        Outcome::NotListed
    } else if websocket && !covering.any(|entry| entry.websocket) {
        Outcome::NoWebsocket
    } else {
        Outcome::Open
    }
}

fn covers(entry: &Entry, path: &str) -> bool {
    let below = entry.path.strip_suffix('/').unwrap_or(&entry.path);
    let border: Vec<&str> = below.split('/').collect();
    let segments: Vec<&str> = path.split('/').collect();
    let inside =
        segments.starts_with(&border) && (entry.path == below || segments.len() > border.len());
    let begins = entry.prefix && path.starts_with(&entry.path);
    entry.enabled && (entry.path == path || (!entry.exact && (inside || begins)))
}

/// The form that is matched, unless the path is ambiguous.
pub(crate) fn matched(path: &str, options: Options) -> Option<String> {
    if path.len() > PATH_LEN_MAX {
        return None;
    }
    let canonical = canonical(path, options, 0)?;
    let session = || {
        let (session, rest) = canonical.strip_prefix("/sap(")?.split_once(')')?;
        let letters = session.replace("%2B", "+").replace("%3D", "=");
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+-_=".contains(c);
        let fits = !letters.is_empty()
            && letters.chars().all(base64)
            && (rest.is_empty() || rest.starts_with('/'));
        fits.then(|| format!("/sap{rest}"))
    };
    let without = options.bsp_mangling.then(session).flatten();
    Some(without.unwrap_or(canonical))
}

fn canonical(path: &str, options: Options, depth: usize) -> Option<String> {
    let clean = |c: char| ('!'..='~').contains(&c) && !"\\#?".contains(c);
    if !path.starts_with('/') || !path.chars().all(clean) {
        return None;
    }
    let mut pieces = path.split('%');
    let mut canonical = pieces.next()?.to_owned();
    let mut values = vec![];
    for piece in pieces {
        let digits = piece
            .get(..2)
            .filter(|text| text.chars().all(|c| c.is_ascii_hexdigit()))?;
        let value = u8::from_str_radix(digits, 16).ok()?;
        let c = char::from(value);
        if c.is_ascii_control() || c == '\\' || (c == '/' && !options.encoded_slashes) {
            return None;
        }
        if c.is_ascii_alphanumeric() || "-._~".contains(c) {
            canonical.push(c);
        } else {
            canonical += &format!("%{value:02X}");
        }
        canonical += piece.get(2..)?;
        values.push((value, piece.len() == 2));
    }
    if values.windows(2).any(|pair| overlong(pair[0], pair[1])) || !segments(&canonical, options) {
        return None;
    }
    let deeper = decoded_once_more(&canonical);
    if deeper != canonical {
        if depth == DECODERS_MAX {
            return None;
        }
        self::canonical(&deeper, options, depth + 1)?;
    }
    Some(canonical)
}

/// Whether two escaped bytes begin an over-long form; with each comes whether the next follows at once.
fn overlong((lead, adjacent): (u8, bool), (next, _): (u8, bool)) -> bool {
    let limit = match lead {
        0xc0 | 0xc1 => 0xc0,
        0xe0 => 0xa0,
        0xf0 => 0x90,
        _ => return false,
    };
    adjacent && (0x80..limit).contains(&next)
}

/// Whether no segment is empty or made of dots, as far as anybody may read them.
fn segments(canonical: &str, options: Options) -> bool {
    let mut read = canonical.replace("%3B", ";");
    if options.encoded_slashes {
        read = read.replace("%2F", "/");
    }
    let segments: Vec<&str> = read.split('/').skip(1).collect();
    let last = segments.len() - 1;
    segments.iter().enumerate().all(|(at, segment)| {
        let name = segment.split(';').next().unwrap_or_default();
        let may_be_empty = at == last || (options.empty_segments && at > 0);
        (may_be_empty || !segment.is_empty()) && name != "." && name != ".."
    })
}

/// `%25XX` as `%XX`.
fn decoded_once_more(canonical: &str) -> String {
    let mut deeper = String::new();
    let mut rest = canonical;
    while let Some((before, after)) = rest.split_once("%25") {
        let nested = after.len() >= 2 && after.chars().take(2).all(|c| c.is_ascii_hexdigit());
        deeper += before;
        deeper += if nested { "%" } else { "%25" };
        rest = after;
    }
    deeper + rest
}
