//! Expressions, run.

use std::cmp::Ordering;
use std::rc::Rc;

use jiff::SignedDuration;

use super::library;
use super::parse::{Expr, qualified};
use super::val::{Failure, Outcome, Val};
use crate::quantity::Quantity;
use crate::time::Time;

/// Variables of an expression.
pub(crate) type Scope = Vec<(String, Val)>;

/// Steps that one expression may take.
const FUEL: u32 = 200_000;

/// Runs an expression; nothing is told of one that cannot be run here.
pub(crate) fn run(expression: &Expr, scope: Scope) -> Option<Result<Val, String>> {
    let mut machine = Machine { scope, fuel: FUEL };
    match machine.eval(expression) {
        Ok(found) => Some(Ok(found)),
        Err(Failure::Error(message)) => Some(Err(message)),
        Err(Failure::Unknown) => None,
    }
}

struct Machine {
    scope: Scope,
    fuel: u32,
}

fn error<T>(message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Error(message.into()))
}

fn int(number: usize) -> Val {
    Val::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn list(items: Vec<Val>) -> Val {
    Val::List(Rc::new(items))
}

impl Machine {
    fn eval(&mut self, expression: &Expr) -> Outcome {
        self.fuel = self.fuel.checked_sub(1).ok_or(Failure::Unknown)?;
        Ok(match expression {
            Expr::Null => Val::Null,
            Expr::Bool(set) => Val::Bool(*set),
            Expr::Int(number) => Val::Int(*number),
            Expr::Uint(number) => Val::Uint(*number),
            Expr::Double(number) => Val::Double(*number),
            Expr::Text(text) => Val::text(text),
            Expr::Bytes(bytes) => Val::Bytes(bytes.as_slice().into()),
            Expr::Name(name) => self
                .scope
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
                .ok_or(Failure::Unknown)?,
            Expr::Field(inner, name, optional) => {
                let of = self.eval(inner)?;
                self.member(&of, &Val::text(name), *optional)?
            }
            Expr::Index(inner, index, optional) => {
                let (of, by) = (self.eval(inner)?, self.eval(index)?);
                self.member(&of, &by, *optional)?
            }
            Expr::Call(receiver, name, arguments) => {
                self.call(receiver.as_deref(), name, arguments)?
            }
            Expr::List(items) => list(
                items
                    .iter()
                    .map(|item| self.eval(item))
                    .collect::<Result<_, _>>()?,
            ),
            Expr::Map(entries) => Val::Map(Rc::new(
                entries
                    .iter()
                    .map(|(key, value)| Ok((self.eval(key)?, self.eval(value)?)))
                    .collect::<Result<_, Failure>>()?,
            )),
            Expr::Message(..) => return Err(Failure::Unknown),
            Expr::Not(inner) => match self.eval(inner)? {
                Val::Bool(set) => Val::Bool(!set),
                _ => return error("`!` needs a truth value"),
            },
            Expr::Minus(inner) => match self.eval(inner)? {
                Val::Int(number) => Val::Int(
                    number
                        .checked_neg()
                        .ok_or(Failure::Error("a number is too large".to_owned()))?,
                ),
                Val::Double(number) => Val::Double(-number),
                _ => return Err(Failure::Unknown),
            },
            Expr::Binary(operator, left, right) => self.binary(operator, left, right)?,
            Expr::If(condition, yes, no) => match self.eval(condition)? {
                Val::Bool(true) => self.eval(yes)?,
                Val::Bool(false) => self.eval(no)?,
                _ => return error("`?:` needs a truth value"),
            },
        })
    }

    fn member(&self, of: &Val, key: &Val, optional: bool) -> Outcome {
        match of {
            Val::Optional(None) => Ok(Val::Optional(None)),
            Val::Optional(Some(inner)) => Ok(Val::Optional(inner.get(key).map(Rc::new))),
            _ if optional => Ok(Val::Optional(of.get(key).map(Rc::new))),
            _ => of.get(key).ok_or_else(|| match key {
                Val::Text(name) => Failure::Error(format!("there is no key `{name}`")),
                Val::Int(index) => Failure::Error(format!("the index {index} is out of bounds")),
                _ => Failure::Error("there is no such key".to_owned()),
            }),
        }
    }

    /// `&&` and `||` forgive an error on one side where the other settles it.
    fn logic(&mut self, settles: bool, left: &Expr, right: &Expr) -> Outcome {
        let first = self.eval(left);
        if let Ok(Val::Bool(found)) = first
            && found == settles
        {
            return Ok(Val::Bool(settles));
        }
        let second = self.eval(right);
        match (first, second) {
            (_, Ok(Val::Bool(found))) if found == settles => Ok(Val::Bool(settles)),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
            (Ok(Val::Bool(_)), Ok(Val::Bool(_))) => Ok(Val::Bool(!settles)),
            _ => error("a truth value is needed"),
        }
    }

    fn binary(&mut self, operator: &str, left: &Expr, right: &Expr) -> Outcome {
        match operator {
            "&&" => return self.logic(false, left, right),
            "||" => return self.logic(true, left, right),
            _ => {}
        }
        let (one, other) = (self.eval(left)?, self.eval(right)?);
        match operator {
            "==" => Ok(Val::Bool(one.equals(&other))),
            "!=" => Ok(Val::Bool(!one.equals(&other))),
            "<" | "<=" | ">" | ">=" => {
                let order = one.compare(&other).ok_or(Failure::Unknown)?;
                Ok(Val::Bool(match operator {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
            "in" => match &other {
                Val::List(items) => Ok(Val::Bool(items.iter().any(|item| item.equals(&one)))),
                Val::Map(_) => Ok(Val::Bool(other.get(&one).is_some())),
                _ => Err(Failure::Unknown),
            },
            _ => arithmetic(operator, &one, &other),
        }
    }

    fn call(&mut self, receiver: Option<&Expr>, name: &str, arguments: &[Expr]) -> Outcome {
        if let Some(found) = self.macros(receiver, name, arguments)? {
            return Ok(found);
        }
        let space = receiver.and_then(qualified);
        let values = |machine: &mut Self| {
            arguments
                .iter()
                .map(|argument| machine.eval(argument))
                .collect::<Result<Vec<_>, _>>()
        };
        match (space.as_deref(), name) {
            (None, _) if receiver.is_none() => {
                let values = values(self)?;
                return function(name, &values);
            }
            (Some("optional" | "sets" | "ip" | "format"), _) => {
                let values = values(self)?;
                return function(&format!("{}.{name}", space.unwrap_or_default()), &values);
            }
            _ => {}
        }
        let of = match receiver {
            Some(receiver) => self.eval(receiver)?,
            None => Val::Null,
        };
        let values = values(self)?;
        method(&of, name, &values)
    }

    fn with(&mut self, name: &str, value: Val, body: &Expr) -> Outcome {
        self.scope.push((name.to_owned(), value));
        let found = self.eval(body);
        self.scope.pop();
        found
    }

    fn macros(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
    ) -> Result<Option<Val>, Failure> {
        if let Some(found) = self.more_macros(receiver, name, arguments)? {
            return Ok(Some(found));
        }
        let (of, variable, body) = match (receiver, name, arguments) {
            (None, "has", [Expr::Field(inner, field, _)]) => {
                let of = self.eval(inner)?;
                return match of {
                    Val::Map(_) => Ok(Some(Val::Bool(of.get(&Val::text(field)).is_some()))),
                    Val::Optional(inner) => {
                        Ok(Some(Val::Bool(inner.is_some_and(|inner| {
                            inner.get(&Val::text(field)).is_some()
                        }))))
                    }
                    _ => Err(Failure::Unknown),
                };
            }
            (
                Some(of),
                "all" | "exists" | "exists_one" | "existsOne" | "filter" | "optMap",
                [Expr::Name(variable), body],
            )
            | (Some(of), "map", [Expr::Name(variable), body]) => (of, variable, body),
            (
                Some(_),
                "map" | "bind" | "transformList" | "transformMap" | "optFlatMap"
                | "transformMapEntry",
                _,
            ) if arguments.len() > 1 => {
                return Err(Failure::Unknown);
            }
            (Some(_), "all" | "exists" | "exists_one" | "existsOne", [_, _, _]) => {
                return Err(Failure::Unknown);
            }
            _ => return Ok(None),
        };
        let of = self.eval(of)?;
        if name == "optMap" {
            return match of {
                Val::Optional(Some(inner)) => {
                    let found = self.with(variable, (*inner).clone(), body)?;
                    Ok(Some(Val::Optional(Some(Rc::new(found)))))
                }
                _ => Ok(Some(Val::Optional(None))),
            };
        }
        let items = of.items().ok_or(Failure::Unknown)?;
        let mut found = Vec::new();
        let mut failure = None;
        for item in items {
            match self.with(variable, item.clone(), body) {
                Ok(Val::Bool(false)) if name == "all" => return Ok(Some(Val::Bool(false))),
                Ok(Val::Bool(true)) if name == "exists" => return Ok(Some(Val::Bool(true))),
                Ok(Val::Bool(true)) if name != "map" => found.push(item),
                Ok(value) if name == "map" => found.push(value),
                Ok(_) => {}
                Err(other) => failure = Some(other),
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        Ok(Some(match name {
            "all" => Val::Bool(true),
            "exists" => Val::Bool(false),
            "exists_one" | "existsOne" => Val::Bool(found.len() == 1),
            _ => list(found),
        }))
    }
}

impl Machine {
    /// Macros with two variables, with a condition, and `cel.bind`.
    fn more_macros(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
    ) -> Result<Option<Val>, Failure> {
        let (Some(of), [Expr::Name(first), second, body]) = (receiver, arguments) else {
            return Ok(None);
        };
        if name == "bind" && matches!(of, Expr::Name(space) if space == "cel") {
            let value = self.eval(second)?;
            return self.with(first, value, body).map(Some);
        }
        if name == "map" {
            let items = self.eval(of)?.items().ok_or(Failure::Unknown)?;
            let mut found = Vec::new();
            for item in items {
                if self.with(first, item.clone(), second)?.is_true() {
                    found.push(self.with(first, item, body)?);
                }
            }
            return Ok(Some(list(found)));
        }
        let Expr::Name(second) = second else {
            return Ok(None);
        };
        if !matches!(name, "all" | "exists" | "exists_one" | "existsOne") {
            return Ok(None);
        }
        let pairs: Vec<(Val, Val)> = match self.eval(of)? {
            Val::Map(entries) => entries.to_vec(),
            Val::List(items) => items
                .iter()
                .cloned()
                .enumerate()
                .map(|(at, it)| (int(at), it))
                .collect(),
            _ => return Err(Failure::Unknown),
        };
        let mut count = 0;
        let mut failure = None;
        for (key, value) in pairs {
            self.scope.push((first.clone(), key));
            let found = self.with(second, value, body);
            self.scope.pop();
            match found {
                Ok(Val::Bool(false)) if name == "all" => return Ok(Some(Val::Bool(false))),
                Ok(Val::Bool(true)) if name == "exists" => return Ok(Some(Val::Bool(true))),
                Ok(Val::Bool(true)) => count += 1,
                Ok(_) => {}
                Err(other) => failure = Some(other),
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Some(Val::Bool(match name {
                "all" => true,
                "exists" => false,
                _ => count == 1,
            }))),
        }
    }
}

fn arithmetic(operator: &str, one: &Val, other: &Val) -> Outcome {
    let checked = |number: Option<i64>| {
        number
            .map(Val::Int)
            .ok_or_else(|| Failure::Error("a number is too large, or divided by zero".to_owned()))
    };
    match (operator, one, other) {
        ("+", Val::Int(a), Val::Int(b)) => checked(a.checked_add(*b)),
        ("-", Val::Int(a), Val::Int(b)) => checked(a.checked_sub(*b)),
        ("*", Val::Int(a), Val::Int(b)) => checked(a.checked_mul(*b)),
        ("/", Val::Int(a), Val::Int(b)) => checked(a.checked_div(*b)),
        ("%", Val::Int(a), Val::Int(b)) => checked(a.checked_rem(*b)),
        ("+", Val::Text(a), Val::Text(b)) if a.len() + b.len() < 1 << 20 => {
            Ok(Val::text(&format!("{a}{b}")))
        }
        ("+", Val::List(a), Val::List(b)) if a.len() + b.len() < 1 << 16 => {
            Ok(list(a.iter().chain(b.iter()).cloned().collect()))
        }
        ("+", Val::Timestamp(a), Val::Duration(b)) | ("+", Val::Duration(b), Val::Timestamp(a)) => {
            moved(*a, Some(*b))
        }
        ("-", Val::Timestamp(a), Val::Duration(b)) => moved(*a, b.checked_neg()),
        ("-", Val::Timestamp(a), Val::Timestamp(b)) => a
            .since(*b)
            .map(Val::Duration)
            .ok_or_else(|| Failure::Error("a duration is out of range".to_owned())),
        ("+", Val::Duration(a), Val::Duration(b)) => {
            a.checked_add(*b).map(Val::Duration).ok_or(Failure::Unknown)
        }
        ("-", Val::Duration(a), Val::Duration(b)) => {
            a.checked_sub(*b).map(Val::Duration).ok_or(Failure::Unknown)
        }
        ("+" | "-" | "*" | "/", Val::Double(a), Val::Double(b)) => {
            Ok(Val::Double(match operator {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                _ => a / b,
            }))
        }
        _ => Err(Failure::Unknown),
    }
}

/// A time after a duration.
fn moved(time: Time, by: Option<SignedDuration>) -> Outcome {
    by.and_then(|by| time.plus(by))
        .map(Val::Timestamp)
        .ok_or_else(|| Failure::Error("a time is out of range".to_owned()))
}

fn function(name: &str, values: &[Val]) -> Outcome {
    match (name, values) {
        ("size", [of]) => method(of, "size", &[]),
        ("dyn", [of]) => Ok(of.clone()),
        ("string", [of]) => match of {
            Val::Text(_) => Ok(of.clone()),
            Val::Int(number) => Ok(Val::text(&number.to_string())),
            Val::Uint(number) => Ok(Val::text(&number.to_string())),
            Val::Bool(set) => Ok(Val::text(&set.to_string())),
            Val::Double(number) => Ok(Val::text(&number.to_string())),
            _ => Err(Failure::Unknown),
        },
        ("int", [of]) => match of {
            Val::Int(_) => Ok(of.clone()),
            Val::Text(text) => text
                .parse()
                .map(Val::Int)
                .or_else(|_| error(format!("`{text}` is no number"))),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the language cuts doubles off"
            )]
            Val::Double(number) if number.abs() < 9.2e18 => Ok(Val::Int(*number as i64)),
            _ => Err(Failure::Unknown),
        },
        ("double", [of]) => of.number().map(Val::Double).ok_or(Failure::Unknown),
        ("matches", [of, pattern]) => method(of, "matches", std::slice::from_ref(pattern)),
        ("timestamp", [Val::Text(text)]) => match Time::parse(text) {
            Some(found) => Ok(Val::Timestamp(found)),
            None => error(format!("`{text}` is no time")),
        },
        ("timestamp" | "duration", [found @ (Val::Timestamp(_) | Val::Duration(_))]) => {
            Ok(found.clone())
        }
        ("duration", [Val::Text(text)]) => match crate::time::go_duration(text) {
            Some(found) => Ok(Val::Duration(found)),
            None => error(format!("`{text}` is no duration")),
        },
        ("quantity", [Val::Text(text)]) => match Quantity::parse(text) {
            Some(found) => Ok(Val::Quantity(found)),
            None => error(format!("`{text}` is no quantity")),
        },
        ("isQuantity", [Val::Text(text)]) => Ok(Val::Bool(Quantity::parse(text).is_some())),
        ("isIP", [Val::Text(text)]) => Ok(Val::Bool(crate::net::ip(text).is_ok())),
        ("isCIDR", [Val::Text(text)]) => Ok(Val::Bool(crate::net::cidr(text).is_ok())),
        ("optional.of", [of]) => Ok(Val::Optional(Some(Rc::new(of.clone())))),
        ("optional.ofNonZeroValue", [of]) => {
            Ok(Val::Optional((!of.is_zero()).then(|| Rc::new(of.clone()))))
        }
        ("optional.none", []) => Ok(Val::Optional(None)),
        ("sets.contains", [Val::List(all), Val::List(some)]) => Ok(Val::Bool(
            some.iter()
                .all(|item| all.iter().any(|other| other.equals(item))),
        )),
        ("sets.intersects", [Val::List(one), Val::List(other)]) => Ok(Val::Bool(
            one.iter()
                .any(|item| other.iter().any(|more| more.equals(item))),
        )),
        ("sets.equivalent", [Val::List(one), Val::List(other)]) => {
            let within = |one: &[Val], other: &[Val]| {
                one.iter()
                    .all(|item| other.iter().any(|more| more.equals(item)))
            };
            Ok(Val::Bool(within(one, other) && within(other, one)))
        }
        _ => Err(Failure::Unknown),
    }
}

fn method(of: &Val, name: &str, values: &[Val]) -> Outcome {
    match of {
        Val::Text(text) => text_method(text, name, values),
        Val::List(items) => list_method(items, name, values),
        Val::Map(entries) if name == "size" => Ok(int(entries.len())),
        Val::Quantity(one) => match (name, values) {
            ("isGreaterThan", [Val::Quantity(other)]) => Ok(Val::Bool(one > other)),
            ("isLessThan", [Val::Quantity(other)]) => Ok(Val::Bool(one < other)),
            ("compareTo", [Val::Quantity(other)]) => Ok(Val::Int(one.cmp(other) as i64)),
            ("isInteger", []) => Ok(Val::Bool(one.is_whole())),
            _ => Err(Failure::Unknown),
        },
        Val::Optional(inner) => match (name, values, inner) {
            ("hasValue", [], inner) => Ok(Val::Bool(inner.is_some())),
            ("value", [], Some(inner)) | ("orValue", [_], Some(inner)) => Ok((**inner).clone()),
            ("value", [], None) => error("the optional value is absent"),
            ("orValue", [other], None) | ("or", [other], None) => Ok(other.clone()),
            ("or", [_], Some(_)) => Ok(of.clone()),
            _ => Err(Failure::Unknown),
        },
        _ => Err(Failure::Unknown),
    }
}

fn text_method(text: &str, name: &str, values: &[Val]) -> Outcome {
    let position = |found: Option<usize>| match found.and_then(|at| text.get(..at)) {
        Some(before) => int(before.chars().count()),
        None => Val::Int(-1),
    };
    let strings = |parts: Vec<&str>| list(parts.into_iter().map(Val::text).collect());
    Ok(match (name, values) {
        ("size", []) => int(text.chars().count()),
        ("contains", [Val::Text(other)]) => Val::Bool(text.contains(&**other)),
        ("startsWith", [Val::Text(other)]) => Val::Bool(text.starts_with(&**other)),
        ("endsWith", [Val::Text(other)]) => Val::Bool(text.ends_with(&**other)),
        ("matches", [Val::Text(pattern)]) => match regex::Regex::new(pattern) {
            Ok(pattern) => Val::Bool(pattern.is_match(text)),
            Err(_) => return error("the pattern is no regular expression"),
        },
        ("lowerAscii", []) => Val::text(&text.to_ascii_lowercase()),
        ("upperAscii", []) => Val::text(&text.to_ascii_uppercase()),
        ("trim", []) => Val::text(text.trim()),
        ("indexOf", [Val::Text(other)]) => position(text.find(&**other)),
        ("lastIndexOf", [Val::Text(other)]) => position(text.rfind(&**other)),
        ("split", [Val::Text(other)]) if other.is_empty() => list(
            text.chars()
                .map(|c| Val::text(c.encode_utf8(&mut [0; 4])))
                .collect(),
        ),
        ("split", [Val::Text(other)]) => strings(text.split(&**other).collect()),
        ("replace", [Val::Text(from), Val::Text(to)]) if text.len() * (to.len() + 1) < 1 << 20 => {
            Val::text(&text.replace(&**from, to))
        }
        ("substring", [Val::Int(from)]) => substring(text, *from, None)?,
        ("substring", [Val::Int(from), Val::Int(to)]) => substring(text, *from, Some(*to))?,
        ("charAt", [Val::Int(at)]) => substring(text, *at, Some(at.saturating_add(1)))?,
        _ => return library::text(text, name, values),
    })
}

fn substring(text: &str, from: i64, to: Option<i64>) -> Outcome {
    let count = text.chars().count();
    let bound = |number: i64| {
        usize::try_from(number)
            .ok()
            .filter(|number| *number <= count)
    };
    let to = to.map_or(Some(count), bound);
    match (bound(from), to) {
        (Some(from), Some(to)) if from <= to => Ok(Val::text(
            &text.chars().skip(from).take(to - from).collect::<String>(),
        )),
        _ => error("an index is out of range"),
    }
}

fn list_method(items: &[Val], name: &str, values: &[Val]) -> Outcome {
    let best = |wanted: Ordering| {
        let mut found: Option<&Val> = None;
        for item in items {
            let better = match found {
                None => true,
                Some(known) => item.compare(known).ok_or(Failure::Unknown)? == wanted,
            };
            if better {
                found = Some(item);
            }
        }
        found
            .cloned()
            .ok_or_else(|| Failure::Error("the list is empty".to_owned()))
    };
    Ok(match (name, values) {
        ("size", []) => int(items.len()),
        ("join", separator) => {
            let separator = separator.first().and_then(Val::as_text).unwrap_or_default();
            let texts: Option<Vec<&str>> = items.iter().map(Val::as_text).collect();
            Val::text(&texts.ok_or(Failure::Unknown)?.join(separator))
        }
        ("isSorted", []) => {
            let mut sorted = true;
            for pair in items.windows(2) {
                sorted &= pair[0].compare(&pair[1]).ok_or(Failure::Unknown)?.is_le();
            }
            Val::Bool(sorted)
        }
        ("min", []) => best(Ordering::Less)?,
        ("max", []) => best(Ordering::Greater)?,
        ("sum", []) => {
            let mut sum = match items.first() {
                Some(Val::Double(_)) => Val::Double(0.0),
                _ => Val::Int(0),
            };
            for item in items {
                sum = arithmetic("+", &sum, item)?;
            }
            sum
        }
        ("indexOf", [wanted]) => items
            .iter()
            .position(|item| item.equals(wanted))
            .map_or(Val::Int(-1), int),
        ("lastIndexOf", [wanted]) => items
            .iter()
            .rposition(|item| item.equals(wanted))
            .map_or(Val::Int(-1), int),
        _ => return library::list(items, name, values),
    })
}
