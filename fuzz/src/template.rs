//! Templates.

use kustom::template::{Values, render as rendered, wanted};

use super::parts::pair;

/// A template gives the same text twice, and a text without a brace gives itself.
///
/// The first text is the values, as JSON.
pub(crate) fn render(text: &str) {
    let (of_values, template) = pair(text);
    let mut values = Values::default();
    if let Ok(serde_json::Value::Object(map)) = serde_json::from_str(of_values) {
        values.merge(map);
    }
    let _ = wanted("a.j2", template);
    let made = rendered("a.j2", template, &values);
    let again = rendered("a.j2", template, &values);
    assert_eq!(made.as_ref().ok(), again.as_ref().ok());
    if !template.contains('{') {
        assert_eq!(made.ok().as_deref(), Some(template));
    }
}
