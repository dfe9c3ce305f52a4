//! The colours of the two themes.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one file that names colours"
)]

use egui::Color32;

/// What a colour says, wherever it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// All is well.
    Ok,
    /// Works, but wants attention.
    Warn,
    /// Does not work.
    Error,
    /// Worth knowing.
    Info,
    /// Switched off or not known.
    Off,
    /// Under way.
    Pending,
}

impl State {
    /// Every state, for tests and galleries.
    pub const ALL: [Self; 6] = [
        Self::Ok,
        Self::Warn,
        Self::Error,
        Self::Info,
        Self::Off,
        Self::Pending,
    ];
}

/// The colours of one theme.
#[derive(Debug)]
pub struct Tokens {
    /// Whether text is lighter than its ground.
    pub dark: bool,
    /// Ground of the rail and the status bar.
    pub rail: Color32,
    /// Ground of pages.
    pub canvas: Color32,
    /// Ground of cards, tables and panels.
    pub surface: Color32,
    /// Ground of what lies on a surface: menus, keys, chosen segments.
    pub raised: Color32,
    /// Ground of fields.
    pub field: Color32,
    /// Ground under the pointer.
    pub hover: Color32,
    /// Ground of a pressed control.
    pub pressed: Color32,
    /// Ground of chosen rows.
    pub selected: Color32,
    /// Borders and rules.
    pub border: Color32,
    /// Borders of controls.
    pub border_strong: Color32,
    /// Text that is read first.
    pub text: Color32,
    /// Text that supports it.
    pub text_2: Color32,
    /// Labels, heads of tables, units.
    pub text_3: Color32,
    /// Text of what cannot be used now.
    pub text_off: Color32,
    /// The primary action, the keyboard's place and what is chosen.
    pub accent: Color32,
    /// The primary action under the pointer.
    pub accent_hover: Color32,
    /// Accent as text or icon.
    pub accent_text: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Ground of buttons that destroy.
    pub danger: Color32,
    /// The same under the pointer.
    pub danger_hover: Color32,
    /// State: all is well.
    pub ok: Color32,
    /// State: wants attention.
    pub warn: Color32,
    /// State: does not work.
    pub error: Color32,
    /// State: worth knowing.
    pub info: Color32,
    /// State: off or not known.
    pub off: Color32,
    /// State: under way.
    pub pending: Color32,
    /// Lines of plots, in this order.
    pub series: [Color32; 6],
    /// What dims the page behind a dialog.
    pub scrim: Color32,
    /// Shadows of menus and dialogs.
    pub shadow: Color32,
    /// Bars of tunnels that are down and of unfilled meters.
    pub track: Color32,
}

impl Tokens {
    /// The colour of a state, for its shape and its word.
    pub const fn state(&self, state: State) -> Color32 {
        match state {
            State::Ok => self.ok,
            State::Warn => self.warn,
            State::Error => self.error,
            State::Info => self.info,
            State::Off => self.off,
            State::Pending => self.pending,
        }
    }

    /// The ground behind a state's word: the state mixed into the surface.
    pub fn state_fill(&self, state: State) -> Color32 {
        self.tint(self.state(state))
    }

    /// A colour mixed lightly into the surface.
    pub fn tint(&self, color: Color32) -> Color32 {
        mix(self.surface, color, if self.dark { 0.16 } else { 0.10 })
    }
}

/// `share` of `over` mixed into `under`.
pub(super) fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    under.lerp_to_gamma(over, share)
}

