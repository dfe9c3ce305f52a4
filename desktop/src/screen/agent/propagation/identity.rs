//! Whose word on users is taken, subaccount by subaccount.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{Query, SubaccountPath, SubaccountTarget, Target, Verb};
use underpass_shared::config::{Alias, Document, IdentityTrust, Subaccount, SubaccountFields};
use underpass_shared::rights::Access;

use super::super::edit::{act_into, edit, prevented};
use crate::cx::Cx;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Button, Words as _, card_titled, toggle};

/// Which list an entry is of.
#[derive(Clone, Copy)]
enum Source {
    Provider,
    App,
}

/// Shows the trust of all subaccounts.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
    card_titled(
        ui,
        "Whose word on users is taken",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            if document.subaccounts().is_empty() {
                ui.quiet("There are no subaccounts yet");
                return;
            }
            ui.quiet("Identity providers and cloud applications of each subaccount; nobody is trusted until somebody is switched on");
            for one in document.subaccounts() {
                subaccount(ui, cx, one);
            }
        },
    );
}

fn subaccount(ui: &mut Ui, cx: &mut Cx<'_>, one: &Subaccount) {
    let needed = if one.own().managed {
        Access::Administration
    } else {
        Access::Subaccounts
    };
    let role = prevented(cx, needed);
    let role = role.as_deref();
    let trust = &one.own().identity_trust;
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(width, space::S), egui::Sense::hover());
    let line = egui::Stroke::new(size::LINE, ui.tokens().border);
    ui.painter().hline(rect.x_range(), rect.center().y, line);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            head(ui, cx, one, role);
        });
    });
    if trust.providers().is_empty() && trust.apps().is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(space::L);
            ui.quiet("The cloud side has named nobody yet");
        });
        return;
    }
    for found in trust.providers() {
        let what = (Source::Provider, &found.id, &*found.name, found.enabled);
        entry(ui, cx, one, role, what);
    }
    for found in trust.apps() {
        let what = (Source::App, &found.id, &*found.name, found.enabled);
        entry(ui, cx, one, role, what);
    }
}

/// The name of a subaccount for people.
fn name_of(one: &Subaccount) -> String {
    let name = &one.own().display_name;
    if name.is_empty() {
        one.key().subaccount.to_string()
    } else {
        text::clean(name)
    }
}

/// The subaccount and what holds for both of its lists, from right to left.
fn head(ui: &mut Ui, cx: &mut Cx<'_>, one: &Subaccount, role: Option<&str>) {
    let (key, name) = (one.key(), name_of(one));
    let sync = Button::secondary("Take over now")
        .icon(Icon::RefreshCw)
        .small()
        .enabled_if(role.is_none(), role.unwrap_or_default())
        .tooltip("Take the lists of the cloud side over");
    if ui.add(sync).clicked() {
        let path = SubaccountPath {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
        };
        let query = Query {
            location_id: Some(key.location_id.clone()),
            ..Query::default()
        };
        let sync = Call::new(
            Verb::Post,
            Target::Of(path, SubaccountTarget::IdentityTrust),
        )
        .query(query);
        let what = format!("Take over trust of {name}");
        act_into(cx, sync, what, &Slot::<Reply>::default());
    }
    let mut auto = one.own().identity_trust.auto_sync();
    let label = format!("{name} follows the cloud side");
    if toggle(ui, &mut auto, &label, role).changed() {
        let word = if auto { "on" } else { "off" };
        let what = format!("Trust of {name} follows the cloud side: {word}");
        change(cx, one, what, move |old| {
            IdentityTrust::new(auto, old.providers().to_vec(), old.apps().to_vec())
        });
    }
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.bold(name.as_str());
        ui.quiet(text::clean(&key.region_host.to_string()));
    });
}

fn entry(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    of: &Subaccount,
    role: Option<&str>,
    (source, id, name, enabled): (Source, &Alias, &str, bool),
) {
    let shown = if name.is_empty() {
        id.to_string()
    } else {
        text::clean(name)
    };
    let kind = match source {
        Source::Provider => "Identity provider",
        Source::App => "Application",
    };
    ui.horizontal(|ui| {
        ui.add_space(space::L);
        let mut on = enabled;
        if toggle(ui, &mut on, &shown, role).changed() {
            let what = format!(
                "{} {kind} {shown}",
                if on { "Trust" } else { "No longer trust" }
            );
            let id = id.clone();
            change(cx, of, what, move |old| {
                let (mut providers, mut apps) = (old.providers().to_vec(), old.apps().to_vec());
                match source {
                    Source::Provider => providers
                        .iter_mut()
                        .filter(|one| one.id == id)
                        .for_each(|one| one.enabled = on),
                    Source::App => apps
                        .iter_mut()
                        .filter(|one| one.id == id)
                        .for_each(|one| one.enabled = on),
                }
                IdentityTrust::new(old.auto_sync(), providers, apps)
            });
        }
        ui.words(Text::Small, ui.tokens().text_3, format!("{kind} · {id}"));
    });
}

/// Changes the trust of a subaccount in the draft.
fn change(
    cx: &mut Cx<'_>,
    of: &Subaccount,
    what: String,
    new: impl FnOnce(&IdentityTrust) -> Result<IdentityTrust, underpass_shared::config::Invalid>
    + Send
    + 'static,
) {
    let key = of.key().clone();
    edit(cx, what, move |document| {
        let Some(found) = document.subaccount(&key) else {
            return Err(underpass_shared::config::Invalid::new(
                "subaccount",
                "is no longer there",
            ));
        };
        let identity_trust = new(&found.own().identity_trust)?;
        let own: SubaccountFields = (***found.own()).clone();
        document.with_subaccount(SubaccountFields {
            identity_trust,
            ..own
        })
    });
}
