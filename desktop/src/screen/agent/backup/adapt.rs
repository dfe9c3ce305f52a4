//! What somebody should look at before a restore, by how much it matters.

use egui::{Align, Layout, Ui};
use underpass_shared::restore::{Adaptation, AdaptationKind};

use crate::text;
use crate::theme::{State, Text, Themed as _, font, space};
use crate::widget::{Button, Words as _, card, dot, pill};

/// Adaptations of one group that are shown at first.
const SHOWN: usize = 12;

/// How much an adaptation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Broken,
    Doubtful,
    Told,
}

impl Group {
    const ALL: [Self; 3] = [Self::Broken, Self::Doubtful, Self::Told];

    const fn of(kind: AdaptationKind) -> Self {
        match kind {
            AdaptationKind::HostUnresolved
            | AdaptationKind::PortTaken
            | AdaptationKind::GatewayUnreachable
            | AdaptationKind::CertificateExpired
            | AdaptationKind::NotEnrolled
            | AdaptationKind::EnrolmentRefused
            | AdaptationKind::SecretMissing
            | AdaptationKind::OperatorCertificates => Self::Broken,
            AdaptationKind::InUseElsewhere
            | AdaptationKind::CertificateExpiring
            | AdaptationKind::LeftOut
            | AdaptationKind::OperatorReturns
            | AdaptationKind::IdentityChanges
            | AdaptationKind::NotChecked => Self::Doubtful,
            AdaptationKind::EnrolmentKept
            | AdaptationKind::RegionChanged
            | AdaptationKind::MachineBound => Self::Told,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Broken => "Does not work here yet",
            Self::Doubtful => "Decide before",
            Self::Told => "Good to know",
        }
    }

    const fn state(self) -> State {
        match self {
            Self::Broken => State::Error,
            Self::Doubtful => State::Warn,
            Self::Told => State::Info,
        }
    }
}

/// What kind of thing it is, in a few words.
const fn word(kind: AdaptationKind) -> &'static str {
    match kind {
        AdaptationKind::HostUnresolved => "Host unknown",
        AdaptationKind::PortTaken => "Port taken",
        AdaptationKind::GatewayUnreachable => "Gateway out of reach",
        AdaptationKind::InUseElsewhere => "In use elsewhere",
        AdaptationKind::EnrolmentRefused => "Enrolment refused",
        AdaptationKind::CertificateExpired => "Certificate ended",
        AdaptationKind::CertificateExpiring => "Certificate ends soon",
        AdaptationKind::NotEnrolled => "Not enrolled",
        AdaptationKind::EnrolmentKept => "Newer enrolment stays",
        AdaptationKind::RegionChanged => "Other gateway",
        AdaptationKind::SecretMissing => "Secret missing",
        AdaptationKind::MachineBound => "Belongs to the host",
        AdaptationKind::LeftOut => "Left out",
        AdaptationKind::OperatorReturns => "Operator comes back",
        AdaptationKind::OperatorCertificates => "Operators locked out",
        AdaptationKind::IdentityChanges => "Identity changes",
        AdaptationKind::NotChecked => "Not looked at",
    }
}

/// Whether all groups are shown to their end.
#[derive(Debug, Default)]
pub(super) struct Adaptations {
    whole: bool,
}

impl Adaptations {
    /// Shows them group by group, the worst first; `more` are not listed.
    pub(super) fn ui(&mut self, ui: &mut Ui, all: &[Adaptation], more: usize) {
        for group in Group::ALL {
            let of_group = |one: &&Adaptation| Group::of(one.kind) == group;
            let found: Vec<&Adaptation> = all.iter().filter(of_group).collect();
            if found.is_empty() {
                continue;
            }
            card(ui, |ui| {
                ui.horizontal(|ui| {
                    dot(ui, group.state(), group.title());
                    ui.title(group.title());
                    ui.quiet(text::count(found.len()));
                });
                let limit = if self.whole { found.len() } else { SHOWN };
                for one in found.iter().take(limit) {
                    row(ui, group.state(), one);
                }
                let left = found.len().saturating_sub(limit);
                if left > 0 {
                    let words = format!("Show {} more", text::count(left));
                    if ui.add(Button::ghost(&words).small()).clicked() {
                        self.whole = true;
                    }
                }
            });
        }
        if more > 0 {
            ui.quiet(format!(
                "and {} more that the agent does not list",
                text::count(more)
            ));
        }
    }
}

fn row(ui: &mut Ui, state: State, one: &Adaptation) {
    let tokens = ui.tokens();
    ui.add_space(space::XS);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XXS;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                pill(ui, state, word(one.kind));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let place = text::clean(&one.place);
                    ui.words(Text::Mono, tokens.text_2, place.as_str())
                        .on_hover_text(place);
                });
            });
        });
        for (words, color) in [
            (text::sentence(&one.text), tokens.text),
            (text::sentence(&one.remedy), tokens.text_3),
        ] {
            let words = egui::RichText::new(words)
                .font(font(Text::Small))
                .color(color);
            ui.add(egui::Label::new(words).wrap());
        }
    });
}
