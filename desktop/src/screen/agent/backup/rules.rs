//! Names that differ in the new home: rules by which they are replaced.

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::restore::{Choice, HostRule, LocationRule, NameRule, RegionRule};

use crate::text;
use crate::theme::{size, space};
use crate::widget::{Button, Field, IconButton, Words as _, select};

/// Rules that one writes by hand; more come by the API.
const RULES_MAX: usize = 50;
/// The longest name.
const NAME_LEN_MAX: usize = 255;

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Host,
    Location,
    Region,
    Name,
}

/// One rule as it is typed.
struct Rule {
    kind: Kind,
    find: String,
    replace: String,
}

/// The rules.
#[derive(Default)]
pub(super) struct Rules(Vec<Rule>);

impl Rule {
    /// Puts the rule into a choice; otherwise says what is wrong with it.
    fn put(&self, into: &mut Choice) -> Result<(), String> {
        let (find, replace) = (self.find.trim(), self.replace.trim());
        let empty = find.is_empty() || (replace.is_empty() && self.kind != Kind::Name);
        if empty && self.kind != Kind::Location {
            return Err("Fill in both names".to_owned());
        }
        let told = |rule: &dyn std::fmt::Display| text::sentence(&rule.to_string());
        match self.kind {
            Kind::Host => {
                let rule = HostRule {
                    find: find.to_owned(),
                    replace: replace.to_owned(),
                };
                rule.check().map_err(|invalid| told(&invalid.rule))?;
                into.hosts.push(rule);
            }
            Kind::Location => into.location_ids.push(LocationRule {
                find: find.parse().map_err(|rule| told(&rule))?,
                replace: replace.parse().map_err(|rule| told(&rule))?,
            }),
            Kind::Region => into.region_hosts.push(RegionRule {
                find: find.parse().map_err(|rule| told(&rule))?,
                replace: replace.parse().map_err(|rule| told(&rule))?,
            }),
            Kind::Name => into.names.push(NameRule {
                find: find.to_owned(),
                replace: replace.to_owned(),
            }),
        }
        Ok(())
    }
}

impl Rules {
    /// Puts all of them into a choice; false where one is wrong.
    pub(super) fn put(&self, into: &mut Choice) -> bool {
        let put: Vec<bool> = self.0.iter().map(|rule| rule.put(into).is_ok()).collect();
        put.into_iter().all(|well| well)
    }

    /// Shows them.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        let mut gone = None;
        for (at, rule) in self.0.iter_mut().enumerate() {
            ui.push_id(("rule", at), |ui| {
                if one(ui, at, rule) {
                    gone = Some(at);
                }
            });
            ui.add_space(space::S);
        }
        if let Some(at) = gone {
            self.0.remove(at);
        }
        let add = Button::secondary("Add a rule").icon(Icon::Plus).small();
        let room = self.0.len() < RULES_MAX;
        if ui.add(add.enabled_if(room, "There are enough")).clicked() {
            self.0.push(Rule {
                kind: Kind::Host,
                find: String::new(),
                replace: String::new(),
            });
        }
    }
}

/// Shows a rule; true when it shall go.
fn one(ui: &mut Ui, at: usize, rule: &mut Rule) -> bool {
    const KIND: f32 = 150.0;
    let kinds = [
        (Kind::Host, "Internal host".to_owned()),
        (Kind::Location, "Location ID".to_owned()),
        (Kind::Region, "Region host".to_owned()),
        (Kind::Name, "Display name".to_owned()),
    ];
    let mut gone = false;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        select(ui, "What", &mut rule.kind, &kinds, KIND);
        ui.vertical(|ui| {
            // On the line of the field, not of its label.
            ui.add_space(size::LABELLED - size::CONTROL);
            let name = format!("Remove rule {}", at + 1);
            gone = ui.add(IconButton::new(Icon::X, &name)).clicked();
        });
    });
    let hint = match rule.kind {
        Kind::Host => ("erp.old.example", "erp.new.example"),
        Kind::Location => ("plant-1", "plant-2"),
        Kind::Region => ("connect.old.example", "connect.new.example"),
        Kind::Name => ("Plant 1", "Plant 2"),
    };
    let typed = !rule.find.is_empty() && !rule.replace.is_empty();
    let wrong = rule.put(&mut Choice::default()).err().filter(|_| typed);
    let (find, replace) = (
        format!("Find, rule {}", at + 1),
        format!("Replace by, rule {}", at + 1),
    );
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let width = (ui.available_width() - space::S) / 2.0;
        for (label, value, hint, error) in [
            (&find, &mut rule.find, hint.0, wrong.as_deref()),
            (&replace, &mut rule.replace, hint.1, None),
        ] {
            Field::new(label, value)
                .mono()
                .hint(hint)
                .limit(NAME_LEN_MAX)
                .width(width)
                .error(error)
                .show(ui);
        }
    });
    if rule.kind == Kind::Host && rule.find.is_empty() {
        ui.quiet("With a dot before both, all hosts below a domain");
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_that_the_agent_takes() {
        let rule = |kind, find: &str, replace: &str| Rule {
            kind,
            find: find.to_owned(),
            replace: replace.to_owned(),
        };
        let rules = Rules(vec![
            rule(Kind::Host, " erp.old.example", "erp.new.example "),
            rule(Kind::Host, ".old.example", ".new.example"),
            rule(Kind::Location, "", "plant-2"),
            rule(Kind::Region, "a.example.com", "b.example.com"),
            rule(Kind::Name, "old ", ""),
        ]);
        let mut choice = Choice::default();
        assert!(rules.put(&mut choice));
        assert_eq!(choice.hosts.len(), 2);
        assert_eq!(choice.hosts[0].find, "erp.old.example");
        assert_eq!(choice.location_ids[0].replace.as_str(), "plant-2");
        for wrong in [
            rule(Kind::Host, ".old.example", "erp.new.example"),
            rule(Kind::Host, "erp", ""),
            rule(Kind::Region, "not a host", "b.example.com"),
            rule(Kind::Name, "", "x"),
        ] {
            assert!(wrong.put(&mut choice).is_err());
            assert!(!Rules(vec![wrong]).put(&mut choice));
        }
    }
}
