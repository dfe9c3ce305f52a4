//! What the operator can ask for. Menus, buttons, the palette and the keyboard send the same.

use egui::{Key, KeyboardShortcut, Modifiers};
use lucide_icons::Icon;

/// Everything the app itself can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UiCommand {
    /// To the list of all agents.
    OpenFleet,
    /// To where agents are otherwise than they shall be.
    OpenConfiguration,
    /// To what configurations shall have in common.
    OpenTemplates,
    /// To the search in all configurations.
    OpenSearch,
    /// To the changes on many agents.
    OpenRollouts,
    /// Changes many agents.
    NewRollout,
    /// To what wants attention.
    OpenAlerts,
    /// To who did what.
    OpenAudit,
    /// To agents that move to other hosts, and imports.
    OpenMoves,
    /// To the settings of this app.
    OpenSettings,
    /// To where one was before.
    Back,
    /// The other way.
    Forward,
    /// Opens the palette.
    Palette,
    /// Opens the sheet of shortcuts.
    Shortcuts,
    /// Puts the keyboard into the filter of the page.
    Filter,
    /// Pairs with another agent.
    AddAgent,
    /// Moves an agent to another host, or copies it there.
    MigrateAgent,
    /// Brings the configuration of an SAP Cloud Connector to an agent.
    ImportScc,
    /// Fetches what the page shows anew.
    Refresh,
    /// Chooses all rows that are shown.
    SelectAll,
    /// Chooses no row.
    SelectNone,
    /// Shows or hides the panel beside the list.
    Peek,
    /// Many rows or comfortable ones.
    Density,
    /// Dark or light.
    Theme,
    /// Whatever the system shows.
    ThemeSystem,
    /// Shows what happened lately.
    Notices,
    /// Shows what is being done.
    Tasks,
    /// Keeps the changes that are on trial.
    Keep,
    /// Takes the changes back that are on trial.
    Revert,
    /// Takes the newest change of the draft back.
    DraftUndo,
    /// Makes it again.
    DraftRedo,
    /// Shows what the draft would change.
    DraftReview,
    /// Opens the keys of this program.
    Unlock,
    /// To made-up agents, or back.
    Demo,
    /// Ends the app.
    Quit,
}

/// Where the palette and the sheet list a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// To another page.
    Go,
    /// Something is done.
    Act,
    /// The app looks different.
    View,
}

impl Section {
    /// The section's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Go => "Go to",
            Self::Act => "Commands",
            Self::View => "View",
        }
    }
}

const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

impl UiCommand {
    /// Every command, in the order of palette and sheet.
    pub const ALL: [Self; 35] = [
        Self::OpenFleet,
        Self::OpenConfiguration,
        Self::OpenTemplates,
        Self::OpenSearch,
        Self::OpenRollouts,
        Self::OpenAlerts,
        Self::OpenAudit,
        Self::OpenMoves,
        Self::OpenSettings,
        Self::Back,
        Self::Forward,
        Self::AddAgent,
        Self::NewRollout,
        Self::MigrateAgent,
        Self::ImportScc,
        Self::Refresh,
        Self::Filter,
        Self::SelectAll,
        Self::SelectNone,
        Self::Keep,
        Self::Revert,
        // With Shift before without: the keys of the second are among those of the first.
        Self::DraftRedo,
        Self::DraftUndo,
        Self::DraftReview,
        Self::Unlock,
        Self::Demo,
        Self::Quit,
        Self::Palette,
        Self::Shortcuts,
        Self::Peek,
        Self::Density,
        Self::Theme,
        Self::ThemeSystem,
        Self::Notices,
        Self::Tasks,
    ];

