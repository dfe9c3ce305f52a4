//! Where secrets go. Whoever can lead one to another place learns it, so that only those may who may
//! give all of them anew.

use crate::backup::Named;
use crate::config::{Document, Webhook};

/// The place of a secret that is known already and would go to another server than before.
pub(super) fn led_elsewhere(old: &Document, new: &Document) -> Option<&'static str> {
    let known = Named::of(old).passwords;
    let (before, after) = (old.connector(), new.connector());
    let (was, mail) = (&before.email, &after.email);
    if let Some((_, id)) = mail.login()
        && known.contains(&id)
    {
        let is_same = was.login().is_some_and(|(_, own)| own == id)
            && (&was.smtp_host, was.smtp_port) == (&mail.smtp_host, mail.smtp_port);
        if !is_same {
            return Some("the server that a known password of mail goes to; give it anew");
        }
    }
    let leads = |hook: &Webhook| {
        let was = before.webhooks.as_slice().iter();
        let was: Vec<&Webhook> = was.filter(|was| was.origin == hook.origin).collect();
        let path = !known.contains(&hook.path) || was.iter().any(|was| was.path == hook.path);
        let secret = !hook.secret.is_some_and(|id| known.contains(&id))
            || was.iter().any(|was| was.secret == hook.secret);
        !(path && secret)
    };
    let elsewhere = after.webhooks.as_slice().iter().any(leads);
    elsewhere.then_some("the server that a known secret of a webhook goes to; give it anew")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Role, check};
    use super::*;

    const MAIL: &str = "018f0000-0000-7000-8000-000000000001";
    const PATH: &str = "018f0000-0000-7000-8000-000000000002";
    const FRESH: &str = "018f0000-0000-7000-8000-000000000009";

    fn document(smtp: &str, credential: &str, origin: &str, path: &str) -> Document {
        let connector = json!({
            "email": {"smtpHost": smtp, "smtpUsername": "u", "credential": credential},
            "webhooks": [{"name": "w", "enabled": true, "origin": origin, "path": path}],
        });
        let connector = serde_json::from_value(connector).unwrap();
        Document::empty().with_connector(connector).unwrap()
    }

    #[test]
    fn only_administrators_lead_a_known_secret_elsewhere() {
        let (smtp, origin) = ("mail.corp", "https://chat.example:443");
        let (evil, other) = ("evil.example", "https://evil.example:443");
        let old = document(smtp, MAIL, origin, PATH);
        for (new, is_led) in [
            (document(smtp, MAIL, origin, PATH), false),
            (document(evil, MAIL, origin, PATH), true),
            (document(evil, FRESH, origin, PATH), false),
            (document(smtp, PATH, origin, PATH), true),
            (document(smtp, MAIL, other, PATH), true),
            (document(smtp, MAIL, other, FRESH), false),
            (document(smtp, MAIL, origin, MAIL), true),
        ] {
            let told = check(Role::AssociateAdministrator, &old, &new);
            assert_eq!(told.is_err(), is_led, "{told:?}");
            assert!(check(Role::Administrator, &old, &new).is_ok());
        }
        let refused = check(
            Role::AssociateAdministrator,
            &old,
            &document(evil, MAIL, origin, PATH),
        );
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("known password of mail"), "{refused}");
    }
}
