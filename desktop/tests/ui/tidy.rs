//! What the sources must not do: name colours, sizes and fonts outside of the theme.

use std::path::{Path, PathBuf};

/// How colours and fonts are made, beside what clippy forbids: constants, hex and bare sizes of type.
const FORBIDDEN: [&str; 12] = [
    "Color32::BLACK",
    "Color32::WHITE",
    "Color32::RED",
    "Color32::GREEN",
    "Color32::BLUE",
    "Color32::GRAY",
    "Color32::YELLOW",
    "Color32::from_",
    "hex_color!",
    "Rgba::from_",
    "FontId {",
    "FontFamily::",
];

/// What takes a distance, a radius, a line's width or a fixed size: of these the theme has names. The
/// parts of one widget, and the columns of one table, are named constants and columns there.
const SIZED: [&str; 22] = [
    "add_space(",
    "item_spacing = ",
    "item_spacing.x = ",
    "item_spacing.y = ",
    "interact_size.y = ",
    "Margin::same(",
    "Margin::symmetric(",
    "left: ",
    "CornerRadius::same(",
    "Stroke::new(",
    "set_width(",
    "set_min_width(",
    "set_max_width(",
    "set_height(",
    "set_min_height(",
    "set_max_height(",
    ".width(",
    ".height(",
    ".max_width(",
    ".max_height(",
    ".default_width(",
    ".min_height(",
];

/// Whether a line has a bare size: nothing at all is none.
fn is_sized(line: &str) -> bool {
    let bare = |rest: &str| {
        let digits: String = rest
            .chars()
            .take_while(|one| one.is_ascii_digit() || matches!(one, '.' | '_'))
            .collect();
        digits.bytes().any(|one| matches!(one, b'1'..=b'9'))
    };
    let after = |marker: &str| {
        line.match_indices(marker)
            .any(|(at, _)| bare(&line[at + marker.len()..]))
    };
    // The size of a text belongs to its role, and that of an icon to its place.
    let text = line.contains("RichText::new") && line.contains(".size(");
    let icon = line
        .split_once("icon(Icon::")
        .and_then(|(_, rest)| rest.split_once(", "));
    text || icon.is_some_and(|(_, size)| bare(size)) || SIZED.iter().any(|one| after(one))
}

#[test]
fn bare_sizes_are_seen() {
    for line in [
        "ui.add_space(2.0);",
        "ui.spacing_mut().item_spacing.y = 1.0;",
        "Stroke::new(1.5, color)",
        "ui.icon(Icon::Plus, 12.0, tokens.ok)",
        "ScrollArea::vertical().max_height(320.0)",
        "RichText::new(text).size(13.0)",
    ] {
        assert!(is_sized(line), "{line}");
    }
    for line in [
        "ui.add_space(space::S);",
        "ui.spacing_mut().item_spacing.y = 0.0;",
        "ui.icon(Icon::Plus, size::ICON, tokens.ok)",
        "ui.set_width(room * 0.5)",
    ] {
        assert!(!is_sized(line), "{line}");
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn colours_sizes_and_fonts_are_made_in_the_theme_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut all, mut found) = (Vec::new(), Vec::new());
    sources(&root, &mut all);
    assert!(all.len() > 50, "{} sources", all.len());
    for path in all {
        if path.starts_with(root.join("theme")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            if is_sized(line) || FORBIDDEN.iter().any(|one| line.contains(one)) {
                found.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
