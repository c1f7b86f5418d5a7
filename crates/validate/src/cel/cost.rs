//! What an expression costs at most, as the API server estimates it before it takes a rule.
//!
//! A step costs 1; to compare or search texts costs a tenth of their length; a macro costs its body
//! for each element of what it goes over. How long a text or a list can be is what the schema says:
//! the estimate of what has no bound is enormous.

use std::rc::Rc;

use super::check::check;
use super::parse::{Expr, qualified};
use super::types::Ty;

/// How large a value of a schema can be, and what is in it.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Characters of a text, elements of a list, entries of a map.
    pub(crate) most: u64,
    pub(crate) inner: Inner,
}

/// What is in a value.
#[derive(Debug)]
pub(crate) enum Inner {
    Nothing,
    Items(Rc<Bound>),
    Values(Rc<Bound>),
    Fields(Vec<(String, Rc<Bound>)>),
    Named(Named),
}

/// A map of whose keys the greatest length is known.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) key: u64,
    pub(crate) value: Rc<Bound>,
    /// Whether a value is as large when it is selected as a field, and not by an index.
    pub(crate) has_fields: bool,
}

/// The least and the greatest size of a value.
#[derive(Clone, Copy, Debug)]
struct Size(u64, u64);

impl Size {
    const UNKNOWN: Self = Self(0, u64::MAX);

    fn exactly(size: usize) -> Self {
        let size = size as u64;
        Self(size, size)
    }

    fn join(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }

    fn plus(self, other: Self) -> Self {
        Self(
            self.0.saturating_add(other.0),
            self.1.saturating_add(other.1),
        )
    }
}

/// What is known of the value of a part of an expression.
#[derive(Clone, Debug, Default)]
struct Known {
    cost: u64,
    size: Option<Size>,
    /// The size of the elements of a list that the expression itself makes.
    element: Option<Size>,
    at: Option<Rc<Bound>>,
}

/// What a step of a text's length costs, and of a pattern's.
const TEXT: f64 = 0.1;
const PATTERN: f64 = 0.25;
/// What it costs to make a list, a map and a message.
const LIST: u64 = 10;
const MAP: u64 = 30;
const MESSAGE: u64 = 40;
/// The cost of an authorization check.
const AUTHORIZATION: u64 = 350_000;
/// As long as the pattern of a named format is taken to be.
const FORMAT: f64 = 128.0;

/// The greatest cost of an expression over a value of a bound.
pub(crate) fn cost(expression: &Expr, variables: &[(&str, Ty)], bound: &Rc<Bound>) -> u64 {
    let mut coster = Coster {
        scope: variables
            .iter()
            .map(|(name, kind)| {
                let known = Known {
                    at: Some(Rc::clone(bound)),
                    ..Known::default()
                };
                ((*name).to_owned(), kind.clone(), known)
            })
            .collect(),
    };
    coster.known(expression).cost
}

struct Coster {
    scope: Vec<(String, Ty, Known)>,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "costs are not negative, and the server counts with doubles"
)]
fn times(size: u64, factor: f64) -> u64 {
    // Too large for an integer is the greatest of them.
    (size as f64 * factor).ceil() as u64
}

impl Coster {
    fn kind(&self, expression: &Expr) -> Ty {
        let variables: Vec<(&str, Ty)> = self
            .scope
            .iter()
            .map(|(name, kind, _)| (name.as_str(), kind.clone()))
            .collect();
        check(expression, &variables).unwrap_or(Ty::Dyn)
    }

    /// The size of a value, whatever tells it.
    fn size(&self, expression: &Expr, known: &Known) -> Size {
        let exact = match expression {
            Expr::Text(text) => Some(Size::exactly(text.chars().count())),
            Expr::Bytes(bytes) => Some(Size::exactly(bytes.len())),
            Expr::List(items) => Some(Size::exactly(items.len())),
            Expr::Map(entries) => Some(Size::exactly(entries.len())),
            Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Uint(_) | Expr::Double(_) => {
                Some(Size::exactly(1))
            }
            _ => None,
        };
        known
            .size
            .or(exact)
            .or_else(|| known.at.as_ref().map(|bound| Size(0, bound.most)))
            .or_else(|| is_scalar(&self.kind(expression)).then(|| Size::exactly(1)))
            .unwrap_or(Size::UNKNOWN)
    }

