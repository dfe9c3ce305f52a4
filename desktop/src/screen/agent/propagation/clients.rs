//! Who may log on by RFC: allowed clients and blocked users of each mapping.

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::config::{
    Client, ClientUser, Document, Invalid, Mapping, MappingFields, ProtocolFamily, RfcOptions,
    SubaccountKey,
};
use underpass_shared::host::VirtualAddress;
use underpass_shared::rights::Access;

use super::super::edit::{edit, prevented};
use crate::cx::Cx;
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Button, Field, IconButton, Words as _, card_titled, select};

/// A mapping of a subaccount.
type Place = (SubaccountKey, VirtualAddress);

/// What the card remembers from frame to frame.
#[derive(Default)]
pub(super) struct ClientsState {
    chosen: Option<Place>,
    client: String,
    user: String,
}

/// Shows the lists of the chosen mapping for RFC.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, state: &mut ClientsState) {
    card_titled(
        ui,
        "Who may log on by RFC",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            let mut choices = vec![];
            for subaccount in document.subaccounts() {
                for one in subaccount
                    .mappings()
                    .iter()
                    .filter(|one| one.protocol.family() == ProtocolFamily::Rfc)
                {
                    let place = (subaccount.key().clone(), one.virtual_address.clone());
                    let name = text::clean(&format!(
                        "{} of {}",
                        one.virtual_address,
                        subaccount.own().display_name
                    ));
                    choices.push((Some(place), name));
                }
            }
            if choices.is_empty() {
                ui.quiet(
                    "No system mapping speaks RFC; clients and users are those of ABAP systems",
                );
                return;
            }
            if choices.iter().all(|(place, _)| *place != state.chosen) {
                state.chosen = choices.first().and_then(|(place, _)| place.clone());
            }
            select(
                ui,
                "System mapping",
                &mut state.chosen,
                &choices,
                size::FORM,
            );
            let Some((key, address)) = state.chosen.clone() else {
                return;
            };
            let found = document.subaccount(&key);
            let managed = found.is_some_and(|one| one.own().managed);
            let mapping = found.and_then(|one| {
                one.mappings()
                    .iter()
                    .find(|one| one.virtual_address == address)
            });
            let Some(mapping) = mapping else { return };
            let options = mapping.rfc_options.as_deref().cloned().unwrap_or_default();
            let role = prevented(
                cx,
                if managed {
                    Access::Administration
                } else {
                    Access::Subaccounts
                },
            );
            ui.columns(2, |columns| {
                clients(&mut columns[0], cx, state, &options, role.as_deref());
                users(&mut columns[1], cx, state, &options, role.as_deref());
            });
        },
    );
}

fn clients(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut ClientsState,
    options: &RfcOptions,
    role: Option<&str>,
) {
    ui.bold("Allowed clients");
    if options.allowed_clients.is_empty() {
        ui.quiet("All clients are allowed while none is named");
    }
    for client in options.allowed_clients.clone() {
        if entry(ui, &client.to_string(), "client", role) {
            change(
                cx,
                state,
                format!("Allow client {client} no more"),
                move |options| {
                    options.allowed_clients.retain(|one| *one != client);
                },
            );
        }
    }
    let typed = state.client.trim().to_owned();
    let read = typed.parse::<Client>();
    let known = read.is_ok_and(|client| options.allowed_clients.contains(&client));
    let error = match read {
        _ if typed.is_empty() => None,
        Err(rule) => Some(rule.to_string()),
        Ok(_) if known => Some("is allowed already".to_owned()),
        Ok(_) => None,
    };
    let ready = read.ok().filter(|_| !known);
    if add(
        ui,
        ("Client", "100", "Allow"),
        &mut state.client,
        error.as_deref(),
        ready.is_some(),
        role,
    ) && let Some(client) = ready
    {
        state.client.clear();
        change(
            cx,
            state,
            format!("Allow client {client}"),
            move |options| options.allowed_clients.push(client),
        );
    }
}

fn users(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut ClientsState,
    options: &RfcOptions,
    role: Option<&str>,
) {
    ui.bold("Blocked users");
    if options.blocked_users.is_empty() {
        ui.quiet("No user is blocked");
    }
    for user in options.blocked_users.clone() {
        if entry(ui, &user.to_string(), "blocked user", role) {
            change(cx, state, format!("Block {user} no more"), move |options| {
                options.blocked_users.retain(|one| *one != user);
            });
        }
    }
    let typed = state.user.trim().to_owned();
    let read = typed.parse::<ClientUser>();
    let known = read
        .as_ref()
        .is_ok_and(|user| options.blocked_users.contains(user));
    let error = match &read {
        _ if typed.is_empty() => None,
        Err(rule) => Some(rule.to_string()),
        Ok(_) if known => Some("is blocked already".to_owned()),
        Ok(_) => None,
    };
    let ready = read.ok().filter(|_| !known);
    if add(
        ui,
        ("Client and user", "100:DDIC", "Block"),
        &mut state.user,
        error.as_deref(),
        ready.is_some(),
        role,
    ) && let Some(user) = ready
    {
        state.user.clear();
        change(cx, state, format!("Block {user}"), move |options| {
            options.blocked_users.push(user)
        });
    }
}

/// An entry; true when it shall go.
fn entry(ui: &mut Ui, name: &str, kind: &str, role: Option<&str>) -> bool {
    let name = text::clean(name);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.words(Text::Mono, ui.tokens().text, name.as_str());
        let label = format!("Remove {kind} {name}");
        let remove = IconButton::new(Icon::X, &label).small();
        ui.add(remove.enabled_if(role.is_none(), role.unwrap_or_default()))
            .clicked()
    })
    .inner
}

/// A field with its button; true when it was taken.
fn add(
    ui: &mut Ui,
    (label, hint, action): (&str, &str, &str),
    value: &mut String,
    error: Option<&str>,
    ready: bool,
    role: Option<&str>,
) -> bool {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let field = Field::new(label, value)
            .mono()
            .hint(hint)
            .error(error)
            .width(size::FIELD_SHORT);
        let field = field
            .enabled_if(role.is_none(), role.unwrap_or_default())
            .show(ui);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let clicked = ui
            .vertical(|ui| {
                ui.add_space(size::LABEL);
                let why = role.unwrap_or("Fill the field first");
                ui.add(Button::secondary(action).enabled_if(ready && role.is_none(), why))
                    .clicked()
            })
            .inner;
        ready && role.is_none() && (clicked || entered)
    })
    .inner
}

/// Changes the lists of the chosen mapping in the draft.
fn change(
    cx: &mut Cx<'_>,
    state: &ClientsState,
    what: String,
    change: impl FnOnce(&mut RfcOptions) + Send + 'static,
) {
    let Some((key, address)) = state.chosen.clone() else {
        return;
    };
    edit(cx, what, move |document| {
        let found = document.subaccount(&key);
        let mapping = found.and_then(|one| {
            one.mappings()
                .iter()
                .find(|one| one.virtual_address == address)
        });
        let Some(mapping) = mapping else {
            return Err(Invalid::new("mapping", "is no longer there"));
        };
        let mut fields: MappingFields = (***mapping).clone().into();
        let mut options = fields.rfc_options.take().unwrap_or_default();
        change(&mut options);
        fields.rfc_options = Some(options);
        document.with_mapping(key, Mapping::try_from(fields)?)
    });
}
