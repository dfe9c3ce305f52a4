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
    /// Pills and chips: as round as they are high.
    pub const PILL: u8 = 14;
    /// Boxes, keys and marks inside controls.
    pub const SMALL: u8 = 4;
    /// Bars of meters, plots and swatches.
    pub const BAR: u8 = 2;
}

/// What frames keep free at their edges.
pub mod inset {
    use egui::Margin;

    /// Cards and side panels.
    pub const CARD: Margin = Margin::same(16);
    /// Dialogs.
    pub const DIALOG: Margin = Margin::same(20);
    /// Banners, code and toasts.
    pub const BANNER: Margin = Margin::symmetric(12, 8);
    /// The palette.
    pub const MENU: Margin = Margin::same(8);
    /// Fields, beside the text.
    pub const FIELD: Margin = Margin::symmetric(9, 6);
    /// Marks inside a line of text.
    pub const INLINE: Margin = Margin::symmetric(4, 2);
    /// The bar at the foot of the window.
    pub const STATUS: Margin = Margin::symmetric(12, 0);
    /// The rail beside all pages.
    pub const SIDE: Margin = Margin {
        left: 10,
        right: 10,
        top: 13,
        bottom: 10,
    };
    /// The head above the tabs of an agent.
    pub const HEAD: Margin = Margin {
        left: 20,
        right: 20,
        top: 4,
        bottom: 0,
    };
    /// Pages that scroll as a whole.
    pub const PAGE: Margin = Margin {
        left: 20,
        right: 20,
        top: 4,
        bottom: 20,
    };
    /// Pages whose parts scroll by themselves.
    pub const PAGE_FIXED: Margin = Margin {
        left: 20,
        right: 20,
        top: 4,
        bottom: 16,
    };
    /// The bar above each page.
    pub const TOP: Margin = Margin::symmetric(18, 0);
    /// The bar of the draft.
    pub const FOOT: Margin = Margin::symmetric(20, 0);
    /// The bar of what is ticked.
    pub const SELECTION: Margin = Margin {
        left: 16,
        right: 10,
        top: 8,
        bottom: 8,
    };
    /// What tells of a change on trial: its buttons end where it ends.
    pub const TRIAL: Margin = Margin {
        left: 10,
        right: 3,
        top: 2,
        bottom: 2,
    };
    /// Tables, inside their line.
    pub const TABLE: Margin = Margin::same(1);
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
    /// Icons beside captions and in fields.
    pub const ICON_MEDIUM: f32 = 14.0;
    /// Marks behind a word.
    pub const ICON_TINY: f32 = 12.0;
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
    /// Lines of shapes and small curves.
    pub const STROKE: f32 = 1.5;
    /// Lines that stand for a track or an end.
    pub const STROKE_STRONG: f32 = 2.0;
    /// The height of a label above its field, with the space between.
    pub const LABEL: f32 = 17.0;
    /// The height of a row of the palette.
    pub const PALETTE_ROW: f32 = 34.0;
    /// The height of lists in menus, before they scroll.
    pub const LIST: f32 = 320.0;
    /// The same of longer ones.
    pub const LIST_LONG: f32 = 420.0;
    /// The height of a text in a dialog, before it scrolls.
    pub const TEXT: f32 = 220.0;
    /// The width of what lists hang in.
    pub const POPUP: f32 = 300.0;
    /// A form's short field.
    pub const FIELD_SHORT: f32 = 200.0;
    /// A form's field beside another.
    pub const FIELD: f32 = 290.0;
    /// The height of a small plot.
    pub const PLOT_SMALL: f32 = 132.0;
    /// The width of a column of names beside bars.
    pub const NAME: f32 = 54.0;
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
