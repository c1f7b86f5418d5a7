//! The Common Expression Language, as Kubernetes uses it: read, typed, and run over values.
//!
//! The language is that of the CEL specification; the functions are its standard ones and the
//! libraries that Kubernetes adds. Most mistakes in expressions are mistakes of type, which the
//! engines that exist for Rust do not look for; so this one has a checker before it has anything else.

mod check;
mod cost;
mod eval;
mod lex;
mod library;
mod parse;
mod types;
mod val;

pub(crate) use check::check;
pub(crate) use cost::{Bound, Inner, Named, cost};
pub(crate) use eval::run;
pub(crate) use parse::{Expr, is_word, parse};
pub(crate) use types::Ty;
pub(crate) use val::Val;

/// Parses an expression and tells its type; an error says what is wrong with it.
pub(crate) fn compile(text: &str, variables: &[(&str, Ty)]) -> Result<(Expr, Ty), String> {
    let expression = parse(text)?;
    let kind = check(&expression, variables)?;
    Ok((expression, kind))
}
