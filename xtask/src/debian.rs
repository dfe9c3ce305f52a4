//! Debian packages that a command needs: installed when possible, else named exactly.

use std::process::Command;

use anyhow::bail;

use crate::output;
use crate::shell;
use crate::stop::Stop;

/// A program, a library or the path of a file, and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

pub(crate) const AGE: Tool = Tool {
    program: "age",
    package: "age",
};
/// A mail server for tests.
pub(crate) const AIOSMTPD: Tool = Tool {
    program: "/usr/lib/python3/dist-packages/aiosmtpd/__init__.py",
    package: "python3-aiosmtpd",
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
/// Gives a program another time than its host has.
pub(crate) const FAKETIME: Tool = Tool {
    program: "faketime",
    package: "faketime",
};
/// What the desktop app loads when it opens its window.
pub(crate) const WINDOW: &[Tool] = &[
    library("libGL.so.1", "libgl1"),
    library("libGLX_mesa.so.0", "libglx-mesa0"),
    library("libEGL.so.1", "libegl1"),
    library("libxkbcommon.so.0", "libxkbcommon0"),
    library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    library("libX11-xcb.so.1", "libx11-xcb1"),
    library("libXcursor.so.1", "libxcursor1"),
    library("libXi.so.6", "libxi6"),
    library("libXrandr.so.2", "libxrandr2"),
];
/// What tests need to open windows and to look at them.
pub(crate) const DISPLAY: &[Tool] = &[
    Tool {
        program: "Xvfb",
        package: "xvfb",
    },
    Tool {
        program: "xdotool",
        package: "xdotool",
    },
    Tool {
        program: "dbus-run-session",
        package: "dbus",
    },
    Tool {
        program: "gnome-keyring-daemon",
        package: "gnome-keyring",
    },
    Tool {
        program: "/usr/libexec/at-spi-bus-launcher",
        package: "at-spi2-core",
    },
    Tool {
        program: "/usr/lib/python3/dist-packages/gi/__init__.py",
        package: "python3-gi",
    },
    library("girepository-1.0/Atspi-2.0.typelib", "gir1.2-atspi-2.0"),
    Tool {
        program: "desktop-file-validate",
        package: "desktop-file-utils",
    },
    Tool {
        program: "appstreamcli",
        package: "appstream",
    },
];
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
/// Makes pictures small: a screen has few colours.
pub(crate) const PNGQUANT: Tool = Tool {
    program: "pngquant",
    package: "pngquant",
};
pub(crate) const PKG_CONFIG: Tool = Tool {
    program: "pkg-config",
    package: "pkg-config",
};
/// Checks what Prometheus would read.
pub(crate) const PROMTOOL: Tool = Tool {
    program: "promtool",
    package: "prometheus",
};
pub(crate) const RSYSLOG: Tool = Tool {
    program: "rsyslogd",
    package: "rsyslog",
};
/// How it speaks TLS.
pub(crate) const RSYSLOG_TLS: Tool = library("rsyslog/lmnsd_gtls.so", "rsyslog-gnutls");
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

const fn library(program: &'static str, package: &'static str) -> Tool {
    Tool { program, package }
}

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
        .filter(|tool| !is_there(tool.program))
        .map(|tool| tool.package)
        .collect()
}

fn is_there(name: &str) -> bool {
    if name.contains(".so") || name.ends_with(".typelib") {
        shell::has_library(name)
    } else {
        shell::has_program(name)
    }
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