const fn rgb(value: u32) -> Color32 {
    let [_, red, green, blue] = value.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

/// Light text on dark ground.
pub static DARK: Tokens = Tokens {
    dark: true,
    rail: rgb(0x0A_0D_12),
    canvas: rgb(0x0D_11_17),
    surface: rgb(0x15_1A_22),
    raised: rgb(0x1E_25_30),
    field: rgb(0x0F_14_1B),
    hover: rgb(0x1B_22_2C),
    pressed: rgb(0x25_2D_3A),
    selected: rgb(0x17_25_41),
    border: rgb(0x24_2B_36),
    border_strong: rgb(0x33_3D_4B),
    text: rgb(0xEA_EF_F6),
    text_2: rgb(0xBA_C4_D1),
    text_3: rgb(0x93_A0_B1),
    text_off: rgb(0x5C_67_76),
    accent: rgb(0x2F_6A_E0),
    accent_hover: rgb(0x29_5F_CE),
    accent_text: rgb(0x6F_A8_FF),
    on_accent: rgb(0xFF_FF_FF),
    danger: rgb(0xC2_36_36),
    danger_hover: rgb(0xD0_44_44),
    ok: rgb(0x45_C4_86),
    warn: rgb(0xE5_A9_3B),
    error: rgb(0xF7_7D_7A),
    info: rgb(0x64_A5_FF),
    off: rgb(0x93_A0_B1),
    pending: rgb(0xA9_94_FA),
    series: [
        rgb(0x5B_94_F2),
        rgb(0x35_C2_A0),
        rgb(0xB9_85_F0),
        rgb(0xE5_A9_3B),
        rgb(0xF4_71_6F),
        rgb(0x56_BF_DD),
    ],
    scrim: Color32::from_black_alpha(150),
    shadow: Color32::from_black_alpha(140),
    track: rgb(0x3A_44_53),
};

/// Dark text on light ground.
pub static LIGHT: Tokens = Tokens {
    dark: false,
    rail: rgb(0xEC_EE_F2),
    canvas: rgb(0xF5_F6_F8),
    surface: rgb(0xFF_FF_FF),
    raised: rgb(0xFF_FF_FF),
    field: rgb(0xFA_FB_FC),
    hover: rgb(0xF1_F4_F8),
    pressed: rgb(0xE4_E9_F0),
    selected: rgb(0xE4_ED_FD),
    border: rgb(0xDD_E1_E7),
    border_strong: rgb(0xC6_CD_D7),
    text: rgb(0x14_1A_22),
    text_2: rgb(0x3B_46_54),
    text_3: rgb(0x5A_66_75),
    text_off: rgb(0x9A_A4_B1),
    accent: rgb(0x1F_5F_E0),
    accent_hover: rgb(0x1A_53_C8),
    accent_text: rgb(0x1B_5F_CC),
    on_accent: rgb(0xFF_FF_FF),
    danger: rgb(0xC4_2B_2B),
    danger_hover: rgb(0xAE_22_22),
    ok: rgb(0x0E_70_42),
    warn: rgb(0x8F_53_00),
    error: rgb(0xBF_28_28),
    info: rgb(0x1B_5F_CC),
    off: rgb(0x5A_66_75),
    pending: rgb(0x6A_3F_D0),
    series: [
        rgb(0x2A_66_D9),
        rgb(0x0E_8A_6D),
        rgb(0x8A_45_D1),
        rgb(0xA8_68_00),
        rgb(0x00C8_3232),
        rgb(0x11_7D_9C),
    ],
    scrim: Color32::from_black_alpha(90),
    shadow: Color32::from_black_alpha(40),
    track: rgb(0xBC_C5_D0),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f32 {
        let [red, green, blue, _] = egui::Rgba::from(color).to_array();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast of two colours as WCAG 2 defines it.
    fn contrast(one: Color32, other: Color32) -> f32 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_text_is_readable_on_every_ground() {
        for tokens in [&DARK, &LIGHT] {
            let grounds = [
                ("rail", tokens.rail),
                ("canvas", tokens.canvas),
                ("surface", tokens.surface),
                ("raised", tokens.raised),
                ("field", tokens.field),
                ("hover", tokens.hover),
                ("selected", tokens.selected),
            ];
            let mut texts = vec![
                ("text", tokens.text),
                ("text_2", tokens.text_2),
                ("text_3", tokens.text_3),
                ("accent_text", tokens.accent_text),
            ];
            texts.extend(State::ALL.map(|state| ("state", tokens.state(state))));
            for (ground, under) in grounds {
                for (text, over) in &texts {
                    let found = contrast(*over, under);
                    assert!(
                        found >= 4.5,
                        "dark {}: {text} {over:?} on {ground}: {found:.2}",
                        tokens.dark
                    );
                }
            }
        }
    }

    #[test]
    fn filled_controls_and_pills_are_readable() {
        for tokens in [&DARK, &LIGHT] {
            for ground in [
                tokens.accent,
                tokens.accent_hover,
                tokens.danger,
                tokens.danger_hover,
            ] {
                let found = contrast(tokens.on_accent, ground);
                assert!(
                    found >= 4.5,
                    "dark {}: on {ground:?}: {found:.2}",
                    tokens.dark
                );
            }
            for state in State::ALL {
                let found = contrast(tokens.state(state), tokens.state_fill(state));
                assert!(
                    found >= 4.5,
                    "dark {}: pill {state:?}: {found:.2}",
                    tokens.dark
                );
            }
        }
    }

    #[test]
    fn lines_of_plots_stand_out() {
        for tokens in [&DARK, &LIGHT] {
            for line in tokens.series {
                let found = contrast(line, tokens.surface);
                assert!(found >= 3.0, "dark {}: {line:?}: {found:.2}", tokens.dark);
            }
        }
    }
}
