//! The functions of a template: Go's own, those of sprig, and those of Argo CD.
//!
//! A function says the types that it takes, since Go checks them: `trunc "5"` is an error.
//! Sources: <https://pkg.go.dev/text/template#hdr-Functions>, <https://masterminds.github.io/sprig/>,
//! <https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/GoTemplate/>.

mod compare;
mod convert;
mod encode;
mod lists;
mod maps;
mod numbers;
mod paths;
mod regexes;
mod slug;
mod text;
mod urls;
pub(crate) mod versions;
mod words;

use std::sync::LazyLock;

use crate::meter::{Meter, Result};
use crate::value::Value;

pub use slug::normalize;

/// What a function may use.
pub(crate) struct Context<'m> {
    pub(crate) meter: &'m Meter,
    pub(crate) compile: crate::Compile,
}

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// `interface {}`
    Any,
    /// `reflect.Value`: a missing value stays one.
    Raw,
    /// `string`
    Text,
    /// `int`
    Int,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`
    Map,
}

impl Type {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any | Self::Raw => "value",
            Self::Text => "string",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Bool => "bool",
            Self::Map => "map[string]interface {}",
        }
    }
}

type Run = fn(&Context<'_>, &[Value]) -> Result<Value>;

/// What a function does.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// A value of its arguments.
    Plain(Run),
    /// `and` and `or`, which evaluate no more than they need.
    Logic {
        /// Whether it is `or`.
        is_or: bool,
    },
    /// `tpl`
    Tpl,
    /// What nobody can say here, and why.
    Unsure(&'static str),
}

/// A function.
#[derive(Clone, Copy)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) takes: &'static [Type],
    /// The type of any number of further arguments.
    pub(crate) rest: Option<Type>,
    pub(crate) body: Body,
}

const fn function(name: &'static str, takes: &'static [Type], run: Run) -> Function {
    Function {
        name,
        takes,
        rest: None,
        body: Body::Plain(run),
    }
}

const fn variadic(name: &'static str, takes: &'static [Type], rest: Type, run: Run) -> Function {
    Function {
        name,
        takes,
        rest: Some(rest),
        body: Body::Plain(run),
    }
}

const fn unsure(name: &'static str, reason: &'static str) -> Function {
    Function {
        name,
        takes: &[],
        rest: Some(Type::Any),
        body: Body::Unsure(reason),
    }
}

const CLOCK: &str = "its result depends on the clock";
const RANDOM: &str = "its result is another every time";
const DATES: &str = "dates are not supported";
const KEYS: &str = "keys and ciphers are not supported";

/// What is not run, whatever its arguments are.
static UNSURE: [Function; 37] = [
    unsure("ago", CLOCK),
    unsure("bcrypt", RANDOM),
    unsure("buildCustomCert", KEYS),
    unsure("call", "no value of an ApplicationSet is a function"),
    unsure("date", DATES),
    unsure("dateInZone", DATES),
    unsure("dateModify", DATES),
    unsure("date_in_zone", DATES),
    unsure("date_modify", DATES),
    unsure("decryptAES", KEYS),
    unsure("derivePassword", KEYS),
    unsure("duration", DATES),
    unsure("durationRound", DATES),
    unsure("encryptAES", RANDOM),
    unsure("genCA", RANDOM),
    unsure("genCAWithKey", RANDOM),
    unsure("genPrivateKey", RANDOM),
    unsure("genSelfSignedCert", RANDOM),
    unsure("genSelfSignedCertWithKey", RANDOM),
    unsure("genSignedCert", RANDOM),
    unsure("genSignedCertWithKey", RANDOM),
    unsure("htmlDate", DATES),
    unsure("htmlDateInZone", DATES),
    unsure("htpasswd", RANDOM),
    unsure("mustDateModify", DATES),
    unsure("mustToDate", DATES),
    unsure("must_date_modify", DATES),
    unsure("now", CLOCK),
    unsure("randAlpha", RANDOM),
    unsure("randAlphaNum", RANDOM),
    unsure("randAscii", RANDOM),
    unsure("randBytes", RANDOM),
    unsure("randInt", RANDOM),
    unsure("randNumeric", RANDOM),
    unsure("shuffle", RANDOM),
    unsure("toDate", DATES),
    unsure("unixEpoch", DATES),
];

/// What runs in its own way.
static SPECIAL: [Function; 4] = [
    Function {
        name: "and",
        takes: &[Type::Raw],
        rest: Some(Type::Raw),
        body: Body::Logic { is_or: false },
    },
    Function {
        name: "or",
        takes: &[Type::Raw],
        rest: Some(Type::Raw),
        body: Body::Logic { is_or: true },
    },
    Function {
        name: "tpl",
        takes: &[Type::Text, Type::Any],
        rest: None,
        body: Body::Tpl,
    },
    unsure("uuidv4", RANDOM),
];

/// All of them, by their names.
static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let tables: [&[Function]; 13] = [
        &UNSURE,
        &SPECIAL,
        &compare::ALL,
        &convert::ALL,
        &encode::ALL,
        &lists::ALL,
        &maps::ALL,
        &numbers::ALL,
        &paths::ALL,
        &regexes::ALL,
        &slug::ALL,
        &text::ALL,
        &urls::ALL,
    ];
    let mut all: Vec<&Function> = tables.into_iter().flatten().collect();
    all.sort_by_key(|function| function.name);
    all
});

/// A function by its name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let found = ALL.binary_search_by_key(&name, |function| function.name);
    found.ok().and_then(|index| ALL.get(index).copied())
}

/// Whether there is a function of a name.
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// The text of an argument that is one by its type.
fn text(values: &[Value], index: usize) -> &str {
    values
        .get(index)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number of an argument that is an `int` by its type.
fn int(values: &[Value], index: usize) -> i64 {
    match values.get(index) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        for pair in ALL.windows(2) {
            assert!(pair[0].name < pair[1].name, "{}", pair[0].name);
        }
    }
}
