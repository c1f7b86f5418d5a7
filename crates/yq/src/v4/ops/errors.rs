//! Errors that several families of operators share.

use kustom_yaml::error::{Error, Kind as ErrorKind};

use crate::v4::arena_node::Id;
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;

/// How long a text may become.
pub(in crate::v4) const LONGEST: usize = 10 * 1024 * 1024;

/// The error of an operator that found a value of another kind than it takes.
#[cold]
pub(super) fn wrong_kind(e: &Evaluator<'_>, call: &Call, wanted: &str, id: Id) -> Error {
    let name = call.operator.names[0];
    let message = format!("`{name}` expects {wanted}, found {}", e.described(id));
    Error::new(ErrorKind::Script, message)
}

/// The error of an operator whose text would be longer than [`LONGEST`].
#[cold]
pub(in crate::v4) fn too_long() -> Error {
    let message = format!("the text would be longer than {LONGEST} bytes");
    Error::new(ErrorKind::Script, message)
}
