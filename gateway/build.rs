//! Has the linker fold functions of the same code and bring those together that the program runs,
//! so that it takes less memory.
#![forbid(unsafe_code)]

use std::env;

/// The target whose linker, which Rust brings along, can do it.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The functions that the program runs; `cargo xtask layout` makes it.
const LAYOUT: &str = "layout.ld";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={LAYOUT}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !is("TARGET", TARGET) {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    // A program for tests has other functions, and is linked often.
    if is("PROFILE", "release")
        && let Ok(folder) = env::var("CARGO_MANIFEST_DIR")
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/{LAYOUT}");
    }
}
