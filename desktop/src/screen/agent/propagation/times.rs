//! How long tokens and the certificates of users are good.

use egui::{Align, Layout, Ui};
use serde_json::Value;
use underpass_shared::config::{Document, Number, PpSettings};
use underpass_shared::rights::Access;

use super::super::edit::{edit_connector, prevented};
use crate::cx::Cx;
use crate::theme::{size, space};
use crate::widget::{Button, Field, card_titled};

/// What is typed, and the settings that it began from.
#[derive(Default)]
pub(super) struct TimesState {
    base: Option<PpSettings>,
    tolerance: String,
    validity: String,
}

/// Reads a number by the agent's own rule.
fn number<const MIN: u32, const MAX: u32>(text: &str) -> Result<Number<MIN, MAX>, String> {
    let read = serde_json::from_value(Value::from(text.trim()));
    read.map_err(|_rule| format!("must be a whole number from {MIN} to {MAX}"))
}

/// Shows the times of the draft.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, state: &mut TimesState) {
    let present = document.connector().pp_settings;
    if state.base != Some(present) {
        state.base = Some(present);
        state.tolerance = present.expiration_tolerance_in_hr.get().to_string();
        state.validity = present.certificate_validity_in_min.get().to_string();
    }
    let role = prevented(cx, Access::Subaccounts);
    let (tolerance, validity) = (number(&state.tolerance), number(&state.validity));
    card_titled(
        ui,
        "Times",
        |_| {},
        |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::L;
                let why = role.as_deref().unwrap_or_default();
                Field::new("Tolerance for tokens, hours", &mut state.tolerance)
                    .help("A token may still be used so long after its end")
                    .error(tolerance.as_ref().err().map(String::as_str))
                    .enabled_if(role.is_none(), why)
                    .width(size::FIELD)
                    .show(ui);
                Field::new("Validity of certificates, minutes", &mut state.validity)
                    .help("A user's certificate may be used again so long")
                    .error(validity.as_ref().err().map(String::as_str))
                    .enabled_if(role.is_none(), why)
                    .width(size::FIELD)
                    .show(ui);
                let wanted = match (tolerance, validity) {
                    (Ok(expiration_tolerance_in_hr), Ok(certificate_validity_in_min)) => {
                        Some(PpSettings {
                            expiration_tolerance_in_hr,
                            certificate_validity_in_min,
                        })
                    }
                    (Err(_), _) | (_, Err(_)) => None,
                };
                let changed = wanted.filter(|wanted| *wanted != present);
                let why = match (&role, wanted) {
                    (Some(role), _) => role.as_str(),
                    (None, None) => "Correct the fields first",
                    (None, Some(_)) => "Nothing is changed",
                };
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    // Beside the fields, not beside their labels.
                    ui.add_space(size::LABEL);
                    let button = Button::secondary("Change in the draft")
                        .enabled_if(role.is_none() && changed.is_some(), why);
                    if ui.add(button).clicked()
                        && let Some(wanted) = changed
                    {
                        edit_connector(
                            cx,
                            "Change times of principal propagation",
                            move |fields| {
                                fields.pp_settings = wanted;
                                Ok(())
                            },
                        );
                    }
                });
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_to_the_rules_of_the_document() {
        assert_eq!(number::<1, 336>(" 336 ").unwrap().get(), 336);
        for text in ["", "0", "337", "x", "1.5"] {
            assert!(
                number::<1, 336>(text).unwrap_err().contains("1 to 336"),
                "{text}"
            );
        }
    }
}
