//! Pairing with an agent: the string, the words, the name.

mod steps;

use egui::{Context, Key};
use underpass_fleet::command::{Command, Described, Stranger};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::Keys;
use underpass_shared::config::OperatorName;
use underpass_shared::pairing::PairingLink;

use crate::command::UiCommand;
use crate::cx::Cx;
use crate::file::{self, Opened};
use crate::nav::{AgentTab, Route};
use crate::theme::State;
use crate::widget::{Turn, Wizard};
use crate::{naming, text};

const STEPS: [&str; 3] = ["Pairing string", "Compare words", "Name and group"];
/// A file with a pairing string has one line.
const FILE_LEN_MAX: u64 = 4_096;

/// Where one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Link,
    Words,
    Names,
}

/// The wizard; closed unless somebody opened it.
#[derive(Default)]
pub struct PairingState {
    open: bool,
    step: Step,
    link: String,
    name: String,
    asked: Slot<Stranger>,
    stranger: Option<Stranger>,
    differ: bool,
    label: String,
    group: String,
    tags: String,
    kept: Slot<()>,
    dropped: Slot<Opened>,
}

impl PairingState {
    /// Opens it, with a string that is known already.
    pub fn open(&mut self, link: &str) {
        if !self.open {
            *self = Self {
                open: true,
                ..Self::default()
            };
        }
        if !link.is_empty() && self.step == Step::Link {
            link.trim().clone_into(&mut self.link);
            self.asked.clear();
        }
    }

    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// The string, or which rule it breaks.
    fn parsed(&self) -> Result<PairingLink, String> {
        self.link
            .parse::<PairingLink>()
            .map_err(|rule| rule.to_string())
    }

    fn described(&self) -> Described {
        let group = self.group.trim();
        Described {
            label: self.label.trim().to_owned(),
            group: (!group.is_empty()).then(|| group.to_owned()),
            tags: naming::tags(&self.tags),
        }
    }

    /// Why this step is not complete.
    fn refused(&self, cx: &Cx<'_>) -> Option<String> {
        match self.step {
            Step::Link if cx.fleet.is_demo => {
                Some("Made-up agents cannot be paired with".to_owned())
            }
            Step::Link if self.link.trim().is_empty() => {
                Some("Paste a pairing string first".to_owned())
            }
            Step::Link => match (self.parsed(), self.name.trim().parse::<OperatorName>()) {
                (Err(rule), _) => Some(rule),
                (Ok(_), Err(rule)) if !self.name.trim().is_empty() => Some(rule.to_string()),
                _ if is_waiting(&self.asked) => Some("The agent is being asked".to_owned()),
                _ => None,
            },
            Step::Words if self.differ => {
                Some("Nothing was kept, because the words differ".to_owned())
            }
            Step::Words => None,
            Step::Names => match naming::check(&self.described()) {
                Err(rule) => Some(rule.to_string()),
                Ok(()) if is_waiting(&self.kept) => Some("It is being kept".to_owned()),
                Ok(()) => None,
            },
        }
    }

    /// Shows it while it is open.
    pub fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        self.take_dropped(ctx);
        if !self.open {
            return;
        }
        self.advance(cx);
        let next = match self.step {
            Step::Link => "Connect",
            Step::Words => "The words are the same",
            Step::Names => "Add to fleet",
        };
        let refused = self.refused(cx).map(|rule| text::sentence(&rule));
        let turn = Wizard::new("pairing", "Add an agent", &STEPS, self.step as usize)
            .next(next)
            .without_enter(self.step == Step::Words)
            .enabled_if(refused.is_none(), refused.as_deref().unwrap_or_default())
            .show(ctx, |ui| match self.step {
                Step::Link => self.link(ui, cx),
                Step::Words => self.words(ui, cx),
                Step::Names => self.names(ui, cx),
            });
        // Who pastes and presses Enter at once has typed all of it before this frame was drawn.
        let entered = ctx.input(|input| input.key_pressed(Key::Enter));
        let turn =
            if turn == Turn::Stay && entered && refused.is_some() && self.refused(cx).is_none() {
                Turn::Next
            } else {
                turn
            };
        match turn {
            Turn::Stay => {}
            Turn::Next => self.next(cx),
            Turn::Back => self.back(cx),
            Turn::Cancel => {
                self.forget(cx);
                self.open = false;
            }
        }
    }

    /// What was waited for came.
    fn advance(&mut self, cx: &mut Cx<'_>) {
        if let Some(stamped) = self.asked.take() {
            self.label = stamped.value.address.host.to_string();
            self.stranger = Some(Stranger::clone(&stamped.value));
            self.step = Step::Words;
        }
        let kept = self.kept.take().is_some();
        if let Some(stranger) = self.stranger.as_ref().filter(|_| kept) {
            cx.tell(
                State::Ok,
                format!("Paired with {}", text::clean(&self.label)),
            );
            cx.prefs.setup.begin(stranger.agent);
            cx.go(Route::Agent {
                id: stranger.agent,
                tab: AgentTab::Overview,
            });
            self.open = false;
        }
    }

    fn next(&mut self, cx: &mut Cx<'_>) {
        match self.step {
            Step::Link => cx.send(Command::Pair {
                link: self.link.trim().to_owned(),
                name: self.name.trim().parse().ok(),
                done: self.asked.clone(),
            }),
            Step::Words => self.step = Step::Names,
            Step::Names => {
                let Some(stranger) = &self.stranger else {
                    return;
                };
                if matches!(cx.fleet.keys, Keys::Locked { .. }) {
                    cx.run(UiCommand::Unlock);
                }
                cx.send(Command::Admit {
                    agent: stranger.agent,
                    described: self.described(),
                    done: self.kept.clone(),
                });
            }
        }
    }

    fn back(&mut self, cx: &mut Cx<'_>) {
        match self.step {
            Step::Link => {}
            Step::Words => {
                self.forget(cx);
                self.link.clear();
                self.step = Step::Link;
            }
            Step::Names => self.step = Step::Words,
        }
    }

    /// Whoever was paired with is not kept.
    fn forget(&mut self, cx: &mut Cx<'_>) {
        self.asked.clear();
        self.differ = false;
        if let Some(stranger) = self.stranger.take() {
            cx.send(Command::Reject(stranger.agent));
        }
    }

    /// A file that was dropped on the window may hold a string.
    fn take_dropped(&mut self, ctx: &Context) {
        let dropped = ctx.input(|input| {
            input
                .raw
                .dropped_files
                .first()
                .map(|one| one.path().to_owned())
        });
        if let Some(path) = dropped {
            file::open(ctx, path, FILE_LEN_MAX, &self.dropped);
        }
        let Some(stamped) = self.dropped.take() else {
            return;
        };
        let held = String::from_utf8_lossy(&stamped.value.bytes);
        if let Some(link) = held
            .split_whitespace()
            .find(|word| word.parse::<PairingLink>().is_ok())
        {
            self.open(link);
        }
    }
}

fn is_waiting<T: Send + Sync + 'static>(slot: &Slot<T>) -> bool {
    matches!(*slot.get(), Remote::Loading { .. })
}

fn failed<T: Send + Sync + 'static>(slot: &Slot<T>) -> Option<String> {
    slot.get().reason().map(text::sentence)
}
