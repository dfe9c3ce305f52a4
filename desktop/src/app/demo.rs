//! Made-up agents in the place of the real ones, for a while.

use std::path::PathBuf;

use egui::Context;

use super::App;
use crate::source::Source;
use crate::theme::State;

/// Makes a source of made-up agents.
pub type MakeDemo = Box<dyn Fn(&Context) -> std::io::Result<Box<dyn Source>>>;

impl App {
    /// The same app, which can show made-up agents too.
    #[must_use]
    pub fn with_demo(mut self, make: MakeDemo) -> Self {
        self.offer_demo(make);
        self
    }

    /// Lets the operator look at made-up agents.
    pub fn offer_demo(&mut self, make: MakeDemo) {
        self.demo = Some(make);
    }

    /// The same app, which tells where its data is.
    #[must_use]
    pub fn with_profile(mut self, folder: Option<PathBuf>) -> Self {
        self.screens.settings.profile = folder;
        self
    }

    /// To the made-up agents, or back to the real ones, which went on meanwhile.
    pub(super) fn toggle_demo(&mut self, ctx: &Context) {
        if let Some((real, toasts)) = self.set_aside.take() {
            (self.source, self.toasts) = (real, toasts);
        } else if self.fleet.is_demo {
            let now = (self.clock)();
            let text =
                "This program was started with made-up agents alone; start it without --demo";
            return self.toasts.tell(now, State::Info, text);
        } else {
            let Some(made) = self.demo.as_ref().map(|make| make(ctx)) else {
                return;
            };
            match made {
                Ok(demo) => {
                    let real = std::mem::replace(&mut self.source, demo);
                    self.set_aside = Some((real, std::mem::take(&mut self.toasts)));
                }
                Err(error) => {
                    let text = format!("There are no made-up agents: {error}");
                    return self.toasts.tell((self.clock)(), State::Error, text);
                }
            }
        }
        // Nothing of the one fleet is for the other.
        self.screens = crate::screen::Screens {
            settings: std::mem::take(&mut self.screens.settings),
            ..crate::screen::Screens::default()
        };
        self.go(crate::nav::Route::Fleet);
        ctx.request_repaint();
    }
}
