//! Fonts and the scale of type.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one file that names fonts"
)]

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontId};

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/Inter-Medium.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
const MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");

/// The roles of text. A page uses few of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// Heads of tables, pills, keys.
    Caption,
    /// Secondary facts.
    Small,
    /// Running text and values.
    Body,
    /// Names and buttons.
    Strong,
    /// Titles of cards and dialogs.
    Title,
    /// The title of a page.
    Heading,
    /// The number of a tile.
    Figure,
    /// Hosts, hashes, paths.
    Mono,
}

impl Text {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Caption,
        Self::Small,
        Self::Body,
        Self::Strong,
        Self::Title,
        Self::Heading,
        Self::Figure,
        Self::Mono,
    ];
}

/// The font of a role.
pub fn font(text: Text) -> FontId {
    match text {
        Text::Caption => FontId::new(11.0, family("medium")),
        Text::Small => FontId::new(12.0, FontFamily::Proportional),
        Text::Body => FontId::new(13.0, FontFamily::Proportional),
        Text::Strong => FontId::new(13.0, family("medium")),
        Text::Title => FontId::new(14.0, family("semibold")),
        Text::Heading => FontId::new(20.0, family("semibold")),
        Text::Figure => FontId::new(24.0, family("semibold")),
        Text::Mono => FontId::new(12.0, FontFamily::Monospace),
    }
}

/// The font of icons in a size.
pub fn icon_font(size: f32) -> FontId {
    FontId::new(size, family("icons"))
}

fn family(name: &str) -> FontFamily {
    FontFamily::Name(name.into())
}

/// The fonts that come with the app. Each weight is a family of its own: egui knows no weights.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files = [
        ("regular", REGULAR),
        ("medium", MEDIUM),
        ("semibold", SEMIBOLD),
        ("mono", MONO),
        ("icons", lucide_icons::LUCIDE_FONT_BYTES),
    ];
    for (name, bytes) in files {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let chain = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let families = [
        (
            FontFamily::Proportional,
            chain(&["regular", "mono", "icons"]),
        ),
        (FontFamily::Monospace, chain(&["mono", "regular", "icons"])),
        (family("medium"), chain(&["medium", "mono", "icons"])),
        (family("semibold"), chain(&["semibold", "mono", "icons"])),
        (family("icons"), chain(&["icons", "regular"])),
    ];
    fonts.families.extend(families);
    fonts
}
