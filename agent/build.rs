//! Has the linker fold functions of the same code, so that the program takes less memory.
#![forbid(unsafe_code)]

use std::env;

/// The target whose linker, which Rust brings along, can do it.
const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("TARGET").is_ok_and(|target| target == TARGET) {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
