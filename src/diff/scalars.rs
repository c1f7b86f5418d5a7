//! When two scalars mean the same.
//!
//! Numbers are compared by value, quantities and ports by what Kubernetes makes of them, and only
//! where Kubernetes does: in an annotation `1000m` is a text like any other.

use super::path::Path;
use crate::yaml::{Node, Scalar, Tag};

/// Fields whose values, or the values below them, are quantities.
///
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
const QUANTITIES: [&str; 18] = [
    "allocatable",
    "averageValue",
    "capacity",
    "default",
    "defaultRequest",
    "divisor",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "minAvailableCapacity",
    "podFixed",
    "requests",
    "sizeLimit",
    "storage",
    "targetAverageValue",
    "used",
];

/// Fields whose values are ports: `"80"` and `80` are the same door.
const PORTS: [&str; 6] = [
    "containerPort",
    "hostPort",
    "nodePort",
    "number",
    "port",
    "targetPort",
];

/// Parts of an object in which every value is a text, whatever its field is called.
const TEXTS: [&str; 6] = [
    "annotations",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "stringData",
];

/// Whether two scalars at a path say the same.
pub(super) fn same(from: &Node, to: &Node, path: &Path) -> bool {
    if from.tag == to.tag && from.text() == to.text() {
        return true;
    }
    same_number(from, to)
        || (is_port(path) && is_integer(from) && from.text() == to.text())
        || (is_quantity(path) && same_quantity(from, to))
}

fn same_number(from: &Node, to: &Node) -> bool {
    let is_number = |node: &Node| matches!(node.tag, Tag::Int | Tag::Float);
    if !is_number(from) || !is_number(to) {
        return false;
    }
    match (from.scalar_value(), to.scalar_value()) {
        (Ok(Scalar::Int(a)), Ok(Scalar::Float(b))) | (Ok(Scalar::Float(b)), Ok(Scalar::Int(a))) => {
            // Exact as far as a float is.
            a.unsigned_abs() < 1 << 53 && a as f64 == b
        }
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn is_integer(node: &Node) -> bool {
    let text = node.text().unwrap_or_default();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_port(path: &Path) -> bool {
    let last = path.fields().next_back();
    last.is_some_and(|last| PORTS.binary_search(&last).is_ok()) && !is_text(path)
}

fn is_quantity(path: &Path) -> bool {
    let mut last = path.fields().rev().take(2);
    last.any(|field| QUANTITIES.binary_search(&field).is_ok()) && !is_text(path)
}

fn is_text(path: &Path) -> bool {
    path.fields()
        .any(|field| TEXTS.binary_search(&field).is_ok())
}

fn same_quantity(from: &Node, to: &Node) -> bool {
    let read = |node: &Node| quantity(node.text()?);
    matches!((read(from), read(to)), (Some(a), Some(b)) if a == b)
}

/// A quantity in billionths.
fn quantity(text: &str) -> Option<i128> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}");
    let mantissa: i128 = digits
        .parse()
        .ok()
        .filter(|_| !digits.starts_with(['-', '+']))?;
    let (binary, decimal) = scale(suffix)?;
    let exponent = decimal + 9 - i32::try_from(fraction.len()).ok()?;
    let scaled = mantissa.checked_mul(1 << binary)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    let value = if exponent >= 0 {
        scaled.checked_mul(power)?
    } else if scaled % power == 0 {
        scaled / power
    } else {
        return None;
    };
    Some(if negative { -value } else { value })
}

/// The powers of two and of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            (
                0,
                exponent
                    .parse()
                    .ok()
                    .filter(|power: &i32| power.abs() <= 30)?,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::path::Step;

    fn same_at(path: &str, from: &str, to: &str) -> bool {
        let steps = path.split('.').map(|field| Step::Field(field.into()));
        let node = |text: &str| match text.strip_prefix('\'') {
            Some(text) => Node::string(text),
            None => Node::plain(text),
        };
        same(&node(from), &node(to), &Path(steps.collect()))
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(QUANTITIES.is_sorted() && PORTS.is_sorted() && TEXTS.is_sorted());
    }

    #[test]
    fn quantities_are_compared_by_amount_where_they_are_quantities() {
        for (from, to) in [
            ("1Gi", "1024Mi"),
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1e3", "1k"),
        ] {
            assert!(
                same_at("spec.resources.requests.memory", from, to),
                "{from} {to}"
            );
            assert!(!same_at("metadata.annotations.memory", from, to));
            assert!(!same_at(
                "data.limits",
                &format!("'{from}"),
                &format!("'{to}")
            ));
        }
        assert!(!same_at("spec.resources.requests.storage", "1Gi", "1G"));
        assert!(!same_at("spec.resources.requests.storage", "1Gi", "2Gi"));
        assert!(!same_at("spec.limits.cpu", "1e999999999", "1"));
        assert!(!same_at(
            "spec.limits.cpu",
            "1E",
            "99999999999999999999999999999999999999999E"
        ));
    }

    #[test]
    fn a_port_is_the_same_as_text_and_as_number() {
        assert!(same_at("spec.ports.targetPort", "'80", "80"));
        assert!(!same_at("spec.ports.targetPort", "'80", "81"));
        assert!(!same_at("spec.ports.targetPort", "'http", "http2"));
        assert!(!same_at("spec.replicas", "'80", "80"));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(same_at("spec.x", "1.0", "1"));
        assert!(same_at("spec.x", "0x10", "16"));
        assert!(!same_at("spec.x", "1.5", "1"));
        assert!(!same_at("spec.x", "true", "'true"));
    }
}
