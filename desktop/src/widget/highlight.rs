//! Text in which something that is looked for is marked.

use egui::text::LayoutJob;
use egui::{Color32, Label, Response, TextFormat, Ui};

use crate::theme::{State, Text, Themed as _, font};

/// One line in a role and colour, cut with `…`, with each place marked that holds `wanted`
/// whatever its case. Without it the line is plain.
pub fn highlighted(ui: &mut Ui, role: Text, color: Color32, text: &str, wanted: &str) -> Response {
    let tokens = ui.tokens();
    let plain = TextFormat::simple(font(role), color);
    let marked = TextFormat {
        color: tokens.text,
        background: tokens.state_fill(State::Warn),
        ..plain.clone()
    };
    let mut job = LayoutJob::default();
    let mut at = 0;
    for found in places(text, wanted) {
        job.append(
            text.get(at..found.start).unwrap_or_default(),
            0.0,
            plain.clone(),
        );
        job.append(
            text.get(found.clone()).unwrap_or_default(),
            0.0,
            marked.clone(),
        );
        at = found.end;
    }
    job.append(text.get(at..).unwrap_or_default(), 0.0, plain);
    ui.add(Label::new(job).truncate().selectable(false))
}

/// Where a text holds another, whatever the case of ASCII letters.
fn places(text: &str, wanted: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = vec![];
    if wanted.is_empty() {
        return found;
    }
    // Lower case of ASCII letters keeps the places of all bytes.
    let (text, wanted) = (text.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    for (at, _) in text.match_indices(&wanted) {
        found.push(at..at + wanted.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_whatever_the_case() {
        assert_eq!(places("Tunnel down, tunnel up", "TUNNEL"), [0..6, 13..19]);
        assert_eq!(places("äÄ ä", "ä"), [0..2, 5..7]);
        assert!(places("x", "").is_empty());
    }
}
