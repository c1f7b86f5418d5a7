//! What may stand in the name of a variable.

use kustom_yaml::go_unicode::{is_digit, is_letter};

/// Whether a character may stand in the name of a variable within `${…}`: letters and digits of
/// any script.
pub(crate) fn is_of_name(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}
