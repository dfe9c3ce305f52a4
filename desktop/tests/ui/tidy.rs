//! What the sources must not do: name colours and fonts outside of the theme.

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
fn colours_and_fonts_are_made_in_the_theme_alone() {
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
            // The size of a text belongs to its role.
            let sized = line.contains("RichText::new") && line.contains(".size(");
            if sized || FORBIDDEN.iter().any(|one| line.contains(one)) {
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
