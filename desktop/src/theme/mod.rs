//! The look: every colour, size and font of the app is named here and nowhere else.

mod fonts;
mod style;
mod tokens;

pub use fonts::{Text, font, icon_font};
pub use style::{install, set_theme};
pub use tokens::{DARK, LIGHT, State, Tokens};

use egui::{Context, Ui};

/// Distances between things, on a grid of four points.
pub mod space {
    /// Between an icon and its neighbour inside one control.
    pub const XXS: f32 = 2.0;
    /// Between parts of one thing.
    pub const XS: f32 = 4.0;
    /// Between things that belong together.
    pub const S: f32 = 8.0;
    /// Between cards, and inside small ones.
    pub const M: f32 = 12.0;
    /// Inside cards.
    pub const L: f32 = 16.0;
    /// At the edge of a page.
    pub const XL: f32 = 20.0;
    /// Between the sections of a page.
    pub const XXL: f32 = 32.0;
}

/// Corner radii, in points.
pub mod radius {
    /// Fields, buttons, rows of a menu.
    pub const CONTROL: u8 = 6;
    /// Cards and tables.
    pub const CARD: u8 = 8;
    /// Dialogs.
    pub const MODAL: u8 = 12;
    /// Pills and chips.
    pub const PILL: u8 = 14;
}

/// Sizes of the app's parts, in points.
pub mod size {
    /// The height of buttons and fields.
    pub const CONTROL: f32 = 30.0;
    /// The height of a field with its label above.
    pub const LABELLED: f32 = 48.0;
    /// The height of controls inside rows and cards.
    pub const CONTROL_SMALL: f32 = 24.0;
    /// Icons beside text.
    pub const ICON: f32 = 16.0;
    /// Icons inside small controls.
    pub const ICON_SMALL: f32 = 13.0;
    /// Icons of empty pages.
    pub const ICON_LARGE: f32 = 28.0;
    /// The height of a table's row.
    pub const ROW: f32 = 36.0;
    /// The height of a table's row when many shall fit.
    pub const ROW_COMPACT: f32 = 28.0;
    /// The height of a table's head.
    pub const HEAD: f32 = 34.0;
    /// The rail with all its words.
    pub const RAIL: f32 = 212.0;
    /// The rail in narrow windows: icons alone.
    pub const RAIL_NARROW: f32 = 56.0;
    /// The bar above each page.
    pub const TOP: f32 = 56.0;
    /// The bar below each page.
    pub const STATUS: f32 = 28.0;
    /// The panel beside a list that shows the chosen row.
    pub const PEEK: f32 = 340.0;
    /// Below this width of the window the rail shows icons alone.
    pub const NARROW: f32 = 1000.0;
    /// The smallest window.
    pub const WINDOW_MIN: [f32; 2] = [800.0, 600.0];
    /// The window at the first start.
    pub const WINDOW: [f32; 2] = [1280.0, 800.0];
    /// Dialogs that ask one thing.
    pub const DIALOG: f32 = 440.0;
    /// The list in a dialog of results.
    pub const RESULTS: f32 = 320.0;
    /// Dialogs with a form.
    pub const DIALOG_WIDE: f32 = 640.0;
    /// Dialogs with a list of their own.
    pub const DIALOG_PAGE: f32 = 940.0;
    /// The column of names in a panel of keys and values.
    pub const KEY: f32 = 132.0;
    /// A form's fields; longer lines are hard to read.
    pub const FORM: f32 = 420.0;
    /// The longest line of running text.
    pub const PARAGRAPH: f32 = 620.0;
    /// The ring around what has the keyboard.
    pub const FOCUS: f32 = 1.5;
    /// Borders and rules.
    pub const LINE: f32 = 1.0;
}

/// Gives the tokens of the theme that is shown.
pub trait Themed {
    /// The tokens of the theme that is shown.
    fn tokens(&self) -> &'static Tokens;
}

impl Themed for Ui {
    fn tokens(&self) -> &'static Tokens {
        if self.visuals().dark_mode {
            &DARK
        } else {
            &LIGHT
        }
    }
}

impl Themed for Context {
    fn tokens(&self) -> &'static Tokens {
        match self.theme() {
            egui::Theme::Dark => &DARK,
            egui::Theme::Light => &LIGHT,
        }
    }
}