    fn known(&mut self, expression: &Expr) -> Known {
        let plain = |cost: u64| Known {
            cost,
            ..Known::default()
        };
        match expression {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Uint(_)
            | Expr::Double(_)
            | Expr::Text(_)
            | Expr::Bytes(_) => plain(0),
            Expr::Name(name) => {
                let found = self.scope.iter().rev().find(|(known, ..)| known == name);
                // What is no variable, such as `int`, is taken for as large as the value itself.
                let found = found.or(self.scope.first());
                let mut known = found.map_or_else(Known::default, |(_, _, known)| known.clone());
                known.cost = 1;
                known
            }
            Expr::Field(inner, name, optional) => self.field(inner, name, *optional),
            Expr::Index(inner, index, _) => {
                let (of, by) = (self.known(inner), self.known(index));
                Known {
                    cost: of.cost.saturating_add(by.cost).saturating_add(1),
                    size: of.element,
                    element: None,
                    at: of.at.as_ref().and_then(element_of),
                }
            }
            Expr::List(items) => {
                let mut cost = LIST;
                let mut element: Option<Size> = None;
                for item in items {
                    let known = self.known(item);
                    cost = cost.saturating_add(known.cost);
                    let size = self.size(item, &known);
                    element = Some(element.map_or(size, |found| found.join(size)));
                }
                Known {
                    cost,
                    element: element.or(Some(Size(0, 0))),
                    ..Known::default()
                }
            }
            Expr::Map(entries) => {
                let parts = entries.iter().flat_map(|(key, value)| [key, value]);
                plain(self.sum(MAP, parts))
            }
            Expr::Message(_, fields) => {
                plain(self.sum(MESSAGE, fields.iter().map(|(_, value)| value)))
            }
            Expr::Not(inner) | Expr::Minus(inner) => {
                plain(self.known(inner).cost.saturating_add(1))
            }
            Expr::If(condition, yes, no) => {
                let (asked, one, other) = (self.known(condition), self.known(yes), self.known(no));
                Known {
                    cost: asked.cost.saturating_add(one.cost.max(other.cost)),
                    size: Some(self.size(yes, &one).join(self.size(no, &other))),
                    ..Known::default()
                }
            }
            Expr::Binary(operator, left, right) => self.binary(operator, left, right),
            Expr::Call(receiver, name, arguments) => {
                self.call(receiver.as_deref(), name, arguments)
            }
        }
    }

