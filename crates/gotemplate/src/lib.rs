#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `kustom_yaml::cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod exec;
mod functions;
mod json;
mod lex;
mod meter;
mod number;
mod parse;
mod print;
mod quote;
mod semver;
mod syntax;
mod value;
mod yaml;

use std::rc::Rc;

pub use functions::normalize;
pub use json::escaped as to_json;
pub use meter::{Meter, Refusal};
pub use print::plain as to_text;
pub use value::{Items, List, Map, Value};
pub use yaml::{from_json, from_node, from_yaml};

/// The name of a template's own text, beside those that it defines.
const NAME: &str = "base";

/// Why a template could not be read or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where in the template, in bytes.
    pub offset: usize,
    /// What is wrong: one sentence without the values of the template.
    pub message: String,
    /// What to try next.
    pub help: Option<String>,
    /// Whether a limit is the reason.
    pub is_limit: bool,
    /// The key that a map does not have, under [`MissingKey::Error`].
    pub missing_key: Option<String>,
    /// The keys that it has instead.
    pub keys: Vec<String>,
}

impl Failure {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
            help: None,
            is_limit: false,
            missing_key: None,
            keys: Vec::new(),
        }
    }

    fn of(offset: usize, refusal: &Refusal) -> Self {
        Self {
            is_limit: refusal.is_limit,
            help: refusal.help.map(str::to_owned),
            ..Self::new(offset, refusal.message())
        }
    }
}

/// What a key that a map does not have is: `missingkey=…` of Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, printed as `<no value>`: `default` and `invalid`.
    #[default]
    Default,
    /// The zero of the map's type: `zero`.
    Zero,
    /// An error: `error`.
    Error,
}

/// Compiles a regular expression as Go reads it, or says why not.
pub type Compile = fn(&str) -> Result<regex::Regex, String>;

/// How a template runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a missing key is.
    pub missing_key: MissingKey,
    /// The regular expressions of `regexMatch` and its kin.
    pub compile: Compile,
}

impl Options {
    /// Options with the spelling of Go, such as `missingkey=error`; of several the last counts.
    ///
    /// # Errors
    ///
    /// The first option that Go does not know.
    pub fn read<'o>(
        texts: impl IntoIterator<Item = &'o str>,
        compile: Compile,
    ) -> Result<Self, &'o str> {
        let mut missing_key = MissingKey::Default;
        for text in texts {
            missing_key = match text {
                "missingkey=default" | "missingkey=invalid" => MissingKey::Default,
                "missingkey=zero" => MissingKey::Zero,
                "missingkey=error" => MissingKey::Error,
                _ => return Err(text),
            };
        }
        Ok(Self {
            missing_key,
            compile,
        })
    }
}

/// A template that was read.
///
/// See the example of the crate.
#[derive(Clone, Debug)]
pub struct Template {
    templates: exec::Templates,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// If it is none, or calls a function that Argo CD does not have.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let templates =
            parse::parse(NAME, text).map_err(|(offset, message)| Failure::new(offset, message))?;
        Ok(Self {
            templates: Rc::new(templates),
        })
    }

    /// Runs it over some data, at the cost of a meter.
    ///
    /// Functions such as `set` change the maps of the data, as in Go.
    ///
    /// # Errors
    ///
    /// If an action fails, a function is not run because its result is another every time, or the
    /// meter is at its end.
    pub fn render(
        &self,
        data: &Value,
        options: &Options,
        meter: &Meter,
    ) -> Result<String, Failure> {
        exec::run(&self.templates, NAME, data, options, meter)
    }
}
