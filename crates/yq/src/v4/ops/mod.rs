//! The operators, a family in each file.

pub(super) mod node_info;
pub(super) mod alias;
pub(super) mod arithmetic;
pub(super) mod assign;
pub(super) mod build;
pub(super) mod compare;
pub(super) mod date;
pub(super) mod decor;
pub(super) mod encode;
pub(super) mod entries;
pub(super) mod env;
pub(super) mod errors;
pub(super) mod glimpse;
pub(super) mod infix;
pub(super) mod load;
pub(super) mod logic;
pub(super) mod merge;
pub(super) mod path;
pub(super) mod pattern;
pub(super) mod pivot;
pub(super) mod sequence;
pub(super) mod slice;
pub(super) mod text;
pub(super) mod traverse;
pub(super) mod variable;
