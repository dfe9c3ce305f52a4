//! Certificates of every kind, on the days before their ends.

use crate::agent::Agent;
use crate::faketime::FakeClock;
use crate::posts::Posts;
use crate::process::{run, until};
use crate::world::World;

/// Good for 30 days, for 90, and for 365.
const SUBACCOUNT: &[&str] = &["SubaccountCertificate"];
const OPERATOR: &[&str] = &["OperatorCertificate"];
const OWN: &[&str] = &["SystemCertificate", "CACertificate", "UICertificate"];

/// Days after the start, and what is told on them: of which, and how much is left.
const CALENDAR: [(u16, &[&str], &str); 13] = [
    // It is renewed by itself, so its last quarter is when something is wrong.
    (25, SUBACCOUNT, "4 days"),
    (26, SUBACCOUNT, "3 days"),
    (28, SUBACCOUNT, "1 day"),
    (60, OPERATOR, "29 days"),
    (75, OPERATOR, "14 days"),
    (82, OPERATOR, "7 days"),
    (86, OPERATOR, "3 days"),
    (88, OPERATOR, "1 day"),
    (335, OWN, "29 days"),
    (350, OWN, "14 days"),
    (357, OWN, "7 days"),
    (361, OWN, "3 days"),
    (363, OWN, "1 day"),
];
/// Of this one somebody took note with 14 days left, and is reminded no more.
const NOTED: &str = "CACertificate";
const NOTED_ON: u16 = 350;

impl Agent {
    fn make_certificates(&self) {
        for which in ["system", "ca", "ui"] {
            let make = ["certificate", "self-signed", which, "--subject", "CN=own"];
            run(self.command(&make));
        }
    }

    /// An operator with a certificate for a script.
    fn issue_to_script(&self, world: &World) {
        let path = |name: &str| world.path(name).display().to_string();
        let (key, csr, out) = (path("key"), path("csr"), path("script.pem"));
        let mut openssl = std::process::Command::new("openssl");
        openssl.args([
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]);
        run(openssl.args([
            "-nodes",
            "-subj",
            "/CN=script",
            "-keyout",
            &key,
            "-out",
            &csr,
        ]));
        let issue = ["operator", "issue", "--csr", &csr, "--name", "script"];
        let more = ["--role", "Display", "--out", &out];
        run(self.command(&[issue.as_slice(), &more].concat()));
    }
}

/// Lets it be another day, and the agent look at once.
fn pass(clock: &FakeClock, agent: &Agent, day: u16) {
    clock.set(&format!("+{day}d"));
    agent.rules(&[&format!("delays.memory={day}")]);
}

fn happenings(posts: &Posts, code: &str) -> Vec<String> {
    let told = posts.told(code).into_iter();
    told.map(|(happening, _)| happening).collect()
}

#[test]
fn certificates_of_every_kind_are_told_on_their_days_until_they_are_exchanged() {
    let mut world = World::start();
    let (clock, posts) = (FakeClock::new(&world), Posts::default());
    let mut agent = world.enrol("", &clock.prefix());
    agent.run();
    agent.until_up();
    agent.posts_to(&posts.listen());
    agent.rules(&["delays.resolution=1"]);
    agent.make_certificates();
    agent.issue_to_script(&world);
    // Nobody renews that of the subaccount.
    world.gateway.kill();
    for (day, codes, left) in CALENDAR {
        pass(&clock, &agent, day);
        for code in codes {
            if *code == NOTED && day > NOTED_ON {
                continue;
            }
            let end = format!(" ends in {left}");
            until(&format!("{code}{end} is told"), || {
                posts.told(code).last()?.1.ends_with(&end).then_some(())
            });
        }
        if day == NOTED_ON {
            let number = agent.until_alert(NOTED)["number"].to_string();
            run(agent.command(&["alert", "acknowledge", &number]));
        }
    }
    for (code, reminders) in [
        ("SubaccountCertificate", 2),
        ("OperatorCertificate", 4),
        ("SystemCertificate", 4),
        ("UICertificate", 4),
        (NOTED, 1),
    ] {
        let expected = [vec!["raised"], vec!["reminded"; reminders]].concat();
        assert_eq!(happenings(&posts, code), expected, "{code}");
    }
    agent.make_certificates();
    run(agent.command(&["operator", "revoke", "script"]));
    for code in OWN.iter().chain(OPERATOR) {
        agent.until_resolved(code);
    }
    // It was the clock that was wrong.
    pass(&clock, &agent, 0);
    agent.until_resolved(SUBACCOUNT[0]);
    for code in [OWN, OPERATOR, SUBACCOUNT].concat() {
        until(&format!("the end of {code} is told"), || {
            (happenings(&posts, code).last()? == "resolved").then_some(())
        });
    }
}