    /// Its words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::OpenFleet => "Fleet",
            Self::OpenConfiguration => "Configuration",
            Self::OpenTemplates => "Templates",
            Self::OpenSearch => "Search all configurations",
            Self::OpenRollouts => "Rollouts",
            Self::NewRollout => "Change many agents…",
            Self::OpenAlerts => "Alerts",
            Self::OpenAudit => "Audit log",
            Self::OpenMoves => "Move & import",
            Self::OpenSettings => "Settings",
            Self::Back => "Back",
            Self::Forward => "Forward",
            Self::Palette => "Search or run a command…",
            Self::Shortcuts => "Keyboard shortcuts",
            Self::Filter => "Filter this page",
            Self::AddAgent => "Add agent…",
            Self::MigrateAgent => "Migrate an agent…",
            Self::ImportScc => "Import from SAP Cloud Connector…",
            Self::Refresh => "Refresh",
            Self::SelectAll => "Select all shown agents",
            Self::SelectNone => "Clear the selection",
            Self::Peek => "Toggle the side panel",
            Self::Density => "Toggle compact rows",
            Self::Theme => "Toggle light / dark theme",
            Self::ThemeSystem => "Follow the system's theme",
            Self::Notices => "Notifications",
            Self::Tasks => "Tasks",
            Self::Keep => "Keep the changes on trial",
            Self::Revert => "Revert the changes on trial",
            Self::DraftUndo => "Undo the last change of the draft",
            Self::DraftRedo => "Redo the change of the draft",
            Self::DraftReview => "Review the draft…",
            Self::Unlock => "Unlock keys…",
            Self::Demo => "Toggle demo data",
            Self::Quit => "Quit",
        }
    }

    /// Where it is listed.
    pub const fn section(self) -> Section {
        match self {
            Self::OpenFleet
            | Self::OpenConfiguration
            | Self::OpenTemplates
            | Self::OpenSearch
            | Self::OpenRollouts
            | Self::OpenAlerts
            | Self::OpenAudit
            | Self::OpenMoves
            | Self::OpenSettings
            | Self::Back
            | Self::Forward => Section::Go,
            Self::Filter
            | Self::AddAgent
            | Self::NewRollout
            | Self::MigrateAgent
            | Self::ImportScc
            | Self::Refresh
            | Self::SelectAll
            | Self::SelectNone
            | Self::Keep
            | Self::Revert
            | Self::DraftUndo
            | Self::DraftRedo
            | Self::DraftReview
            | Self::Unlock
            | Self::Demo
            | Self::Quit => Section::Act,
            Self::Palette
            | Self::Shortcuts
            | Self::Peek
            | Self::Density
            | Self::Theme
            | Self::ThemeSystem
            | Self::Notices
            | Self::Tasks => Section::View,
        }
    }

    /// Its picture.
    pub const fn icon(self) -> Icon {
        match self {
            Self::OpenFleet => Icon::LayoutDashboard,
            Self::OpenConfiguration => Icon::Layers,
            Self::OpenTemplates => Icon::LayoutTemplate,
            Self::OpenSearch => Icon::TextSearch,
            Self::OpenRollouts => Icon::Rocket,
            Self::NewRollout => Icon::Rocket,
            Self::OpenAlerts => Icon::BellRing,
            Self::OpenAudit => Icon::ScrollText,
            Self::OpenMoves => Icon::ArrowRightLeft,
            Self::OpenSettings => Icon::Settings,
            Self::Back => Icon::ArrowLeft,
            Self::Forward => Icon::ArrowRight,
            Self::Palette => Icon::Search,
            Self::Shortcuts => Icon::Keyboard,
            Self::Filter => Icon::ListFilter,
            Self::AddAgent => Icon::Plus,
            Self::MigrateAgent => Icon::ArrowRightLeft,
            Self::ImportScc => Icon::Import,
            Self::Refresh => Icon::RefreshCw,
            Self::SelectAll => Icon::ListChecks,
            Self::SelectNone => Icon::ListX,
            Self::Peek => Icon::PanelRight,
            Self::Density => Icon::Rows3,
            Self::Theme => Icon::SunMoon,
            Self::ThemeSystem => Icon::Monitor,
            Self::Notices => Icon::Bell,
            Self::Tasks => Icon::ListTodo,
            Self::Keep => Icon::Check,
            Self::Revert => Icon::RotateCcw,
            Self::DraftUndo => Icon::Undo2,
            Self::DraftRedo => Icon::Redo2,
            Self::DraftReview => Icon::ListChecks,
            Self::Unlock => Icon::KeyRound,
            Self::Demo => Icon::FlaskConical,
            Self::Quit => Icon::LogOut,
        }
    }

    /// Its keys. Those without a modifier do nothing while one types.
    pub const fn shortcut(self) -> Option<KeyboardShortcut> {
        let (modifiers, key) = match self {
            Self::OpenFleet => (Modifiers::COMMAND, Key::Num1),
            Self::OpenAlerts => (Modifiers::COMMAND, Key::Num2),
            Self::OpenAudit => (Modifiers::COMMAND, Key::Num3),
            Self::OpenConfiguration => (Modifiers::COMMAND, Key::Num4),
            Self::OpenSearch => (CTRL_SHIFT, Key::F),
            Self::OpenMoves => (CTRL_SHIFT, Key::M),
            Self::OpenSettings => (Modifiers::COMMAND, Key::Comma),
            Self::Back => (Modifiers::ALT, Key::ArrowLeft),
            Self::Forward => (Modifiers::ALT, Key::ArrowRight),
            Self::Palette => (Modifiers::COMMAND, Key::K),
            Self::AddAgent => (Modifiers::COMMAND, Key::N),
            Self::Refresh => (Modifiers::NONE, Key::F5),
            Self::SelectAll => (Modifiers::COMMAND, Key::A),
            Self::Peek => (Modifiers::COMMAND, Key::B),
            Self::Theme => (CTRL_SHIFT, Key::L),
            Self::Notices => (CTRL_SHIFT, Key::N),
            Self::Tasks => (CTRL_SHIFT, Key::J),
            Self::DraftUndo => (Modifiers::COMMAND, Key::Z),
            Self::DraftRedo => (CTRL_SHIFT, Key::Z),
            Self::DraftReview => (Modifiers::COMMAND, Key::S),
            Self::Quit => (Modifiers::COMMAND, Key::Q),
            Self::Filter => (Modifiers::NONE, Key::Slash),
            Self::Shortcuts => (Modifiers::NONE, Key::Questionmark),
            Self::OpenTemplates
            | Self::OpenRollouts
            | Self::NewRollout
            | Self::SelectNone
            | Self::MigrateAgent
            | Self::ImportScc
            | Self::Density
            | Self::ThemeSystem
            | Self::Keep
            | Self::Revert
            | Self::Unlock
            | Self::Demo => {
                return None;
            }
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

    /// The letter it is called by, where a letter counts and not the key that it is on.
    pub const fn letter(self) -> Option<&'static str> {
        if matches!(self, Self::Filter) {
            Some("/")
        } else if matches!(self, Self::Shortcuts) {
            Some("?")
        } else {
            None
        }
    }

    /// Whether its keys mean something else while one types.
    pub const fn is_of_text(self) -> bool {
        matches!(self, Self::SelectAll | Self::DraftUndo | Self::DraftRedo)
    }

    /// Its keys as people write them on this system.
    pub fn keys(self, ctx: &egui::Context) -> String {
        match (self.letter(), self.shortcut()) {
            (Some(letter), _) => letter.to_owned(),
            (None, Some(shortcut)) => ctx
                .format_shortcut(&shortcut)
                .replace('+', " ")
                .replace("Comma", ","),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_keys_or_words() {
        for (at, one) in UiCommand::ALL.iter().enumerate() {
            for other in &UiCommand::ALL[at + 1..] {
                assert_ne!(one.text(), other.text());
                assert!(
                    one.shortcut().is_none() || one.shortcut() != other.shortcut(),
                    "{one:?} and {other:?}"
                );
            }
        }
    }
}
