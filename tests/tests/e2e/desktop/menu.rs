//! What tells menus and software centres of the app, read by the tools of those who read it.

use std::path::Path;
use std::process::Command;

use crate::process::run;

#[test]
fn menus_and_software_centres_understand_the_app() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../installers/linux");
    let file = |end: &str| folder.join(format!("org.underpass.Underpass.{end}"));
    run(Command::new("desktop-file-validate").arg(file("desktop")));
    let mut appstream = Command::new("appstreamcli");
    run(appstream
        .args(["validate", "--no-net"])
        .arg(file("metainfo.xml")));
}
