//! Flags as Go's programs take them: anywhere, short ones in clusters, values glued or apart.

use clap::{Arg, ArgAction};

/// A flag that a command knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// The name behind two dashes.
    pub(crate) long: &'static str,
    /// The letter behind one dash.
    pub(crate) short: Option<char>,
    /// What follows, if a value does.
    pub(crate) value: Option<&'static str>,
    /// What it is for; one without a word is taken, and has no effect.
    pub(crate) help: &'static str,
}

/// A flag with a value.
pub(crate) const fn with_value(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    help: &'static str,
) -> Flag {
    Flag {
        long,
        short,
        value: Some(value),
        help,
    }
}

/// A flag that is there or not.
pub(crate) const fn switch(long: &'static str, short: Option<char>, help: &'static str) -> Flag {
    Flag {
        long,
        short,
        value: None,
        help,
    }
}

impl From<&Flag> for Arg {
    /// The flag as help shows it.
    fn from(flag: &Flag) -> Self {
        let arg = Self::new(flag.long).long(flag.long).help(flag.help);
        let arg = match flag.short {
            Some(short) => arg.short(short),
            None => arg,
        };
        match flag.value {
            Some(value) => arg.value_name(value).action(ArgAction::Append),
            None => arg.action(ArgAction::SetTrue),
        }
        .hide(flag.help.is_empty())
    }
}

/// The arguments of a command, told apart.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Those that are no flags.
    pub(crate) words: Vec<String>,
    given: Vec<(&'static str, String)>,
}

impl Arguments {
    /// Tells flags from words; an error message if a flag is not known.
    pub(crate) fn parse(arguments: &[String], known: &[Flag]) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                parsed.words.extend(rest.by_ref().cloned());
            } else if let Some(flag) = argument.strip_prefix("--") {
                parsed.long(flag, known, &mut rest)?;
            } else if let Some(flags) = argument.strip_prefix('-').filter(|it| !it.is_empty()) {
                parsed.short(flags, known, &mut rest)?;
            } else {
                parsed.words.push(argument.clone());
            }
        }
        Ok(parsed)
    }

    fn long<'a>(
        &mut self,
        text: &str,
        known: &[Flag],
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let flag = known
            .iter()
            .find(|flag| flag.long == name)
            .ok_or_else(|| format!("unknown flag: --{name}"))?;
        let value = match (value, flag.value) {
            (Some(value), _) => value,
            (None, None) => "true".to_owned(),
            (None, Some(_)) => rest
                .next()
                .cloned()
                .ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.given.push((flag.long, value));
        Ok(())
    }

    fn short<'a>(
        &mut self,
        cluster: &str,
        known: &[Flag],
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let mut letters = cluster.chars();
        while let Some(letter) = letters.next() {
            let flag = known
                .iter()
                .find(|flag| flag.short == Some(letter))
                .ok_or_else(|| format!("unknown shorthand flag: `{letter}` in -{cluster}"))?;
            let glued = letters.as_str();
            if let Some(value) = glued.strip_prefix('=') {
                self.given.push((flag.long, value.to_owned()));
                return Ok(());
            }
            if flag.value.is_none() {
                self.given.push((flag.long, "true".to_owned()));
                continue;
            }
            let value = if glued.is_empty() {
                rest.next()
                    .cloned()
                    .ok_or_else(|| format!("flag needs an argument: -{letter}"))?
            } else {
                glued.to_owned()
            };
            self.given.push((flag.long, value));
            return Ok(());
        }
        Ok(())
    }

    /// The last value given to a flag.
    pub(crate) fn value(&self, long: &str) -> Option<&str> {
        self.given
            .iter()
            .rev()
            .find(|(name, _)| *name == long)
            .map(|(_, value)| value.as_str())
    }

    /// All values given to a flag.
    pub(crate) fn values(&self, long: &str) -> impl Iterator<Item = &str> {
        let given = self.given.iter().filter(move |(name, _)| *name == long);
        given.map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, long: &str) -> bool {
        self.value(long) == Some("true")
    }

    /// Whether a switch that is on by itself was turned off.
    pub(crate) fn is_off(&self, long: &str) -> bool {
        self.value(long) == Some("false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Flag; 3] = [
        with_value("doc", Some('d'), "N", "a document"),
        switch("pretty", Some('P'), "plain style"),
        with_value("indent", Some('I'), "N", "blanks"),
    ];

    fn parsed(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        Arguments::parse(&arguments, &KNOWN)
    }

    #[test]
    fn values_are_glued_or_apart() {
        for arguments in [["-d1", "x"], ["-d=1", "x"], ["--doc=1", "x"]] {
            let arguments = parsed(&arguments).unwrap();
            assert_eq!(arguments.value("doc"), Some("1"));
            assert_eq!(arguments.words, ["x"]);
        }
        assert_eq!(parsed(&["-d", "-1"]).unwrap().value("doc"), Some("-1"));
    }

    #[test]
    fn short_flags_stand_in_clusters() {
        let arguments = parsed(&["-PI4"]).unwrap();
        assert!(arguments.is_on("pretty"));
        assert_eq!(arguments.value("indent"), Some("4"));
    }

    #[test]
    fn words_behind_two_dashes_are_no_flags() {
        assert_eq!(parsed(&["--", "-P", "- a"]).unwrap().words, ["-P", "- a"]);
        assert_eq!(parsed(&["-"]).unwrap().words, ["-"]);
    }

    #[test]
    fn an_unknown_flag_is_refused() {
        assert_eq!(parsed(&["--bogus"]).unwrap_err(), "unknown flag: --bogus");
        assert!(parsed(&["-x"]).is_err());
        assert!(parsed(&["-d"]).is_err());
    }
}
