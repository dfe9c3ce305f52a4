//! A command line: a command with the options of every command.

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args as _, FromArgMatches, Subcommand};

use super::{Command, Common};

/// A command with the options of every command.
#[derive(Debug)]
pub struct Line {
    /// The options of every command.
    pub common: Common,
    /// What to do.
    pub command: Command,
}

impl FromArgMatches for Line {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let command = Command::from_arg_matches(matches)?;
        let none = || clap::Error::new(ErrorKind::MissingSubcommand);
        let (_, own) = matches.subcommand().ok_or_else(none)?;
        let common = Common::from_arg_matches(own)?;
        Ok(Self { common, command })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Line {
    fn augment_subcommands(commands: clap::Command) -> clap::Command {
        Command::augment_subcommands(commands).mut_subcommands(with_common)
    }

    fn augment_subcommands_for_update(commands: clap::Command) -> clap::Command {
        Self::augment_subcommands(commands)
    }

    fn has_subcommand(name: &str) -> bool {
        Command::has_subcommand(name)
    }
}

/// A command that takes the options of every command too; its help shows them first.
fn with_common(command: clap::Command) -> clap::Command {
    let mut places = 0..;
    let mut in_order = move |one: Arg| match places.next() {
        Some(place) => one.display_order(place),
        None => one,
    };
    let common = Common::augment_args(clap::Command::default()).mut_args(&mut in_order);
    let common: Vec<Arg> = common.get_arguments().cloned().collect();
    command.mut_args(in_order).args(common)
}
