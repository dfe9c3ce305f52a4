//! The watch over raw requests against the parser that the gateway uses: what the watch accepts, the
//! parser reads in the same way, and what the parser takes for a head the watch never misses.
#![no_main]

use httparse::Status;
use libfuzzer_sys::fuzz_target;
use underpass_shared::raw::{Broken, Watch};

/// More than any input has lines.
const HEADERS_MAX: usize = 1024;
/// Longest body that is tried behind a head.
const BODY_MAX: usize = 64 * 1024;

fuzz_target!(|input: &[u8]| {
    pieces_make_no_difference(input);
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(input);

    let mut watch = Watch::default();
    let mut end = 0;
    let ended = input.iter().any(|byte| {
        end += 1;
        watch.push(&[*byte]).is_err() || watch.requests() == 1
    });
    if watch.requests() == 1 {
        assert_eq!(status, Ok(Status::Complete(end)), "other ends of the head");
        assert!(!parsed.path.unwrap_or_default().contains('#'));
        the_body_is_the_one_that_the_headers_name(&mut watch, parsed.headers);
    } else if let Ok(Status::Complete(len)) = status {
        assert!(ended && end <= len, "a head went by unseen");
    }
});

fn pieces_make_no_difference(input: &[u8]) {
    let whole = watched(input, input.len().max(1));
    for piece in [1, 2, 7] {
        assert_eq!(watched(input, piece), whole);
    }
}

fn watched(input: &[u8], piece: usize) -> Result<(u64, bool), Broken> {
    let mut watch = Watch::default();
    input
        .chunks(piece)
        .try_for_each(|bytes| watch.push(bytes))?;
    Ok((watch.requests(), watch.is_between()))
}

/// Reads the framing from the parsed headers and sends such a body.
fn the_body_is_the_one_that_the_headers_name(watch: &mut Watch, headers: &[httparse::Header<'_>]) {
    let values = |name: &str| -> Vec<&[u8]> {
        let same = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case(name);
        headers
            .iter()
            .filter(same)
            .map(|header| header.value)
            .collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    let body = match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Vec::new(),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => {
            b"3;x\r\n\n\n\n\r\n0\r\nT: x\r\n\r\n".to_vec()
        }
        ([length], []) => {
            let length = std::str::from_utf8(length)
                .ok()
                .and_then(|text| text.parse().ok());
            match length {
                Some(length) if length <= BODY_MAX => vec![b'\n'; length],
                Some(_) => return,
                None => panic!("a length that is no number was accepted"),
            }
        }
        _ => panic!("{lengths:?} and {codings:?} were accepted together"),
    };
    for (at, byte) in body.iter().enumerate() {
        assert!(!watch.is_between(), "the body ended after {at} bytes");
        watch.push(&[*byte]).expect("the body is right");
    }
    assert!(watch.is_between(), "the body did not end");
    assert_eq!(watch.requests(), 1);
}
