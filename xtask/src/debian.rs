//! Debian packages that a command needs: installed when possible, else named exactly.

use std::process::Command;

use anyhow::bail;

use crate::output;
use crate::shell;
use crate::stop::Stop;

/// A program, or the path of a file, and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

pub(crate) const AGE: Tool = Tool {
    program: "age",
    package: "age",
};
pub(crate) const APACHE: Tool = Tool {
    program: "apache2",
    package: "apache2",
};
pub(crate) const CC: Tool = Tool {
    program: "cc",
    package: "build-essential",
};
pub(crate) const CURL: Tool = Tool {
    program: "curl",
    package: "curl",
};
pub(crate) const IP: Tool = Tool {
    program: "ip",
    package: "iproute2",
};
pub(crate) const LIBSSL: Tool = Tool {
    program: "/usr/include/openssl/ssl.h",
    package: "libssl-dev",
};
pub(crate) const NFT: Tool = Tool {
    program: "nft",
    package: "nftables",
};
pub(crate) const NGINX: Tool = Tool {
    program: "nginx",
    package: "nginx",
};
pub(crate) const OPENSSL: Tool = Tool {
    program: "openssl",
    package: "openssl",
};
pub(crate) const PKG_CONFIG: Tool = Tool {
    program: "pkg-config",
    package: "pkg-config",
};
pub(crate) const SYSTEMD: Tool = Tool {
    program: "systemd-analyze",
    package: "systemd",
};
pub(crate) const VALGRIND: Tool = Tool {
    program: "valgrind",
    package: "valgrind",
};
pub(crate) const WRK: Tool = Tool {
    program: "wrk",
    package: "wrk",
};

/// Makes sure that all `tools` are there.
pub(crate) fn ensure(tools: &[Tool], stop: &Stop) -> anyhow::Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !nix::unistd::geteuid().is_root() || !shell::has_program("apt-get") {
        bail!("missing Debian packages; as root: apt-get install {list}");
    }
    output::progress(format_args!("installing Debian packages: {list}"));
    let installed = install(&missing, stop);
    let still = self::missing(tools);
    if !still.is_empty() {
        let reason = installed
            .err()
            .map(|error| format!(" ({error:#})"))
            .unwrap_or_default();
        bail!(
            "could not install Debian packages: {}{reason}",
            still.join(" ")
        );
    }
    Ok(())
}

fn missing(tools: &[Tool]) -> Vec<&'static str> {
    tools
        .iter()
        .filter(|tool| !shell::has_program(tool.program))
        .map(|tool| tool.package)
        .collect()
}

fn install(packages: &[&str], stop: &Stop) -> anyhow::Result<()> {
    // The lists may be old or absent; what counts is whether the install works.
    if let Err(error) = shell::run_and_read(&mut apt_get(&["update", "-qq"]), stop) {
        output::progress(format_args!("apt-get update failed: {error:#}"));
    }
    let mut command = apt_get(&["install", "-qq", "--no-install-recommends"]);
    shell::run_and_read(command.args(packages), stop).map(drop)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // In run level 1 Debian does not start the services that a package brings.
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1")
        .args(["-y", "-o", "DPkg::Lock::Timeout=60"])
        .args(arguments);
    command
}