    fn sum<'e>(&mut self, base: u64, parts: impl Iterator<Item = &'e Expr>) -> u64 {
        parts.fold(base, |sum, part| sum.saturating_add(self.known(part).cost))
    }

    fn field(&mut self, inner: &Expr, name: &str, optional: bool) -> Known {
        let of = self.known(inner);
        let selects = optional
            || matches!(
                self.kind(inner),
                Ty::Map(..) | Ty::Object(_) | Ty::Message(_)
            );
        let at = of.at.as_ref().and_then(|bound| match &bound.inner {
            Inner::Fields(fields) => fields
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, bound)| Rc::clone(bound)),
            Inner::Named(named) if named.has_fields => Some(Rc::clone(&named.value)),
            _ => None,
        });
        Known {
            cost: of.cost.saturating_add(u64::from(selects)),
            at,
            ..Known::default()
        }
    }

    fn binary(&mut self, operator: &str, left: &Expr, right: &Expr) -> Known {
        let (one, other) = (self.known(left), self.known(right));
        let (first, second) = (self.size(left, &one), self.size(right, &other));
        let both = one.cost.saturating_add(other.cost);
        let (kind, more) = (self.kind(left), self.kind(right));
        let textual = |kind: &Ty| matches!(kind, Ty::Text | Ty::Bytes | Ty::Dyn);
        let shorter = times(first.1.min(second.1), TEXT);
        let mut size = None;
        let own = match operator {
            "&&" | "||" => 0,
            "==" | "!=" if matches!(kind, Ty::Named(_)) && kind == more => 1,
            "==" | "!=" => shorter,
            "<" | "<=" | ">" | ">=" if textual(&kind) && textual(&more) => shorter.max(1),
            "in" if matches!(more, Ty::List(_) | Ty::Dyn) => second.1,
            "+" if textual(&kind) && textual(&more) => {
                size = Some(first.plus(second));
                times(first.plus(second).1, TEXT)
            }
            "+" if matches!(kind, Ty::List(_)) => {
                size = Some(first.plus(second));
                1
            }
            _ => 1,
        };
        Known {
            cost: both.saturating_add(own),
            size,
            ..Known::default()
        }
    }

    fn call(&mut self, receiver: Option<&Expr>, name: &str, arguments: &[Expr]) -> Known {
        if let Some(known) = self.macros(receiver, name, arguments) {
            return known;
        }
        let space = receiver.and_then(qualified);
        let is_function = receiver.is_none()
            || space
                .as_deref()
                .is_some_and(|space| SPACES.contains(&space) && !self.names(space));
        let given: Vec<Known> = arguments.iter().map(|part| self.known(part)).collect();
        let mut cost = given
            .iter()
            .fold(0_u64, |sum, known| sum.saturating_add(known.cost));
        let sizes: Vec<Size> = arguments
            .iter()
            .zip(&given)
            .map(|(part, known)| self.size(part, known))
            .collect();
        let mut target = None;
        let mut element = Size::UNKNOWN;
        if let Some(receiver) = receiver.filter(|_| !is_function) {
            let known = self.known(receiver);
            cost = cost.saturating_add(known.cost);
            target = Some((self.size(receiver, &known), self.kind(receiver)));
            element = known
                .element
                .or_else(|| {
                    known
                        .at
                        .as_ref()
                        .and_then(element_of)
                        .map(|bound| Size(0, bound.most))
                })
                .unwrap_or(Size::UNKNOWN);
        }
        let first = sizes.first().copied().unwrap_or(Size(0, 0));
        let second = sizes.get(1).copied().unwrap_or(Size(0, 0));
        let own = target.as_ref().map_or(Size(0, 0), |(size, _)| *size);
        let mut size = None;
        let more = match name {
            "check" => AUTHORIZATION,
            "dyn" => {
                size = sizes.first().copied();
                1
            }
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => match &target {
                Some((_, Ty::List(inner))) => {
                    let each = match **inner {
                        Ty::Text | Ty::Bytes => times(element.1, TEXT).saturating_add(1),
                        _ => 1,
                    };
                    own.1.saturating_mul(each)
                }
                _ => times(own.1, TEXT),
            },
            "url" | "escapeKey" => {
                size = Some(first);
                times(first.1, TEXT)
            }
            "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                size = Some(own);
                times(own.1, TEXT)
            }
            "replace" => {
                size = Some(replaced(own, first, second));
                times(own.1, 2.0 * TEXT)
            }
            "split" => {
                size = Some(Size(0, own.1));
                times(own.1, 2.0 * TEXT)
            }
            "join" => {
                let between = first.1.saturating_mul(own.1.saturating_sub(1));
                let all = own.1.saturating_mul(element.1).saturating_add(between);
                size = Some(Size(0, all));
                times(all, TEXT)
            }
            "find" | "findAll" => {
                size = Some(Size(0, own.1));
                times(own.1.saturating_add(1), TEXT).saturating_mul(times(first.1, PATTERN))
            }
            "matches" => {
                let (text, pattern) = if target.is_some() {
                    (own, first)
                } else {
                    (first, second)
                };
                times(text.1.saturating_add(1), TEXT).saturating_mul(times(pattern.1, PATTERN))
            }
            "contains" | "intersects" if is_function => first.1.saturating_mul(second.1),
            "equivalent" => first.1.saturating_mul(second.1).saturating_mul(2),
            "startsWith" | "endsWith" => times(first.1, TEXT),
            "contains" => times(own.1, TEXT).saturating_mul(times(first.1, TEXT)),
            "format" if target.is_some() => times(own.1, TEXT),
            "ip" if target.is_some() => 1,
            "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver"
            | "isSemver" => times(first.1, TEXT),
            "isCanonical" => times(first.1, 2.0 * TEXT),
            "containsIP" | "containsCIDR" => times(first.1, TEXT).saturating_add(8),
            "validate" => times(times(first.1, TEXT), FORMAT * PATTERN),
            "bytes" | "string"
                if matches!(
                    arguments.first().map(|part| self.kind(part)),
                    Some(Ty::Text | Ty::Bytes)
                ) =>
            {
                size = Some(Size(first.0 / 4, first.1.saturating_mul(4)));
                times(first.1, TEXT)
            }
            _ => 1,
        };
        Known {
            cost: cost.saturating_add(more),
            size,
            ..Known::default()
        }
    }

    fn names(&self, name: &str) -> bool {
        self.scope.iter().any(|(known, ..)| known == name)
    }

    fn macros(&mut self, receiver: Option<&Expr>, name: &str, arguments: &[Expr]) -> Option<Known> {
        match (receiver, name, arguments) {
            (None, "has", [Expr::Field(inner, ..)]) => Some(Known {
                cost: self.known(inner).cost,
                ..Known::default()
            }),
            (Some(Expr::Name(space)), "bind", [Expr::Name(variable), value, body])
                if self.names(space) =>
            {
                let kind = self.kind(value);
                let bound = self.known(value);
                let own = bound.cost.saturating_add(LIST);
                let mut known = self.with(vec![(variable.clone(), kind, bound)], body);
                known.cost = known.cost.saturating_add(own);
                Some(known)
            }
            (Some(of), "optMap" | "optFlatMap", [Expr::Name(variable), body]) => {
                let target = self.known(of);
                let kind = match self.kind(of) {
                    Ty::Optional(inner) => *inner,
                    _ => Ty::Dyn,
                };
                let inner = Known {
                    at: target.at.clone(),
                    ..Known::default()
                };
                let made = self.with(vec![(variable.clone(), kind, inner)], body).cost;
                // The target is asked whether it is there, and then for its value.
                let asked = target.cost.saturating_mul(2).saturating_add(3 + LIST);
                Some(Known {
                    cost: asked.saturating_add(made),
                    ..Known::default()
                })
            }
            (Some(of), _, [Expr::Name(one), Expr::Name(other), rest @ ..])
                if TWO.contains(&name) && !rest.is_empty() =>
            {
                Some(self.over(of, name, &[one, other], rest))
            }
            (Some(of), _, [Expr::Name(one), rest @ ..])
                if ONE.contains(&name) && !rest.is_empty() =>
            {
                Some(self.over(of, name, &[one], rest))
            }
            _ => None,
        }
    }

    /// A macro that goes over a list or a map.
    fn over(&mut self, of: &Expr, name: &str, variables: &[&String], bodies: &[Expr]) -> Known {
        let range = self.known(of);
        let count = self.size(of, &range);
        let kind = self.kind(of);
        let (key, element) = match &kind {
            Ty::List(inner) => (Ty::Int, (**inner).clone()),
            Ty::Map(key, value) => ((**key).clone(), (**value).clone()),
            _ => (Ty::Dyn, Ty::Dyn),
        };
        let value = Known {
            size: range.element,
            at: range.at.as_ref().and_then(element_of),
            ..Known::default()
        };
        let is_map = matches!(kind, Ty::Map(..));
        // The server takes keys for empty where it knows nothing of them.
        let longest = match range.at.as_deref().map(|bound| &bound.inner) {
            Some(Inner::Named(named)) => named.key,
            _ => u64::from(!is_map),
        };
        let index = Known {
            size: Some(Size(0, longest)),
            ..Known::default()
        };
        let scope = match variables {
            [one] if is_map => vec![((*one).clone(), key, index)],
            [one] => vec![((*one).clone(), element, value)],
            _ => vec![
                (variables[0].clone(), key, index),
                (variables[1].clone(), element, value),
            ],
        };
        let costs: Vec<u64> = bodies
            .iter()
            .map(|body| self.with(scope.clone(), body).cost)
            .collect();
        let (first, last) = (costs[0], costs[costs.len() - 1]);
        let filtered = |made: u64| {
            if costs.len() > 1 {
                first.saturating_add(made)
            } else {
                made
            }
        };
        let (before, each, after) = match name {
            "all" => (0, first.saturating_add(3), 1),
            "exists" => (0, first.saturating_add(4), 1),
            "exists_one" | "existsOne" => (0, first.saturating_add(2), 2),
            "filter" => (LIST, first.saturating_add(3 + LIST), 1),
            "map" | "transformList" => (LIST, filtered(last.saturating_add(2 + LIST)), 1),
            _ => (MAP, filtered(last.saturating_add(3)), 1),
        };
        let looped = count.1.saturating_mul(each);
        Known {
            cost: range
                .cost
                .saturating_add(before)
                .saturating_add(looped)
                .saturating_add(after),
            size: (before > 0).then_some(count),
            ..Known::default()
        }
    }

    fn with(&mut self, variables: Vec<(String, Ty, Known)>, body: &Expr) -> Known {
        let before = self.scope.len();
        self.scope.extend(variables);
        let mut known = self.known(body);
        let size = self.size(body, &known);
        if size.1 != u64::MAX {
            known.size = Some(size);
        }
        self.scope.truncate(before);
        known
    }
}

