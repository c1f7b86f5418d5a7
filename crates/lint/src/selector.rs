//! Label selectors.

use kustom_validate::Value;

/// Whether a `LabelSelector` selects labels; an empty one selects all.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.
pub(crate) fn selects(selector: &Value<'_>, labels: Option<&Value<'_>>) -> bool {
    let of = |key: &str| labels.and_then(|labels| labels.get(key));
    selects_by(selector, |key| of(key).and_then(Value::as_text))
}

/// The same, where labels come by their keys.
pub(crate) fn selects_by<'l>(
    selector: &Value<'_>,
    label: impl Fn(&str) -> Option<&'l str>,
) -> bool {
    let map = selector.get("matchLabels");
    let mut equal = map.map_or(&[][..], Value::entries).iter();
    equal.all(|entry| label(&entry.key) == entry.value.as_text())
        && selector.list("matchExpressions").iter().all(|term| {
            let found = label(term.text("key"));
            let values = || term.list("values").iter().filter_map(Value::as_text);
            match term.text("operator") {
                "In" => found.is_some_and(|found| values().any(|value| value == found)),
                "NotIn" => !found.is_some_and(|found| values().any(|value| value == found)),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
