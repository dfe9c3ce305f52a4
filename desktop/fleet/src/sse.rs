//! Reading a stream of events (`text/event-stream`), piece by piece.

use serde::de::DeserializeOwned;

use crate::FleetError;
use crate::api::Heard;

/// Most bytes of one event; ours have a few hundred.
const EVENT_LEN_MAX: usize = 256 * 1024;

/// A reader of events. It keeps what of an event has come so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    id: Option<u64>,
    data: Vec<u8>,
}

impl Reader {
    /// Takes a piece and gives the events that it completes.
    pub(crate) fn read<T: DeserializeOwned>(
        &mut self,
        mut piece: &[u8],
    ) -> Result<Vec<Heard<T>>, FleetError> {
        let mut heard = vec![];
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (rest, next) = piece.split_at(end);
            self.line.extend_from_slice(rest);
            piece = next.get(1..).unwrap_or_default();
            self.check()?;
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            heard.extend(self.take(line));
        }
        self.line.extend_from_slice(piece);
        self.check()?;
        Ok(heard)
    }

    const fn check(&self) -> Result<(), FleetError> {
        if self.line.len() + self.data.len() > EVENT_LEN_MAX {
            return Err(FleetError::EventTooLarge);
        }
        Ok(())
    }

    fn take<T: DeserializeOwned>(&mut self, line: &[u8]) -> Option<Heard<T>> {
        if line.is_empty() {
            let id = self.id.take();
            let data = std::mem::take(&mut self.data);
            if id.is_none() && data.is_empty() {
                return None;
            }
            // What a newer agent tells beside what is known is no reason to stop listening.
            let message = serde_json::from_slice(&data).ok();
            return Some(Heard { id, message });
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"" => {
                // A comment: the agent lives.
                return Some(Heard {
                    id: None,
                    message: None,
                });
            }
            b"id" => {
                let text = std::str::from_utf8(value).ok();
                self.id = text.and_then(|text| text.parse().ok());
            }
            b"data" => {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use underpass_shared::api::management::{Event, EventMessage};

    use super::*;

    type Heard = super::Heard<EventMessage>;

    const STREAM: &str = "retry: 2000\n\nevent: start\ndata: {\"timeMs\":1,\"type\":\"start\",\ndata: \"revision\":7}\n\n:\n\nid: 9\r\n\r\nid: 10\nevent: later\ndata: {\"type\":\"later\"}\n\n";

    fn all(pieces: &[&[u8]]) -> Vec<Heard> {
        let mut reader = Reader::default();
        let read = |piece: &&[u8]| reader.read(piece).unwrap();
        pieces.iter().flat_map(read).collect()
    }

    #[test]
    fn events_comments_and_what_is_unknown_are_read() {
        let heard = all(&[STREAM.as_bytes()]);
        let ids: Vec<Option<u64>> = heard.iter().map(|one| one.id).collect();
        assert_eq!(ids, [None, None, Some(9), Some(10)]);
        let start = heard[0].message.as_ref().unwrap();
        assert_eq!(start.event, Event::Start { revision: 7 });
        assert!(heard[1..].iter().all(|one| one.message.is_none()));
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut reader = Reader::default();
        let piece = vec![b'a'; EVENT_LEN_MAX];
        let read = |reader: &mut Reader, piece: &[u8]| reader.read::<EventMessage>(piece).err();
        assert!(read(&mut reader, &piece).is_none());
        let refused = read(&mut reader, b"a");
        assert!(matches!(refused, Some(FleetError::EventTooLarge)));
        let mut reader = Reader::default();
        let line = [b"data: ", &piece[..1_000], b"\n"].concat();
        let refused = (0..EVENT_LEN_MAX / 1_000 + 2).find_map(|_| read(&mut reader, &line));
        assert!(matches!(refused, Some(FleetError::EventTooLarge)));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_is_cut(cuts in prop::collection::vec(0..STREAM.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut pieces = vec![];
            let mut from = 0;
            for cut in cuts.into_iter().chain([STREAM.len()]) {
                pieces.push(&STREAM.as_bytes()[from..cut]);
                from = cut;
            }
            prop_assert_eq!(all(&pieces), all(&[STREAM.as_bytes()]));
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader::default();
            prop_assert!(reader.read::<EventMessage>(&bytes).is_ok());
        }
    }
}