/// Names before the dot of functions that are called of no value.
const SPACES: &[&str] = &["optional", "sets", "ip", "format", "jsonpatch"];
/// Macros with one variable, and those with two.
const ONE: &[&str] = &["all", "exists", "exists_one", "existsOne", "filter", "map"];
const TWO: &[&str] = &[
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

fn element_of(bound: &Rc<Bound>) -> Option<Rc<Bound>> {
    match &bound.inner {
        Inner::Items(inner) | Inner::Values(inner) => Some(Rc::clone(inner)),
        Inner::Named(named) => Some(Rc::clone(&named.value)),
        _ => None,
    }
}

fn is_scalar(kind: &Ty) -> bool {
    match kind {
        Ty::Bool | Ty::Int | Ty::Uint | Ty::Double | Ty::Timestamp | Ty::Duration => true,
        Ty::Optional(inner) => is_scalar(inner),
        _ => false,
    }
}

/// How long a text can become in which others are put for parts of it.
fn replaced(text: Size, part: Size, by: Size) -> Size {
    let most = if part.0 == 0 {
        text.1
            .saturating_add(1)
            .saturating_mul(by.1)
            .saturating_add(text.1)
    } else if by.1 <= part.0 {
        text.1
    } else {
        text.1.div_ceil(part.0).saturating_mul(by.1)
    };
    Size(0, most)
}
