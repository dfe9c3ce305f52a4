//! Parameters from the query and the form body; clients use either, some both.

use bytes::Bytes;
use http::{Request, header};
use percent_encoding::percent_decode;
use underpass_shared::secret::Secret;

use super::answer::Refusal;

const FORM: &[u8] = b"application/x-www-form-urlencoded";
/// Parameters of one request; real ones have at most six.
const PARAMS_MAX: usize = 32;

/// The decoded parameters, in order.
#[derive(Debug)]
pub(super) struct Params(Vec<(Secret, Secret)>);

impl Params {
    pub(super) fn of(request: &Request<Bytes>) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default();
        let mut params = Self(Vec::new());
        params.extend(query.as_bytes())?;
        let body = request.body();
        if !body.is_empty() {
            if !is_form(request) {
                return Err(Refusal::InvalidRequest(
                    "the body must be application/x-www-form-urlencoded",
                ));
            }
            params.extend(body)?;
        }
        Ok(params)
    }

    /// The value of a parameter that may come twice only with the same value.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(key, _)| key.expose() == name);
        let Some((_, first)) = values.next() else {
            return Ok(None);
        };
        if values.any(|(_, other)| other != first) {
            return Err(Refusal::InvalidRequest("a parameter is given twice"));
        }
        Ok(Some(first.expose()))
    }

    fn extend(&mut self, text: &[u8]) -> Result<(), Refusal> {
        for pair in text
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            if self.0.len() == PARAMS_MAX {
                return Err(Refusal::InvalidRequest("too many parameters"));
            }
            self.0.push((decode(name)?, decode(value)?));
        }
        Ok(())
    }
}

fn is_form(request: &Request<Bytes>) -> bool {
    // Some clients send no type at all; what they send is a form all the same.
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| {
            let name = kind
                .as_bytes()
                .split(|byte| *byte == b';')
                .next()
                .unwrap_or_default();
            name.trim_ascii().eq_ignore_ascii_case(FORM)
        })
}

fn decode(text: &[u8]) -> Result<Secret, Refusal> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    let decoded = decoded.or(Err(Refusal::InvalidRequest("a parameter is not UTF-8")))?;
    Ok(Secret::new(decoded.into_owned()))
}
